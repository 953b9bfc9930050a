"""What a write may do to what is there already, and at which version it expects it."""

from enum import StrEnum

from app.errors import Code, Invalid
from app.text import Text


class Mode(StrEnum):
    """Whether a write may make records, change them, or both."""

    UPSERT = "UPSERT"
    UPDATE_ONLY = "UPDATE_ONLY"
    INSERT_ONLY = "INSERT_ONLY"


def check_mode(mode: Mode, *, is_there: bool, is_news: bool) -> None:
    """Refuse what `mode` does not want: a record that is not there, or news of one that is. Raises Invalid.

    The same content again is no news, so that whoever inserts may safely try again.
    """
    if mode is Mode.UPDATE_ONLY and not is_there:
        msg = Text(
            "There is no record of this id, and mode is UPDATE_ONLY, which makes none.",
            "没有此 ID 的记录，而 mode 为 UPDATE_ONLY，不会新建。",
        )
        raise Invalid(msg, "externalId", code=Code.NOT_FOUND)
    if mode is Mode.INSERT_ONLY and is_there and is_news:
        msg = Text(
            "There is a record of this id that says something else, and mode is INSERT_ONLY, which changes none.",
            "此 ID 的记录已存在且内容不同，而 mode 为 INSERT_ONLY，不会更改。",
        )
        raise Invalid(msg, "externalId", code=Code.ALREADY_EXISTS)


def check_version(expected: int | None, version: int, *, is_there: bool) -> None:
    """Refuse a record that is not at the version that is expected of it. Raises Invalid.

    0 expects that there is none; a stub, which was only named so far, is at its version and not there as well.
    """
    if expected is None or expected == version or (expected == 0 and not is_there):
        return
    msg = Text(
        f"The record is at version {version}, not {expected}; read it again.",
        f"记录当前为版本 {version}，而不是 {expected}；请重新读取。",
    )
    raise Invalid(msg, "expectedVersion", code=Code.CONFLICT)
