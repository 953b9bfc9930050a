"""Recording refunds and returns: of which order, and whether there is that much of it left to give back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.channel import Channel
from app.models.keyed import Keyed
from app.models.order import Order, OrderStatus
from app.models.refund import Refund
from app.services import fact, ref, refunding, tombstone
from app.services.exchange import Rates
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, Stubs, fill, happened
from app.services.listing import Listing
from app.services.money import Currency, in_minor, major
from app.services.row import Batch, Options, Ref, Result, Word
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(Refund, Scope.ORDER_READ, present=col(Refund.deleted_at).is_(None))


class RefundRow(RecordRow):
    """One refund as it comes in."""

    order: Ref
    amount: Decimal
    currency: Currency | None = None
    reason: Word | None = None
    customer: Ref | None = None
    channel: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    occurred_at: datetime | date


class Refunds(Kind):
    """What is particular to refunds."""

    noun = "Refund"
    model = Refund
    row = RefundRow
    plain = ("reason", "product", "campaign", "currency", "amount")
    references: Mapping[str, type[Keyed]] = {"channel": Channel}
    derived = frozenset({*refunding.SOLD, "is_counted", "value"})
    keys = ("customer_id", "order_id")
    blank: Mapping[str, Any] = {"reason": None}

    def parts(self, uow: Uow, row: RefundRow) -> Iterable[Part]:
        """The day."""
        yield partial(happened, uow, row.occurred_at)

    def found(self, uow: Uow, rows: Sequence[Any]) -> dict[str, ref.Found]:
        """The orders too."""
        return super().found(uow, rows) | {"order": ref.facts(uow, Order, {row.order for row in rows})}

    def values(self, uow: Uow, batch: Batch, options: Options) -> dict[int, dict[str, Any]]:
        """The amounts, in the currency of the order."""
        values = super().values(uow, batch, options)
        known = [columns["order_id"] for columns in values.values() if isinstance(columns["order_id"], UUID)]
        statement = select(Order).where(uow.db.is_any(Order.id, known))
        orders = {order.id: order for order in uow.session.scalars(statement)}
        said: dict[Any, str] = {}  # of orders that are not known yet, by the rows that named them first
        for index, columns in list(values.items()):
            wanted = columns["order_id"]
            columns["currency"] = columns["currency"] or said.get(wanted)
            try:
                values[index] = columns | self._of(columns, orders.get(wanted))
                said.setdefault(wanted, values[index]["currency"])
            except Invalid as error:
                batch.reject(index, *error.problems)
                del values[index]
        return values

    @staticmethod
    def _of(columns: Mapping[str, Any], order: Order | None) -> dict[str, Any]:
        """What follows from the order. Raises Invalid where the refund contradicts it."""
        currency = columns["currency"] or (order.currency if order else None)
        if currency is None:
            msg = Text("currency is needed while the order is not known.", "订单未知时必须提供 currency。")
            raise Invalid(msg, "currency", code=Code.REQUIRED)
        if order is not None and currency != order.currency:
            raise Invalid([_other_currency(order.currency, currency)])
        given = columns["customer_id"]
        if order is not None and given is not None and given != order.customer_id and not order.is_stub:
            msg = Text("The order is another customer's.", "此订单属于另一位客户。")
            raise Invalid(msg, "customer", code=Code.CONFLICT)
        amount = in_minor(columns["amount"], currency, "amount")
        own = {"currency": currency, "amount": amount}
        return own if order is None or order.is_stub else own | {"customer_id": order.customer_id}

    def make_stubs(self, uow: Uow, rows: Sequence[dict[str, Any]], made: Stubs) -> None:
        """Orders that were named and are not known yet too."""
        super().make_stubs(uow, rows, made)
        orders = made["order_id"]
        for columns in rows:
            wanted = columns["order_id"]
            if isinstance(wanted, ref.Missing) and wanted.ref not in orders:
                orders[wanted.ref] = ref.fact_stub(
                    uow, Order, wanted.ref, columns, status=OrderStatus.PENDING, currency=columns["currency"], amount=0
                )
        fill(rows, made)

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """What the refunds are worth. Refuses what would give back more than the order came to."""
        orders = _Left(uow, {row["order_id"] for row in rows if isinstance(row["order_id"], UUID)})
        rates = Rates(uow, {row["currency"] for row in rows}, {row["day"] for row in rows})

        def derive(columns: Mapping[str, Any], present: Refund | None) -> dict[str, Any]:
            order = orders.take(columns, present)
            worth = {"value": rates.convert(columns["amount"], columns["currency"], columns["day"])}
            known = order is not None and not order.is_stub
            return worth | refunding.of_order(order) | ({} if known else {"customer_id": columns["customer_id"]})

        return derive

    def frozen(
        self,
        present: Any,  # noqa: ANN401 - the stored row
        columns: Mapping[str, Any],
        traits: Mapping[UUID, Any],
    ) -> dict[str, Any]:
        """Nothing: a refund has the traits of its order."""
        del present, columns, traits
        return {}

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """Orders know what was given back of them."""
        del ids
        refunding.restate(uow, concerned["order_id"])


REFUNDS = Refunds()


class _Left:
    """How much of some orders is left to give back, while refunds of one batch take from it."""

    def __init__(self, uow: Uow, order_ids: set[UUID]) -> None:
        statement = select(Order).where(uow.db.is_any(Order.id, sorted(order_ids)))
        self.orders = {order.id: order for order in uow.session.scalars(statement)}
        self.currencies: dict[Any, str] = {}
        self.left = {id_: order.amount - order.refunded for id_, order in self.orders.items()}

    def take(self, columns: Mapping[str, Any], present: Refund | None) -> Order | None:
        """The refund's order, less what it takes; None while it is not known.

        Raises Invalid when there is not so much, or when refunds of an unknown order are in several currencies.
        """
        wanted, own = columns["order_id"], columns["amount"]
        order = self.orders.get(wanted)
        currency = order.currency if order else self.currencies.setdefault(wanted, columns["currency"])
        if columns["currency"] != currency:
            raise Invalid([_other_currency(currency, columns["currency"])])
        if order is None:
            return None
        left = self.left[order.id]
        if present is not None and present.deleted_at is None and present.order_id == order.id:
            left += present.amount
        if own > left and not order.is_stub:
            msg = Text(
                f"The order came to {major(order.amount, currency)} {currency}, of which {major(left, currency)} is "
                f"left to refund; {major(own, currency)} is more.",
                f"订单金额为 {major(order.amount, currency)} {currency}，剩余可退 {major(left, currency)}；"
                f"{major(own, currency)} 超出了该数额。",
            )
            raise Invalid([Problem(Code.OUT_OF_RANGE, msg, ("amount",))])
        self.left[order.id] = left - own
        return order


def _other_currency(own: str, given: str) -> Problem:
    msg = Text(
        f"The order is in {own}; its refunds must be too, not in {given}.",
        f"订单货币为 {own}；其退款也必须使用该货币，而不是 {given}。",
    )
    return Problem(Code.CONFLICT, msg, ("currency",))


@joins
@writes(Scope.ORDER_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 refunds; what became of each, in order."""
    return fact.ingest(uow, REFUNDS, rows, options)


@writes(Scope.ORDER_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 refunds by their external ids; what became of each, in order."""
    return tombstone.delete(uow, REFUNDS, rows, options)
