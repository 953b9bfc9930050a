"""Group commit: writes that wait for the same workspace share a transaction, each with its own savepoint and answer.

Sixteen callers on one SQLite file went from 120 to some 3,400 durable records a second this way; and one workspace's
writes never wait in each other's locks. If the shared transaction fails, its members are run one by one.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.errors import AppError, Unavailable, Undone
from app.fault import Fault, fault
from app.metrics import GROUPS, JOINED
from app.text import Text
from app.wall import WalledSession

if TYPE_CHECKING:  # the door builds the writer, so the types of the door can only be named here
    from app.actor import Actor
    from app.uow import Uow

MAX_WAITING = 10_000
ATTEMPTS = 8

Open = Callable[[UUID], AbstractContextManager[tuple[WalledSession, "Callable[[Actor], Uow]"]]]
"""Opens a transaction for writing in a workspace; yields the session and what makes a unit of work on it."""


@dataclass(frozen=True, slots=True)
class Joint:
    """How a call may be worked off together with others that are `like` it and share none of its `names`.

    `work` gives an answer for each call, in order, or raises Apart. `told` is what it needs to know of each.
    """

    like: Hashable
    names: frozenset[Hashable]
    work: "Callable[[Uow, Sequence[Call]], list[Any]]"
    told: Any


class Apart(Exception):
    """These calls must be worked off one by one."""


@dataclass(eq=False)
class Call:
    """One submitted write and the future that gets its answer."""

    tenant_id: UUID
    actor: "Actor"
    work: "Callable[[Uow], Any]"
    joint: Joint | None = None
    future: Future[Any] = field(default_factory=Future)
    has_news: bool = False
    """Whether it noted that something has changed."""


class Writer:
    """Takes what waits for one workspace and commits it together; different workspaces are written side by side."""

    def __init__(self, open_: Open, *, threads: int, group_size: int) -> None:
        self._open, self._group_size = open_, group_size
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="writer")
        self._lock = threading.Lock()
        self._waiting: dict[UUID, deque[Call]] = {}
        self._count = 0
        self._closed = False

    def submit(self, call: Call) -> None:
        """Queue `call`. Raises Unavailable when too many wait already, or when it has been closed."""
        with self._lock:
            if self._closed:
                msg = Text(
                    "The server is stopping. Nothing was stored; try again.", "服务器正在停止。未保存任何内容；请重试。"
                )
                raise Unavailable(msg)
            if self._count >= MAX_WAITING:
                msg = Text(
                    "Too many writes are waiting. Nothing was stored; try again.",
                    "等待写入的请求过多。未保存任何内容；请重试。",
                )
                raise Unavailable(msg)
            self._count += 1
            queue = self._waiting.get(call.tenant_id)
            if queue is not None:  # its drain is under way and will find this call
                queue.append(call)
                return
            self._waiting[call.tenant_id] = deque([call])
        self._pool.submit(self._drain, call.tenant_id)

    def close(self) -> None:
        """Finish everything that waits, take nothing more, then stop."""
        with self._lock:
            self._closed = True
        while self._waiting:
            time.sleep(0.01)
        self._pool.shutdown()

    def _drain(self, tenant_id: UUID) -> None:
        group = self._take(tenant_id)
        if not group:
            return
        GROUPS.observe(len(group))
        # a caller who has gone before the work began wants no effect
        group = [call for call in group if call.future.set_running_or_notify_cancel()]
        try:
            if len(group) == 1 or (group and not self._together(group)):
                for call in group:
                    if not call.future.done():
                        self._alone(call)
        except BaseException as fatal:  # noqa: BLE001 - whatever it was, everybody gets an answer
            for call in group:
                if not call.future.done():
                    call.future.set_exception(fatal)
        finally:
            # hand the thread back between groups, so that one busy workspace does not starve the others
            self._pool.submit(self._drain, tenant_id)

    def _take(self, tenant_id: UUID) -> list[Call]:
        with self._lock:
            queue = self._waiting[tenant_id]
            group = [queue.popleft() for _ in range(min(len(queue), self._group_size))]
            self._count -= len(group)
            if not group:
                del self._waiting[tenant_id]
                return []
        return group

    def _together(self, group: list[Call]) -> bool:
        """Run all in one transaction. False when some have no answer yet and must be run alone."""
        answers: list[Callable[[], None] | None] = []
        try:
            with self._open(group[0].tenant_id) as (session, unit):
                for calls in _joined(group):
                    answers += _attempt_all(session, unit, calls)
                session.commit()
        except Unavailable as error:
            if answers or getattr(error.__cause__, "connection_invalidated", False):
                return False
            for call in group:  # what it waited for did not come, and alone each would wait as long again
                call.future.set_exception(error)
            return True
        except (SQLAlchemyError, AppError):
            return False
        for answer in answers:
            if answer is not None:
                answer()
        return None not in answers

    def _alone(self, call: Call) -> None:
        for attempt in range(ATTEMPTS):
            try:
                answer = self._once(call)
            except _Race:
                if attempt == ATTEMPTS - 1:
                    msg = Text(
                        "Others write the same thing. Nothing was stored; try again.",
                        "其他请求正在写入同一内容。未保存任何内容；请重试。",
                    )
                    call.future.set_exception(Unavailable(msg))
                    return
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret
            except Exception as error:  # noqa: BLE001 - whatever it raises is the caller's answer
                call.future.set_exception(error)
                return
            else:
                call.future.set_result(answer)
                return

    def _once(self, call: Call) -> Any:  # noqa: ANN401 - the service's own type
        with self._open(call.tenant_id) as (session, unit):
            try:
                answer = _work(call, unit)
                session.commit()
            except Undone as undone:
                session.rollback()
                return undone.answer
            except DBAPIError as error:
                session.rollback()
                if fault(error) is Fault.RACE:
                    raise _Race from error
                raise
            return answer


def _joined(group: Sequence[Call]) -> Iterator[list[Call]]:
    """The calls in their order; those together that follow one another and can be worked off at once."""
    calls: list[Call] = []
    names: set[Hashable] = set()
    for call in group:
        joint, first = call.joint, calls[0].joint if calls else None
        if joint is None or first is None or joint.like != first.like or not names.isdisjoint(joint.names):
            if calls:
                yield calls
            calls, names = [], set()
        calls.append(call)
        names |= joint.names if joint is not None else set()
    if calls:
        yield calls


def _attempt_all(
    session: WalledSession, unit: "Callable[[Actor], Uow]", calls: list[Call]
) -> list[Callable[[], None] | None]:
    """Run several members at once in one savepoint, or else each in its own; what to tell each."""
    joint = calls[0].joint
    if joint is None or len(calls) == 1:
        return [_attempt(session, unit, call) for call in calls]
    savepoint = session.begin_nested()
    try:
        uow = unit(calls[0].actor)
        answers = joint.work(uow, calls)
        uow.finish()
        savepoint.commit()
    except Exception as error:
        if isinstance(error, DBAPIError) and fault(error) is Fault.UNAVAILABLE:
            raise
        savepoint.rollback()  # whatever it was, whom it concerns is told of it when each runs by itself
        session.expunge_all()
        return [_attempt(session, unit, call) for call in calls]
    session.expunge_all()
    JOINED.inc(len(calls))
    return [partial(call.future.set_result, answer) for call, answer in zip(calls, answers, strict=True)]


def _attempt(session: WalledSession, unit: "Callable[[Actor], Uow]", call: Call) -> Callable[[], None] | None:
    """Run one member in its savepoint; what to tell it once all is committed, None when it must be run alone."""
    savepoint = session.begin_nested()
    try:
        answer = _work(call, unit)
        savepoint.commit()
    except Undone as undone:
        savepoint.rollback()
        return partial(call.future.set_result, undone.answer)
    except DBAPIError as error:
        if fault(error) is Fault.UNAVAILABLE:
            raise
        savepoint.rollback()  # a race or a fault of the database: decided when it runs alone
        return None
    except Exception as error:  # noqa: BLE001 - whatever a member raises is its own answer
        savepoint.rollback()
        return partial(call.future.set_exception, error)
    finally:
        session.expunge_all()
    return partial(call.future.set_result, answer)


class _Race(Exception):
    """Somebody else was first; the work is worth another try."""


def _work(call: Call, unit: "Callable[[Actor], Uow]") -> Any:  # noqa: ANN401 - the service's own type
    uow = unit(call.actor)
    answer = call.work(uow)
    call.has_news = bool(uow.noted.changes)
    uow.finish()
    return answer
