"""One round of an endpoint: what it is to be told now, and what came of each attempt.

Only the worker that holds the endpoint's job makes rounds, so an endpoint has one at a time.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, func, insert, select, update
from uuid_utils.compat import uuid7

from app.actor import Actor, Scope
from app.models.change import Action, Change
from app.models.webhook import Webhook, WebhookDisabledReason
from app.models.webhook_delivery import WebhookDelivery, WebhookDeliveryState, WebhookError
from app.services import webhook as webhooks
from app.services import webhook_schedule, webhook_secret, webhook_type
from app.services.subject import spelled
from app.services.webhook_delivery import again
from app.uow import Uow, writes

AT_ONCE = 100
"""Deliveries of one round."""
WINDOW = 2_000
"""Changes that are looked at in one round."""
MOST_OPEN = 1_000
"""Open deliveries of one endpoint, after which further changes wait in the sequence until some are done."""
IDLE = timedelta(days=1)
"""When an endpoint is looked at though nothing happens: its log grows old."""
RECOVERED = timedelta(minutes=5)
"""After failing for so long a success has everything that waits tried at once."""
LOG = 20
"""Attempts of one delivery that are kept."""
GONE = 410


@dataclass(frozen=True, slots=True)
class Letter:
    """What one delivery tells of one change."""

    id: UUID
    noun: str
    action: Action | None
    record_id: UUID
    version: int
    fields: list[str]
    seq: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """An endpoint, the letters that are due in the order of their changes, and when to look again if there are none."""

    url: str
    document: str | None
    actor: Actor
    secrets: list[str]
    letters: list[Letter]
    has_more: bool
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt: a status, or why there is none."""

    at: datetime
    duration_ms: int
    status: int | None = None
    error: WebhookError | None = None
    retry_after_s: float = 0


@writes(Scope.WORKSPACE_ADMIN, quiet=True)
def draw(uow: Uow, webhook_id: UUID) -> Round | None:
    """What the endpoint is to be told now; None when there is no such endpoint any more."""
    statement = select(Webhook).where(Webhook.id == webhook_id).with_for_update()
    webhook = uow.session.scalars(statement).first()
    if webhook is None:
        return None
    has_more, letters, due_at = False, list[Letter](), uow.now + IDLE
    if webhook.disabled_at is None:
        has_more = _look_on(uow, webhook)
        letters = _due(uow, webhook)
        due_at = min(_next(uow, webhook) or due_at, due_at)
    if not letters:
        _prune(uow, webhook)
    scopes = frozenset(scope for scope in Scope if scope.value in webhook.scopes)
    actor = Actor(uow.tenant_id, f"webhook {webhook.key}"[:200], scopes, webhook.source, webhook.token_id)
    secrets = webhook_secret.valid(webhook.secrets, uow.now)
    return Round(webhook.url, webhook.document, actor, secrets, letters, has_more, due_at)


def _look_on(uow: Uow, webhook: Webhook) -> bool:
    """Open deliveries for the next changes that the endpoint wants to hear of; whether there are further changes."""
    last = webhooks.last(uow)
    if webhook.position >= last or _count_open(uow, webhook) >= MOST_OPEN:
        return False
    until = min(webhook.position + WINDOW, last)
    statement = select(Change).where(
        col(Change.seq) > webhook.position,
        col(Change.seq) <= until,
        col(Change.noun).in_(webhook_type.allowed(webhook.types, webhook.scopes)),
        Change.record_id != webhook.id,
    )
    if webhook.actions:
        statement = statement.where(col(Change.action).in_(webhook.actions))
    wanted = set(webhook.fields)
    rows = [row for row in uow.session.scalars(statement) if _concerns(row, wanted)]
    _open(uow, webhook, {row.seq or 0: row for row in rows})
    webhook.position = until
    return until < last


def _concerns(change: Change, wanted: set[str]) -> bool:
    return not (wanted and change.fields) or bool(wanted.intersection(spelled(change.noun, change.fields)))


def _open(uow: Uow, webhook: Webhook, changes: Mapping[int, Change]) -> None:
    """A delivery for each change; those that there are already are made again."""
    seqs = list(changes)
    known = select(WebhookDelivery.seq, WebhookDelivery.id).where(
        WebhookDelivery.webhook_id == webhook.id, uow.db.is_any(WebhookDelivery.seq, seqs)
    )
    present = {row.seq: row.id for row in uow.session.execute(known)} if seqs else {}
    if present:
        again(uow, list(present.values()))
    if rows := [_row(uow, webhook, change) for seq, change in changes.items() if seq not in present]:
        uow.session.execute(insert(WebhookDelivery), rows)


