"""Contracts: what customers have agreed to pay again and again, and until when."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import (
    FOREVER,
    PRESENT,
    ChurnKind,
    Document,
    Fact,
    Owned,
    Served,
    Traits,
    choice,
    ordered,
    refers,
    typed,
    unique,
)


class ContractStatus(StrEnum):
    """Whether a contract counts: once it is agreed, unless it was called off before it began."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"


class BillingInterval(StrEnum):
    """For how long a recurring amount is paid."""

    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"

    @property
    def per_year(self) -> int:
        """How often it comes in a year."""
        return {BillingInterval.MONTH: 12, BillingInterval.QUARTER: 4, BillingInterval.YEAR: 1}[self]


class Contract(Fact, Traits, Served, table=True):
    """One contract over the days [day, ends_on).

    `terms` are the recurring amounts by the day from which they hold, in order: {"from": day, "amount": minor units of
    its own currency for each `interval`}. `reason` and `churn_kind` say why it ended.
    """

    __table_args__ = (
        unique("contract", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        ordered("contract", "day", where=PRESENT),
        ordered("contract", "recorded_at", where=PRESENT),
        Index("ix_contract_timeline", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_contract_staff", "tenant_id", "staff_id", "id"),
    )

    status: ContractStatus = choice(ContractStatus, default=ContractStatus.ACTIVE)
    currency: str = Field(max_length=3)
    interval: BillingInterval = choice(BillingInterval)
    terms: list[dict[str, Any]] = typed(Document, default_factory=list)
    ends_on: date = FOREVER
    reason: str | None = Field(default=None, max_length=200)
    churn_kind: ChurnKind | None = choice(ChurnKind, default=None)


class Recurrence(Owned, Traits, Served, table=True):
    """One entry of the ledger of recurring revenue: from `day` on a term's amount is paid (+1), or no longer (−1).

    Rows are only appended; what turned out different is taken back by a row of the other sign. `amount` is what the
    term comes to in a year in minor units of its currency, `value` the same in the workspace's currency at the rate of
    `priced_on`, the term's first day; null without one.
    """

    __table_args__ = (
        refers("contract_id", "contract"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        Index("ix_recurrence_day", "tenant_id", "day", "customer_id"),
        Index("ix_recurrence_customer", "tenant_id", "customer_id", "day"),
        Index("ix_recurrence_contract", "tenant_id", "contract_id", "day"),
        Index("ix_recurrence_currency", "tenant_id", "currency", "priced_on"),
    )

    contract_id: UUID
    customer_id: UUID
    channel_id: UUID | None = None
    product: str | None = Field(default=None, max_length=200)
    campaign: str | None = Field(default=None, max_length=200)
    day: date
    sign: int
    currency: str = Field(max_length=3)
    amount: int = typed(BigInteger())
    priced_on: date
    value: int | None = typed(BigInteger(), default=None)
    known_on: date
