"""Runs every benchmark and prints the tables of the README.

python benchmarks/run.py --sizes 100000 1000000 --databases sqlite postgresql
python benchmarks/run.py --quick
"""

import argparse

import answers
import batch
import beside
import dashboard
import memory
import rebuild
import recount
import starting
import tenure
from cohorts import COHORTS
from generate import FEEDBACK
from members import MEMBERS
from money import ORDERS
from support import DATABASES, Databases, machine
from talks import TALKS

QUICK = 10_000


def main() -> None:
    """Run all of them, the data made first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="how many feedback, orders and interactions"
    )
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--quick", action="store_true", help=f"only see that it runs, with {QUICK:,} of each")
    parser.add_argument("--fresh", action="store_true", help="throw away the data of earlier runs first")
    chosen = parser.parse_args()
    sizes, few = ([QUICK], 2) if chosen.quick else (sorted(chosen.sizes), None)
    if chosen.fresh:
        Databases().forget()
    print(machine())
    with Databases() as databases:
        for kind in chosen.databases:
            for size in sizes:
                FEEDBACK.stored(databases, kind, size)
                ORDERS.stored(databases, kind, size)
                TALKS.stored(databases, kind, size)
                MEMBERS.stored(databases, kind, size)
                COHORTS.stored(databases, kind, size)
        dashboard.run(databases, sizes, chosen.databases, rounds=few or dashboard.ROUNDS)
        answers.run(databases, chosen.databases, rounds=few or answers.ROUNDS, size=sizes[0])
        batch.run(databases, chosen.databases, rounds=few or batch.ROUNDS)
        beside.run(databases, sizes, chosen.databases, rounds=few or beside.ROUNDS)
        memory.run(databases, chosen.databases, lasting=few or memory.SECONDS)
        rebuild.run(databases, sizes[-1], chosen.databases)
        recount.run(databases, sizes, chosen.databases)
        tenure.run(databases, sizes, chosen.databases)
    starting.run(rounds=few or starting.ROUNDS)


if __name__ == "__main__":
    main()
