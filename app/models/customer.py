"""Customers: persons and accounts, known to many systems, with the times in which they were customers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import (
    ChurnKind,
    Document,
    Owned,
    Traits,
    choice,
    instant,
    ordered,
    personal,
    refers,
    typed,
    unique,
)


class CustomerStatus(StrEnum):
    """Where a customer stands today."""

    PROSPECT = "PROSPECT"
    ACTIVE = "ACTIVE"
    CHURNED = "CHURNED"


class Customer(Owned, Traits, table=True):
    """A person or an account. A stub was named by a fact before its record came; a merged one is part of another.

    A deleted one is a stub that no source has a name for any more, kept for the facts that were recorded of it.
    """

    __table_args__ = (
        refers("parent_id", "customer"),
        refers("merged_into_id", "customer"),
        refers("acquisition_channel_id", "channel"),
        Index("ix_customer_created", "tenant_id", "created_at", "id"),
        ordered("customer", "updated_at"),
        ordered("customer", "name", empty=True),
        ordered("customer", "joined_on", empty=True),
        Index("ix_customer_parent", "tenant_id", "parent_id"),
        Index("ix_customer_merged", "tenant_id", "merged_into_id"),
    )

    name: str | None = personal(default=None, max_length=200)
    email: str | None = personal(default=None, max_length=320)
    phone: str | None = personal(default=None, max_length=50)
    parent_id: UUID | None = None
    status: CustomerStatus = choice(CustomerStatus, default=CustomerStatus.PROSPECT)
    first_contact_at: datetime | None = instant(default=None)
    joined_on: date | None = None
    churned_on: date | None = None
    churn_reason: str | None = Field(default=None, max_length=200)
    churn_kind: ChurnKind | None = choice(ChurnKind, default=None)
    profiling_opt_out: bool = False
    attributes: dict[str, Any] = typed(Document, default_factory=dict, sa_column_kwargs={"info": {"personal": True}})
    is_key_contact: bool = False
    is_stub: bool = False
    merged_into_id: UUID | None = None
    deleted_at: datetime | None = instant(default=None)
    source_updated_at: datetime | None = instant(default=None)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 1


class CustomerExternalId(Owned, table=True):
    """One of the names under which some system knows a customer; a customer has any number.

    `source_updated_at` is the latest that the source said under it, or of when it deleted it. A name that its source
    has deleted stays as a tombstone, and means its customer again when it comes again.
    """

    __tablename__ = "customer_external_id"
    __table_args__ = (
        unique("customer_external_id", "source", "external_id"),
        refers("customer_id", "customer"),
        Index("ix_customer_external_id_customer", "tenant_id", "customer_id"),
    )

    source: str = Field(max_length=100)
    external_id: str = Field(max_length=200)
    customer_id: UUID
    source_updated_at: datetime | None = instant(default=None)
    deleted_at: datetime | None = instant(default=None)
