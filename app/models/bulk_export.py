"""Exports: what was asked for, by whom, and how much of it was taken away."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, ordered, typed
from app.models.bulk_import import BulkFormat, BulkType


class Export(Owned, table=True):
    """One export; it is read from the database whenever it is downloaded, each time from one moment."""

    __tablename__ = "bulk_export"
    __table_args__ = (ordered("bulk_export", "created_at"),)

    type: BulkType = choice(BulkType)
    format: BulkFormat = choice(BulkFormat)
    source: str = Field(max_length=100)
    started_by: str = Field(max_length=200)
    filter: dict[str, Any] | None = typed(Document, default=None)
    fields: list[str] = typed(Document)
    created_at: datetime = instant()
    downloaded_at: datetime | None = instant(default=None)
    downloads: int = 0
    rows: int | None = typed(BigInteger(), default=None)
