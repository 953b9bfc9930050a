"""The turns of customers in interactions: derived from the events, whenever these change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.models.base import TRAITS
from app.models.interaction import Interaction, Turn
from app.services import fact
from app.services.clock import clock
from app.services.restating import restated
from app.services.team import teams
from app.services.timing import course_of
from app.uow import Uow

_TAKEN = ("customer_id", "channel_id", "product", "campaign", "journey_stage", "reason", *TRAITS)
"""What a turn is cut by, as its interaction has it."""
_OWN = ("asked_at", "answered_at", "day", "seconds", "staff_id", "team_id")


def restate(uow: Uow, ids: Sequence[UUID]) -> None:
    """Make the turns of these interactions what they are to be now."""
    statement = select(Interaction).where(uow.db.is_any(Interaction.id, list(ids)))
    rows = uow.session.scalars(statement.execution_options(populate_existing=True)).all()
    wanted = {row.id: [] if row.deleted_at else list(_turns(uow, row)) for row in rows}
    _with_teams(uow, [turn for some in wanted.values() for turn in some])
    present: dict[UUID, list[Turn]] = defaultdict(list)
    mine = select(Turn).where(uow.db.is_any(Turn.interaction_id, list(ids))).order_by(col(Turn.asked_at), col(Turn.id))
    for turn in uow.session.scalars(mine.execution_options(populate_existing=True)):
        present[turn.interaction_id].append(turn)
    new: list[dict[str, Any]] = []
    gone: list[UUID] = []
    for id_, turns in wanted.items():
        if not _is_same(turns, present[id_]):
            new += turns
            gone += [turn.id for turn in present[id_]]
    with restated(uow, Turn, gone, [turn["id"] for turn in new], set()):
        if gone:
            uow.session.execute(delete(Turn).where(uow.db.is_any(Turn.id, gone)))
        if new:
            uow.session.execute(insert(Turn), new)


def follow(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the turns of these customers up to date with what their interactions froze."""
    statement = select(Interaction.id).where(uow.db.is_any(Interaction.customer_id, sorted(customer_ids)))
    if ids := list(uow.session.scalars(statement)):
        restate(uow, ids)


def refresh(uow: Uow, chosen: ColumnElement[bool]) -> None:
    """Hold the `chosen` turns against the clock; the rollups are left alone."""
    columns = (col(Turn.id), col(Turn.asked_at), col(Turn.answered_at), col(Turn.seconds))
    time, changed = clock(uow), []
    for id_, asked, answered, before in uow.session.execute(select(*columns).where(chosen)):
        if (now := time.seconds(asked, answered)) != before:
            changed.append({"id": id_, "seconds": now})
    fact.write_each(uow, Turn, changed)


def _turns(uow: Uow, row: Interaction) -> Iterator[dict[str, Any]]:
    taken = {name: getattr(row, name) for name in _TAKEN}
    for asked_at, reply in course_of({"events": row.events}).exchanges:
        yield {
            **taken,
            "id": uuid7(),
            "tenant_id": uow.tenant_id,
            "interaction_id": row.id,
            "asked_at": asked_at,
            "answered_at": reply.at,
            "day": _day(uow, reply.at),
            "seconds": clock(uow).seconds(asked_at, reply.at),
            "staff_id": reply.staff or row.staff_id,
            "known_on": uow.today,
        }


def _with_teams(uow: Uow, turns: Sequence[dict[str, Any]]) -> None:
    team = teams(uow, [(turn["staff_id"], turn["day"]) for turn in turns])
    for turn in turns:
        turn["team_id"] = team(turn["staff_id"], turn["day"])


def _day(uow: Uow, at: datetime) -> Any:  # noqa: ANN401 - a date
    return at.astimezone(uow.zone).date()


def _is_same(wanted: Sequence[Mapping[str, Any]], present: Sequence[Turn]) -> bool:
    names = (*_OWN, *_TAKEN)
    return [[one[name] for name in names] for one in wanted] == [
        [getattr(one, name) for name in names] for one in present
    ]
