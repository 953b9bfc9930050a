"""A second opinion on leads: what a workspace was told of them, and what its KPIs are then, sharing no code with `app`.

`LeadBooks` says what becomes of each row; `ask` answers a KPI by walking over all leads.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from money_books import Books, Entry, Shelf
from oracle import FROZEN, Filter

OWN = {
    "CHANNEL": "channel",
    "STAFF": "staff",
    "PRODUCT": "product",
    "CAMPAIGN": "campaign",
    "JOURNEY_STAGE": "journey_stage",
    "REASON": "lost_reason",
}
"""Dimensions that a lead has of its own."""
DAY = 86_400


@dataclass
class LeadBooks(Books):
    """A workspace with leads; `window` are the days in which one is to be won."""

    leads: Shelf = field(default_factory=Shelf)
    window: int = 90

    def lead(self, name: str, row: dict[str, Any], updated: datetime | None, id_: str) -> str:
        """Take a lead in; what became of it."""
        if (row["won_at"] and row["lost_at"]) or (row["lost_reason"] and not row["lost_at"]):
            return "REJECTED"
        if self.leads.is_stale(name, updated):
            return "STALE"
        told = row | {"customer": self.known_as(row["customer"])}
        return self.leads.put(name, told, updated, id_, self._freeze(self.leads.whole(name), told["customer"]))

    def merge(self, from_: str, into: str) -> str:
        """Make one customer part of another; leads pass over with what they froze, which is nothing of a stub."""
        gone, kept = self.known_as(from_), self.known_as(into)
        unknown = [name for name in (gone, kept) if name in self.people and self.people[name].is_stub]
        outcome = super().merge(from_, into)
        for entry in self.leads.entries.values() if outcome == "UPDATED" else ():
            if entry.row["customer"] in unknown:
                entry.frozen = dict(self.people[kept or ""].traits)
            if entry.row["customer"] == gone:
                entry.row = entry.row | {"customer": kept}
        return outcome

    def restate(self, name: str) -> None:
        """A stub has become whole."""
        super().restate(name)
        for entry in self.leads.living:
            if entry.row["customer"] == name:
                entry.frozen = dict(self.people[name].traits)

    def among(self, part: str, span: tuple[date, date], filters: Iterable[Filter]) -> list[Entry]:
        """The leads of which `part` lies in a period and that all filters keep."""
        return [
            entry
            for entry in self.leads.living
            if self.is_counted(entry)
            and (at := entry.row[part]) is not None
            and span[0] <= at.astimezone(self.zone).date() < span[1]
            and all(one.keeps([value_of(entry, one.by)]) for one in filters)
        ]

    def in_time(self, entry: Entry, part: str) -> bool:
        """Whether something came within the window from the first contact."""
        at = entry.row[part]
        return at is not None and at - entry.row["occurred_at"] <= timedelta(hours=24 * self.window)


def value_of(entry: Entry, by: str) -> str:
    """What a lead has of a dimension; no team is known of anybody."""
    if by == "TEAM":
        return ""
    return (entry.frozen[FROZEN[by]] if by in FROZEN else entry.row[OWN[by]]) or ""


class Told(NamedTuple):
    """A figure: value or reason, parts, sample, and how many are left out."""

    value: float | None
    reason: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    sample: float | None = None
    left_out: float | None = None


@dataclass(frozen=True)
class View:
    """The leads of a period that some filters keep: those that came, were won and were lost in it."""

    books: LeadBooks
    span: tuple[date, date]
    filters: Sequence[Filter]

    def of(self, part: str) -> list[Entry]:
        """Those of which `part` lies in the period."""
        return self.books.among(part, self.span, self.filters)

    @property
    def came(self) -> list[Entry]:
        """Those whose first contact does."""
        return self.of("occurred_at")

    def within(self, *reached: str) -> int:
        """How many of those who came got to all of these in time."""
        return sum(all(self.books.in_time(entry, part) for part in reached) for entry in self.came)

    @property
    def cycles(self) -> list[int | None]:
        """The seconds until each new deal of the period was won; None of one won before its first contact."""
        new = [entry.row for entry in self.of("won_at") if entry.row["type"] == "NEW"]
        taken = [(row["won_at"] - row["occurred_at"]).total_seconds() for row in new]
        return [int(seconds) if seconds >= 0 else None for seconds in taken]


def percentile(values: Iterable[int], percent: int) -> Fraction | None:
    """Between the two neighbouring values, as spreadsheets have it."""
    some = sorted(values)
    if not some:
        return None
    rank = Fraction((len(some) - 1) * percent, 100)
    low, high = some[int(rank)], some[min(int(rank) + 1, len(some) - 1)]
    return low + (high - low) * (rank - int(rank))


def _count(select: Callable[[View], int]) -> Callable[[View], Told]:
    def told(view: View) -> Told:
        found = select(view)
        return Told(float(found), None, float(found))

    return told


def _rate(above: Callable[[View], int], below: Callable[[View], int]) -> Callable[[View], Told]:
    def told(view: View) -> Told:
        top, bottom = above(view), below(view)
        reason = None if bottom else "ZERO_DENOMINATOR" if top or view.came else "NO_DATA"
        return Told(None if reason else 100 * top / bottom, reason, top, bottom, bottom)

    return told


def _cycle(percent: int | None) -> Callable[[View], Told]:
    def told(view: View) -> Told:
        timed = [seconds for seconds in view.cycles if seconds is not None]
        before, sample = float(len(view.cycles) - len(timed)), float(len(timed))
        reason = None if timed else "NO_DATA"
        if percent is None:
            mean = sum(timed) / DAY / len(timed) if timed else None
            return Told(mean, reason, sum(timed) / DAY, sample, sample, before)
        middle = percentile(timed, percent)
        return Told(None if middle is None else float(middle / DAY), reason, None, None, sample, before)

    return told


def _late(view: View) -> int:
    return sum(e.row["won_at"] is not None and not view.books.in_time(e, "won_at") for e in view.came)


KPIS: dict[tuple[str, str], Callable[[View], Told]] = {
    ("LEADS", "default"): _count(lambda view: len(view.came)),
    ("LEADS", "won_late"): _count(_late),
    ("LEADS", "lost"): _count(lambda view: sum(e.row["lost_at"] is not None for e in view.came)),
    ("LEADS", "open"): _count(lambda view: sum(not e.row["lost_at"] and not e.row["won_at"] for e in view.came)),
    ("LOST_LEADS", "default"): _count(lambda view: len(view.of("lost_at"))),
    ("CONVERSION_RATE", "default"): _rate(lambda view: view.within("won_at"), lambda view: len(view.came)),
    ("CONVERSION_RATE", "period"): _rate(lambda view: len(view.of("won_at")), lambda view: len(view.came)),
    ("CONVERSION_RATE", "qualified"): _rate(lambda view: view.within("qualified_at"), lambda view: len(view.came)),
    ("CONVERSION_RATE", "won_of_qualified"): _rate(
        lambda view: view.within("qualified_at", "won_at"), lambda view: view.within("qualified_at")
    ),
    ("SALES_CYCLE", "median"): _cycle(50),
    ("SALES_CYCLE", "p75"): _cycle(75),
    ("SALES_CYCLE", "mean"): _cycle(None),
}
"""Every KPI of leads and its variants."""


def dimensions(key: str) -> list[str]:
    """What a KPI can be cut by."""
    return ["TEAM", *FROZEN, *(by for by in OWN if by != "REASON" or key == "LOST_LEADS")]


def ask(books: LeadBooks, name: tuple[str, str], span: tuple[date, date], filters: Sequence[Filter] = ()) -> Told:
    """The figure of one KPI."""
    return KPIS[name](View(books, span, filters))


def reasons(books: LeadBooks, span: tuple[date, date], filters: Sequence[Filter] = ()) -> Counter[str | None]:
    """Why the leads of a period were lost."""
    came = View(books, span, filters).came
    return Counter(entry.row["lost_reason"] for entry in came if entry.row["lost_at"])


def median_days(
    books: LeadBooks, part: str, span: tuple[date, date], filters: Sequence[Filter] = ()
) -> Fraction | None:
    """In how many days half of the leads of a period that got there in time, and not before, were there."""
    came = [e for e in View(books, span, filters).came if books.in_time(e, part)]
    taken = [int((e.row[part] - e.row["occurred_at"]).total_seconds()) for e in came]
    middle = percentile([seconds for seconds in taken if seconds >= 0], 50)
    return None if middle is None else middle / DAY
