"""Segments: groups of customers that a workspace defines, by a rule or by hand, and who belonged to which when."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import FOREVER, Document, Tenanted, choice, instant, ordered, refers, typed, unique
from app.models.keyed import Keyed


class SegmentKind(StrEnum):
    """How customers come to belong to a segment."""

    RULE = "RULE"
    MANUAL = "MANUAL"


class Segment(Keyed, table=True):
    """A group of customers. One of a rule is brought up to date with it each day; `refreshed_at` says when it last was.

    `starts_on` is the day from which those belong who meet the rule when it is first applied (null: that day).
    """

    __table_args__ = (
        unique("segment", "key"),
        ordered("segment", "key"),
        ordered("segment", "name"),
    )

    description: str | None = Field(default=None, max_length=2_000)
    kind: SegmentKind = choice(SegmentKind, default=SegmentKind.RULE)
    rule: dict[str, Any] | None = typed(Document, default=None)
    starts_on: date | None = None
    refreshed_at: datetime | None = instant(default=None)


class SegmentMember(Tenanted, table=True):
    """A customer belongs to a segment from one day until another, which is the first without.

    There are as many of them as customers, and they are written by statements over all of these: so they have no id.
    """

    __tablename__ = "segment_member"
    __table_args__ = (
        refers("segment_id", "segment"),
        refers("customer_id", "customer"),
        Index("ix_segment_member_customer", "tenant_id", "customer_id", "starts_on"),
    )

    segment_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    starts_on: date = Field(primary_key=True)
    ends_on: date = FOREVER
