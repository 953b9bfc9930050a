"""Operations over WebSocket: the protocol graphql-transport-ws with its close codes, and no other."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.actor import Actor
from app.edge import origins
from app.edge import request as requests
from app.edge.identity import Credential, Identity
from app.edge.live.http import STALL_S
from app.edge.live.listener import Ending, Event, Listener
from app.edge.live.streams import Streams
from app.edge.operations import Answer, Call, Operations, Unfit
from app.edge.request import Asked, Refused
from app.edge.uses import Uses
from app.metrics import LIMITED, OPERATIONS
from app.schema.errors import fault

PROTOCOL = "graphql-transport-ws"
INIT_S = 10.0
"""How long a client may take to say who it is."""
MOST_REASON = 120
"""Bytes of a reason that a close frame can carry."""
_ENDINGS = {
    Ending.DENIED: (4403, "Forbidden"),
    Ending.SLOW: (1013, "Events were read more slowly than they came"),
    Ending.SHUT: (1012, "The server stops"),
}


@dataclass(frozen=True, slots=True)
class Sockets:
    """Answers WebSockets, each in a conversation of its own."""

    operations: Operations
    streams: Streams
    identity: Identity
    uses: Uses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one socket."""
        await _Conversation(self, WebSocket(scope, receive, send)).run()


