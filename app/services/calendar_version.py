"""The versions of a business calendar: what each must be, how they follow one another, are stored and read. Pure."""

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from app.errors import Code, Invalid, Problem
from app.services import public_holidays
from app.services.business_hours import BusinessHours, Version
from app.services.period import EARLIEST, LATEST
from app.services.refusal import refused
from app.services.row import Day, Row
from app.services.zone import Zone
from app.text import Text

MAX_VERSIONS = 50
MAX_HOURS = 100
"""Weekly hours of a version."""
MAX_DAYS = 1000
"""Days of a version that are closed, and times of days that are open."""

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        msg = Text(
            f"{value!r} is no time of day; write it as 09:30, and the end of a day as 24:00.",
            f"{value!r} 不是一天中的时间；请写成 09:30 的形式，一天结束写成 24:00。",
        )
        raise refused(msg)
    return value


def _country(value: str) -> str:
    if value not in public_holidays.countries():
        msg = Text(
            f"The public holidays of {value!r} are not known; use an ISO 3166-1 code of two letters such as DE or CN.",
            f"没有 {value!r} 的公共假日；请使用 ISO 3166-1 两字母代码，例如 DE 或 CN。",
        )
        raise refused(msg)
    return value


Time = Annotated[str, AfterValidator(_time)]


class _Hours(Row):
    from_: Time
    before: Time


class WeeklyHoursRow(_Hours):
    """Hours of some weekdays, from 1 (Monday) to 7."""

    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]


class OpenRow(_Hours):
    """Hours of one day."""

    date: Day


class VersionRow(Row):
    """One version as it comes in."""

    from_: Day | None = None
    before: Day | None = None
    time_zone: Zone
    weekly_hours: Annotated[list[WeeklyHoursRow], Field(max_length=MAX_HOURS)]
    country: Annotated[str, AfterValidator(_country)] | None = None
    subdivision: str | None = None
    closed: Annotated[list[Day], Field(max_length=MAX_DAYS)] | None = None
    open: Annotated[list[OpenRow], Field(max_length=MAX_DAYS)] | None = None


def stored(rows: Sequence[VersionRow]) -> list[dict[str, Any]]:
    """The versions in the order of their days, each written in one way only. Raises Invalid with every problem."""
    problems = [one.under("versions", str(place)) for place, row in enumerate(rows) for one in _problems(row)]
    placed = sorted(enumerate(rows), key=lambda one: one[1].from_ or EARLIEST)
    for (_, row), (place, later) in pairwise(placed):
        if (row.before or LATEST) > (later.from_ or EARLIEST):
            msg = Text(
                "Versions overlap: the one before must end where this one begins, or earlier.",
                "版本重叠：前一个版本必须在此版本开始之时或之前结束。",
            )
            problems.append(Problem(Code.CONFLICT, msg, ("versions", str(place), "from")))
    if problems:
        raise Invalid(problems)
    return [_stored(row) for _, row in placed]


def _stored(row: VersionRow) -> dict[str, Any]:
    weekdays: dict[tuple[str, str], set[int]] = {}
    for one in row.weekly_hours:
        weekdays.setdefault((one.from_, one.before), set()).update(one.weekdays)
    opened = sorted((one.date.isoformat(), one.from_, one.before) for one in row.open or ())
    return {
        "from": row.from_ and row.from_.isoformat(),
        "before": row.before and row.before.isoformat(),
        "time_zone": row.time_zone,
        "weekly_hours": [
            {"weekdays": sorted(days), "from": since, "before": before}
            for (since, before), days in sorted(weekdays.items())
        ],
        "country": row.country,
        "subdivision": row.subdivision,
        "closed": sorted({day.isoformat() for day in row.closed or ()}),
        "open": [{"date": day, "from": since, "before": before} for day, since, before in opened],
    }


