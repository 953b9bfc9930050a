"""JavaScript clients and tools from npm, and a server that they speak to.

| fixture | is |
|---|---|
| `packages` | a folder with the scripts of this one and what they import |
| `run` | runs a program of `packages`; what it printed, read as JSON |
| `server` | where the program serves, and a token of `workspace`: what a script is told |
| `answers` | twenty-four answers about satisfaction, by two channels in two years, and a target for them |
"""

import fcntl
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from app.main import create_app
from app.services import token

HERE = Path(__file__).parent
PATIENCE = 300
"""Seconds after which something will not happen any more."""

OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
RECORD = """
mutation($answers: FeedbackRecordBatchInput!, $target: TargetSetInput!) {
  feedbackRecordBatch(input: $answers) { counts { created } }
  targetSet(input: $target) { outcome }
}
"""


def missing(what: str) -> None:
    """Skip the test where somebody tries it out; fail where everything should be there."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (shutil.which("node") and (npm := shutil.which("npm"))):
        missing("no Node on this machine (Debian: apt-get install nodejs npm)")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "node"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:  # the first test process installs for all
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for path in (*HERE.glob("*.mjs"), *HERE.glob("package*.json")):
                shutil.copy(path, folder)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
            if done.returncode != 0 and any(sign in done.stderr for sign in OFFLINE):
                missing("npm reaches no registry")
            assert done.returncode == 0, done.stderr
            (folder / "installed").touch()
    return folder


@pytest.fixture
def run(packages: Path) -> Callable[..., Any]:
    def run_(*command: str, may_fail: bool = False, **told: Any) -> Any:
        done = subprocess.run(
            ["node", *command],
            cwd=packages,
            input=json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode in ((0, 1) if may_fail else (0,)), done.stderr
        return json.loads(done.stdout)

    return run_


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def server(door, workspace) -> Iterator[dict[str, str]]:
    secret = token.create(door, workspace.id, "node")
    uvicorn_ = uvicorn.Server(uvicorn.Config(create_app(door.settings, door=door), port=0, log_config=None))
    thread = threading.Thread(target=uvicorn_.run)
    thread.start()
    while not uvicorn_.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = uvicorn_.servers[0].sockets[0].getsockname()[1]
    yield {"url": f"http://127.0.0.1:{port}/graphql", "token": secret}
    uvicorn_.should_exit = True
    thread.join()


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
