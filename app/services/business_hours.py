"""Working time under a business calendar: how much lies between two instants, and when so much has passed. Pure.

An instant is worked when the clock on the wall, in the zone of the version then in force, shows a time within the hours
of its day. So a day of a change of the clock has 23 or 25 hours, times that are skipped are not worked, and times that
come twice are worked twice. Instants count by whole seconds: fractions are cut off.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.services import public_holidays
from app.services.period import LATEST, start_of_day

DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STRETCH = 366 * DAY
"""What is counted at once, about a year."""
_KEPT = 128
"""Stretches that a calendar remembers."""
_FAR = 60
"""Stretches that are searched for an instant: work that is not done in sixty years never will be."""

Hours = tuple[tuple[int, int], ...]
"""When a day is worked, in seconds from midnight as the clock on the wall shows them; half-open, in order."""


def whole(at: datetime) -> int:
    """The instant as whole seconds since 1970."""
    past = at - _EPOCH
    return past.days * DAY + past.seconds


def _instant(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


_END = whole(datetime(LATEST.year, LATEST.month, LATEST.day, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Version:
    """When a company works from one day until another, which are days in its own zone."""

    starts_on: date
    ends_on: date
    zone: ZoneInfo
    week: tuple[Hours, ...]
    country: str | None
    subdivision: str | None
    closed: frozenset[date]
    opened: Mapping[date, Hours]

    @property
    def since(self) -> int:
        """Its first instant."""
        return whole(start_of_day(self.starts_on, self.zone))

    @property
    def until(self) -> int:
        """The first instant after it."""
        return whole(start_of_day(self.ends_on, self.zone))

    def is_holiday(self, day: date) -> bool:
        """Whether `day` is a public holiday."""
        if self.country is None:
            return False
        return day in public_holidays.year(self.country, self.subdivision, day.year).free

    def hours(self, day: date) -> Hours:
        """When `day` is worked: what is said of the day itself comes first, then holidays, then its weekday."""
        own = self.opened.get(day)
        if own is not None:
            return own
        if day in self.closed:
            return ()
        weekday = day.isoweekday()
        if self.country is not None:
            year = public_holidays.year(self.country, self.subdivision, day.year)
            if day in year.free:
                return ()
            weekday = year.worked.get(day, weekday)
        return self.week[weekday - 1]

    def worked(self, start: int, end: int) -> Iterator[tuple[date, int, int]]:
        """The times between two instants that are worked, in order, each with the day that it belongs to."""
        for since, until, offset in _steady(self.zone, start, end):
            low, high = since + offset, until + offset  # as the clock on the wall shows them
            for number in range(low // DAY, -(-high // DAY)):
                day = _EPOCH.date() + timedelta(days=number)
                if self.starts_on <= day < self.ends_on:
                    for opens, closes in self.hours(day):
                        first, last = max(number * DAY + opens, low), min(number * DAY + closes, high)
                        if first < last:
                            yield day, first - offset, last - offset


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = _instant(at).astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - an aware instant has one
    return offset.days * DAY + offset.seconds


def _steady(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The parts of a stretch of time in which the zone keeps its offset, each with that offset."""
    if start >= end:
        return
    since, offset = start, _offset(zone, start)
    for low in range(start, end, DAY):
        high = min(low + DAY, end)
        later = _offset(zone, high)
        if later != offset:
            before = offset
            change = low + bisect_left(range(low, high), 1, key=lambda at: _offset(zone, at) != before)
            yield since, change, offset
            since, offset = change, later
    if since < end:
        yield since, end, offset


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The worked times of a stretch of time: when each begins and ends, and how much was worked before it."""

    starts: Sequence[int]
    ends: Sequence[int]
    before: Sequence[int]
    total: int

    def until(self, at: int) -> int:
        """How much is worked in it before an instant."""
        place = bisect_right(self.starts, at) - 1
        return 0 if place < 0 else self.before[place] + min(at, self.ends[place]) - self.starts[place]

    def when(self, worked: int) -> int:
        """The instant at which so much has been worked, which is more than nothing and at most the total."""
        place = bisect_left(self.before, worked) - 1
        return self.starts[place] + worked - self.before[place]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar; a day that no version covers has no hours and no `version`."""

    date: date
    seconds: int
    version: Version | None

    @property
    def is_holiday(self) -> bool:
        """Whether it is a public holiday."""
        return self.version is not None and self.version.is_holiday(self.date)

    def holiday(self, locale: str) -> str | None:
        """What the holiday is called, for a reader of that language."""
        version = self.version
        if version is None or version.country is None:
            return None
        return public_holidays.names(version.country, version.subdivision, self.date.year, locale).get(self.date)


