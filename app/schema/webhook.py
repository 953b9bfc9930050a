"""Webhooks in the schema: what an endpoint is told of, and what can be done to it."""

from typing import Any, Self

import strawberry

from app.models.change import Action
from app.models.webhook import Webhook as Row
from app.models.webhook import WebhookDisabledReason
from app.schema.describe import absent, enum, input_, one_of, plain, type_
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.record_type import RecordType
from app.schema.scalars import Moment
from app.services import webhook

enum(
    WebhookDisabledReason,
    {
        "REQUESTED": "By `webhookDisable`.",
        "GONE": "The receiver answered 410: it wants no more.",
        "FAILING": "Every attempt of several days failed.",
    },
)


@type_
class Webhook(Node):
    """An endpoint that is told of changes, as whoever said so may read them."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    url: str = plain("Where it is.")
    types: list[RecordType] = plain("The types of records that it is told of; of all of `scopes` when empty.")
    actions: list[Action] = plain("What must have happened to them; anything when empty.")
    fields: list[str] = plain("Of which fields one must have changed, where fields are named; any when empty.")
    document: str | None = plain("The query whose answer is sent along; null where only the change is told.")
    scopes: list[str] = plain("As whom the query is answered: the scopes of the token that last said what to send.")
    made_by: str = plain("The name of that token.")
    is_enabled: bool = plain("Whether it is sent anything.")
    disabled_at: Moment | None = plain("Since when it is sent nothing.")
    disabled_reason: WebhookDisabledReason | None = plain("Why it is sent nothing.")
    failing_since: Moment | None = plain("Since when every attempt has failed; null where the last one succeeded.")
    created_at: Moment = plain("When it was made.")
    updated_at: Moment = plain("When it last changed.")
    version: int = plain("Rises with each change.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        told: Any = {"types": [RecordType(one) for one in row.types], "actions": [Action(one) for one in row.actions]}
        return node_of(cls, row, external_id=row.key, is_enabled=row.disabled_at is None, **told)


@one_of
class WebhookRefInput:
    """A webhook, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@input_
class WebhookUpsertInput:
    """A webhook; absent keeps, null clears. A new one is told of what is written from then on."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    url: str | None = absent("Where it is: an address on the open internet, by https. Needed for a new one.")
    types: list[RecordType] | None = absent(
        "Of which types of records it is told, but not `KPI_DEFINITION` and `MIRROR`; of all that the token may read "
        "when empty or absent."
    )
    actions: list[Action] | None = absent("What must have happened to them; anything when empty or absent.")
    fields: list[str] | None = absent(
        "Of which fields one must have changed, such as `status`; tells nothing of records that are new or deleted, "
        "which are told of all the same unless `actions` says otherwise."
    )
    document: str | None = absent(
        "A query whose answer is sent along as `data`, made when it is sent. It may take `$id: ID!`, the record: "
        "`query($id: ID!) { node(id: $id) { ... on Customer { status } } }`."
    )


WEBHOOK = Noun(
    Webhook,
    webhook.LIST,
    one="webhook",
    many="webhooks",
    words=("a webhook", "webhooks"),
    by=WebhookRefInput,
    filters=("external_id", "name", "disabled_reason", "disabled_at", "failing_since", "created_at"),
    orders=("external_id", "name"),
)
