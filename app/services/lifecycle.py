"""Stages of customers' lifecycles: what sources state of them, and how each came to where they are."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, Select, literal, null, select, union
from sqlmodel import col, delete, insert, update
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.errors import Code, Invalid
from app.kpis.kpi import LifecycleStage
from app.models.buyer import Buyer
from app.models.customer import Customer
from app.models.lead import Lead
from app.models.lifecycle import StatedStage
from app.models.referral import Referral
from app.models.spell import Spell
from app.services.row import Day, Row
from app.services.stage import stage_on
from app.text import Text
from app.uow import Uow, reads


class StageRow(Row):
    """What a source says of a customer's stage, from a day on (none: today); null: nothing any more."""

    lifecycle_stage: LifecycleStage | None = None
    lifecycle_stage_from: Day | None = None


class Stay(NamedTuple):
    """A time in a stage: the first day in it (None: ever since), and the first day no longer (None: it lasts)."""

    stage: LifecycleStage
    start: date | None
    end: date | None


class Statements:
    """What is stated of some customers, and what rows state anew."""

    def __init__(self, uow: Uow, ids: Sequence[UUID]) -> None:
        self.uow, self.new = uow, dict[tuple[UUID, date], str | None]()
        chosen = select(StatedStage).where(uow.db.is_any(StatedStage.customer_id, list(ids)))
        rows = uow.session.scalars(chosen.order_by(col(StatedStage.customer_id), col(StatedStage.starts_on)))
        self.known = {key: list(some) for key, some in groupby(rows, lambda row: row.customer_id)}

    def changed(self, customer: Any, row: StageRow) -> list[str]:  # noqa: ANN401 - a stored customer or none
        """The name of what `row` changes, if it states something else than is stated. Raises Invalid."""
        if "lifecycle_stage" not in row.model_fields_set:
            if "lifecycle_stage_from" in row.model_fields_set:
                msg = Text("lifecycleStageFrom needs a lifecycleStage.", "lifecycleStageFrom 需要 lifecycleStage。")
                raise Invalid(msg, "lifecycleStage", code=Code.REQUIRED)
            return []
        return ["lifecycle_stage"] if self._is_news(customer.id if customer else None, row) else []

    def _is_news(self, customer_id: UUID | None, row: StageRow) -> bool:
        """Whether nothing says already what `row` does: with a day of its own, from that very day on.

        So a statement holds whichever comes first, it or one of an earlier day.
        """
        day = self._day(row)
        told = [one for one in self.known.get(customer_id, ()) if one.starts_on <= day] if customer_id else []
        last = told[-1] if told else None
        if row.lifecycle_stage_from is not None and (last is None or last.starts_on != day):
            return True
        return (last.stage if last else None) != row.lifecycle_stage

    def _day(self, row: StageRow) -> date:
        day = row.lifecycle_stage_from or self.uow.today
        if day > self.uow.today:
            msg = Text("lifecycleStageFrom lies in the future.", "lifecycleStageFrom 在未来。")
            raise Invalid(msg, "lifecycleStageFrom", code=Code.OUT_OF_RANGE)
        return day

    def take(self, customer_id: UUID, row: StageRow) -> None:
        """Note what `row` states of the customer."""
        if "lifecycle_stage" in row.model_fields_set and self._is_news(customer_id, row):
            self.new[customer_id, self._day(row)] = None if row.lifecycle_stage is None else row.lifecycle_stage.value

    def write(self) -> None:
        """Store what was noted."""
        rows: list[dict[str, Any]] = []
        for (customer_id, day), stage in self.new.items():
            same = next((one for one in self.known.get(customer_id, ()) if one.starts_on == day), None)
            if same is not None:
                same.stage = stage
                continue
            row: dict[str, Any] = {"id": uuid7(), "customer_id": customer_id, "starts_on": day, "stage": stage}
            rows.append(row | {"tenant_id": self.uow.tenant_id})
        if rows:
            self.uow.session.execute(insert(StatedStage), rows)


