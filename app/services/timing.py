"""How long an interaction took: what follows from its events under the workspace's clock, target and limit."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from app.models.interaction import Interaction, InteractionEventKind
from app.services import fact
from app.services.clock import clock
from app.services.conversation import Course, Happening, course
from app.services.restating import restated
from app.services.team import teams
from app.uow import Uow

DERIVED = (
    "asked_at",
    "due_at",
    "judged_on",
    "is_in_time",
    "replied_at",
    "reply_seconds",
    "responder_id",
    "responder_team_id",
    "resolved_at",
    "resolved_on",
    "resolution_seconds",
    "is_resolved_in_time",
    "is_confirmed",
    "resolver_id",
    "resolver_team_id",
    "is_waiting",
    "waiting_seconds",
    "waited_on",
)
"""The columns of interactions that follow from their events."""

_GIVEN = ("id", "events", "occurred_at", "staff_id")

Timed = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Gives the derived columns of an interaction."""


def course_of(columns: Mapping[str, Any]) -> Course:
    """The course of an interaction as it is stored."""
    return course([_happening(event) for event in columns["events"]])


def _happening(event: Mapping[str, Any]) -> Happening:
    staff = UUID(event["staff_id"]) if isinstance(event["staff_id"], str) else event["staff_id"]
    return Happening(InteractionEventKind(event["kind"]), datetime.fromisoformat(event["at"]), staff)


def timings(uow: Uow, rows: Iterable[Mapping[str, Any]]) -> Timed:
    """What gives the derived columns of each of `rows`: its events, when it began, and whose it is."""
    found = [(_clocked(uow, columns), columns) for columns in rows]
    pairs = [pair for now, _ in found for pair in _pairs(now)]
    team = teams(uow, pairs)
    for now, _ in found:
        now["responder_team_id"] = team(now["responder_id"], now["judged_on"]) if now["judged_on"] else None
        now["resolver_team_id"] = team(now["resolver_id"], now["resolved_on"]) if now["resolved_on"] else None
    known = {id(columns): now for now, columns in found}
    return lambda columns: known[id(columns)]


def _pairs(now: Mapping[str, Any]) -> Iterable[tuple[UUID | None, date]]:
    for who, day in (("responder_id", "judged_on"), ("resolver_id", "resolved_on")):
        if now[day] is not None and isinstance(now[who], UUID):
            yield now[who], now[day]


def _clocked(uow: Uow, columns: Mapping[str, Any]) -> dict[str, Any]:
    told, own = course_of(columns), columns["staff_id"]
    end = told.resolution.at if told.resolution else None
    # an answer to nothing that was asked before it ends what began otherwise
    is_asked = told.asked_at is not None and (end is None or told.asked_at <= end)
    began = told.asked_at if told.asked_at and is_asked else columns["occurred_at"]
    return _response(uow, told, own) | _resolution(uow, told, own, began) | _waiting(uow, told)


def _response(uow: Uow, told: Course, own: Any) -> dict[str, Any]:  # noqa: ANN401 - an id or a missing reference
    """Until when the first message wanted an answer, and when it got one."""
    target, time = uow.workspace.response_target_minutes * 60, clock(uow)
    asked, reply = told.asked_at, told.reply
    seconds = time.seconds(asked, reply.at) if asked and reply else None
    due = time.after(asked, target) if asked else None
    judged = reply.at if reply else due if due is not None and due <= uow.now else None
    return {
        "asked_at": asked,
        "due_at": due,
        "judged_on": _day(uow, judged),
        # by the instant at which it is late, as what nobody answers is judged: seconds are whole
        "is_in_time": reply is not None and (due is None or reply.at <= due),
        "replied_at": reply.at if reply else None,
        "reply_seconds": seconds,
        "responder_id": (reply.staff if reply else None) or own,
    }


def _resolution(uow: Uow, told: Course, own: Any, began: datetime) -> dict[str, Any]:  # noqa: ANN401 - an id or a missing reference
    end, limit = told.resolution, timedelta(days=uow.workspace.complaint_limit_days)
    return {
        "resolved_at": end.at if end else None,
        "resolved_on": _day(uow, end.at if end else None),
        "resolution_seconds": clock(uow).seconds(began, end.at) if end else None,
        "is_resolved_in_time": end is not None and end.at <= began + limit,
        "is_confirmed": told.is_confirmed,
        "resolver_id": (end.staff if end else None) or own,
    }


def _waiting(uow: Uow, told: Course) -> dict[str, Any]:
    """All that the customer waited; nothing is said while they wait still."""
    if told.is_waiting or not told.waits:
        return {"is_waiting": told.is_waiting, "waiting_seconds": None, "waited_on": None}
    time = clock(uow)
    seconds = sum(time.seconds(wait.start, wait.end) for wait in told.waits)
    return {"is_waiting": False, "waiting_seconds": seconds, "waited_on": _day(uow, told.waits[-1].end)}


def _day(uow: Uow, at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(uow.zone).date()


def changes(uow: Uow, chosen: ColumnElement[bool]) -> list[dict[str, Any]]:
    """What is no longer as it should be in the interactions `chosen`: id and columns of each."""
    columns = [col(getattr(Interaction, name)) for name in (*_GIVEN, *DERIVED)]
    present = select(*columns).where(chosen, col(Interaction.deleted_at).is_(None))
    rows = [dict(row._mapping) for row in uow.session.execute(present)]  # noqa: SLF001 - its documented name
    timed = timings(uow, rows)
    found = []
    for row in rows:
        now = timed(row)
        if any(row[name] != value for name, value in now.items()):
            found.append({"id": row["id"], **now})
    return found


def refresh(uow: Uow, chosen: ColumnElement[bool]) -> None:
    """Bring the clocks of interactions up to date, in every rollup: a setting or mere time may have changed them."""
    changed = changes(uow, chosen)
    ids = [row["id"] for row in changed]
    with restated(uow, Interaction, ids, ids, set()):
        fact.write_each(uow, Interaction, changed)
