"""Cuts: what is read of one dimension of one cube from the rollups, however many KPIs, months and keys ask for it."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate

from app.kpis.measure import Cube
from app.kpis.spread import Histogram
from app.models.rollup import DAY, MONTH, SLOTS
from app.services.period import Span, add_months
from app.services.rollup import Want, read
from app.uow import Uow


@dataclass
class Cut:
    """One dimension of one cube to be read from the rollups, and what was found: running sums, or counts of buckets."""

    edges: set[date] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    is_whole: bool = False
    slots: set[int] = field(default_factory=set)
    sums: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    counts: dict[str, list[dict[int, int]]] = field(default_factory=dict)
    index: dict[date, int] = field(default_factory=dict)

    @property
    def found(self) -> list[str]:
        """The keys of which there is something."""
        return [*self.sums, *self.counts]

    def amount(self, slot: int, key: str, span: Span) -> int:
        """What the amounts of `slot` for `key` come to over `span`."""
        running = self.sums.get(key, {}).get(slot)
        return 0 if running is None else running[self.index[span.end]] - running[self.index[span.start]]

    def histogram(self, key: str, span: Span) -> Histogram:
        """How the values for `key` are distributed over `span`."""
        parts = self.counts.get(key, [])[self.index[span.start] : self.index[span.end]]
        return sum(map(Histogram, parts), Histogram())

    def add(self, key: str, segment: int, page: int, amounts: Sequence[int]) -> None:
        """Note one row that was read: of the measures, or one page of a histogram."""
        if page:
            counts = self.counts.setdefault(key, [{} for _ in self.index])[segment]
            for number, count in enumerate(amounts, (page - 1) * SLOTS):
                if count:
                    counts[number] = counts.get(number, 0) + count
            return
        rows = self.sums.setdefault(key, {})
        for slot, amount in zip(sorted(self.slots), amounts, strict=False):
            if amount:
                rows.setdefault(slot, [0] * len(self.index))[segment + 1] += amount

    def run(self) -> None:
        """Make running sums of what was noted."""
        self.sums = {
            key: {slot: list(accumulate(row)) for slot, row in slots.items()} for key, slots in self.sums.items()
        }


Cuts = dict[tuple[Cube, str, date | None, bool], Cut]
"""By cube, dimension, what was known on which day, and whether it is the cube's spread that is read."""


def spans_of(edges: Sequence[date], *, days_only: bool = False) -> tuple[tuple[str, date, date], ...]:
    """Which stretches to read as months and which as days: a month is split only where an edge lies inside it."""
    low, high = edges[0], edges[-1]
    if days_only:
        return ((DAY, low, high),)
    split = sorted({edge.replace(day=1) for edge in edges if edge.day != 1})
    spans: list[tuple[str, date, date]] = []
    at = low.replace(day=1)
    for month in split:
        if at < month:
            spans.append((MONTH, at, month))
        after = add_months(month, 1)
        if spans and spans[-1][0] == DAY and spans[-1][2] == month:
            spans[-1] = (DAY, spans[-1][1], after)
        else:
            spans.append((DAY, month, after))
        at = after
    if at < high:
        spans.append((MONTH, at, high))
    return tuple(spans)


def fill(uow: Uow, cuts: Cuts, generations: Mapping[str, int]) -> None:
    """Read what is wanted of all `cuts`, from the generation of each cube that answers."""
    # each by itself, because a histogram is as wide as all slots
    for known_on, is_spread in {key[2:] for key in cuts}:
        chosen = [(key, cut) for key, cut in cuts.items() if key[2:] == (known_on, is_spread)]
        wants = [_want(cube, dim, cut, generations, known_on, is_spread=is_spread) for (cube, dim, *_), cut in chosen]
        ordered = [sorted(cut.edges) for _, cut in chosen]
        for number, key, day, page, *amounts in read(uow, wants, known_on):
            segment = bisect_right(ordered[number], day) - 1
            if 0 <= segment < len(ordered[number]) - 1:  # or a day of a split month that lies outside what was asked
                chosen[number][1].add(key, segment, page, amounts)
        for _, cut in chosen:
            cut.run()


def _want(  # noqa: PLR0913 - what a reading depends on
    cube: Cube, dim: str, cut: Cut, generations: Mapping[str, int], known_on: date | None, *, is_spread: bool
) -> Want:
    edges = sorted(cut.edges)
    cut.index = {edge: position for position, edge in enumerate(edges)}
    spans = spans_of(edges, days_only=known_on is not None)
    keys = None if cut.is_whole else tuple(sorted(cut.keys))
    slots = tuple(range(SLOTS) if is_spread else sorted(cut.slots))
    return Want(cube, generations[cube.name], dim, keys, spans, slots, is_spread)
