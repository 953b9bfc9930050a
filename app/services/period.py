"""Periods: half-open ranges of calendar days, how they are named, cut into buckets and shifted. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from app.errors import Invalid, Limited
from app.text import Text

EARLIEST = date(1900, 1, 1)
LATEST = date(2200, 1, 1)
"""Periods lie between these days: what lies outside is a slip of the pen."""


class Grain(StrEnum):
    """How a period is cut into buckets."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class NamedPeriod(StrEnum):
    """A period relative to today, in the workspace's calendar."""

    TODAY = "TODAY"
    YESTERDAY = "YESTERDAY"
    THIS_WEEK = "THIS_WEEK"
    LAST_WEEK = "LAST_WEEK"
    THIS_MONTH = "THIS_MONTH"
    LAST_MONTH = "LAST_MONTH"
    THIS_QUARTER = "THIS_QUARTER"
    LAST_QUARTER = "LAST_QUARTER"
    THIS_YEAR = "THIS_YEAR"
    LAST_YEAR = "LAST_YEAR"
    ALL_TIME = "ALL_TIME"


class ComparisonKind(StrEnum):
    """With what a period is compared."""

    PREVIOUS_PERIOD = "PREVIOUS_PERIOD"
    SAME_PERIOD_LAST_YEAR = "SAME_PERIOD_LAST_YEAR"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The days from `start` (included) to `end` (not included)."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Its length."""
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a workspace's periods depend on: which day it is, and when its weeks (1 is Monday) and years begin."""

    today: date
    first_weekday: int = 1
    fiscal_year_start: int = 1

    def floor(self, day: date, grain: Grain) -> date:
        """The first day of the bucket that `day` lies in."""
        match grain:
            case Grain.DAY:
                return day
            case Grain.WEEK:
                return day - timedelta(days=(day.isoweekday() - self.first_weekday) % 7)
            case Grain.MONTH:
                return day.replace(day=1)
            case Grain.QUARTER | Grain.YEAR:
                size = 3 if grain is Grain.QUARTER else 12
                return add_months(day.replace(day=1), -((day.month - self.fiscal_year_start) % size))

    def next(self, start: date, grain: Grain, count: int = 1) -> date:
        """The bucket that begins `count` buckets after the one beginning at `start`."""
        if grain in (Grain.DAY, Grain.WEEK):
            return start + timedelta(days=count * (7 if grain is Grain.WEEK else 1))
        return add_months(start, count * {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain])

    def named(self, name: NamedPeriod) -> Span:
        """The period `name` today."""
        if name is NamedPeriod.ALL_TIME:
            return Span(EARLIEST, LATEST)
        grains = {"TODAY": Grain.DAY, "YESTERDAY": Grain.DAY}
        grain = grains.get(name.value) or Grain(name.value.split("_")[1])
        start = self.floor(self.today, grain)
        if name is NamedPeriod.YESTERDAY or name.value.startswith("LAST"):
            start = self.next(start, grain, -1)
        return Span(start, self.next(start, grain))

    def last(self, count: int, grain: Grain, *, complete: bool) -> Span:
        """The last `count` buckets, the running one among them unless only `complete` ones are asked for."""
        end = self.floor(self.today, grain)
        if not complete:
            end = self.next(end, grain)
        return checked(self.next(end, grain, -count), end)

    def buckets(self, span: Span, grain: Grain, limit: int) -> tuple[Span, ...]:
        """`span` cut into buckets, clipped at its edges. Raises Limited above `limit` of them."""
        cut = tuple(islice(self._cut(span, grain), limit + 1))
        if len(cut) > limit:
            msg = Text(
                f"A series has at most {limit} points; ask for a shorter period or a coarser grain than {grain.value}.",
                f"一个序列最多有 {limit} 个点；请缩短期间，或使用比 {grain.value} 更粗的粒度。",
            )
            raise Limited(msg)
        return cut

    def _cut(self, span: Span, grain: Grain) -> Iterator[Span]:
        start = self.floor(span.start, grain)
        while start < span.end:
            end = self.next(start, grain)
            yield Span(max(start, span.start), min(end, span.end))
            start = end

    def elapsed(self, span: Span) -> Span:
        """The part of a running period that has begun, today included; any other period as it is."""
        if span.start <= self.today < span.end:
            return Span(span.start, self.today + timedelta(days=1))
        return span

    def compared(self, span: Span, kind: ComparisonKind) -> Span:
        """The period to compare `span` with; of a running one, the like-for-like elapsed part."""
        whole = before(span) if kind is ComparisonKind.PREVIOUS_PERIOD else _years(span, -1)
        part = self.elapsed(span)
        if part == span:
            return whole
        if kind is ComparisonKind.SAME_PERIOD_LAST_YEAR or is_whole_months(span):
            # by the calendar: up to the same day of the month, where there is none to the end of the month
            months = 12 * (part.end.year - part.start.year) + part.end.month - part.start.month
            first = add_months(whole.start.replace(day=1), months)
            end = first + timedelta(days=min(part.end.day - 1, monthrange(first.year, first.month)[1]))
        else:
            end = whole.start + timedelta(days=part.days)
        return Span(whole.start, min(max(end, whole.start + timedelta(days=1)), whole.end))


def checked(start: date, end: date) -> Span:
    """The range as a Span. Raises Invalid when it is empty, reversed or outside what can be asked for."""
    if end <= start:
        how = Text("empty", "为空") if end == start else Text("reversed", "首尾颠倒")
        msg = Text(
            f"The range is {how.en}: `before` is the first day no longer meant and must be later than `from`.",
            f"日期范围{how.zh}：`before` 是不再包含的第一天，必须晚于 `from`。",
        )
        raise Invalid(msg, "before")
    if start < EARLIEST or end > LATEST:
        msg = Text(
            f"Days must lie between {EARLIEST} and {LATEST}.",
            f"日期必须在 {EARLIEST} 与 {LATEST} 之间。",
        )
        raise Invalid(msg, "from" if start < EARLIEST else "before")
    return Span(start, end)


def add_months(day: date, months: int) -> date:
    """The same day `months` later; where that month is shorter, its last day. Stays inside the calendar."""
    index = day.year * 12 + day.month - 1 + months
    year = min(max(index // 12, 1), MAXYEAR)
    return date(year, index % 12 + 1, min(day.day, monthrange(year, index % 12 + 1)[1]))


def is_whole_months(span: Span) -> bool:
    """Whether it begins and ends with months."""
    return span.start.day == 1 and span.end.day == 1


def before(span: Span, end: date | None = None) -> Span:
    """The period of equal calendar length that ends where `span` begins, or at `end`."""
    end = end or span.start
    if is_whole_months(span) and end.day == 1:
        months = 12 * (span.end.year - span.start.year) + span.end.month - span.start.month
        return Span(add_months(end, -months), end)
    return Span(end - timedelta(days=span.days), end)


def _years(span: Span, count: int) -> Span:
    start = add_months(span.start, 12 * count)
    end = add_months(span.end, 12 * count)
    return Span(start, end if end > start else start + timedelta(days=1))


def last_complete(span: Span, today: date) -> Span:
    """The last complete period of `span`'s length that ends by the time `span` begins."""
    if span.start <= today:
        return before(span)
    return before(span, today.replace(day=1) if is_whole_months(span) else today)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which `day` begins in `zone`; without a midnight, the first instant there is."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
