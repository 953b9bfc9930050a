"""Answers kept for a day, so that a retried batch has one effect."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import Document, Owned, instant, typed, unique


class Idempotency(Owned, table=True):
    """The answer that was given under a caller's `idempotencyKey`, and the digest of what was asked."""

    __table_args__ = (unique("idempotency", "source", "key"), Index("ix_idempotency_at", "tenant_id", "created_at"))

    source: str = Field(max_length=100)
    key: str = Field(max_length=200)
    digest: str = Field(max_length=64)
    answer: list[Any] = typed(Document)
    created_at: datetime = instant()
