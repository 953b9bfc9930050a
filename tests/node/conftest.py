"""JavaScript clients and tools from npm, and a server that they speak to.

| fixture | is |
|---|---|
| `packages` | a folder with the scripts of this one and what they import |
| `run` | runs a program of `packages`; what it printed, read as JSON |
| `server` | where the program serves, and a token of `workspace`: what a script is told |
| `answers` | twenty-four answers about satisfaction, by two channels in two years, and a target for them |
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from npm import installed, told
from serving import serving

from app.main import create_app
from app.services import token

RECORD = """
mutation($answers: FeedbackRecordBatchInput!, $target: TargetSetInput!) {
  feedbackRecordBatch(input: $answers) { counts { created } }
  targetSet(input: $target) { outcome }
}
"""


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(Path(__file__).parent, tmp_path_factory)


@pytest.fixture
def run(packages: Path) -> Callable[..., Any]:
    return partial(told, packages)


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def server(door, workspace) -> Iterator[dict[str, str]]:
    secret = token.create(door, workspace.id, "node")
    with serving(create_app(door.settings, door=door)) as address:
        yield {"url": f"{address}/graphql", "token": secret}


@pytest.fixture
def answers(server) -> None:
    rows = [
        {
            "externalId": str(number),
            "kind": "CSAT",
            "score": 2 if number % 4 == 0 else 5,
            "occurredAt": f"{2025 + number % 2}-0{1 + number % 5}-10T12:00:00Z",
            "channel": {"externalId": "web" if number % 3 else "shop"},
        }
        for number in range(24)
    ]
    target = {
        "externalId": "content",
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "value": 90,
        "baseline": {"period": {"named": "THIS_YEAR"}},
        "from": "2026-01-01",
        "before": "2027-01-01",
    }
    response = httpx.post(
        server["url"],
        json={"query": RECORD, "variables": {"answers": {"rows": rows, "createMissing": True}, "target": target}},
        headers={"Authorization": f"Bearer {server['token']}"},
        timeout=60,
    )
    assert response.json()["data"] == {
        "feedbackRecordBatch": {"counts": {"created": 24}},
        "targetSet": {"outcome": "CREATED"},
    }
