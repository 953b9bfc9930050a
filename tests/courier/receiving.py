"""Receivers of webhooks: real listeners on loopback that answer as they are told."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RESET, STALL = "reset", "stall"


@dataclass
class Got:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = int | str | tuple[int, dict[str, str]] | bytes


class Receiver:
    """Answers each request with what `answer` says: a status, with headers, RESET, STALL, or raw bytes."""

    def __init__(self, answer: Callable[[Got], Answer] = lambda _got: 204, host: str = "127.0.0.1") -> None:
        self.answer = answer
        self.got: list[Got] = []
        self.taken: list[Got] = []
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._handle(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                pass  # whoever was sending has gone

        self.server = Server((host, 0), Handler)
        self.server.daemon_threads = True
        self.connections = 0
        self._accept()
        self.port = self.server.server_address[1]
        self.url = f"http://{host}:{self.port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        accept = self.server.get_request

        def counted() -> Any:
            found = accept()
            self.connections += 1
            return found

        self.server.get_request = counted  # type: ignore[method-assign]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        size = int(handler.headers.get("content-length", 0))
        body = handler.rfile.read(size)
        if len(body) < size:  # whoever was sending it has died
            handler.close_connection = True
            return
        got = Got(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        self.got.append(got)
        answer = self.answer(got)
        if answer == STALL:
            self.released.wait(30)
            answer = RESET
        if answer == RESET:
            with_linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, with_linger)
            handler.close_connection = True
            handler.connection.close()
            return
        if isinstance(answer, bytes):
            handler.wfile.write(answer)
            handler.close_connection = True
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if status // 100 == 2:
            self.taken.append(got)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status not in (204, 304):
            handler.send_header("content-length", "0")
        handler.end_headers()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def receiving(answer: Callable[[Got], Answer] = lambda _got: 204, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver while inside."""
    receiver = Receiver(answer, host)
    try:
        yield receiver
    finally:
        receiver.close()


def over_tls(receiver: Receiver, context: ssl.SSLContext) -> None:
    """Have the receiver speak TLS."""
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
