"""A customer's timeline: what happened, whatever it was, the latest first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, func, literal, or_, select, union_all
from sqlalchemy.types import String
from sqlmodel import col

from app import ids
from app.actor import Scope
from app.errors import AppError, Forbidden, Invalid
from app.models.contract import Contract
from app.models.cost import Cost
from app.models.engagement import Engagement
from app.models.feedback import Feedback
from app.models.interaction import Interaction
from app.models.invitation import Invitation
from app.models.lead import Lead
from app.models.order import Order
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.touchpoint import Touchpoint
from app.services.cursor import mark
from app.text import Text
from app.uow import Uow, reads


class CustomerEventKind(StrEnum):
    """What can stand on a customer's timeline."""

    FEEDBACK = "FEEDBACK"
    ORDER = "ORDER"
    REFUND = "REFUND"
    TOUCHPOINT = "TOUCHPOINT"
    INTERACTION = "INTERACTION"
    COST = "COST"
    LEAD = "LEAD"
    REFERRAL = "REFERRAL"
    ENGAGEMENT = "ENGAGEMENT"
    INVITATION = "INVITATION"
    CONTRACT = "CONTRACT"


_MODELS: Mapping[CustomerEventKind, tuple[Any, Scope]] = {
    CustomerEventKind.FEEDBACK: (Feedback, Scope.FEEDBACK_READ),
    CustomerEventKind.ORDER: (Order, Scope.ORDER_READ),
    CustomerEventKind.REFUND: (Refund, Scope.ORDER_READ),
    CustomerEventKind.TOUCHPOINT: (Touchpoint, Scope.TOUCHPOINT_READ),
    CustomerEventKind.INTERACTION: (Interaction, Scope.INTERACTION_READ),
    CustomerEventKind.COST: (Cost, Scope.COST_READ),
    CustomerEventKind.LEAD: (Lead, Scope.LEAD_READ),
    CustomerEventKind.REFERRAL: (Referral, Scope.REFERRAL_READ),
    CustomerEventKind.ENGAGEMENT: (Engagement, Scope.ENGAGEMENT_READ),
    CustomerEventKind.INVITATION: (Invitation, Scope.SURVEY_READ),
    CustomerEventKind.CONTRACT: (Contract, Scope.CONTRACT_READ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of whose timeline: the first so many of some kinds (None: all that the caller may see)."""

    customer_id: UUID
    first: int
    after: str | None = None
    kinds: frozenset[CustomerEventKind] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: the kind and id of its record, when, and its cursor."""

    kind: CustomerEventKind
    id: UUID
    at: datetime
    cursor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A part of a timeline, the latest first, and whether there is more."""

    entries: list[Entry]
    has_next: bool


@reads(Scope.CUSTOMER_READ)
def timelines(uow: Uow, wanted: Sequence[Wanted]) -> list[Timeline | AppError]:
    """The parts of timelines, in order; one that cannot be given as asked has its error."""
    alike: dict[tuple[Any, ...], list[Wanted]] = defaultdict(list)
    for one in wanted:
        alike[one.first, one.after, one.kinds].append(one)
    found: dict[Wanted, Timeline | AppError] = {}
    for some in alike.values():
        try:
            found |= _read(uow, some)
        except AppError as error:
            found |= dict.fromkeys(some, error)
    return [found[one] for one in wanted]


@reads(Scope.CUSTOMER_READ)
def counts(uow: Uow, wanted: Sequence[Wanted]) -> list[int | AppError]:
    """How many things happened on each of the whole timelines, in order."""
    found: dict[tuple[Any, UUID], int] = {}
    for kinds in {one.kinds for one in wanted}:
        customers = [one.customer_id for one in wanted if one.kinds == kinds]
        each = _union(uow, _kinds(uow, kinds), customers)
        statement = select(each.c.customer, func.count()).group_by(each.c.customer)
        found |= {(kinds, customer): count for customer, count in uow.session.execute(statement)}
    return [found.get((one.kinds, one.customer_id), 0) for one in wanted]


def _read(uow: Uow, wanted: Sequence[Wanted]) -> dict[Wanted, Timeline]:
    """What is wanted of several timelines alike, in one statement."""
    first, after, kinds = wanted[0].first, wanted[0].after, wanted[0].kinds
    each = _union(uow, _kinds(uow, kinds), [one.customer_id for one in wanted])
    place = func.row_number().over(partition_by=each.c.customer, order_by=(each.c.at.desc(), each.c.id.desc()))
    statement = select(each, place.label("place"))
    if after is not None:
        at, id_ = _opened(uow, wanted[0].customer_id, after)
        statement = statement.where(or_(each.c.at < at, (each.c.at == at) & (each.c.id < id_)))
    ranked = statement.subquery()
    rows = uow.session.execute(select(ranked).where(ranked.c.place <= first + 1).order_by(ranked.c.place))
    entries: dict[UUID, list[Entry]] = defaultdict(list)
    for row in rows:
        cursor = _sealed(uow, row.customer, row.at, row.id)
        entries[row.customer].append(Entry(CustomerEventKind(row.kind), row.id, row.at, cursor))
    return {one: _part(entries[one.customer_id], first) for one in wanted}


def _part(entries: list[Entry], first: int) -> Timeline:
    return Timeline(entries[:first], len(entries) > first)


def _kinds(uow: Uow, kinds: frozenset[CustomerEventKind] | None) -> list[CustomerEventKind]:
    """The kinds that are meant. Raises Forbidden for one that was named and may not be seen."""
    for kind in sorted(kinds or ()):
        scope = _MODELS[kind][1]
        if not uow.may(scope):
            msg = Text(
                f"{kind.value} needs the scope {scope.value}, which the token does not have.",
                f"{kind.value} 需要权限范围 {scope.value}，而此令牌没有。",
            )
            raise Forbidden(msg)
    return [kind for kind, (_, scope) in _MODELS.items() if uow.may(scope) and (kinds is None or kind in kinds)]


def _union(uow: Uow, kinds: Sequence[CustomerEventKind], customers: Sequence[UUID]) -> Any:  # noqa: ANN401 - a subquery
    """What happened to some customers: customer, kind, id, at."""
    parts = []
    for kind in kinds:
        model = _MODELS[kind][0]
        columns = (
            model.customer_id.label("customer"),
            literal(kind.value, String).label("kind"),
            model.id.label("id"),
            model.occurred_at.label("at"),
        )
        mine = uow.db.is_any(model.customer_id, list(customers))
        parts.append(select(*columns).where(mine, col(model.deleted_at).is_(None)))
    if not parts:
        nobody = (literal(None, Uuid).label("customer"), literal("", String).label("kind"))
        parts.append(
            select(*nobody, col(Order.id).label("id"), col(Order.occurred_at).label("at")).where(literal(0) == 1)
        )
    return union_all(*parts).subquery()


_CURSOR = "TimelineCursor"


def _sealed(uow: Uow, customer_id: UUID, at: datetime, id_: UUID) -> str:
    parts = [customer_id.hex, at.isoformat(), id_.hex]
    return ids.encode(_CURSOR, *parts, mark(uow, _CURSOR, parts))


def _opened(uow: Uow, customer_id: UUID, cursor: str) -> tuple[datetime, UUID]:
    """The place that `cursor` names. Raises Invalid for one of another timeline."""
    found = ids.decode(cursor)
    if found is not None and found[0] == _CURSOR and len(found[1]) == 4:  # noqa: PLR2004 - as sealed
        *parts, sealed = found[1]
        if parts[0] == customer_id.hex and compare_digest(sealed.encode(), mark(uow, _CURSOR, parts).encode()):
            return datetime.fromisoformat(parts[1]), UUID(parts[2])
    msg = Text(
        "This cursor is not one of this timeline; take cursors only from the same customer's.",
        "此游标不属于这条时间线；请只使用同一客户的游标。",
    )
    raise Invalid(msg, "after")
