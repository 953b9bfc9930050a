"""Webhooks: endpoints that are told of changes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.models.base import Document, choice, instant, ordered, typed, unique
from app.models.change import Action
from app.models.keyed import Keyed


class WebhookDisabledReason(StrEnum):
    """Why an endpoint is sent nothing."""

    REQUESTED = "REQUESTED"
    GONE = "GONE"
    FAILING = "FAILING"


class Webhook(Keyed, table=True):
    """An endpoint, what it wants to be told of, and as whom it is told.

    `scopes` and `source` are those of the token that last said where to or what is sent. `secrets` are sealed, the
    newest first: each `{sealed, until}`, signed with until then. `position` is the number of the last change that was
    looked at; `failing_since` when the first attempt failed since which none succeeded.
    """

    __table_args__ = (unique("webhook", "key"), ordered("webhook", "key"), ordered("webhook", "name"))

    url: str = Field(max_length=2_000)
    types: list[str] = typed(Document, default_factory=list)
    actions: list[Action] = typed(Document, default_factory=list)
    fields: list[str] = typed(Document, default_factory=list)
    document: str | None = Field(default=None, max_length=20_000)
    scopes: list[str] = typed(Document)
    source: str = Field(max_length=100)
    made_by: str = Field(max_length=200)
    token_id: UUID | None = None
    secrets: list[dict[str, Any]] = typed(Document)
    position: int = typed(BigInteger())
    failing_since: datetime | None = instant(default=None)
    disabled_at: datetime | None = instant(default=None)
    disabled_reason: WebhookDisabledReason | None = choice(WebhookDisabledReason, default=None)
