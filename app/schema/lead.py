"""Leads in the schema."""

from typing import Self

from app.models.lead import Lead as Row
from app.models.lead import LeadType
from app.schema.channel import CHANNEL, Channel
from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import field, plain, type_
from app.schema.event import CustomerEvent, event
from app.schema.lead_input import LeadRecordInput
from app.schema.node import Node
from app.schema.noun import Noun
from app.schema.scalars import Moment
from app.schema.staff import STAFF, Staff
from app.schema.writing import Deletes, records
from app.services import lead


@type_
class Lead(CustomerEvent, Node):
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
    segment: str | None = plain("The customer's segment at the time.")
    region: str | None = plain("The customer's region at the time.")

    @field
    async def customer(self, info: Info) -> Customer | None:
        """Who may buy."""
        return await CUSTOMER.related(info, self.row.customer_id)

    @field
    async def acquisition_channel(self, info: Info) -> Channel | None:
        """The channel that the customer came through, as known at the time."""
        return await CHANNEL.related(info, self.row.acquisition_channel_id)

    @field
    async def staff(self, info: Info) -> Staff | None:
        """Who works on it."""
        return await STAFF.related(info, self.row.staff_id)

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return cls(
            **event("Lead", row),
            type=row.type,
            qualified_at=Moment(row.qualified_at) if row.qualified_at else None,
            won_at=Moment(row.won_at) if row.won_at else None,
            lost_at=Moment(row.lost_at) if row.lost_at else None,
            lost_reason=row.lost_reason,
            is_qualified_in_time=row.is_qualified_in_time,
            is_won_in_time=row.is_won_in_time,
            cycle_seconds=row.cycle_seconds,
            product=row.product,
            journey_stage=row.journey_stage,
            segment=row.segment,
            region=row.region,
        )


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
