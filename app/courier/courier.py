"""The courier's work: holds endpoints that have something due, and serves each by itself.

An endpoint is served by one courier at a time, in rounds that are bounded; all of them side by side, so that one that
does not answer costs the others nothing. Any number of couriers may work on one database.
"""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx
import structlog

from app.actor import system
from app.courier import letter as letters
from app.courier.wire import Resolve, Undelivered, Wire
from app.edge.documents import Documents
from app.edge.payload import Payloads, Unanswered
from app.edge.persisted import Persisted
from app.edge.runner import Runner
from app.errors import AppError, Invalid
from app.metrics import DELIVERIES
from app.models.job import Job
from app.models.webhook_delivery import WebhookError
from app.schema.build import build
from app.services import job as jobs
from app.services import webhook_address, webhook_round, webhook_schedule
from app.services.webhook import DELIVER
from app.services.webhook_round import Attempt, Letter, Round
from app.uow import Door

ENDPOINTS = 500
"""Endpoints that one process serves at once."""
AT_ONCE = 8
"""Deliveries that one endpoint is sent at once; those about one record come one after another."""
AGAIN = timedelta(seconds=5)
"""When an endpoint is looked at again that could not be served because of us."""
PAUSE_S = 0.05
"""What a burst of commits leaves behind is looked for once."""
FAREWELL_S = 2
"""How long a stop waits for attempts that are under way; what is cut off is made again."""
_log = structlog.get_logger()


