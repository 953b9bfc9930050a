"""Fills a fresh workspace with feedback, through the write path that the API uses.

    python benchmarks/generate.py --size 100000 [--postgresql]

A tenth as many customers as feedback, 6 channels, 30 regions, tags, 24 months of days; the same size gives the same
rows. What a run made is kept, and given back to whoever asks for that size again.
"""

import argparse
import random
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import insert
from support import DATABASES, Databases, Store, seconds, table
from uuid_utils.compat import uuid7

from app import migrate, upkeep
from app.models.channel import Channel, ChannelMedium
from app.models.customer import Customer, CustomerExternalId
from app.models.feedback import Feedback, FeedbackKind
from app.services import channel, customer, feedback, ref, rollup, token, workspace
from app.services.row import MAX_ROWS, Options, Outcome, Ref
from app.settings import Settings
from app.uow import Actor, Door, open_door, system
from app.worker import Worker

CHANNELS = ("web", "phone", "store", "email", "chat", "app")
ORDINARY: Mapping[str, ChannelMedium | None] = dict.fromkeys(CHANNELS)
REGIONS, DAYS, TAGS = 30, 730, 12
MOST_BY_SERVICES = 200_000
"""More than this is loaded past the services, which would take too long for a benchmark, and counted by a rebuild."""
BETWEEN_COMPACTIONS = 20
"""Batches after which the worker is let at its jobs, as it would be in between by itself."""


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


def in_batches(given: Iterator[dict[str, Any]], size: int = MAX_ROWS) -> Iterator[list[dict[str, Any]]]:
    """The rows in lists of `size`, the last one shorter."""
    batch: list[dict[str, Any]] = []
    for row in given:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def furnish(url: str, channels: Mapping[str, ChannelMedium | None] = ORDINARY) -> tuple[Door, Actor, str]:
    """A migrated database with one workspace and its channels: the door, who may write there, and that one's token."""
    settings = Settings(database_url=url)
    migrate.upgrade(settings)
    door = open_door(settings)
    owner = system(uuid7())
    door.write(owner, workspace.create, {"name": "Benchmark", "time_zone": "Europe/Berlin", "currency": "EUR"})
    for name, medium in channels.items():
        door.write(owner, channel.upsert, {"external_id": name, "name": name.title(), "medium": medium})
    secret = token.create(door, owner.tenant_id, "benchmark")
    return door, token.authenticate(door, secret), secret


def write(door: Door, actor: Actor, function: Any, given: Iterator[dict[str, Any]]) -> tuple[int, float]:  # noqa: ANN401 - a service function
    """Write everything in batches, the worker's share included; how many rows that were, and how many a second."""
    worker, start, written = Worker(door), time.perf_counter(), 0
    for number, batch in enumerate(in_batches(given), 1):
        results = door.write(actor, function, batch, Options())
        assert all(result.outcome is Outcome.CREATED for result in results), results[0]
        written += len(batch)
        if number % BETWEEN_COMPACTIONS == 0:
            worker.drain()
    worker.drain()
    return written, written / (time.perf_counter() - start)


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


def fill(databases: Databases, kind: str, size: int) -> tuple[Store, list[list[object]]]:
    """A database with `size` feedback, compacted; and what was measured on the way, as rows of a table."""
    name = f"bench_{size}"
    door, actor, secret = furnish(databases.fresh(kind, name))
    measured: list[list[object]] = []
    try:
        if size > MOST_BY_SERVICES:
            took = seconds(lambda: _load(door, actor, size))
            measured.append([kind, "feedback, loaded and rebuilt", f"{size:,}", f"{size / took:,.0f}"])
        else:
            for function, given, what in (
                (customer.upsert_batch, customers(size // 10), "customers"),
                (feedback.record_batch, rows(size), "feedback"),
            ):
                count, rate = write(door, actor, function, given)
                measured.append([kind, what, f"{count:,}", f"{rate:,.0f}"])
                if kind == "postgresql":
                    databases.vacuum(name)
        door.write(system(actor.tenant_id), rollup.compact)
        store = Store(door.settings.database_url.get_secret_value(), actor.tenant_id, secret, size)
    finally:
        door.close()
    if kind == "postgresql":
        databases.vacuum(name)
    databases.keep(kind, name, store)
    return store, measured


HEAD = ("database", "rows", "how many", "rows/s")


def stored(databases: Databases, kind: str, size: int) -> Store:
    """A database with `size` feedback: the one that is kept, or else one that is made now."""
    found = databases.kept(kind, f"bench_{size}")
    if found is not None:
        return found
    store, measured = fill(databases, kind, size)
    table(f"Filling {size:,}", HEAD, measured)
    return store


def main() -> None:
    """Fill one database and say how fast that went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="fill PostgreSQL instead of SQLite")
    chosen = parser.parse_args()
    with Databases() as databases:
        _, measured = fill(databases, DATABASES[chosen.postgresql], chosen.size)
        table(f"Filling {chosen.size:,}", HEAD, measured)


if __name__ == "__main__":
    main()
