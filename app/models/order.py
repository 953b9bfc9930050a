"""Orders: what a customer bought, in the currency in which it was paid."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import PRESENT, Document, Fact, Served, Traits, choice, month, ordered, refers, typed, unique


class OrderStatus(StrEnum):
    """How far an order has come."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class Order(Fact, Traits, Served, table=True):
    """One order. Amounts are whole minor units of its own currency.

    What is derived stands last: `refunded` is the sum of its refunds and `refunded_on` the day of the first one;
    `gross`, `net` (less refunds) and `outlay` (the cost) are in minor units of the workspace's currency, null where the
    day has no rate; `cohort` is the month in which the customer first bought. A stub was named by a refund before it
    came.
    """

    __tablename__ = "customer_order"
    __table_args__ = (
        unique("customer_order", "source", "external_id"),
        refers("customer_id", "customer"),
        refers("channel_id", "channel"),
        refers("acquisition_channel_id", "channel"),
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        ordered("customer_order", "occurred_at", where=PRESENT),
        ordered("customer_order", "recorded_at", where=PRESENT),
        Index("ix_customer_order_day", "tenant_id", "day"),
        Index("ix_customer_order_timeline", "tenant_id", "customer_id", "occurred_at"),
        Index("ix_customer_order_customer", "tenant_id", "customer_id", "day"),
        Index("ix_customer_order_currency", "tenant_id", "currency", "day"),
        Index("ix_customer_order_staff", "tenant_id", "staff_id", "id"),
    )

    status: OrderStatus = choice(OrderStatus, default=OrderStatus.COMPLETED)
    currency: str = Field(max_length=3)
    amount: int = typed(BigInteger())
    cost: int | None = typed(BigInteger(), default=None)
    lines: list[dict[str, Any]] = typed(Document, default_factory=list)
    is_stub: bool = False
    refunded: int = typed(BigInteger(), default=0)
    refunded_on: date | None = None
    gross: int | None = typed(BigInteger(), default=None)
    net: int | None = typed(BigInteger(), default=None)
    outlay: int | None = typed(BigInteger(), default=None)
    cohort: str | None = month()
