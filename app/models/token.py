"""Access tokens. Read before the workspace is known, so not owned by one: only the door's gate session sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.models.base import Document, instant, typed


class Token(SQLModel, table=True):
    """A credential of one workspace. The secret itself is not stored, only what it is known by under the key.

    Publishable keys, which everybody may know, are those that have `origins`, be it none.
    """

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    tenant_id: UUID = Field(index=True)
    name: str = Field(max_length=200)
    digest: str = Field(max_length=64, unique=True)
    previous_digest: str | None = Field(default=None, max_length=64, index=True, unique=True)
    """Of the secret before the last rotation."""
    previous_until: datetime | None = instant(default=None)
    scopes: list[str] = typed(Document)
    source: str = Field(default="default", max_length=100)
    rows: dict[str, Any] | None = typed(Document, default=None)
    origins: list[str] | None = typed(Document, default=None)
    answers_per_minute: int | None = None
    created_at: datetime = instant()
    created_by: str | None = Field(default=None, max_length=200)
    expires_at: datetime | None = instant(default=None)
    last_used_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)
    version: int = typed(BigInteger(), default=1)

    @property
    def is_publishable(self) -> bool:
        """Whether everybody may know it."""
        return self.origins is not None
