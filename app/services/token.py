"""Tokens: made, rotated and revoked in a workspace, asked for at the gate, where no workspace is known yet."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, bindparam, or_
from sqlmodel import col, insert, select, update

from app import ids
from app.actor import ORDINARY, Actor, Public, Scope, system
from app.errors import Code, Forbidden, Invalid, NotFound, Problem, Unauthenticated
from app.models.change import Action
from app.models.token import Token
from app.models.workspace import Workspace
from app.reach import beyond
from app.services import granting, newest
from app.services.granting import Label, Reach
from app.services.minting import PREFIX, PUBLISHABLE, is_well_formed, known_by, mint
from app.services.origin import Origin
from app.services.page import Page, Slice
from app.services.repeatable import Memory, repeatable
from app.services.row import Outcome, Row, parse
from app.text import Text
from app.uow import Door, Uow, reads, writes

OVERLAP_HOURS = 24
"""How long a secret is still good after it was rotated, where nobody says."""
MOST_OVERLAP_HOURS = 720
PUBLIC_SCOPES = frozenset({Scope.ANSWER_WRITE})
"""What publishable keys may do, all of them."""


class Publishing(Row):
    """What binds a publishable key."""

    origins: Annotated[list[Origin], Field(max_length=100)]
    answers_per_minute: Annotated[int, Field(ge=1, le=100_000)] | None = None


class TokenRow(Row):
    """A token as it is asked for."""

    name: Label
    scopes: Annotated[list[str], Field(max_length=100)] | None = None
    source: Label = "default"
    expires_at: datetime | date | None = None
    rows: Reach | None = None
    publishable: Publishing | None = None


def create(  # noqa: PLR0913 - what a token has
    door: Door, tenant_id: UUID, name: str, *, scopes: Iterable[str] | None = None, source: str = "default",
    expires_in: timedelta | None = None, publishable: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """A new token's secret, told once, for the program itself. Raises NotFound without such a workspace, or Invalid."""
    actor = system(tenant_id, "command line")
    _check_there(door, actor)
    data: dict[str, Any] = {"name": name, "source": source}
    if scopes is not None:
        data["scopes"] = list(scopes)
    if expires_in is not None:
        data["expires_at"] = door.clock() + expires_in
    if publishable is not None:
        data["publishable"] = publishable
    _, secret = door.write(actor, issue, data)
    return secret


def _check_there(door: Door, actor: Actor) -> None:
    with door.snapshot(actor) as uow:
        if uow.session.get(Workspace, (actor.tenant_id, actor.tenant_id)) is None:
            msg = Text(f"There is no workspace {actor.tenant_id}.", f"没有工作区 {actor.tenant_id}。")
            raise NotFound(msg)


def latest(uow: Uow) -> datetime | None:
    """Until when what the actor gives away may last: the end of their own token; None for no end."""
    with uow.at_gate() as gate:
        return granting.latest(gate, uow.actor)


@writes(Scope.WORKSPACE_ADMIN)
def add(uow: Uow, data: Mapping[str, Any]) -> tuple[Token, str]:
    """A new token and its secret, told once; made by one that ends, it ends with that one at the latest.

    Raises Invalid, also for what the caller does not have to give.
    """
    if Scope.DEPLOYMENT_ADMIN in (data.get("scopes") or ()):
        msg = Text(
            "The scope deployment:admin is given by the command line only: `token create --scope deployment:admin`.",
            "权限范围 deployment:admin 只能由命令行授予：`token create --scope deployment:admin`。",
        )
        raise Invalid(msg, "scopes")
    return issue(uow, data)


