"""Who brought whom to a demonstration: everybody who came by its channel of recommendations was sent by somebody."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from app.demo.chance import dice
from app.demo.company import Company
from app.demo.people import Population
from app.demo.timeline import Timeline
from app.services.period import Span
from app.services.row import Ref

EARLIER = 20
"""Somebody is sent so many days before they come, at most."""


def rows(company: Company, timeline: Timeline, population: Population) -> list[dict[str, Any]]:
    """The referrals as they are recorded."""
    return list(_rows(dice(company.key, "referrals"), company, timeline, population))


def _rows(rng: Random, company: Company, timeline: Timeline, population: Population) -> Iterator[dict[str, Any]]:
    channel, _ = company.trade.bonus
    for person in population.people:
        came = person.stays[0].start
        if person.row["acquisition_channel"].external_id != channel or came < timeline.ranges[0].start:
            continue
        day = came - timedelta(days=rng.randint(1, EARLIER))
        friend = next((one for one in rng.choices(population.people, k=50) if one.is_customer(day)), None)
        if friend is None:
            continue
        (at,) = timeline.moments(rng, Span(day, day + timedelta(days=1)), 1)
        yield {
            "external_id": f"referral-{person.key}",
            "customer": Ref(external_id=friend.key),
            "referred": Ref(external_id=person.key),
            "channel": Ref(external_id=channel),
            "occurred_at": at,
        }
