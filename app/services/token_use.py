"""Tokens in use: when they were, from where, and what they may do by now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select, update

from app.actor import Rows, Scope
from app.errors import Unauthenticated
from app.models.token import Token
from app.services import granting
from app.services.token import granted
from app.text import Text
from app.uow import Door


def note_uses(door: Door, seen: Mapping[UUID, datetime]) -> None:
    """Write down when tokens were last used; an earlier use than is known changes nothing."""
    with door.gate() as gate:
        for id_, at in sorted(seen.items()):  # in one order, so that processes do not wait for each other in a circle
            earlier = or_(col(Token.last_used_at).is_(None), col(Token.last_used_at) < at)
            gate.execute(update(Token).where(col(Token.id) == id_, earlier).values(last_used_at=at))


def public_origins(door: Door) -> frozenset[str] | None:
    """From where some publishable key may come that is good now; None for from anywhere."""
    good = (col(Token.revoked_at).is_(None), or_(col(Token.expires_at).is_(None), col(Token.expires_at) > door.clock()))
    with door.gate_reader() as gate:
        found = gate.execute(select(Token.origins).where(col(Token.origins).is_not(None), *good)).scalars().all()
    return None if [] in found else frozenset(origin for one in found for origin in one or ())


def still(door: Door, token_id: UUID) -> frozenset[Scope]:
    """What the token of that id may do now. Raises Unauthenticated when it has expired or was revoked."""
    return _good(door, token_id)[0]


def still_seeing(door: Door, tenant_id: UUID, token_id: UUID) -> tuple[frozenset[Scope], Rows | None]:
    """What the workspace's token of that id may do now, and on which rows. Raises Unauthenticated as above."""
    return _good(door, token_id, col(Token.tenant_id) == tenant_id)


def _good(door: Door, token_id: UUID, *narrowed: Any) -> tuple[frozenset[Scope], Rows | None]:  # noqa: ANN401 - conditions
    statement = select(*Token.__table__.columns).where(col(Token.id) == token_id, *narrowed)  # type: ignore[attr-defined]  # SQLModel hides it
    with door.gate_reader() as gate:
        token = gate.execute(statement).first()
    now = door.clock()
    if token is None or any(end is not None and end <= now for end in (token.revoked_at, token.expires_at)):
        msg = Text("The token has been revoked or has expired.", "此令牌已被撤销或已过期。")
        raise Unauthenticated(msg)
    return granted(tuple(token.scopes)), granting.loaded(token.rows)
