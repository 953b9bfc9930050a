"""Streams over HTTP: server-sent events (graphql-sse, distinct connections) and Apollo's multipart subscriptions."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.edge.live.listener import Ending, Event, Listener
from app.edge.operations import Answer
from app.edge.request import EVENTS
from app.text import Text

STALL_S = 20.0
"""How long a reader may leave unread what was sent."""
DENIED = Text(
    "The token has expired or was revoked, or lets its owner see other things than before; subscribe again.",
    "令牌已过期或被撤销，或其可见范围已改变；请重新订阅。",
)


class _Framing(Protocol):
    """How a transport writes down events."""

    media_type: str
    head: bytes
    heartbeat: bytes

    def event(self, event: Event) -> bytes: ...

    def denied(self, error: Mapping[str, object]) -> bytes: ...

    def end(self, ending: Ending) -> bytes: ...


class ServerSent:
    """Events as the browser's EventSource and graphql-sse read them; lines end with LF."""

    media_type = f"{EVENTS}; charset=utf-8"
    head = heartbeat = b":\n\n"

    def event(self, event: Event) -> bytes:
        """A response; its cursor is its id, with which a reader who comes back says where to go on."""
        place = f"id: {event.cursor}\n".encode() if event.cursor is not None else b""
        return b"event: next\n" + place + b"data: " + event.body + b"\n\n"

    def denied(self, error: Mapping[str, object]) -> bytes:
        """That the reader may read no more."""
        return self.event(Event(orjson.dumps({"errors": [error]})))

    def end(self, ending: Ending) -> bytes:
        """That there is no more; nothing where the reader should come back."""
        return b"" if ending in (Ending.SHUT, Ending.SLOW) else b"event: complete\ndata:\n\n"


class Multipart:
    """Parts as Apollo's clients and routers read them: each with the boundary behind it, at which they take it up."""

    media_type = 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
    head = b"\r\n--graphql"
    _before, _behind = b"\r\nContent-Type: application/json\r\n\r\n", b"\r\n--graphql"
    heartbeat = _before + b"{}" + _behind

    def event(self, event: Event) -> bytes:
        """A response."""
        return self._before + b'{"payload":' + event.body + b"}" + self._behind

    def denied(self, error: Mapping[str, object]) -> bytes:
        """That the reader may read no more."""
        return self._before + orjson.dumps({"payload": None, "errors": [error]}) + self._behind

    def end(self, ending: Ending) -> bytes:
        """That there is no more; nothing where the reader should come back."""
        return b"" if ending in (Ending.SHUT, Ending.SLOW) else b"--\r\n"


class Streamed(Response):
    """A response that goes on as long as there are events and somebody reads them."""

    def __init__(self, reader: Listener, kind: str, heartbeat_s: float, locale: str = "en") -> None:
        self._reader, self._heartbeat_s, self._locale = reader, heartbeat_s, locale
        self._framing: _Framing = ServerSent() if kind == EVENTS else Multipart()
        super().__init__(media_type=self._framing.media_type, headers=_UNKEPT)
        del self.headers["content-length"]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until there are no more or the reader has gone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        tasks = {asyncio.create_task(self._flow(send)), asyncio.create_task(_gone(receive))}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._reader.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _flow(self, send: Send) -> None:
        framing = self._framing

        async def out(some: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(STALL_S):
                await send({"type": "http.response.body", "body": some, "more_body": more})

        await out(framing.head)
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    event = await self._reader.take()
            except TimeoutError:
                await out(framing.heartbeat)
                continue
            if event is None:
                break
            await out(framing.event(event))
        ending = self._reader.ended or Ending.DONE
        if ending is Ending.DENIED:
            await out(framing.denied({"message": DENIED.in_(self._locale), "extensions": {"code": "UNAUTHENTICATED"}}))
        await out(framing.end(ending), more=False)


_UNKEPT = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""What keeps proxies from gathering events before they hand them on."""


async def _gone(receive: Receive) -> None:
    """Wait until the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def streamed(answer: Answer, heartbeat_s: float) -> Streamed:
    """A single answer as a stream: one event, and that there is no more."""
    reader = Listener()
    reader.put(Event(orjson.dumps(answer.body)))
    reader.end(Ending.DONE)
    return Streamed(reader, EVENTS, heartbeat_s)
