"""The feedback of a demonstration: how much of what kind in each month comes first, then who said it and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from random import Random
from typing import Any

from app.demo.chance import apportion, dice, one_of, ranked, wobble
from app.demo.company import BEST, MIDDLE, WORST, Company, Inquiry, Place, Split
from app.demo.people import Person, Population
from app.demo.timeline import MONTHS, YEAR, Timeline
from app.services.period import Span
from app.services.row import Ref

LEAVING = 60
"""In so many days before somebody goes, it shows."""
ADVERTISED = 0.3
"""How much of what is said during a campaign is owed to it."""
TALKATIVE = 0.25
"""How many of those who say something speak of two things."""


def line(first: float, second: float, place: int) -> float:
    """Where month `place` lies on the line through `first` in the middle of year one and `second` in year two's."""
    return max(first + (second - first) * (place + 0.5 - YEAR / 2) / YEAR, 0)


def split_by_month(rng: Random, inquiry: Inquiry, timeline: Timeline) -> list[Split]:
    """How many answers of each band there are in each month; those of a range add up to what is declared."""
    first, second = inquiry.years
    seasons = timeline.seasons(timeline.months)
    busy = [line(sum(first), sum(second), place) * season for place, season in enumerate(seasons)]
    rates = [[line(first[b] / sum(first), second[b] / sum(second), p) for p in range(MONTHS + 1)] for b in range(3)]
    found: list[Split] = []
    for year, months in ((first, slice(0, YEAR)), (second, slice(YEAR, MONTHS))):
        sizes = apportion(sum(year), [weight * wobble(rng, 0.08) for weight in busy[months]])
        best = _band(rng, year.best, sizes, sizes, rates[BEST][months])
        rest = [size - part for size, part in zip(sizes, best, strict=True)]
        worst = _band(rng, year.worst, rest, sizes, rates[WORST][months])
        found += [Split(b, r - w, w) for b, r, w in zip(best, rest, worst, strict=True)]
    size = round(sum(second) * busy[MONTHS] / sum(busy[YEAR:MONTHS]) * timeline.elapsed)
    top = min(round(size * rates[BEST][MONTHS]), size)
    low = min(round(size * rates[WORST][MONTHS]), size - top) if first.middle or second.middle else size - top
    return [*found, Split(top, size - top - low, low)]


def _band(rng: Random, total: int, caps: list[int], sizes: list[int], rates: list[float]) -> list[int]:
    """One band's answers of a year, by month: about the rate of each month's size, never above its cap."""
    weights = [size * rate * wobble(rng, 0.03) for size, rate in zip(sizes, rates, strict=True)]
    return apportion(total, weights, caps) if total else [0] * len(caps)


@dataclass(frozen=True)
class Draft:
    """An answer of which everything is known but what it says."""

    at: datetime
    person: Person | None
    place: Place
    staff: str | None
    charm: float


def rows(company: Company, timeline: Timeline, population: Population) -> list[dict[str, Any]]:
    """Everything that was said in the company, as feedback is recorded, in the order in which it was said."""
    streams = (Stream(company, timeline, population, inquiry) for inquiry in company.inquiries)
    found = [row for stream in streams for row in stream.rows()]
    return sorted(found, key=lambda row: (row["occurred_at"], row["external_id"]))


