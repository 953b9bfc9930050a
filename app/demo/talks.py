"""The conversations of a demonstration: how long each year's first replies take is declared, then who asked and what.

The instants of first replies are drawn, and the questions lie before them: so a month has the replies that it is to
have, and staff reply when they are at work.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import count
from math import exp, log, sqrt
from random import Random
from typing import Any

from app.demo.answers import ADVERTISED, line
from app.demo.chance import apportion, dice, one_of, wobble
from app.demo.company import Company, Contact, Matter
from app.demo.people import Person, Population
from app.demo.timeline import MONTHS, YEAR, Timeline
from app.services.period import Span
from app.services.row import Ref

OPENS, CLOSES, LATE = 8, 20, 0.1
"""Staff are at work between these hours; outside them so much of what is usual at the hour is done."""
LONG_TAIL, LONGEST = 0.9, 6
"""How much waits differ (the deviation of their logarithm), and at most how often the usual one they are."""
NAMELESS, IGNORED, TESTED_EVERY = 0.12, 0.02, 4
"""Those who give no name; those whom nobody answers at all; a test every so many months."""
BOT, ASSIGNED, NOTED, HANDED_OVER, HELD = 0.85, 0.5, 0.25, 0.12, 0.45
TURNS = {0: 5, 1: 4, 2: 1}
"""How often customers ask again after the first reply."""
LEFT, REOPENED, CONFIRMED, THANKED = 0.04, 0.06, 0.35, 0.2
WITHDRAWN_EVERY, DUPLICATE_EVERY = 24, 33
"""Every so many complaints one is taken back, or has been made before."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
SETTLED_IN = {"QUESTION": 0.4 * HOUR, "REQUEST": 5 * HOUR, "COMPLAINT": 1.7 * DAY}
"""How long it usually takes from the last reply to the end, when replies come as soon as in the second range."""


@dataclass
class Talk:
    """A conversation to be: when it is answered, after how long by a measure of its own, then in seconds; or never.

    `slow` is how long things take at its time (1 is usual in the second range).
    """

    at: datetime
    contact: Contact
    staff: str
    matter: Matter
    slow: float
    weight: float
    tester: Person | None = None
    seconds: int = 0
    is_answered: bool = True

    @property
    def asked_at(self) -> datetime:
        """When the customer asks first."""
        return self.at - timedelta(seconds=self.seconds)


def rows(company: Company, timeline: Timeline, population: Population) -> list[dict[str, Any]]:
    """All conversations as they are recorded, in the order in which they begin."""
    talks = sorted(Talks(company, timeline, population).talks(), key=lambda talk: talk.asked_at)
    writer = Writer(company, timeline, population)
    return [{"external_id": f"talk-{number:05}", **writer.row(talk)} for number, talk in enumerate(talks, start=1)]


