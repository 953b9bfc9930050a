"""Spells: the dated times in which somebody was a customer, as a signed ledger.

A spell is the half-open range [starts_on, ends_on): `ends_on` is the first day without. Rows are only appended:
what turned out different is taken back by a row of sign −1, so that what was known on any day can be read.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import FOREVER, ChurnKind, Owned, Tenanted, Traits, choice, month, partial, refers


class ActiveBasis(StrEnum):
    """By what somebody counts as a customer: what sources say, contracts that run, or what the customer does."""

    STATUS = "STATUS"
    CONTRACT = "CONTRACT"
    ACTIVITY = "ACTIVITY"


class Spell(Owned, Traits, table=True):
    """One entry of the ledger: +1 the spell became known on `known_on`, −1 it was taken back then.

    `ordinal` is 1 for a customer's first spell; a later one is a return. `is_referred` says whether another customer
    had brought them, `cohort` is the month in which the first spell begins. Each `basis` has a ledger of its own: that
    of the sources is always kept, of the others only the one by which the workspace counts; `is_counted` says whether
    this is the one.
    """

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("acquisition_channel_id", "channel"),
        # all that is read of those who came back
        Index("ix_spell_customer", "tenant_id", "customer_id", "starts_on", "ends_on", "is_counted", "is_test", "sign"),
        Index("ix_spell_start", "tenant_id", "is_counted", "starts_on"),
        # all that counting departures reads
        Index(
            "ix_spell_end",
            "tenant_id",
            "is_counted",
            "ends_on",
            "starts_on",
            "is_test",
            "sign",
            "acquisition_channel_id",
        ),
        # all that counting returns reads
        partial(
            "ix_spell_return",
            *("is_counted", "starts_on", "ends_on", "is_test", "sign", "customer_id"),
            where="ordinal > 1",
        ),
    )

    customer_id: UUID
    basis: ActiveBasis = choice(ActiveBasis, default=ActiveBasis.STATUS)
    is_counted: bool = True
    starts_on: date
    ends_on: date = FOREVER
    reason: str | None = Field(default=None, max_length=200)
    churn_kind: ChurnKind | None = choice(ChurnKind, default=None)
    ordinal: int = 1
    is_referred: bool = False
    cohort: str | None = month()
    sign: int = 1
    known_on: date


class Lapse(Tenanted, table=True):
    """A customer by activity: `due_on` is the first day on which they may be none, unless they have done more since."""

    __table_args__ = (
        refers("customer_id", "customer"),
        Index("ix_lapse_due", "tenant_id", "due_on"),
    )

    customer_id: UUID = Field(primary_key=True)
    due_on: date
