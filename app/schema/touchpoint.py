"""Touchpoints in the schema."""

from app.schema.customer import CUSTOMER
from app.schema.describe import absent, plain, type_
from app.schema.event import CustomerEvent
from app.schema.inputs import ChannelRefInput, CustomerRefInput, record_input
from app.schema.node import Node
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.writing import Deletes, records
from app.services import touchpoint


@record_input
class TouchpointRecordInput:
    """One contact with a channel. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    customer: CustomerRefInput = plain("Who met the company.")
    channel: ChannelRefInput = plain("Where.")
    campaign: str | None = absent("The campaign that it belongs to.")
    product: str | None = absent("The product that it was about.")
    occurred_at: Moment = plain("When; a bare date is the start of that day in the workspace's time zone.")


@type_
class Touchpoint(CustomerEvent, Node):
    """A contact of a customer with a channel; those before the customer was won share the credit for it."""

    product: str | None = plain("The product that it was about.")

    customer = refers(CUSTOMER, "customer_id", "Who met the company.")


TOUCHPOINT = Noun(
    Touchpoint,
    touchpoint.LIST,
    one="touchpoint",
    many="touchpoints",
    words=("a touchpoint", "touchpoints"),
    filters=(
        "source",
        "external_id",
        "product",
        "campaign",
        "occurred_at",
        "day",
        "recorded_at",
        "customer",
        "channel",
    ),
    orders=("-occurred_at", "recorded_at"),
    writes=(
        records(touchpoint.record_batch, TouchpointRecordInput, stubs="customers and channels"),
        Deletes(touchpoint.delete_batch),
    ),
)
