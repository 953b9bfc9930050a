"""How likely those leave of whom one knows when they do: by how long they have been there, and by what they are.

In each month of their time as a customer they leave with a probability whose logarithmic odds are a sum: of a base, of
how long they have been there, and of each of their traits. A prior holds effects back, so that few people prove little.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import expm1, log, log1p
from typing import NamedTuple

from app.prediction.special import logistic, solved

DAYS = 30.4375
"""Of a month, on average."""
STEPS = (0, 3, 6, 12, 24)
"""The months from which on the odds differ."""
MOST_LEVELS = 12
"""So many values of a trait have an effect of their own, the most frequent ones; the others have none."""
_HELD, _LOOSELY = 1.0, 0.01
_MOST_ITERATIONS = 50

Traits = tuple[str | None, ...]


class Time(NamedTuple):
    """A time as a customer: how many days it has lasted, whether it is over, and what was said of the customer."""

    days: int
    is_over: bool
    traits: Traits


@dataclass(frozen=True)
class Leaving:
    """A fitted model: base odds, what each stretch of time adds to them, and what each value of each trait adds."""

    base: float
    steps: tuple[float, ...]
    effects: tuple[Mapping[str, float], ...] = field(default_factory=tuple)

    def chance(self, month: int, traits: Traits) -> float:
        """How probable it is that somebody leaves in their month of that number, from 0."""
        return logistic(self.base + self.steps[_step(month)] + self.effect(traits))

    def effect(self, traits: Traits) -> float:
        """What the traits add to the logarithmic odds."""
        return sum(levels.get(value, 0.0) for levels, value in zip(self.effects, traits, strict=True) if value)

    def within(self, days: int, months: float, traits: Traits) -> float:
        """How probable it is that somebody who has been there for so many days leaves within so many months.

        Of a month that is not meant whole, as much of its odds to stay counts as is meant of it.
        """
        at, end, stays = days / DAYS, days / DAYS + months, 0.0
        while at < end:
            after = min(float(int(at) + 1), end)
            stays += (after - at) * log1p(-self.chance(int(at), traits))
            at = after
        return -expm1(stays)


def fitted(times: Iterable[Time], width: int) -> Leaving:
    """The model of what so many times as a customer tell, each with `width` traits; there must be departures."""
    cells = _cells(times)
    levels = _levels(cells, width)
    places = {name: len(STEPS) + 1 + place for place, name in enumerate(levels)}
    rows = [
        (at_risk, left, [0, 1 + step, *(places[k, v] for k, v in enumerate(traits) if v and (k, v) in places)])
        for (step, traits), (at_risk, left) in cells.items()
    ]
    found = _newton(rows, 1 + len(STEPS) + len(places))
    effects: list[dict[str, float]] = [{} for _ in range(width)]
    for (which, value), place in places.items():
        effects[which][value] = found[place]
    return Leaving(found[0], tuple(found[1 : 1 + len(STEPS)]), tuple(effects))


def survival(times: Iterable[Time], most: int = 60) -> list[tuple[int, int, int, float]]:
    """By Kaplan and Meier, for each month: how many were there in it, how many left in it, which part is left."""
    at_risk, left = Counter[int](), Counter[int]()
    for one in times:
        last = int(one.days / DAYS)
        at_risk[last + 1 if one.is_over else last] += 1
        left[last] += one.is_over
    found, there, kept = [], sum(at_risk.values()), 1.0
    for month in range(most):
        there -= at_risk[month]
        if there <= 0:
            break
        kept *= 1 - left[month] / there
        found.append((month, there, left[month], kept))
    return found


def _step(month: int) -> int:
    return max(place for place, start in enumerate(STEPS) if month >= start)


def _cells(times: Iterable[Time]) -> dict[tuple[int, Traits], tuple[int, int]]:
    """In how many months people who are alike were there, and how many of them left in one."""
    found: dict[tuple[int, Traits], tuple[int, int]] = {}
    for days, is_over, traits in times:
        last = int(days / DAYS)
        ends = last + 1 if is_over else last  # a month that is not over yet says nothing
        for step, start in enumerate(STEPS):
            end = STEPS[step + 1] if step + 1 < len(STEPS) else ends
            months = min(ends, end) - start
            if months <= 0:
                break
            at_risk, left = found.get((step, traits), (0, 0))
            gone = is_over and start <= last < end
            found[step, traits] = at_risk + months, left + gone
    return found


def _levels(cells: Mapping[tuple[int, Traits], tuple[int, int]], width: int) -> list[tuple[int, str]]:
    """The values of traits that have an effect of their own."""
    counts: list[Counter[str]] = [Counter() for _ in range(width)]
    for (_, traits), (at_risk, _) in cells.items():
        for place, value in enumerate(traits):
            if value:
                counts[place][value] += at_risk
    # sorted, so that of equals the same ones are taken whatever the order
    return [
        (place, value)
        for place, count in enumerate(counts)
        for value, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))[:MOST_LEVELS]
    ]


def _newton(rows: Sequence[tuple[int, int, list[int]]], size: int) -> list[float]:
    """The effects under which who left and who stayed is likeliest, given the prior."""
    months, gone = sum(at_risk for at_risk, _, _ in rows), sum(left for _, left, _ in rows)
    found = [0.0] * size
    found[0] = log((gone + 0.5) / (months - gone + 0.5))
    held = [0.0, *[_LOOSELY] * len(STEPS), *[_HELD] * (size - 1 - len(STEPS))]
    for _ in range(_MOST_ITERATIONS):
        slope = [-held[i] * found[i] for i in range(size)]
        bend = [[held[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
        for at_risk, left, features in rows:
            chance = logistic(sum(found[i] for i in features))
            more, spread = left - at_risk * chance, at_risk * chance * (1 - chance)
            for i in features:
                slope[i] += more
                for j in features:
                    bend[i][j] += spread
        move = solved(bend, slope)
        if move is None:
            break
        longest = max(map(abs, move))
        found = [a + b * min(1.0, 2.0 / longest if longest else 1.0) for a, b in zip(found, move, strict=True)]
        if longest < 1e-9:  # noqa: PLR2004 - further digits mean nothing
            break
    return found
