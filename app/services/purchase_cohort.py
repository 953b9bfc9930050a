"""In which month the customer of an order or refund first bought: kept on both, so that cohorts can be added up."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import col

from app.models.base import Fact, month_of
from app.models.buyer import Buyer
from app.models.order import Order, OrderStatus
from app.models.refund import Refund
from app.services import fact
from app.services.restating import restated
from app.uow import Uow

_COUNTED: tuple[tuple[type[Order] | type[Refund], ColumnElement[bool]], ...] = (
    (Order, col(Order.is_test).is_(False)),
    (Refund, col(Refund.is_counted).is_(True)),
)
"""What has a cohort, and which of it can count."""


def expected(uow: Uow, rows: Sequence[Mapping[str, Any]]) -> dict[Any, str]:
    """In which month each customer of the orders `rows` will first have bought, once these are written.

    As far as can be told before: `follow` mends the rest, at the price of counting an order twice.
    """
    bought = [row for row in rows if row["customer_id"] is not None and row["status"] is OrderStatus.COMPLETED]
    known = sorted({row["customer_id"] for row in rows if isinstance(row["customer_id"], UUID)})
    firsts: dict[Any, date] = {}
    if known:
        statement = select(col(Buyer.customer_id), col(Buyer.day)).where(uow.db.is_any(Buyer.customer_id, known))
        firsts |= dict(uow.session.execute(statement).all())
    for row in bought:
        firsts[row["customer_id"]] = min(row["day"], firsts.get(row["customer_id"], row["day"]))
    return {customer: month_of(day) for customer, day in firsts.items()}


def follow(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the orders and refunds of customers up to date with when these first bought."""
    for model, counted in _COUNTED:
        _follow(uow, model, counted, customer_ids)


def _follow(uow: Uow, model: type[Fact], counted: ColumnElement[bool], customer_ids: AbstractSet[UUID]) -> None:
    mine: Any = model
    now = func.coalesce(col(Buyer.cohort), "")
    statement = (
        select(mine.id, mine.customer_id, col(Buyer.cohort))
        .join(Buyer, and_(col(Buyer.customer_id) == mine.customer_id), isouter=True)
        .where(
            uow.db.is_any(mine.customer_id, sorted(customer_ids)),
            mine.deleted_at.is_(None),
            counted,
            func.coalesce(mine.cohort, "") != now,
        )
    )
    moved = uow.session.execute(statement).all()
    if not moved:
        return
    ids = [id_ for id_, _, _ in moved]
    with restated(uow, model, ids, ids, {customer for _, customer, _ in moved}):
        fact.write_each(uow, model, [{"id": id_, "cohort": now, "known_on": uow.today} for id_, _, now in moved])