def pass_over(uow: Uow, gone: UUID, kept: UUID) -> None:
    """What was stated of one customer is stated of another, unless something is already."""
    mine = col(StatedStage.customer_id) == gone
    unseen = {"synchronize_session": False}
    if uow.session.scalar(select(col(StatedStage.id)).where(col(StatedStage.customer_id) == kept).limit(1)) is None:
        uow.session.execute(update(StatedStage).where(mine).values(customer_id=kept), execution_options=unseen)
    else:
        uow.session.execute(delete(StatedStage).where(mine), execution_options=unseen)


Stated = Sequence[tuple[date, str | None]]
"""What is stated of a customer: from which day on which stage."""


def stated(uow: Uow, customer_id: UUID) -> list[tuple[date, str | None]]:
    """What is stated of a customer, the earliest first."""
    statement = select(col(StatedStage.starts_on), col(StatedStage.stage))
    mine = statement.where(col(StatedStage.customer_id) == customer_id).order_by(col(StatedStage.starts_on))
    return [(day, stage) for day, stage in uow.session.execute(mine)]


def part(uow: Uow, gone: UUID, kept: UUID, theirs: Stated, mine: Stated) -> None:
    """What was stated of one customer, `theirs`, before it became part of another is stated of it again.

    Of the other it is stated no longer, unless that had statements of its own, `mine`, or it was changed since.
    """
    rows = uow.session.scalars(select(StatedStage).where(col(StatedStage.customer_id) == kept)).all()
    passed = [] if mine else [row.id for row in rows if (row.starts_on, row.stage) in theirs]
    if passed:
        uow.session.execute(delete(StatedStage).where(uow.db.is_any(StatedStage.id, passed)))
    again = [{"id": uuid7(), "customer_id": gone, "starts_on": day, "stage": stage} for day, stage in theirs]
    if again:
        uow.session.execute(insert(StatedStage), [row | {"tenant_id": uow.tenant_id} for row in again])


@reads(Scope.CUSTOMER_READ)
def current(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, LifecycleStage]:
    """The stage of each of the customers `ids` today."""
    stage = stage_on(col(Customer.id), literal(uow.today, Date))
    rows = uow.session.execute(select(col(Customer.id), stage).where(uow.db.is_any(Customer.id, list(ids))))
    return {id_: LifecycleStage(name) for id_, name in rows}


@reads(Scope.CUSTOMER_READ)
def history(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[Stay]]:
    """The stages of each of the customers `ids` until today, the earliest first."""
    days = union(*_turns(uow, list(ids))).subquery()
    stage = stage_on(days.c.customer_id, days.c.day)
    chosen = select(days.c.customer_id, days.c.day, stage).where(days.c.day <= uow.today)
    rows = uow.session.execute(chosen.order_by(days.c.customer_id, days.c.day)).all()
    return {id_: _stays([tuple(row[1:]) for row in some]) for id_, some in groupby(rows, itemgetter(0))}


def _turns(uow: Uow, ids: Sequence[UUID]) -> list[Select[Any]]:
    """The days on which a stage may change, and one before all of them."""
    ever: Any = select(col(Customer.id).label("customer_id"), literal(date.min, Date).label("day"))
    found: list[Select[Any]] = [ever.where(uow.db.is_any(Customer.id, ids))]
    columns: Mapping[Any, tuple[Any, ...]] = {
        StatedStage: (StatedStage.starts_on,),
        Spell: (Spell.starts_on, Spell.ends_on),
        Buyer: (Buyer.day, Buyer.second_on),
        Referral: (Referral.day,),
        Lead: (Lead.day, Lead.lost_on, Lead.won_on),
    }
    for model, days in columns.items():
        for day in days:
            mine = (uow.db.is_any(model.customer_id, ids), col(day).is_not(null()))
            found.append(select(col(model.customer_id), col(day)).where(*mine))
    return found


def _stays(days: Sequence[tuple[Any, ...]]) -> list[Stay]:
    """The times in stages: from each day on which it became another one."""
    turns = [(day, name) for place, (day, name) in enumerate(days) if not place or days[place - 1][1] != name]
    ends: list[date | None] = [day for day, _ in turns[1:]]
    return [
        Stay(LifecycleStage(name), None if day == date.min else day, end)
        for (day, name), end in zip(turns, [*ends, None], strict=True)
    ]
