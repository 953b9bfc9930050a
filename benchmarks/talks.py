"""Fills a fresh workspace with interactions of six events each, and with the staff who answer them.

    python benchmarks/talks.py --size 100000 [--postgresql]

Two years of interactions of a tenth as many customers, 6 channels, 10 members of staff in 3 teams; a tenth of them
complaints, one in fifty unanswered; answers take from seconds to days. They come in the order in which they happened,
as conversations do. The same size gives the same rows.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from filling import CHANNELS, Filling, in_batches
from generate import customers
from sqlmodel import insert, select
from uuid_utils.compat import uuid7

from app import migrate, upkeep
from app.actor import Actor, Scope, system
from app.models.channel import Channel
from app.models.customer import CustomerExternalId
from app.models.interaction import Interaction, InteractionKind, InteractionStanding
from app.models.staff import Staff
from app.services import customer, interaction, ref, rollup, staff, team, turning
from app.services.row import Ref
from app.uow import Door, Uow, writes

DAYS, STAFF, TEAMS = 2 * 365, 10, 3
CUBES = ("interaction", "response", "resolution", "wait", "turn")
AT_ONCE = 20_000


def people(door: Door, actor: Actor) -> None:
    """The staff and their teams."""
    for number in range(TEAMS):
        door.write(actor, team.upsert, {"external_id": f"team{number}", "name": f"Team {number}"})
    for number in range(STAFF):
        row = {"external_id": f"s{number}", "name": f"Staff {number}"}
        teams = [{"team": Ref(external_id=f"team{number % TEAMS}")}]
        door.write(actor, staff.upsert, row | {"teams": teams})


def talks(count: int, *, first: int = 0, customers: int | None = None) -> Iterator[dict[str, Any]]:
    """`count` interactions as the services take them, of the first `customers` (a tenth as many)."""
    chance = random.Random(f"talks-{first}")  # noqa: S311 - sample data, not a secret
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    for number in range(first, first + count):
        began = start + timedelta(seconds=int((number - first + chance.random()) / count * DAYS * 86_400))
        who = Ref(external_id=f"s{chance.randrange(STAFF)}")
        yield {
            "external_id": f"i{number}",
            "kind": "COMPLAINT" if number % 10 == 0 else "QUESTION",
            "customer": Ref(external_id=f"c{chance.randrange(customers or max(1, count // 10))}"),
            "channel": Ref(external_id=chance.choice(CHANNELS)),
            "staff": who,
            "reason": f"reason{number % 12}",
            "events": list(_events(chance, began, who, is_answered=number % 50 != 0)),
            "occurred_at": began,
        }


def _events(chance: random.Random, began: datetime, who: Ref, *, is_answered: bool) -> Iterator[dict[str, Any]]:
    steps = ["CUSTOMER_MESSAGE", "BOT_REPLY", "ASSIGNED", "STAFF_REPLY", "CUSTOMER_MESSAGE", "RESOLVED"]
    if not is_answered:
        steps[3] = steps[5] = "NOTE"
    at = began
    for kind in steps:
        yield {"kind": kind, "at": at} | ({"staff": who} if kind in ("STAFF_REPLY", "RESOLVED") else {})
        at = min(at + timedelta(seconds=int(chance.lognormvariate(6, 1.8))), datetime.now(UTC))


@writes(Scope.INTERACTION_WRITE)
def derive_turns(uow: Uow, ids: Sequence[UUID]) -> None:
    """Make the turns of interactions."""
    turning.restate(uow, ids)


def _load(door: Door, actor: Actor, size: int) -> None:
    """Put the interactions in past the services; their clocks are derived and counted by a rebuild."""
    now = door.clock()
    with door.snapshot(system(actor.tenant_id)) as uow:
        zone, day, source = uow.zone, uow.today, actor.source
        channels = ref.keyed(uow, Channel, [Ref(external_id=one) for one in CHANNELS])
        those = ref.keyed(uow, Staff, [Ref(external_id=f"s{number}") for number in range(STAFF)])
        named = select(CustomerExternalId.external_id, CustomerExternalId.customer_id)
        known = {row.external_id: row.customer_id for row in uow.session.execute(named)}
    mine = {"tenant_id": actor.tenant_id, "source": source, "recorded_at": now, "known_on": day, "version": 1}

    def columns_of(row: dict[str, Any]) -> dict[str, Any]:
        who = those[row["staff"]]
        events = [
            {"kind": one["kind"], "at": one["at"].isoformat(), "staff_id": who.hex if "staff" in one else None}
            for one in row["events"]
        ]
        own = {"external_id": row["external_id"], "occurred_at": row["occurred_at"], "reason": row["reason"]}
        own |= {"kind": InteractionKind(row["kind"]), "standing": InteractionStanding.VALID, "events": events}
        own |= {"customer_id": known[row["customer"].external_id], "channel_id": channels[row["channel"]]}
        own |= {"staff_id": who, "day": row["occurred_at"].astimezone(zone).date(), "is_test": False}
        flags = dict.fromkeys(("is_in_time", "is_resolved_in_time", "is_confirmed"), False)
        return mine | own | flags | {"id": uuid7()}

    engine = migrate.owner_engine(door.settings)
    for batch in in_batches(talks(size), AT_ONCE):
        made = [columns_of(row) for row in batch]
        with engine.begin() as connection:
            connection.execute(insert(Interaction), made)
        for start in range(0, len(made), 2_000):
            ids = [row["id"] for row in made[start : start + 2_000]]
            door.write(system(actor.tenant_id), derive_turns, ids)
        door.write(system(actor.tenant_id), rollup.compact)
    upkeep.rebuild_now(door, actor.tenant_id, [name for name in CUBES if name != "turn"])


TALKS = Filling(
    "talks",
    "interactions",
    lambda size: (
        ("customers", customer.upsert_batch, customers(size // 10)),
        ("interactions", interaction.record_batch, talks(size)),
    ),
    _load,
    always=1,
    begin=people,
)


if __name__ == "__main__":
    TALKS.run(__doc__)
