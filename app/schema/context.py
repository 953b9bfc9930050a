"""What one operation carries: who asks, in which language, and the loaders that gather its reads."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from app.actor import Actor, Scope
from app.errors import AppError, Limited, TimedOut, Unauthenticated
from app.fault import translated
from app.text import Text
from app.uow import Door, Uow, check

if TYPE_CHECKING:
    from app.schema.live import Live

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)


NEEDED = Text(
    "This needs a token: send it as `Authorization: Bearer …`.", "这需要令牌：请以 `Authorization: Bearer …` 发送。"
)
"""What is said to somebody unknown."""


Judge = Callable[[str], Sequence[Text]]
"""What is wrong with a document that is to be kept and run later."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What an operation costs its caller, and how much more they may ask for."""

    cost: int
    limit: int
    remaining: int
    restore_rate: float
    """How much comes back each second."""
    unit: str = "points"

    @property
    def full_in_s(self) -> float:
        """How long it takes until all of `limit` may be asked for again."""
        return (self.limit - self.remaining) / self.restore_rate


class Context:
    """One per operation, never shared.

    `until` is the instant of `time.monotonic` after which it may take no longer.
    """

    def __init__(  # noqa: PLR0913 - what an operation carries
        self,
        door: Door,
        threads: ThreadPoolExecutor,
        places: asyncio.Semaphore,
        actor: Actor | None,
        locale: str = "en",
        *,
        until: float | None = None,
        rate: Rate | None = None,
        judge: Judge | None = None,
        live: "Live | None" = None,
    ) -> None:
        self.door, self.threads, self.places, self._actor, self.locale = door, threads, places, actor, locale
        self.rate, self.until, self._judge, self.live = rate, until, judge, live
        self.entries = 0
        self._snapshot: Uow | None = None
        self._placed = self._is_over = False
        self._opened = ExitStack()
        self._turn = asyncio.Lock()
        self._busy: asyncio.Future[Any] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._writing: Future[Any] | None = None
        self._answers: dict[Callable[..., Any], asyncio.Future[Any]] = {}
        self._loaders: dict[Callable[..., Any], DataLoader[Any, Any]] = {}
        self._gathered: dict[Callable[..., Any], DataLoader[Any, Any]] = {}

    @property
    def actor(self) -> Actor:
        """Who asks. Raises Unauthenticated when nobody has said."""
        if self._actor is None:
            raise Unauthenticated(NEEDED)
        return self._actor

    def spend(self, entries: int) -> None:
        """Account for a list whose length only its answer tells. Raises Limited beyond what one operation may cost."""
        self.entries += entries
        most = self.door.settings.max_cost
        if self.entries > most:
            text = Text(
                f"The lists in this answer come to more than {most:,} entries; ask for shorter periods, coarser grains "
                "or fewer KPIs.",
                f"此响应中的列表合计超过 {most:,} 项；请缩短期间、加粗粒度或减少 KPI。",
            )
            raise Limited(text)

    async def judged(self, document: str, function: Callable[..., Any]) -> Sequence[Text]:
        """What has to be mended in a document that the @writes function is to keep. Raises Forbidden as it would."""
        check(self.actor, function, "writes")
        assert self._judge is not None  # noqa: S101 - whoever runs operations can judge them
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._judge, document)

    def may(self, scope: Scope) -> bool:
        """Whether the caller has `scope`."""
        return scope in self.actor.scopes

    async def run(self, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the service function answers, on a thread. Every resolver goes this way.

        Raises TimedOut once the operation was given up; a stream's next event has the same context.
        """
        if self._is_over and self.live is None:
            raise TimedOut
        if getattr(function, "mode", None) == "writes":
            await self.close()  # what is read after a write must see it
            self._loaders.clear()
            return await self._written(self.door.submit(self.actor, function, *args, **kwargs))

        def work() -> R:
            check(self.actor, function, "reads")
            with self.door.snapshot(self.actor, self.until) as uow:
                return function(uow, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def run_in(
        self, tenant_id: UUID, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """What the service function, one for a deployment's administrator, answers in another workspace."""
        if getattr(function, "scope", None) is not Scope.DEPLOYMENT_ADMIN:
            raise RuntimeError(f"{function.__qualname__} would leave the caller's workspace")
        actor = replace(self.actor, tenant_id=tenant_id, rows=None)
        return await self._written(self.door.submit(actor, function, *args, **kwargs))

    async def _written(self, write: Future[R]) -> R:
        """What a write answers; once the operation is given up it has no effect, unless it has begun."""
        self._writing = write
        try:
            return await asyncio.wrap_future(write)
        except asyncio.CancelledError:
            if self._is_over and write.cancelled():
                raise TimedOut from None
            raise

    async def once(self, function: Callable[[Uow], R]) -> R:
        """What `function`, a service, answers to everything that asks for it in this operation."""
        if function not in self._answers:
            self._answers[function] = asyncio.ensure_future(self.run(function))
        answer: R = await self._answers[function]
        return answer

    def load(self, function: Callable[[Uow, Sequence[UUID]], Mapping[UUID, R]], id_: UUID) -> Awaitable[R | None]:
        """What `function` (a service that answers many ids at once) gives for `id_`, gathered with its siblings."""
        loader = self._loaders.get(function)
        if loader is None:

            async def gather(ids: list[UUID]) -> list[R | None]:
                found = await self.run(function, ids)
                return [found.get(id_) for id_ in ids]

            loader = self._loaders[function] = DataLoader(gather)
        return loader.load(id_)

    async def snapshot(self, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the @reads function answers, in the one snapshot from which all KPIs of the operation are read."""

        def work() -> R:
            check(self.actor, function, "reads")
            if self._snapshot is None:
                self._snapshot = self._opened.enter_context(self.door.snapshot(self.actor, self.until))
            with translated():
                return function(self._snapshot, *args, **kwargs)

        async with self._turn:  # one session serves one thread at a time
            if self._snapshot is None and not self._placed:
                await self.places.acquire()  # before the thread: an operation that waits must not hold one
                self._placed = True
            if self._is_over:  # a loader that was still waiting as its operation was given up
                self._free()
                raise TimedOut
            # shielded: a caller who goes away must not free the session while the thread still uses it
            self._busy = asyncio.get_running_loop().run_in_executor(self.threads, work)
            return await asyncio.shield(self._busy)

    def gather(self, function: Callable[[Uow, Sequence[K]], Sequence[R | AppError]], key: K) -> Awaitable[R]:
        """What `function` (a service that answers many at once) gives for `key`, gathered with its siblings.

        However many KPIs, series or targets an operation asks for, each level of it is one call, in one snapshot.
        """
        loader = self._gathered.get(function)
        if loader is None:

            async def answer(keys: list[K]) -> list[Any]:
                return list(await self.snapshot(function, keys))

            loader = self._gathered[function] = DataLoader(answer)
        return loader.load(key)

    def forget(self) -> None:
        """Read anew what is asked for from now on, after it was closed."""
        for known in (self._loaders, self._answers, self._gathered):
            known.clear()

    async def close(self) -> None:
        """End the snapshot, if one was opened, as soon as no thread uses it; also when whoever waits is cancelled."""
        if self._placed:
            self._closing = asyncio.ensure_future(self._close())
            await asyncio.shield(self._closing)

    async def _close(self) -> None:
        async with self._turn:
            self._gathered.clear()
            if self._busy is not None:
                await asyncio.gather(self._busy, return_exceptions=True)  # nobody may be left to hear of it
            if self._snapshot is not None:
                self._snapshot = None
                await asyncio.get_running_loop().run_in_executor(self.threads, self._opened.close)
            self._free()

    def _free(self) -> None:
        if self._placed:
            self._placed = False
            self.places.release()

    async def end(self) -> None:
        """Close it for good: nothing that is still under way opens another one, and no write begins."""
        self._is_over = True
        if self._writing is not None:
            self._writing.cancel()
        await self.close()


Info = strawberry.Info[Context, None]
"""What resolvers are given."""
