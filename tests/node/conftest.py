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

import pytest
from answering import record_answers
from npm import installed, told
from serving import serving

from app.main import create_app
from app.services import token


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
    record_answers(server)
