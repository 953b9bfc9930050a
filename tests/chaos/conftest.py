"""A server in a process of its own, on a free port, that may be killed, starved or blocked.

| fixture | is |
|---|---|
| `start` | starts servers on `database`; what is still running at the end is killed |
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]


class Server:
    """A running `serve`, and how to ask it."""

    def __init__(
        self, database_url: str, secret: str, log: Path, *, before: Callable[[], None] | None = None, **settings: Any
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        environment = os.environ | {"CUSTOGRAPH_DATABASE_URL": database_url}
        environment |= {f"CUSTOGRAPH_{name.upper()}": str(value) for name, value in settings.items()}
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", self.address.rsplit(":", 1)[1]],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=before,  # noqa: PLW1509 - no threads yet when servers are started
        )
        self.headers = {"Authorization": f"Bearer {secret}"}
        self._wait(log)

    def _wait(self, log: Path) -> None:
        until = time.monotonic() + 180  # a busy machine is not what is tested
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        self.kill()
        pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")

    def ask(self, query: str, variables: Any = None, client: httpx.Client | None = None) -> dict[str, Any]:
        """The whole answer."""
        post = (client or httpx).post
        body = {"query": query, "variables": variables}
        return post(f"{self.address}/graphql", json=body, headers=self.headers, timeout=60).json()

    def kill(self) -> None:
        """End it without a chance to finish anything."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._log.close()


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
