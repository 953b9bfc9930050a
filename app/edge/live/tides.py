"""When to look again: after commits of this process and of others, and when a workspace's day turns."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import structlog

from app.actor import Actor, system
from app.services import change, feed
from app.uow import Door, Uow

LOOK_S = 1.0
"""How often it is looked for what nobody tells here: that the day has turned, that a process elsewhere has written."""
SEAL_S = 0.01
"""How soon it is looked again whether somebody else has sealed what waits."""
_log = structlog.get_logger()


@dataclass(slots=True)
class _Tide:
    """One workspace: a number that no other time has had, where its log and its calendar are, and who waits."""

    height: int
    level: object = None
    wakes: set[asyncio.Event] = field(default_factory=set)


class Tides:
    """The workspaces in which somebody waits for a change. Lives in one event loop."""

    def __init__(self, door: Door, threads: Executor) -> None:
        self._door, self._threads = door, threads
        self._tides: dict[UUID, _Tide] = {}
        self._heights = count(1)
        self._looking: asyncio.Task[None] | None = None
        self._deaf: Callable[[], None] = lambda: None

    def join(self, tenant_id: UUID, wake: asyncio.Event) -> None:
        """Set `wake` whenever the workspace may have changed."""
        if self._looking is None:
            loop = asyncio.get_running_loop()

            def heard(changed: UUID) -> None:
                # on the thread that commits: for a workspace in which nobody waits, a look at a dictionary
                if changed in self._tides:
                    loop.call_soon_threadsafe(self._rise, changed)

            self._deaf = self._door.bus.listen(heard)
            self._looking = asyncio.create_task(self._look())
        if tenant_id not in self._tides:
            self._tides[tenant_id] = _Tide(next(self._heights))
        self._tides[tenant_id].wakes.add(wake)

    def leave(self, tenant_id: UUID, wake: asyncio.Event) -> None:
        """Set it no more."""
        tide = self._tides.get(tenant_id)
        if tide is not None:
            tide.wakes.discard(wake)
            if not tide.wakes:
                del self._tides[tenant_id]

    def height(self, tenant_id: UUID) -> int:
        """A number that rises with each change while somebody waits."""
        tide = self._tides.get(tenant_id)
        return 0 if tide is None else tide.height

    async def begin(self, tenant_id: UUID) -> None:
        """Note where the workspace is, so that what comes is noticed. Raises as services do."""
        tide = self._tides.get(tenant_id)
        if tide is not None and tide.level is None:
            tide.level = await self._read(system(tenant_id), feed.level)

    async def seal(self, tenant_id: UUID) -> None:
        """Have what was committed until now numbered. Raises as services do."""
        actor = system(tenant_id)
        while await self._read(actor, change.is_waiting):
            sealed = await asyncio.wrap_future(self._door.submit(actor, change.seal))
            if 0 < sealed < change.SEAL_AT_ONCE:
                return
            await asyncio.sleep(SEAL_S)  # somebody else is at it

    async def close(self) -> None:
        """Wait for nothing any more."""
        self._deaf()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _rise(self, tenant_id: UUID) -> None:
        tide = self._tides.get(tenant_id)
        if tide is not None:
            tide.height = next(self._heights)
            for wake in tide.wakes:
                wake.set()

    async def _read(self, actor: Actor, function: Callable[[Uow], Any]) -> Any:  # noqa: ANN401 - the service's own
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._door.read, actor, function)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for tenant_id, tide in list(self._tides.items()):
                try:
                    level = await self._read(system(tenant_id), feed.level)
                except Exception as error:  # noqa: BLE001 - the database is away: it is looked again
                    _log.warning("nobody could look for changes", error=type(error).__name__)
                    break
                if tide.level not in (None, level):
                    self._rise(tenant_id)
                tide.level = level
