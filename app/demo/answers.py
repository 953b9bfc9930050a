"""The feedback of a demonstration: how much of what kind in each month comes first, then who said it and where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app.demo.chance import apportion, dice, one_of, ranked, wobble
from app.demo.company import Company, Inquiry, Place, Split, Topic
from app.demo.people import Person, Population
from app.demo.timeline import MONTHS, YEAR, Timeline
from app.services.period import Span
from app.services.row import Ref

GROWTH = 0.02
"""By how much more is said from month to month."""
LEAVING = 60
"""Days before somebody goes in which it shows."""


@dataclass
class Draft:
    """An answer of which everything is known but what it says."""

    at: datetime
    person: Person | None
    place: Place
    staff: str | None
    charm: float


def split_by_month(rng: Random, inquiry: Inquiry, timeline: Timeline) -> list[Split]:
    """How many answers of each band there are in each month; those of a range add up to what is declared."""
    found: list[Split] = []
    seasons = timeline.seasons(timeline.months)
    for number, year in enumerate(inquiry.years):
        places = range(number * YEAR, (number + 1) * YEAR)
        sizes = apportion(sum(year), [seasons[p] * (1 + GROWTH * p) * wobble(rng, 0.08) for p in places])
        best = _band(rng, year.best, sizes, [_rate(inquiry, 0, p) for p in places])
        rest = [size - part for size, part in zip(sizes, best, strict=True)]
        worst = _band(rng, year.worst, rest, [_rate(inquiry, 2, p) * sizes[p % YEAR] for p in places], whole=True)
        found += [Split(b, r - w, w) for b, r, w in zip(best, rest, worst, strict=True)]
    busy = sum(inquiry.years[1]) * seasons[MONTHS] / sum(seasons[YEAR:MONTHS]) * (1 + GROWTH * YEAR / 2)
    size = round(busy * timeline.elapsed)
    best_ = round(size * _rate(inquiry, 0, MONTHS))
    middle = any(year.middle for year in inquiry.years)
    worst_ = min(round(size * _rate(inquiry, 2, MONTHS)), size - best_) if middle else size - best_
    return [*found, Split(best_, size - best_ - worst_, worst_)]


def _band(rng: Random, total: int, caps: list[int], rates: list[float], *, whole: bool = False) -> list[int]:
    """A band's answers of a year by month: after the rates (of the caps, or `whole`), never above the caps."""
    weights = [rate * wobble(rng, 0.03) * (1 if whole else cap) for rate, cap in zip(rates, caps, strict=True)]
    return apportion(total, weights, caps) if total else [0] * len(caps)


def _rate(inquiry: Inquiry, band: int, place: int) -> float:
    """The band's share in a month: on the line through the shares of both years, each at its middle."""
    first, second = (year[band] / sum(year) for year in inquiry.years)
    return min(max(first + (second - first) * (place + 0.5 - YEAR / 2) / YEAR, 0.01), 1.0)


