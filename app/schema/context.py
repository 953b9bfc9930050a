"""What one operation carries: who asks, in which language, and the loaders that gather its reads."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from app.errors import AppError, Unauthenticated
from app.uow import Actor, Door, Scope, Uow, check

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K", bound=Hashable)


class Context:
    """One per operation, never shared."""

    def __init__(
        self,
        door: Door,
        threads: ThreadPoolExecutor,
        places: asyncio.Semaphore,
        actor: Actor | None,
        locale: str = "en",
    ) -> None:
        self.door, self.threads, self.places, self._actor, self.locale = door, threads, places, actor, locale
        self._snapshot: Uow | None = None
        self._placed = False
        self._opened = ExitStack()
        self._turn = asyncio.Lock()
        self._loaders: dict[Callable[..., Any], DataLoader[Any, Any]] = {}
        self._gathered: dict[Callable[..., Any], DataLoader[Any, Any]] = {}

    @property
    def actor(self) -> Actor:
        """Who asks. Raises Unauthenticated when nobody has said."""
        if self._actor is None:
            msg = "This needs a token: send it as `Authorization: Bearer …`."
            raise Unauthenticated(msg)
        return self._actor

    def may(self, scope: Scope) -> bool:
        """Whether the caller has `scope`."""
        return scope in self.actor.scopes

    async def run(self, function: Callable[Concatenate[Uow, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the service function answers, on a thread. Every resolver goes this way."""
        if getattr(function, "mode", None) == "writes":
            await self.close()  # what is read after a write must see it
            self._loaders.clear()
            return await asyncio.wrap_future(self.door.submit(self.actor, function, *args, **kwargs))
        work = partial(self.door.read, self.actor, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

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
                self._snapshot = self._opened.enter_context(self.door.snapshot(self.actor))
            return function(self._snapshot, *args, **kwargs)

        async with self._turn:  # one session serves one thread at a time
            if self._snapshot is None and not self._placed:
                await self.places.acquire()  # before the thread: an operation that waits must not hold one
                self._placed = True
            # shielded: a caller who goes away must not free the session while the thread still uses it
            return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self.threads, work))

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

    async def close(self) -> None:
        """End the snapshot, if one was opened."""
        async with self._turn:
            self._gathered.clear()
            if self._snapshot is not None:
                self._snapshot = None
                await asyncio.get_running_loop().run_in_executor(self.threads, self._opened.close)
            if self._placed:
                self._placed = False
                self.places.release()


Info = strawberry.Info[Context, None]
"""What resolvers are given."""
