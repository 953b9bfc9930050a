"""Refunds and returns in the schema."""

from decimal import Decimal
from typing import Self

from app.models.refund import Refund as Row
from app.schema.customer import CUSTOMER
from app.schema.describe import absent, plain, type_
from app.schema.event import CustomerEvent
from app.schema.inputs import ChannelRefInput, CustomerRefInput, record_input
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.order import ORDER
from app.schema.order_input import OrderRefInput
from app.schema.scalars import CurrencyCode, Moment
from app.schema.writing import Deletes, records
from app.services import refund
from app.services.money import major


@record_input
class RefundRecordInput:
    """One refund or return. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    order: OrderRefInput = plain("The order that it gives back of.")
    amount: Decimal = plain("What was given back; 0 for goods that came back without money.")
    currency: CurrencyCode | None = absent(
        "Its currency, which is the order's; needed until that is known, or said by an earlier row of the batch."
    )
    reason: str | None = absent("Why.")
    customer: CustomerRefInput | None = absent("Whose; by default, and always in the end, the order's customer.")
    channel: ChannelRefInput | None = absent("Where it was given back; KPIs count it where the order was bought.")
    product: str | None = absent("What came back; KPIs count it under the order's product.")
    campaign: str | None = absent("The campaign that it belongs to; KPIs count it under the order's.")
    occurred_at: Moment = plain("When; a bare date is the start of that day in the workspace's time zone.")


@type_
class Refund(CustomerEvent, Node):
    """What was given back of an order, in the order's currency."""

    currency: CurrencyCode = plain("Its currency.")
    amount: Decimal = plain("What was given back; 0 for goods that came back without money.")
    reason: str | None = plain("Why.")
    product: str | None = plain("What came back.")

    order = refers(ORDER, "order_id", "The order that it gives back of; null when that was deleted.")
    customer = refers(CUSTOMER, "customer_id", "Whose it is.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            amount=major(row.amount, row.currency),
        )


REFUND = Noun(
    Refund,
    refund.LIST,
    one="refund",
    many="refunds",
    words=("a refund", "refunds"),
    filters=(
        "currency",
        "reason",
        "source",
        "external_id",
        "product",
        "campaign",
        "occurred_at",
        "day",
        "recorded_at",
        "order",
        "customer",
        "channel",
    ),
    orders=("-occurred_at", "recorded_at"),
    writes=(
        records(refund.record_batch, RefundRecordInput, stubs="orders, customers and channels"),
        Deletes(refund.delete_batch),
    ),
)