class Voices:
    """Everything that was said in one company."""

    def __init__(self, company: Company, timeline: Timeline, population: Population) -> None:
        self._company, self._timeline, self._population = company, timeline, population
        self._places = {place.key: place for place in company.channels}

    def rows(self) -> list[dict[str, Any]]:
        """Everything, as feedback is recorded, in the order in which it was said."""
        found = [row for inquiry in self._company.inquiries for row in self._inquiry(inquiry)]
        return sorted(found, key=lambda row: (row["occurred_at"], row["external_id"]))

    def _inquiry(self, inquiry: Inquiry) -> Iterator[dict[str, Any]]:
        rng = dice(self._company.key, inquiry.key)
        number = 0
        for month, split in zip(self._timeline.months, split_by_month(rng, inquiry, self._timeline), strict=True):
            for row in self._month(rng, inquiry, month, split):
                number += 1
                yield {"external_id": f"{inquiry.key}-{number:05}", **row}

    def _month(self, rng: Random, inquiry: Inquiry, month: Span, split: Split) -> Iterator[dict[str, Any]]:
        there = [person for person in self._population.people if person.overlaps(month)]
        drafts = [self._draft(rng, inquiry, at, there) for at in self._timeline.moments(rng, month, sum(split))]
        content = ranked(rng, (draft.charm for draft in drafts))
        best, rest = content[: split.best], content[split.best :]
        angry = ranked(rng, (1 / drafts[place].charm for place in rest))
        worst = {rest[place] for place in angry[: split.worst]}
        band = dict.fromkeys(best, 0) | {place: 2 if place in worst else 1 for place in rest}
        for place, draft in enumerate(drafts):
            yield self._row(rng, inquiry, draft, band[place])
        for at in self._timeline.moments(rng, month, round(inquiry.skipped * sum(split))):
            yield self._frame(rng, inquiry, self._draft(rng, inquiry, at, there)) | {"score": None}
        if inquiry.scale and self._population.testers and month.end <= self._timeline.today:
            (at,) = self._timeline.moments(rng, month, 1)
            tester = self._draft(rng, inquiry, at, self._population.testers)
            yield self._row(rng, inquiry, tester, 2)

    def _draft(self, rng: Random, inquiry: Inquiry, at: datetime, there: list[Person]) -> Draft:
        places = [
            place
            for place in self._company.channels
            if place.used and (place.key in inquiry.places or not inquiry.places)
        ]
        place = one_of(rng, {place.key: place.used for place in places})
        channel = self._places[place]
        staff = rng.choice(list(self._company.staff)) if channel.staffed else None
        charm = channel.charm * (self._company.staff[staff][1] if staff else 1)
        person = None if rng.random() < inquiry.anonymous else self._somebody(rng, at, there)
        if person is not None:
            day = at.astimezone(self._timeline.zone).date()
            charm *= person.charm * (0.4 if person.leaves_within(day, LEAVING) else 1)
        return Draft(at, person, channel, staff, charm)

    def _somebody(self, rng: Random, at: datetime, there: list[Person]) -> Person | None:
        """One of those who are customers on that day; None when none was met."""
        day = at.astimezone(self._timeline.zone).date()
        for _ in range(50):
            person = rng.choice(there)
            if person.is_customer(day):
                return person
        return None

    def _frame(self, rng: Random, inquiry: Inquiry, draft: Draft) -> dict[str, Any]:
        """What an answer has whatever it says."""
        company = self._company
        month = draft.at.astimezone(self._timeline.zone).month
        row: dict[str, Any] = {"kind": inquiry.kind, "origin": inquiry.origin, "occurred_at": draft.at}
        row |= {"channel": Ref(external_id=draft.place.key), "product": one_of(rng, company.products)}
        row |= {name: Ref(external_id=key) for name, key in (("staff", draft.staff), ("survey", inquiry.survey)) if key}
        if draft.person is not None:
            row["customer"] = Ref(external_id=draft.person.key)
        if inquiry.stages:
            row["journey_stage"] = rng.choice(inquiry.stages)
        if month in company.campaigns and rng.random() < GROWTH * 15:
            row["campaign"] = company.campaigns[month]
        if inquiry.scale:
            row |= {"scale_worst": inquiry.scale[0], "scale_best": inquiry.scale[1]}
        return row

    def _row(self, rng: Random, inquiry: Inquiry, draft: Draft, band: int) -> dict[str, Any]:
        row = self._frame(rng, inquiry, draft)
        if inquiry.scale:
            row["score"] = one_of(rng, inquiry.bands[band])
        if rng.random() < inquiry.spoken:
            row |= self._words(rng, draft, band)
        return row

    def _words(self, rng: Random, draft: Draft, band: int) -> Mapping[str, Any]:
        """A comment in the customer's language, and what it is about."""
        languages = self._company.languages
        spoken = draft.person.row["attributes"]["language"] if draft.person else one_of(rng, languages)
        first, second = rng.sample(self._company.topics, 2)
        said = rng.choice(_phrases(first, content=band == 0)[spoken])
        if band == 1 or rng.random() < inquiry_second:
            pass
        return {"comment": said, "tags": [first.tag]}


def _phrases(topic: Topic, *, content: bool) -> Mapping[str, tuple[str, ...]]:
    return topic.praise if content else topic.blame
