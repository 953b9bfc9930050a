"""How long it takes to find out anew who was a customer when, after the inactivity window changed.

    python benchmarks/tenure.py [--sizes 100000 1000000] [--databases sqlite postgresql]

The window becomes another one than before; the worker's share is then done by the program's own command, in a process
of its own, as for a rebuild. Everybody's times are derived again from what they did, and counted.
"""

import argparse
from collections.abc import Sequence

from members import CUBES, MEMBERS, WINDOW
from recount import recount
from support import DATABASES, Databases, Store, table

from app.actor import system
from app.services import workspace
from app.settings import Settings
from app.uow import open_door

HEAD = ("database", "customers", "seconds", "customers/s", "peak MiB")


def change(store: Store) -> None:
    """Give the workspace a window that it had not before."""
    door, actor = open_door(Settings(database_url=store.url)), system(store.workspace)
    try:
        with door.snapshot(actor) as uow:
            before = uow.workspace.inactivity_window_days
        door.write(actor, workspace.update, {"inactivity_window_days": WINDOW + (before == WINDOW)})
    finally:
        door.close()


def run(databases: Databases, sizes: Sequence[int], kinds: Sequence[str]) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    for kind in kinds:
        for size in sizes:
            store = MEMBERS.stored(databases, kind, size)
            change(store)
            took, peak = recount(store, CUBES)
            shown.append([kind, f"{store.size:,}", took, f"{store.size / took:,.0f}", f"{peak:,.0f}"])
    table("Who was a customer when, after a change of the inactivity window", HEAD, shown)


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
