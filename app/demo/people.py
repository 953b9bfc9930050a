"""The customers of a demonstration: who comes, who goes, who returns, in numbers that come out exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from app.demo.chance import apportion, dice, one_of, ranked, wobble
from app.demo.company import Company, Flow
from app.demo.timeline import YEAR, Timeline
from app.services.period import Span, start_of_day
from app.services.row import Ref

TESTERS = 4
MOVERS = 8
EARLIER_DAYS = 900
"""Founders came in the days before the first range, so many at most."""
EARLY = 9
"""What must end within its year begins in one of its first months."""


@dataclass
class Stay:
    """A time as a customer: from the first day to the first day no longer (None: still there)."""

    start: date
    end: date | None = None
    reason: str | None = None


@dataclass
class Person:
    """A customer to be: the row that describes it, its stays, and how easily it is content (1 is usual)."""

    row: dict[str, Any]
    charm: float
    stays: list[Stay] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The external id."""
        return str(self.row["external_id"])

    def is_customer(self, day: date) -> bool:
        """Whether it is one on that day."""
        return any(stay.start <= day and (stay.end is None or day < stay.end) for stay in self.stays)

    def overlaps(self, span: Span) -> bool:
        """Whether it is one on some day of the span."""
        return any(stay.start < span.end and (stay.end is None or stay.end > span.start) for stay in self.stays)

    def leaves_within(self, day: date, days: int) -> bool:
        """Whether it goes in the next `days` days."""
        return any(stay.end is not None and day <= stay.end <= day + timedelta(days=days) for stay in self.stays)

    def described(self) -> dict[str, Any]:
        """The row with its stays."""
        history = [{"from_": stay.start, "before": stay.end, "reason": stay.reason} for stay in self.stays]
        heard = self.stays[0].start - timedelta(days=self.stays[0].start.day)
        return {**self.row, "first_contact_at": heard, "history": history}


class Population:
    """Everybody who ever was a customer of the company."""

    def __init__(self, company: Company, timeline: Timeline) -> None:
        self._company, self._timeline = company, timeline
        self._rng = dice(company.key, "people")
        self._numbers = count(1)
        self.people: list[Person] = []
        self.testers: list[Person] = []
        self._during: dict[Span, list[Person]] = {}
        self._live()

    def during(self, span: Span) -> list[Person]:
        """Those who are customers on some day of the span."""
        if span not in self._during:
            self._during[span] = [person for person in self.people if person.overlaps(span)]
        return self._during[span]

    def _live(self) -> None:
        start = self._timeline.ranges[0].start
        for _ in range(self._company.founders):
            self._arrive(start - timedelta(days=self._rng.randint(1, EARLIER_DAYS)))
        before: list[Person] = []
        for place, flow in enumerate(self._company.flows):
            before = self._year(self._timeline.months[place * YEAR : (place + 1) * YEAR], flow, before)
        last, passed = self._company.flows[1], self._timeline.elapsed / YEAR
        running = Flow(round(last.lost * passed), 0, round(last.joined * passed), 0)
        self._year(self._timeline.months[-1:], running, [])
        for place in range(TESTERS):
            person = self._person(start - timedelta(days=30 + place))
            person.row |= {"name": f"Test {place + 1}", "external_id": f"T-{place + 1:05}", "is_test": True}
            self.testers.append(person)

    def _year(self, months: Sequence[Span], flow: Flow, before: Sequence[Person]) -> list[Person]:
        """Let a year pass; those who are lost in it."""
        members = [person for person in self.people if person.stays[-1].end is None]
        order = [members[place] for place in ranked(self._rng, (1 / person.charm for person in members))]
        lost, paused = order[: flow.lost], order[flow.lost : flow.lost + flow.paused]
        for person, day in zip(lost, self._days(months, flow.lost, slope=-0.3), strict=True):
            self._leave(person, day)
        for person, day in zip(paused, self._days(months[:EARLY], flow.paused), strict=True):
            self._leave(person, day)
            person.stays.append(Stay(day + timedelta(days=self._rng.randint(20, 70))))
        for day in self._days(months, flow.joined, slope=0.3, seasonal=True):
            self._arrive(day)
        for day in self._days(months[:EARLY], flow.brief):
            self._leave(self._arrive(day), day + timedelta(days=self._rng.randint(25, 75)))
        for person, day in zip(before, self._days(months, flow.back), strict=False):
            person.stays.append(Stay(day))
        return lost

    def _days(self, months: Sequence[Span], number: int, *, slope: float = 0, seasonal: bool = False) -> list[date]:
        """So many days of the months, more of them in its later ones the steeper the slope, in no order."""
        weights = [wobble(self._rng, 0.2) * (1 + slope * place / len(months)) for place in range(len(months))]
        if seasonal:
            weights = [a * b for a, b in zip(weights, self._timeline.seasons(tuple(months)), strict=True)]
        found = []
        for month, part in zip(months, apportion(number, weights), strict=True):
            found += [month.start + timedelta(days=self._rng.randrange(month.days)) for _ in range(part)]
        self._rng.shuffle(found)
        return found

    def _leave(self, person: Person, day: date) -> None:
        person.stays[-1].end, person.stays[-1].reason = day, one_of(self._rng, self._company.reasons)

    def _arrive(self, day: date) -> Person:
        person = self._person(day)
        self.people.append(person)
        return person

    def _person(self, day: date) -> Person:
        company, rng, number = self._company, self._rng, next(self._numbers)
        segment = one_of(rng, {name: trait.weight for name, trait in company.segments.items()})
        region = one_of(rng, {name: trait.weight for name, trait in company.regions.items()})
        is_account = segment == company.business
        row = {
            "external_id": f"C-{number:05}",
            "name": self._account(number) if is_account else "".join(rng.choice(part) for part in company.names),
            "kind": "ACCOUNT" if is_account else "PERSON",
            "segment": segment,
            "region": region,
            "acquisition_channel": Ref(
                external_id=one_of(rng, {p.key: p.brings for p in company.channels if p.brings})
            ),
            "email": f"{company.key}-{number:05}@example.com",
            "attributes": {"language": one_of(rng, company.languages)},
        }
        charm = company.segments[segment].charm * company.regions[region].charm * wobble(rng, 0.5)
        return Person(row, charm, [Stay(day)])

    def _account(self, number: int) -> str:
        names = self._company.accounts
        return f"{names[number % len(names)]} {number}"

    def moves(self) -> list[dict[str, Any]]:
        """Who has moved to another region since; what was said before keeps the region of its time."""
        rng, regions = dice(self._company.key, "moves"), list(self._company.regions)
        some: list[Person] = rng.sample(self.people, MOVERS)
        return [
            {
                "external_id": person.key,
                "region": rng.choice([region for region in regions if region != person.row["region"]]),
                "source_updated_at": self._timeline.now,
            }
            for person in some
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Everybody as customers are upserted."""
        moved = {move["external_id"] for move in self.moves()}
        long_ago = start_of_day(self._timeline.ranges[0].start, self._timeline.zone)
        found = [person.described() for person in (*self.people, *self.testers)]
        return [{**row, "source_updated_at": long_ago} if row["external_id"] in moved else row for row in found]
