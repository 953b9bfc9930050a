"""Deliveries of webhooks: asked for again, listed, and tried out. `webhook_round` makes them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import select, update

from app import ids
from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.change import Action, Change
from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery, WebhookDeliveryState
from app.services import webhook
from app.services.listing import Listing
from app.services.ref import NOUNS
from app.services.repeatable import Memory, repeatable, row_of
from app.services.row import Ref, check_readable, moment
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(WebhookDelivery, Scope.WEBHOOK_READ, columns={"type": "noun"})
MOST = 500
"""Deliveries that are asked for again at once by their ids."""


@writes(Scope.WEBHOOK_WRITE)
@repeatable("webhookTest", row_of(WebhookDelivery))
def test(uow: Uow, wanted: Ref) -> WebhookDelivery:
    """A test event for an endpoint, on its way. Raises Invalid."""
    found = webhook.found(uow, wanted)
    _check_enabled(found, "webhook")
    delivery = WebhookDelivery(
        tenant_id=uow.tenant_id,
        webhook_id=found.id,
        noun="Webhook",
        record_id=found.id,
        record_version=found.version,
        at=uow.now,
        created_at=uow.now,
        due_at=uow.now,
    )
    uow.session.add(delivery)
    uow.session.flush()
    uow.record(found, "Webhook", Action.UPDATED, ["deliveries"])
    webhook.look_again(uow)
    return delivery


@writes(Scope.WEBHOOK_WRITE)
@repeatable("webhookReplay", Memory(lambda count: [count], lambda _uow, kept: kept[0]))
def replay(uow: Uow, deliveries: Sequence[str]) -> int:
    """Make these deliveries again, by their global ids; how many. Raises Invalid with each that cannot be."""
    check_readable({"deliveries": list(deliveries)})
    if not 1 <= len(deliveries) <= MOST:
        msg = Text(f"Name 1 to {MOST} deliveries.", f"请指定 1 到 {MOST} 个投递。")
        raise Invalid(msg, "deliveries", code=Code.TOO_MANY if deliveries else Code.REQUIRED)
    wanted = [ids.decode_uuid(one, "WebhookDelivery") for one in deliveries]
    some = [one for one in wanted if one is not None]
    statement = select(WebhookDelivery).where(uow.db.is_any(WebhookDelivery.id, some))
    rows = {row.id: row for row in uow.session.scalars(statement)}
    problems = [_unknown(place) for place, id_ in enumerate(wanted) if id_ not in rows]
    if problems:
        raise Invalid(problems)
    for id_ in {row.webhook_id for row in rows.values()}:
        of = uow.session.get_one(Webhook, (uow.tenant_id, id_))
        _check_enabled(of, "deliveries")
        uow.record(of, "Webhook", Action.UPDATED, ["deliveries"])
    again(uow, list(rows))
    webhook.look_again(uow)
    return len(rows)


def _unknown(place: int) -> Problem:
    noun = NOUNS["webhook_delivery"]
    msg = Text(f"There is no {noun.en} with this id.", f"没有此 ID 的{noun.zh}。")
    return Problem(Code.NOT_FOUND, msg, ("deliveries", str(place)))


def again(uow: Uow, deliveries: Sequence[UUID]) -> None:
    """Have the rows `deliveries` made again from now on, as if for the first time."""
    values = {"state": WebhookDeliveryState.PENDING, "due_at": uow.now, "attempts": 0, "delivered_at": None}
    of = uow.db.is_any(WebhookDelivery.id, deliveries)
    uow.session.execute(update(WebhookDelivery).where(of).values(**values))


@writes(Scope.WEBHOOK_WRITE)
@repeatable("webhookReplay", row_of(Webhook))
def replay_since(uow: Uow, wanted: Ref, since: datetime | date) -> Webhook:
    """Have an endpoint told again of everything that it wants to hear of since then. Raises Invalid."""
    found = webhook.found(uow, wanted)
    _check_enabled(found, "webhook")
    start = moment(uow, since, "since", past=False)
    assert start is not None  # noqa: S101 - something was given
    found.position = min(found.position, _last_before(uow, start))
    uow.record(found, "Webhook", Action.UPDATED, ["deliveries"])
    webhook.look_again(uow)
    return found


def _last_before(uow: Uow, start: datetime) -> int:
    """The number of the last change before `start`; 0 when there is none. Numbers follow time but for moments."""
    low, high = 0, webhook.last(uow)
    while low < high:
        middle = (low + high + 1) // 2
        at = uow.session.scalar(select(Change.at).where(Change.seq == middle))
        if at is not None and at < start:
            low = middle
        else:
            high = middle - 1
    return low


def _check_enabled(found: Webhook, path: str) -> None:
    if found.disabled_at is not None:
        msg = Text(
            f"The webhook {found.key!r} is disabled; enable it first.", f"webhook 端点 {found.key!r} 已停用；请先启用。"
        )
        raise Invalid(msg, path, code=Code.CONFLICT)
