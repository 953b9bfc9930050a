"""The door: the only place where sessions are opened, and the unit of work that service functions are given.

It pins the workspace, checks scopes, makes reads read-only, groups writes, commits, retries a race, wakes subscribers.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Executable
from sqlalchemy.orm import Session
from sqlmodel import col, select, update

from app.actor import Actor, Rows, Scope
from app.bus import Bus
from app.db import Database
from app.errors import Forbidden
from app.fault import translated
from app.keys import Keys, locked, unlocked
from app.models.base import Owned
from app.models.change import Action
from app.models.deployment import KEY, Deployment
from app.models.workspace import Workspace
from app.noted import Noted
from app.settings import Settings
from app.text import Text
from app.wall import WITHIN, WalledSession
from app.writer import Call, Writer

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=Executable)
SETTLE = "settle"  # the kind of the job that every write leaves behind


@dataclass
class Uow:
    """One unit of work in one workspace: its session, who acts, and the time at which it happens."""

    session: WalledSession
    db: Database
    actor: Actor
    now: datetime
    settings: Settings
    keys: Keys
    seen: dict[object, dict[Any, Any]] = field(default_factory=dict)
    """What has been looked up already in this unit and cannot change inside it."""
    noted: Noted = field(default_factory=Noted)
    """What it writes at the end."""
    _workspace: Workspace | None = None

    @property
    def tenant_id(self) -> UUID:
        """The workspace in which this happens."""
        return self.actor.tenant_id

    @property
    def workspace(self) -> Workspace:
        """The workspace's own row."""
        # not a cached_property: its lock is one for all units, and a unit that waits for the database would hold it
        if self._workspace is None:
            self._workspace = self.session.get_one(Workspace, (self.tenant_id, self.tenant_id))
        return self._workspace

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        return ZoneInfo(self.workspace.time_zone)

    @property
    def today(self) -> date:
        """The workspace's calendar day."""
        return self.now.astimezone(self.zone).date()

    def may(self, scope: Scope) -> bool:
        """Whether the actor has `scope`."""
        return scope in self.actor.scopes

    def at_gate(self) -> AbstractContextManager[Connection]:
        """This transaction as the gate sees it, for tokens: those of every workspace, so say whose are meant."""
        return self.db.at_gate(self.session)

    def within(self, statement: S) -> S:
        """`statement` for the rows that the actor sees; a session for writing finds all others too."""
        return statement if self.actor.rows is None else statement.execution_options(**{WITHIN: self.actor.rows})

    def without(self, scope: Scope) -> "Uow":
        """The same unit in the hands of somebody who lacks `scope`; for reading."""
        return replace(self, actor=replace(self.actor, scopes=self.actor.scopes - {scope}))

    def record(  # noqa: PLR0913 - what a change says
        self,
        row: Owned | UUID,
        noun: str,
        action: Action,
        fields: list[str] | None = None,
        version: int | None = None,
        *,
        source: str | None = None,
        external_id: str | None = None,
    ) -> None:
        """Note that `row` changed; written as a Change when the unit is done. `fields` names columns, never values.

        `version` is the row's after the change, where `row` itself does not tell it. `source` and `external_id` are
        for a kind of rows of which a deletion leaves nothing that would say what it was called.
        """
        self.noted.changes.append(
            {
                "tenant_id": self.tenant_id,
                "at": self.now,
                "actor": self.actor.name,
                "token_id": self.actor.token_id,
                "request_id": self.actor.request_id,
                "noun": noun,
                "record_id": row if isinstance(row, UUID) else row.id,
                "action": action,
                "version": version or getattr(row, "version", 1),
                "fields": fields or [],
                "source": source,
                "external_id": external_id,
            }
        )

    def take_turn(self) -> None:
        """Wait until no other process records in this workspace, and record alone until the end.

        Batches that cross in each other's rows would deadlock and start over; and a deletion of something unknown and
        its first record must see what the other has written.
        """
        self.db.lock(self.session, "record", self.tenant_id)

    def enqueue(self, kind: str, run_at: datetime | None = None, **payload: object) -> None:
        """Have the job `kind` run with `payload`, at `run_at` or as soon as this is committed."""
        job = {"tenant_id": self.tenant_id, "kind": kind, "payload": payload, "run_at": run_at or self.now}
        self.noted.jobs.append(job)

    def finish(self) -> None:
        """Write what was noted: the changes, one job that will number them and compact the rollups, and the others."""
        if self.noted.changes:
            self.enqueue(SETTLE)
        self.noted.write(self.session)
        self.session.flush()


def _mark(mode: Literal["reads", "writes"], scope: Scope, **more: bool) -> Callable[[F], F]:
    def mark(function: F) -> F:
        vars(function).update(mode=mode, scope=scope, **more)
        return function

    return mark


def reads(scope: Scope) -> Callable[[F], F]:
    """Mark a service function that only reads, for callers with `scope`."""
    return _mark("reads", scope, within_rows=True)  # its session sees no others


def writes(scope: Scope, *, within_rows: bool = False, quiet: bool = False) -> Callable[[F], F]:
    """Mark a service function that writes, for callers with `scope`; a `quiet` one wakes nobody unless it has news.

    What is derived follows from all rows, so a write sees them all. Callers who may see some only are refused but by a
    function that is marked to stay `within_rows`: that finds and writes no others for them.
    """
    return _mark("writes", scope, within_rows=within_rows, quiet=quiet)


