"""Runs jobs: claims what is due, works it off through the door, waits for more. Beside it seal and courier work."""

import threading
from time import monotonic
from uuid import UUID

import structlog

from app.actor import system
from app.courier.courier import Courier
from app.services import change, job
from app.uow import Door

_log = structlog.get_logger()


class Worker:
    """Works until it is told to stop. Any number of workers may run against one database."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._woken = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        beside = [
            threading.Thread(target=one(self._door).run, args=(stop,), name=one.__name__.lower())
            for one in (Sealer, Courier)
        ]
        for thread in beside:
            thread.start()
        unlisten = self._door.bus.listen(lambda _tenant: self._woken.set())
        try:
            while not stop.is_set():
                self._woken.wait(self._door.settings.worker_poll_s)
                self._woken.clear()
                # a pause gathers what a burst of writes leaves behind into one run
                if stop.wait(min(0.1, self._door.settings.worker_poll_s)):
                    break
                self._work_off(stop)
        finally:
            unlisten()
            stop.set()
            for thread in beside:
                thread.join()

    def _work_off(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set() and (jobs := job.claim(self._door)):
                for one in jobs:
                    job.run(self._door, one)
        except Exception as error:  # noqa: BLE001 - the database is away or busy: the worker must outlive it
            _log.warning("worker waits", reason=type(error).__name__)

    def drain(self) -> int:
        """Run everything that is due now, and return; how many jobs that were."""
        count = 0
        while jobs := job.claim(self._door):
            for one in jobs:
                count += job.run(self._door, one)
        return count


PAUSE_S, MOST_S, PAUSES = 0.01, 0.25, 4
"""How long a sealer rests at least and at most, and how many times as long as it worked, as it takes the writers' turn:
meanwhile they add to what it seals next, all of it in one go."""


class Sealer:
    """Seals what commits in this process as soon as it has, so that the feed is prompt however long jobs take.

    What it does not get to, a process that dies or another one's writes, the job does that every write leaves behind.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._poked: set[UUID] = set()

    def run(self, stop: threading.Event) -> None:
        """Seal until `stop` is set."""
        unlisten = self._door.bus.listen(self._poke)
        try:
            while not stop.is_set():
                if self._woken.wait(self._door.settings.worker_poll_s):
                    self._woken.clear()
                    began = monotonic()
                    self._seal_all()
                    stop.wait(min(MOST_S, max(PAUSE_S, PAUSES * (monotonic() - began))))
        finally:
            unlisten()

    def _poke(self, tenant_id: UUID) -> None:
        with self._lock:
            self._poked.add(tenant_id)
        self._woken.set()

    def _seal_all(self) -> None:
        with self._lock:
            poked, self._poked = self._poked, set()
        for tenant_id in poked:
            try:
                self._seal(tenant_id)
            except Exception as error:  # noqa: BLE001 - the database is away or busy: the job will see to it
                _log.warning("sealer waits", reason=type(error).__name__)

    def _seal(self, tenant_id: UUID) -> None:
        """Seal what waits in a workspace. To have sealed pokes this one too, which then finds nothing and rests."""
        actor = system(tenant_id, "worker")
        if self._door.read(actor, change.is_waiting):
            self._door.write(actor, change.seal)
            job.wake(self._door, tenant_id)
