"""Databases for tests that are quick to make and to use: copied instead of filled, their statements compiled once."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import make_url

from app.db import Database
from app.settings import Settings

PATIENCE = {"write_timeout_s": 60, "operation_timeout_s": 120}
"""Settings of every test: how long a busy machine takes is not what is tested, but where it says so."""

_COMPILED: dict[tuple[str, str], tuple[Dialect, dict[Any, Any]]] = {}


def compiled_once(whose: str, *engines: Engine) -> None:
    """Have engines to databases of one kind share what they compile, which takes longer than to run it."""
    kind = whose, engines[0].dialect.name
    if kind not in _COMPILED:
        with engines[0].connect():  # a dialect learns about its server from the first connection
            _COMPILED[kind] = engines[0].dialect, {}
    for engine in engines:
        engine.dialect, compiled = _COMPILED[kind]
        engine.update_execution_options(compiled_cache=compiled)


def at_ease(database: Database) -> Database:
    """The program's database, its statements compiled once, its SQLite not waiting for the disk.

    PostgreSQL does not wait either in tests: nobody pulls the plug of this process.
    """
    if database.is_sqlite:
        event.listen(database.writer, "connect", lambda driver, _: driver.execute("PRAGMA synchronous=OFF"))
    compiled_once("program", database.reader, database.writer)
    return database


@contextmanager
def copied(request: Any, engine: str, source: Settings | None = None) -> Iterator[Settings]:
    """A database with what is in another one, which nobody is connected to, or without it with nothing in it."""
    of = source and make_url(source.database_url.get_secret_value()).database
    if engine == "sqlite":
        path = request.getfixturevalue("tmp_path_factory").mktemp("copied") / "custograph.db"
        shutil.copyfile(of or request.getfixturevalue("sqlite_template"), path)
        yield Settings(database_url=f"sqlite:///{path}", **PATIENCE)
        path.unlink()
    else:
        server = request.getfixturevalue("postgresql_server")
        name = server.copy(of or "template")
        yield Settings(database_url=server.url(name), **PATIENCE)
        server.run(f"DROP DATABASE {name} WITH (FORCE)")