@writes(Scope.WORKSPACE_ADMIN)
def issue(uow: Uow, data: Mapping[str, Any]) -> tuple[Token, str]:
    """The same for the program itself, which may give every scope."""
    row = parse(TokenRow, data)
    problems, chosen = [], ORDINARY if row.scopes is None else granting.scopes(row.scopes)
    bound = granting.rows(uow, row.rows)
    if row.publishable is not None:
        chosen, bound = PUBLIC_SCOPES, None
        problems += [_NO_CHOICE[name] for name in ("scopes", "rows") if getattr(row, name) is not None]
    problems += granting.beyond(uow.actor, chosen)
    expires_at = granting.end(uow, row.expires_at, latest(uow), problems)
    if problems:
        raise Invalid(problems)
    secret = mint(PREFIX if row.publishable is None else PUBLISHABLE)
    token = Token(
        tenant_id=uow.tenant_id, name=row.name, digest=known_by(uow.keys, secret), scopes=sorted(chosen),
        source=row.source, rows=granting.stored(bound), created_at=uow.now, created_by=uow.actor.name,
        expires_at=expires_at, **({} if row.publishable is None else row.publishable.model_dump()),
    )  # fmt: skip
    with uow.at_gate() as gate:
        gate.execute(insert(Token), [token.model_dump()])
    uow.record(token.id, "Token", Action.CREATED, version=1)
    return token, secret


_NO_CHOICE = {
    "scopes": Problem(
        Code.CONFLICT,
        Text(
            "A publishable key records answers and nothing else; leave scopes out.",
            "公开密钥只能记录回答；请勿填写 scopes。",
        ),
        ("scopes",),
    ),
    "rows": Problem(
        Code.CONFLICT,
        Text("A publishable key sees no rows at all; leave rows out.", "公开密钥看不到任何数据行；请勿填写 rows。"),
        ("rows",),
    ),
}


@writes(Scope.WORKSPACE_ADMIN)
def rotate(uow: Uow, id_: str, overlap_hours: int = OVERLAP_HOURS) -> tuple[Token, str]:
    """The token with a new secret, told once; the old one lives on for some hours, one before that ends at once.

    Raises Invalid, Forbidden for a token that may do more than the caller, or outlives the caller's.
    """
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        most = MOST_OVERLAP_HOURS
        msg = Text(f"overlapHours must be between 0 and {most}.", f"overlapHours 必须在 0 与 {most} 之间。")
        raise Invalid(msg, "overlapHours", code=Code.OUT_OF_RANGE)
    with uow.at_gate() as gate:
        token = _named(uow, gate, id_)
        _refuse_more(uow.actor, token)
        granting.refuse_longer(gate, uow.actor, token)
        _refuse_dead(uow, token)
        secret = mint(PREFIX if token.origins is None else PUBLISHABLE)
        values: dict[str, Any] = {"digest": known_by(uow.keys, secret), "previous_digest": None, "previous_until": None}
        if overlap_hours:
            until = uow.now + timedelta(hours=overlap_hours)
            values |= {"previous_digest": token.digest, "previous_until": until}
        changed = _change(uow, gate, token, values)
    uow.record(token.id, "Token", Action.UPDATED, ["secret"], version=changed.version)
    return changed, secret


def _recalled(uow: Uow, kept: list[str]) -> tuple[Any, Outcome]:
    """What a retry is told: the token as of now."""
    id_, outcome = UUID(kept[0]), Outcome(kept[1])
    return by_ids(uow, [id_]).get(id_), outcome


@writes(Scope.WORKSPACE_ADMIN)
@repeatable("tokenRevoke", Memory(lambda answer: [answer[0].id.hex, answer[1]], _recalled))
def revoke(uow: Uow, id_: str) -> tuple[Token, Outcome]:
    """The token, from now on refused everywhere. Raises Invalid where there is none of that id."""
    with uow.at_gate() as gate:
        token = _named(uow, gate, id_)
        if token.revoked_at is not None:
            return token, Outcome.UNCHANGED
        changed = _change(uow, gate, token, {"revoked_at": uow.now})
    uow.record(token.id, "Token", Action.UPDATED, ["revoked_at"], version=changed.version)
    return changed, Outcome.UPDATED


def _named(uow: Uow, gate: Connection, id_: str) -> Token:
    """The workspace's token of that global id (or, on the command line, plain id), held until the end."""
    wanted = ids.decode_uuid(id_, "Token")
    mine = (col(Token.tenant_id) == uow.tenant_id, col(Token.id) == wanted)
    row = None if wanted is None else gate.execute(select(*_COLUMNS).where(*mine).with_for_update()).first()
    if row is None:
        raise Invalid(Text("There is no token with this id.", "没有此 ID 的令牌。"), "id", code=Code.NOT_FOUND)
    return Token(**row._asdict())


