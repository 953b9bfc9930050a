"""Imports: files that are read into the records of a noun, what they brought, and what was wrong with them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, ordered, refers, typed, unique


class BulkType(StrEnum):
    """Of what a file holds records."""

    CHANNELS = "CHANNELS"
    TEAMS = "TEAMS"
    STAFF = "STAFF"
    SURVEYS = "SURVEYS"
    BUSINESS_CALENDARS = "BUSINESS_CALENDARS"
    KPI_DEFINITIONS = "KPI_DEFINITIONS"
    SEGMENTS = "SEGMENTS"
    CUSTOMERS = "CUSTOMERS"
    INVITATIONS = "INVITATIONS"
    FEEDBACK = "FEEDBACK"
    ORDERS = "ORDERS"
    REFUNDS = "REFUNDS"
    COSTS = "COSTS"
    TOUCHPOINTS = "TOUCHPOINTS"
    INTERACTIONS = "INTERACTIONS"
    LEADS = "LEADS"
    REFERRALS = "REFERRALS"
    ENGAGEMENTS = "ENGAGEMENTS"
    CONTRACTS = "CONTRACTS"
    EXCHANGE_RATES = "EXCHANGE_RATES"
    SEGMENT_MEMBERS = "SEGMENT_MEMBERS"
    TARGETS = "TARGETS"


class BulkFormat(StrEnum):
    """How a file is written."""

    JSONL = "JSONL"
    CSV = "CSV"


class ImportState(StrEnum):
    """How far an import has come."""

    RECEIVING = "RECEIVING"
    QUEUED = "QUEUED"
    CHECKING = "CHECKING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"


class Import(Owned, table=True):
    """One import: what was asked, what was recognised, and how far it has come.

    `position` is the place in the file of the first record that is not dealt with, in bytes, and `line` its number.
    `starter` and `undoer` are who acts: name, scopes, source and token, as of then. `problems` are why it failed.
    """

    __tablename__ = "bulk_import"
    __table_args__ = (
        ordered("bulk_import", "created_at"),
        unique("bulk_import", "source", "idempotency_key"),
    )

    type: BulkType = choice(BulkType)
    format: BulkFormat = choice(BulkFormat)
    state: ImportState = choice(ImportState, default=ImportState.RECEIVING)
    source: str = Field(max_length=100)
    started_by: str = Field(max_length=200)
    starter: dict[str, Any] = typed(Document)
    undoer: dict[str, Any] | None = typed(Document, default=None)
    idempotency_key: str | None = Field(default=None, max_length=200)
    digest: str = Field(max_length=64)
    options: dict[str, Any] = typed(Document)
    mapping: str | None = Field(default=None, max_length=200)
    file: str | None = Field(default=None, max_length=1_000)
    stamp: str | None = Field(default=None, max_length=64)
    encoding: str | None = Field(default=None, max_length=32)
    delimiter: str | None = Field(default=None, max_length=1)
    header: list[str] | None = typed(Document, default=None)
    plan: dict[str, Any] | None = typed(Document, default=None)
    bytes_total: int = typed(BigInteger(), default=0)
    position: int = typed(BigInteger(), default=0)
    line: int = typed(BigInteger(), default=1)
    rows_read: int = typed(BigInteger(), default=0)
    created: int = typed(BigInteger(), default=0)
    updated: int = typed(BigInteger(), default=0)
    unchanged: int = typed(BigInteger(), default=0)
    stale: int = typed(BigInteger(), default=0)
    rejected: int = typed(BigInteger(), default=0)
    undone: int = typed(BigInteger(), default=0)
    kept: int = typed(BigInteger(), default=0)
    problems: list[Any] = typed(Document, default_factory=list)
    created_at: datetime = instant()
    started_at: datetime | None = instant(default=None)
    finished_at: datetime | None = instant(default=None)
    updated_at: datetime = instant()


class ImportPart(Owned, table=True):
    """A piece of the file of an import, as it was sent; gone when the import has ended."""

    __tablename__ = "import_part"
    __table_args__ = (unique("import_part", "import_id", "number"), refers("import_id", "bulk_import"))

    import_id: UUID
    number: int
    size: int
    digest: str = Field(max_length=64)
    data: bytes = typed(LargeBinary())


class ImportRejection(Owned, table=True):
    """A row of the file that was not accepted: its line, what stands in it, and the problems with it."""

    __tablename__ = "import_rejection"
    __table_args__ = (
        refers("import_id", "bulk_import"),
        Index("ix_import_rejection_line", "tenant_id", "import_id", "line", "id"),
    )

    import_id: UUID
    line: int = typed(BigInteger())
    cells: list[Any] = typed(Document, sa_column_kwargs={"info": {"personal": True}})
    problems: list[Any] = typed(Document)


class ImportEffect(Owned, table=True):
    """A record that an import wrote: the version that it left, and what was there before (null: nothing).

    `kept` says why it could not be undone.
    """

    __tablename__ = "import_effect"
    __table_args__ = (
        unique("import_effect", "import_id", "record"),
        refers("import_id", "bulk_import"),
        Index("ix_import_effect_todo", "tenant_id", "import_id", "is_undone", "id"),
    )

    import_id: UUID
    record: UUID
    version: int = typed(BigInteger())
    before: dict[str, Any] | None = typed(Document, default=None, sa_column_kwargs={"info": {"personal": True}})
    is_undone: bool = False
    kept: str | None = Field(default=None, max_length=32)
