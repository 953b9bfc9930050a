"""What the commands share: settings, a database that is up to date, and ending with a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # commands import what they need when they run, so that `--help` answers at once
    from app.settings import Settings
    from app.uow import Door


class Usage(Exception):
    """Something that the user can mend; the program ends with 2 and this sentence."""


def settings_from(**changes: object) -> "Settings":
    """The settings, with what the options change. Raises Usage for one that is not possible."""
    from pydantic import ValidationError

    from app.settings import PREFIX, Settings

    try:
        return Settings(**{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        msg = f"{name} {first['msg'].removeprefix('Value error, ')}."
        raise Usage(msg) from None


@contextmanager
def opened(settings: "Settings") -> Iterator["Door"]:
    """The door for a command, on a database that is up to date."""
    from sqlalchemy.exc import SQLAlchemyError

    from app import migrate
    from app.errors import AppError
    from app.keys import WrongKey
    from app.uow import open_door

    try:
        if settings.sqlite_path is not None:
            migrate.upgrade(settings)
        door = open_door(settings)
    except (SQLAlchemyError, RuntimeError) as error:
        raise Usage(_reason(settings, error)) from None
    try:
        if not migrate.is_current(door.db):
            msg = "The database is behind this program; run `serve` once, which brings it up to date."
            raise Usage(msg)
        _ = door.keys
        yield door
    except WrongKey as error:
        raise Usage(str(error)) from None
    except AppError as error:
        raise Usage(str(error)) from None
    finally:
        door.close()


def _reason(settings: "Settings", error: Exception) -> str:
    """Why a database cannot be used, without its password."""
    path = settings.sqlite_path
    if path is not None and not path.parent.exists():
        return f"The folder {path.parent} of the database does not exist."
    if not str(error).startswith("("):
        return str(error)
    detail = str(getattr(error, "orig", error)).strip().splitlines()
    return f"The database cannot be used: {detail[0] if detail else type(error).__name__}"


def migrated(settings: "Settings") -> None:
    """Bring the database up to date. Raises Usage when it cannot be used."""
    from sqlalchemy.exc import SQLAlchemyError

    from app import migrate

    try:
        migrate.upgrade(settings)
    except SQLAlchemyError as error:
        raise Usage(_reason(settings, error)) from None
