"""Interactions: conversations with customers, whatever they want, and how long these wait."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import (
    PRESENT,
    Document,
    Fact,
    Owned,
    Served,
    Traits,
    choice,
    instant,
    ordered,
    refers,
    typed,
    unique,
)


class InteractionKind(StrEnum):
    """What the customer wants."""

    QUESTION = "QUESTION"
    REQUEST = "REQUEST"
    COMPLAINT = "COMPLAINT"


class InteractionStanding(StrEnum):
    """Whether it stands, or was taken back."""

    VALID = "VALID"
    WITHDRAWN = "WITHDRAWN"
    DUPLICATE = "DUPLICATE"


class InteractionEventKind(StrEnum):
    """What can happen in an interaction."""

    CUSTOMER_MESSAGE = "CUSTOMER_MESSAGE"
    STAFF_REPLY = "STAFF_REPLY"
    BOT_REPLY = "BOT_REPLY"
    NOTE = "NOTE"
    ASSIGNED = "ASSIGNED"
    HANDOVER = "HANDOVER"
    HOLD = "HOLD"
    RESUMED = "RESUMED"
    RESOLVED = "RESOLVED"
    REOPENED = "REOPENED"
    CONFIRMED = "CONFIRMED"


class Interaction(Fact, Traits, Served, table=True):
    """One conversation with its events, oldest first: kind, instant and member of staff.

    What is derived from them stands last. Seconds are those of the workspace's clock. `asked_at` is the customer's
    first message, `due_at` when the response to it is late. `judged_on` is the day of the first reply or, without one,
    the day on which it became late; until then null, as `resolved_on` is while it is open and `waited_on` while the
    customer waits. Who replied and who resolved it stand with the teams of their days.
    """

    __table_args__ = (
        unique("interaction", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        refers("responder_id", "staff"),
        refers("responder_team_id", "team"),
        refers("resolver_id", "staff"),
        refers("resolver_team_id", "team"),
        ordered("interaction", "occurred_at", where=PRESENT),
        ordered("interaction", "recorded_at", where=PRESENT),
        Index("ix_interaction_day", "tenant_id", "day"),
        Index("ix_interaction_timeline", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_interaction_judged_on", "tenant_id", "judged_on"),
        Index("ix_interaction_resolved_on", "tenant_id", "resolved_on"),
        Index("ix_interaction_waited_on", "tenant_id", "waited_on"),
        Index("ix_interaction_due_at", "tenant_id", "judged_on", "due_at"),
        Index("ix_interaction_staff", "tenant_id", "staff_id", "id"),
        Index("ix_interaction_responder", "tenant_id", "responder_id", "id"),
        Index("ix_interaction_resolver", "tenant_id", "resolver_id", "id"),
    )

    kind: InteractionKind = choice(InteractionKind)
    standing: InteractionStanding = choice(InteractionStanding, default=InteractionStanding.VALID)
    reason: str | None = Field(default=None, max_length=200)
    events: list[dict[str, Any]] = typed(Document, default_factory=list)
    asked_at: datetime | None = instant(default=None)
    due_at: datetime | None = instant(default=None)
    judged_on: date | None = None
    is_in_time: bool = False
    replied_at: datetime | None = instant(default=None)
    reply_seconds: int | None = typed(BigInteger(), default=None)
    responder_id: UUID | None = None
    responder_team_id: UUID | None = None
    resolved_at: datetime | None = instant(default=None)
    resolved_on: date | None = None
    resolution_seconds: int | None = typed(BigInteger(), default=None)
    is_resolved_in_time: bool = False
    is_confirmed: bool = False
    resolver_id: UUID | None = None
    resolver_team_id: UUID | None = None
    is_waiting: bool = False
    waiting_seconds: int | None = typed(BigInteger(), default=None)
    waited_on: date | None = None


class Turn(Owned, Traits, Served, table=True):
    """One answered turn of a customer in an interaction: from their message to the reply of staff, on its day.

    Derived from the events of interactions.
    """

    __table_args__ = (
        refers("interaction_id", "interaction"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        Index("ix_turn_interaction", "tenant_id", "interaction_id"),
        Index("ix_turn_day", "tenant_id", "day"),
        Index("ix_turn_staff", "tenant_id", "staff_id", "id"),
    )

    interaction_id: UUID
    customer_id: UUID | None = None
    channel_id: UUID | None = None
    product: str | None = Field(default=None, max_length=200)
    campaign: str | None = Field(default=None, max_length=200)
    journey_stage: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=200)
    asked_at: datetime = instant()
    answered_at: datetime = instant()
    day: date
    seconds: int = typed(BigInteger())
    known_on: date
