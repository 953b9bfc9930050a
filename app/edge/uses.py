"""When tokens were used: noted as they come, written down together, once in a while and on no request's way."""

import asyncio
from concurrent.futures import Executor
from datetime import datetime
from uuid import UUID

import structlog

from app.actor import Actor
from app.services import token_use
from app.uow import Door

EVERY_S = 60.0
"""How long uses wait to be written down."""
_log = structlog.get_logger()


class Uses:
    """The uses that one process has seen. Lives in one event loop."""

    def __init__(self, door: Door, threads: Executor) -> None:
        self._door, self._threads = door, threads
        self._seen: dict[UUID, datetime] = {}
        self._later: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def note(self, actor: Actor | None) -> None:
        """Note that `actor` has come with a token, if it was one."""
        if actor is None or actor.token_id is None:
            return
        self._seen[actor.token_id] = self._door.clock()
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(EVERY_S, self._start)

    async def close(self) -> None:
        """Write down what was noted."""
        if self._later is not None:
            self._later.cancel()
            self._start()
        if self._writing is not None:
            await self._writing

    def _start(self) -> None:
        self._later, seen, self._seen = None, self._seen, {}
        self._writing = asyncio.create_task(self._write(seen))

    async def _write(self, seen: dict[UUID, datetime]) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, token_use.note_uses, self._door, seen)
        except Exception as error:  # noqa: BLE001 - that it is not known when a token was used stops nothing
            _log.warning("uses of tokens were not written", error=type(error).__name__)