class Talks:
    """The conversations of a company, before it is known what is said in them."""

    def __init__(self, company: Company, timeline: Timeline, population: Population) -> None:
        self._company, self._timeline, self._testers = company, timeline, population.testers
        self._rng = dice(company.key, "talks")
        hours = [n if OPENS <= hour < CLOSES else n * LATE for hour, n in enumerate(timeline.rhythm.hours)]
        self._at_work = replace(timeline, rhythm=replace(timeline.rhythm, hours=tuple(hours)))
        self._contacts = {contact: contact.weight for contact in company.desk.contacts}
        matters = company.desk.matters
        self._complaints = {matter: matter.weight for matter in matters if matter.kind == "COMPLAINT"}
        self._wishes = {matter: matter.weight for matter in matters if matter.kind != "COMPLAINT"}

    def talks(self) -> Iterator[Talk]:
        """Those of all months, and those in which customers wait at the end."""
        means = self._means()
        sizes = self._sizes()
        shares = self._shares()
        months = [self._month(place, size, shares[place], means[place]) for place, size in enumerate(sizes)]
        for year, part in enumerate((slice(0, YEAR), slice(YEAR, MONTHS))):
            totals = [
                size * mean * wobble(self._rng, 0.05) for size, mean in zip(sizes[part], means[part], strict=True)
            ]
            total = self._company.desk.seconds[year] * sum(sizes[part])
            for talks, seconds in zip(months[part], apportion(total, totals), strict=True):
                _settle(talks, seconds)
        _settle(months[MONTHS], round(sizes[MONTHS] * means[MONTHS]))
        for place, talks in enumerate(months):
            yield from talks
            yield from self._beside(place, means[place], sizes[place])
        newest = Span(self._timeline.today - timedelta(days=1), self._timeline.today + timedelta(days=1))
        yield from self._ignored(newest, self._company.desk.waiting)

    def _means(self) -> list[float]:
        """How long first replies take in each month: each month shortens it by the same part."""
        first, second = map(log, self._company.desk.seconds)
        return [exp(line(first, second, place)) for place in range(MONTHS + 1)]

    def _sizes(self) -> list[int]:
        """How many are answered in each month; those of a range add up to what is declared."""
        first, second = self._company.desk.answered
        seasons = self._timeline.seasons(self._timeline.months)
        busy = [line(first, second, place) * s * wobble(self._rng, 0.08) for place, s in enumerate(seasons)]
        running = round(second * busy[MONTHS] / sum(busy[YEAR:MONTHS]) * self._timeline.elapsed)
        return [*apportion(first, busy[:YEAR]), *apportion(second, busy[YEAR:MONTHS]), running]

    def _shares(self) -> list[float]:
        """The part of each month that complains: together about as many as say so in feedback."""
        told = [inquiry.years for inquiry in self._company.inquiries if inquiry.kind == "COMPLAINT"]
        answered = self._company.desk.answered
        first, second = (sum(sum(years[year]) for years in told) / answered[year] for year in (0, 1))
        return [line(first, second, place) for place in range(MONTHS + 1)]

    def _month(self, place: int, size: int, share: float, mean: float) -> list[Talk]:
        """Those that are answered in a month."""
        moments = self._at_work.moments(self._rng, self._timeline.months[place], size)
        complaining = set(self._rng.sample(range(size), min(round(size * share), size)))
        return [self._talk(at, mean, complains=number in complaining) for number, at in enumerate(moments)]

    def _beside(self, place: int, mean: float, size: int) -> Iterator[Talk]:
        """Those of a month that do not count among the answered: tests, and those whom nobody answers."""
        month = self._timeline.months[place]
        for at in self._at_work.moments(self._rng, month, 1 if place % TESTED_EVERY == 1 else 0):
            yield replace(self._talk(at, mean), tester=self._rng.choice(self._testers), seconds=round(mean))
        yield from self._ignored(month, sum(self._rng.random() < IGNORED for _ in range(size)))

    def _ignored(self, span: Span, number: int) -> Iterator[Talk]:
        for at in self._timeline.moments(self._rng, span, number):
            yield replace(self._talk(at, 1), is_answered=False)

    def _talk(self, at: datetime, mean: float, *, complains: bool = False) -> Talk:
        rng, company = self._rng, self._company
        contact, staff = one_of(rng, self._contacts), rng.choice(tuple(company.staff))
        matter = one_of(rng, self._complaints if complains else self._wishes)
        weight = min(rng.lognormvariate(0, LONG_TAIL), LONGEST) * contact.pace / sqrt(company.staff[staff][1])
        return Talk(at, contact, staff, matter, mean / company.desk.seconds[1], weight)


def _settle(talks: list[Talk], seconds: int) -> None:
    """Share out so many seconds, to each as much as it weighs."""
    for talk, part in zip(talks, apportion(seconds, [talk.weight for talk in talks]) if talks else (), strict=True):
        talk.seconds = part


class Writer:
    """Writes down who takes part in conversations and what happens in them."""

    def __init__(self, company: Company, timeline: Timeline, population: Population) -> None:
        self._company, self._timeline, self._population = company, timeline, population
        self._rng = dice(company.key, "scripts")
        self._complaints = count(1)
        self._months = {(month.start.year, month.start.month): month for month in timeline.months}

    def row(self, talk: Talk) -> dict[str, Any]:
        """The conversation as it is recorded, with all that has happened by now."""
        rng, matter = self._rng, talk.matter
        row: dict[str, Any] = {"kind": matter.kind, "reason": matter.reason, "journey_stage": matter.stage}
        row |= {"standing": self._standing(talk), "occurred_at": talk.asked_at}
        row["product"] = rng.choice(matter.products) if matter.products else one_of(rng, self._company.products)
        campaign = self._company.campaigns.get(self._timeline.day(talk.asked_at).month)
        if campaign and rng.random() < ADVERTISED:
            row["campaign"] = campaign
        person = self._person(talk)
        refs = {"channel": talk.contact.channel, "staff": talk.staff, "customer": person.key if person else None}
        row |= {name: Ref(external_id=key) for name, key in refs.items() if key}
        return row | {"events": Script(rng, talk, self._timeline, tuple(self._company.staff)).events()}

    def _standing(self, talk: Talk) -> str:
        if talk.matter.kind != "COMPLAINT":
            return "VALID"
        number = next(self._complaints)
        return "WITHDRAWN" if number % WITHDRAWN_EVERY == 0 else "VALID" if number % DUPLICATE_EVERY else "DUPLICATE"

    def _person(self, talk: Talk) -> Person | None:
        """One of those who are customers on the day of the question; None for somebody who gives no name."""
        if talk.tester or self._rng.random() < NAMELESS:
            return talk.tester
        day = self._timeline.day(talk.asked_at)
        month = self._months.get((day.year, day.month), self._timeline.months[0])
        drawn = self._rng.choices(self._population.during(month), k=20)
        return next((person for person in drawn if person.is_customer(day)), None)


