"""How long it takes to count all conversations anew after the business calendar changed, and what that holds in memory.

    python benchmarks/recount.py [--sizes 100000 1000000] [--databases sqlite postgresql]

The workspace gets a business calendar it had not (or another one than before); the worker's share is then done by the
program's own command, in a process of its own, as for a rebuild. Every clock is derived from its events again.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence

from support import DATABASES, ROOT, Databases, Store, table
from talks import CUBES, TALKS

from app.actor import system
from app.services import business_calendar, workspace
from app.services.row import Ref
from app.settings import Settings
from app.uow import Door, open_door

HEAD = ("database", "interactions", "seconds", "interactions/s", "peak MiB")


def change(door: Door, store: Store) -> None:
    """Give the workspace other hours than it had before."""
    actor = system(store.workspace)
    with door.snapshot(actor) as uow:
        before = uow.workspace.business_calendar_id
    end = "18:00" if before is None else "17:00"
    hours = {"weekdays": [1, 2, 3, 4, 5], "from_": "09:00", "before": end}
    version = {"time_zone": "Europe/Berlin", "weekly_hours": [hours], "country": "DE"}
    name = f"until {end}"
    door.write(actor, business_calendar.upsert, {"external_id": name, "name": name, "versions": [version]})
    door.write(actor, workspace.update, {"business_calendar": Ref(external_id=name)})


def recount(store: Store, cubes: Sequence[str] = CUBES) -> tuple[float, float]:
    """Run what is left to be counted: seconds, and the most MiB that its process held."""
    environment = os.environ | {"CUSTOGRAPH_DATABASE_URL": store.url}
    command = [sys.executable, "-m", "app", "rebuild", "--workspace", str(store.workspace)]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, *(part for cube in cubes for part in ("--cube", cube))],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the recount failed"
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def run(databases: Databases, sizes: Sequence[int], kinds: Sequence[str]) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        for size in sizes:
            store = TALKS.stored(databases, kind, size)
            door = open_door(Settings(database_url=store.url))
            try:
                change(door, store)
            finally:
                door.close()
            took, peak = recount(store)
            shown.append([kind, f"{store.size:,}", took, f"{store.size / took:,.0f}", f"{peak:,.0f}"])
    table("Recount after a change of the business calendar", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.sizes, chosen.databases)


if __name__ == "__main__":
    main()
