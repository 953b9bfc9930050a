"""How workspaces are filled for benchmarks: through the write path that the API uses or, with very much, past it.

What a run made is kept, and given back to whoever asks for that size again.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support import DATABASES, Databases, Store, seconds, table
from uuid_utils.compat import uuid7

from app import migrate
from app.actor import Actor, system
from app.models.channel import ChannelMedium
from app.services import channel, rollup, token, workspace
from app.services.row import MAX_ROWS, Options, Outcome
from app.settings import Settings
from app.uow import Door, open_door
from app.worker import Worker

CHANNELS = ("web", "phone", "store", "email", "chat", "app")
ORDINARY: Mapping[str, ChannelMedium | None] = dict.fromkeys(CHANNELS)
MOST_BY_SERVICES = 200_000
"""More than this is loaded past the services, which would take too long for a benchmark, and counted by a rebuild."""
BETWEEN_COMPACTIONS = 20
"""Batches after which the worker is let at its jobs, as it would be in between by itself."""


def in_batches(given: Iterator[dict[str, Any]], size: int = MAX_ROWS) -> Iterator[list[dict[str, Any]]]:
    """The rows in lists of `size`, the last one shorter."""
    batch: list[dict[str, Any]] = []
    for row in given:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def furnish(url: str, channels: Mapping[str, ChannelMedium | None] = ORDINARY) -> tuple[Door, Actor, str]:
    """A migrated database with one workspace and its channels: the door, who may write there, and that one's token."""
    settings = Settings(database_url=url)
    migrate.upgrade(settings)
    door = open_door(settings)
    owner = system(uuid7())
    door.write(owner, workspace.create, {"name": "Benchmark", "time_zone": "Europe/Berlin", "currency": "EUR"})
    for name, medium in channels.items():
        door.write(owner, channel.upsert, {"external_id": name, "name": name.title(), "medium": medium})
    secret = token.create(door, owner.tenant_id, "benchmark")
    return door, token.authenticate(door, secret), secret


def write(door: Door, actor: Actor, function: Any, given: Iterator[dict[str, Any]]) -> tuple[int, float]:  # noqa: ANN401 - a service function
    """Write everything in batches, the worker's share included; how many rows that were, and how many a second."""
    worker, start, written = Worker(door), time.perf_counter(), 0
    for number, batch in enumerate(in_batches(given), 1):
        results = door.write(actor, function, batch, Options())
        assert all(result.outcome is Outcome.CREATED for result in results), results[0]
        written += len(batch)
        if number % BETWEEN_COMPACTIONS == 0:
            worker.drain()
    worker.drain()
    return written, written / (time.perf_counter() - start)


Step = tuple[str, Any, Iterator[dict[str, Any]]]
"""What rows are called, the service that records them, and the rows."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What a fresh workspace is filled with.

    `name` is part of the database's name, `noun` what its size counts. `steps` are written by services; of more than
    `most`, which would take too long, only the first `always` are, and `load` puts in the rest (called `loaded`, if
    that is more).
    """

    name: str
    noun: str
    steps: Callable[[int], Sequence[Step]]
    load: Callable[[Door, Actor, int], None]
    always: int = 0
    loaded: str | None = None
    channels: Mapping[str, ChannelMedium | None] | None = None
    begin: Callable[[Door, Actor], None] | None = None
    most: int = MOST_BY_SERVICES

    def fill(self, databases: Databases, kind: str, size: int) -> tuple[Store, list[list[object]]]:
        """A database with `size` of them, compacted; and what was measured on the way, as rows of a table."""
        name = f"{self.name}_{size}"
        door, actor, secret = furnish(databases.fresh(kind, name), self.channels or ORDINARY)
        measured: list[list[object]] = []
        is_much = size > self.most
        try:
            if self.begin:
                self.begin(door, actor)
            for what, function, given in self.steps(size)[: self.always if is_much else None]:
                count, rate = write(door, actor, function, given)
                measured.append([kind, f"{what}, by the service", f"{count:,}", f"{rate:,.0f}"])
                if kind == "postgresql":
                    databases.vacuum(name)
            if is_much:
                took = seconds(lambda: self.load(door, actor, size))
                measured.append(
                    [kind, f"{self.loaded or self.noun}, loaded and rebuilt", f"{size:,}", f"{size / took:,.0f}"]
                )
            door.write(system(actor.tenant_id), rollup.compact)
            store = Store(door.settings.database_url.get_secret_value(), actor.tenant_id, secret, size)
        finally:
            door.close()
        if kind == "postgresql":
            databases.vacuum(name)
        databases.keep(kind, name, store)
        return store, measured

    def stored(self, databases: Databases, kind: str, size: int) -> Store:
        """A database with `size` of them: the one that is kept, or else one that is made now."""
        found = databases.kept(kind, f"{self.name}_{size}")
        if found is not None:
            return found
        store, measured = self.fill(databases, kind, size)
        self._tell(size, measured)
        return store

    def run(self, doc: str | None) -> None:
        """Fill one database, as the command line says, and say how fast that went."""
        parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--size", type=int, default=100_000)
        parser.add_argument("--postgresql", action="store_true", help="fill PostgreSQL instead of SQLite")
        chosen = parser.parse_args()
        with Databases() as databases:
            _, measured = self.fill(databases, DATABASES[chosen.postgresql], chosen.size)
            self._tell(chosen.size, measured)

    def _tell(self, size: int, measured: list[list[object]]) -> None:
        table(f"Filling {size:,} {self.noun}", ("database", "rows", "how many", "rows/s"), measured)