@dataclass
class Script:
    """What happens in one conversation, step by step."""

    rng: Random
    talk: Talk
    timeline: Timeline
    staff: tuple[str, ...]
    _found: list[dict[str, Any]] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        """What has happened by now."""
        self._put("CUSTOMER_MESSAGE", self.talk.asked_at)
        if self.talk.contact.bot and self.rng.random() < BOT:
            self._put("BOT_REPLY", self.talk.asked_at + timedelta(seconds=self.rng.randint(1, 4)))
        if self.talk.is_answered:
            self._inside()
            self._put("STAFF_REPLY", self.talk.at, self.talk.staff)
            self._end(self._turns())
        return [event for event in self._found if event["at"] <= self.timeline.now]

    def _put(self, kind: str, at: datetime, staff: str | None = None) -> None:
        event = {"kind": kind, "at": at}
        self._found.append(event | ({"staff": Ref(external_id=staff)} if staff else {}))

    def _inside(self) -> None:
        """What goes on among staff before the first reply."""
        for kind, chance in (("ASSIGNED", ASSIGNED), ("NOTE", NOTED), ("HANDOVER", HANDED_OVER)):
            if self.rng.random() < chance and not self.talk.contact.phone:
                at = self.talk.asked_at + timedelta(seconds=int(self.talk.seconds * self.rng.uniform(0.3, 0.9)))
                self._put(kind, at, self.rng.choice(self.staff) if kind == "ASSIGNED" else self.talk.staff)

    def _turns(self) -> datetime:
        """A hold on the phone; questions and replies after the first; when the last of it is over."""
        at = self.talk.at
        if self.talk.contact.phone and self.rng.random() < HELD:
            self._put("HOLD", at := self._after(at, 2 * MINUTE), self.talk.staff)
            self._put("RESUMED", at := self._after(at, 3 * MINUTE), self.talk.staff)
        for _ in range(one_of(self.rng, TURNS)):
            self._put("CUSTOMER_MESSAGE", at := self._after(at, 40 * MINUTE))
            self._put("STAFF_REPLY", at := self._at_work(at, 15 * MINUTE), self.talk.staff)
        return at

    def _end(self, at: datetime) -> None:
        """How it ends, if it does, perhaps not for good."""
        if self.rng.random() < LEFT:
            return
        usual = SETTLED_IN[self.talk.matter.kind]
        self._put("RESOLVED", at := self._at_work(at, usual), self.talk.staff)
        if self.rng.random() < REOPENED:
            self._put("REOPENED", at := self._after(at, DAY))
            self._put("STAFF_REPLY", at := self._at_work(at, HOUR), self.talk.staff)
            self._put("RESOLVED", at := self._at_work(at, usual), self.rng.choice(self.staff))
        if self.rng.random() < CONFIRMED:
            self._put("CONFIRMED", at := self._after(at, 5 * HOUR))
        if self.rng.random() < THANKED:
            self._put("CUSTOMER_MESSAGE", self._after(at, HOUR))

    def _after(self, at: datetime, usual: float) -> datetime:
        """The instant about so many seconds later."""
        return at + timedelta(seconds=round(usual * self.rng.lognormvariate(0, LONG_TAIL)))

    def _at_work(self, at: datetime, usual: float) -> datetime:
        """The same as quick as staff are then, and not before the next morning when they have gone home."""
        found = self._after(at, usual * sqrt(self.talk.slow))
        local = found.astimezone(self.timeline.zone)
        if OPENS <= local.hour < CLOSES:
            return found
        day = local.date() + timedelta(days=local.hour >= CLOSES)
        clock = time(OPENS, self.rng.randrange(60), self.rng.randrange(60))
        return datetime.combine(day, clock, tzinfo=self.timeline.zone).astimezone(found.tzinfo)


def overlooked(row: dict[str, Any]) -> dict[str, Any]:
    """The conversation without its first reply or, where there is none, its last event: nobody had written it down."""
    events = row["events"]
    missing = next((place for place, event in enumerate(events) if event["kind"] == "STAFF_REPLY"), len(events) - 1)
    return {**row, "events": [*events[:missing], *events[missing + 1 :]]}
