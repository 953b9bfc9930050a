"""Who asks, by the credential of the request."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple
from uuid import UUID

from app.actor import Actor
from app.edge.oidc import Issuer
from app.edge.request import Refused
from app.errors import AppError, Forbidden, Invalid, Unauthenticated
from app.services import member, token
from app.services.minting import is_ours
from app.settings import Settings
from app.text import Text
from app.uow import Door

CHALLENGE = {"www_authenticate": "Bearer"}


class Credential(NamedTuple):
    """The header Authorization, and in which workspace somebody who is a member of several acts."""

    authorization: str | None = None
    workspace: str | None = None


class Identity:
    """Tells who asks: by a token of ours, or by a JWT of the configured issuer.

    JWTs have threads of their own: while their issuer lets one wait, nobody else does.
    """

    def __init__(self, door: Door, settings: Settings, threads: ThreadPoolExecutor) -> None:
        self._door, self._threads = door, threads
        self._issuer = Issuer(settings, door.clock) if settings.oidc_issuer else None
        self._waiting = ThreadPoolExecutor(2, thread_name_prefix="signing-in")

    @staticmethod
    def credential(given: Mapping[str, str]) -> Credential:
        """What a request's header fields say of who asks."""
        return Credential(given.get("authorization"), given.get("custograph-workspace"))

    async def of(self, credential: Credential, request_id: str) -> Actor | None:
        """Whom a credential stands for; None without one. Raises Refused."""
        header, workspace, issuer = *credential, self._issuer
        if issuer is not None and header is not None and not is_ours(header.partition(" ")[2].strip()):
            return await identified(header, partial(self._member, issuer, workspace, request_id), self._waiting)
        return await identified(
            header, lambda secret: token.authenticate(self._door, secret, request_id), self._threads
        )

    def _member(self, issuer: Issuer, workspace: str | None, request_id: str, secret: str) -> Actor:
        person = issuer.person(secret)
        return member.actor_of(self._door, person, _workspace(workspace), request_id)

    def close(self) -> None:
        """Finish what is under way."""
        self._waiting.shutdown()


def _workspace(header: str | None) -> UUID | None:
    """The id of a workspace. Raises Invalid."""
    try:
        return None if header is None else UUID(header.strip())
    except ValueError:
        text = Text(
            "The header Custograph-Workspace must be the id of a workspace.",
            "请求头 Custograph-Workspace 必须是工作区的 ID。",
        )
        raise Invalid(text) from None


async def identified(
    header: str | None, authenticate: Callable[[str], Actor], threads: ThreadPoolExecutor
) -> Actor | None:
    """Who the Authorization header stands for; None without one. Raises Refused (400, 401, 403, 503)."""
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
    except Forbidden as error:
        raise Refused(403, error.text, "FORBIDDEN") from None
    except Invalid as error:
        raise Refused(400, error.text) from None
    except AppError as error:
        raise Refused(503, error.text, "SERVICE_UNAVAILABLE", retry_after="1") from None
