"""Members: the people of a workspace, and what each may do in it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.actor import Role, Rows
from app.models.base import Document, Owned, choice, instant, ordered, personal, typed, unique


class Member(Owned, table=True):
    """A person who may sign in, known by what the issuer calls them, or by an e-mail that it has verified.

    Who has a subject is known by that alone. `grants` are scopes beside those of the role; `sources`, `channels` (ids)
    and `segments` say which rows they see, null for all.
    """

    __table_args__ = (
        unique("member", "email"),
        unique("member", "issuer", "subject"),
        ordered("member", "created_at"),
        Index("ix_member_subject", "subject"),
        Index("ix_member_email", "email"),
    )

    name: str | None = personal(default=None, max_length=200)
    email: str | None = personal(default=None, max_length=320)
    issuer: str | None = Field(default=None, max_length=500)
    subject: str | None = personal(default=None, max_length=255)
    role: Role = choice(Role)
    grants: list[str] = typed(Document, default_factory=list)
    sources: list[str] | None = typed(Document, default=None)
    channels: list[str] | None = typed(Document, default=None)
    segments: list[str] | None = typed(Document, default=None)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 1

    @property
    def rows(self) -> Rows | None:
        """The rows that they see; None for all."""
        return rows_of(self.sources, self.channels, self.segments)


def rows_of(sources: list[str] | None, channels: list[str] | None, segments: list[str] | None) -> Rows | None:
    """The rows that these columns speak of."""
    if sources is None and channels is None and segments is None:
        return None
    return Rows(
        None if sources is None else frozenset(sources),
        None if channels is None else frozenset(map(UUID, channels)),
        None if segments is None else frozenset(segments),
    )
