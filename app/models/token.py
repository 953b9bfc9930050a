"""Access tokens. Read before the workspace is known, so not owned by one: only the door's gate session sees them."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.models.base import Document, instant, typed


class Token(SQLModel, table=True):
    """A credential of one workspace; the secret itself is not stored, only its SHA-256."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    tenant_id: UUID = Field(index=True)
    name: str = Field(max_length=200)
    digest: str = Field(max_length=64, unique=True)
    scopes: list[str] = typed(Document)
    source: str = Field(default="default", max_length=100)
    created_at: datetime = instant()
    expires_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)
