"""The GraphiQL page, in this process and on a port of its own.

| fixture | is |
|---|---|
| `secret` | a token of `workspace` |
| `address` | where the program serves, its page signed in with `secret` |
| `page` | a tab of a browser |
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from chromium import Page, browser

from app.main import create_app
from app.services import token


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def secret(door, workspace) -> str:
    return token.create(door, workspace.id, "browser")


@pytest.fixture
def address(door, secret) -> Iterator[str]:
    app = create_app(door.settings.model_copy(update={"graphiql": True}), token=secret, door=door)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path / "chromium") as page:
        yield page
