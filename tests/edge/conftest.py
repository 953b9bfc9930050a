"""The edge as requests meet it; on SQLite alone, because the database has no say in it. A module shares one of each.

| fixture | is |
|---|---|
| `serve` | makes an `Api` over the module's database; settings may differ by name |
| `api` | one with the settings that nobody has touched |
| `token` | the secret of somebody who may do what a token may that names no scope |
| `alice`, `nobody` | `Wire`s to `api` with that token and without one |
| `served` | makes a `Caller` with that token of an `Api` whose settings differ by name, without a rate limit |
| `unreached` | makes functions fail when they are reached, by their dotted names |
| `write` | writes a manifest of trusted documents |
| `stored` | everything that is stored, table by table, to be compared |
"""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from asking import Api, Caller
from databases import at_ease
from sqlalchemy import select
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7
from wire import Wire

from app import migrate
from app.actor import system
from app.bus import Bus
from app.db import Database
from app.services import token as tokens
from app.services import workspace as workspaces
from app.settings import Settings
from app.uow import Door


@pytest.fixture(scope="module")
def database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("edge") / "custograph.db"
    shutil.copyfile(sqlite_template, path)
    return Settings(database_url=f"sqlite:///{path}")


@pytest.fixture(scope="module")
def serve(database: Settings) -> Iterator[Callable[..., Api]]:
    with ExitStack() as opened:

        def serve_(**changed: Any) -> Api:
            settings = database.model_copy(update=changed)
            runner = opened.enter_context(asyncio.Runner())
            api = Api(Door(at_ease(Database(settings)), settings, Bus()), runner)
            api.open()
            opened.callback(api.close)
            return api

        yield serve_


@pytest.fixture(scope="module")
def api(serve: Callable[..., Api]) -> Api:
    return serve()


@pytest.fixture(scope="module")
def token(api: Api) -> str:
    tenant_id = uuid7()
    data = {"name": "Workshop", "time_zone": "Europe/Berlin", "currency": "EUR", "small_cell_k": 5}
    api.door.write(system(tenant_id), workspaces.create, data)
    return tokens.create(api.door, tenant_id, "alice")


@pytest.fixture(scope="module")
def alice(api: Api, token: str) -> Wire:
    return Wire(api, token)


@pytest.fixture(scope="module")
def nobody(api: Api) -> Wire:
    return Wire(api, None)


@pytest.fixture
def served(serve: Callable[..., Api], token: str) -> Callable[..., Caller]:
    return lambda **changed: Caller(serve(**({"rate_limit_points": 0} | changed)), token)


@pytest.fixture
def unreached(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def unreached_(*names: str) -> None:
        for name in names:
            monkeypatch.setattr(name, Mock(side_effect=AssertionError(f"{name} was reached")))

    return unreached_


@pytest.fixture
def stored(database: Settings) -> Iterator[Callable[[], dict[str, list[str]]]]:
    engine = migrate.owner_engine(database)

    def stored_() -> dict[str, list[str]]:
        with engine.connect() as connection:
            return {
                table.name: sorted(
                    repr(tuple(row))
                    for row in connection.execute(select(*(one for one in table.c if one.name != "last_used_at")))
                )
                for table in SQLModel.metadata.sorted_tables
            }

    yield stored_
    engine.dispose()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    def write_(content: Any) -> Path:
        path = tmp_path / "manifest.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write_