def _row(uow: Uow, webhook: Webhook, change: Change) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "id": uuid7(),
        "webhook_id": webhook.id,
        "seq": change.seq,
        "noun": change.noun,
        "action": change.action,
        "record_id": change.record_id,
        "record_version": change.version,
        "fields": change.fields,
        "at": change.at,
        "state": WebhookDeliveryState.PENDING,
        "created_at": uow.now,
        "due_at": uow.now,
        "attempts": 0,
        "log": [],
    }


def _due(uow: Uow, webhook: Webhook) -> list[Letter]:
    statement = (
        select(WebhookDelivery)
        .where(*_open_of(webhook), col(WebhookDelivery.due_at) <= uow.now)
        .order_by(col(WebhookDelivery.due_at), col(WebhookDelivery.seq))
        .limit(AT_ONCE)
    )
    return [
        Letter(row.id, row.noun, row.action, row.record_id, row.record_version, row.fields, row.seq, row.at)
        for row in uow.session.scalars(statement)
    ]


def _next(uow: Uow, webhook: Webhook) -> datetime | None:
    statement = select(WebhookDelivery.due_at).where(*_open_of(webhook))
    return uow.session.scalar(statement.order_by(col(WebhookDelivery.due_at)).limit(1))


def _prune(uow: Uow, webhook: Webhook) -> None:
    """Forget what was done with long ago."""
    old = uow.now - timedelta(days=uow.settings.webhook_keep_days)
    uow.session.execute(
        delete(WebhookDelivery).where(
            col(WebhookDelivery.webhook_id) == webhook.id,
            col(WebhookDelivery.created_at) < old,
            col(WebhookDelivery.state) != WebhookDeliveryState.PENDING,
        )
    )


def _open_of(webhook: Webhook) -> tuple[ColumnElement[bool], ...]:
    """The deliveries of an endpoint that are still to be made."""
    return (
        col(WebhookDelivery.webhook_id) == webhook.id,
        col(WebhookDelivery.state) == WebhookDeliveryState.PENDING,
    )


def _count_open(uow: Uow, webhook: Webhook) -> int:
    return uow.session.scalar(select(func.count()).select_from(WebhookDelivery).where(*_open_of(webhook))) or 0


@writes(Scope.WORKSPACE_ADMIN, quiet=True)
def report(uow: Uow, delivery_id: UUID, attempt: Attempt) -> bool:
    """Note what came of an attempt; whether the endpoint is to be told more."""
    delivery = uow.session.get(WebhookDelivery, (uow.tenant_id, delivery_id), with_for_update=True)
    if delivery is None:
        return False
    webhook = uow.session.get_one(Webhook, (uow.tenant_id, delivery.webhook_id))
    told = {"at": attempt.at.isoformat(), "status": attempt.status, "duration_ms": attempt.duration_ms}
    delivery.log = [*delivery.log, told | {"error": attempt.error and attempt.error.value}][-LOG:]
    if attempt.error is None:
        delivery.state, delivery.delivered_at = WebhookDeliveryState.DELIVERED, uow.now
        _succeeded(uow, webhook)
    else:
        delivery.attempts += 1
        wait = webhook_schedule.wait(
            delivery.attempts,
            uow.settings.webhook_waits,
            random.random(),  # noqa: S311 - jitter, not a secret
            attempt.retry_after_s,
        )
        if wait is None or attempt.status == GONE:
            delivery.state = WebhookDeliveryState.FAILED
        else:
            delivery.due_at = uow.now + timedelta(seconds=wait)
        _failed(uow, webhook, attempt)
    uow.session.flush()
    return webhook.disabled_at is None


def _succeeded(uow: Uow, webhook: Webhook) -> None:
    if webhook.failing_since is None:
        return
    if uow.now - webhook.failing_since >= RECOVERED:
        later = update(WebhookDelivery).where(*_open_of(webhook), col(WebhookDelivery.due_at) > uow.now)
        uow.session.execute(later.values(due_at=uow.now))
    webhook.failing_since = None


def _failed(uow: Uow, webhook: Webhook, attempt: Attempt) -> None:
    if webhook.disabled_at is not None:
        return
    if webhook.failing_since is None:
        webhook.failing_since = uow.now
    if attempt.status == GONE:
        webhooks.stop(uow, webhook, WebhookDisabledReason.GONE)
    elif webhook_schedule.is_given_up(webhook.failing_since, uow.now, uow.settings.webhook_disable_after_days):
        webhooks.stop(uow, webhook, WebhookDisabledReason.FAILING)
