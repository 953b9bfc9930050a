"""Feedback in the schema."""

from typing import Self

from app.models.feedback import Feedback as Row
from app.models.feedback import FeedbackKind, FeedbackOrigin
from app.schema.customer import CUSTOMER
from app.schema.describe import plain, type_
from app.schema.event import CustomerEvent, Traits
from app.schema.feedback_input import FeedbackRecordInput
from app.schema.invitation import INVITATION
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.staff import STAFF
from app.schema.survey import SURVEY
from app.schema.team import TEAM
from app.schema.writing import Deletes, records
from app.services import feedback


@type_
class Feedback(CustomerEvent, Traits, Node):
    """What a customer said, whatever the source."""

    kind: FeedbackKind = plain("What sort of feedback it is.")
    score: float | None = plain("The score on its own scale; null when skipped or dismissed.")
    scale_worst: float | None = plain("The scale's worst end.")
    scale_best: float | None = plain("The scale's best end.")
    position: float | None = plain("Where the score lies from the scale's worst (0) to its best (100).")
    threshold: float | None = plain(
        "The position from which it satisfies, where its question has a threshold of its own."
    )
    question: str | None = plain("The key of the survey's question that it answers.")
    survey_edition: int | None = plain("The edition of the survey that it answers.")
    is_replaced: bool = plain("Whether a later answer to the same question of its invitation counts in its place.")
    product: str | None = plain("The product that it is about.")
    journey_stage: str | None = plain("The stage of the customer's journey that it is about.")
    origin: FeedbackOrigin | None = plain("How it was collected.")
    comment: str | None = plain("What was said. Null without the scope personal:read.")
    tags: list[str] = plain("Its tags.")

    customer = refers(CUSTOMER, "customer_id", "Who said it.")
    staff = refers(STAFF, "staff_id", "Whom it is about.")
    team = refers(TEAM, "team_id", "The team that they belonged to on the day.")
    survey = refers(SURVEY, "survey_id", "The survey that it answers.")
    invitation = refers(INVITATION, "invitation_id", "The invitation that it answers.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            survey_edition=row.edition,
            position=None if row.position is None else row.position / 10_000,
            threshold=None if row.threshold is None else row.threshold / 10_000,
        )


FEEDBACK = Noun(
    Feedback,
    feedback.LIST,
    one="feedback_item",
    many="feedback",
    words=("a feedback", "feedbacks"),
    filters=(
        "kind",
        "origin",
        "score",
        "source",
        "external_id",
        "product",
        "campaign",
        "journey_stage",
        "segment",
        "region",
        "comment",
        "occurred_at",
        "day",
        "recorded_at",
        "customer",
        "channel",
        "acquisition_channel",
        "staff",
        "team",
        "survey",
        "survey_edition",
        "question",
        "invitation",
        "is_replaced",
    ),
    orders=("-occurred_at", "recorded_at", "score"),
    writes=(
        records(
            feedback.record_batch, FeedbackRecordInput, stubs="customers, channels, staff, surveys and invitations"
        ),
        Deletes(feedback.delete_batch),
    ),
)
