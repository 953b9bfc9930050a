"""Who might have become a customer of a demonstration: those who did, as far as their way is known, and the others."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Any

from app.demo.chance import apportion, dice, one_of, wobble
from app.demo.company import Company
from app.demo.people import Person, Population
from app.demo.timeline import Timeline
from app.services.period import Span
from app.services.row import Ref

SPREAD = 0.6
"""How much the lengths of sales differ (the deviation of their logarithm)."""
UNQUALIFIED, OPEN = 0.35, 30
"""How many are lost before anybody found them worth working on; nobody has decided on who came in so many days."""


def rows(company: Company, timeline: Timeline, population: Population) -> list[dict[str, Any]]:
    """The leads as they are recorded, in the order of their first contacts."""
    rng, since = dice(company.key, "leads"), timeline.ranges[0].start
    came = [p for p in population.people if p.stays[0].start >= since and rng.random() < company.trade.met]
    found = [_won(rng, company, timeline, person) for person in came]
    found += _others(rng, company, timeline, round(len(came) * company.outreach.lost))
    found.sort(key=lambda row: row["occurred_at"])
    return [{"external_id": f"lead-{number:05}", **row} for number, row in enumerate(found, start=1)]


def _won(rng: Random, company: Company, timeline: Timeline, person: Person) -> dict[str, Any]:
    """The lead of somebody who became a customer on the first day of theirs."""
    day = person.stays[0].start
    (won,) = timeline.moments(rng, Span(day, day + timedelta(days=1)), 1)
    took = _took(rng, company)
    told = {"customer": Ref(external_id=person.key), "channel": person.row["acquisition_channel"]}
    return _frame(rng, company, won - took) | told | {"qualified_at": won - took * rng.uniform(0.3, 0.9), "won_at": won}


def _others(rng: Random, company: Company, timeline: Timeline, count: int) -> Iterator[dict[str, Any]]:
    """So many who became nothing, and those on whom nobody has decided yet."""
    brings = {place.key: place.brings for place in company.channels if place.brings}
    weights = [season * wobble(rng, 0.1) for season in timeline.seasons(timeline.months)]
    weights[-1] *= timeline.elapsed
    for month, part in zip(timeline.months, apportion(count, weights), strict=True):
        for at in timeline.moments(rng, month, part):
            row = _frame(rng, company, at) | {"channel": Ref(external_id=one_of(rng, brings))}
            end = at + _took(rng, company)
            if rng.random() > UNQUALIFIED:
                row["qualified_at"] = _until(timeline, at + (end - at) * rng.uniform(0.2, 0.8))
            if end < timeline.now and timeline.now - at > timedelta(days=OPEN):
                row |= {"lost_at": end, "lost_reason": one_of(rng, company.reasons)}
            yield row


def _frame(rng: Random, company: Company, at: datetime) -> dict[str, Any]:
    """What every lead has."""
    staff, product = rng.choice(tuple(company.staff)), one_of(rng, company.products)
    return {"staff": Ref(external_id=staff), "product": product, "occurred_at": at}


def _took(rng: Random, company: Company) -> timedelta:
    """From the first contact to the decision."""
    return timedelta(days=company.outreach.cycle_days * exp(rng.gauss(0, SPREAD)))


def _until(timeline: Timeline, at: datetime) -> datetime | None:
    return at if at <= timeline.now else None
