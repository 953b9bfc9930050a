"""Tokens: made and revoked at the gate, where no workspace is known yet."""

import hashlib
import secrets
import zlib
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlmodel import select

from app.errors import Invalid, NotFound, Unauthenticated
from app.models.token import Token
from app.models.workspace import Workspace
from app.uow import ORDINARY, Actor, Door, Scope, system

PREFIX = "cgt"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def mint() -> str:
    """A new secret: `cgt_`, 32 random letters, `_`, a checksum of six."""
    body = "".join(secrets.choice(_LETTERS) for _ in range(32))
    return f"{PREFIX}_{body}_{_checksum(body)}"


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
            msg = f"A token's {what} has 1 to 100 characters."
            raise Invalid(msg, what)
    with door.snapshot(system(tenant_id)) as uow:
        if uow.session.get(Workspace, (tenant_id, tenant_id)) is None:
            msg = f"There is no workspace {tenant_id}."
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
        msg = f"There is no scope {str(error).split()[0]}; there are {', '.join(Scope)}."
        raise Invalid(msg, "scope") from None


def authenticate(door: Door, secret: str, request_id: str | None = None) -> Actor:
    """Who `secret` stands for. Raises Unauthenticated."""
    token = None
    if is_well_formed(secret):
        with door.gate_reader() as session:
            token = session.scalars(select(Token).where(Token.digest == _digest(secret))).first()
    if token is None:
        msg = "The token is not one of ours."
        raise Unauthenticated(msg)
    now = door.clock()
    if token.revoked_at is not None and token.revoked_at <= now:
        msg = "The token has been revoked."
        raise Unauthenticated(msg)
    if token.expires_at is not None and token.expires_at <= now:
        msg = "The token has expired."
        raise Unauthenticated(msg)
    scopes = frozenset(Scope(name) for name in token.scopes if name in set(Scope))
    return Actor(token.tenant_id, token.name, scopes, token.source, token.id, request_id)
