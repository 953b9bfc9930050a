"""Business calendars: kept under keys, asked about their hours."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.business_calendar import BusinessCalendar
from app.models.workspace import Workspace
from app.services import keyed, workspace
from app.services.business_hours import BusinessHours, Day
from app.services.calendar_version import MAX_VERSIONS, VersionRow, stored, under
from app.services.listing import Listing
from app.services.period import EARLIEST, LATEST
from app.services.row import AS_USUAL, Options, Outcome, check_readable, moment
from app.text import Text
from app.uow import Uow, reads, writes

LIST = Listing(BusinessCalendar, Scope.CALENDAR_READ, columns={"external_id": "key"})

R = TypeVar("R")
MAX_DAYS = 400
"""Days that are told at once."""


class BusinessCalendarRow(keyed.KeyedRow):
    """A business calendar as it comes in."""

    versions: Annotated[list[VersionRow], Field(min_length=1, max_length=MAX_VERSIONS)] = Field(default_factory=list)


@writes(Scope.CALENDAR_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[BusinessCalendar, Outcome]:
    """The business calendar after `data`. Raises Invalid.

    When the workspace goes by it and its hours change, what rests on them is counted anew.
    """
    uow.take_turn()  # what is recorded is measured by the old hours and then counted anew, or by the new ones
    changed: list[BusinessCalendar] = []

    def versions(row: BusinessCalendarRow, present: BusinessCalendar | None) -> dict[str, Any]:
        if "versions" not in row.model_fields_set:
            if present is None:
                msg = Text("versions is required for a new calendar.", "新日历必须填写 versions。")
                raise Invalid(msg, "versions", code=Code.REQUIRED)
            return {}
        found = stored(row.versions)
        if present is not None and present.versions != found:
            changed.append(present)
        return {"versions": found}

    row, outcome = keyed.upsert(uow, BusinessCalendar, BusinessCalendarRow, data, versions, options=options)
    if changed and uow.session.scalar(select(col(Workspace.business_calendar_id))) == row.id:
        workspace.begin_anew(uow, ["business_calendar_id"])
    return row, outcome


Instant = datetime | date
"""What a timestamp may be."""


@reads(Scope.CALENDAR_READ)
def hours(uow: Uow, asked: Sequence[tuple[UUID, Instant, Instant]]) -> list[int | Invalid]:
    """The working time of each calendar between two instants, in seconds; or why there is none."""
    return _each(uow, asked, _hours)


@reads(Scope.CALENDAR_READ)
def days(uow: Uow, asked: Sequence[tuple[UUID, date, date]]) -> list[list[Day] | Invalid]:
    """The days of each calendar from one until another; or why there are none."""
    return _each(uow, asked, _days)


def _each(
    uow: Uow, asked: Sequence[tuple[UUID, Any, Any]], answer: Callable[[Uow, BusinessHours, Any, Any], R]
) -> list[R | Invalid]:
    rows = LIST.among(uow, [id_ for id_, *_ in asked])
    calendars = {id_: under(row.versions) for id_, row in rows.items()}
    found: list[R | Invalid] = []
    for id_, start, end in asked:
        try:
            check_readable({"from": start, "before": end})
            found.append(answer(uow, calendars[id_], start, end))
        except Invalid as error:
            found.append(error)
    return found


def _hours(uow: Uow, calendar: BusinessHours, start: Instant, end: Instant) -> int:
    since, until = moment(uow, start, "from", past=False), moment(uow, end, "before", past=False)
    assert since is not None  # noqa: S101 - it is given
    assert until is not None  # noqa: S101 - it is given
    if until < since:
        msg = Text("before must not be earlier than from.", "before 不能早于 from。")
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    if until.date() >= LATEST:
        msg = Text(f"before must be earlier than {LATEST}.", f"before 必须早于 {LATEST}。")
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    return calendar.seconds(since, until)


def _days(uow: Uow, calendar: BusinessHours, start: date, end: date) -> list[Day]:
    del uow
    if not EARLIEST <= start <= end <= LATEST:
        msg = Text(
            f"from and before must lie between {EARLIEST} and {LATEST}, from first.",
            f"from 和 before 必须在 {EARLIEST} 与 {LATEST} 之间，且 from 在前。",
        )
        raise Invalid(msg, "from", code=Code.OUT_OF_RANGE)
    if (end - start).days > MAX_DAYS:
        msg = Text(f"At most {MAX_DAYS} days are told at once.", f"一次最多给出 {MAX_DAYS} 天。")
        raise Invalid(msg, "before", code=Code.TOO_MANY)
    return calendar.days(start, end)
