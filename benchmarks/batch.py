"""What recording costs beside the least that a database could do with the same rows.

    python benchmarks/batch.py [--databases sqlite postgresql] [--only orders "repeat orders"]

The floor is a bare upsert: one transaction, through the driver, of the same 500 rows into a table with the same
columns and indexes; no parsing, no history, no KPI kept up to date. It takes the fastest form that the driver has: one
statement of 500 rows on SQLite, a pipeline of 500 prepared statements on PostgreSQL, where the single statement is four
times slower. Both sides are as durable as the other. They take turns, batch by batch, for rows that are new, for the
same rows again, and for rows of which every one has changed.

Orders have five lines each; repeat orders are of customers who have ten already. Interactions have six events.
"""

import argparse
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import talks
from filling import furnish, write
from loads import Load, Row, loads, orders
from money import MEDIA, people
from support import DATABASES, Databases, Server, Store, ask, median, seconds, table

from app.actor import Actor
from app.models.base import Recorded
from app.services import customer, order
from app.services.row import MAX_ROWS, Options
from app.uow import Door
from app.worker import Worker

ROUNDS, WARM = 15, 3
STATES = ("new", "same", "changed")
HEAD = ("database", "rows", "", "bare upsert, rows/s", "service, rows/s", "ratio", "HTTP, rows/s", "ratio")
FIRST_EARLIER = 10**6
"""The number of the first of the earlier orders, beyond those that are measured."""


def bare_table(url: str, name: str) -> Any:  # noqa: ANN401 - either driver's connection
    """A connection to a table `floor_…` that has the columns and indexes of the table `name`.

    Foreign keys are left out, and not asked for: that is part of what the product does more.
    """
    if not url.startswith("sqlite"):
        connection = psycopg.connect(url, autocommit=True)
        connection.execute(f'CREATE TABLE floor_{name} (LIKE "{name}" INCLUDING INDEXES INCLUDING DEFAULTS)')
        return connection
    embedded = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        embedded.execute(f"PRAGMA {pragma}")
    like = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    (made,) = embedded.execute(like, (name, "table")).fetchone()
    # a table that a migration has made anew has its name in quotes
    embedded.execute(re.sub(rf'^CREATE TABLE "?{name}"?', f"CREATE TABLE floor_{name}", made))
    for (index,) in embedded.execute(like, (name, "index")).fetchall():
        named = re.sub(rf' ON "?{name}"?', f" ON floor_{name}", index)
        embedded.execute(named.replace(f"ix_{name}", f"ix_floor_{name}"))
    return embedded


class Floor:
    """A table like the one that the rows are stored in, and the bare upsert into it."""

    def __init__(self, url: str, tenant_id: UUID, model: type[Recorded]) -> None:
        table = model.__table__  # type: ignore[attr-defined]  # SQLModel hides it
        self._tenant_id, self._table = tenant_id, table.name
        self._columns = [column.name for column in table.columns]
        self._is_sqlite = url.startswith("sqlite")
        self._connection = bare_table(url, table.name)
        names, kept = ", ".join(self._columns), [n for n in self._columns if n not in ("tenant_id", "id")]
        sets = ", ".join(f"{name} = excluded.{name}" for name in kept)
        mark = "?" if self._is_sqlite else "%s"
        row = f"({', '.join([mark] * len(self._columns))})"
        at_once = MAX_ROWS if self._is_sqlite else 1
        self._upsert = (
            f"INSERT INTO floor_{table.name} ({names}) VALUES {', '.join([row] * at_once)} "  # noqa: S608 - names of columns
            f"ON CONFLICT (tenant_id, source, external_id) DO UPDATE SET {sets} RETURNING id"
        )

    def write(self, facts: list[list[Any]], flat: list[Any]) -> None:
        """Upsert `facts` (on SQLite the same in one row, `flat`) in a transaction of their own; fetches the ids."""
        if self._is_sqlite:
            self._connection.execute("BEGIN")
            self._connection.execute(self._upsert, flat).fetchall()
            self._connection.execute("COMMIT")
            return
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(self._upsert, facts, returning=True)
            for result in cursor.results():
                result.fetchall()

    def stored(self, batch: Sequence[Row]) -> list[list[Any]]:
        """What the product has stored for the rows of `batch`, as the driver gives it."""
        names = [row["external_id"] for row in batch]
        select = f"SELECT {', '.join(self._columns)} FROM {self._table} WHERE tenant_id = "  # noqa: S608 - names of columns
        if self._is_sqlite:
            some = f"? AND external_id IN ({', '.join('?' * len(names))})"
            found = self._connection.execute(select + some, [self._tenant_id.hex, *names])
        else:
            found = self._connection.execute(f"{select} %s AND external_id = ANY(%s)", [self._tenant_id, names])
        return [sendable(row) for row in found.fetchall()]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def sendable(row: Sequence[Any]) -> list[Any]:
    """A row as the driver takes it, that was read by it."""
    return [psycopg.types.json.Jsonb(value) if isinstance(value, list | dict) else value for value in row]


