"""A second opinion on conversations: the canon over plain lists and sorted values, sharing no code with `app`.

A `Desk` keeps what a workspace was told of its interactions; `told` says what counts of them, `ask` adds it up.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from money_books import Books, Entry, Shelf
from oracle import FROZEN, Filter

OWN = {
    "CHANNEL": "channel",
    "PRODUCT": "product",
    "CAMPAIGN": "campaign",
    "JOURNEY_STAGE": "journey_stage",
    "REASON": "reason",
}
DIMENSIONS = (*OWN, "STAFF", *FROZEN)
"""What conversations are cut by."""

ENDS = (
    *("REOPENED", "CUSTOMER_MESSAGE", "BOT_REPLY", "NOTE", "ASSIGNED", "HANDOVER", "STAFF_REPLY"),
    *("HOLD", "RESUMED", "RESOLVED", "CONFIRMED"),
)
"""At one instant a question comes before its answer, and that before the end."""


class Event(NamedTuple):
    """What happened, when, and who of the staff did it."""

    kind: str
    at: datetime
    staff: str | None = None


Stretch = tuple[datetime, datetime | None]
"""From an instant to another, or to no end."""


class Story:
    """What the events of one conversation come to, each question asked of the whole list."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = sorted(set(events), key=lambda one: (one.at, ENDS.index(one.kind)))

    def _places(self, *kinds: str) -> list[int]:
        return [place for place, event in enumerate(self.events) if event.kind in kinds]

    def _next(self, place: int, *kinds: str) -> Event | None:
        return next((self.events[later] for later in self._places(*kinds) if later > place), None)

    def is_closed(self, place: int) -> bool:
        """Whether it stood as resolved just before an event."""
        before = [self.events[one].kind for one in self._places("RESOLVED", "REOPENED") if one < place]
        return bool(before) and before[-1] == "RESOLVED"

    @property
    def asked_at(self) -> datetime | None:
        """The customer's first message."""
        return next((self.events[place].at for place in self._places("CUSTOMER_MESSAGE")), None)

    @property
    def reply(self) -> Event | None:
        """The first reply of staff after it."""
        asked = self._places("CUSTOMER_MESSAGE")
        return self._next(asked[0], "STAFF_REPLY") if asked else None

    @property
    def resolution(self) -> Event | None:
        """The resolution that held: the first one since it was opened last."""
        return self._next(max(self._places("REOPENED"), default=-1), "RESOLVED")

    @property
    def is_confirmed(self) -> bool:
        """Whether the customer confirmed that resolution."""
        end = self.resolution
        return end is not None and self._next(self.events.index(end), "CONFIRMED") is not None

    @property
    def waits(self) -> list[Stretch]:
        """When the customer waited, for an answer or on hold; these may overlap."""
        found: list[Stretch] = []
        for place in self._places("CUSTOMER_MESSAGE", "REOPENED", "HOLD"):
            event, closed = self.events[place], self.is_closed(place)
            if closed != (event.kind == "REOPENED"):
                continue
            ends = ("RESUMED", "RESOLVED") if event.kind == "HOLD" else ("STAFF_REPLY", "RESOLVED")
            end = self._next(place, *ends)
            found.append((event.at, end and end.at))
        return found

    @property
    def turns(self) -> list[tuple[datetime, Event]]:
        """Each reply that answers messages, and the first of these; one to what was closed counts once it reopens."""
        first: dict[int, datetime] = {}
        for place in self._places("CUSTOMER_MESSAGE", "REOPENED"):
            end = self._next(place, "STAFF_REPLY", "RESOLVED")
            if end and end.kind == "STAFF_REPLY" and self._asks(place):
                first.setdefault(self.events.index(end), self.events[place].at)
        return [(at, self.events[place]) for place, at in first.items()]

    def _asks(self, place: int) -> bool:
        """Whether an event wants an answer: a message to what is open, or a reopening after a message."""
        if self.events[place].kind == "CUSTOMER_MESSAGE":
            return not self.is_closed(place)
        earlier = max((one for one in self._places("REOPENED") if one < place), default=-1)
        return self.is_closed(place) and any(
            earlier < one < place and self.is_closed(one) for one in self._places("CUSTOMER_MESSAGE")
        )


def covered(stretches: Sequence[Stretch]) -> int:
    """How many seconds lie in any of the stretches, each second once."""
    ends = sorted({instant for stretch in stretches for instant in stretch if instant})
    inside = [(a, b) for a, b in pairwise(ends) if any(low <= a and high and b <= high for low, high in stretches)]
    return sum((seconds(a, b) for a, b in inside), 0)


def seconds(start: datetime, end: datetime) -> int:
    """Whole seconds between two instants."""
    return (end - start) // timedelta(seconds=1)


