"""Who asks, by the credential of the request."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.actor import Actor
from app.edge.request import Refused
from app.errors import AppError, Unauthenticated
from app.text import Text

CHALLENGE = {"www_authenticate": "Bearer"}


async def identified(
    header: str | None, authenticate: Callable[[str], Actor], threads: ThreadPoolExecutor
) -> Actor | None:
    """Who the Authorization header stands for; None without one. Raises Refused (401, 503)."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        text = Text(
            "The Authorization header must be `Bearer` and a token.", "Authorization 请求头必须是 `Bearer` 加令牌。"
        )
        raise Refused(401, text, "UNAUTHENTICATED", **CHALLENGE)
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, authenticate, secret.strip())
    except Unauthenticated as error:
        raise Refused(401, error.text, "UNAUTHENTICATED", **CHALLENGE) from None
    except AppError as error:
        raise Refused(503, error.text, "SERVICE_UNAVAILABLE", retry_after="1") from None