def measure(door: Door, actor: Actor, server: Server, load: Load, rounds: int) -> dict[str, list[list[float]]]:
    """Seconds a batch, by the state of its rows: of the floor, the service and HTTP."""
    found: dict[str, list[list[float]]] = {state: [[], [], []] for state in STATES}
    worker, floor = Worker(door), Floor(server.store.url, actor.tenant_id, load.model)
    with closing(floor):
        for turn in range(rounds + WARM):
            by_service, by_http = (list(load.made((2 * turn + side) * MAX_ROWS)) for side in (0, 1))
            for state in STATES:
                mine, theirs = (
                    [load.changed(row) if state == "changed" else row for row in some] for some in (by_service, by_http)
                )
                sent = [load.as_input(row) for row in theirs]
                took = [
                    seconds(partial(door.write, actor, load.record, mine, Options())),
                    seconds(partial(ask, server.client, load.mutation, rows=sent)),
                ]
                # the floor gets exactly what the product has stored, so that both have written the same
                facts = floor.stored(by_service)
                assert len(facts) == len(floor.stored(by_http)) == MAX_ROWS, "a row was rejected"
                took.insert(0, seconds(partial(floor.write, facts, [value for fact in facts for value in fact])))
                if turn >= WARM:
                    for times, one in zip(found[state], took, strict=True):
                        times.append(one)
            worker.drain()
    return found


@contextmanager
def furnished(databases: Databases, kind: str, load: Load) -> Iterator[tuple[Door, Actor, Server]]:
    """A fresh workspace with customers and what they bought before, and a server of it."""
    url = databases.fresh(kind, "bench_batch")
    door, actor, secret = furnish(url, MEDIA)
    try:
        write(door, actor, customer.upsert_batch, people(load.people))
        talks.people(door, actor)
        if load.earlier:
            earlier = orders(FIRST_EARLIER, people=load.people, count=load.earlier * load.people)
            write(door, actor, order.record_batch, earlier)
        if kind == "postgresql":
            databases.vacuum("bench_batch")
        # jobs run between the batches, in this process, so that they disturb neither side
        with Server(Store(url, actor.tenant_id, secret, 0), "--no-worker") as server:
            yield door, actor, server
    finally:
        door.close()


def run(databases: Databases, kinds: Sequence[str], *, rounds: int = ROUNDS, only: Sequence[str] = ()) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        for load in loads(2 * (rounds + WARM) * MAX_ROWS):
            if only and load.name not in only:
                continue
            with furnished(databases, kind, load) as (door, actor, server):
                found = measure(door, actor, server, load, rounds)
            for state in STATES:
                bare, service, http = (MAX_ROWS / median(times) for times in found[state])
                ratios = f"{service:,.0f}", service / bare, f"{http:,.0f}", http / bare
                shown.append([kind, load.name, state, f"{bare:,.0f}", *ratios])
    table(f"Batches of {MAX_ROWS}, medians of {rounds}", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--only", nargs="+", choices=[load.name for load in loads(MAX_ROWS)], default=[])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, rounds=chosen.rounds, only=chosen.only)


if __name__ == "__main__":
    main()
