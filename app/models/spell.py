"""Spells: the dated times in which somebody was a customer, as a signed ledger.

A spell is the half-open range [starts_on, ends_on): `ends_on` is the first day without. Rows are only appended:
what turned out different is taken back by a row of sign −1, so that what was known on any day can be read.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import FOREVER, Owned, Traits, month, partial, refers


class Spell(Owned, Traits, table=True):
    """One entry of the ledger: +1 the spell became known on `known_on`, −1 it was taken back then.

    `ordinal` is 1 for a customer's first spell; a later one is a return. `is_referred` says whether another customer
    had brought them, `cohort` is the month in which the first spell begins.
    """

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("acquisition_channel_id", "channel"),
        Index("ix_spell_customer", "tenant_id", "customer_id", "starts_on"),
        Index("ix_spell_start", "tenant_id", "starts_on"),
        # all that counting departures reads
        Index("ix_spell_end", "tenant_id", "ends_on", "starts_on", "is_test", "sign", "acquisition_channel_id"),
        partial("ix_spell_return", "starts_on", where="ordinal > 1"),
    )

    customer_id: UUID
    starts_on: date
    ends_on: date = FOREVER
    reason: str | None = Field(default=None, max_length=200)
    ordinal: int = 1
    is_referred: bool = False
    cohort: str | None = month()
    sign: int = 1
    known_on: date
