"""Changes: who did what to which row, append-only, numbered and hash-chained after the commit."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, partial, typed, unique


class Action(StrEnum):
    """What happened to the row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


class RecordType(StrEnum):
    """What kind of record a change is of, by the name that its type has in the schema."""

    WORKSPACE = "Workspace"
    CHANNEL = "Channel"
    STAFF = "Staff"
    TEAM = "Team"
    SURVEY = "Survey"
    BUSINESS_CALENDAR = "BusinessCalendar"
    CUSTOMER = "Customer"
    INVITATION = "Invitation"
    FEEDBACK = "Feedback"
    ORDER = "Order"
    REFUND = "Refund"
    COST = "Cost"
    TOUCHPOINT = "Touchpoint"
    INTERACTION = "Interaction"
    LEAD = "Lead"
    REFERRAL = "Referral"
    ENGAGEMENT = "Engagement"
    CONTRACT = "Contract"
    EXCHANGE_RATE = "ExchangeRate"
    PREDICTION_FIT = "PredictionFit"
    SEGMENT = "Segment"
    TARGET = "Target"
    KPI_DEFINITION = "KpiDefinition"
    WEBHOOK = "Webhook"
    IMPORT = "Import"
    EXPORT = "Export"
    MIRROR = "Mirror"
    MEMBER = "Member"
    TOKEN = "Token"  # noqa: S105 - the name of a type


_SEALED = "seq IS NOT NULL"


class Change(Owned, table=True):
    """One change of one row. `fields` names what changed and holds no value, so no personal data.

    `source` and `external_id` say what a record was called of which a deletion leaves nothing: a segment, a target, a
    KPI of the workspace's own. Of all others the record itself says it.

    `seq`, `hash` and `previous` are empty until the workspace's sealer has numbered the row. Numbers follow commits:
    what has a number has committed, and the changes of one row are numbered in the order of its versions. The indexes
    for readers hold what is sealed only: the sealer fills them, and no writer waits for that.
    """

    __table_args__ = (
        unique("change", "seq"),
        partial("ix_change_unsealed", "id", where="seq IS NULL"),
        partial("ix_change_at", "at", "id", where=_SEALED),
        partial("ix_change_actor", "actor", "at", "id", where=_SEALED),
        partial("ix_change_token", "token_id", "at", "id", where=_SEALED),
        partial("ix_change_noun", "noun", "at", "id", where=_SEALED),
        partial("ix_change_action", "action", "at", "id", where=_SEALED),
        partial("ix_change_record", "record_id", where=_SEALED),
        partial("ix_change_request", "request_id", where=f"{_SEALED} AND request_id IS NOT NULL"),
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
    source: str | None = Field(default=None, max_length=100)
    external_id: str | None = Field(default=None, max_length=200)
    seq: int | None = typed(BigInteger(), default=None)
    previous: str | None = Field(default=None, max_length=64)
    hash: str | None = Field(default=None, max_length=64)


class ChangeHead(Owned, table=True):
    """The head of a workspace's chain, kept apart from it: without it a chain that was cut off at its end looks whole.

    Its `id` is its `tenant_id`: there is one.
    """

    __tablename__ = "change_head"

    seq: int = typed(BigInteger())
    hash: str = Field(max_length=64)
