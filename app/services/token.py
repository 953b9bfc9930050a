"""Tokens: made and revoked at the gate, where no workspace is known yet."""

import hashlib
import secrets
import zlib
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import col

from app.actor import ORDINARY, Actor, Scope, system
from app.errors import Invalid, NotFound, Unauthenticated
from app.models.token import Token
from app.models.workspace import Workspace
from app.text import Text
from app.uow import Door

PREFIX = "cgt"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def mint() -> str:
    """A new secret: `cgt_`, 32 random letters, `_`, a checksum of six."""
    body = "".join(secrets.choice(_LETTERS) for _ in range(32))
    return f"{PREFIX}_{body}_{_checksum(body)}"


def is_ours(secret: str) -> bool:
    """Whether `secret` means to be one of ours, mistyped perhaps."""
    return secret.startswith(f"{PREFIX}_")


def is_well_formed(secret: str) -> bool:
    """Whether `secret` could be one of ours; a mistyped one is refused without asking the database."""
    prefix, _, rest = secret.partition("_")
    body, _, checksum = rest.partition("_")
    return prefix == PREFIX and len(body) == 32 and checksum == _checksum(body)  # noqa: PLR2004 - the length above


def _checksum(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return letters


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create(  # noqa: PLR0913 - what a token has
    door: Door,
    tenant_id: UUID,
    name: str,
    *,
    scopes: Iterable[str] | None = None,
    source: str = "default",
    expires_in: timedelta | None = None,
) -> str:
    """A new token's secret, told once. Raises NotFound without such a workspace, Invalid for an unknown scope."""
    chosen = ORDINARY if scopes is None else _scopes(scopes)
    for value, what in ((name, "name"), (source, "source")):
        if not 1 <= len(value) <= 100 or "\0" in value:  # noqa: PLR2004 - the columns' length
            msg = Text(f"A token's {what} has 1 to 100 characters.", f"令牌的 {what} 必须有 1 到 100 个字符。")
            raise Invalid(msg, what)
    with door.snapshot(system(tenant_id)) as uow:
        if uow.session.get(Workspace, (tenant_id, tenant_id)) is None:
            msg = Text(f"There is no workspace {tenant_id}.", f"没有工作区 {tenant_id}。")
            raise NotFound(msg)
    secret, now = mint(), door.clock()
    with door.gate() as session:
        session.add(
            Token(
                tenant_id=tenant_id,
                name=name,
                digest=_digest(secret),
                scopes=sorted(chosen),
                source=source,
                created_at=now,
                expires_at=None if expires_in is None else now + expires_in,
            )
        )
    return secret


def _scopes(names: Iterable[str]) -> frozenset[Scope]:
    try:
        return frozenset(Scope(name) for name in names)
    except ValueError as error:
        msg = Text(
            f"There is no scope {str(error).split()[0]}; there are {', '.join(Scope)}.",
            f"没有权限范围 {str(error).split()[0]}；可用的有 {', '.join(Scope)}。",
        )
        raise Invalid(msg, "scope") from None


def authenticate(door: Door, secret: str, request_id: str | None = None) -> Actor:
    """Who `secret` stands for. Raises Unauthenticated."""
    token = None
    if is_well_formed(secret):
        with door.gate_reader() as gate:
            token = gate.execute(_BY_DIGEST, {"digest": _digest(secret)}).first()
    if token is None:
        msg = Text("The token is not one of ours.", "此令牌不是由我们签发的。")
        raise Unauthenticated(msg)
    now = door.clock()
    if token.revoked_at is not None and token.revoked_at <= now:
        msg = Text("The token has been revoked.", "此令牌已被撤销。")
        raise Unauthenticated(msg)
    if token.expires_at is not None and token.expires_at <= now:
        msg = Text("The token has expired.", "此令牌已过期。")
        raise Unauthenticated(msg)
    return Actor(token.tenant_id, token.name, _granted(tuple(token.scopes)), token.source, token.id, request_id)


_BY_DIGEST = select(*Token.__table__.columns).where(col(Token.digest) == bindparam("digest"))  # type: ignore[attr-defined]
"""Asked with every request, so it is made once and its rows stay the driver's."""


@cache
def _granted(names: tuple[str, ...]) -> frozenset[Scope]:
    """The scopes of those names; one that this version does not know grants nothing."""
    return frozenset(scope for scope in Scope if scope.value in names)
