"""Engagement: what customers do with the product, beyond buying it."""

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import PRESENT, Fact, Traits, ordered, refers, unique


class Engagement(Fact, Traits, table=True):
    """One event of use, such as a login or a view; `is_qualifying` says whether it counts as engagement."""

    __table_args__ = (
        unique("engagement", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        ordered("engagement", "occurred_at", where=PRESENT),
        ordered("engagement", "recorded_at", where=PRESENT),
        Index("ix_engagement_day", "tenant_id", "day"),
        Index("ix_engagement_timeline", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_engagement_customer", "tenant_id", "customer_id", "day"),
    )

    type: str = Field(max_length=200)
    is_qualifying: bool = True
