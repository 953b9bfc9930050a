"""What refunds and orders owe each other: an order knows what was given back of it, a refund how its order stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.models.base import TRAITS
from app.models.order import Order, OrderStatus
from app.models.refund import Refund
from app.services import buyer, fact
from app.services.exchange import Rates
from app.services.restating import restated
from app.uow import Uow

SOLD = {
    "sold_channel_id": "channel_id",
    "sold_product": "product",
    "sold_campaign": "campaign",
    "staff_id": "staff_id",
    "team_id": "team_id",
    "cohort": "cohort",
}
"""What a refund is cut by, and the columns of its order that say so."""


def of_order(order: Order | None) -> dict[str, Any]:
    """What a refund has from its order; of one that is not known yet nothing."""
    given = {name: getattr(order, column, None) for name, column in SOLD.items()}
    given |= {name: getattr(order, name, None) for name in TRAITS}
    return given | {
        "customer_id": getattr(order, "customer_id", None),
        "is_test": bool(order and order.is_test),
        "is_counted": bool(
            order and order.status is OrderStatus.COMPLETED and order.deleted_at is None and not order.is_stub
        ),
    }


def follow(uow: Uow, order_ids: Sequence[UUID]) -> None:
    """Bring the refunds of orders up to date with how these stand now."""
    refunds = _refunds(uow, order_ids)
    if not refunds:
        return
    orders = _orders(uow, order_ids)
    changed = []
    for refund in refunds:
        columns = of_order(orders[refund.order_id])
        if any(getattr(refund, name) != value for name, value in columns.items()):
            changed.append({"id": refund.id, "known_on": uow.today, **columns})
    ids = [row["id"] for row in changed]
    with restated(uow, Refund, ids, ids, set()):
        fact.write_each(uow, Refund, changed)


def restate(uow: Uow, order_ids: Iterable[UUID]) -> None:
    """Bring orders up to date with what has been refunded of them, and their buyers with it."""
    orders = _orders(uow, sorted(order_ids))
    given: dict[UUID, list[Refund]] = defaultdict(list)
    for refund in _refunds(uow, list(orders)):
        given[refund.order_id].append(refund)
    rates = Rates(uow, {one.currency for one in orders.values()}, {one.day for one in orders.values()})
    changed = []
    for id_, order in orders.items():
        now = _refunded(given[id_])
        if (order.refunded, order.refunded_on) != (now["refunded"], now["refunded_on"]):
            net = rates.convert(order.amount - now["refunded"], order.currency, order.day)
            changed.append({"id": id_, "known_on": uow.today, **now, "net": net})
    if not changed:
        return
    ids = [row["id"] for row in changed]
    people = {customer for id_ in ids if (customer := orders[id_].customer_id)}
    with restated(uow, Order, ids, ids, people):
        fact.write_each(uow, Order, changed)
    buyer.restate(uow, people)


def _refunded(refunds: Sequence[Refund]) -> dict[str, Any]:
    days: list[date] = [refund.day for refund in refunds]
    return {"refunded": sum(refund.amount for refund in refunds), "refunded_on": min(days, default=None)}


def _refunds(uow: Uow, order_ids: Sequence[UUID]) -> list[Refund]:
    """The refunds of orders that are not deleted, as they are stored now."""
    statement = select(Refund).where(uow.db.is_any(Refund.order_id, list(order_ids)), col(Refund.deleted_at).is_(None))
    return list(uow.session.scalars(statement.execution_options(populate_existing=True)))


def _orders(uow: Uow, order_ids: Sequence[UUID]) -> Mapping[UUID, Order]:
    """Orders, deleted ones too, as they are stored now."""
    statement = select(Order).where(uow.db.is_any(Order.id, list(order_ids)))
    found = uow.session.scalars(statement.execution_options(populate_existing=True))
    return {order.id: order for order in found}
