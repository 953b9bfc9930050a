"""Interactions in the schema."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

import strawberry

from app import ids
from app.models.interaction import Interaction as Row
from app.models.interaction import InteractionEventKind, InteractionKind, InteractionStanding
from app.schema.context import Info
from app.schema.customer import CUSTOMER
from app.schema.describe import field, plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.interaction_input import InteractionRecordInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.staff import STAFF, Staff
from app.schema.weight import FEW, sized
from app.schema.writing import Deletes, records
from app.services import interaction


@type_
class InteractionEvent:
    """One event of an interaction."""

    id: strawberry.ID = plain("Names the event, for clients' caches.")
    kind: InteractionEventKind = plain("What happened.")
    at: Moment = plain("When.")
    staff_id: strawberry.Private[UUID | None]

    @field
    async def staff(self, info: Info) -> Staff | None:
        """Who of the staff acted, if it was said."""
        return await STAFF.related(info, self.staff_id)


@type_
class Interaction(CustomerEvent, Traits, Node):
    """A conversation with a customer. Times are by the workspace's clock: its business calendar, if it has one."""

    kind: InteractionKind = plain("What the customer wants.")
    standing: InteractionStanding = plain("Whether it stands.")
    product: str | None = plain("The product that it is about.")
    journey_stage: str | None = plain("The stage of the customer's journey.")
    reason: str | None = plain("What it is about, such as a category.")
    asked_at: Moment | None = plain("When the customer's first message came.")
    due_at: Moment | None = plain("When a reply to it is late, by the workspace's target.")
    replied_at: Moment | None = plain("When staff first replied to it.")
    response_seconds: float | None = plain("From the first message to that reply, in seconds of the clock.")
    is_in_time: bool | None = plain("Whether that reply came within the target; null while nobody can tell.")
    resolved_at: Moment | None = plain("When it was resolved; null while it is open or open again.")
    resolution_seconds: float | None = plain("From the first message to the resolution, in seconds of the clock.")
    is_confirmed: bool = plain("Whether the customer confirmed the resolution.")
    waiting_seconds: float | None = plain(
        "All that the customer waited, in seconds of the clock; null while they wait, and where they never did."
    )

    @field
    @sized(FEW)
    async def events(self) -> list[InteractionEvent]:
        """What happened in it, the oldest first."""
        return [_event(self.row, place, event) for place, event in enumerate(self.row.events)]

    customer = refers(CUSTOMER, "customer_id", "Whose it is.")
    staff = refers(STAFF, "staff_id", "Whose task it is.")
    responder = refers(
        STAFF, "responder_id", "Who replied first, under whom the response counts; while nobody has, whose task it is."
    )

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            response_seconds=row.reply_seconds,
            is_in_time=row.is_in_time if row.judged_on else None,
        )


def _event(row: Row, place: int, told: dict[str, Any]) -> InteractionEvent:
    return InteractionEvent(
        id=strawberry.ID(ids.encode("InteractionEvent", row.id, place, row.version)),
        kind=InteractionEventKind(told["kind"]),
        at=Moment(datetime.fromisoformat(told["at"])),
        staff_id=UUID(told["staff_id"]) if told["staff_id"] else None,
    )


INTERACTION = Noun(
    Interaction,
    interaction.LIST,
    one="interaction",
    many="interactions",
    words=("an interaction", "interactions"),
    filters=(
        "kind",
        "standing",
        "source",
        "external_id",
        "product",
        "campaign",
        "journey_stage",
        "reason",
        "segment",
        "region",
        "is_confirmed",
        "asked_at",
        "due_at",
        "replied_at",
        "resolved_at",
        "occurred_at",
        "day",
        "recorded_at",
        "customer",
        "channel",
        "acquisition_channel",
        "staff",
        "responder",
    ),
    orders=("-occurred_at", "recorded_at"),
    writes=(
        records(interaction.record_batch, InteractionRecordInput, stubs="customers, channels and staff"),
        Deletes(interaction.delete_batch),
    ),
)
