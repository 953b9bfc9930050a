"""Top customers: who brought most over some days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid
from app.kpis.figure import NullReason
from app.kpis.order import cost_of_orders, costed_orders, costed_revenue, customer_orders, customer_revenue, orders
from app.models.order import Order
from app.services.days import Period, resolve
from app.services.extent import extents
from app.services.money import major
from app.services.period import Span
from app.services.scan import Condition, awaits_members, bound, where
from app.services.slices import Filter, conditions
from app.text import Text
from app.uow import Uow, reads

MOST = 500


class CustomerValue(StrEnum):
    """By what customers are ranked."""

    REVENUE = "REVENUE"
    MARGIN = "MARGIN"
    ORDERS = "ORDERS"


@dataclass(frozen=True, slots=True)
class Rank:
    """One customer's place: amounts in the workspace's currency, None for want of an exchange rate.

    The margin is of the orders that carry a cost; `share` is the customer's part of what all known
    customers brought, as a fraction.
    """

    place: int
    customer_id: UUID
    revenue: Decimal | None
    margin: Decimal | None
    orders: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """The first places, how many customers bought at all (None: for that `reason`), and over which days."""

    ranks: list[Rank]
    total: int | None
    span: Span
    currency: str
    today: date
    reason: NullReason | None = None


@reads(Scope.KPI_READ)
def ranking(uow: Uow, period: Period, by: CustomerValue, first: int, filters: Sequence[Filter] = ()) -> Ranking:
    """The customers who brought most over `period`; those of whom that is not known come last.

    While a segment that a filter names has yet to find its members nothing is told, as of KPIs. Raises Invalid for a
    number of places that is not possible or a filter that orders do not have, Limited for a period with more orders
    than are read at once.
    """
    if not 0 <= first <= MOST:
        msg = Text(f"first must be between 0 and {MOST}.", f"first 必须在 0 与 {MOST} 之间。")
        raise Invalid(msg, "first", code=Code.OUT_OF_RANGE)
    for place, one in enumerate(filters):
        if not orders.has(one.by):
            msg = Text(f"Orders cannot be cut by {one.by.value}.", f"订单不能按 {one.by.value} 细分。")
            raise Invalid(msg, "filter", str(place), "by")
    span = resolve(uow, period, extents(uow, [Order]).values())
    met = conditions(uow, filters)
    if awaits_members(uow, met):
        return Ranking([], None, span, uow.workspace.currency, uow.today, NullReason.PREPARING)
    bound(uow, orders, [span])
    return _ranking(uow, span, by, first, met)


def _ranking(uow: Uow, span: Span, by: CustomerValue, first: int, met: Sequence[Condition]) -> Ranking:
    each = _each(span, [where(uow, orders, condition) for condition in met]).subquery()
    chosen = {
        CustomerValue.REVENUE: case((each.c.unpriced == 0, each.c.revenue)),
        CustomerValue.MARGIN: case(((each.c.unpriced == 0) & (each.c.costed > 0), each.c.margin)),
        CustomerValue.ORDERS: each.c.n,
    }[by]
    total, whole = uow.session.execute(select(func.count(), func.sum(chosen)).select_from(each)).one()
    statement = select(each, chosen.label("chosen")).order_by(chosen.is_(None), chosen.desc(), each.c.customer)
    rows = uow.session.execute(statement.limit(first)).all()
    currency = uow.workspace.currency
    ranks = [_rank(place, row, int(whole or 0), currency) for place, row in enumerate(rows, start=1)]
    return Ranking(ranks, total, span, currency, uow.today)


def _each(span: Span, met: Sequence[Any]) -> Any:  # noqa: ANN401 - a statement
    """What each known customer bought."""
    unpriced = [one.unpriced.amount for one in (customer_revenue, costed_revenue) if one.unpriced]
    columns: tuple[Any, ...] = (
        col(Order.customer_id).label("customer"),
        func.sum(customer_revenue.amount).label("revenue"),
        func.sum(costed_revenue.amount - cost_of_orders.amount).label("margin"),
        func.sum(costed_orders.amount).label("costed"),
        func.sum(customer_orders.amount).label("n"),
        func.sum(unpriced[0]).label("unpriced"),
    )
    inside = (col(Order.day) >= span.start, col(Order.day) < span.end)
    return (
        select(*columns)
        .where(orders.counted, customer_revenue.where, *inside, *met)
        .group_by(col(Order.customer_id))
        .having(func.sum(customer_orders.amount) > 0)
    )


def _rank(place: int, row: Any, whole: int, currency: str) -> Rank:  # noqa: ANN401 - a row of the statement
    def amount(value: Any) -> Decimal | None:  # noqa: ANN401 - a whole number of the database's own type
        return None if row.unpriced else major(int(value), currency)

    share = None if row.chosen is None or not whole else float(Fraction(int(row.chosen), whole))
    return Rank(place, row.customer, amount(row.revenue), amount(row.margin) if row.costed else None, int(row.n), share)
