"""Merges of customers: what each of them changed, so that it can be taken back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import Document, Owned, Tenanted, instant, refers, typed, unique


class Merge(Owned, table=True):
    """One customer, `from_id`, became part of another, `into_id`; the latest time that it did.

    `version` is that which the merge left of the other, and `day` the workspace's day of it. `document` is what either
    had before; it is emptied when the merge is undone. `staying` counts the records that stayed with the other then.
    """

    __tablename__ = "customer_merge"
    __table_args__ = (
        unique("customer_merge", "from_id"),
        refers("from_id", "customer"),
        refers("into_id", "customer"),
        Index("ix_customer_merge_into", "tenant_id", "into_id"),
    )

    from_id: UUID
    into_id: UUID
    version: int
    day: date
    document: dict[str, Any] = typed(Document, default_factory=dict, sa_column_kwargs={"info": {"personal": True}})
    staying: int = 0
    merged_at: datetime = instant()
    undone_at: datetime | None = instant(default=None)


class Moved(Tenanted, table=True):
    """A record that passed over in a merge: of which table, in which column, and as of which version and day.

    There are as many as there are records, so they have no id of their own; they go when the merge is undone.
    """

    __tablename__ = "customer_merge_record"
    __table_args__ = (refers("merge_id", "customer_merge"),)

    merge_id: UUID = Field(primary_key=True)
    place: str = Field(max_length=64, primary_key=True)
    record: UUID = Field(primary_key=True)
    version: int = typed(BigInteger())
    known_on: date