def _problems(row: VersionRow) -> Iterator[Problem]:
    """What is wrong with one version, as seen from inside it."""
    if row.from_ is not None and row.before is not None and row.before <= row.from_:
        msg = Text("before must be a day after from.", "before 必须晚于 from。")
        yield Problem(Code.OUT_OF_RANGE, msg, ("before",))
    yield from _of_no_country(row)
    weekly = [(day, one, place) for place, one in enumerate(row.weekly_hours) for day in one.weekdays]
    yield from _clashes("weeklyHours", weekly)
    yield from _clashes("open", [(one.date, one, place) for place, one in enumerate(row.open or ())])
    opened = {one.date for one in row.open or ()}
    for place, day in enumerate(row.closed or ()):
        if day in opened:
            msg = Text(f"{day} cannot be both closed and open.", f"{day} 不能既关闭又营业。")
            yield Problem(Code.CONFLICT, msg, ("closed", str(place)))


def _of_no_country(row: VersionRow) -> Iterator[Problem]:
    if row.subdivision is None:
        return
    if row.country is None:
        msg = Text("subdivision needs a country.", "subdivision 需要同时给出 country。")
        yield Problem(Code.REQUIRED, msg, ("country",))
        return
    known = public_holidays.subdivisions(row.country)
    if row.subdivision not in known:
        names = ", ".join(known)
        msg = Text(
            f"{row.country} has no part {row.subdivision!r} with holidays of its own; "
            + (f"use one of {names}." if names else "leave subdivision out."),
            f"{row.country} 没有设有自己假日的地区 {row.subdivision!r}；"
            + (f"请使用以下之一：{names}。" if names else "请不要填写 subdivision。"),
        )
        yield Problem(Code.NOT_FOUND, msg, ("subdivision",))


def _clashes(name: str, given: Iterable[tuple[Hashable, _Hours, int]]) -> Iterator[Problem]:
    """What is wrong with hours, each of a day and from a place in the list `name`."""
    days: dict[Hashable, list[tuple[_Hours, int]]] = {}
    told: set[int] = set()
    for day, hours, place in given:
        if hours.before > hours.from_:
            days.setdefault(day, []).append((hours, place))
        elif place not in told:
            told.add(place)
            msg = Text(
                "before must be later than from; a day ends at 24:00, and what goes on after it is the next day's.",
                "before 必须晚于 from；一天在 24:00 结束，之后的时间属于第二天。",
            )
            yield Problem(Code.OUT_OF_RANGE, msg, (name, str(place), "before"))
    for listed in days.values():
        listed.sort(key=lambda one: (one[0].from_, one[1]))
        for (hours, _), (later, place) in pairwise(listed):
            if hours.before > later.from_ and place not in told:
                told.add(place)
                msg = Text("These hours overlap others of the same day.", "这些时间与同一天的其他时间重叠。")
                yield Problem(Code.CONFLICT, msg, (name, str(place), "from"))


def under(stored: Sequence[Mapping[str, Any]]) -> BusinessHours:
    """The calendar of these versions, as they are stored; what it has counted is kept for the next."""
    return _under(json.dumps(stored, sort_keys=True))


@lru_cache(maxsize=64)
def _under(text: str) -> BusinessHours:
    return BusinessHours([_version(one) for one in json.loads(text)])


def _version(stored: Mapping[str, Any]) -> Version:
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for one in stored["weekly_hours"]:
        for weekday in one["weekdays"]:
            week[weekday - 1].append(_times(one))
    opened: dict[date, list[tuple[int, int]]] = {}
    for one in stored["open"]:
        opened.setdefault(date.fromisoformat(one["date"]), []).append(_times(one))
    return Version(
        starts_on=_day(stored["from"]) or EARLIEST,
        ends_on=_day(stored["before"]) or LATEST,
        zone=ZoneInfo(stored["time_zone"]),
        week=tuple(tuple(sorted(hours)) for hours in week),
        country=stored["country"],
        subdivision=stored["subdivision"],
        closed=frozenset(map(date.fromisoformat, stored["closed"])),
        opened={day: tuple(sorted(hours)) for day, hours in opened.items()},
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _times(stored: Mapping[str, str]) -> tuple[int, int]:
    return _seconds(stored["from"]), _seconds(stored["before"])


def _seconds(time: str) -> int:
    return int(time[:2]) * 3600 + int(time[3:]) * 60
