"""Fills a fresh workspace with customers who count as such by what they do: use of the product over two years.

    python benchmarks/members.py --size 100000 [--postgresql]

Somebody uses it four times on average, days to months apart, so that many leave and some come back; 5 segments,
30 regions. The same size gives the same rows.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from filling import CHANNELS, Filling, in_batches
from generate import REGIONS
from sqlmodel import insert
from uuid_utils.compat import uuid7

from app import migrate, upkeep
from app.actor import Actor, system
from app.models.customer import Customer, CustomerExternalId
from app.models.engagement import Engagement
from app.services import customer, engagement, workspace
from app.services.row import Ref
from app.uow import Door

DAYS, SEGMENTS, WINDOW = 730, 5, 60
CUBES = ("spell_start", "spell_end")
AT_ONCE = 20_000


def members(count: int) -> Iterator[dict[str, Any]]:
    """`count` customers as the services take them."""
    for number in range(count):
        segment, region = f"segment{number % SEGMENTS}", f"region{number % REGIONS}"
        yield {"external_id": f"c{number}", "name": f"Customer {number}", "segment": segment, "region": region}


def days_of(number: int) -> list[date]:
    """On which days the customer of that number uses the product."""
    chance = random.Random(f"members-{number}")  # noqa: S311 - sample data, not a secret
    today = datetime.now(UTC).date()
    at, found = today - timedelta(days=1 + chance.randrange(DAYS)), []
    for _ in range(chance.randint(1, 7)):
        found.append(at)
        at += timedelta(days=chance.choice((1, 7, 14, 30, 45, 90, 120)))
    return [day for day in found if day < today]


def uses(count: int) -> Iterator[dict[str, Any]]:
    """What `count` customers do, as the services take it."""
    for number in range(count):
        for place, day in enumerate(days_of(number)):
            yield {
                "external_id": f"u{number}-{place}",
                "customer": Ref(external_id=f"c{number}"),
                "type": "login",
                "occurred_at": datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12),
            }


def by_activity(door: Door, actor: Actor) -> None:
    """Have customers counted by what they do."""
    owner = system(actor.tenant_id)
    door.write(owner, workspace.update, {"active_by": "ACTIVITY", "inactivity_window_days": WINDOW})
    upkeep.rebuild_now(door, actor.tenant_id, CUBES)


def _load(door: Door, actor: Actor, size: int) -> None:
    """Put the customers and what they do in past the services, and derive and count from it who was one when."""
    now = door.clock()
    mine: dict[str, Any] = {"tenant_id": actor.tenant_id}
    with door.snapshot(system(actor.tenant_id)) as uow:
        zone, day = uow.zone, uow.today
    traits = [{name: row[name] for name in ("segment", "region")} for row in members(size)]
    ids = [uuid7() for _ in traits]
    more = {"is_test": False, "is_stub": False, "version": 1, "attributes": {}, "status": "PROSPECT"}
    more |= {"created_at": now, "updated_at": now}
    known = {"source": actor.source, "recorded_at": now, "known_on": day, "version": 1}

    def used(row: dict[str, Any]) -> dict[str, Any]:
        number, at = int(row.pop("customer").external_id[1:]), row["occurred_at"]
        own = {"id": uuid7(), "customer_id": ids[number], "day": at.astimezone(zone).date()}
        return mine | known | row | traits[number] | own | {"is_test": False, "is_qualifying": True}

    people = (mine | more | own | {"id": id_} for id_, own in zip(ids, traits, strict=True))
    names = (
        mine | {"id": uuid7(), "source": actor.source, "external_id": f"c{number}", "customer_id": id_}
        for number, id_ in enumerate(ids)
    )
    engine = migrate.owner_engine(door.settings)
    for model, given in ((Customer, people), (CustomerExternalId, names), (Engagement, map(used, uses(size)))):
        for batch in in_batches(iter(given), AT_ONCE):
            with engine.begin() as connection:
                connection.execute(insert(model), batch)
    door.write(system(actor.tenant_id), workspace.update, {"active_by": "STATUS"})
    by_activity(door, actor)
    upkeep.rebuild_now(door, actor.tenant_id, ["user"])


MEMBERS = Filling(
    "members",
    "customers by activity",
    lambda size: (
        ("customers", customer.upsert_batch, members(size)),
        ("uses", engagement.record_batch, uses(size)),
    ),
    _load,
    loaded="customers and what they do",
    channels=dict.fromkeys(CHANNELS),
    begin=by_activity,
)


if __name__ == "__main__":
    MEMBERS.run(__doc__)
