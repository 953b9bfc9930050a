"""How long it takes to fit the models that predict, and to predict of everybody; and what that holds in memory.

    python benchmarks/predictions.py [--sizes 25000 100000] [--databases sqlite postgresql]

Customers buy by chance over two years, as BG/NBD has it. The pieces of a fit are measured one by one: reading what is
known, fitting and testing on days held out, writing predictions a thousand customers at a time. Of the last the longest
step is told too, because other writers of the workspace wait for it. Seconds are those of the process on a processor
(what PostgreSQL itself takes is not in them); the peak is that of the whole run, with the making up of the customers.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from support import DATABASES, Databases, Store, memory, table

# isort: split

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from app import migrate
from app.actor import system
from app.models.buyer import Buyer
from app.models.customer import Customer
from app.models.order import Order
from app.services import prediction, prediction_fit, workspace
from app.settings import Settings
from app.uow import Door, open_door

DAYS = 730
TODAY = datetime.now(UTC).date()
HEAD = (
    "database",
    "customers",
    "purchase days",
    "read, CPU s",
    "fit and test, CPU s",
    "write, CPU s",
    "longest step, CPU s",
    "peak MiB",
)
TIMES = ("read, CPU s", "fit and test, CPU s", "write, CPU s", "longest step, CPU s")
HEAD = ("database", "customers", "purchase days", *TIMES, "peak MiB")


def courses(rng: Random, count: int) -> Iterator[list[int]]:
    """On which days each customer bought, from 0."""
    for _ in range(count):
        rate, leave = rng.gammavariate(0.8, 1 / 60), rng.betavariate(0.8, 2.5)
        at = float(rng.randrange(DAYS * 2 // 3))
        days = [int(at)]
        while True:
            at += rng.expovariate(rate)
            if at >= DAYS:
                break
            days.append(int(at))
            if rng.random() < leave:
                break
        yield sorted(set(days))


def rows(tenant_id: UUID, count: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Customers, their orders, and what these come to."""
    rng, now, start = Random(7), datetime.now(UTC), TODAY - timedelta(days=DAYS)  # noqa: S311 - repeatable
    customers, orders, buyers = [], [], []
    for number, days in enumerate(courses(rng, count)):
        who = Customer(tenant_id=tenant_id, created_at=now, updated_at=now)
        customers.append(who.model_dump())
        mean = rng.gammavariate(6, 500)
        amounts = [round(mean * (0.5 + rng.random())) + 1 for _ in days]
        for day, amount in zip(days, amounts, strict=True):
            on: date = start + timedelta(days=day)
            at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
            order = Order(
                tenant_id=tenant_id, source="bench", external_id=f"o{number}-{day}", currency="EUR", amount=amount
            )
            order.customer_id, order.occurred_at, order.day, order.known_on = who.id, at, on, on
            order.recorded_at, order.gross, order.net = now, amount, amount
            orders.append(order.model_dump())
        first = start + timedelta(days=days[0])
        bought = {"orders": len(days), "value": sum(amounts), "known_on": TODAY}
        buyers.append(Buyer(tenant_id=tenant_id, customer_id=who.id, day=first, **bought).model_dump())
    return customers, orders, buyers


def fill(databases: Databases, kind: str, count: int) -> Store:
    """A workspace of so many customers, put in directly."""
    url = databases.fresh(kind, f"predictions_{count}")
    settings = Settings(database_url=url)
    migrate.upgrade(settings)
    tenant_id = uuid7()
    door = open_door(settings)
    door.write(system(tenant_id), workspace.create, {"name": "Bench", "time_zone": "UTC", "currency": "EUR"})
    door.close()
    engine = migrate.owner_engine(settings)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT set_config('app.tenant', '{tenant_id}', true)")
        for model, some in zip((Customer, Order, Buyer), rows(tenant_id, count), strict=True):
            for at in range(0, len(some), 5_000):
                connection.execute(insert(model.__table__), some[at : at + 5_000])
    engine.dispose()
    return Store(url, tenant_id, "", count)


def measure(door: Door, store: Store) -> list[object]:
    """The pieces of one fit."""
    actor, times = system(store.workspace), [time.process_time()]
    sample = door.read(actor, prediction_fit.gather)
    assert sample is not None
    times.append(time.process_time())
    columns = prediction_fit.fitted(sample)
    times.append(time.process_time())
    door.write(actor, prediction_fit.store, columns)
    steps, more = [], True
    while more:
        begun = time.process_time()
        more = door.write(actor, prediction.step)
        steps.append(time.process_time() - begun)
    days = sum((one.again + 1) * count for one, count in sample.buyers.people.items())
    begun, read, fitted = times
    return [f"{store.size:,}", f"{days:,}", read - begun, fitted - read, sum(steps), max(steps), f"{memory()[1]:,.0f}"]


def run(databases: Databases, sizes: Sequence[int], kinds: Sequence[str]) -> None:
    """Measure and print."""
    shown = []
    for kind in kinds:
        for size in sizes:
            store = fill(databases, kind, size)
            door = open_door(Settings(database_url=store.url))
            try:
                shown.append([kind, *measure(door, store)])
            finally:
                door.close()
    table("Fitting and predicting", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[25_000])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.sizes, chosen.databases)


if __name__ == "__main__":
    main()
