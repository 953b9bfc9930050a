"""Webhooks as receivers meet them: a courier over `door`, real listeners on loopback, callers over HTTP.

| fixture | is |
|---|---|
| `receiver`, `receive` | a listener that takes everything; makes listeners that answer as they are told |
| `hook` | makes a webhook; its id and secret |
| `dump` | everything that is stored, quotas left out |
| `settle` | has the worker seal what was written, and the courier deliver what is due |
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import stored
from asking import Api, Caller
from receiving import Receiver, receiving

from app.courier.courier import Courier
from app.services import webhook, webhook_secret
from app.uow import Door
from app.worker import Worker

TRUST = ssl.create_default_context()  # made once: to read all roots takes longer than a test
LOOPBACK = {"webhook_allow": "127.0.0.0/8", "webhook_plain_http": True, "webhook_timeout_s": 5}


@pytest.fixture
def door(open_door: Callable[..., Door]) -> Door:
    return open_door(**LOOPBACK)


@pytest.fixture
def api(door: Door) -> Iterator[Api]:
    with asyncio.Runner() as runner:
        api = Api(door, runner)
        api.open()
        yield api
        api.close()


@pytest.fixture
def alice(api: Api, workspace: Any) -> Caller:
    return api.caller(workspace, name="alice")


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    with ExitStack() as stack:
        yield lambda *given: stack.enter_context(receiving(*given))


@pytest.fixture
def receiver(receive: Callable[..., Receiver]) -> Receiver:
    return receive()


@pytest.fixture
def hook(door: Door, workspace: Any) -> Callable[..., tuple[Any, str]]:
    def make(url: str, key: str = "hook", *, by: Any = None, **more: Any) -> tuple[Any, str]:
        secret = webhook_secret.mint()
        data = {"external_id": key, "name": key, "url": url, **more}
        row, _ = workspace.write(webhook.upsert, data, door.keys.seal(secret), by=by or workspace.alice)
        return row, secret

    return make


@pytest.fixture
def settle(door: Door) -> Callable[..., None]:
    def settle_(*, of: Door = door, **options: Any) -> None:
        Worker(of).drain()
        Courier(of, **{"trust": TRUST} | options).drain()

    return settle_


@pytest.fixture
def dump(database: Any) -> Callable[[], dict[str, list[str]]]:
    return lambda: {name: rows for name, rows in stored.everything(database).items() if name != "quota"}
