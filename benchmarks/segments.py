"""How long it takes to bring segments up to date among many customers, and what that holds in memory.

    python benchmarks/segments.py [--sizes 100000 1000000] [--databases sqlite postgresql]

The customers and three orders for each two of them are put in past the services; there are no rollups, because what is
narrowed to a segment is read from facts. Each segment is refreshed for the first time, when everybody in it joins, and
again, when nobody comes or goes; then a KPI is asked that is narrowed to it. Memory is that of a process which does
nothing else.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from filling import furnish, in_batches
from generate import REGIONS
from sqlmodel import insert
from support import DATABASES, ROOT, Databases, Store, memory, table
from uuid_utils.compat import uuid7

from app import migrate
from app.actor import system
from app.kpis.dimension import Dimension
from app.models.customer import Customer
from app.models.order import Order
from app.services import kpi, segment, segment_member
from app.services.kpi import Question
from app.services.period import Span
from app.services.slices import Filter
from app.settings import Settings
from app.uow import open_door

DAYS, AT_ONCE = 730, 20_000
HEAD = ("database", "customers", "segment", "members", "first refresh s", "again s", "KPI of a month s", "peak MiB")
RULES: dict[str, dict[str, Any]] = {
    "by region": {"region": {"any_of": ["region1", "region2", "region3"]}},
    "bought in 90 days": {"orders": {"last_days": 90, "at_least": 1}},
    "top 10 %": {"rank": {"by": "REVENUE", "top_percent": 10.0}},
    "champions": {"rfv": {"classes": ["CHAMPIONS"]}},
    "half of all": {"not_": {"revenue": {"at_least": "200"}}},
}


def today() -> datetime:
    """The beginning of the day on which it runs."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def people(tenant_id: UUID, count: int) -> Iterator[dict[str, Any]]:
    """`count` customers as the table holds them."""
    made = today() - timedelta(days=DAYS)
    alike = Customer(tenant_id=tenant_id, created_at=made, updated_at=made).model_dump()
    for number in range(count):
        own = {"region": f"region{number % REGIONS}", "attributes": {"plan": number % 7}, "name": f"Customer {number}"}
        yield alike | own | {"id": uuid7()}


def orders(tenant_id: UUID, ids: Sequence[UUID], count: int) -> Iterator[dict[str, Any]]:
    """`count` orders of these customers as the table holds them, over two years."""
    chance = random.Random(count)  # noqa: S311 - sample data, not a secret
    now = today()
    each = {"external_id": "", "source": "bulk", "currency": "EUR", "amount": 0, "gross": 0, "net": 0}
    each |= {"occurred_at": now, "recorded_at": now, "day": now.date(), "known_on": now.date()}
    alike = Order(tenant_id=tenant_id, **each).model_dump()
    for number in range(count):
        at, cents = now - timedelta(days=chance.randrange(DAYS)), chance.randrange(500, 30_000)
        own = {"id": uuid7(), "external_id": f"o{number}", "customer_id": chance.choice(ids)}
        own |= {"amount": cents, "gross": cents, "net": cents, "occurred_at": at, "day": at.date()}
        yield alike | own | {"recorded_at": at, "known_on": at.date()}


def stored(databases: Databases, kind: str, size: int) -> Store:
    """A database of so many customers: the one that is kept, or else one that is made now."""
    name = f"segments_{size}"
    if (found := databases.kept(kind, name)) is not None:
        return found
    door, actor, secret = furnish(databases.fresh(kind, name))
    engine, ids = migrate.owner_engine(door.settings), list[UUID]()
    for batch in in_batches(people(actor.tenant_id, size), AT_ONCE):
        ids += [row["id"] for row in batch]
        with engine.begin() as connection:
            connection.execute(insert(Customer), batch)
    for batch in in_batches(orders(actor.tenant_id, ids, 3 * size // 2), AT_ONCE):
        with engine.begin() as connection:
            connection.execute(insert(Order), batch)
    engine.dispose()
    store = Store(door.settings.database_url.get_secret_value(), actor.tenant_id, secret, size)
    door.close()
    if kind == "postgresql":
        databases.vacuum(name)
    databases.keep(kind, name, store)
    return store


def measure(url: str, workspace: str, name: str) -> dict[str, float]:
    """Refresh one segment twice and ask one KPI of it; what each took, in this process."""
    door = open_door(Settings(database_url=url))
    actor = system(UUID(workspace))
    key = f"{name} {uuid7().hex[-6:]}"
    segment.AT_ONCE = 10**9
    found: dict[str, float] = {}
    start = time.perf_counter()
    made, _ = door.write(actor, segment.upsert, {"external_id": key, "name": name, "rule": RULES[name]})
    found["first"] = time.perf_counter() - start
    start = time.perf_counter()
    door.write(actor, segment.apply, made.id)
    found["again"] = time.perf_counter() - start
    (members,) = door.read(actor, segment_member.counts, [(made.id, None)])
    month = Span((today() - timedelta(days=30)).date(), today().date())
    question = Question("REVENUE", month, None, (Filter(Dimension.SEGMENT, (key,)),))
    start = time.perf_counter()
    (answer,) = door.read(actor, kpi.answer, [question])
    assert not isinstance(answer, Exception), answer
    found["kpi"] = time.perf_counter() - start
    found |= {"members": members, "peak": memory()[1]}
    door.close()
    return found


def alone(store: Store, name: str) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--measure", store.url, str(store.workspace), name]
    told = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return answer


def run(databases: Databases, sizes: Sequence[int], kinds: Sequence[str]) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        for size in sizes:
            store = stored(databases, kind, size)
            for name in RULES:
                told = alone(store, name)
                times = [told["first"], told["again"], told["kpi"]]
                shown.append([kind, f"{size:,}", name, f"{told['members']:,.0f}", *times, f"{told['peak']:,.0f}"])
    table("Refreshing segments", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="how many customers")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(*chosen.measure)))
        return
    with Databases() as databases:
        run(databases, chosen.sizes, chosen.databases)


if __name__ == "__main__":
    main()
