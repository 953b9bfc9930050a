"""What an error of either database means for the caller."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import TimedOut, Unavailable
from app.text import Text


class Fault(Enum):
    """What a database error means for the caller."""

    RACE = auto()
    TIMEOUT = auto()
    UNAVAILABLE = auto()
    BUG = auto()


_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}
_RACES = ("40001", "40P01", "23505")
_STATEMENT_TIMEOUT = "57014"
_UNAVAILABLE = ("08", "53", "57", "55P03", "25006", "58")


def fault(error: DBAPIError) -> Fault:
    """Whether trying again at once may help, trying later may, or neither."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0)
        if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
            return Fault.RACE
        if code == sqlite3.SQLITE_INTERRUPT:
            return Fault.TIMEOUT
        return Fault.UNAVAILABLE if code & 0xFF in _SQLITE_UNAVAILABLE else Fault.BUG
    state = getattr(original, "sqlstate", None) or ("08000" if error.connection_invalidated or original is None else "")
    if state in _RACES:
        return Fault.RACE
    if state == _STATEMENT_TIMEOUT:
        return Fault.TIMEOUT
    # without a state it is the driver that speaks: of a lost connection, or of a value that it cannot send
    is_away = state.startswith(_UNAVAILABLE) or (not state and isinstance(error, OperationalError | InterfaceError))
    return Fault.UNAVAILABLE if is_away else Fault.BUG


@contextmanager
def translated() -> Iterator[None]:
    """Turn a database that cannot answer now into Unavailable, which says that a retry is safe."""
    try:
        yield
    except PoolTimeout as error:
        msg = Text("Too much is going on at once. Nothing was stored; try again.", "请求过多。未保存任何内容；请重试。")
        raise Unavailable(msg) from error
    except DBAPIError as error:
        if fault(error) is Fault.TIMEOUT:
            msg = Text(
                "This took longer than a question may; ask for a shorter period or fewer filters.",
                "此查询耗时超过上限；请缩短期间或减少筛选。",
            )
            raise TimedOut(msg) from error
        if fault(error) is Fault.BUG:
            raise
        msg = Text(
            "The database cannot take this now. Nothing was stored; try again.",
            "数据库暂时无法处理此请求。未保存任何内容；请重试。",
        )
        raise Unavailable(msg) from error
