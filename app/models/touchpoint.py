"""Touchpoints: where customers met the company before they became one, and the credit that channels get for it."""

from uuid import UUID

from sqlalchemy import Index

from app.models.base import PRESENT, Fact, Owned, Traits, ordered, refers, unique


class Touchpoint(Fact, Traits, table=True):
    """One contact of a customer with a channel."""

    __table_args__ = (
        unique("touchpoint", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        ordered("touchpoint", "occurred_at", where=PRESENT),
        ordered("touchpoint", "recorded_at", where=PRESENT),
        Index("ix_touchpoint_customer", "tenant_id", "customer_id", "occurred_at"),
    )


class Credit(Owned, table=True):
    """A channel's part in winning a customer, by each attribution, in parts of `WHOLE`.

    Only customers whose touchpoints led to them have credits; each attribution's add up to `WHOLE`.
    """

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        Index("ix_credit_customer", "tenant_id", "customer_id"),
    )

    customer_id: UUID
    channel_id: UUID
    first_touch: int
    last_touch: int
    linear: int
    position: int
    time_decay: int


WHOLE = 3_603_600
"""A whole credit: thirds, sevenths and so on up to sixteenths of it are whole parts."""
