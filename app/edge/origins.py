"""From which web pages a publishable key may come: refused otherwise, and told to browsers as CORS has it."""

import asyncio
from concurrent.futures import Executor
from time import monotonic

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from app.actor import Actor
from app.edge.request import Refused
from app.services import token_use
from app.text import Text
from app.uow import Door

METHODS = ["GET", "POST"]
APOLLOS = ["Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version"]
"""Header fields that Apollo's clients in web pages add."""
TAKEN = ["Authorization", "Content-Type", "If-None-Match", "Traceparent", "X-Request-Id", *APOLLOS]
"""Header fields that pages may send."""
TOLD = ["ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Traceparent", "X-Request-Id"]
"""Header fields that pages may read."""
MAX_AGE_S = 7_200
FRESH_S = 5.0
"""How long it is remembered which origins there are. It decides preflights only: every request is looked at itself."""


class Origins:
    """The origins of the publishable keys that are good. Lives in one event loop."""

    def __init__(self, door: Door, threads: Executor) -> None:
        self._door, self._threads = door, threads
        self._known: frozenset[str] | None = frozenset()
        self._until = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks before it sends what a publishable key may; None for any other request."""
        origin = request.headers.get("origin")
        if request.method != "OPTIONS" or origin is None or "access-control-request-method" not in request.headers:
            return None
        if not await self._allows(origin):
            return None
        headers = {
            "access-control-allow-methods": ", ".join(METHODS),
            "access-control-allow-headers": ", ".join(TAKEN),
            "access-control-max-age": str(MAX_AGE_S),
        }
        response = Response(status_code=204, headers=headers)
        allow(response, origin)
        return response

    async def _allows(self, origin: str) -> bool:
        if monotonic() >= self._until:
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
            await asyncio.shield(self._asking)
        return self._known is None or origin in self._known

    async def _ask(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            self._known = await loop.run_in_executor(self._threads, token_use.public_origins, self._door)
            self._until = monotonic() + FRESH_S
        finally:
            self._asking = None


def check(request: HTTPConnection, actor: Actor | None) -> str | None:
    """The page's origin, to which the answer may be told, where `actor` comes with a publishable key.

    Raises Refused (403) for an origin that is not the key's, and for none where it has some.
    """
    if actor is None or actor.public is None:
        return None
    origin = request.headers.get("origin")
    if actor.public.origins and origin not in actor.public.origins:
        text = Text(
            f"This key may not be used from {origin or 'a request without Origin'}; its origins are set with the key.",
            f"此密钥不能从 {origin or '不带 Origin 的请求'} 使用；允许的来源在创建密钥时设定。",
        )
        raise Refused(403, text, "ORIGIN_NOT_ALLOWED")
    return origin


def allow(response: Response, origin: str) -> None:
    """Let the page of `origin` read the answer."""
    response.headers["access-control-allow-origin"] = origin
    response.headers["access-control-expose-headers"] = ", ".join(TOLD)
    response.headers["vary"] = ", ".join(filter(None, (response.headers.get("vary"), "Origin")))
