"""How much memory one process holds: idle, and at most under load.

    python benchmarks/memory.py [--databases sqlite postgresql]

The load is two readers who ask dashboards without a pause and a writer who records batches of 500, for 20 seconds,
with the worker at its jobs in the same process. On PostgreSQL it is the program's process only, not the database's.
"""

import argparse
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

from dashboard import QUERY
from generate import FEEDBACK
from loads import loads
from support import DATABASES, Databases, Server, alongside, ask, memory, table

from app.services.row import MAX_ROWS

SECONDS, READERS = 20, 2
SIZE = 20_000
"""Facts to begin with: a database of its own, because it grows by what is written."""
HEAD = ("database", "facts", "idle MiB", "peak MiB", "dashboards", "batches")


def measure(server: Server, token: str, size: int, lasting: float) -> tuple[float, float, int, int]:
    """MiB idle and at most, and how many dashboards and batches were answered."""
    time.sleep(2)
    idle, _ = memory(server.process.pid)
    done = {"dashboards": 0, "batches": 0}
    feedback, *_ = loads(MAX_ROWS)

    def reads(stop: threading.Event) -> None:
        with server.another(token) as client:
            while not stop.is_set():
                ask(client, QUERY)
                done["dashboards"] += 1

    def writes(stop: threading.Event) -> None:
        with server.another(token) as client:
            while not stop.is_set():
                # the same numbers in every run, so that a kept database does not grow without end
                first = size + done["batches"] * MAX_ROWS
                ask(
                    client, feedback.mutation, rows=[_anonymous(feedback.as_input(row)) for row in feedback.made(first)]
                )
                done["batches"] += 1

    with ExitStack() as load:
        for work in (*[reads] * READERS, writes):
            load.enter_context(alongside(work))
        time.sleep(lasting)
    _, peak = memory(server.process.pid)
    return idle, peak, done["dashboards"], done["batches"]


def _anonymous(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "customer"}


def run(databases: Databases, kinds: Sequence[str], *, lasting: float = SECONDS) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        store = FEEDBACK.stored(databases, kind, SIZE)
        with Server(store) as server:
            idle, peak, dashboards, batches = measure(server, store.token, SIZE, lasting)
        shown.append([kind, f"{SIZE:,}", f"{idle:,.0f}", f"{peak:,.0f}", dashboards, batches])
    table(f"Memory of one process, load of {lasting:g} s", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases)


if __name__ == "__main__":
    main()
