"""Runs the examples as a user does, from the command line.

| fixture | is |
|---|---|
| `load` | the loader of the Olist example |
| `server` | where the application serves, and a token of `workspace`: what the kits for front ends are told |
| `records` | what `workspace` then knows: answers, and seven customers of whom one has left |
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from answering import record_answers
from serving import serving

from app.main import create_app
from app.services import token

ROOT = Path(__file__).parents[2]


class Loaded(NamedTuple):
    """What one run said: its exit code, its table as `{noun: {outcome: rows}}` without zeroes, and the rest."""

    code: int
    counts: dict[str, dict[str, int]]
    stderr: str


def _load(folder: Path, url: str, token: str) -> Loaded:
    """Load the files of a folder into the workspace of a token."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "olist" / "load.py"), str(folder), "--url", url],
        env={**os.environ, "CUSTOGRAPH_TOKEN": token},
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    return Loaded(done.returncode, _counts(done.stdout), done.stderr)


def _counts(stdout: str) -> dict[str, dict[str, int]]:
    """Read the table back."""
    if not stdout:
        return {}
    head, *lines = (line.split() for line in stdout.splitlines())
    numbers = {noun: [int(cell.replace(",", "")) for cell in cells] for noun, *cells in lines}
    return {noun: {name: n for name, n in zip(head, row, strict=True) if n} for noun, row in numbers.items()}


@pytest.fixture(scope="session")
def load() -> Callable[[Path, str, str], Loaded]:
    """The loader of the Olist example, as a function of folder, address and token."""
    return _load


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def server(door, workspace) -> Iterator[dict[str, str]]:
    secret = token.create(door, workspace.id, "kit")
    with serving(create_app(door.settings, door=door)) as address:
        yield {"url": f"{address}/graphql", "token": secret}


NAMES = ["Ada", "Ben", "Cyd", "Dan", "Eve", "Fay", "Gil"]
RECORD = """
mutation($customers: CustomerUpsertBatchInput!, $answers: FeedbackRecordBatchInput!) {
  customerUpsertBatch(input: $customers) { counts { created } }
  feedbackRecordBatch(input: $answers) { counts { created } }
}
"""


@pytest.fixture
def ask(server) -> Callable[..., Any]:
    def ask_(query: str, **variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {server['token']}"}
        response = httpx.post(
            server["url"], json={"query": query, "variables": variables}, headers=headers, timeout=60
        ).json()
        assert "errors" not in response
        return response["data"]

    return ask_


@pytest.fixture
def records(server, ask) -> list[str]:
    """The customers' names, in the order in which a list has them."""
    record_answers(server)
    customers = [{"externalId": f"c-{name}", "name": name, "joinedOn": "2024-01-10"} for name in NAMES]
    customers[5] |= {"churnedOn": "2026-03-01"}
    customers[6] |= {"joinedOn": "2026-02-01"}
    answers = [
        {"externalId": f"nps-{number}", "kind": "NPS", "score": score, "occurredAt": "2026-05-04T12:00:00Z"}
        for number, score in enumerate([10] * 6 + [8] + [3] * 3)
    ]
    assert ask(RECORD, customers={"rows": customers}, answers={"rows": answers}) == {
        "customerUpsertBatch": {"counts": {"created": 7}},
        "feedbackRecordBatch": {"counts": {"created": 10}},
    }
    return NAMES
