"""Engines and their settings. SQLite and PostgreSQL differ here, in `dialect`, and when they are migrated.

Each database has two engines: one whose every transaction only reads, in one snapshot, and one that writes.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    Engine,
    Select,
    create_engine,
    event,
    func,
    select,
    text,
    true,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.orm import Session

from app.dialect import Dialect, dumps
from app.errors import TimedOut, Unavailable
from app.settings import Settings
from app.text import Text

APP_ROLE = "custograph_app"
"""PostgreSQL role of ordinary work: owns nothing, bypasses nothing, sees one workspace at a time."""
GATE_ROLE = "custograph_gate"
"""PostgreSQL role that sees tokens, jobs and the deployment's key, and nothing else."""


LIVE = 2
"""How many looks of subscriptions are taken at once: what goes on by itself must not push out what somebody asks."""
_INSTRUCTIONS = 20_000
"""How many of its instructions SQLite runs between two looks at the clock: some tenths of a millisecond."""


class Database(Dialect):
    """The two engines of one database and what only one of SQLite and PostgreSQL can do."""

    def __init__(self, settings: Settings) -> None:
        self.url = with_driver(settings.database_url.get_secret_value())
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._timeout = settings.write_timeout_s
        self._one_writer = threading.Lock()
        make = self._sqlite_engine if self.is_sqlite else self._postgres_engine
        self.writer: Engine = make(settings, read_only=False)
        self.reader: Engine = make(settings, read_only=True)

    def _sqlite_engine(self, settings: Settings, *, read_only: bool) -> Engine:
        engine = create_engine(
            self.url,
            hide_parameters=True,
            json_serializer=dumps,
            json_deserializer=orjson.loads,
            connect_args={"check_same_thread": False, "timeout": settings.write_timeout_s, "cached_statements": 256},
            **_pool(settings, read_only=read_only),
        )

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
            connection.isolation_level = None  # SQLAlchemy's begin event starts the transaction, not the driver
            # secure_delete: erased bytes must not stay readable; FULL: an acknowledged write survives a power cut
            pragmas = (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "secure_delete=ON",
                "temp_store=MEMORY",
            )
            for pragma in pragmas if not read_only else (*pragmas[2:], "query_only=ON"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "checkin")
        def _checkin(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
            if connection is not None:
                connection.set_progress_handler(None, 0)  # the next one's time is its own

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            # a transaction that starts by reading and then writes loses against another one: take the lock first
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

        return engine

    def _postgres_engine(self, settings: Settings, *, read_only: bool) -> Engine:
        options = "-c timezone=UTC -c jit=off"
        if read_only:
            options += " -c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
            options += f" -c statement_timeout={int(settings.operation_timeout_s * 1000)}"
        else:
            options += f" -c lock_timeout={int(settings.write_timeout_s * 1000)}"
        engine = create_engine(
            self.url,
            hide_parameters=True,
            json_serializer=dumps,
            json_deserializer=orjson.loads,
            pool_pre_ping=True,
            **_pool(settings, read_only=read_only),
            connect_args={"options": options},
        )

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
            connection.autocommit = True
            connection.execute(f"SET ROLE {APP_ROLE}")
            connection.autocommit = False

        @event.listens_for(engine, "before_cursor_execute")
        def _in_time(connection: Connection, *_: object) -> None:
            # a statement has the whole time for itself: none begins after it
            if monotonic() > connection.info.get("until", inf):
                raise TimedOut

        @event.listens_for(engine, "checkin")
        def _checkin(_connection: Any, record: Any) -> None:  # noqa: ANN401 - the driver's own type
            record.info.pop("until", None)

        return engine

    @contextmanager
    def one_writer(self) -> Iterator[None]:
        """Hold the process's only place for writing (SQLite); on PostgreSQL the database itself decides.

        Raises Unavailable when the place does not come free in time.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._one_writer.acquire(timeout=self._timeout):
            msg = Text(
                "The database is busy writing. Nothing was stored; try again.",
                "数据库正忙于写入。未保存任何内容；请重试。",
            )
            raise Unavailable(msg)
        try:
            yield
        finally:
            self._one_writer.release()

    def enter_workspace(self, session: Session, tenant_id: UUID, until: float | None = None) -> None:
        """Tell PostgreSQL's row-level security, for this transaction, whose rows may be seen.

        After the instant `until` of `time.monotonic` no statement runs on; the error is a Fault.TIMEOUT.
        """
        if self.is_sqlite:
            if until is not None:
                driver: Any = session.connection().connection.driver_connection
                driver.set_progress_handler(lambda: monotonic() > until, _INSTRUCTIONS)
            return
        given = [func.set_config("app.tenant", str(tenant_id), true())]
        if until is not None:
            left = max(1, int((until - monotonic()) * 1000))
            given.append(func.set_config("statement_timeout", str(left), true()))
        session.connection().execute(select(*given))
        if until is not None:
            session.connection().info["until"] = until

    def enter_gate(self, gate: Session | Connection) -> None:
        """Put on, for this transaction, the role that sees what is of no workspace only."""
        if not self.is_sqlite:
            gate.execute(text(f"SET LOCAL ROLE {GATE_ROLE}"))

    @contextmanager
    def at_gate(self, session: Session) -> Iterator[Connection]:
        """The session's own transaction as the gate sees it: what is done there is committed with the rest, or not."""
        connection = session.connection()
        self.enter_gate(connection)
        yield connection
        # after an error the role is left: the transaction is taken back, and the role with it
        if not self.is_sqlite:
            connection.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))

    def check_role(self) -> None:
        """Refuse to serve as a role that row-level security does not bind. Raises RuntimeError."""
        if self.is_sqlite:
            return
        owns = "SELECT count(*) FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner WHERE o.rolname = current_user"
        with self.reader.connect() as connection:
            role, super_, bypass = connection.execute(
                text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            ).one()
            if role != APP_ROLE or super_ or bypass or connection.execute(text(owns)).scalar_one():
                msg = (
                    f"The database role {role!r} could bypass the wall between workspaces; "
                    f"{APP_ROLE!r} must own and bypass nothing."
                )
                raise RuntimeError(msg)

    def lock(self, session: Session, *names: object, shared: bool = False) -> None:
        """Wait for the advisory lock on `names` until the transaction ends; SQLite has one writer and needs none."""
        if self.is_sqlite:
            return
        lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        session.connection().execute(select(lock(_key(names))))

    def try_lock(self, session: Session, *names: object) -> bool:
        """Take the advisory lock on `names` until the transaction ends, unless somebody has it; whether it is taken."""
        if self.is_sqlite:
            return True
        return bool(session.connection().execute(select(func.pg_try_advisory_xact_lock(_key(names)))).scalar_one())

    def locked(self, statement: Select[Any], order: Any) -> Select[Any]:  # noqa: ANN401 - SQLModel types columns as their values
        """The statement, its rows held until the transaction ends, taken in `order` so that two callers cannot cross.

        SQLite has one writer and holds nothing; asked for an order, it would walk the whole workspace in it.
        """
        return statement if self.is_sqlite else statement.order_by(order).with_for_update()

    def apart(self) -> Any:  # noqa: ANN401 - the driver's own type
        """A connection of its own outside of transactions, to hear and tell what PostgreSQL notifies of."""
        arguments, named = self.writer.dialect.create_connect_args(self.url)
        return self.writer.dialect.connect(*arguments, **named, autocommit=True)

    def ping(self) -> None:
        """Ask the database for nothing; raises if it does not answer."""
        with self.reader.connect() as connection:
            connection.execute(select(true()))

    def dispose(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()


def _key(names: tuple[object, ...]) -> int:
    """The number of the advisory lock on `names`."""
    digest = hashlib.blake2b(":".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _pool(settings: Settings, *, read_only: bool) -> dict[str, int]:
    """How many connections are kept.

    Readers: one for each thread and one for each snapshot that an operation may hold open between its levels, so that
    no thread ever waits for a connection while an operation that has one waits for a thread.
    """
    if read_only:
        return {"pool_size": 2 * (settings.pool_size + LIVE), "max_overflow": 4}
    return {"pool_size": settings.writer_threads, "max_overflow": 4}


def with_driver(address: str) -> URL:
    """The database's address with the driver that is used for it."""
    url = make_url(address)
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url
