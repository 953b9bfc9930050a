"""What facts are worth in the workspace's currency: when they are written, and again when rates or it change."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import col, select

from app.actor import Scope
from app.models.base import Owned
from app.models.contract import Recurrence
from app.models.cost import Cost
from app.models.order import Order
from app.models.refund import Refund
from app.services import buyer, cost, fact, recurring
from app.services.exchange import Rates
from app.services.restating import restated
from app.uow import Uow, writes

AT_ONCE = 5_000
"""Facts that are priced anew together; what is beyond them waits for the worker."""

_DAYS: Mapping[type[Owned], Any] = {
    Order: Order.day,
    Refund: Refund.day,
    Cost: Cost.starts_on,
    Recurrence: Recurrence.priced_on,
}
"""What has a price, and its business day."""


def worth(rates: Rates, order: Mapping[str, Any]) -> dict[str, int | None]:
    """The derived amounts of an order, in minor units of the workspace's currency, each rounded once."""
    currency, day = order["currency"], order["day"]
    return {
        "gross": rates.convert(order["amount"], currency, day),
        "net": rates.convert(order["amount"] - order["refunded"], currency, day),
        "outlay": rates.convert(order["cost"], currency, day),
    }


def reprice(uow: Uow, changed: Collection[tuple[str, date]]) -> None:
    """Price anew what is in one of these currencies on one of these days, or lives on its rate."""
    days: dict[str, set[date]] = defaultdict(set)
    for currency, day in changed:
        days[currency] |= {day + timedelta(days=carried) for carried in range(uow.workspace.rate_carry_days + 1)}
    for currency, some in days.items():
        for model in _DAYS:
            _go_on(uow, model, currency, sorted(some), None)


@writes(Scope.WORKSPACE_ADMIN)
def resume(uow: Uow, noun: str, currency: str, days: Sequence[str], after: str) -> None:
    """Go on where there was too much to price at once."""
    model = next(model for model in _DAYS if model.__name__ == noun)
    uow.take_turn()
    _go_on(uow, model, currency, [date.fromisoformat(day) for day in days], UUID(after))


def _go_on(uow: Uow, model: type[Owned], currency: str, days: Sequence[date], after: UUID | None) -> None:
    chosen = (
        col(model.currency) == currency,  # type: ignore[attr-defined]  # what is priced has one
        uow.db.is_any(_DAYS[model], days),
        true() if after is None else col(model.id) > after,
    )
    statement = select(model.id).where(*chosen).order_by(col(model.id)).limit(AT_ONCE)
    ids = list(uow.session.scalars(statement))
    price(uow, model, uow.db.is_any(model.id, ids))
    if len(ids) == AT_ONCE:
        left = [str(day) for day in days]
        uow.enqueue("reprice", noun=model.__name__, currency=currency, days=left, after=ids[-1].hex)


def price(uow: Uow, model: type[Any], chosen: ColumnElement[bool], *, is_counted: bool = True) -> None:
    """Price the `chosen` rows of `model` by the rates of now; those whose worth changes are restated.

    Without `is_counted` the rollups are left alone: they are being filled with them anew.
    """
    if model not in _DAYS:
        return
    if model is Recurrence and is_counted:  # what is known of a ledger changes by what is added to it
        recurring.restate(uow, list(uow.session.scalars(select(Recurrence.contract_id).where(chosen).distinct())))
        return
    rows = uow.session.scalars(select(model).where(chosen).execution_options(populate_existing=True)).all()
    rates = Rates(uow, {row.currency for row in rows}, {getattr(row, _DAYS[model].key) for row in rows})
    changed = [{"id": row.id, **now} for row in rows if (now := _changes(rates, row))]
    if not changed:
        return
    ids = [row["id"] for row in changed]
    if is_counted and model is not Cost:
        with restated(uow, model, ids, ids, set()):
            fact.write_each(uow, model, changed)
    else:
        fact.write_each(uow, model, changed)
    if model is Cost:
        cost.accrue(uow, ids)
    if model is Order:
        touched = set(ids)
        buyer.restate(uow, {row.customer_id for row in rows if row.customer_id and row.id in touched})


def _changes(rates: Rates, row: Any) -> dict[str, int | None]:  # noqa: ANN401 - one of these models
    """The columns of worth that are not what they should be."""
    if isinstance(row, Order):
        now = worth(rates, row.model_dump())
    else:
        now = {"value": rates.convert(row.amount, row.currency, getattr(row, _DAYS[type(row)].key))}
    return now if any(getattr(row, name) != value for name, value in now.items()) else {}


def priced() -> Iterable[type[Owned]]:
    """The models that have a price."""
    return _DAYS
