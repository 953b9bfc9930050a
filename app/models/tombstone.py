"""Tombstones of facts that were deleted before they arrived."""

from datetime import datetime

from sqlmodel import Field

from app.models.base import Owned, instant, unique


class Tombstone(Owned, table=True):
    """A deletion that overtook its record: a version older than it stays dead when it comes."""

    __table_args__ = (unique("tombstone", "noun", "source", "external_id"),)

    noun: str = Field(max_length=32)
    source: str = Field(max_length=100)
    external_id: str = Field(max_length=200)
    source_updated_at: datetime = instant()
