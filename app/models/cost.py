"""Costs: what winning and keeping customers takes, and how it accrues day by day."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import PRESENT, Owned, Recorded, choice, instant, ordered, refers, typed, unique


class CostCategory(StrEnum):
    """What the money was spent on; the category decides which KPI counts it."""

    MARKETING = "MARKETING"
    SALES = "SALES"
    MEDIA = "MEDIA"
    SALARIES = "SALARIES"
    TOOLS = "TOOLS"
    AGENCIES = "AGENCIES"
    INCENTIVES = "INCENTIVES"
    SERVICE = "SERVICE"
    RETENTION = "RETENTION"
    OTHER = "OTHER"


ACQUISITION = frozenset(CostCategory) - {CostCategory.SERVICE, CostCategory.RETENTION, CostCategory.OTHER}
"""What is spent to win customers."""

SERVING = frozenset({CostCategory.SERVICE, CostCategory.RETENTION})
"""What is spent to serve and keep them."""


class Cost(Recorded, table=True):
    """A cost over the days [starts_on, ends_on), in minor units of its own currency.

    `occurred_at` is when the first of them begins; `value` is the amount in minor units of the workspace's currency at
    the first day's rate, null without one.
    """

    __table_args__ = (
        unique("cost", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        ordered("cost", "starts_on", where=PRESENT),
        ordered("cost", "recorded_at", where=PRESENT),
        Index("ix_cost_customer", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_cost_currency", "tenant_id", "currency", "starts_on"),
    )

    category: CostCategory = choice(CostCategory)
    currency: str = Field(max_length=3)
    amount: int = typed(BigInteger())
    starts_on: date
    ends_on: date
    channel_id: UUID | None = None
    campaign: str | None = Field(default=None, max_length=200)
    customer_id: UUID | None = None
    occurred_at: datetime = instant()
    value: int | None = typed(BigInteger(), default=None)


class Accrual(Owned, table=True):
    """One day's share of a cost: what KPIs count. The shares of a cost add up to its value."""

    __table_args__ = (
        refers("cost_id", "cost"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        Index("ix_accrual_day", "tenant_id", "day"),
        Index("ix_accrual_cost", "tenant_id", "cost_id", "day"),
    )

    cost_id: UUID
    day: date
    category: CostCategory = choice(CostCategory)
    channel_id: UUID | None = None
    customer_id: UUID | None = None
    value: int | None = typed(BigInteger(), default=None)
    is_test: bool = False
    known_on: date
