"""The wire to receivers: each connection goes to an address that was looked up and judged, and to no other.

Names are looked up once for every connection; TLS and the Host header go by the name all the same. Proxies of the
environment are not asked and redirections not followed: both would lead past the judgement.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpcore
import httpx

from app.models.webhook_delivery import WebhookError
from app.services.webhook_address import Network, is_allowed

LOOKING_UP = 64
"""Names that are looked up at once: a resolver that does not answer holds up no other."""
MOST_READ = 16_384
"""Bytes of an answer that are read; what it says is of no interest, but a connection that is read can be used again."""
READING_S = 2
"""And how long that may take: the status, which is all that counts, is there by then."""
KEPT, KEPT_S = 100, 30
"""How many connections are kept for a next delivery, and how long."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name."""


class Undelivered(Exception):
    """An attempt that no status came of."""

    def __init__(self, error: WebhookError) -> None:
        super().__init__(error.value)
        self.error = error


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that may be connected to."""

    def __init__(self, resolve: Resolve, inside: Sequence[Network]) -> None:
        self._resolve, self._inside, self._plain = resolve, inside, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class fixes the signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of `host` that takes one. Raises Undelivered when none may be tried."""
        found = await self._resolve(host, port)
        allowed = [one for one in dict.fromkeys(found) if is_allowed(one, self._inside)]
        if not allowed:
            raise Undelivered(WebhookError.ADDRESS)
        for address in allowed[:-1]:
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._plain.connect_tcp(allowed[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_args: object, **_options: object) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise Undelivered(WebhookError.ADDRESS)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Wire:
    """Sends to receivers, in one event loop; close it at the end."""

    def __init__(
        self,
        inside: Sequence[Network],
        timeout_s: float,
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._threads = ThreadPoolExecutor(LOOKING_UP, thread_name_prefix="resolver")
        self._timeout_s = timeout_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or httpx.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=KEPT,
            keepalive_expiry=KEPT_S,
            network_backend=Guarded(resolve or self._look_up, inside),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """The status of the answer and its header Retry-After, empty without one. Raises Undelivered."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            raise Undelivered(WebhookError.TIMEOUT) from None
        except socket.gaierror:
            raise Undelivered(WebhookError.RESOLUTION) from None
        except httpcore.ConnectError as error:
            is_tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            raise Undelivered(WebhookError.TLS if is_tls else WebhookError.CONNECTION) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            raise Undelivered(WebhookError.BROKEN) from None

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        async with self._pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
                async with asyncio.timeout(READING_S):
                    await self._read(response)
            return response.status, given.get("retry-after", "")

    async def _read(self, response: httpcore.Response) -> None:
        size = 0
        async for part in response.aiter_stream():
            size += len(part)
            if size > MOST_READ:
                return

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(address[0]) for *_, address in found]

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)
