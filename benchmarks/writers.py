"""How many records are taken one at a time, by 1, 8 and 32 callers, beside what the database can do at most.

    python benchmarks/writers.py [--databases sqlite postgresql] [--callers 1 8 32] [--seconds 10]

Each mutation is a request of its own over HTTP, with an idempotency key, on a kept connection; the server runs its jobs
meanwhile, with walls, rollups, audit and limits on, and answers once the record is safely stored. The floor is the same
rows through the bare driver, one in a transaction, by one caller (SQLite) or as many callers (PostgreSQL), into a table
with the same columns and indexes. Both wait for the disk.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from batch import bare_table, sendable
from filling import furnish
from nightly import opened
from support import DATABASES, Databases, Server, Store, percentile, table

from app.models.feedback import Feedback

CALLERS, SECONDS = (1, 8, 32), 10.0
HEAD = ("database", "callers", "records/s", "p50 ms", "p99 ms", "bare driver, records/s", "ratio")
RECORD = (
    "mutation($row: FeedbackRecordInput!, $key: String!) { feedbackRecord(input: $row, idempotencyKey: $key) "
    "{ outcome userErrors { message } } }"
)


def request(number: int, token: str) -> bytes:
    """The request that records one feedback, as it goes over the wire."""
    row = {
        "externalId": f"f{number}",
        "kind": "CSAT",
        "score": 1 + number % 5,
        "channel": {"externalId": "web"},
        "occurredAt": f"2025-{1 + number % 12:02}-{1 + number % 28:02}T12:00:00Z",
    }
    body = json.dumps({"query": RECORD, "variables": {"row": row, "key": f"k{number}"}}).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer {token}"
    return f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def pressed(server: Server, numbers: Any, callers: int, lasting: float) -> list[float]:  # noqa: ANN401 - a count
    """How long each record took, in milliseconds, by `callers` that send one after the other for so long."""
    parts, times = urlsplit(server.address), []
    end = time.perf_counter() + lasting

    async def caller() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (began := time.perf_counter()) < end:
            writer.write(request(next(numbers), server.store.token))
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.split(b": ", 1) for line in head.lower().splitlines()[1:] if b": " in line)
            body = await reader.readexactly(int(fields[b"content-length"]))
            assert b'"CREATED"' in body, body
            times.append(1000 * (time.perf_counter() - began))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller() for _ in range(callers)))
    return times


def bare(store: Store, callers: int, lasting: float) -> float:
    """Rows a second that the driver stores, one in a transaction, of those that the product stored before."""
    stored: Any = Feedback.__table__  # type: ignore[attr-defined]  # SQLModel hides it
    names = [column.name for column in stored.columns]
    mark = "?" if store.is_sqlite else "%s"
    insert = f"INSERT INTO floor_{stored.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608 - names of columns
    with closing(opened(store)) as source:
        rows = [sendable(row) for row in source.execute(f"SELECT {', '.join(names)} FROM {stored.name}")]  # noqa: S608 - names of columns
    first, waiting = bare_table(store.url, stored.name), iter(rows)
    end = time.perf_counter() + lasting

    def work(connection: Any) -> int:  # noqa: ANN401 - either driver's connection
        done = 0
        with closing(connection):
            for row in waiting:
                connection.execute(insert, row)
                done += 1
                if time.perf_counter() > end:
                    break
        return done

    began, at_once = time.perf_counter(), 1 if store.is_sqlite else callers
    if at_once == 1:
        return work(first) / (time.perf_counter() - began)
    connections = [first, *(opened(store, autocommit=True) for _ in range(at_once - 1))]
    with ThreadPoolExecutor(at_once) as threads:
        return sum(threads.map(work, connections)) / (time.perf_counter() - began)


def run(databases: Databases, kinds: Sequence[str], callers: Sequence[int], lasting: float) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        for some in callers:
            url = databases.fresh(kind, "bench_writers")
            door, actor, secret = furnish(url)
            door.close()
            store, numbers = Store(url, actor.tenant_id, secret, 0), count()
            with Server(store) as server:
                asyncio.run(pressed(server, numbers, some, 1))  # a warm-up
                times = asyncio.run(pressed(server, numbers, some, lasting))
            rate, floor = len(times) / lasting, bare(store, some, lasting)
            late = [f"{percentile(times, part):.1f}" for part in (0.5, 0.99)]
            shown.append([kind, some, f"{rate:,.0f}", *late, f"{floor:,.0f}", rate / floor])
    table(f"One record a request, for {lasting:g} s", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--callers", type=int, nargs="+", default=list(CALLERS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, chosen.callers, chosen.seconds)


if __name__ == "__main__":
    main()
