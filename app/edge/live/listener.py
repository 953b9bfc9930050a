"""Who reads a stream: what they have not taken yet, bounded, so that a slow one costs nobody else anything."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from app.actor import Actor
from app.edge.identity import Credential

MOST, MOST_BYTES = 500, 2_000_000
"""How many events, and how much of them, may wait for one reader."""
FULL = 32
"""From so many on, a stream with a single reader waits for them."""


class Ending(Enum):
    """Why a stream ends for a reader."""

    DONE = "there is no more"
    DENIED = "the credential is not good any more, or lets them see other things than before"
    SLOW = "they took events more slowly than these came"
    SHUT = "the server stops"


@dataclass(frozen=True, slots=True)
class Event:
    """A response, as JSON; its cursor where it is one of many; whether nothing was executed at all."""

    body: bytes
    cursor: str | None = None
    failed: bool = False


class Listener:
    """One reader. Of events that say how something stands, the last alone waits."""

    def __init__(self, actor: Actor | None = None, credential: Credential | None = None) -> None:
        self.actor, self.credential = actor, credential
        self.ended: Ending | None = None
        self.gone: Callable[[], None] = lambda: None
        """Called once when the reader takes nothing any more."""
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._ready, self._room = asyncio.Event(), asyncio.Event()

    def put(self, event: Event) -> None:
        """Have an event wait for the reader, who is given up when too much does."""
        if self.ended is not None:
            return
        if event.cursor is None and self._waiting and self._waiting[-1].cursor is None:
            self._bytes -= len(self._waiting.pop().body)
        self._waiting.append(event)
        self._bytes += len(event.body)
        if len(self._waiting) > MOST or (len(self._waiting) > 1 and self._bytes > MOST_BYTES):
            self._waiting.clear()
            self.end(Ending.SLOW)
        self._ready.set()

    async def take(self) -> Event | None:
        """The next event, as soon as there is one; None at the end, of which `ended` says why."""
        while not self._waiting:
            if self.ended is not None:
                return None
            self._ready.clear()
            await self._ready.wait()
        event = self._waiting.popleft()
        self._bytes -= len(event.body)
        if len(self._waiting) < FULL:
            self._room.set()
        return event

    @property
    def is_full(self) -> bool:
        """Whether the reader has enough to take for now."""
        return self.ended is None and (len(self._waiting) >= FULL or self._bytes > MOST_BYTES // 2)

    async def room(self) -> None:
        """Wait until the reader has taken some."""
        while self.is_full:
            self._room.clear()
            await self._room.wait()

    def end(self, why: Ending) -> None:
        """Tell no more; what waits is still there to be taken, but by those who may not have it any more."""
        if self.ended is None:
            self.ended = why
            if why is Ending.DENIED:
                self._waiting.clear()
            self._ready.set()
            self._room.set()
            self.gone()

    def close(self) -> None:
        """The reader has gone."""
        self._waiting.clear()
        self.end(Ending.DONE)
