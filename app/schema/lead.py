"""Leads in the schema."""

from app.models.lead import LeadType
from app.schema.customer import CUSTOMER
from app.schema.describe import plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.lead_input import LeadRecordInput
from app.schema.node import Node
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.staff import STAFF
from app.schema.writing import Deletes, records
from app.services import lead


@type_
class Lead(CustomerEvent, Traits, Node):
    """Somebody who may become a customer, and how far they have come; it happened at the first contact."""

    type: LeadType = plain("What a deal would be.")
    qualified_at: Moment | None = plain("When it was found worth working on.")
    won_at: Moment | None = plain("When it was won.")
    lost_at: Moment | None = plain("When it was lost.")
    lost_reason: str | None = plain("Why it was lost.")
    is_qualified_in_time: bool = plain("Whether it was qualified within the workspace's conversion window.")
    is_won_in_time: bool = plain("Whether it was won within the workspace's conversion window.")
    cycle_seconds: float | None = plain("How long it took from the first contact; null unless it was won after that.")
    product: str | None = plain("The product that it is about.")
    journey_stage: str | None = plain("The stage of the customer's journey at which it stands.")

    customer = refers(CUSTOMER, "customer_id", "Who may buy.")
    staff = refers(STAFF, "staff_id", "Who works on it.")


LEAD = Noun(
    Lead,
    lead.LIST,
    one="lead",
    many="leads",
    words=("a lead", "leads"),
    filters=(
        "type",
        "lost_reason",
        "qualified_at",
        "won_at",
        "lost_at",
        "source",
        "external_id",
        "product",
        "campaign",
        "journey_stage",
        "segment",
        "region",
        "occurred_at",
        "day",
        "recorded_at",
        "customer",
        "channel",
        "acquisition_channel",
        "staff",
    ),
    orders=("-occurred_at", "recorded_at", "won_at"),
    writes=(
        records(lead.record_batch, LeadRecordInput, stubs="customers, channels and staff"),
        Deletes(lead.delete_batch),
    ),
)