@dataclass
class Desk(Books):
    """A workspace that talks with its customers; the two settings are the workspace's."""

    talks: Shelf = field(default_factory=Shelf)
    target_minutes: int = 60
    limit_days: int = 7

    def talk(self, name: str, row: dict[str, Any], updated: datetime | None, id_: str) -> str:
        """Take an interaction in; its events are a set, in whatever order and how often they came."""
        told = row | {"customer": self.known_as(row["customer"]), "events": frozenset(row["events"])}
        if any(event.at < told["occurred_at"] for event in told["events"]):
            return "REJECTED"
        if self.talks.is_stale(name, updated):
            return "STALE"
        return self.talks.put(name, told, updated, id_, self._freeze(self.talks.whole(name), told["customer"]))

    def merge(self, from_: str, into: str) -> str:
        """Make one customer part of another, with all that it froze; a stub froze nothing."""
        gone, kept = self.known_as(from_) or "", self.known_as(into) or ""
        unknown = [name for name in (gone, kept) if self.people[name].is_stub]
        outcome = super().merge(from_, into)
        for entry in self.talks.entries.values() if outcome == "UPDATED" else ():
            if entry.row["customer"] in unknown:
                entry.frozen = dict(self.people[kept].traits)
            if entry.row["customer"] == gone:
                entry.row = entry.row | {"customer": kept}
        return outcome

    def restate(self, name: str) -> None:
        """A stub has become whole."""
        super().restate(name)
        for entry in self.talks.living:
            if entry.row["customer"] == name:
                entry.frozen = dict(self.people[name].traits)


class Case(NamedTuple):
    """Something that counts: on which day, under which values, how many seconds it took, and what is true of it."""

    day: date
    values: dict[str, str]
    seconds: int | None
    true: frozenset[str]


@dataclass(frozen=True)
class Told:
    """What counts of a desk, by what it is a case of."""

    begun: list[Case]
    judged: list[Case]
    resolved: list[Case]
    waited: list[Case]
    turned: list[Case]


def told(desk: Desk, now: datetime) -> Told:
    """What counts of everything that is known, by now."""
    found = Told([], [], [], [], [])
    for entry in filter(desk.is_counted, desk.talks.living):
        _tell(desk, entry, now, found)
    return found


def _tell(desk: Desk, entry: Entry, now: datetime, found: Told) -> None:
    story, row = Story(entry.row["events"]), entry.row

    def case(at: datetime, whose: str | None, took: int | None, **true: object) -> Case:
        values = {by: row[name] or "" for by, name in OWN.items()} | {"STAFF": whose or ""}
        values |= {by: entry.frozen[name] or "" for by, name in FROZEN.items()}
        return Case(at.astimezone(desk.zone).date(), values, took, frozenset(k for k, v in true.items() if v))

    asked, reply, end, own = story.asked_at, story.reply, story.resolution, row["staff"]
    target = timedelta(minutes=desk.target_minutes)
    complaint = row["kind"] == "COMPLAINT" and row["standing"] == "VALID"
    waits = story.waits
    is_waiting = any(stop is None for _, stop in waits)
    start = asked if asked and (end is None or asked <= end.at) else row["occurred_at"]
    soon = end is not None and end.at <= start + timedelta(days=desk.limit_days)
    found.begun.append(
        case(
            row["occurred_at"],
            own,
            None,
            unanswered=asked and not reply,
            unresolved=end is None,
            waiting=is_waiting,
            complaint=complaint,
            soon=complaint and soon,
            confirmed=complaint and story.is_confirmed,
        )
    )
    if asked and reply:
        took = seconds(asked, reply.at)
        in_time = took <= target.total_seconds()
        found.judged.append(case(reply.at, reply.staff or own, took, answered=True, in_time=in_time))
    elif asked and asked + target <= now:
        found.judged.append(case(asked + target, own, None))
    if end:
        found.resolved.append(case(end.at, end.staff or own, seconds(start, end.at), complaint=complaint))
    if waits and not is_waiting:
        found.waited.append(case(max(stop for _, stop in waits if stop), own, covered(waits)))
    found.turned.extend(case(last.at, last.staff or own, seconds(first, last.at)) for first, last in story.turns)


# the figures


class Figure(NamedTuple):
    """The answer: value or the reason why not, the parts, the sample and what is left out."""

    value: float | None
    reason: str | None
    numerator: float | None
    denominator: float | None
    sample: float | None
    left_out: tuple[tuple[str, float], ...] = ()


