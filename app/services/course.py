"""Courses: what each customer bought and when they were one; of those whose profile may be made, in pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import col

from app.kpis.order import purchasers
from app.models.base import TRAITS
from app.models.customer import Customer
from app.models.order import Order
from app.prediction.buying import Bought
from app.prediction.leaving import Time, Traits
from app.prediction.spending import Spent
from app.services import spell
from app.uow import Uow

TOLD = ("segment", "region", "acquisition_channel_id", "customer_kind")
"""The traits by which departures are told apart."""

PROFILED: ColumnElement[bool] = and_(
    col(Customer.profiling_opt_out).is_(False),
    col(Customer.is_test).is_(False),
    col(Customer.merged_into_id).is_(None),
    col(Customer.deleted_at).is_(None),
)
"""Of whom a profile may be made."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One time as a customer: its first day, the first day no longer, and what was said of the customer then."""

    start: date
    end: date
    traits: Traits

    def lasted(self, until: date) -> Time | None:
        """As it stood at the beginning of that day; None before it began."""
        if self.start >= until:
            return None
        return Time((min(self.end, until) - self.start).days, self.end <= until, self.traits)


@dataclass(slots=True)
class Course:
    """One customer's: the days of purchases in order, what each day brought (None without a rate), and the spells."""

    customer_id: UUID
    traits: dict[str, Any]
    days: list[date] = field(default_factory=list)
    nets: list[int | None] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)

    def bought(self, until: date) -> Bought | None:
        """How they had bought by the beginning of that day; purchases of one day are one."""
        days = [day for day in self.days if day < until]
        if not days:
            return None
        return Bought(len(days) - 1, float((days[-1] - days[0]).days), float((until - days[0]).days))

    def bought_between(self, start: date, end: date) -> int:
        """On how many of those days they bought."""
        return sum(start <= day < end for day in self.days)

    def spent(self, until: date) -> Spent | None:
        """What they had spent on days after the first; None where a rate is missing."""
        nets = [net for day, net in zip(self.days, self.nets, strict=True) if day < until][1:]
        known = [net for net in nets if net is not None]
        if len(known) < len(nets):
            return None
        return Spent(len(known), sum(known) / len(known)) if known else Spent(0, 0.0)


def pages(uow: Uow, size: int) -> Iterator[list[Course]]:
    """The courses of all customers, page by page."""
    after = UUID(int=0)
    while found := page(uow, after, size):
        yield found
        after = found[-1].customer_id


def page(uow: Uow, after: UUID, size: int) -> list[Course]:
    """The courses of the next `size` customers in the order of their ids, after that one."""
    columns: tuple[Any, ...] = (col(Customer.id), *(getattr(Customer, name) for name in TRAITS))
    statement = select(*columns).where(PROFILED, col(Customer.id) > after).order_by(col(Customer.id))
    found = {
        row.id: Course(row.id, {name: getattr(row, name) for name in TRAITS})
        for row in uow.session.execute(statement.limit(size))
    }
    for customer_id, day, net, unpriced in _purchases(uow, list(found)):
        found[customer_id].days.append(day)
        found[customer_id].nets.append(None if unpriced else int(net or 0))
    for customer_id, ledger in spell.in_force(uow, list(found)).items():
        found[customer_id].spells = sorted(map(as_spell, ledger), key=lambda one: (one.start, one.end))
    return list(found.values())


def _purchases(uow: Uow, customer_ids: Sequence[UUID]) -> Sequence[Any]:
    """What each of the customers bought on each day: customer, day, net revenue, how many orders lack a rate."""
    customer, day, net = col(Order.customer_id), col(Order.day), col(Order.net)
    unpriced = func.sum(case((net.is_(None), 1), else_=0))
    statement = select(customer, day, func.sum(net), unpriced).where(
        uow.db.is_any(Order.customer_id, customer_ids), purchasers.counted
    )
    return uow.session.execute(statement.group_by(customer, day).order_by(customer, day)).all()


def as_spell(cells: tuple[Any, ...]) -> Spell:
    """A spell of the ledger; what it froze stands last."""
    frozen = dict(zip(TRAITS, cells[-len(TRAITS) :], strict=True))
    return Spell(cells[0], cells[1], tuple(map(_told, (frozen[name] for name in TOLD))))


def _told(value: Any) -> str | None:  # noqa: ANN401 - a column's value
    return value.hex if isinstance(value, UUID) else value
