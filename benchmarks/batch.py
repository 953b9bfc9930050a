"""What recording costs beside the least that a database could do with the same rows.

    python benchmarks/batch.py [--databases sqlite postgresql]

The floor is a bare upsert: one transaction, through the driver, of the same 500 rows into a table with the same
columns and indexes; no parsing, no history, no KPI kept up to date. It takes the fastest form that the driver has: one
statement of 500 rows on SQLite, a pipeline of 500 prepared statements on PostgreSQL, where the single statement is four
times slower. Both sides are as durable as the other. They take turns, batch by batch, for rows that are new, for the
same rows again, and for rows of which every one has changed.
"""

import argparse
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from generate import customers, furnish, in_batches, rows
from support import DATABASES, Databases, Server, Store, ask, median, seconds, table

from app.models.feedback import Feedback
from app.services import customer, feedback
from app.services.row import MAX_ROWS, Options
from app.uow import Actor, Door
from app.worker import Worker

MUTATION = """mutation Batch($rows: [FeedbackRecordInput!]!) {
  feedbackRecordBatch(input: {rows: $rows}) { counts { created updated unchanged rejected } userErrors { message } }
}"""
ROUNDS, WARM = 15, 3
CUSTOMERS = 2 * (ROUNDS + WARM) * MAX_ROWS // 10
"""As many as the rows may name."""
STATES = ("new", "same", "changed")
HEAD = ("database", "rows", "bare upsert, rows/s", "service, rows/s", "ratio", "HTTP, rows/s", "ratio")

Batch = list[dict[str, Any]]


def changed(batch: Batch) -> Batch:
    """The rows with every score another one, and everything else as it was."""
    return [row | {"score": 2.0 if row["score"] == 1.0 else 1.0} for row in batch]


def as_input(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a client sends it."""
    return {
        "externalId": row["external_id"],
        "kind": row["kind"],
        "score": row["score"],
        "customer": {"externalId": row["customer"].external_id},
        "channel": {"externalId": row["channel"].external_id},
        "origin": row["origin"],
        "tags": row["tags"],
        "occurredAt": row["occurred_at"].isoformat(),
    }


class Floor:
    """A table `floor` like the one of feedback, and the bare upsert into it."""

    def __init__(self, url: str, tenant_id: UUID) -> None:
        self._tenant_id = tenant_id
        self._columns = [column.name for column in Feedback.__table__.columns]  # type: ignore[attr-defined]  # SQLModel hides it
        self._is_sqlite = url.startswith("sqlite")
        connection: Any
        if self._is_sqlite:
            connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'feedback'").fetchone()
            # foreign keys are left out, and not asked for: that is part of what the product does more
            connection.execute(made.replace("CREATE TABLE feedback", "CREATE TABLE floor"))
            indexes = "SELECT sql FROM sqlite_master WHERE tbl_name = 'feedback' AND type = 'index' AND sql IS NOT NULL"
            for (index,) in connection.execute(indexes).fetchall():
                connection.execute(index.replace("ix_feedback", "ix_floor").replace(" ON feedback", " ON floor"))
        else:
            connection = psycopg.connect(url, autocommit=True)
            connection.execute("CREATE TABLE floor (LIKE feedback INCLUDING INDEXES INCLUDING DEFAULTS)")
        self._connection = connection
        names, kept = ", ".join(self._columns), [n for n in self._columns if n not in ("tenant_id", "id")]
        sets = ", ".join(f"{name} = excluded.{name}" for name in kept)
        mark = "?" if self._is_sqlite else "%s"
        row = f"({', '.join([mark] * len(self._columns))})"
        at_once = MAX_ROWS if self._is_sqlite else 1
        self._upsert = (
            f"INSERT INTO floor ({names}) VALUES {', '.join([row] * at_once)} "  # noqa: S608 - names of columns
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

    def stored(self, batch: Batch) -> list[list[Any]]:
        """What the product has stored for the rows of `batch`, as the driver gives it."""
        names = [row["external_id"] for row in batch]
        select = f"SELECT {', '.join(self._columns)} FROM feedback WHERE tenant_id = "  # noqa: S608 - names of columns
        if self._is_sqlite:
            some = f"? AND external_id IN ({', '.join('?' * len(names))})"
            found = self._connection.execute(select + some, [self._tenant_id.hex, *names])
        else:
            found = self._connection.execute(f"{select} %s AND external_id = ANY(%s)", [self._tenant_id, names])
        return [_sendable(row) for row in found.fetchall()]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _sendable(row: Sequence[Any]) -> list[Any]:
    return [psycopg.types.json.Jsonb(value) if isinstance(value, list) else value for value in row]


def measure(door: Door, actor: Actor, server: Server, floor: Floor, rounds: int) -> dict[str, list[list[float]]]:
    """Seconds a batch, by the state of its rows: of the floor, the service and HTTP."""
    found: dict[str, list[list[float]]] = {state: [[], [], []] for state in STATES}
    worker = Worker(door)
    for turn in range(rounds + WARM):
        by_service = list(rows(MAX_ROWS, first=2 * turn * MAX_ROWS))
        by_http = list(rows(MAX_ROWS, first=(2 * turn + 1) * MAX_ROWS))
        for state in STATES:
            change: Callable[[Batch], Batch] = changed if state == "changed" else list
            sent = [as_input(row) for row in change(by_http)]
            mine = change(by_service)
            took = [
                seconds(partial(door.write, actor, feedback.record_batch, mine, Options())),
                seconds(partial(ask, server.client, MUTATION, rows=sent)),
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
def furnished(databases: Databases, kind: str) -> Iterator[tuple[Door, Actor, Server, Floor]]:
    """A fresh workspace with customers, a server of it, and the floor beside it."""
    url = databases.fresh(kind, "bench_batch")
    door, actor, secret = furnish(url)
    for batch in in_batches(customers(CUSTOMERS)):
        door.write(actor, customer.upsert_batch, batch, Options())
    Worker(door).drain()
    floor = Floor(url, actor.tenant_id)
    try:
        # jobs run between the batches, in this process, so that they disturb neither side
        with Server(Store(url, actor.tenant_id, secret, 0), "--no-worker") as server:
            yield door, actor, server, floor
    finally:
        floor.close()
        door.close()


def run(databases: Databases, kinds: Sequence[str], *, rounds: int = ROUNDS) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        with furnished(databases, kind) as parts:
            found = measure(*parts, rounds)
        for state in STATES:
            bare, service, http = (MAX_ROWS / median(times) for times in found[state])
            shown.append([kind, state, f"{bare:,.0f}", f"{service:,.0f}", service / bare, f"{http:,.0f}", http / bare])
    table(f"Batches of {MAX_ROWS}, medians of {rounds}", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases)


if __name__ == "__main__":
    main()
