"""What can be given to a token: scopes and rows that there are, and none that the giver does not have, nor longer."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import Connection
from sqlmodel import col, select

from app.actor import Actor, Rows, Scope
from app.errors import Code, Forbidden, Invalid, Problem
from app.models.channel import Channel
from app.models.customer import Customer
from app.models.segment import Segment
from app.models.token import Token
from app.services import ref
from app.services.row import Ref, Row, Word, moment
from app.text import Text
from app.uow import Uow

Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Reach(Row):
    """The rows that a token is bound to, as a caller names them."""

    sources: Annotated[list[Label], Field(min_length=1, max_length=100)] | None = None
    channels: Annotated[list[Ref], Field(min_length=1, max_length=200)] | None = None
    segments: Annotated[list[Word], Field(min_length=1, max_length=200)] | None = None


def scopes(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes of those names. Raises Invalid for each that there is not."""
    problems, found = [], set()
    for place, name in enumerate(names):
        try:
            found.add(Scope(name))
        except ValueError:
            msg = Text(
                f"There is no scope {name!r}; there are {', '.join(Scope)}.",
                f"没有权限范围 {name!r}；可用的有 {', '.join(Scope)}。",
            )
            problems.append(Problem(Code.NOT_FOUND, msg, ("scopes", str(place))))
    if problems:
        raise Invalid(problems)
    return frozenset(found)


def rows(uow: Uow, reach: Reach | None) -> Rows | None:
    """What `reach` names.

    Raises Invalid for channels and segments that there are not.
    """
    named = reach or Reach()
    problems: list[Problem] = []
    channels = _channels(uow, named.channels or [], problems)
    _check_segments(uow, named.segments or [], problems)
    if problems:
        raise Invalid(problems)
    found = Rows(
        frozenset(named.sources) if named.sources else None,
        channels or None,
        frozenset(named.segments) if named.segments else None,
    )
    return None if found == Rows() else found


def _channels(uow: Uow, wanted: list[Ref], problems: list[Problem]) -> frozenset[UUID]:
    """The channels that there are; what is wrong is added to `problems`."""
    known = ref.keyed(uow, Channel, wanted)
    for place, one in enumerate(wanted):
        if not isinstance(known[one], UUID):
            name = one.external_id or one.id
            msg = Text(f"There is no channel {name!r}.", f"没有渠道 {name!r}。")
            problems.append(Problem(Code.NOT_FOUND, msg, ("rows", "channels", str(place))))
    return frozenset(hit for hit in known.values() if isinstance(hit, UUID))


def _check_segments(uow: Uow, keys: list[str], problems: list[Problem]) -> None:
    """Add to `problems` which of `keys` name no segment."""
    if not keys:
        return
    by_key = uow.session.scalars(select(Segment.key).where(col(Segment.key).in_(keys)))
    by_text = uow.session.scalars(select(Customer.segment).where(col(Customer.segment).in_(keys)).distinct())
    there = {*by_key, *by_text}
    for place, key in enumerate(keys):
        if key not in there:
            msg = Text(
                f"There is no segment {key!r}, by its key or by what sources say of customers.",
                f"没有客户分群 {key!r}：既无此键，来源也未如此标注客户。",
            )
            problems.append(Problem(Code.NOT_FOUND, msg, ("rows", "segments", str(place))))


def beyond(actor: Actor, wanted: frozenset[Scope]) -> list[Problem]:
    """What of the scopes `wanted` the actor cannot give, who does not have it. Who is bound to rows gives nothing."""
    own = actor.scopes | ({Scope.ANSWER_WRITE} if Scope.FEEDBACK_WRITE in actor.scopes else set())
    problems = []
    if more := sorted(wanted - own):
        msg = Text(
            f"You cannot give the scope {', '.join(more)}, which you do not have.",
            f"您没有权限范围 {', '.join(more)}，因此不能授予。",
        )
        problems.append(Problem(Code.INVALID, msg, ("scopes",)))
    return problems


def latest(gate: Connection, actor: Actor) -> datetime | None:
    """When the token that acts ends, which nothing that it gives may outlive; None for never, and without a token."""
    if actor.token_id is None:
        return None
    return gate.execute(select(Token.expires_at).where(col(Token.id) == actor.token_id)).scalar_one_or_none()


def end(uow: Uow, given: datetime | date | None, own: datetime | None, problems: list[Problem]) -> datetime | None:
    """When a new token ends: as `given`, else with the one that makes it; what is wrong is added to `problems`."""
    wanted = moment(uow, given, "expiresAt", past=False)
    if wanted is None:
        return own
    if wanted <= uow.now:
        msg = Text("expiresAt must lie in the future.", "expiresAt 必须晚于现在。")
        problems.append(Problem(Code.OUT_OF_RANGE, msg, ("expiresAt",)))
    if own is not None and wanted > own:
        msg = Text(
            f"Your token ends at {own:%Y-%m-%dT%H:%M:%SZ}, and what it gives cannot outlive it; name an earlier "
            "expiresAt, or leave it out.",
            f"您的令牌于 {own:%Y-%m-%dT%H:%M:%SZ} 到期，其授予的令牌不能晚于此时到期；请提前 expiresAt，或将其省略。",
        )
        problems.append(Problem(Code.OUT_OF_RANGE, msg, ("expiresAt",)))
    return wanted


def refuse_longer(gate: Connection, actor: Actor, token: Token) -> None:
    """Nobody whose own token ends gets hold of a secret that is good after that. Raises Forbidden."""
    own = latest(gate, actor)
    if own is not None and (token.expires_at is None or token.expires_at > own):
        msg = Text(
            "This token outlives yours; somebody whose token lasts as long can rotate it.",
            "此令牌的有效期晚于您的令牌；请由有效期不短于它的令牌来轮换。",
        )
        raise Forbidden(msg)


def stored(bound: Rows | None) -> dict[str, list[str]] | None:
    """The rows as a column holds them."""
    if bound is None:
        return None
    given = {part.name: getattr(bound, part.name) for part in fields(Rows)}
    return {name: sorted(map(str, one)) for name, one in given.items() if one is not None}


def loaded(kept: Mapping[str, Any] | None) -> Rows | None:
    """The rows in what a column holds."""
    if kept is None:
        return None
    sources, channels, segments = (kept.get(part.name) for part in fields(Rows))
    return Rows(
        None if sources is None else frozenset(sources),
        None if channels is None else frozenset(map(UUID, channels)),
        None if segments is None else frozenset(segments),
    )
