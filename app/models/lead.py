"""Leads: people or companies that may become customers, and how far each has come."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import PRESENT, Fact, Served, Traits, choice, instant, ordered, refers, typed, unique


class LeadType(StrEnum):
    """What a deal with the lead would be."""

    NEW = "NEW"
    EXPANSION = "EXPANSION"
    RENEWAL = "RENEWAL"


class Lead(Fact, Traits, Served, table=True):
    """One lead; it occurred at its first contact.

    What is derived stands last: the days on which it was qualified, won and lost, whether it was qualified and won
    within the workspace's conversion window, and the seconds from the first contact until it was qualified and won:
    null where it was not, or was before the first contact.
    """

    __table_args__ = (
        unique("lead", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        ordered("lead", "occurred_at", where=PRESENT),
        ordered("lead", "recorded_at", where=PRESENT),
        ordered("lead", "won_at", empty=True, where=PRESENT),
        Index("ix_lead_day", "tenant_id", "day"),
        Index("ix_lead_won_on", "tenant_id", "won_on"),
        Index("ix_lead_lost_on", "tenant_id", "lost_on"),
        Index("ix_lead_timeline", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_lead_staff", "tenant_id", "staff_id", "id"),
    )

    type: LeadType = choice(LeadType, default=LeadType.NEW)
    qualified_at: datetime | None = instant(default=None)
    won_at: datetime | None = instant(default=None)
    lost_at: datetime | None = instant(default=None)
    lost_reason: str | None = Field(default=None, max_length=200)
    qualified_on: date | None = None
    won_on: date | None = None
    lost_on: date | None = None
    is_qualified_in_time: bool = False
    is_won_in_time: bool = False
    qualifying_seconds: int | None = typed(BigInteger(), default=None)
    cycle_seconds: int | None = typed(BigInteger(), default=None)
