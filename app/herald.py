"""Carries word of commits between processes by PostgreSQL's NOTIFY. It wakes and says nothing else: who hears reads.

Told after commits, by a thread and a connection of their own, many at a time: a NOTIFY in each transaction would have
all writers of the database wait for one another as they commit. A word that is lost is made up for by looking.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import structlog

from app.uow import Door

CHANNEL = "custograph"
GATHER_S = 0.005
"""How long commits gather before they are told together."""
AGAIN_S = 1.0
_log = structlog.get_logger()


class Herald:
    """The word of one process: it tells from its first commit on, and hears as soon as somebody here waits for one."""

    def __init__(self, door: Door) -> None:
        self._door, self._name = door, uuid4().hex
        self._lock, self._woken, self._stop = threading.Lock(), threading.Event(), threading.Event()
        self._changed: set[UUID] = set()
        self._teller: threading.Thread | None = None
        self._hearer: threading.Thread | None = None
        self._unlisten = door.bus.listen(self._note)
        door.bus.wanted = self._want
        if door.bus.listening > 1:
            self._want()

    def close(self) -> None:
        """Tell and hear no more; what is still to be told is."""
        self._unlisten()
        self._door.bus.wanted = lambda: None
        self._stop.set()
        self._woken.set()
        for thread in (self._teller, self._hearer):
            if thread is not None:
                thread.join()

    def _want(self) -> None:
        with self._lock:
            if self._hearer is None and not self._stop.is_set():
                self._hearer = self._started(self._hear)
                self._teller = self._teller or self._started(self._tell)  # who ends the other's waiting

    def _note(self, tenant_id: UUID) -> None:
        with self._lock:
            if threading.current_thread() is self._hearer:
                return  # heard from another process
            self._changed.add(tenant_id)
            self._teller = self._teller or self._started(self._tell)
        self._woken.set()

    def _started(self, work: Callable[[Any], None]) -> threading.Thread:
        thread = threading.Thread(target=self._always, args=(work,), name=f"herald {work.__name__}")
        thread.start()
        return thread

    def _always(self, work: Callable[[Any], None]) -> None:
        """Work with a connection, and with another one when that is lost."""
        is_told = False
        while not self._stop.is_set():
            try:
                with self._door.db.apart() as connection:
                    is_told = False
                    work(connection)
            except Exception as error:  # noqa: BLE001 - the database is away: it is tried again
                if not is_told:
                    _log.warning("word of commits is lost", error=type(error).__name__)
                is_told = True
                self._stop.wait(AGAIN_S)

    def _tell(self, connection: Any) -> None:  # noqa: ANN401 - the driver's own type
        is_over = False
        while not is_over:
            self._woken.wait()
            self._woken.clear()  # before it is looked whether this is the end, whose word would be lost otherwise
            is_over = self._stop.wait(GATHER_S)
            with self._lock:
                changed, self._changed = self._changed, set()
            words = [f"{self._name} {tenant_id}" for tenant_id in changed]
            if is_over:
                words.append(f"{self._name} ")  # the hearer waits for words
            connection.execute("SELECT pg_notify(%s, word) FROM unnest(%s::text[]) AS word", (CHANNEL, words))

    def _hear(self, connection: Any) -> None:  # noqa: ANN401 - the driver's own type
        connection.execute(f"LISTEN {CHANNEL}")
        while not self._stop.is_set():
            for word in connection.notifies(timeout=AGAIN_S, stop_after=1):
                name, _, tenant_id = word.payload.partition(" ")
                if tenant_id and name != self._name:
                    self._door.bus.poke(UUID(tenant_id))


@contextmanager
def heralded(door: Door) -> Iterator[None]:
    """Tell other processes of this one's commits, and hear of theirs; SQLite is served by one process."""
    if door.db.is_sqlite:
        yield
        return
    herald = Herald(door)
    try:
        yield
    finally:
        herald.close()
