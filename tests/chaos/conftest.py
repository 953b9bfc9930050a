"""A server in a process of its own, on a free port, that may be killed, starved or blocked.

| fixture | is |
|---|---|
| `start` | starts servers on `database`; what is still running at the end is killed |
"""

import multiprocessing
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from born import serve

ROOT = Path(__file__).parents[2]
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["app.commands", "app.serve", "app.migrate", "app.upkeep"])
"""Begins servers from a process that has imported the program: most of a start is importing."""
TRUSTED = ssl.create_default_context()
"""Made once: to make it takes longer than to ask."""


class Forked:
    """A server that another process has forked off, with what a `Popen` offers."""

    def __init__(self, *arguments: Any) -> None:
        self._process = FORKING.Process(target=serve, args=arguments)
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)


class Server:
    """A running `serve`, and how to ask it."""

    def __init__(
        self, database_url: str, secret: str, log: Path, *, before: Callable[[], None] | None = None, **settings: Any
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rsplit(":", 1)[1]
        environment = {"CUSTOGRAPH_DATABASE_URL": database_url}
        environment |= {f"CUSTOGRAPH_{name.upper()}": str(value) for name, value in settings.items()}
        self.process: Any
        if before is None:
            self.process = Forked(port, environment, log)
        else:
            with log.open("ab") as written:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "app", "serve", "--port", port],
                    cwd=ROOT,
                    env=os.environ | environment,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=written,
                    preexec_fn=before,  # noqa: PLW1509 - no threads yet when servers are started
                )
        self.headers = {"Authorization": f"Bearer {secret}"}
        self._wait(log)

    def _wait(self, log: Path) -> None:
        until = time.monotonic() + 180  # a busy machine is not what is tested
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5, verify=TRUSTED).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        self.kill()
        pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")

    def ask(self, query: str, variables: Any = None, client: httpx.Client | None = None) -> dict[str, Any]:
        """The whole answer."""
        sent = {"json": {"query": query, "variables": variables}, "headers": self.headers, "timeout": 60}
        where = f"{self.address}/graphql"
        answer = client.post(where, **sent) if client else httpx.post(where, **sent, verify=TRUSTED)
        return answer.json()

    def kill(self) -> None:
        """End it without a chance to finish anything."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(database, tmp_path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start_(secret: str, **options: Any) -> Server:
        url = database.database_url.get_secret_value()
        servers.append(Server(url, secret, tmp_path / "server.log", **options))
        return servers[-1]

    yield start_
    for server in servers:
        server.kill()