class Stream:
    """What was said in answer to one inquiry."""

    def __init__(self, company: Company, timeline: Timeline, population: Population, inquiry: Inquiry) -> None:
        self._company, self._timeline, self._population, self._inquiry = company, timeline, population, inquiry
        self._rng = dice(company.key, inquiry.key)
        self._used = {p: p.used for p in company.channels if p.used and (not inquiry.places or p.key in inquiry.places)}
        self._staff = tuple(company.staff)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Month by month, numbered."""
        splits = split_by_month(self._rng, self._inquiry, self._timeline)
        said = (self._month(month, split) for month, split in zip(self._timeline.months, splits, strict=True))
        for number, row in enumerate(chain.from_iterable(said), start=1):
            yield {"external_id": f"{self._inquiry.key}-{number:05}", **row}

    def _month(self, month: Span, split: Split) -> Iterator[dict[str, Any]]:
        rng, inquiry = self._rng, self._inquiry
        there = self._population.during(month)
        drafts = [self._draft(at, self._speaker(at, there)) for at in self._timeline.moments(rng, month, sum(split))]
        for draft, band in zip(drafts, _bands(rng, drafts, split), strict=True):
            yield self._row(draft, band)
        if not inquiry.scale:
            return
        for at in self._timeline.moments(rng, month, round(inquiry.skipped * sum(split))):
            yield self._frame(self._draft(at, self._speaker(at, there))) | {"score": None}
        for at in self._timeline.moments(rng, month, 1 if month.end <= self._timeline.today else 0):
            test = self._draft(at, rng.choice(self._population.testers))
            yield self._row(test, WORST) | {"comment": "Test"}

    def _speaker(self, at: datetime, there: list[Person]) -> Person | None:
        """One of those who are customers on that day; None for somebody who gives no name."""
        if self._rng.random() < self._inquiry.anonymous:
            return None
        day = self._timeline.day(at)
        return next((person for person in self._rng.choices(there, k=20) if person.is_customer(day)), None)

    def _draft(self, at: datetime, person: Person | None) -> Draft:
        place = one_of(self._rng, self._used)
        staff = self._rng.choice(self._staff) if place.staffed else None
        charm = place.charm * (self._company.staff[staff][1] if staff else 1)
        if person is not None:
            charm *= person.charm * (0.4 if person.leaves_within(self._timeline.day(at), LEAVING) else 1)
        return Draft(at, person, place, staff, charm)

    def _frame(self, draft: Draft) -> dict[str, Any]:
        """What an answer has, whatever it says."""
        company, inquiry = self._company, self._inquiry
        row: dict[str, Any] = {"kind": inquiry.kind, "origin": inquiry.origin, "occurred_at": draft.at}
        row["product"] = one_of(self._rng, company.products)
        person = draft.person.key if draft.person else None
        refs = {"channel": draft.place.key, "staff": draft.staff, "survey": inquiry.survey, "customer": person}
        row |= {name: Ref(external_id=key) for name, key in refs.items() if key}
        if inquiry.stages:
            row["journey_stage"] = self._rng.choice(inquiry.stages)
        campaign = company.campaigns.get(self._timeline.day(draft.at).month)
        if campaign and self._rng.random() < ADVERTISED:
            row["campaign"] = campaign
        if inquiry.scale:
            row["scale_worst"], row["scale_best"] = inquiry.scale
        return row

    def _row(self, draft: Draft, band: int) -> dict[str, Any]:
        row = self._frame(draft)
        if self._inquiry.scale:
            row["score"] = one_of(self._rng, self._inquiry.bands[band])
        if self._rng.random() < self._inquiry.spoken:
            row |= self._words(draft, band)
        return row

    def _words(self, draft: Draft, band: int) -> dict[str, Any]:
        """A comment in the speaker's language, and what it is about."""
        rng = self._rng
        speaks = draft.person.row["attributes"]["language"] if draft.person else None
        language = speaks or one_of(rng, self._company.languages)
        about = rng.sample(self._company.topics, 2 if band == MIDDLE or rng.random() < TALKATIVE else 1)
        moods = (BEST, WORST) if band == MIDDLE else (band, band)
        said = [
            rng.choice((topic.praise if mood == BEST else topic.blame)[language])
            for topic, mood in zip(about, moods, strict=False)
        ]
        return {"comment": ("" if language == "zh" else " ").join(said), "tags": [topic.tag for topic in about]}


def _bands(rng: Random, drafts: list[Draft], split: Split) -> list[int]:
    """Which band each answer falls into: so many of each, the better ones rather where people are content."""
    content = ranked(rng, (draft.charm for draft in drafts))
    bands = [MIDDLE] * len(drafts)
    for place in content[: split.best]:
        bands[place] = BEST
    rest = content[split.best :]
    for place in ranked(rng, (1 / drafts[place].charm for place in rest))[: split.worst]:
        bands[rest[place]] = WORST
    return bands


def misread(row: dict[str, Any]) -> dict[str, Any] | None:
    """The answer read from the wrong end of the scale; None for one without a score."""
    if row.get("score") is None:
        return None
    return {**row, "score": row["scale_worst"] + row["scale_best"] - row["score"]}
