"""Deliveries: what an endpoint is told of one change, once or until it is taken."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, ordered, partial, refers, typed, unique
from app.models.change import Action


class WebhookDeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookError(StrEnum):
    """Why an attempt was none; names only, so that no answer of a stranger is kept."""

    STATUS = "STATUS"
    REDIRECT = "REDIRECT"
    TIMEOUT = "TIMEOUT"
    ADDRESS = "ADDRESS"
    RESOLUTION = "RESOLUTION"
    CONNECTION = "CONNECTION"
    TLS = "TLS"
    BROKEN = "BROKEN"
    PAYLOAD = "PAYLOAD"


class WebhookDelivery(Owned, table=True):
    """One change on its way to one endpoint; `seq` is the change's number, null for a test event.

    It holds what the change says and never what is sent: that is made anew for each attempt. `attempts` counts since
    it was last asked for, `log` keeps the last attempts of all: at, status, duration in ms, error.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        unique("webhook_delivery", "webhook_id", "seq"),
        refers("webhook_id", "webhook"),
        partial("ix_webhook_delivery_open", "webhook_id", "due_at", where="state = 'PENDING'"),
        ordered("webhook_delivery", "created_at"),
        Index("ix_webhook_delivery_webhook", "tenant_id", "webhook_id", "created_at"),
    )

    webhook_id: UUID
    seq: int | None = typed(BigInteger(), default=None)
    noun: str = Field(max_length=32)
    action: Action | None = choice(Action, default=None)
    record_id: UUID
    record_version: int = typed(BigInteger(), default=1)
    fields: list[str] = typed(Document, default_factory=list)
    at: datetime = instant()
    state: WebhookDeliveryState = choice(WebhookDeliveryState, default=WebhookDeliveryState.PENDING)
    created_at: datetime = instant()
    due_at: datetime = instant()
    delivered_at: datetime | None = instant(default=None)
    attempts: int = 0
    log: list[dict[str, Any]] = typed(Document, default_factory=list)
