"""Work for later: a row that says "run this", claimed by a worker through the door's gate session."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from app.models.base import Document, instant, typed


class Job(SQLModel, table=True):
    """One piece of work of one workspace. A finished job is deleted; a failed one comes due again, later each time."""

    __table_args__ = (Index("ix_job_due", "run_at"), Index("ix_job_tenant", "tenant_id", "kind"))

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    tenant_id: UUID
    kind: str = Field(max_length=32)
    payload: dict[str, Any] = typed(Document, default_factory=dict)
    run_at: datetime = instant()
    claimed_until: datetime | None = instant(default=None)
    attempts: int = 0
    last_error: str | None = Field(default=None, max_length=200)
