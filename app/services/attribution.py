"""Attribution: which channels get the credit for a customer, by five rules over the touchpoints that led to them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col, delete, insert
from uuid_utils.compat import uuid7

from app.models.buyer import Buyer
from app.models.touchpoint import WHOLE, Credit, Touchpoint
from app.services import spell
from app.services.money import shares
from app.uow import Uow


class Attribution(StrEnum):
    """By which rule channels share the credit for a customer."""

    FIRST_TOUCH = "FIRST_TOUCH"
    LAST_TOUCH = "LAST_TOUCH"
    LINEAR = "LINEAR"
    POSITION = "POSITION"
    TIME_DECAY = "TIME_DECAY"


HALF_LIFE = timedelta(days=7)
"""After this a touchpoint weighs half as much, by time decay."""
_FINE = 1 << 40

Touch = tuple[datetime, UUID]
"""When a customer met which channel."""


def credits(touches: Sequence[Touch]) -> dict[UUID, dict[Attribution, int]]:  # noqa: A001 - what they are called
    """The parts of `WHOLE` that each channel gets by each rule; `touches` are in order. Pure."""
    found: dict[UUID, Counter[Attribution]] = defaultdict(Counter)
    for rule in Attribution:
        weights = _weights(rule, [at for at, _ in touches])
        for (_, channel), part in zip(touches, shares(WHOLE, weights), strict=True):
            found[channel][rule] += part
    return {channel: {rule: parts[rule] for rule in Attribution} for channel, parts in found.items()}


def _weights(rule: Attribution, at: Sequence[datetime]) -> list[int]:
    count = len(at)
    match rule:
        case Attribution.FIRST_TOUCH:
            return [1, *[0] * (count - 1)]
        case Attribution.LAST_TOUCH:
            return [*[0] * (count - 1), 1]
        case Attribution.POSITION if count > 2:  # noqa: PLR2004 - with one or two there is no middle
            # 40 % to each end, 20 % to those between them
            return [2 * (count - 2), *[1] * (count - 2), 2 * (count - 2)]
        case Attribution.TIME_DECAY:
            # only how far apart they lie matters; even one of long ago weighs something
            return [max(1, round(_FINE * 0.5 ** ((at[-1] - one) / HALF_LIFE))) for one in at]
        case _:
            return [1] * count


def restate(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the credits for these customers up to date with their touchpoints and with when they were won."""
    ids = sorted(customer_ids)
    touches = _touches(uow, ids)
    stored = _stored(uow, ids)
    if not touches and not stored:
        return
    won = _won_on(uow, sorted(touches))
    rows = []
    for customer_id, met in touches.items():
        if (day := won.get(customer_id)) is None:
            continue
        before = [(at, channel) for at, on, channel in met if on <= day]
        if before:
            rows += [_row(uow, customer_id, channel, parts) for channel, parts in credits(before).items()]
    if stored:
        uow.session.execute(delete(Credit).where(uow.db.is_any(Credit.customer_id, ids)))
    if rows:
        uow.session.execute(insert(Credit), rows)


def _row(uow: Uow, customer_id: UUID, channel_id: UUID, parts: dict[Attribution, int]) -> dict[str, object]:
    named = {rule.value.lower(): part for rule, part in parts.items()}
    return {
        "id": uuid7(),
        "tenant_id": uow.tenant_id,
        "customer_id": customer_id,
        "channel_id": channel_id,
        **named,
    }


def _touches(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[tuple[datetime, date, UUID]]]:
    statement = (
        select(
            col(Touchpoint.customer_id), col(Touchpoint.occurred_at), col(Touchpoint.day), col(Touchpoint.channel_id)
        )
        .where(uow.db.is_any(Touchpoint.customer_id, list(ids)), col(Touchpoint.deleted_at).is_(None))
        .order_by(col(Touchpoint.occurred_at), col(Touchpoint.id))
    )
    found: dict[UUID, list[tuple[datetime, date, UUID]]] = defaultdict(list)
    for customer_id, at, day, channel_id in uow.session.execute(statement):
        assert customer_id is not None  # noqa: S101 - a touchpoint has one
        assert channel_id is not None  # noqa: S101 - a touchpoint has one
        found[customer_id].append((at, day, channel_id))
    return found


def _stored(uow: Uow, ids: Sequence[UUID]) -> bool:
    statement = select(col(Credit.id)).where(uow.db.is_any(Credit.customer_id, list(ids))).limit(1)
    return uow.session.scalars(statement).first() is not None


def _won_on(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, date]:
    """When each was won: the first day as a customer, or that of the first purchase where none is known."""
    statement = select(col(Buyer.customer_id), col(Buyer.day)).where(uow.db.is_any(Buyer.customer_id, list(ids)))
    found: dict[UUID, date] = {row.customer_id: row.day for row in uow.session.execute(statement)}
    for customer_id, ledger in spell.counted(uow, ids).items():
        if ledger:
            found[customer_id] = spell.dates(ledger)[0].start
    return found
