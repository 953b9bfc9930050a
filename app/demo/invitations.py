"""Whom a demonstration asked to answer its surveys: those who did, and those who did not."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from app.demo.chance import apportion, dice
from app.demo.company import Company
from app.demo.people import Population
from app.demo.timeline import Timeline
from app.services.row import Ref

SOONEST, LATEST = timedelta(minutes=4), timedelta(days=4)
"""How long answers take, at least and at most; most come early."""
EARLY = 3


def rows(
    company: Company, timeline: Timeline, population: Population, said: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The invitations as they are recorded, of the surveys that are sent; the answers in `said` come to name theirs."""
    rng = dice(company.key, "invitations")
    found: list[dict[str, Any]] = []
    for survey, rate in company.outreach.answering.items():
        answers = [row for row in said if row.get("survey") == Ref(external_id=survey) and "customer" in row]
        found += [_answered(rng, row) for row in answers]
        found += _ignored(rng, timeline, population, survey, round(len(answers) * (1 / rate - 1)))
    return sorted(found, key=lambda row: (row["occurred_at"], row["external_id"]))


def _answered(rng: Random, answer: dict[str, Any]) -> dict[str, Any]:
    key = f"invited-{answer['external_id']}"
    answer["invitation"] = Ref(external_id=key)
    taken = SOONEST + (LATEST - SOONEST) * rng.random() ** EARLY
    told = {name: answer[name] for name in ("customer", "survey")}
    return {"external_id": key, **told, "occurred_at": answer["occurred_at"] - taken}


def _ignored(
    rng: Random, timeline: Timeline, population: Population, survey: str, count: int
) -> Iterator[dict[str, Any]]:
    """So many that were never answered."""
    number, weights = 0, timeline.seasons(timeline.months)
    weights[-1] *= timeline.elapsed
    for month, part in zip(timeline.months, apportion(count, weights), strict=True):
        there = population.during(month)
        for at in timeline.moments(rng, month, part):
            asked = next((one for one in rng.choices(there, k=20) if one.is_customer(timeline.day(at))), None)
            if asked is not None:
                number += 1
                told = {"customer": Ref(external_id=asked.key), "survey": Ref(external_id=survey)}
                yield {"external_id": f"invited-{survey}-{number:05}", **told, "occurred_at": at}
