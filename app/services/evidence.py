"""What the present says of customers: how lately and how often they buy and use, what they last said, what is open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, union_all
from sqlmodel import col

from app.kpis import engagement, feedback
from app.kpis.order import purchasers
from app.models.engagement import Engagement
from app.models.feedback import Feedback
from app.models.interaction import Interaction, InteractionKind, InteractionStanding
from app.models.order import Order
from app.models.spell import ActiveBasis
from app.services.extent import extents
from app.services.scale import SCORED
from app.uow import Uow

RECENT_DAYS = 90
"""How far back "lately" reaches where activity does not decide who is a customer."""
VALID_DAYS = 365
"""An answer older than this says nothing of today."""
_LEAST_GAP = 7.0
_STRANGER = 3
_LATE = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one customer. Days are those on which they bought or used something, each once.

    `said` is the position of their latest answer on its scale, in millionths of the way from worst to best, and
    `before` that of the answer before it; `open` are complaints that are not resolved, None where no conversations are
    recorded. `lapses` is the number of days without either after which they are no customer, where activity decides.
    """

    today: date
    first: date | None = None
    last: date | None = None
    days: int = 0
    recent: int = 0
    said: int | None = None
    said_on: date | None = None
    before: int | None = None
    open: int | None = None
    lapses: int | None = None

    @property
    def lately(self) -> int:
        """How many days back "lately" reaches, and how long the history before it must be to say what is usual."""
        return self.lapses or RECENT_DAYS

    @property
    def since(self) -> int | None:
        """For how many days they have neither bought nor used anything."""
        return None if self.last is None else (self.today - self.last).days

    @property
    def gap(self) -> float | None:
        """Every how many days they usually do; None before the third time."""
        if self.first is None or self.last is None or self.days < _STRANGER:
            return None
        return (self.last - self.first).days / (self.days - 1)

    @property
    def due(self) -> float:
        """Within how many days they are expected: their usual gap but at least a week, or a third of lately without."""
        return self.lately / _LATE if self.gap is None else max(self.gap, _LEAST_GAP)

    @property
    def late(self) -> float:
        """After how many days nobody expects them any more: three times that, or when they are no customer."""
        return min(_LATE * self.due, self.lapses or _LATE * self.due)

    @property
    def usual(self) -> float | None:
        """On how many of so many days they did before lately; None where that is too short a time ago to tell."""
        if self.first is None:
            return None
        length = (self.today - self.first).days - self.lately
        return None if length < self.lately else (self.days - self.recent) / length * self.lately


def of(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Evidence]:
    """The evidence of each of these customers, in as many statements however many they are."""
    workspace, given = uow.workspace, list(ids)
    lapses = workspace.inactivity_window_days if workspace.active_by is ActiveBasis.ACTIVITY else None
    blank = Evidence(uow.today, lapses=lapses)
    talks = extents(uow, [Interaction])[Interaction].first is not None
    found: dict[UUID, dict[str, Any]] = {id_: {"open": 0 if talks else None} for id_ in given}
    for customer_id, first, last, days, recent in _active(uow, given, blank.lately):
        found[customer_id] |= {"first": first, "last": last, "days": days, "recent": recent}
    for customer_id, position, day, place in _said(uow, given):
        found[customer_id] |= {"said": position, "said_on": day} if place == 1 else {"before": position}
    if talks:
        for customer_id, count in _open(uow, given):
            found[customer_id]["open"] = count
    return {id_: replace(blank, **told) for id_, told in found.items()}


def _active(uow: Uow, ids: list[UUID], lately: int) -> Sequence[Any]:
    """Of each customer the first and the last day with a purchase or use, how many there are and how many `lately`."""
    parts: list[Any] = [
        select(col(model.customer_id).label("customer"), col(model.day).label("day")).where(
            uow.db.is_any(model.customer_id, ids), counted, col(model.day) <= uow.today
        )
        for model, counted in ((Order, purchasers.counted), (Engagement, engagement.crowd.counted))
    ]
    each = union_all(*parts).subquery()
    recent = case((each.c.day > uow.today - timedelta(days=lately), each.c.day))
    days = (
        func.min(each.c.day),
        func.max(each.c.day),
        func.count(each.c.day.distinct()),
        func.count(recent.distinct()),
    )
    return uow.session.execute(select(each.c.customer, *days).group_by(each.c.customer)).all()


def _said(uow: Uow, ids: list[UUID]) -> Sequence[Any]:
    """The latest two answers of each customer: the customer, the position, the day, and which of the two it is."""
    place = func.row_number().over(
        partition_by=col(Feedback.customer_id), order_by=(col(Feedback.occurred_at).desc(), col(Feedback.id).desc())
    )
    columns = (col(Feedback.customer_id), col(Feedback.position), col(Feedback.day), place.label("place"))
    each = (
        select(*columns)
        .where(
            uow.db.is_any(Feedback.customer_id, ids),
            feedback.cube.counted,
            col(Feedback.kind).in_(sorted(SCORED)),
            col(Feedback.position).is_not(None),
            col(Feedback.day) > uow.today - timedelta(days=VALID_DAYS),
            col(Feedback.day) <= uow.today,
        )
        .subquery()
    )
    return uow.session.execute(select(each).where(each.c.place <= 2)).all()  # noqa: PLR2004 - the latest and the one before


def _open(uow: Uow, ids: list[UUID]) -> Sequence[Any]:
    """How many complaints of each customer are not resolved."""
    statement = select(col(Interaction.customer_id), func.count()).where(
        uow.db.is_any(Interaction.customer_id, ids),
        col(Interaction.kind) == InteractionKind.COMPLAINT,
        col(Interaction.standing) == InteractionStanding.VALID,
        col(Interaction.is_test).is_(False),
        col(Interaction.deleted_at).is_(None),
        col(Interaction.resolved_on).is_(None),
    )
    return uow.session.execute(statement.group_by(col(Interaction.customer_id))).all()
