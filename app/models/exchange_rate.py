"""Exchange rates by date."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import PRESENT, Recorded, ordered, unique


class ExchangeRate(Recorded, table=True):
    """On `day`, one unit of `base` is `rate` units of `quote`; the rate is the decimal number as it was written."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        unique("exchange_rate", "source", "external_id"),
        ordered("exchange_rate", "day", where=PRESENT),
        ordered("exchange_rate", "recorded_at", where=PRESENT),
        Index("ix_exchange_rate_pair", "tenant_id", "base", "quote", "day"),
    )

    base: str = Field(max_length=3)
    quote: str = Field(max_length=3)
    day: date
    rate: str = Field(max_length=40)
