"""A server in this process for kits that ask it over HTTP, at the clock of the tests."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import uvicorn

from app.main import create_app
from app.services import token
from app.uow import Door


class Served(NamedTuple):
    """Where the server is, and a token of the workspace."""

    url: str
    token: str

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give what is answered to a request."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer: dict[str, Any] = httpx.post(self.url, json=body, headers=headers, timeout=60).json()
        return answer

    def ask(self, query: str, **variables: object) -> Any:
        """Give the data of a query that has to succeed."""
        answer = self.post({"query": query, "variables": variables})
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@contextmanager
def serving(door: Door, workspace: UUID) -> Iterator[Served]:
    """Serve what is behind the door."""
    secret = token.create(door, workspace, "kit")
    server = uvicorn.Server(uvicorn.Config(create_app(door.settings, door=door), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(f"http://127.0.0.1:{port}/graphql", secret)
    finally:
        server.should_exit = True
        thread.join()


def answers(kind: str, scores: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Answers of one kind by channel, one a month from January 2026 on and then from the beginning."""
    return [
        {
            "externalId": f"{kind}-{channel}-{number}",
            "kind": kind,
            "score": score,
            "occurredAt": f"2026-0{1 + number % 5}-10T12:00:00Z",
            "channel": {"externalId": channel},
        }
        for channel, given in scores.items()
        for number, score in enumerate(given)
    ]
