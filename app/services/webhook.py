"""Webhooks: endpoints that want to be told of changes, what of, and as whom they are told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlmodel import col, delete, func, select

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.change import Action, Change, RecordType
from app.models.job import Job
from app.models.webhook import Webhook, WebhookDisabledReason
from app.models.webhook_delivery import WebhookDelivery
from app.services import keyed, webhook_address, webhook_secret, webhook_type
from app.services.listing import Listing
from app.services.ref import NOUNS, named
from app.services.repeatable import fate_of, repeatable, row_of
from app.services.row import Outcome, Ref, check_readable
from app.text import Text
from app.uow import SETTLE, Uow, writes

LIST = Listing(Webhook, Scope.WEBHOOK_READ, columns={"external_id": "key"})
DELIVER = "deliver"
"""The kind of the job that an endpoint has for as long as it is there; its id is the endpoint's."""
MOST = 1_000
"""Most endpoints of one workspace."""
OVERLAP = timedelta(days=1)
LONGEST_OVERLAP = timedelta(days=30)
_SAID = {"url", "types", "actions", "fields", "document"}
"""Where to and what is sent: who says so is told no more than they may read."""


class WebhookRow(keyed.KeyedRow):
    """An endpoint as it comes in: absent keeps, null clears."""

    url: str | None = None
    types: Annotated[list[RecordType], Field(max_length=100)] | None = None
    actions: Annotated[list[Action], Field(max_length=10)] | None = None
    fields: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)] | None = None
    document: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None


@writes(Scope.WEBHOOK_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], sealed: str) -> tuple[Webhook, Outcome]:
    """The endpoint after `data`; a new one gets the secret `sealed`, and is told of what is committed from now on.

    Raises Invalid with every problem. The document must have been found fit before.
    """

    def columns(row: WebhookRow, present: Webhook | None) -> dict[str, Any]:
        found = _said(uow, row, present)
        if present is None:
            _check_room(uow)
            secrets = webhook_secret.rotated([], sealed, uow.now)
            return found | _as_whom(uow) | {"secrets": secrets, "position": last(uow)}
        changed = any(getattr(present, name) != value for name, value in found.items())
        return found | (_as_whom(uow) if changed else {})

    webhook, outcome = keyed.upsert(uow, Webhook, WebhookRow, data, columns)
    if outcome is Outcome.CREATED:
        uow.session.add(Job(id=webhook.id, tenant_id=uow.tenant_id, kind=DELIVER, run_at=uow.now))
    return webhook, outcome


def _said(uow: Uow, row: WebhookRow, present: Webhook | None) -> dict[str, Any]:
    """The columns of `_SAID` after the row, as far as it names them. Raises Invalid with every problem."""
    given = {name: getattr(row, name) for name in _SAID & row.model_fields_set}
    problems: list[Problem] = []
    if given.get("url") is None and ("url" in given or present is None):
        problems.append(Problem(Code.REQUIRED, Text("url is required.", "url 必须填写。"), ("url",)))
    elif "url" in given:
        try:
            given["url"] = webhook_address.checked(given["url"], uow.settings)
        except Invalid as error:
            problems += error.problems
    for name in ("types", "actions", "fields"):
        if name in given or present is None:
            given[name] = list(dict.fromkeys(given.get(name) or ()))
    problems += _type_problems(uow, given.get("types", ()))
    if not problems and given.get("fields"):
        problems += _field_problems(given.get("types", present.types if present else ()), given["fields"])
    if problems:
        raise Invalid(problems)
    return given


def _type_problems(uow: Uow, types: Sequence[RecordType]) -> list[Problem]:
    found = []
    for place, type_ in enumerate(types):
        path, name = ("types", str(place)), type_.name
        scope = webhook_type.TYPES.get(type_)
        if scope is None:
            msg = Text(
                f"Webhooks do not tell of {name}; read `changes` for it.", f"网络钩子不通知 {name}；请改读 `changes`。"
            )
            found.append(Problem(Code.INVALID, msg, path))
        elif not uow.may(scope):
            msg = Text(
                f"Being told of {name} needs the scope {scope.value}, which the token does not have.",
                f"接收 {name} 的变更需要权限范围 {scope.value}，而此令牌没有。",
            )
            found.append(Problem(Code.INVALID, msg, path))
    return found


def _field_problems(types: Sequence[str], fields: Sequence[str]) -> list[Problem]:
    known = webhook_type.fields_of(types)
    return [
        Problem(
            Code.NOT_FOUND,
            Text(
                f"None of these types has a field {name!r}; write it as the schema does, such as occurredAt.",
                f"这些类型都没有字段 {name!r}；请按模式中的写法填写，例如 occurredAt。",
            ),
            ("fields", str(place)),
        )
        for place, name in enumerate(fields)
        if name not in known
    ]


