"""Invitations: surveys that were sent to customers, and whether they were answered."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index

from app.models.base import PRESENT, Fact, Traits, instant, ordered, refers, typed, unique


class Invitation(Fact, Traits, table=True):
    """One survey sent to one customer; it occurred when it was sent.

    What is derived stands last: when the first answer to it came, on which day, and after how many seconds. A stub was
    named by an answer before it came.
    """

    __table_args__ = (
        unique("invitation", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("survey_id", "survey"),
        ordered("invitation", "occurred_at", where=PRESENT),
        ordered("invitation", "recorded_at", where=PRESENT),
        Index("ix_invitation_day", "tenant_id", "day"),
        Index("ix_invitation_answered_on", "tenant_id", "answered_on"),
        Index("ix_invitation_timeline", "tenant_id", "customer_id", "occurred_at"),
    )

    survey_id: UUID | None = None
    is_stub: bool = False
    answered_at: datetime | None = instant(default=None)
    answered_on: date | None = None
    answer_seconds: int | None = typed(BigInteger(), default=None)
