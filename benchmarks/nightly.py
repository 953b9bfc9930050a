"""What a night's sync takes: all that a shop knows, sent through the API, and again the next night with 1 % changed.

    python benchmarks/nightly.py [--customers 200000] [--databases sqlite postgresql]

Customers, then five orders for each, in batches of 500 over HTTP by one caller, as a partner without a list of what
changed would send them; the server runs its jobs meanwhile. The second night sends every record again, of which one in
a hundred is another than before. The floor is what the database needs to take the same rows, as the product stored
them, into tables with the same columns and indexes: `executemany` of 500 a transaction on SQLite, COPY of 500 a
transaction on PostgreSQL.
"""

import argparse
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from batch import bare_table, sendable
from filling import furnish, in_batches
from support import DATABASES, Databases, Server, Store, ask, memory, seconds, table

from app.models.customer import Customer
from app.models.order import Order

ORDERS, CHANGED = 5, 100
"""Orders of each customer, and of how many records one is another in the second night."""
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
HEAD = ("database", "records", "first night s", "rows/s", "bare s", "ratio", "second night s", "rows/s", "peak MiB")
COUNTS = "{ counts { created updated unchanged rejected } userErrors { message } }"
CUSTOMERS_SENT = (
    f"mutation Sync($rows: [CustomerUpsertInput!]!) {{ done: customerUpsertBatch(input: {{rows: $rows}}) {COUNTS} }}"
)
ORDERS_SENT = (
    f"mutation Sync($rows: [OrderRecordInput!]!) {{ done: orderRecordBatch(input: {{rows: $rows}}) {COUNTS} }}"
)

Row = dict[str, Any]


def customers(count: int, night: int) -> Iterator[Row]:
    """Everybody, as of that night."""
    for number in range(count):
        moved = night and number % CHANGED == 0
        yield {
            "externalId": f"c{number}",
            "name": f"Customer {number}",
            "region": f"region{(number + bool(moved)) % 30}",
            "segment": f"segment{number % 5}",
            "joinedOn": (SINCE + timedelta(days=number % 600)).date().isoformat(),
        }


def orders(count: int, night: int) -> Iterator[Row]:
    """What everybody bought, as of that night."""
    for number in range(ORDERS * count):
        at = SINCE + timedelta(minutes=number * 7919 % 860_000)
        cents = 500 + number * 31 % 20_000 + (100 if night and number % CHANGED == 0 else 0)
        yield {
            "externalId": f"o{number}",
            "customer": {"externalId": f"c{number % count}"},
            "amount": f"{cents // 100}.{cents % 100:02}",
            "currency": "EUR",
            "occurredAt": at.isoformat(),
        }


def send(server: Server, count: int, night: int) -> dict[str, int]:
    """Send everything as of that night; how many records had which outcome."""
    found = dict.fromkeys(("created", "updated", "unchanged", "rejected"), 0)
    for mutation, rows in ((CUSTOMERS_SENT, customers(count, night)), (ORDERS_SENT, orders(count, night))):
        for some in in_batches(rows):
            done = ask(server.client, mutation, rows=some)["done"]
            for outcome in found:
                found[outcome] += done["counts"][outcome]
    return found


def bare(store: Store) -> float:
    """Seconds that the database needs for the same rows without the product."""
    return sum(_taken(store, model.__table__) for model in (Customer, Order))  # type: ignore[attr-defined]  # hidden


def _taken(store: Store, stored: Any) -> float:  # noqa: ANN401 - a table
    names = [column.name for column in stored.columns]
    connection, floor = bare_table(store.url, stored.name), f"floor_{stored.name}"
    with closing(connection), closing(opened(store)) as source:
        rows = source.execute(f'SELECT {", ".join(names)} FROM "{stored.name}"')  # noqa: S608 - names of columns
        return sum(
            seconds(lambda: _put(connection, floor, names, given))
            for some in in_batches(rows)
            if (given := [sendable(row) for row in some])
        )


def opened(store: Store, *, autocommit: bool = False) -> Any:  # noqa: ANN401 - either driver's connection
    """Another connection of the bare driver."""
    if store.is_sqlite:
        return sqlite3.connect(store.url.removeprefix("sqlite:///"))
    return psycopg.connect(store.url, autocommit=autocommit)


def _put(connection: Any, floor: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:  # noqa: ANN401 - either driver's connection
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {floor} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608 - names of columns
        connection.execute("COMMIT")
        return
    with connection.transaction(), connection.cursor().copy(f"COPY {floor} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def measure(databases: Databases, kind: str, count: int) -> list[object]:
    """Both nights of a fresh workspace, and the floor."""
    door, actor, secret = furnish(databases.fresh(kind, "bench_nightly"))
    store = Store(door.settings.database_url.get_secret_value(), actor.tenant_id, secret, count)
    door.close()
    sent: list[dict[str, int]] = []
    with Server(store) as server:
        first = seconds(lambda: sent.append(send(server, count, 0)))
        second = seconds(lambda: sent.append(send(server, count, 1)))
        _, peak = memory(server.process.pid)
    records = (1 + ORDERS) * count
    changed = -(-count // CHANGED) - (-ORDERS * count // CHANGED)
    assert sent[0] == {"created": records, "updated": 0, "unchanged": 0, "rejected": 0}, sent[0]
    assert sent[1] == {"created": 0, "updated": changed, "unchanged": records - changed, "rejected": 0}, sent[1]
    floor = bare(store)
    shown = [f"{first:,.0f}", f"{records / first:,.0f}", floor, floor / first]
    return [kind, f"{records:,}", *shown, f"{second:,.0f}", f"{records / second:,.0f}", f"{peak:,.0f}"]


def run(databases: Databases, kinds: Sequence[str], *, count: int = 200_000) -> None:
    """Measure and print."""
    table("A night's sync over HTTP", HEAD, [measure(databases, kind, count) for kind in kinds])


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, count=chosen.customers)


if __name__ == "__main__":
    main()
