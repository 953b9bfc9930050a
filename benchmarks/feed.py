"""How soon a change is in the feed after its commit, while others write; and how fast a reader catches up.

    python benchmarks/feed.py [--databases sqlite postgresql] [--writers 8] [--seconds 20] [--size 100000]

Latency: writers record feedback one by one through a process's door, whose worker and sealer run as in `serve`; a
reader asks for what is new over and over. From the moment at which a write is acknowledged to that at which a reader
has its change: the times between two looks of the reader are part of it. The writers are also let loose without a
sealer (the job alone seals then), which says what it costs them.

Catching up: all changes in pages of 500, by the service and over HTTP with and without the records, against a bare
SELECT of the same rows and columns through the driver, in the same pages by the same index.
"""

import argparse
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
from filling import furnish, write
from generate import rows
from support import DATABASES, Databases, Server, Store, ask, median, percentile, seconds, table

from app.actor import Actor
from app.services import feed, feedback
from app.services.row import Options
from app.uow import Door
from app.worker import Sealer, Worker

WRITERS, SECONDS, SIZE, ROUNDS = 8, 20.0, 100_000, 5
PAGE = """query($after: String) { changes(first: 500, after: $after) { endCursor hasMore nodes {
  id cursor action type recordId version fields at actor tokenId requestId %s } } }"""
RECORD = "record { ... on Feedback { kind score occurredAt } }"


@contextmanager
def working(door: Door, *, sealer: bool) -> Iterator[None]:
    """A worker at `door`, with its sealer or without."""
    stop = threading.Event()
    with patch.object(Sealer, "run", Sealer.run if sealer else lambda *_: None):
        thread = threading.Thread(target=Worker(door).run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class Load:
    """Writers who record feedback until they are told to stop, and when each was acknowledged."""

    def __init__(self, door: Door, actor: Actor, first: int) -> None:
        self.door, self.actor, self.numbers = door, actor, count(first)
        self.acknowledged: dict[UUID, float] = {}
        self.stop, self.over = threading.Event(), threading.Event()

    def write(self) -> None:
        """Record one after the other."""
        some = next(iter(rows(1)))
        while not self.stop.is_set():
            row = some | {"external_id": f"w{next(self.numbers)}", "customer": None}
            (result,) = self.door.write(self.actor, feedback.record_batch, [row], Options(create_missing=True))
            assert result.id is not None
            self.acknowledged[result.id] = time.monotonic()

    def run(self, writers: int, lasting: float) -> float:
        """Let so many loose for so long; how many a second were acknowledged."""
        threads = [threading.Thread(target=self.write) for _ in range(writers)]
        for thread in threads:
            thread.start()
        time.sleep(lasting)
        self.stop.set()
        for thread in threads:
            thread.join()
        self.over.set()
        return len(self.acknowledged) / lasting


def follow(door: Door, actor: Actor, load: Load, seen: dict[UUID, float]) -> None:
    """Look for what is new over and over; when each change was seen first."""
    cursor = door.read(actor, feed.now)
    while not load.over.is_set() or load.acknowledged.keys() - seen.keys():
        page = door.read(actor, feed.page, feed.MOST, cursor)
        now = time.monotonic()
        seen |= {one.record_id: now for one in page.changes if one.record_id not in seen}
        cursor = page.end
        if not page.changes:
            time.sleep(0.001)


def latency(load: Load, writers: int, lasting: float, *, sealer: bool) -> list[float]:
    """Writes a second, and the median and the 99th percentile of milliseconds until a change was seen."""
    seen = dict[UUID, float]()
    with working(load.door, sealer=sealer):
        reader = threading.Thread(target=follow, args=(load.door, load.actor, load, seen))
        reader.start()
        rate = load.run(writers, lasting)
        reader.join()
    waited = sorted(1_000 * max(0.0, seen[id_] - at) for id_, at in load.acknowledged.items())
    return [rate, median(waited), percentile(waited, 0.99)]


def bare(url: str, tenant_id: UUID) -> int:
    """All changes by a bare SELECT, in pages of 500; how many."""
    is_sqlite = url.startswith("sqlite")
    mark = "?" if is_sqlite else "%s"
    columns = "id, seq, hash, at, actor, token_id, request_id, noun, record_id, action, version, fields"
    chosen = f"tenant_id = {mark} AND seq > {mark} AND noun <> 'Token'"  # the feed tells of no tokens
    statement = f"SELECT {columns} FROM change WHERE {chosen} ORDER BY seq LIMIT 500"  # noqa: S608 - names of columns
    connection: Any = sqlite3.connect(url.removeprefix("sqlite:///")) if is_sqlite else psycopg.connect(url)
    with closing(connection):
        found, last = 0, 0
        while some := connection.execute(statement, [tenant_id.hex if is_sqlite else tenant_id, last]).fetchall():
            found, last = found + len(some), some[-1][1]
    return found


def by_service(door: Door, actor: Actor) -> int:
    """All changes by the service; how many."""
    found, cursor, behind = 0, None, 1
    while behind:
        page = door.read(actor, feed.page, feed.MOST, cursor)
        found, cursor, behind = found + len(page.changes), page.end, page.behind
    return found


def over_http(server: Server, query: str) -> int:
    """All changes over HTTP; how many."""
    found, cursor, more = 0, None, True
    while more:
        page = ask(server.client, query, after=cursor)["changes"]
        found, cursor, more = found + len(page["nodes"]), page["endCursor"], page["hasMore"]
    return found


def run(databases: Databases, kinds: Sequence[str], *, writers: int, lasting: float, size: int) -> None:
    """Measure and print."""
    late: list[list[object]] = []
    read: list[list[object]] = []
    for kind in kinds:
        url = databases.fresh(kind, "bench_feed")
        door, actor, secret = furnish(url)
        try:
            for place, sealer in enumerate((True, False)):
                load = Load(door, actor, 10**7 * (place + 1))
                rate, middle, worst = latency(load, writers, lasting, sealer=sealer)
                who = "sealer" if sealer else "job alone"
                late.append([kind, who, f"{rate:,.0f}", f"{middle:.1f}", f"{worst:.1f}"])
            write(door, actor, feedback.record_batch, (row | {"customer": None} for row in rows(size)))
            Worker(door).drain()
            if kind == "postgresql":
                databases.vacuum("bench_feed")
            with Server(Store(url, actor.tenant_id, secret, 0), "--no-worker") as server:
                ways = {
                    "bare SELECT": lambda u=url, a=actor: bare(u, a.tenant_id),
                    "service": lambda d=door, a=actor: by_service(d, a),
                    "HTTP": lambda s=server: over_http(s, PAGE % ""),
                    "HTTP with records": lambda s=server: over_http(s, PAGE % RECORD),
                }
                total = ways["bare SELECT"]()
                assert {way() for way in ways.values()} == {total}, "a change was left out"
                took = {name: median([seconds(way) for _ in range(ROUNDS)]) for name, way in ways.items()}
            for name, time_ in took.items():
                read.append([kind, name, f"{total:,}", f"{total / time_:,.0f}", time_ / took["bare SELECT"]])
        finally:
            door.close()
    head = ("database", "sealed by", "writes/s", "p50 ms", "p99 ms")
    table(f"From commit to the feed, {writers} writers for {lasting:g} s", head, late)
    table("Catching up in pages of 500", ("database", "way", "changes", "changes/s", "time ÷ bare SELECT"), read)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--writers", type=int, default=WRITERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--size", type=int, default=SIZE)
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, writers=chosen.writers, lasting=chosen.seconds, size=chosen.size)


if __name__ == "__main__":
    main()
