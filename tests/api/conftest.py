"""The program as its clients meet it: GraphQL over HTTP, in this process.

| fixture | is |
|---|---|
| `api` | an `Api`: the application over `door`, and what asks it |
| `alice`, `bob` | callers in `workspace`: what a token may by default; reading only and nothing personal |
| `charlie` | a caller in `elsewhere` |
| `dump` | everything that is stored, table by table, to be compared |
| `statements` | counts SQL statements while something is done |
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stored
from asking import Api, Caller, sent

from app.actor import Scope
from app.uow import Door

READ_ONLY = frozenset(scope for scope in Scope if scope.value.endswith(":read")) - {Scope.PERSONAL_READ}


@pytest.fixture
def api(door: Door) -> Iterator[Api]:
    with asyncio.Runner() as runner:
        api = Api(door, runner)
        api.open()
        yield api
        api.close()


@pytest.fixture
def nobody(api: Api) -> Caller:
    return Caller(api, None)


@pytest.fixture
def alice(api: Api, workspace: Any) -> Caller:
    return api.caller(workspace, name="alice")


@pytest.fixture
def bob(api: Api, workspace: Any) -> Caller:
    return api.caller(workspace, READ_ONLY, name="bob")


@pytest.fixture
def charlie(api: Api, elsewhere: Any) -> Caller:
    return api.caller(elsewhere, name="charlie")


Dump = dict[str, list[str]]


@pytest.fixture
def dump(database: Any) -> Callable[..., Dump]:
    """Everything that is stored, as the owner of the tables sees it; `of` names one workspace."""

    def dump_(of: Any = None) -> Dump:
        return stored.everything(database, None if of is None else of.id)

    return dump_


@pytest.fixture
def statements(door: Door) -> Callable[[], Any]:
    """Opens a count of the statements that both engines send, transactions and savepoints left out."""
    return lambda: sent(door)
