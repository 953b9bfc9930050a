"""When a demonstration plays: 24 complete months and the running one, and the rhythm of the days in them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from app.services.period import Span, add_months, start_of_day

YEAR = 12
MONTHS = 2 * YEAR


@dataclass(frozen=True)
class Rhythm:
    """How business is spread: over the months of the year, the days of the week from Monday, the hours of the day."""

    season: tuple[float, ...]
    weekdays: tuple[float, ...]
    hours: tuple[float, ...]


@dataclass(frozen=True)
class Timeline:
    """The months up to `now` in the calendar of `zone`."""

    now: datetime
    zone: ZoneInfo
    rhythm: Rhythm
    _known: dict[Span, tuple[list[date], list[float]]] = field(default_factory=dict, init=False, compare=False)

    @cached_property
    def today(self) -> date:
        """The day it is there."""
        return self.day(self.now)

    def day(self, at: datetime) -> date:
        """The day that an instant falls on there."""
        return at.astimezone(self.zone).date()

    @cached_property
    def ranges(self) -> tuple[Span, Span]:
        """The 12 complete months before the last 12, and the last 12 complete months."""
        first = self.today.replace(day=1)
        start, middle = add_months(first, -MONTHS), add_months(first, -YEAR)
        return Span(start, middle), Span(middle, first)

    @cached_property
    def months(self) -> tuple[Span, ...]:
        """The 24 complete months and then the running one, up to today."""
        start = self.ranges[0].start
        complete = [Span(add_months(start, place), add_months(start, place + 1)) for place in range(MONTHS)]
        return (*complete, Span(self.ranges[1].end, self.today + timedelta(days=1)))

    @cached_property
    def elapsed(self) -> float:
        """How much of the running month has passed, 0 to 1."""
        start = self.today.replace(day=1)
        begun, ends = start_of_day(start, self.zone), start_of_day(add_months(start, 1), self.zone)
        return (self.now - begun) / (ends - begun)

    def seasons(self, months: tuple[Span, ...]) -> list[float]:
        """How busy each of the months is."""
        return [self.rhythm.season[month.start.month - 1] for month in months]

    def moments(self, rng: Random, month: Span, count: int) -> list[datetime]:
        """So many instants of the month, in the company's rhythm, none later than now."""
        days, weights = self._days(month)
        return sorted(self._moment(rng, month, day) for day in rng.choices(days, cum_weights=weights, k=count))

    def _days(self, month: Span) -> tuple[list[date], list[float]]:
        """The days of the month and how busy they are, each with all before it."""
        if month not in self._known:
            days = [month.start + timedelta(days=place) for place in range(month.days)]
            self._known[month] = days, list(accumulate(self.rhythm.weekdays[day.weekday()] for day in days))
        return self._known[month]

    def _moment(self, rng: Random, month: Span, day: date) -> datetime:
        (hour,) = rng.choices(range(24), self.rhythm.hours)
        clock = time(hour, rng.randrange(60), rng.randrange(60))
        at = datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)
        if at <= self.now:
            return at
        begun = start_of_day(month.start, self.zone)
        return begun + (self.now - begun) * rng.random()
