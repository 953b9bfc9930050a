"""Runs jobs: claims what is due, works it off through the door, waits for more. Beside it the courier delivers."""

import threading

import structlog

from app.courier.courier import Courier
from app.services import job
from app.uow import Door

_log = structlog.get_logger()


class Worker:
    """Works until it is told to stop. Any number of workers may run against one database."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._woken = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        courier = threading.Thread(target=Courier(self._door).run, args=(stop,), name="courier")
        courier.start()
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
            courier.join()

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
