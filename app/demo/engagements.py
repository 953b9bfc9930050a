"""What the customers of a demonstration did with its product beyond buying, in the second range and since."""

from collections.abc import Iterator
from random import Random
from typing import Any

from app.demo.chance import dice, one_of
from app.demo.company import Company
from app.demo.people import Population
from app.demo.timeline import YEAR, Timeline
from app.services.row import Ref

OFTEN = {1: 8, 2: 2}
"""How often somebody who does something at all does so in a month."""


def rows(company: Company, timeline: Timeline, population: Population) -> list[dict[str, Any]]:
    """The events of use as they are recorded, in order."""
    found = list(_rows(dice(company.key, "engagements"), company, timeline, population))
    found.sort(key=lambda row: row["occurred_at"])
    return [{"external_id": f"use-{number:05}", **row} for number, row in enumerate(found, start=1)]


def _rows(rng: Random, company: Company, timeline: Timeline, population: Population) -> Iterator[dict[str, Any]]:
    outreach = company.outreach
    for month in timeline.months[YEAR:]:
        passed = timeline.elapsed if month == timeline.months[-1] else 1
        for person in population.during(month):
            if rng.random() > min(outreach.active * person.charm, 1) * passed:
                continue
            for at in timeline.moments(rng, month, one_of(rng, OFTEN)):
                if person.is_customer(timeline.day(at)):
                    used = {"type": one_of(rng, outreach.uses), "channel": Ref(external_id=outreach.place)}
                    yield {"customer": Ref(external_id=person.key), **used, "occurred_at": at}
