"""Subscriptions as their readers meet them: a real server on this machine, and clients of each transport.

| fixture | is |
|---|---|
| `serve` | makes a `Serving` of `database` with a clock that stands still; settings may differ by name |
| `server` | one with the settings that nobody has touched |
| `alice` | a caller in `workspace`, with what a token may that names no scope |
| `house` | a `Serving` that a module shares, on SQLite, by the clock on the wall |
| `olga` | a caller there |
| `wait` | waits until something holds |
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from asking import Caller
from listening import PATIENCE, Serving
from uuid_utils.compat import uuid7

from app.actor import system
from app.bus import Bus
from app.db import Database
from app.services import workspace as workspaces
from app.settings import Settings
from app.uow import Door


@pytest.fixture
def serve(open_door: Callable[..., Door]) -> Iterator[Callable[..., Serving]]:
    with ExitStack() as opened:

        def serve_(*, work: bool = True, **changed: Any) -> Serving:
            return opened.enter_context(closing(Serving(open_door(**changed), work=work)))

        yield serve_


@pytest.fixture
def server(serve: Callable[..., Serving]) -> Serving:
    return serve()


@pytest.fixture
def alice(server: Serving, workspace: Any) -> Caller:
    return server.caller(workspace, name="alice")


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    path = tmp_path_factory.mktemp("live") / "custograph.db"
    shutil.copyfile(sqlite_template, path)
    settings = Settings(
        database_url=f"sqlite:///{path}", heartbeat_s=0.2, max_body_bytes=20_000, cors_origins="https://a.example"
    )
    with closing(Serving(Door(Database(settings), settings, Bus()))) as serving:
        yield serving


class _Here:
    """A workspace, as far as tokens need it."""

    def __init__(self) -> None:
        self.id = uuid7()


@pytest.fixture(scope="module")
def olga(house: Serving) -> Caller:
    here = _Here()
    data = {"name": "Workshop", "time_zone": "Europe/Berlin", "currency": "EUR", "small_cell_k": 5}
    house.door.write(system(here.id), workspaces.create, data)
    return house.caller(here, name="olga")


@pytest.fixture(scope="session")
def wait() -> Callable[[Callable[[], Any]], None]:
    def wait_(condition: Callable[[], Any]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, "it took too long"
            time.sleep(0.002)

    return wait_
