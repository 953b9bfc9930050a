"""Recency, frequency and value: customers graded from 1 to 5 among all who bought, and the classes that follow.

A grade is a fifth of those who bought, by how long ago they last did, how often, and what they brought in all. Those
who are alike have the same grade, that of the lowest place among them, so that no database decides between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, select
from sqlmodel import col

from app.actor import Scope
from app.kpis.order import customer_orders, customer_revenue, orders
from app.models.base import FOREVER
from app.models.order import Order
from app.services.money import major
from app.services.period import Span
from app.services.scan import bound
from app.text import Text
from app.uow import Uow, reads

GRADES = 5


class RfvClass(StrEnum):
    """What grades of recency, frequency and value say of a customer together."""

    CHAMPIONS = "CHAMPIONS"
    LOYAL = "LOYAL"
    NEW = "NEW"
    PROMISING = "PROMISING"
    AT_RISK = "AT_RISK"
    DORMANT = "DORMANT"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least grade of recency, the least that frequency and value come to together, and the most of frequency."""

    recency: int
    together: int = 2
    frequency: int = GRADES


CLASSES: Mapping[RfvClass, Bounds] = {
    RfvClass.CHAMPIONS: Bounds(4, 8),
    RfvClass.LOYAL: Bounds(3, 6),
    RfvClass.NEW: Bounds(4, frequency=1),
    RfvClass.PROMISING: Bounds(3),
    RfvClass.AT_RISK: Bounds(1, 6),
    RfvClass.DORMANT: Bounds(2),
    RfvClass.LOST: Bounds(1),
}
"""Within which grades a class holds; of several the first does, and one always does."""

NAMES: Mapping[RfvClass, tuple[Text, Text]] = {
    RfvClass.CHAMPIONS: (
        Text("Champions", "重要价值客户"),
        Text("Bought lately, often and for much.", "近期购买、购买频繁且金额高。"),
    ),
    RfvClass.LOYAL: (
        Text("Loyal customers", "忠诚客户"),
        Text("Buy often or for much, and not long ago.", "购买频繁或金额高，且距今不久。"),
    ),
    RfvClass.NEW: (
        Text("New customers", "新客户"),
        Text("Bought lately, and as seldom as anybody.", "近期购买，购买次数属最少之列。"),
    ),
    RfvClass.PROMISING: (
        Text("Promising customers", "潜力客户"),
        Text("Bought not long ago, not yet often or for much.", "不久前购买过，但尚不频繁、金额不高。"),
    ),
    RfvClass.AT_RISK: (
        Text("Customers at risk", "流失风险客户"),
        Text("Bought often or for much, but long ago.", "曾频繁购买或金额高，但已久未购买。"),
    ),
    RfvClass.DORMANT: (
        Text("Dormant customers", "沉睡客户"),
        Text("Bought some time ago, not often and not for much.", "一段时间前购买过，不频繁、金额不高。"),
    ),
    RfvClass.LOST: (
        Text("Lost customers", "已流失客户"),
        Text("Bought longest ago, not often and not for much.", "最久未购买，不频繁、金额不高。"),
    ),
}
"""What the classes are called, and what they say."""


@dataclass(frozen=True, slots=True)
class Grades:
    """How one customer stands among all who bought; the value is in the workspace's currency."""

    recency: int
    frequency: int
    value: int
    of: RfvClass
    last_on: date
    orders: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class ClassShare:
    """A class: how many customers, what they brought, and which part of all that is."""

    of: RfvClass
    customers: int
    customer_share: float | None
    revenue: Decimal
    revenue_share: float | None


def graded(uow: Uow) -> Subquery:
    """Everybody who bought, graded: customer_id, last_on, orders, net, recency, frequency, value.

    Who has purchases without an exchange rate has no grades: what they brought is not known.
    """
    missing = case((col(Order.net).is_(None), 1), else_=0)
    each = (
        select(
            col(Order.customer_id).label("customer_id"),
            func.max(col(Order.day)).label("last_on"),
            func.count().label("orders"),
            func.sum(col(Order.net)).label("net"),
        )
        .where(*purchases(uow))
        .group_by(col(Order.customer_id))
        .having(func.sum(missing) == 0)
        .subquery()
    )
    grades = {"recency": each.c.last_on, "frequency": each.c.orders, "value": each.c.net}
    place = {name: func.rank().over(order_by=column) for name, column in grades.items()}
    of = func.count().over()
    fifths = [(1 + (rank - 1) * GRADES // of).label(name) for name, rank in place.items()]
    return select(*each.c, *fifths).subquery()


def purchases(uow: Uow) -> list[ColumnElement[bool]]:
    """What holds of a purchase of a known customer."""
    return [col(Order.tenant_id) == uow.tenant_id, orders.counted, customer_orders.where]


def takings(uow: Uow) -> list[ColumnElement[bool]]:
    """What holds of an order that brought a known customer's revenue, refunded or not."""
    return [col(Order.tenant_id) == uow.tenant_id, orders.counted, customer_revenue.where]


def class_of(grades: Any) -> ColumnElement[str]:  # noqa: ANN401 - the columns of `graded`
    """The class of a row of `graded`."""
    return case(
        *(
            (
                and_(
                    grades.recency >= least.recency,
                    grades.frequency + grades.value >= least.together,
                    grades.frequency <= least.frequency,
                ),
                literal(name.value),
            )
            for name, least in CLASSES.items()
        )
    )


@reads(Scope.ORDER_READ)
def grades(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Grades]:
    """How each of the customers `ids` stands, of those who bought. Raises Limited where there are too many orders."""
    bound(uow, orders, [Span(date.min, FOREVER)])
    each = graded(uow)
    statement = select(each, class_of(each.c).label("class")).where(uow.db.is_any(each.c.customer_id, list(ids)))
    currency = uow.workspace.currency
    return {
        customer: Grades(recency, frequency, value, RfvClass(of), last_on, int(many), major(int(net), currency))
        for customer, last_on, many, net, recency, frequency, value, of in uow.session.execute(statement)
    }


@reads(Scope.ORDER_READ)
def classes(uow: Uow) -> tuple[list[ClassShare], str]:
    """Every class in order, with its customers and what they brought, and in which currency.

    Raises Limited where there are too many orders.
    """
    bound(uow, orders, [Span(date.min, FOREVER)])
    each = graded(uow)
    of = class_of(each.c).label("of")
    inner = select(of, each.c.net).subquery()
    statement = select(inner.c.of, func.count(), func.sum(inner.c.net)).group_by(inner.c.of)
    found = {name: (int(many), int(net)) for name, many, net in uow.session.execute(statement)}
    people, whole = (sum(row[place] for row in found.values()) for place in range(2))
    shown = []
    for one in RfvClass:
        many, net = found.get(one.value, (0, 0))
        shares = [float(Fraction(part, all_)) if all_ else None for part, all_ in ((many, people), (net, whole))]
        shown.append(ClassShare(one, many, shares[0], major(net, uow.workspace.currency), shares[1]))
    return shown, uow.workspace.currency
