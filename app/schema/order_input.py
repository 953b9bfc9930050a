"""How orders come in."""

from decimal import Decimal

import strawberry

from app.models.order import OrderStatus
from app.schema.describe import absent, enum, input_, one_of, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, ExternalRefInput, StaffRefInput, record_input
from app.schema.scalars import CurrencyCode, Moment

enum(
    OrderStatus,
    {
        "PENDING": "Placed and not yet paid or confirmed; counts nowhere.",
        "COMPLETED": "A sale.",
        "CANCELLED": "Called off; counts nowhere.",
    },
)


@one_of
class OrderRefInput:
    """An order, named in one of three ways."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By the id in the caller's own source.")
    external: ExternalRefInput | None = absent("By the id in a named source.")


@input_
class OrderLineInput:
    """One line of an order, in the order's currency. quantity × unitPrice − discount must be the amount."""

    product: str | None = absent("What was bought.")
    quantity: Decimal = plain("How many.", default=Decimal(1))
    unit_price: Decimal | None = absent("What one of it costs; may be finer than the currency.")
    discount: Decimal | None = absent("What is taken off the line; 0 when absent.")
    amount: Decimal = plain("What the line comes to.")
    cost: Decimal | None = absent("What it cost the company.")


@record_input
class OrderRecordInput:
    """One order. It replaces the whole of what was recorded under its id before, but for its refunds."""

    external_id: str = plain("Its id in the caller's source.")
    amount: Decimal = plain("What it came to, before refunds.")
    cost: Decimal | None = absent("What it cost the company; by default the sum of the lines' costs, if all have one.")
    currency: CurrencyCode = plain("The currency of all its amounts.")
    status: OrderStatus = plain("How far it has come.", default=OrderStatus.COMPLETED)
    customer: CustomerRefInput | None = absent("Who bought; absent for an anonymous one.")
    channel: ChannelRefInput | None = absent("Where it was bought.")
    staff: StaffRefInput | None = absent("Who sold it.")
    product: str | None = absent("The product that it is counted under; by default that of its lines, if they agree.")
    campaign: str | None = absent("The campaign that it belongs to.")
    lines: list[OrderLineInput] | None = absent("What was bought, adding up to the amount; at most 500.")
    occurred_at: Moment = plain(
        "When it was bought; a bare date is the start of that day in the workspace's time zone."
    )
