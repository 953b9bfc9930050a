"""Where those who became customers of a demonstration met it before, as far as that is known."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from app.demo.answers import ADVERTISED
from app.demo.chance import dice, one_of
from app.demo.company import Company
from app.demo.people import Person, Population
from app.demo.timeline import Timeline
from app.services.period import Span
from app.services.row import Ref

MEETINGS = {1: 4, 2: 3, 3: 2, 4: 1}


def rows(company: Company, timeline: Timeline, population: Population) -> list[dict[str, Any]]:
    """The touchpoints as they are recorded, of a part of those who came in the time of the demonstration."""
    rng = dice(company.key, "touchpoints")
    since = timeline.ranges[0].start
    known = [p for p in population.people if p.stays[0].start >= since and rng.random() < company.trade.met]
    found = [row for person in known for row in _way(rng, company, timeline, person)]
    return sorted(found, key=lambda row: (row["occurred_at"], row["external_id"]))


def _way(rng: Random, company: Company, timeline: Timeline, person: Person) -> Iterator[dict[str, Any]]:
    """Its way from the first contact, by the channel that is told as where it came from, to the day it came."""
    came, brings = person.stays[0].start, {place.key: place.brings for place in company.channels if place.brings}
    span = Span(came - timedelta(days=came.day), came)
    for number, at in enumerate(timeline.moments(rng, span, one_of(rng, MEETINGS)), start=1):
        told = person.row["acquisition_channel"]
        row: dict[str, Any] = {"external_id": f"touch-{person.key}-{number}", "occurred_at": at}
        row["customer"] = Ref(external_id=person.key)
        row["channel"] = told if number == 1 else Ref(external_id=one_of(rng, brings))
        campaign = company.campaigns.get(timeline.day(at).month)
        if campaign and rng.random() < ADVERTISED:
            row["campaign"] = campaign
        if rng.random() < ADVERTISED:
            row["product"] = one_of(rng, company.products)
        yield row
