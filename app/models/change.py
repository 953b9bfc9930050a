"""Changes: who did what to which row, append-only, numbered and hash-chained after the commit."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, typed, unique


class Action(StrEnum):
    """What happened to the row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


class Change(Owned, table=True):
    """One change of one row. `fields` names what changed and holds no value, so no personal data.

    `seq`, `hash` and `previous` are empty until the workspace's sealer has numbered the row. Numbers follow commits:
    what has a number has committed, and the changes of one row are numbered in the order of its versions.
    """

    __table_args__ = (
        unique("change", "seq"),
        Index("ix_change_record", "tenant_id", "record_id"),
        Index(
            "ix_change_unsealed",
            "tenant_id",
            "id",
            sqlite_where=text("seq IS NULL"),
            postgresql_where=text("seq IS NULL"),
        ),
    )

    at: datetime = instant()
    actor: str = Field(max_length=200)
    token_id: UUID | None = None
    request_id: str | None = Field(default=None, max_length=64)
    noun: str = Field(max_length=32)
    record_id: UUID
    action: Action = choice(Action)
    version: int = typed(BigInteger(), default=1)
    fields: list[str] = typed(Document, default_factory=list)
    seq: int | None = typed(BigInteger(), default=None)
    previous: str | None = Field(default=None, max_length=64)
    hash: str | None = Field(default=None, max_length=64)
