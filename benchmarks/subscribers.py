"""How soon subscribers have what was committed, and what an open subscription costs in memory.

    python benchmarks/subscribers.py [--databases sqlite postgresql] [--subscribers 1 100 1000] [--seconds 15]

Subscribers listen over WebSocket, each on a socket of its own: to one KPI, which all ask alike (`kpiChanged`), to as
many KPIs as there are subscribers, each narrowed otherwise, and to feedback as it comes (`feedbackRecorded`). Meanwhile
feedback is recorded, each half a second after everybody has the one before. Measured is from the answer to the write,
which comes after its commit, until each subscriber has the event; an event that overtakes the answer counts as 0.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import httpx
from filling import furnish
from support import DATABASES, Databases, Server, Store, memory, percentile, table
from websockets.asyncio.client import ClientConnection, connect

SUBSCRIBERS, SECONDS, PACE_S, PATIENCE_S = (1, 100, 1_000), 15.0, 0.5, 60.0
HEAD = ("database", "what", "subscribers", "writes", "events", "p50 ms", "p99 ms", "KiB a subscriber")
ALL = "period: {named: ALL_TIME}"
DIFFERENT_AT_MOST = 100
"""Of KPIs that are all asked otherwise each is looked up by itself: how many subscribers are measured at most."""
WHAT = {
    "one KPI": lambda _: f"subscription {{ kpiChanged(key: CSAT, {ALL}) {{ value sampleSize }} }}",
    "different KPIs": lambda number: (
        f'subscription {{ kpiChanged(key: CSAT, {ALL}, filter: [{{by: REGION, noneOf: ["x{number}"]}}]) '
        "{ value sampleSize } }"
    ),
    "feedback": lambda _: "subscription { feedbackRecorded { cursor feedback { id score } } }",
}
RECORD = "mutation($row: FeedbackRecordInput!) { feedbackRecord(input: $row) { outcome } }"


async def subscribed(server: Server, query: str) -> ClientConnection:
    """A socket with one subscription; what stands at first is taken from it."""
    address = server.address.replace("http", "ws") + "/graphql"
    socket = await connect(address, subprotocols=["graphql-transport-ws"], compression=None)  # type: ignore[list-item]  # a name
    authorization = {"Authorization": f"Bearer {server.store.token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
    await socket.recv()
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
    if "kpiChanged" in query:
        await socket.recv()
    return socket


async def hear(socket: ClientConnection, heard: list[float], arrived: asyncio.Semaphore) -> None:
    """Note when each event came."""
    async for message in socket:
        if '"next"' in str(message):
            heard.append(time.perf_counter())
            arrived.release()


async def record(client: httpx.AsyncClient, number: int) -> float:
    """Record one feedback; when that was answered."""
    row = {"externalId": f"f{number}", "kind": "CSAT", "score": 1 + number % 5, "occurredAt": "2026-06-01"}
    answer = await client.post("/graphql", json={"query": RECORD, "variables": {"row": row}})
    assert answer.json()["data"]["feedbackRecord"]["outcome"] == "CREATED", answer.text
    return time.perf_counter()


async def measure(server: Server, what: str, subscribers: int, lasting: float) -> list[object]:
    """What came of it."""
    pid = server.process.pid
    headers = {"Authorization": f"Bearer {server.store.token}"}
    async with httpx.AsyncClient(base_url=server.address, headers=headers, timeout=60) as client:
        await record(client, 0)
        await asyncio.sleep(1)
        before, _ = memory(pid)
        sockets = [await subscribed(server, WHAT[what](number)) for number in range(subscribers)]
        await asyncio.sleep(1)
        held, _ = memory(pid)
        heard: list[list[float]] = [[] for _ in sockets]
        arrived = asyncio.Semaphore(0)
        listening = [asyncio.create_task(hear(*one, arrived)) for one in zip(sockets, heard, strict=True)]
        answered: list[float] = []
        until = time.perf_counter() + lasting
        while time.perf_counter() < until:
            answered.append(await record(client, len(answered) + 1))
            async with asyncio.timeout(PATIENCE_S):  # what changes twice before it is looked at is told once
                for _ in sockets:
                    await arrived.acquire()
            await asyncio.sleep(PACE_S)
        for task in listening:
            task.cancel()
        await asyncio.gather(*(socket.close() for socket in sockets))
    late = [1_000 * max(0.0, at - answered[place]) for times in heard for place, at in enumerate(times)]
    assert len(late) == subscribers * len(answered), "more events than there were writes"
    figures = [f"{percentile(late, part):.1f}" for part in (0.5, 0.99)]
    return [what, f"{subscribers:,}", len(answered), f"{len(late):,}", *figures, 1024 * (held - before) / subscribers]


def run(databases: Databases, kinds: Sequence[str], subscribers: Sequence[int], lasting: float) -> None:
    """Measure and print."""
    shown: list[list[Any]] = []
    for kind in kinds:
        for what in WHAT:
            for some in subscribers:
                if what == "different KPIs" and some > DIFFERENT_AT_MOST:
                    continue
                url = databases.fresh(kind, "bench_subscribers")
                door, actor, secret = furnish(url)
                door.close()
                with Server(Store(url, actor.tenant_id, secret, 0)) as server:
                    shown.append([kind, *asyncio.run(measure(server, what, some, lasting))])
    table("From commit to subscriber", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--subscribers", type=int, nargs="+", default=list(SUBSCRIBERS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, chosen.subscribers, chosen.seconds)


if __name__ == "__main__":
    main()
