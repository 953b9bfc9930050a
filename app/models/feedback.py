"""Feedback: what a customer said, whatever the source."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import PRESENT, Document, Fact, Served, Traits, choice, ordered, partial, refers, typed, unique
from app.models.survey import SurveyOccasion


class FeedbackKind(StrEnum):
    """What sort of feedback it is; the kind decides which KPI counts it."""

    CSAT = "CSAT"
    NPS = "NPS"
    CES = "CES"
    REVIEW = "REVIEW"
    COMMENT = "COMMENT"
    COMPLAINT = "COMPLAINT"
    SUGGESTION = "SUGGESTION"
    COMPLIMENT = "COMPLIMENT"


RATED = (FeedbackKind.CSAT, FeedbackKind.NPS, FeedbackKind.CES, FeedbackKind.REVIEW)
"""The kinds that KPIs count, each by itself."""


class FeedbackOrigin(StrEnum):
    """How the feedback was collected."""

    SURVEY = "SURVEY"
    REVIEW_SITE = "REVIEW_SITE"
    INTERVIEW = "INTERVIEW"
    SOCIAL_LISTENING = "SOCIAL_LISTENING"
    SUPPORT_CONTACT = "SUPPORT_CONTACT"
    COMPLAINT = "COMPLAINT"
    WIDGET = "WIDGET"
    OTHER = "OTHER"


class Feedback(Fact, Traits, Served, table=True):
    """One answer, review, interview, mention, contact or complaint.

    `position` is where the score lies between the scale's worst (0) and best (1,000,000), so that scales compare in
    whole numbers. A score of null is an answer that was skipped or dismissed. `threshold` is the position from which
    the answer satisfies, where its question has one of its own, `edition` that of the survey it answered, and
    `survey_occasion` when that asked, as it was when the answer was recorded. It is replaced when the same question of
    the same invitation is answered later. What it inherits it did not say itself: it has it from its invitation, and
    follows that.
    """

    __table_args__ = (
        unique("feedback", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        refers("survey_id", "survey"),
        refers("invitation_id", "invitation"),
        ordered("feedback", "occurred_at", where=PRESENT),
        ordered("feedback", "recorded_at", where=PRESENT),
        ordered("feedback", "score", empty=True, where=PRESENT),
        Index("ix_feedback_day", "tenant_id", "day"),
        # one for each kind that a KPI rests on, so that none of them comes into question for lists
        *(partial(f"ix_feedback_{kind.lower()}", "day", where=f"kind = '{kind}' AND {PRESENT}") for kind in RATED),
        Index("ix_feedback_customer", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_feedback_staff", "tenant_id", "staff_id", "id"),
        Index("ix_feedback_invitation", "tenant_id", "invitation_id"),
    )

    kind: FeedbackKind = choice(FeedbackKind)
    score: float | None = None
    scale_worst: int | None = None
    scale_best: int | None = None
    position: int | None = typed(BigInteger(), default=None)
    survey_id: UUID | None = None
    survey_occasion: SurveyOccasion | None = choice(SurveyOccasion, default=None)
    question: str | None = Field(default=None, max_length=200)
    edition: int | None = None
    threshold: int | None = typed(BigInteger(), default=None)
    invitation_id: UUID | None = None
    inherits_customer: bool = False
    inherits_survey: bool = False
    is_replaced: bool = False
    origin: FeedbackOrigin | None = choice(FeedbackOrigin, default=None)
    comment: str | None = Field(default=None, max_length=10_000, sa_column_kwargs={"info": {"personal": True}})
    tags: list[str] = typed(Document, default_factory=list)
