"""The exchange rates of a demonstration: what its foreign currencies were worth from day to day."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from app.demo.chance import dice
from app.demo.company import Company, Foreign
from app.demo.timeline import Timeline

DECIMALS = 2
"""The companies count in currencies of so many."""
RESTLESS = 0.003
"""By about so much a rate moves from one day to the next."""
PULL = 0.02
"""And by this part of the way it returns to what is usual."""


def exact(minor: int, decimals: int = DECIMALS) -> Decimal:
    """So many minor units as an amount."""
    return Decimal(minor).scaleb(-decimals)


class Rates:
    """What one unit of each foreign currency was worth on each day up to today, and what amounts in it come to."""

    def __init__(self, company: Company, timeline: Timeline) -> None:
        self._company, self._timeline = company, timeline
        self._foreign = company.trade.foreign
        self._daily = {code: dict(self._walk(code, foreign)) for code, foreign in self._foreign.items()}

    def _walk(self, code: str, foreign: Foreign) -> Iterator[tuple[date, Decimal]]:
        rng, day, off = dice(self._company.key, "rate", code), self._timeline.ranges[0].start, 0.0
        while day <= self._timeline.today:
            off += rng.gauss(0, RESTLESS) - PULL * off
            yield day, Decimal(f"{foreign.rate * (1 + off):.5f}")
            day += timedelta(days=1)

    def decimals(self, currency: str) -> int:
        """How many the currency has."""
        return self._foreign[currency].decimals if currency in self._foreign else DECIMALS

    def worth(self, minor: int, currency: str, day: date) -> int:
        """So many minor units of the currency in those of the company's own, rounded half to even."""
        if currency not in self._foreign:
            return minor
        found = exact(minor, self.decimals(currency)) * self._daily[currency][day]
        return int(found.scaleb(DECIMALS).to_integral_value(ROUND_HALF_EVEN))

    def rows(self, wanted: Iterable[tuple[str, date]]) -> list[dict[str, Any]]:
        """The rates of these currencies and days, and of the running month, as exchange rates are recorded."""
        running = self._timeline.months[-1]
        days = [running.start + timedelta(days=place) for place in range(running.days)]
        needed = {pair for pair in wanted if pair[0] in self._foreign} | {(c, d) for c in self._foreign for d in days}
        return [
            {"external_id": f"{code}-{day}", "from_": code, "date": day, "rate": self._daily[code][day]}
            for code, day in sorted(needed)
        ]
