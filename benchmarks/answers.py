"""How much an answer costs above the floor: a bare ASGI application that sends the same bytes.

    python benchmarks/answers.py [--databases sqlite postgresql]

Three questions: a trivial one, a list of 50 customers with 8 fields each, and the dashboard. Ours and the floor stand
side by side, each in one process, and take turns; the client writes ready-made requests on kept connections, so that
it costs both sides the same and little.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from dashboard import QUERY
from generate import FEEDBACK
from support import DATABASES, Databases, Server, Store, free_port, median, percentile, table

QUESTIONS = {
    "trivial": "{ __typename }",
    "list of 50 × 8": "{ customers(first: 50) { nodes { id name kind status segment region createdAt version } } }",
    "dashboard": QUERY,
}
SIZE, CALLERS, ROUNDS, SECONDS = 100_000, 8, 6, 1.5


async def pressed(address: str, request: bytes, callers: int, lasting: float) -> list[float]:
    """How long each answer took, in milliseconds, asked by `callers` one after the other for some seconds."""
    parts, times = urlsplit(address), []
    end = time.perf_counter() + lasting

    async def caller() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            fields = dict(line.split(b": ", 1) for line in head.lower().splitlines()[1:] if b": " in line)
            await reader.readexactly(int(fields[b"content-length"]))
            times.append(1000 * (time.perf_counter() - began))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller() for _ in range(callers)))
    return times


def written(query: str, token: str) -> bytes:
    """The request as it goes over the wire."""
    body = json.dumps({"query": query}).encode()
    return (
        b"POST /graphql HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer "
        + token.encode()
        + b"\r\ncontent-length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )


@contextmanager
def floor(body: bytes) -> Iterator[str]:
    """The address of a bare application that answers `body`."""
    port = free_port()
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(body)
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "floor:app",
            "--port",
            str(port),
            "--log-level",
            "warning",
            "--no-access-log",
        ]
        process = subprocess.Popen(
            command, cwd=Path(__file__).parent, env=os.environ | {"FLOOR_BODY": file.name}, stderr=subprocess.DEVNULL
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(100):
                try:
                    httpx.get(address)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(60)


def compare(store: Store, query: str, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Our times, the floor's, and the ratio of requests a second of each round."""
    request = written(query, store.token)
    ours, bare, ratios = [], [], []
    with Server(store) as server:
        answer = server.client.post("/graphql", json={"query": query})
        assert "errors" not in answer.json(), answer.text
        with floor(answer.content) as address:
            for _ in range(rounds + 1):  # the first one warms up
                mine = asyncio.run(pressed(server.address, request, CALLERS, SECONDS))
                theirs = asyncio.run(pressed(address, request, CALLERS, SECONDS))
                ratios.append(len(mine) / len(theirs))
                ours.extend(mine)
                bare.extend(theirs)
    return ours, bare, ratios[1:]


def run(databases: Databases, kinds: Sequence[str], *, rounds: int = ROUNDS, size: int = SIZE) -> None:
    """Measure and print, for every database."""
    rows: list[list[object]] = []
    for kind in kinds:
        store = FEEDBACK.stored(databases, kind, size)
        for what, query in QUESTIONS.items():
            ours, bare, ratios = compare(store, query, rounds)
            for name, times in (("ours", ours), ("floor", bare)):
                a_second = round(len(times) / (SECONDS * (rounds + 1)))
                ratio = f"{median(ratios):.4f}" if name == "ours" else "1"
                rows.append([kind, what, name, a_second, median(times), percentile(times, 0.99), ratio])
    head = ("database", "question", "", "requests/s", "p50 ms", "p99 ms", "ratio of requests/s")
    table(f"Answers, one process each, {CALLERS} callers", head, rows)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--size", type=int, default=SIZE)
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, size=chosen.size)


if __name__ == "__main__":
    main()
