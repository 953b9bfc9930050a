"""Mirrors: full dumps that a source sends, and what was seen of each, so that what they lack can be deleted."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import Owned, Tenanted, choice, instant, refers


class MirrorState(StrEnum):
    """How far a mirror has come."""

    OPEN = "OPEN"
    FINISHING = "FINISHING"
    FINISHED = "FINISHED"
    EXPIRED = "EXPIRED"


class Mirror(Owned, table=True):
    """One dump of all records of a noun that one source has.

    `rows` came with it, of which `unread` could not be told apart. While it finishes, `cursor` is the last external id
    that was looked at. `finished_by` is on whose behalf it deletes.
    """

    __table_args__ = (Index("ix_mirror_open", "tenant_id", "source", "noun", "state"),)

    source: str = Field(max_length=100)
    noun: str = Field(max_length=32)
    state: MirrorState = choice(MirrorState, default=MirrorState.OPEN)
    started_at: datetime = instant()
    expires_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)
    finished_by: str | None = Field(default=None, max_length=200)
    cursor: str = Field(default="", max_length=200)
    rows: int = 0
    unread: int = 0
    deleted: int = 0


class MirrorSeen(Tenanted, table=True):
    """A record that was written while a mirror was open, by the dump or beside it; gone when the mirror is done."""

    __tablename__ = "mirror_seen"
    __table_args__ = (refers("mirror_id", "mirror"),)

    mirror_id: UUID = Field(primary_key=True)
    external_id: str = Field(max_length=200, primary_key=True)
    seen_at: datetime = instant()
