"""Buyers: what each customer's purchases come to, kept so that it need not be counted again."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index

from app.models.base import Owned, Traits, month, ordered, refers, typed, unique


class Buyer(Owned, Traits, table=True):
    """A customer with purchases; derived from the orders, whose first one gives the traits.

    `day` is that of the first purchase and `cohort` its month, `second_on` that of the second one, `is_repeat` whether
    it came within the workspace's window. `value` is the net revenue to date in minor units of the workspace's
    currency, but for the `unpriced` orders, which have no rate.
    """

    __table_args__ = (
        unique("buyer", "customer_id"),
        refers("customer_id", "customer"),
        refers("acquisition_channel_id", "channel"),
        ordered("buyer", "value"),
        Index("ix_buyer_day", "tenant_id", "day"),
    )

    customer_id: UUID
    day: date
    cohort: str | None = month()
    second_on: date | None = None
    is_repeat: bool = False
    orders: int = 0
    value: int = typed(BigInteger(), default=0)
    unpriced: int = 0
    known_on: date