def _as_whom(uow: Uow) -> dict[str, Any]:
    """Whoever says so now: what is told is no more than they may read."""
    return {
        "scopes": sorted(scope.value for scope in uow.actor.scopes),
        "source": uow.actor.source,
        "made_by": uow.actor.name,
        "token_id": uow.actor.token_id,
    }


def last(uow: Uow) -> int:
    """The number of the last change so far: what has none yet comes after it, so nothing that commits is missed."""
    return uow.session.scalar(select(func.max(Change.seq))) or 0


def _check_room(uow: Uow) -> None:
    if (uow.session.scalar(select(func.count()).select_from(Webhook)) or 0) >= MOST:
        msg = Text(
            f"A workspace has at most {MOST} webhooks; delete one first.",
            f"一个工作区最多有 {MOST} 个 webhook 端点；请先删除一个。",
        )
        raise Invalid(msg, "externalId", code=Code.TOO_MANY)


def found(uow: Uow, wanted: Ref, path: str = "webhook") -> Webhook:
    """The endpoint that `wanted` names, held until the end. Raises Invalid when there is none."""
    check_readable({path: wanted})
    row = uow.session.scalars(select(Webhook).where(named(uow, Webhook, wanted)).with_for_update()).first()
    if row is None:
        noun = NOUNS["webhook"]
        msg = Text(f"There is no {noun.en} of that name here.", f"此处没有该名称的{noun.zh}。")
        raise Invalid(msg, path, code=Code.NOT_FOUND)
    return row


@writes(Scope.WEBHOOK_WRITE)
@repeatable("webhookDelete", row_of(Webhook))
def remove(uow: Uow, wanted: Ref) -> Webhook:
    """Delete an endpoint and the log of what it was sent; it as it stood. Raises Invalid."""
    webhook = found(uow, wanted)
    uow.session.execute(delete(WebhookDelivery).where(col(WebhookDelivery.webhook_id) == webhook.id))
    uow.session.delete(webhook)
    uow.session.flush()
    uow.record(webhook, "Webhook", Action.DELETED)
    return webhook


@writes(Scope.WEBHOOK_WRITE)
def rotate(uow: Uow, wanted: Ref, sealed: str, overlap_hours: float | None) -> Webhook:
    """Give an endpoint the new secret `sealed`; those before it sign beside it for a while. Raises Invalid."""
    webhook = found(uow, wanted)
    if overlap_hours is not None and not 0 <= overlap_hours <= LONGEST_OVERLAP / timedelta(hours=1):
        msg = Text("overlapHours must be between 0 and 720.", "overlapHours 必须在 0 与 720 之间。")
        raise Invalid(msg, "overlapHours", code=Code.OUT_OF_RANGE)
    overlap = OVERLAP if overlap_hours is None else timedelta(hours=overlap_hours)
    webhook.secrets = webhook_secret.rotated(webhook.secrets, sealed, uow.now + overlap)
    changed(uow, webhook, "secrets")
    return webhook


@writes(Scope.WEBHOOK_WRITE)
@repeatable("webhookEnable", fate_of(Webhook))
def enable(uow: Uow, wanted: Ref) -> tuple[Webhook, Outcome]:
    """Have an endpoint told of what is committed from now on, and of what was left open. Raises Invalid."""
    webhook = found(uow, wanted)
    if webhook.disabled_at is None:
        return webhook, Outcome.UNCHANGED
    webhook.disabled_at = webhook.disabled_reason = webhook.failing_since = None
    webhook.position = last(uow)
    changed(uow, webhook, "disabled_at", "disabled_reason")
    return webhook, Outcome.UPDATED


@writes(Scope.WEBHOOK_WRITE)
@repeatable("webhookDisable", fate_of(Webhook))
def disable(uow: Uow, wanted: Ref) -> tuple[Webhook, Outcome]:
    """Have an endpoint told of nothing until it is enabled again. Raises Invalid."""
    webhook = found(uow, wanted)
    if webhook.disabled_at is not None:
        return webhook, Outcome.UNCHANGED
    stop(uow, webhook, WebhookDisabledReason.REQUESTED)
    return webhook, Outcome.UPDATED


def stop(uow: Uow, webhook: Webhook, reason: WebhookDisabledReason) -> None:
    """Disable `webhook` for `reason`."""
    webhook.disabled_at, webhook.disabled_reason = uow.now, reason
    changed(uow, webhook, "disabled_at", "disabled_reason")


def changed(uow: Uow, webhook: Webhook, *fields: str) -> None:
    """Note that `fields` of an endpoint changed; the worker looks at it again."""
    webhook.updated_at, webhook.version = uow.now, webhook.version + 1
    uow.session.flush()
    uow.record(webhook, "Webhook", Action.UPDATED, list(fields))


def look_again(uow: Uow) -> None:
    """Have the worker look at the endpoints of this workspace, though nothing changed."""
    uow.enqueue(SETTLE)
