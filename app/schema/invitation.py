"""Invitations in the schema."""

from datetime import date

from app.schema.customer import CUSTOMER
from app.schema.describe import plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.invitation_input import InvitationRecordInput, InvitationRefInput
from app.schema.node import Node
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.survey import SURVEY
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

    customer = refers(CUSTOMER, "customer_id", "Whom it was sent to.")
    survey = refers(SURVEY, "survey_id", "The survey that was sent.")


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
