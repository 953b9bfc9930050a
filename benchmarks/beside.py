"""Whether recording takes the longer the more has been recorded: the same batches beside little and beside much.

    python benchmarks/beside.py [--sizes 10000 100000] [--databases sqlite postgresql] [--only orders]

Batches of 500 new rows by the service, of the customers that are there, with the worker's share after each. Both sides
take turns, batch by batch, after a warm-up; they write into copies of the data that other benchmarks read.
"""

import argparse
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from filling import Filling
from generate import FEEDBACK, rows
from money import ORDERS, orders
from support import DATABASES, Databases, Store, median, seconds, table
from talks import TALKS, talks

from app import migrate
from app.actor import Actor
from app.services import feedback, interaction, order, token
from app.services.row import MAX_ROWS, Options, Outcome
from app.settings import Settings
from app.uow import Door, open_door
from app.worker import Worker

ROUNDS, WARM = 12, 2
FIRST = 5_000_000
"""The number of the first row that is written, beyond those that are there."""
ALLOWED = 1.5
HEAD = ("database", "rows", "beside", "rows/s", "with the worker's share, rows/s")

Given = Callable[..., Iterator[dict[str, Any]]]


def _known(count: int, first: int, customers: int) -> Iterator[dict[str, Any]]:
    """Feedback of customers that are there."""
    for number, row in enumerate(rows(customers * 10)):
        if number == count:
            return
        yield row | {"external_id": f"f{first + number}"}


KINDS: dict[str, tuple[Filling, Any, Given]] = {
    "feedback": (FEEDBACK, feedback.record_batch, _known),
    "orders": (ORDERS, order.record_batch, orders),
    "interactions": (TALKS, interaction.record_batch, talks),
}


def copied(databases: Databases, kind: str, store: Store, name: str) -> Settings:
    """The settings of a copy of `store`."""
    url = databases.fresh(kind, name)
    if kind == "sqlite":
        shutil.copyfile(store.url.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))
    else:
        source = store.url.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[1]
        databases.run(f"DROP DATABASE {name} WITH (FORCE)")
        databases.run(f"CREATE DATABASE {name} TEMPLATE {source}")
    settings = Settings(database_url=url)
    migrate.upgrade(settings)
    return settings


def measure(
    sides: Sequence[tuple[Door, Actor, Store]],
    function: Any,  # noqa: ANN401 - a service
    given: Given,
    rounds: int,
) -> list[tuple[float, float]]:
    """Seconds of a batch on each side, alone and with what the worker does after it: medians."""
    found: list[list[tuple[float, float]]] = [[] for _ in sides]
    for turn in range(WARM + rounds):
        for place, (door, actor, store) in enumerate(sides):
            batch = list(given(MAX_ROWS, first=FIRST + turn * MAX_ROWS, customers=store.size // 10))
            results: list[Any] = []
            took = seconds(lambda d=door, a=actor, b=batch, r=results: r.extend(d.write(a, function, b, Options())))  # type: ignore[misc]
            assert all(one.outcome is Outcome.CREATED for one in results), results[0]
            drained = seconds(Worker(door).drain)
            if turn >= WARM:
                found[place].append((took, took + drained))
    return [(median([one for one, _ in times]), median([both for _, both in times])) for times in found]


def run(
    databases: Databases, sizes: Sequence[int], kinds: Sequence[str], *, rounds: int = ROUNDS, only: Sequence[str] = ()
) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    ratios: list[list[object]] = []
    for kind in kinds:
        for what, (filling, function, given) in KINDS.items():
            if only and what not in only:
                continue
            sides = []
            for size in sizes:
                store = filling.stored(databases, kind, size)
                door = open_door(copied(databases, kind, store, f"beside_{size}"))
                sides.append((door, token.authenticate(door, store.token), store))
            times = measure(sides, function, given, rounds)
            for (door, _, store), (alone, both) in zip(sides, times, strict=True):
                door.close()
                shown.append([kind, what, f"{store.size:,}", f"{MAX_ROWS / alone:,.0f}", f"{MAX_ROWS / both:,.0f}"])
            grown = times[-1][1] / times[0][1]
            ratios.append([kind, what, grown, f"at most {ALLOWED}", "kept" if grown <= ALLOWED else "not kept"])
    table("Batches of 500 beside what is there", HEAD, shown)
    title = f"The time of a batch: beside {sizes[-1]:,} ÷ beside {sizes[0]:,}"
    table(title, ("database", "rows", "ratio", "promise", ""), ratios)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=[])
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.sizes, chosen.databases, only=chosen.only)


if __name__ == "__main__":
    main()
