"""Fills a fresh workspace with feedback, through the write path that the API uses.

    python benchmarks/generate.py --size 100000 [--postgresql]

A tenth as many customers as feedback, 6 channels, 30 regions, tags, 24 months of days; the same size gives the same
rows.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from filling import CHANNELS, Filling, in_batches
from sqlmodel import insert
from uuid_utils.compat import uuid7

from app import migrate, upkeep
from app.actor import Actor, system
from app.models.channel import Channel
from app.models.customer import Customer, CustomerExternalId
from app.models.feedback import Feedback, FeedbackKind
from app.services import customer, feedback, ref
from app.services.row import Ref
from app.uow import Door

REGIONS, DAYS, TAGS = 30, 730, 12


def rows(count: int, *, first: int = 0, seed: int = 7) -> Iterator[dict[str, Any]]:
    """`count` feedback rows as the services take them, their external ids numbered from `first`."""
    chance = random.Random(f"{seed}-{first}")  # noqa: S311 - sample data, not a secret
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    for number in range(first, first + count):
        kind = chance.choice(("CSAT", "CSAT", "NPS", "NPS", "CES", "REVIEW"))
        yield {
            "external_id": f"f{number}",
            "kind": kind,
            "score": float(chance.randint(0, 10) if kind == "NPS" else chance.randint(1, 5)),
            "customer": Ref(external_id=f"c{chance.randrange(max(1, (first + count) // 10))}"),
            "channel": Ref(external_id=chance.choice(CHANNELS)),
            "origin": chance.choice(("SURVEY", "WIDGET", "REVIEW_SITE")),
            "tags": chance.sample([f"tag{i}" for i in range(TAGS)], chance.randrange(3)),
            "occurred_at": start + timedelta(seconds=chance.randrange(DAYS * 86_400)),
        }


def customers(count: int) -> Iterator[dict[str, Any]]:
    """`count` customers as the services take them, every fourth of whom has left."""
    today = datetime.now(UTC).date()
    for number in range(count):
        joined = today - timedelta(days=DAYS - number % 600)
        left: dict[str, date] = {"churned_on": joined + timedelta(days=90)} if number % 4 == 0 else {}
        yield {
            "external_id": f"c{number}",
            "name": f"Customer {number}",
            "region": f"region{number % REGIONS}",
            "joined_on": joined,
            **left,
        }


def _load(door: Door, actor: Actor, size: int) -> None:
    """Put `size` facts and their customers in at once, past the services, and count them by a rebuild."""
    now = door.clock()
    mine: dict[str, Any] = {"tenant_id": actor.tenant_id}
    with door.snapshot(system(actor.tenant_id)) as uow:
        zone, today, channels = uow.zone, uow.today, ref.keyed(uow, Channel, [Ref(external_id=one) for one in CHANNELS])
    people = [mine | {"id": uuid7(), "region": row["region"], "name": row["name"]} for row in customers(size // 10)]
    stamps = {"created_at": now, "updated_at": now}
    names = [
        mine | {"id": uuid7(), "source": actor.source, "external_id": f"c{number}", "customer_id": one["id"]}
        for number, one in enumerate(people)
    ]

    def facts(given: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in given:
            who = people[int(row.pop("customer").external_id[1:])]
            worst, best = feedback.scale_of(feedback.FeedbackRow(**row))
            row |= {"id": uuid7(), "source": actor.source, "customer_id": who["id"], "region": who["region"]}
            row |= {"channel_id": channels[row.pop("channel")], "scale_worst": worst, "scale_best": best}
            row["position"] = feedback.position(row["score"], worst, best, FeedbackKind(row["kind"]))
            row |= {"day": row["occurred_at"].astimezone(zone).date(), "recorded_at": now, "known_on": today}
            yield mine | row | {"is_test": False, "version": 1}

    engine = migrate.owner_engine(door.settings)
    more = {"is_test": False, "is_stub": False, "version": 1, "attributes": {}, "status": "PROSPECT", **stamps}
    for model, given in (
        (Customer, (one | more for one in people)),
        (CustomerExternalId, iter(names)),
        (Feedback, facts(rows(size))),
    ):
        for batch in in_batches(given, 20_000):
            with engine.begin() as connection:
                connection.execute(insert(model), batch)
    upkeep.rebuild_now(door, actor.tenant_id, ["feedback"])


FEEDBACK = Filling(
    "bench",
    "feedback",
    lambda size: (
        ("customers", customer.upsert_batch, customers(size // 10)),
        ("feedback", feedback.record_batch, rows(size)),
    ),
    _load,
)


if __name__ == "__main__":
    FEEDBACK.run(__doc__)
