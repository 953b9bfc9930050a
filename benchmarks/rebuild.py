"""How long a rebuild of the rollups takes, what it holds in memory, and whether reads go on meanwhile.

    python benchmarks/rebuild.py [--size 1000000] [--databases sqlite postgresql]

The rebuild is the program's own command, in a process of its own; a reader asks dashboards of a server all the while.
Every figure of every answer must be the one from before the rebuild.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from dashboard import QUERY
from generate import FEEDBACK
from support import DATABASES, ROOT, Databases, Server, Store, alongside, ask, median, percentile, seconds, table

BEFORE = 30
"""Dashboards that are asked before, for comparison."""
HEAD = (
    "database",
    "facts",
    "seconds",
    "facts/s",
    "peak MiB",
    "reads meanwhile",
    "p50 ms before",
    "meanwhile",
    "p99 ms",
)


def rebuild(store: Store) -> tuple[float, float]:
    """Run the command: seconds, and the most MiB that its process held."""
    environment = os.environ | {"CUSTOGRAPH_DATABASE_URL": store.url}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "rebuild", "--workspace", str(store.workspace), "--cube", "feedback"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the rebuild failed"
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure(store: Store, server: Server) -> list[object]:
    """One row of the table."""
    first = ask(server.client, QUERY)
    before = [1000 * seconds(lambda: ask(server.client, QUERY)) for _ in range(BEFORE)]
    meanwhile: list[float] = []
    wrong: list[dict[str, Any]] = []

    def reads(stop: threading.Event) -> None:
        while not stop.is_set():
            start = time.perf_counter()
            answer = ask(server.client, QUERY)
            meanwhile.append(1000 * (time.perf_counter() - start))
            if answer != first:
                wrong.append(answer)
            time.sleep(0.05)  # a person's screen, not a load test

    with alongside(reads):
        took, peak = rebuild(store)
    assert meanwhile, "nothing was read meanwhile"
    assert not wrong, f"{len(wrong)} answers differed"
    rate, middle = f"{store.size / took:,.0f}", median(meanwhile)
    return [
        f"{store.size:,}",
        took,
        rate,
        f"{peak:,.0f}",
        len(meanwhile),
        median(before),
        middle,
        percentile(meanwhile, 0.99),
    ]


def run(databases: Databases, size: int, kinds: Sequence[str]) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        store = FEEDBACK.stored(databases, kind, size)
        with Server(store) as server:
            shown.append([kind, *measure(store, server)])
    table("Rebuild", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.size, chosen.databases)


if __name__ == "__main__":
    main()
