"""Orders in the schema."""

from decimal import Decimal
from typing import Any, Self

import strawberry

from app import ids
from app.models.order import Order as Row
from app.models.order import OrderStatus
from app.schema.customer import CUSTOMER
from app.schema.describe import field, plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.order_input import OrderRecordInput, OrderRefInput
from app.schema.scalars import CurrencyCode
from app.schema.staff import STAFF
from app.schema.team import TEAM
from app.schema.weight import FEW, sized
from app.schema.writing import Deletes, records
from app.services import order
from app.services.money import major


def money(amount: int | None, currency: str) -> Decimal | None:
    """Minor units as the schema shows them."""
    return None if amount is None else major(amount, currency)


@type_
class OrderLine:
    """One line of an order, in the order's currency."""

    id: strawberry.ID = plain("Names the line, for clients' caches.")
    product: str | None = plain("What was bought.")
    quantity: Decimal = plain("How many.")
    unit_price: Decimal | None = plain("What one of it costs.")
    discount: Decimal | None = plain("What was taken off the line.")
    amount: Decimal = plain("What the line comes to.")
    cost: Decimal | None = plain("What it cost the company.")


@type_
class Order(CustomerEvent, Traits, Node):
    """What a customer bought. Its amounts are in its own currency; KPIs convert them at the rate of its day."""

    status: OrderStatus = plain("How far it has come.")
    currency: CurrencyCode = plain("The currency of all its amounts.")
    amount: Decimal = plain("What it came to, before refunds.")
    refunded: Decimal = plain("What was refunded of it so far.")
    net_amount: Decimal = plain("What it came to, less refunds.")
    cost: Decimal | None = plain("What it cost the company.")
    margin: Decimal | None = plain("The net amount less the cost; null without a cost.")
    product: str | None = plain("The product that it is counted under.")
    is_stub: bool = plain("Whether it was only named by a refund so far.")

    @field
    @sized(FEW)
    async def lines(self) -> list[OrderLine]:
        """What was bought."""
        return [_line(self.row, place, line) for place, line in enumerate(self.row.lines)]

    customer = refers(CUSTOMER, "customer_id", "Who bought.")
    staff = refers(STAFF, "staff_id", "Who sold it.")
    team = refers(TEAM, "team_id", "The team that who sold it belonged to on the day.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        net = row.amount - row.refunded
        return node_of(
            cls,
            row,
            amount=major(row.amount, row.currency),
            refunded=major(row.refunded, row.currency),
            net_amount=major(net, row.currency),
            cost=money(row.cost, row.currency),
            margin=money(None if row.cost is None else net - row.cost, row.currency),
        )


def _line(row: Row, place: int, line: dict[str, Any]) -> OrderLine:
    price = line["unit_price"]
    return OrderLine(
        id=strawberry.ID(ids.encode("OrderLine", row.id, place, row.version)),
        product=line["product"],
        quantity=Decimal(line["quantity"]),
        unit_price=None if price is None else Decimal(price),
        discount=money(line["discount"], row.currency),
        amount=major(line["amount"], row.currency),
        cost=money(line["cost"], row.currency),
    )


ORDER = Noun(
    Order,
    order.LIST,
    one="order",
    many="orders",
    words=("an order", "orders"),
    by=OrderRefInput,
    filters=(
        "status",
        "currency",
        "source",
        "external_id",
        "product",
        "campaign",
        "segment",
        "region",
        "is_stub",
        "occurred_at",
        "day",
        "recorded_at",
        "customer",
        "channel",
        "acquisition_channel",
        "staff",
        "team",
    ),
    orders=("-occurred_at", "recorded_at"),
    writes=(
        records(order.record_batch, OrderRecordInput, stubs="customers, channels and staff"),
        Deletes(order.delete_batch),
    ),
)