class Courier:
    """Delivers until it is told to stop. `resolve` and `trust` take the place of the system's resolver and roots."""

    def __init__(self, door: Door, *, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None) -> None:
        self._door, self._settings = door, door.settings
        self._resolve, self._trust = resolve, trust
        one = self._settings.webhook_timeout_s + self._settings.operation_timeout_s
        self._budget_s, self._lease = one, timedelta(seconds=3 * one)

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set."""
        asyncio.run(self._run(stop))

    def drain(self) -> int:
        """Make every delivery that is due now, and return; how many endpoints were served."""
        return asyncio.run(self._drain())

    async def _drain(self) -> int:
        count = 0
        async with self._open() as desk:
            while held := await self._hold(ENDPOINTS):
                await asyncio.gather(*(desk.serve(job) for job in held))
                count += len(held)
        return count

    async def _run(self, stop: threading.Event) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake(_tenant: UUID) -> None:
            loop.call_soon_threadsafe(woken.set)

        def served(task: asyncio.Task[None]) -> None:
            serving.discard(task)
            woken.set()  # there may have come more for it meanwhile

        unlisten = self._door.bus.listen(wake)
        serving: set[asyncio.Task[None]] = set()
        try:
            async with self._open() as desk:
                while not stop.is_set():
                    woken.clear()
                    for job in await self._hold(ENDPOINTS - len(serving)):
                        task = asyncio.create_task(desk.serve(job))
                        serving.add(task)
                        task.add_done_callback(served)
                    await _either(woken.wait(), self._settings.worker_poll_s)
                    await asyncio.sleep(min(PAUSE_S, self._settings.worker_poll_s))
                desk.is_closing = True
                if serving:
                    _, late = await asyncio.wait(serving, timeout=FAREWELL_S)
                    for task in late:
                        task.cancel()
                    await asyncio.gather(*late, return_exceptions=True)
        finally:
            unlisten()

    async def _hold(self, limit: int) -> list[Job]:
        if limit <= 0:
            return []
        try:
            return await asyncio.to_thread(jobs.hold, self._door, DELIVER, limit, self._lease)
        except Exception as error:  # noqa: BLE001 - the database is away or busy: the courier must outlive it
            _log.warning("courier waits", reason=type(error).__name__)
            return []

    @asynccontextmanager
    async def _open(self) -> AsyncIterator["_Desk"]:
        settings, schema = self._settings, build()
        threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="payload")
        runner = Runner(self._door, settings, schema, threads)
        persisted = Persisted(settings.trusted_documents, only_trusted=settings.only_trusted_documents)
        payloads = Payloads(Documents(schema, settings), persisted, settings)
        wire = Wire(settings.webhook_networks, settings.webhook_timeout_s, resolve=self._resolve, trust=self._trust)
        try:
            yield _Desk(self._door, runner, payloads, wire, self._budget_s)
        finally:
            await wire.close()
            await runner.close()
            threads.shutdown()


async def _either(wait: Any, timeout_s: float) -> None:  # noqa: ANN401 - any awaitable
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await wait


class _Desk:
    """Serves endpoints, in one event loop."""

    def __init__(self, door: Door, runner: Runner, payloads: Payloads, wire: Wire, budget_s: float) -> None:
        self._door, self._runner, self._payloads, self._wire, self._budget_s = door, runner, payloads, wire, budget_s
        self.is_closing = False

    async def serve(self, job: Job) -> None:
        """Tell an endpoint what is due, and give its job back."""
        run_at: datetime | None = self._door.clock()
        try:
            run_at = await self._rounds(job.tenant_id, job.id)
        except AppError as error:
            _log.warning("endpoint waits", webhook=str(job.id), reason=type(error).__name__)
            run_at = self._door.clock() + AGAIN
        except Exception as error:  # noqa: BLE001 - any fault of one endpoint is logged, the others go on
            _log.warning("endpoint failed", webhook=str(job.id), error=type(error).__name__)
            run_at = self._door.clock() + AGAIN
        finally:
            with suppress(AppError):  # else it comes due again by itself, later
                if run_at is None:
                    await asyncio.to_thread(jobs.drop, self._door, job)
                else:
                    await asyncio.to_thread(jobs.give_back, self._door, job, run_at)

    async def _rounds(self, tenant_id: UUID, webhook_id: UUID) -> datetime | None:
        """Rounds until nothing is due or the time is up; when to look again, None when the endpoint is gone."""
        until = asyncio.get_running_loop().time() + self._budget_s
        while True:
            drawn: Round | None = await self._write(tenant_id, webhook_round.draw, webhook_id)
            if drawn is None:
                return None
            if not drawn.letters and not drawn.has_more:
                return drawn.due_at
            lanes: dict[UUID, list[Letter]] = {}
            for letter in drawn.letters:
                lanes.setdefault(letter.record_id, []).append(letter)
            tour = _Tour(drawn, [self._door.keys.opened(one) for one in drawn.secrets], until)
            done = await asyncio.gather(*(self._lane(tour, lane) for lane in lanes.values()), return_exceptions=True)
            for fault in filter(None, done):  # told once all lanes have ended
                raise fault
            if tour.is_over(self):
                return self._door.clock()

    async def _lane(self, tour: "_Tour", lane: Sequence[Letter]) -> None:
        """Deliver what concerns one record, one after another."""
        for letter in lane:
            async with tour.places:
                if tour.is_over(self):
                    return
                attempt = await self._attempt(tour, letter)
                DELIVERIES.labels("delivered" if attempt.error is None else attempt.error.value.lower()).inc()
                tenant_id = tour.drawn.actor.tenant_id
                if not await self._write(tenant_id, webhook_round.report, letter.id, attempt):
                    tour.is_stopped = True

    async def _attempt(self, tour: "_Tour", letter: Letter) -> Attempt:
        at, began = self._door.clock(), perf_counter()

        def done(**how: Any) -> Attempt:  # noqa: ANN401 - what an attempt has
            return Attempt(at, round((perf_counter() - began) * 1000), **how)

        try:
            content = letters.body(letter, await self._answer(tour.drawn, letter))
            url = webhook_address.checked(tour.drawn.url, self._door.settings)
            headers = letters.headers(letter, content, tour.secrets, self._door.clock())
            status, retry_after = await self._wire.post(url, headers, content)
        except Unanswered:
            return done(error=WebhookError.PAYLOAD)
        except Invalid:  # the settings have changed since it was kept
            return done(error=WebhookError.ADDRESS)
        except Undelivered as undelivered:
            return done(error=undelivered.error)
        if httpx.codes.is_success(status):
            return done(status=status)
        error = WebhookError.REDIRECT if httpx.codes.is_redirect(status) else WebhookError.STATUS
        return done(status=status, error=error, retry_after_s=webhook_schedule.asked(retry_after, self._door.clock()))

    async def _answer(self, drawn: Round, letter: Letter) -> Any:  # noqa: ANN401 - JSON
        if drawn.document is None:
            return None
        return await self._payloads.answer(self._runner, drawn.document, drawn.actor, letters.global_id(letter))

    async def _write(self, tenant_id: UUID, function: Any, *args: object) -> Any:  # noqa: ANN401 - the service's own
        return await asyncio.wrap_future(self._door.submit(system(tenant_id, "courier"), function, *args))


class _Tour:
    """One round under way."""

    def __init__(self, drawn: Round, secrets: Sequence[str], until: float) -> None:
        self.drawn, self.secrets, self._until = drawn, secrets, until
        self.places = asyncio.Semaphore(AT_ONCE)
        self.is_stopped = False

    def is_over(self, desk: _Desk) -> bool:
        """Whether no further delivery is to begin."""
        return self.is_stopped or desk.is_closing or asyncio.get_running_loop().time() > self._until
