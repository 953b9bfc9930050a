"""Invitations in the schema."""

from datetime import date

from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import field, plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.invitation_input import InvitationRecordInput, InvitationRefInput
from app.schema.node import Node
from app.schema.noun import Noun
from app.schema.scalars import Moment
from app.schema.survey import SURVEY, Survey
from app.schema.writing import Deletes, records
from app.services import invitation


@type_
class Invitation(CustomerEvent, Traits, Node):
    """A survey that was sent to a customer; it happened when it was sent."""

    product: str | None = plain("The product that it asks about.")
    journey_stage: str | None = plain("The stage of the customer's journey that it asks about.")
    is_stub: bool = plain("Whether it was only named by an answer so far.")
    answered_at: Moment | None = plain("When it was first answered; null while it is not.")
    answered_on: date | None = plain("The day on which that counts, in the workspace's time zone.")
    answer_seconds: float | None = plain("How many seconds after it was sent.")

    @field
    async def customer(self, info: Info) -> Customer | None:
        """Whom it was sent to."""
        return await CUSTOMER.related(info, self.row.customer_id)

    @field
    async def survey(self, info: Info) -> Survey | None:
        """The survey that was sent."""
        return await SURVEY.related(info, self.row.survey_id)


INVITATION = Noun(
    Invitation,
    invitation.LIST,
    one="invitation",
    many="invitations",
    words=("an invitation", "invitations"),
    by=InvitationRefInput,
    filters=(
        "source",
        "external_id",
        "product",
        "campaign",
        "journey_stage",
        "segment",
        "region",
        "is_stub",
        "occurred_at",
        "day",
        "recorded_at",
        "answered_at",
        "answered_on",
        "answer_seconds",
        "customer",
        "channel",
        "acquisition_channel",
        "survey",
    ),
    orders=("-occurred_at", "recorded_at"),
    writes=(
        records(invitation.record_batch, InvitationRecordInput, stubs="customers, channels and surveys"),
        Deletes(invitation.delete_batch),
    ),
)
