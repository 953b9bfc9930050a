"""Measures how long it takes from the answer to a write until a receiver of webhooks has it.

    python benchmarks/webhooks.py --endpoints 1 100 --seconds 60 [--databases sqlite postgresql]

Feedback is recorded over HTTP, one at a time, at a steady pace. Every endpoint that lives is a listener on loopback in
this process. Of the others, a fifth of all, half refuse connections and half take them and never answer.
"""

import argparse
import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future

import orjson
from support import DATABASES, Databases, Server, Store, ask, free_port, machine, percentile, table
from uuid_utils.compat import uuid7

from app import migrate
from app.actor import system
from app.services import token, webhook, webhook_secret, workspace
from app.settings import Settings
from app.uow import open_door

DEAD = 5
"""Of so many endpoints one is dead."""
HEAD = ["database", "endpoints", "dead", "writes", "deliveries", "missing", "p50 ms", "p99 ms", "most ms"]
RECORD = "mutation($row: FeedbackRecordInput!) { feedbackRecord(input: $row) { feedback { id } } }"
OPEN = {"webhook_allow": "127.0.0.0/8", "webhook_plain_http": True}


class Receiver:
    """A listener on a thread: notes when which record arrived where, and answers at once or, on /dead, never."""

    def __init__(self) -> None:
        self.arrived: dict[tuple[str, str], float] = {}
        self._port: Future[int] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._port.result()}"

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._answer, "127.0.0.1", 0))
        self._port.set_result(server.sockets[0].getsockname()[1])
        self._loop.run_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                body = await reader.readexactly(int(size.split(b":")[1]))
                if path == "/dead":
                    await asyncio.sleep(3_600)
                self.arrived.setdefault((path, orjson.loads(body)["change"]["id"]), time.perf_counter())
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def prepare(databases: Databases, kind: str, endpoints: int, receiver: Receiver) -> Store:
    """A fresh workspace with so many endpoints."""
    url = databases.fresh(kind, "webhooks")
    settings = Settings(database_url=url, **OPEN)
    migrate.upgrade(settings)
    door, tenant_id = open_door(settings), uuid7()
    actor = system(tenant_id)
    door.write(actor, workspace.create, {"name": "Bench", "time_zone": "UTC", "currency": "EUR"})
    for number in range(endpoints):
        path = f"{receiver.url}/e{number}"
        if endpoints > 1 and number % DEAD == 0:
            path = f"{receiver.url}/dead" if number % (2 * DEAD) else f"http://127.0.0.1:{free_port()}/"
        row = {"external_id": f"e{number}", "name": f"Endpoint {number}", "url": path, "types": ["Feedback"]}
        door.write(actor, webhook.upsert, row, door.keys.seal(webhook_secret.mint()))
    secret = token.create(door, tenant_id, "bench")
    door.close()
    return Store(url, tenant_id, secret, endpoints)


def measure(store: Store, receiver: Receiver, seconds: float, pace: float) -> list[object]:
    """Write at the pace for so long; what came of it."""
    receiver.arrived.clear()
    alive = store.size - (-(-store.size // DEAD) if store.size > 1 else 0)
    answered: dict[str, float] = {}
    with Server(store, **OPEN) as server:
        began, number = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            row = {"externalId": f"f{number}", "kind": "CSAT", "score": 5, "occurredAt": "2026-01-01"}
            id_ = ask(server.client, RECORD, row=row)["feedbackRecord"]["feedback"]["id"]
            answered[id_] = time.perf_counter()
            number += 1
            time.sleep(max(0, began + number / pace - time.perf_counter()))
        until = time.perf_counter() + 60
        while len(receiver.arrived) < alive * len(answered) and time.perf_counter() < until:
            time.sleep(0.1)
    took = [1_000 * (at - answered[id_]) for (_, id_), at in list(receiver.arrived.items())]
    missing = alive * len(answered) - len(took)
    figures = [percentile(took, 0.5), percentile(took, 0.99), max(took)]
    return [f"{store.size:,}", store.size - alive, f"{len(answered):,}", f"{len(took):,}", missing, *figures]


def run(databases: Databases, kinds: Sequence[str], endpoints: Sequence[int], seconds: float, pace: float) -> None:
    """Measure and print."""
    receiver, shown = Receiver(), []
    for kind in kinds:
        for count in endpoints:
            store = prepare(databases, kind, count, receiver)
            shown.append([kind, *measure(store, receiver, seconds, pace)])
    table(f"From commit to receiver, {pace:g} writes a second", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, nargs="+", default=[1, 100])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pace", type=float, default=2, help="writes a second")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    chosen = parser.parse_args()
    print(machine())
    with Databases() as databases:
        run(databases, chosen.databases, chosen.endpoints, chosen.seconds, chosen.pace)


if __name__ == "__main__":
    main()