def _refuse_more(actor: Actor, token: Token) -> None:
    """Nobody gets hold of a secret that may do more than they may themselves."""
    if granting.beyond(actor, granted(tuple(token.scopes))):
        msg = Text(
            "This token may do or see more than yours; somebody who may do all of it can rotate it.",
            "此令牌的权限或可见范围超过您的令牌；只有具备其全部权限的人可以轮换它。",
        )
        raise Forbidden(msg)


def _refuse_dead(uow: Uow, token: Token) -> None:
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= uow.now):
        msg = Text("The token has been revoked or has expired; make a new one.", "此令牌已被撤销或已过期；请新建令牌。")
        raise Invalid(msg, "id", code=Code.CONFLICT)


def _change(uow: Uow, gate: Connection, token: Token, values: dict[str, Any]) -> Token:
    values |= {"version": token.version + 1}
    gate.execute(update(Token).where(col(Token.tenant_id) == uow.tenant_id, col(Token.id) == token.id).values(**values))
    return Token(**token.model_dump() | values)


@reads(Scope.WORKSPACE_ADMIN)
def page(uow: Uow, part: Slice, active: bool | None = None) -> Page[Any]:  # noqa: FBT001 - an argument of the field
    """A part of the workspace's tokens, the newest first; with `active` those that are good now, or only the others."""
    with uow.at_gate() as gate:
        return newest.page(gate, select(*_COLUMNS).where(*_meant(uow, active)), Token.id, part)


@reads(Scope.WORKSPACE_ADMIN)
def count(uow: Uow, active: bool | None = None) -> int:  # noqa: FBT001 - an argument of the field
    """How many there are."""
    with uow.at_gate() as gate:
        return newest.count(gate, select(Token.id).where(*_meant(uow, active)))


@reads(Scope.WORKSPACE_ADMIN)
def by_ids(uow: Uow, wanted: Sequence[UUID]) -> dict[UUID, Any]:
    """Those of the tokens `wanted` that are the workspace's."""
    _check_all(uow)
    mine = (col(Token.tenant_id) == uow.tenant_id, col(Token.id).in_(wanted))
    with uow.at_gate() as gate:
        return {row.id: row for row in gate.execute(select(*_COLUMNS).where(*mine))}


def _check_all(uow: Uow) -> None:
    """Refuse somebody who sees some rows only: the gate narrows nothing. Raises Forbidden."""
    if uow.actor.rows is not None:
        raise beyond()


def _meant(uow: Uow, active: bool | None) -> list[Any]:  # noqa: FBT001 - as above
    _check_all(uow)
    mine = col(Token.tenant_id) == uow.tenant_id
    if active is None:
        return [mine]
    ended = or_(col(Token.revoked_at).is_not(None), col(Token.expires_at) <= uow.now)
    lasting = or_(col(Token.expires_at).is_(None), col(Token.expires_at) > uow.now)
    return [mine, *((col(Token.revoked_at).is_(None), lasting) if active else (ended,))]


def authenticate(door: Door, secret: str, request_id: str | None = None) -> Actor:
    """Who `secret` stands for. Raises Unauthenticated."""
    token = None
    if is_well_formed(secret):
        digest = known_by(door.keys, secret)
        with door.gate_reader() as gate:
            token = gate.execute(_BY_DIGEST, {"digest": digest}).first()
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
    if token.digest != digest and (token.previous_until is None or token.previous_until <= now):
        msg = Text(
            "The token was rotated, and this secret of it is no longer good; use the new one.",
            "此令牌已轮换，该密钥已失效；请使用新的密钥。",
        )
        raise Unauthenticated(msg)
    return Actor(
        token.tenant_id, token.name, granted(tuple(token.scopes)), token.source, token.id, request_id,
        granting.loaded(token.rows),
        None if token.origins is None else Public(tuple(token.origins), token.answers_per_minute),
    )  # fmt: skip


_COLUMNS = Token.__table__.columns  # type: ignore[attr-defined]
_BY_DIGEST = select(*_COLUMNS).where(
    or_(col(Token.digest) == bindparam("digest"), col(Token.previous_digest) == bindparam("digest"))
)
"""Asked with every request, so it is made once and its rows stay the driver's."""


@cache
def granted(names: tuple[str, ...]) -> frozenset[Scope]:
    """The scopes of those names; one that this version does not know grants nothing."""
    return frozenset(scope for scope in Scope if scope.value in names)
