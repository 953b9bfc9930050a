"""Buyers: derived from the purchases of customers, whenever these change."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.kpis.order import purchasers
from app.models.base import TRAITS
from app.models.buyer import Buyer
from app.models.order import Order
from app.services import attribution, fact
from app.services.restating import restated
from app.uow import Uow

_NAMES = ("day", "second_on", "is_repeat", "orders", "value", "unpriced", *TRAITS)


def restate(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the buyers among these customers up to date with their orders."""
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
    attribution.restate(uow, moved)


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
    traits = [getattr(Order, name) for name in TRAITS]
    statement = (
        select(Order.customer_id, Order.day, Order.net, *traits)  # type: ignore[call-overload]  # any number of columns
        .where(uow.db.is_any(Order.customer_id, sorted(customer_ids)), purchasers.counted)
        .order_by(col(Order.customer_id), col(Order.day), col(Order.occurred_at), col(Order.id))
    )
    window = uow.workspace.repeat_window_days
    found: dict[UUID, dict[str, Any]] = {}
    for customer_id, purchases in groupby(uow.session.execute(statement), lambda row: row[0]):
        rows = list(purchases)
        first, second = rows[0].day, rows[1].day if len(rows) > 1 else None
        found[customer_id] = {
            "day": first,
            "second_on": second,
            "is_repeat": _is_repeat(first, second, window),
            "orders": len(rows),
            "value": sum(row.net or 0 for row in rows),
            "unpriced": sum(row.net is None for row in rows),
            "known_on": uow.today,
            **{name: getattr(rows[0], name) for name in TRAITS},
        }
    return found
