"""How feedback comes in."""

from app.models.feedback import FeedbackKind, FeedbackOrigin
from app.schema.describe import absent, enum, input_, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, StaffRefInput, SurveyRefInput, record_input
from app.schema.invitation_input import InvitationRefInput
from app.schema.scalars import Moment

__all__ = ["FeedbackKind", "FeedbackRecordInput", "SaidInput"]
# who shows a kind takes it from here, so that it has its name in the schema by then

enum(
    FeedbackKind,
    {
        "CSAT": "An answer to a satisfaction question.",
        "NPS": "An answer to the recommendation question, from 0 to 10.",
        "CES": "An answer to an effort question.",
        "REVIEW": "A public review.",
        "COMMENT": "Words without a question: an interview, a mention, a remark.",
        "COMPLAINT": "A complaint.",
        "SUGGESTION": "A suggestion.",
        "COMPLIMENT": "A compliment.",
    },
)
enum(
    FeedbackOrigin,
    {
        "SURVEY": "From a survey.",
        "REVIEW_SITE": "From a review site.",
        "INTERVIEW": "From an interview.",
        "SOCIAL_LISTENING": "Found on social media.",
        "SUPPORT_CONTACT": "From a contact with support.",
        "COMPLAINT": "From complaint handling.",
        "WIDGET": "From a widget in a page or app.",
        "OTHER": "From anywhere else.",
    },
)


QUESTION = "The key of the survey's question that it answers."
PRODUCT = "The product that it is about."
JOURNEY_STAGE = "The stage of the customer's journey that it is about."
COMMENT = "What was said; at most 10,000 characters."


@input_
class SaidInput:
    """What every feedback begins with, whoever sends it."""

    external_id: str = plain("Its id in the caller's source.")
    kind: FeedbackKind | None = absent("What sort of feedback it is; needed where no question says it.")
    score: float | None = absent("The score on its own scale; null when skipped or dismissed.")
    scale_worst: float | None = absent(
        "The scale's worst end; by default its question's, else 0 for NPS and 1 for the others."
    )
    scale_best: float | None = absent(
        "The scale's best end; by default its question's, else 10 for NPS and 5 for the others."
    )


@record_input
class FeedbackRecordInput(SaidInput):
    """One feedback. It replaces the whole of what was recorded under its id before."""

    customer: CustomerRefInput | None = absent(
        "Who said it; by default whom its invitation was sent to, else nobody known."
    )
    channel: ChannelRefInput | None = absent("Where it was said.")
    staff: StaffRefInput | None = absent("Whom it is about.")
    survey: SurveyRefInput | None = absent("The survey that it answers; by default that of its invitation.")
    survey_edition: int | None = absent(
        "The edition of the survey; by default the present one when it is first recorded, which it then keeps."
    )
    question: str | None = absent(QUESTION)
    invitation: InvitationRefInput | None = absent(
        "The invitation that it answers; of two answers to one question of it the later one counts."
    )
    product: str | None = absent(PRODUCT)
    campaign: str | None = absent("The campaign that it belongs to.")
    journey_stage: str | None = absent(JOURNEY_STAGE)
    origin: FeedbackOrigin | None = absent("How it was collected.")
    comment: str | None = absent(COMMENT)
    tags: list[str] | None = absent("Its tags; at most 50.")
    occurred_at: Moment = plain("When it was said; a bare date is the start of that day in the workspace's time zone.")
