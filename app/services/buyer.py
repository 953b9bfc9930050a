"""Buyers: derived from the purchases of customers, whenever these change."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import col, delete, insert
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.kpis.order import purchasers
from app.models.base import TRAITS, month_of
from app.models.buyer import Buyer
from app.models.order import Order
from app.services import attribution, fact, purchase_cohort, tenure
from app.services.restating import restated
from app.uow import Uow, reads

_NAMES = ("day", "cohort", "second_on", "is_repeat", "orders", "value", "unpriced", *TRAITS)


def restate(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the buyers among these customers, and when they were customers, up to date with their orders."""
    if not customer_ids:
        return
    wanted = _purchases(uow, customer_ids)
    statement = select(Buyer).where(uow.db.is_any(Buyer.customer_id, sorted(customer_ids)))
    present = {row.customer_id: row for row in uow.session.scalars(statement.execution_options(populate_existing=True))}
    new, changed, recounted = [], [], []
    for customer_id, columns in wanted.items():
        row = present.get(customer_id)
        if row is None:
            new.append({**columns, "id": uuid7(), "tenant_id": uow.tenant_id, "customer_id": customer_id})
        elif any(getattr(row, name) != columns[name] for name in _NAMES):
            is_recounted = _counts(row.model_dump()) != _counts(columns)
            recounted += [row] if is_recounted else []
            changed.append({**columns, "id": row.id, "known_on": uow.today if is_recounted else row.known_on})
    gone = [row for customer_id, row in present.items() if customer_id not in wanted]
    old, kept = [row.id for row in (*recounted, *gone)], [row.id for row in recounted]
    moved = {row.customer_id for row in (*recounted, *gone)} | {row["customer_id"] for row in new}
    with restated(uow, Buyer, old, kept + [row["id"] for row in new], set()):
        if new:
            uow.session.execute(insert(Buyer), new)
        fact.write_each(uow, Buyer, changed)
        if gone:
            uow.session.execute(delete(Buyer).where(uow.db.is_any(Buyer.id, [row.id for row in gone])))
    purchase_cohort.follow(uow, customer_ids)
    attribution.restate(uow, moved)
    tenure.restate(uow, customer_ids)


@reads(Scope.ORDER_READ)
def of_customers(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, tuple[Buyer, str]]:
    """What those of the customers `ids` who ever bought have come to, and the currency in which that is told."""
    statement = select(Buyer).where(uow.db.is_any(Buyer.customer_id, list(ids)))
    return {row.customer_id: (row, uow.workspace.currency) for row in uow.session.scalars(statement)}


def refresh(uow: Uow, chosen: ColumnElement[bool]) -> None:
    """Hold the second purchases of `chosen` buyers against the workspace's window; the rollups are left alone."""
    rows = uow.session.execute(
        select(col(Buyer.id), col(Buyer.day), col(Buyer.second_on), col(Buyer.is_repeat)).where(chosen)
    )
    window = uow.workspace.repeat_window_days
    now = {id_: (_is_repeat(day, second, window), before) for id_, day, second, before in rows}
    fact.write_each(uow, Buyer, [{"id": id_, "is_repeat": is_} for id_, (is_, before) in now.items() if is_ != before])


def _is_repeat(first: date, second: date | None, window: int) -> bool:
    return second is not None and (second - first).days <= window


def _counts(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the rollup reads of a buyer."""
    return tuple(row[name] for name in ("day", "is_repeat", *TRAITS))


def _purchases(uow: Uow, customer_ids: AbstractSet[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the purchases of each of these customers come to."""
    mine = (uow.db.is_any(Order.customer_id, sorted(customer_ids)), purchasers.counted)
    customer, net = col(Order.customer_id), col(Order.net)
    sums: Any = select(customer, func.count(), func.sum(net), func.sum(case((net.is_(None), 1), else_=0)))
    found: dict[UUID, dict[str, Any]] = {
        customer_id: {"orders": orders, "value": int(value or 0), "unpriced": unpriced, "known_on": uow.today}
        for customer_id, orders, value, unpriced in uow.session.execute(sums.where(*mine).group_by(customer))
    }
    place = func.row_number().over(
        partition_by=customer, order_by=(col(Order.day), col(Order.occurred_at), col(Order.id))
    )
    traits = [getattr(Order, name) for name in TRAITS]
    ranked = select(customer.label("customer"), col(Order.day), *traits, place.label("place")).where(*mine).subquery()
    firsts = select(ranked).where(ranked.c.place <= 2).order_by(ranked.c.place)  # noqa: PLR2004 - the first and second
    for row in uow.session.execute(firsts):
        columns = found[row.customer]
        if row.place == 1:
            columns |= {"day": row.day, "cohort": month_of(row.day), "second_on": None}
            columns |= {name: getattr(row, name) for name in TRAITS}
        else:
            columns["second_on"] = row.day
    for columns in found.values():
        columns["is_repeat"] = _is_repeat(columns["day"], columns["second_on"], uow.workspace.repeat_window_days)
    return found