class BusinessHours:
    """A calendar made of versions, in the order of their days; where their instants overlap, the later one holds."""

    def __init__(self, versions: Sequence[Version]) -> None:
        following = pairwise([*(version.since for version in versions), _END])
        self._spans = tuple(
            (version, since, min(version.until, then))
            for version, (since, then) in zip(versions, following, strict=True)
        )
        self._last = max((until for *_, until in self._spans), default=0)
        self._stretches: dict[int, _Stretch] = {}

    def seconds(self, start: datetime, end: datetime) -> int:
        """The working time from `start` to `end`, in seconds; negative when `end` lies before `start`."""
        return self._between(whole(start), whole(end))

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """The first instant at which `seconds` have been worked since `start`; None when that never comes."""
        if seconds < 0:
            msg = "working time runs forward only"
            raise ValueError(msg)
        at = whole(start)
        if not seconds:
            return _instant(at)
        number = at // _STRETCH
        due = self._stretch(number).until(at) + seconds
        for this in range(number, number + _FAR):
            if this * _STRETCH >= self._last:
                return None
            stretch = self._stretch(this)
            if due <= stretch.total:
                return _instant(stretch.when(due))
            due -= stretch.total
        return None

    def days(self, start: date, end: date) -> list[Day]:
        """The days from `start` until `end`, each with its working time under the version that covers it."""
        found: dict[date, Day] = {}
        for version, since, until in self._spans:
            first, last = max(start, version.starts_on), min(end, version.ends_on)
            for number in range((last - first).days):
                day = first + timedelta(days=number)
                found[day] = Day(day, 0, version)
            if first < last:
                low, high = start_of_day(first, version.zone), start_of_day(last, version.zone)
                for day, opens, closes in version.worked(max(whole(low), since), min(whole(high), until)):
                    if first <= day < last:  # a clock that is set back over midnight has some of the day before
                        found[day] = Day(day, found[day].seconds + closes - opens, version)
        every = (start + timedelta(days=number) for number in range((end - start).days))
        return [found.get(day) or Day(day, 0, None) for day in every]

    def _between(self, start: int, end: int) -> int:
        if end < start:
            return -self._between(end, start)
        first, last = start // _STRETCH, end // _STRETCH
        begun = self._stretch(first)
        if first == last:
            return begun.until(end) - begun.until(start)
        whole_ones = sum(self._stretch(number).total for number in range(first + 1, last))
        return begun.total - begun.until(start) + whole_ones + self._stretch(last).until(end)

    def _stretch(self, number: int) -> _Stretch:
        found = self._stretches.get(number)
        if found is None:
            if len(self._stretches) >= _KEPT:
                self._stretches.clear()
            found = self._stretches[number] = self._counted(number * _STRETCH, (number + 1) * _STRETCH)
        return found

    def _counted(self, start: int, end: int) -> _Stretch:
        starts, ends, before, total = array("q"), array("q"), array("q"), 0
        for version, since, until in self._spans:
            for _, opens, closes in version.worked(max(start, since), min(end, until)):
                starts.append(opens)
                ends.append(closes)
                before.append(total)
                total += closes - opens
        return _Stretch(starts, ends, before, total)


class AllHours:
    """The plain calendar: every second counts."""

    def seconds(self, start: datetime, end: datetime) -> int:
        """The time from `start` to `end`, in seconds; negative when `end` lies before `start`."""
        return whole(end) - whole(start)

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """The instant `seconds` after `start`; None when no calendar has it."""
        try:
            return _instant(whole(start) + seconds)
        except OverflowError:
            return None