def check(actor: Actor, function: Callable[..., Any], mode: str) -> None:
    """Refuse a function without a mark or of the other mode (our fault), and an actor without its scope (Forbidden)."""
    if getattr(function, "mode", None) != mode:
        raise RuntimeError(f"{function.__qualname__} is not marked @{mode}")
    scope: Scope = function.scope  # type: ignore[attr-defined]
    if scope not in actor.scopes:
        text = Text(
            f"This needs the scope {scope.value}, which the token does not have.",
            f"这需要权限范围 {scope.value}，而此令牌没有。",
        )
        raise Forbidden(text)
    if actor.rows is not None and mode == "writes":
        _check_rows(actor, actor.rows, function)


def _check_rows(actor: Actor, rows: Rows, function: Callable[..., Any]) -> None:
    """Refuse somebody who sees some rows only what is not of rows, or of a source that they do not see."""
    if not function.within_rows:  # type: ignore[attr-defined]
        text = Text(
            "This is for those who see the whole workspace; the token is limited to some of its rows.",
            "此操作仅限能查看整个工作区的人；此令牌只限于其中部分数据。",
        )
        raise Forbidden(text)
    if rows.sources is not None and actor.source not in rows.sources:
        text = Text(
            f"The token writes to the source {actor.source!r}, which is none of those that it may see.",
            f"此令牌写入来源 {actor.source!r}，但该来源不在其可见范围内。",
        )
        raise Forbidden(text)


class Door:
    """Opens units of work. One per process; thread safe."""

    def __init__(
        self, db: Database, settings: Settings, bus: Bus, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.db, self.settings, self.bus, self.clock = db, settings, bus, clock
        threads = 1 if db.is_sqlite else settings.writer_threads
        self.writer = Writer(self._open, threads=threads, group_size=settings.group_size)

    @contextmanager
    def snapshot(self, actor: Actor, until: float | None = None) -> Iterator[Uow]:
        """A unit that only reads, all of it from one snapshot of the database. Not thread safe.

        After the instant `until` of `time.monotonic` its statements are stopped: it raises TimedOut.
        """
        keys = self.keys
        session = WalledSession(tenant_id=actor.tenant_id, rows=actor.rows, bind=self.db.reader, autoflush=False)
        with translated(), session:
            self.db.enter_workspace(session, actor.tenant_id, until)
            yield Uow(session, self.db, actor, self.clock(), self.settings, keys)

    def read(self, actor: Actor, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the @reads function answers, in a snapshot of its own."""
        check(actor, function, "reads")
        with self.snapshot(actor) as uow:
            return function(uow, *args, **kwargs)

    def submit(
        self, actor: Actor, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Future[R]:
        """Queue the @writes function; the future has its answer once committed, or its error and nothing written."""
        check(actor, function, "writes")
        joint = getattr(function, "joint", None)
        shared = None if joint is None else joint(actor, *args, **kwargs)
        call: Call = Call(actor.tenant_id, actor, lambda uow: function(uow, *args, **kwargs), shared)
        is_quiet = getattr(function, "quiet", False)

        def tell(done: Future[R]) -> None:
            if not done.cancelled() and not done.exception() and (call.has_news or not is_quiet):
                self.bus.poke(actor.tenant_id)

        call.future.add_done_callback(tell)
        self.writer.submit(call)
        return call.future

    def write(self, actor: Actor, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Submit the @writes function and wait for its answer."""
        return self.submit(actor, function, *args, **kwargs).result()

    @contextmanager
    def _open(self, tenant_id: UUID) -> Iterator[tuple[WalledSession, Callable[[Actor], Uow]]]:
        keys = self.keys  # before the one place for writing is taken: to lock them takes it too
        with translated(), self.db.one_writer(), WalledSession(tenant_id=tenant_id, bind=self.db.writer) as session:
            self.db.enter_workspace(session, tenant_id)
            yield session, lambda actor: Uow(session, self.db, actor, self.clock(), self.settings, keys)

    @contextmanager
    def gate(self) -> Iterator[Session]:
        """A session that sees tokens, jobs and the deployment's key, and nothing else. Commits at the end."""
        with translated(), self.db.one_writer(), Session(self.db.writer, expire_on_commit=False) as session:
            self.db.enter_gate(session)
            yield session
            session.commit()

    @contextmanager
    def gate_reader(self) -> Iterator[Connection]:
        """The gate for reading only: never waits for a writer."""
        with translated(), self.db.reader.connect() as connection:
            self.db.enter_gate(connection)
            yield connection

    @cached_property
    def keys(self) -> Keys:
        """What tokens are known by and kept secrets are sealed with in this database; read once. Raises WrongKey."""
        secret = None if self.settings.secret_key is None else self.settings.secret_key.get_secret_value()
        with self.gate_reader() as gate:
            kept = gate.execute(select(Deployment.value).where(Deployment.name == KEY)).scalar_one()
        key = unlocked(kept, secret)
        if secret is not None and kept == key:  # it lay open until the setting was made
            with self.gate() as session:
                as_read = update(Deployment).where(col(Deployment.name) == KEY, col(Deployment.value) == kept)
                session.execute(as_read.values(value=locked(key, secret)))
        return Keys(key)

    def close(self) -> None:
        """Finish what was submitted and close the connections."""
        self.writer.close()
        self.db.dispose()


def open_door(settings: Settings) -> Door:
    """The door to the database that the settings name. Raises RuntimeError when its role could bypass the wall."""
    db = Database(settings)
    db.check_role()
    return Door(db, settings, Bus())
