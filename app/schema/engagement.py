"""Events of use in the schema."""

from app.schema.customer import CUSTOMER
from app.schema.describe import absent, plain, type_
from app.schema.event import CustomerEvent
from app.schema.inputs import ChannelRefInput, CustomerRefInput, record_input
from app.schema.node import Node
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.writing import Deletes, records
from app.services import engagement


@record_input
class EngagementRecordInput:
    """One event of use. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    customer: CustomerRefInput = plain("Who used the product.")
    type: str = plain("What they did, such as login or view; the workspace says which types count as engagement.")
    channel: ChannelRefInput | None = absent("Where.")
    product: str | None = absent("The product, or the part of it.")
    campaign: str | None = absent("The campaign that it belongs to.")
    occurred_at: Moment = plain("When; a bare date is the start of that day in the workspace's time zone.")


@type_
class Engagement(CustomerEvent, Node):
    """Something that a customer did with the product, beyond buying it."""

    type: str = plain("What they did.")
    is_qualifying: bool = plain("Whether it counts as engagement, by the types that the workspace names.")
    product: str | None = plain("The product, or the part of it.")

    customer = refers(CUSTOMER, "customer_id", "Who used the product.")


ENGAGEMENT = Noun(
    Engagement,
    engagement.LIST,
    one="engagement",
    many="engagements",
    words=("an event of use", "events of use"),
    filters=(
        "type",
        "is_qualifying",
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
        records(engagement.record_batch, EngagementRecordInput, stubs="customers and channels"),
        Deletes(engagement.delete_batch),
    ),
)
