"""Recording orders: whether they add up, what they are worth to the workspace, and what follows from them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.channel import Channel
from app.models.keyed import Keyed
from app.models.order import Order, OrderStatus
from app.models.staff import Staff
from app.services import buyer, fact, purchase_cohort, refunding, tombstone
from app.services.exchange import Rates
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, happened
from app.services.listing import Listing
from app.services.money import Currency, in_minor, major
from app.services.order_line import OrderLineRow, added_up
from app.services.pricing import worth
from app.services.row import Options, Ref, Result, Word
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(Order, Scope.ORDER_READ, present=col(Order.deleted_at).is_(None))


class OrderRow(RecordRow):
    """One order as it comes in."""

    amount: Decimal
    cost: Decimal | None = None
    currency: Currency
    status: OrderStatus = OrderStatus.COMPLETED
    customer: Ref | None = None
    channel: Ref | None = None
    staff: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    lines: Annotated[list[OrderLineRow], Field(max_length=500)] | None = None
    occurred_at: datetime | date


class Orders(Kind):
    """What is particular to orders."""

    noun = "Order"
    model = Order
    row = OrderRow
    plain = ("status", "currency", "campaign")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "staff": Staff}
    derived = frozenset({"refunded", "refunded_on", "gross", "net", "outlay", "cohort"})
    blank: Mapping[str, Any] = {"lines": []}

    def parts(self, uow: Uow, row: OrderRow) -> Iterable[Part]:
        """The amounts, the lines, the day."""
        yield lambda: {"amount": in_minor(row.amount, row.currency, "amount")}
        yield partial(added_up, row.lines or [], row)
        yield partial(happened, uow, row.occurred_at)
        yield lambda: {"is_stub": False}

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """What the orders are worth, and when their customers first bought. Refuses one that its refunds exceed."""
        rates = Rates(uow, {row["currency"] for row in rows}, {row["day"] for row in rows})
        cohorts = purchase_cohort.expected(uow, rows)

        def derive(columns: Mapping[str, Any], present: Order | None) -> dict[str, Any]:
            _check_refunds(columns, present)
            refunds: dict[str, Any] = {"refunded": 0, "refunded_on": None}
            if present is not None:
                refunds = {name: getattr(present, name) for name in refunds}
            refunds["cohort"] = cohorts.get(columns["customer_id"])
            return refunds | worth(rates, {**columns, **refunds})

        return derive

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """Refunds follow their orders; buyers follow their purchases."""
        refunding.follow(uow, ids)
        buyer.restate(uow, concerned["customer_id"])


ORDERS = Orders()


def _check_refunds(columns: Mapping[str, Any], present: Order | None) -> None:
    if present is None or present.refunded_on is None:
        return
    if columns["currency"] != present.currency:
        msg = Text(
            f"The order has refunds in {present.currency}, so its currency cannot be {columns['currency']}.",
            f"此订单有 {present.currency} 的退款，因此其货币不能是 {columns['currency']}。",
        )
        raise Invalid([Problem(Code.CONFLICT, msg, ("currency",))])
    if columns["amount"] < present.refunded:
        sum_ = major(present.refunded, present.currency)
        msg = Text(
            f"{sum_} {present.currency} of the order have been refunded; its amount cannot be less.",
            f"此订单已退款 {sum_} {present.currency}；其金额不能更少。",
        )
        raise Invalid([Problem(Code.OUT_OF_RANGE, msg, ("amount",))])


@joins
@writes(Scope.ORDER_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 orders; what became of each, in order."""
    return fact.ingest(uow, ORDERS, rows, options)


@writes(Scope.ORDER_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 orders by their external ids; what became of each, in order."""
    return tombstone.delete(uow, ORDERS, rows, options)
