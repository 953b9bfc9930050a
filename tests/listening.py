"""A server on this machine, and clients of each transport that say in plain words what they were told."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any

import httpx
import uvicorn
from asking import Caller
from prometheus_client import REGISTRY
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from app.main import create_app
from app.services import token as tokens
from app.uow import Door

PATIENCE = 60.0
"""Seconds after which something will not happen any more."""
PROTOCOL = "graphql-transport-ws"


class Reached:
    """A server at an address, and how its streams are read."""

    address: str

    @contextmanager
    def socket(self, secret: str | None = None, **options: Any) -> Iterator["Socket"]:
        """A WebSocket; with a secret, one that has said who it is."""
        options = {"subprotocols": [PROTOCOL], "compression": None, "ping_interval": None, "max_size": None} | options
        with connect(f"ws://{self.address}/graphql", **options) as wire:
            socket = Socket(wire)
            if secret is not None:
                socket.init(secret)
            yield socket

    @contextmanager
    def events(self, query: str, variables: Any = None, *, by: Caller | None, **more: Any) -> Iterator["Events"]:
        """Server-sent events, over a connection of their own."""
        headers = {"accept": "text/event-stream"} | (by.headers() if by else {}) | more.pop("headers", {})
        body = {"query": query, "variables": variables}
        with self.streaming("POST", json=body, headers=headers, **more) as response:
            yield Events(response)

    @contextmanager
    def streaming(self, method: str, **options: Any) -> Iterator[httpx.Response]:
        """A response that is read as it comes."""
        timeout = options.pop("timeout", PATIENCE)
        with httpx.stream(method, f"http://{self.address}/graphql", timeout=timeout, **options) as response:
            yield response


class Serving(Reached):
    """The application over a door, on a port of this machine, in a thread of its own."""

    def __init__(self, door: Door, *, work: bool = True) -> None:
        self.door = door
        app = create_app(door.settings, work=work, door=door)
        self.endpoint = next(one.endpoint for one in app.router.routes if getattr(one, "path", "") == "/graphql")
        config = uvicorn.Config(
            app,
            port=0,
            log_config=None,
            ws_max_size=door.settings.max_body_bytes,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self._ready, self._loop = threading.Event(), None
        self._thread = threading.Thread(target=self._run, args=(config.get_loop_factory(),))
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        self.address = f"127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self._client = httpx.Client(base_url=f"http://{self.address}", timeout=PATIENCE)

    def _run(self, factory: Any) -> None:
        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started and not serving.done():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.002)
            self._ready.set()
            await serving

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(run())

    def soon(self, function: Callable[[], Any]) -> None:
        """Have the server's loop call a function."""
        self._loop.call_soon_threadsafe(function)

    def hold_little(self) -> None:
        """Have little under way to who does not read, from now on."""
        for socket in self._server.servers[0].sockets:
            socket.setsockopt(SOL_SOCKET, SO_SNDBUF, 4_096)  # as those have that it accepts

    def tells(self, number: int) -> bool:
        """Whether so many subscriptions are open, and each has begun: what is written from now on is told."""
        streams = list(self.endpoint.streams._running.values())
        return readers() == number and all(one.after or one._last for one in streams)

    def close(self) -> None:
        """Stop as a server does that is told to."""
        self.soon(self.endpoint.streams.end)
        self._server.should_exit = True
        self._thread.join()
        self._client.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; with this it serves `Caller`s."""
        return self._client.request(method, path, **options)

    def token(self, people: Any, scopes: Any = None, **options: Any) -> str:
        """A token's secret."""
        named = None if scopes is None else [scope.value for scope in scopes]
        return tokens.create(self.door, people.id, options.pop("name", "somebody"), scopes=named, **options)

    def caller(self, people: Any, scopes: Any = None, **options: Any) -> Caller:
        """Somebody of a workspace, who asks over HTTP."""
        return Caller(self, self.token(people, scopes, **options), people)


class Socket:
    """A conversation in graphql-transport-ws, message by message."""

    def __init__(self, wire: Any) -> None:
        self.wire = wire

    def say(self, **message: Any) -> None:
        """Send a message."""
        self.wire.send(json.dumps(message))

    def hear(self, timeout: float = PATIENCE, *, beats: bool = False) -> dict[str, Any]:
        """The next message; without the server's own pings unless they are asked for."""
        until = time.monotonic() + timeout
        while (message := json.loads(self.wire.recv(timeout=timeout))) == {"type": "ping"} and not beats:
            assert time.monotonic() < until, "nothing is told"
        return message

    def init(self, secret: str) -> None:
        """Say who asks, as the protocol wants it first."""
        self.say(type="connection_init", payload={"Authorization": f"Bearer {secret}"})
        assert self.hear() == {"type": "connection_ack"}

    def subscribe(self, id_: str, query: str, variables: Any = None, **more: Any) -> None:
        """Ask for an operation."""
        self.say(id=id_, type="subscribe", payload={"query": query, "variables": variables, **more})

    def next(self, id_: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """The payload of the next message, which tells of that operation."""
        message = self.hear(timeout)
        assert (message.get("type"), message.get("id")) == ("next", id_), message
        return message["payload"]

    def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server closes now, telling nothing before."""
        try:
            told = self.hear()
        except ConnectionClosed as error:
            return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")
        raise AssertionError(told)


class Events:
    """Server-sent events, block by block."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._parts, self._rest = response.iter_raw(), b""

    def block(self) -> bytes | None:
        """The bytes up to and with the next empty line; None at the end."""
        while b"\n\n" not in self._rest:
            part = next(self._parts, None)
            if part is None:
                assert self._rest == b""
                return None
            self._rest += part
        block, _, self._rest = self._rest.partition(b"\n\n")
        return block + b"\n\n"

    def next(self) -> dict[str, Any]:
        """The next event, heartbeats left out: its name, its id where it has one, its data as JSON."""
        until = time.monotonic() + PATIENCE
        while (block := self.block()) == b":\n\n":
            assert time.monotonic() < until, "nothing is told"
        assert block is not None, "it has ended"
        fields = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in _lines(block))
        return fields | {"data": json.loads(fields["data"]) if fields["data"] else None}

    def data(self) -> Any:
        """The data of the next event, which has no errors."""
        told = self.next()
        assert told["event"] == "next", told
        assert "errors" not in told["data"], told
        return told["data"]["data"]


def _lines(block: bytes) -> list[str]:
    return block.decode().rstrip("\n").split("\n")


def readers() -> float:
    """How many subscriptions are open in this process, as it tells at /metrics."""
    return REGISTRY.get_sample_value("custograph_subscriptions") or 0.0


def ended(why: str) -> float:
    """How many have ended so."""
    return REGISTRY.get_sample_value("custograph_subscriptions_ended_total", {"why": why}) or 0.0


class At(Reached):
    """A server in another process."""

    def __init__(self, server: Any) -> None:
        self.address = server.address.removeprefix("http://")
        self.headers = server.headers

    def reading(self, query: str, variables: Any = None, **headers: str) -> Any:
        body = {"query": query, "variables": variables}
        asked = {"accept": "text/event-stream"} | self.headers | headers
        return self.streaming("POST", json=body, headers=asked)


def only(field: str, answer: Any) -> Any:
    """What one root field answered; there are no errors."""
    assert "errors" not in answer, answer
    return answer["data"][field]