class _Closed(Exception):
    """The socket is to be closed, with a code and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class _Conversation:
    """One socket."""

    def __init__(self, sockets: Sockets, socket: WebSocket) -> None:
        self._shared, self._socket = sockets, socket
        self._heartbeat_s = sockets.operations.settings.heartbeat_s
        self._locale = requests.locale(",".join(socket.headers.getlist("accept-language")))
        self._credential: Credential | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()
        self._over: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Converse until one of both closes."""
        if PROTOCOL not in self._socket.scope["subprotocols"]:
            await self._socket.accept()
            await self._socket.close(4406, "Subprotocol not acceptable")
            return
        await self._socket.accept(PROTOCOL)
        tasks = [asyncio.create_task(one) for one in (self._listen(), self._wait_for_init(), self._beat())]
        ends: list[asyncio.Future[Any]] = [tasks[0], self._over]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks += self._running.values()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._over.done():
            code, reason = self._over.result()
            await _quietly(self._socket.close(code, _short(reason)))

    def _end(self, code: int, reason: str) -> None:
        if not self._over.done():
            self._over.set_result((code, reason))

    async def _wait_for_init(self) -> None:
        await asyncio.sleep(INIT_S)
        if self._credential is None:
            self._end(4408, "Connection initialisation timeout")

    async def _beat(self) -> None:
        """Show that the server lives, to clients and to what lies between."""
        while True:
            await asyncio.sleep(self._heartbeat_s)
            if self._credential is not None:
                await self._send({"type": "ping"})

    async def _listen(self) -> None:
        try:
            while True:
                received = await self._socket.receive()
                if received["type"] == "websocket.disconnect":
                    return
                await self._take(_message(received, self._shared.operations.settings.max_body_bytes))
        except _Closed as closed:
            self._end(closed.code, closed.reason)
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
            _, extensions = fault(error)
            self._end(1011, f"Internal error {extensions['errorId']}")

    async def _take(self, message: Mapping[str, Any]) -> None:
        """Do what a message asks for."""
        kind = message["type"]
        if kind == "connection_init":
            await self._init(message.get("payload") or {})
        elif kind == "ping":
            payload = message.get("payload")
            await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
        elif kind == "subscribe":
            self._subscribe(message)
        elif kind == "complete" and isinstance(message.get("id"), str):
            if (task := self._running.pop(message["id"], None)) is not None:
                task.cancel()
        elif kind != "pong":
            raise _Closed(4400, "Invalid message: unknown type or no id")

    async def _init(self, payload: object) -> None:
        if self._credential is not None:
            raise _Closed(4429, "Too many initialisation requests")
        if not isinstance(payload, dict):
            raise _Closed(4400, "Invalid message: the payload must be an object")
        given = {name.lower(): value for name, value in payload.items() if isinstance(value, str)}
        self._credential = self._shared.identity.credential({**self._socket.headers, **given})
        if "accept-language" in given:
            self._locale = requests.locale(given["accept-language"])
        if await self._identified("") is None:
            raise _Closed(4403, "Forbidden: send a token as `Authorization: Bearer …` in the payload")
        await self._send({"type": "connection_ack"})

    async def _identified(self, request_id: str) -> Actor | None:
        """Who asks, as of now. Raises _Closed for a credential that is not good."""
        assert self._credential is not None  # noqa: S101 - it was given first
        try:
            actor = await self._shared.identity.of(self._credential, request_id)
            origins.check(self._socket, actor)
        except Refused as refused:
            passing = refused.status == 503  # noqa: PLR2004 - nobody can say now
            raise _Closed(1013 if passing else 4403, refused.text.in_(self._locale)) from None
        self._shared.uses.note(actor)
        return actor

    def _subscribe(self, message: Mapping[str, Any]) -> None:
        if self._credential is None:
            raise _Closed(4401, "Unauthorized")
        id_, payload = message.get("id"), message.get("payload")
        if not isinstance(id_, str) or not id_ or not isinstance(payload, dict):
            raise _Closed(4400, "Invalid message: subscribe needs an id and a payload")
        if id_ in self._running:
            raise _Closed(4409, f"Subscriber for {id_} already exists")
        try:
            asked = requests.checked(payload)
        except Refused as refused:
            raise _Closed(4400, f"Invalid message: {refused.text.en}") from None
        after = (payload.get("extensions") or {}).get("lastEventId")
        operation = self._operate(id_, asked, after if isinstance(after, str) else None)
        self._running[id_] = asyncio.create_task(operation)

    async def _operate(self, id_: str, asked: Asked, after: str | None) -> None:
        """Answer one operation, for as long as it goes on."""
        call = Call(uuid4().hex, self._locale, self._socket.client.host if self._socket.client else "")
        try:
            try:
                await self._answer(id_, call, asked, after)
            except Unfit as unfit:
                await self._fail(id_, unfit.answer.body["errors"])
            except Refused as refused:
                if refused.code == "RATE_LIMITED":
                    LIMITED.labels(refused.code).inc()
                error = {"message": refused.text.in_(self._locale), "extensions": {"code": refused.code}}
                await self._fail(id_, [error])
            except _Closed as closed:
                self._end(closed.code, closed.reason)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
                text, extensions = fault(error, call.id)
                await self._fail(id_, [{"message": text.in_(self._locale), "extensions": extensions}])
        finally:
            if self._running.get(id_) is asyncio.current_task():
                del self._running[id_]

    async def _answer(self, id_: str, call: Call, asked: Asked, after: str | None) -> None:
        operations = self._shared.operations
        call.actor = await self._identified(call.id)
        admitted = await operations.admitted(call, asked)
        if admitted.operation.is_subscription:
            assert self._credential is not None  # noqa: S101 - it was given first
            reader = self._shared.streams.open(call, admitted, self._credential, after)
            try:
                await self._relay(id_, reader)
            finally:
                reader.close()
            return
        began = perf_counter()
        answer = await operations.answer(call, admitted)
        OPERATIONS.labels(admitted.operation.node.operation.value, 200).observe(perf_counter() - began)
        body = orjson.dumps(answer.body)
        if not admitted.operation.is_mutation:
            answer = operations.bounded(call, answer, len(body))
        await self._told(id_, answer)

    async def _told(self, id_: str, answer: Answer) -> None:
        """Tell a single answer."""
        if not answer.began and "data" not in answer.body:
            await self._fail(id_, answer.body["errors"])
            return
        await self._next(id_, Event(orjson.dumps(answer.body)))
        await self._complete(id_)

    async def _relay(self, id_: str, reader: Listener) -> None:
        """Tell what a stream tells."""
        while (event := await reader.take()) is not None:
            if event.failed:
                await self._fail(id_, orjson.loads(event.body)["errors"])
                return
            await self._next(id_, event)
        if reader.ended in _ENDINGS:
            self._end(*_ENDINGS[reader.ended])
        else:
            await self._complete(id_)

    async def _next(self, id_: str, event: Event) -> None:
        place = b"" if event.cursor is None else b',"extensions":{"eventId":' + orjson.dumps(event.cursor) + b"}"
        body = event.body if not place else event.body[:-1] + place + b"}"
        await self._write(b'{"id":' + orjson.dumps(id_) + b',"type":"next","payload":' + body + b"}")

    async def _complete(self, id_: str) -> None:
        self._running.pop(id_, None)  # the client may use the id again as soon as it reads this
        await self._send({"id": id_, "type": "complete"})

    async def _fail(self, id_: str, errors: list[Any]) -> None:
        self._running.pop(id_, None)
        await self._send({"id": id_, "type": "error", "payload": errors})

    async def _send(self, message: Mapping[str, object]) -> None:
        await self._write(orjson.dumps(message))

    async def _write(self, message: bytes) -> None:
        """Send a message; the socket is given up when it is not read."""
        try:
            async with asyncio.timeout(STALL_S), self._turn:
                await self._socket.send_text(message.decode())
        except TimeoutError:
            self._end(*_ENDINGS[Ending.SLOW])
        except (WebSocketDisconnect, RuntimeError):
            self._end(1001, "Gone")  # nobody is there to read it


def _message(received: Mapping[str, Any], most: int) -> Mapping[str, Any]:
    """The message that was received. Raises _Closed for one that is none."""
    text = received.get("text")
    if text is None:
        raise _Closed(4400, "Invalid message: it must be text")
    if len(text) > most:
        raise _Closed(1009, f"A message may have {most} bytes")
    try:
        message = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise _Closed(4400, "Invalid message: it must be JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise _Closed(4400, "Invalid message: it must be an object with a type")
    return message


def _short(reason: str) -> str:
    return reason.encode()[:MOST_REASON].decode(errors="ignore")


async def _quietly(closing: Any) -> None:  # noqa: ANN401 - a coroutine
    try:
        async with asyncio.timeout(STALL_S):
            await closing
    except (RuntimeError, TimeoutError, WebSocketDisconnect):
        return
