"""Carries word of commits between processes by PostgreSQL's NOTIFY. It wakes and says nothing else: who hears reads.

Told after commits, by a thread and a connection of their own, many at a time: a NOTIFY in each transaction would have
all writers of the database wait for one another as they commit. A word that is lost is made up for by looking.
"""

import threading
from collections.abc import Iterator
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
    """The word of one process."""

    def __init__(self, door: Door) -> None:
        self._door, self._name = door, uuid4().hex
        self._lock, self._woken, self._stop = threading.Lock(), threading.Event(), threading.Event()
        self._changed: set[UUID] = set()
        self._threads = [threading.Thread(target=self._always, args=(one,)) for one in (self._tell, self._hear)]
        self._unlisten = door.bus.listen(self._note)
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Tell and hear no more."""
        self._unlisten()
        self._stop.set()
        self._woken.set()
        for thread in self._threads:
            thread.join()

    def _note(self, tenant_id: UUID) -> None:
        if threading.current_thread() is self._threads[1]:
            return  # heard from another process
        with self._lock:
            self._changed.add(tenant_id)
        self._woken.set()

    def _always(self, work: Any) -> None:  # noqa: ANN401 - one of the two
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
        while self._woken.wait() and not self._stop.wait(GATHER_S):
            self._woken.clear()
            with self._lock:
                changed, self._changed = self._changed, set()
            words = [f"{self._name} {tenant_id}" for tenant_id in changed]
            connection.execute("SELECT pg_notify(%s, word) FROM unnest(%s::text[]) AS word", (CHANNEL, words))

    def _hear(self, connection: Any) -> None:  # noqa: ANN401 - the driver's own type
        connection.execute(f"LISTEN {CHANNEL}")
        while not self._stop.is_set():
            for word in connection.notifies(timeout=0.5):
                name, _, tenant_id = word.payload.partition(" ")
                if name != self._name:
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
