"""Deliveries of webhooks in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from app import ids
from app.models.change import Action
from app.models.webhook_delivery import WebhookDelivery as Row
from app.models.webhook_delivery import WebhookDeliveryState, WebhookError
from app.schema.describe import absent, enum, field, one_of, plain, type_
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.scalars import Moment
from app.schema.webhook import WEBHOOK
from app.schema.weight import FEW, sized
from app.services import webhook_delivery
from app.services.subject import spelled

enum(
    WebhookDeliveryState,
    {
        "PENDING": "It is to be made, or to be tried again.",
        "DELIVERED": "The receiver took it.",
        "FAILED": "It was tried for the last time.",
    },
)
enum(
    WebhookError,
    {
        "STATUS": "The answer was none of the 2xx.",
        "REDIRECT": "The answer led elsewhere, where nothing is sent.",
        "TIMEOUT": "There was no answer in time.",
        "ADDRESS": "The name stands for no address that may be sent to.",
        "RESOLUTION": "The name stands for nothing.",
        "CONNECTION": "Nobody took the connection.",
        "TLS": "The receiver could not prove who it is.",
        "BROKEN": "The connection broke.",
        "PAYLOAD": "The query could not be answered at that time; nothing was sent.",
    },
)


@type_
class WebhookAttempt:
    """One attempt to deliver."""

    id: strawberry.ID = plain("Names the attempt, for clients' caches.")
    at: Moment = plain("When it was made.")
    status: int | None = plain("The HTTP status of the answer; null without one.")
    duration_ms: int = plain("How long it took, in milliseconds.")
    error: WebhookError | None = plain("What was wrong; null where it was taken.")


@type_
class WebhookDelivery(Node):
    """What a webhook is told of one change. The header `webhook-id` of each attempt is `messageId`."""

    message_id: str = plain("The same at every attempt, so that a receiver can tell what it has already.")
    state: WebhookDeliveryState = plain("How far it has come.")
    type: str = plain("The type of the record; that of the webhook itself for a test event.")
    action: Action | None = plain("What happened to the record; null for a test event.")
    record_id: strawberry.ID = plain("The global id of the record.")
    record_version: int = plain("The version of the record after the change.")
    fields: list[str] = plain("The fields that changed.")
    sequence: float | None = plain("The number of the change in the workspace; null for a test event.")
    created_at: Moment = plain("When it was first to be made.")
    due_at: Moment | None = plain("When it is tried next; null where it is not.")
    delivered_at: Moment | None = plain("When it was taken.")
    row: strawberry.Private[Row]

    webhook = refers(WEBHOOK, "webhook_id", "The webhook that is told.")

    @field
    @sized(FEW)
    def attempts(self) -> list[WebhookAttempt]:
        """The attempts so far, the earliest first; of many the last 20."""
        return [
            WebhookAttempt(
                id=strawberry.ID(ids.encode("WebhookAttempt", self.row.id, one["at"], place)),
                at=Moment(datetime.fromisoformat(one["at"])),
                status=one["status"],
                duration_ms=one["duration_ms"],
                error=one["error"] and WebhookError(one["error"]),
            )
            for place, one in enumerate(self.row.log)
        ]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            message_id=str(row.id),
            type=row.noun,
            record_id=strawberry.ID(ids.encode(row.noun, row.record_id)),
            fields=spelled(row.noun, row.fields),
            sequence=row.seq,
            due_at=row.due_at if row.state is WebhookDeliveryState.PENDING else None,
        )


@one_of
class WebhookDeliveryRefInput:
    """A delivery, by id."""

    id: strawberry.ID | None = absent("By global id.")


WEBHOOK_DELIVERY = Noun(
    WebhookDelivery,
    webhook_delivery.LIST,
    one="webhook_delivery",
    many="webhook_deliveries",
    words=("a delivery of a webhook", "deliveries of webhooks"),
    by=WebhookDeliveryRefInput,
    filters=("webhook", "state", "type", "action", "created_at"),
    orders=("-created_at",),
)