class View:
    """One period of what counts, through filters."""

    def __init__(self, told: Told, span: tuple[date, date], filters: Sequence[Filter]) -> None:
        self.told, self.span, self.filters = told, span, filters

    def of(self, cases: Iterable[Case], *true: str) -> list[Case]:
        """Those of the period that the filters keep and of which all this is true."""
        low, high = self.span
        return [
            one
            for one in cases
            if low <= one.day < high
            and one.true.issuperset(true)
            and all(f.keeps([one.values[f.by]]) for f in self.filters)
        ]

    def left_out(self, key: str, why: str) -> tuple[tuple[str, float], ...]:
        """How many that began in the period are not in a value."""
        return ((key, float(len(self.of(self.told.begun, why)))),)


def ranked(values: Iterable[int], percent: int) -> Fraction | None:
    """The value that so many of a hundred do not pass, between its two neighbours in order."""
    ordered = sorted(values)
    if not ordered:
        return None
    whole, rest = divmod((len(ordered) - 1) * percent, 100)
    above = ordered[whole + 1] if rest else ordered[whole]
    return ordered[whole] + Fraction(rest, 100) * (above - ordered[whole])


Reading = Callable[[View], Figure]


def _percentile(cases: str, percent: int, key: str, why: str, *true: str) -> Reading:
    def read(view: View) -> Figure:
        some = view.of(getattr(view.told, cases), *true)
        value = ranked((one.seconds for one in some if one.seconds is not None), percent)
        out = view.left_out(key, why)
        sample = float(len(some))
        return Figure(None if value is None else float(value), None if some else "NO_DATA", None, None, sample, out)

    return read


def _mean(cases: str, key: str, why: str, *true: str) -> Reading:
    def read(view: View) -> Figure:
        some = view.of(getattr(view.told, cases), *true)
        total, count = sum(one.seconds or 0 for one in some), len(some)
        value = float(Fraction(total, count)) if some else None
        out = view.left_out(key, why)
        return Figure(value, None if some else "NO_DATA", float(total), float(count), float(count), out)

    return read


def _rate(top: tuple[str, ...], bottom: tuple[str, ...]) -> Reading:
    def read(view: View) -> Figure:
        above, below = (len(view.of(getattr(view.told, cases), *true)) for cases, *true in (top, bottom))
        parts = float(above), float(below), float(below)
        if not below:
            return Figure(None, "ZERO_DENOMINATOR" if above else "NO_DATA", *parts)
        return Figure(float(Fraction(100 * above, below)), None, *parts)

    return read


def _count(*true: str) -> Reading:
    def read(view: View) -> Figure:
        number = float(len(view.of(view.told.begun, *true)))
        return Figure(number, None, number, None, None)

    return read


def _lasting(kpi: str, cases: str, key: str, why: str, *true: str) -> Iterator[tuple[tuple[str, str], Reading]]:
    yield (kpi, "median"), _percentile(cases, 50, key, why, *true)
    yield (kpi, "mean"), _mean(cases, key, why, *true)
    yield (kpi, "p90"), _percentile(cases, 90, key, why, *true)


KPIS: dict[tuple[str, str], Reading] = {
    **dict(_lasting("RESPONSE_TIME", "judged", "UNANSWERED", "unanswered", "answered")),
    ("RESPONSE_TIME", "every_response"): _percentile("turned", 50, "UNANSWERED", "unanswered"),
    ("RESPONSE_WITHIN_TARGET", "default"): _rate(("judged", "in_time"), ("judged",)),
    **dict(_lasting("RESOLUTION_TIME", "resolved", "UNRESOLVED", "unresolved")),
    **dict(_lasting("WAITING_TIME", "waited", "UNANSWERED", "waiting")),
    ("COMPLAINT_RESOLUTION_RATE", "in_time"): _rate(("begun", "soon"), ("begun", "complaint")),
    ("COMPLAINT_RESOLUTION_RATE", "throughput"): _rate(("resolved", "complaint"), ("begun", "complaint")),
    ("COMPLAINT_RESOLUTION_RATE", "confirmed"): _rate(("begun", "confirmed"), ("begun", "complaint")),
    ("INTERACTIONS", "default"): _count(),
    ("COMPLAINTS", "default"): _count("complaint"),
}
"""Every KPI of conversations and how it is counted."""


def ask(
    told: Told,
    name: tuple[str, str],
    spans: Sequence[tuple[date, date]],
    filters: Sequence[Filter] = (),
    by: str | None = None,
    *,
    keys: Iterable[str] = (),
) -> dict[str, list[Figure]]:
    """The figures of a KPI: by key of the breakdown, of those that are named ("" without one), one per span."""
    found = {}
    for key in keys if by else [""]:
        narrowed = (*filters, *([Filter(by, (key,))] if by else ()))
        found[key] = [KPIS[name](View(told, span, narrowed)) for span in spans]
    return found
