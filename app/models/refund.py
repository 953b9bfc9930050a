"""Refunds and returns: what was given back of an order."""

from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import PRESENT, Fact, Traits, month, ordered, refers, typed, unique


class Refund(Fact, Traits, table=True):
    """Money given back, in the order's currency; an amount of 0 is goods that came back without any.

    `is_counted` says whether its order is one that counts; `value` is the amount in minor units of the workspace's
    currency at its own day's rate, null without one. Customer, staff, team, traits, cohort and what was sold are the
    order's.
    """

    __table_args__ = (
        unique("refund", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("sold_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        refers("order_id", "customer_order"),
        ordered("refund", "occurred_at", where=PRESENT),
        ordered("refund", "recorded_at", where=PRESENT),
        Index("ix_refund_day", "tenant_id", "day"),
        Index("ix_refund_order", "tenant_id", "order_id"),
        Index("ix_refund_customer", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_refund_currency", "tenant_id", "currency", "day"),
    )

    order_id: UUID
    currency: str = Field(max_length=3)
    amount: int = typed(BigInteger())
    reason: str | None = Field(default=None, max_length=200)
    sold_channel_id: UUID | None = None
    sold_product: str | None = Field(default=None, max_length=200)
    sold_campaign: str | None = Field(default=None, max_length=200)
    staff_id: UUID | None = None
    team_id: UUID | None = None
    is_counted: bool = False
    value: int | None = typed(BigInteger(), default=None)
    cohort: str | None = month()
