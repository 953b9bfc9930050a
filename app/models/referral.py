"""Referrals: customers who bring others."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index

from app.models.base import PRESENT, Fact, Traits, instant, ordered, refers, unique


class Referral(Fact, Traits, table=True):
    """One customer referred another; the customer of the fact is who referred.

    What is derived stands last: `converted_on` is the day on which the referral of the two was converted, by what the
    source says or by becoming a customer. `is_counted` says whether it counts: the first referral of two people, not
    of somebody by themselves (as a merge may make it) and not of a test customer.
    """

    __table_args__ = (
        unique("referral", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("referred_id", "customer"),
        ordered("referral", "occurred_at", where=PRESENT),
        ordered("referral", "recorded_at", where=PRESENT),
        Index("ix_referral_day", "tenant_id", "day"),
        Index("ix_referral_timeline", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_referral_referred", "tenant_id", "referred_id"),
    )

    referred_id: UUID
    converted_at: datetime | None = instant(default=None)
    converted_on: date | None = None
    is_counted: bool = False
