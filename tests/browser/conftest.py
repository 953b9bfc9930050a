"""The GraphiQL page, in this process and on a port of its own.

| fixture | is |
|---|---|
| `secret` | a token of `workspace` |
| `address` | where the program serves, its page signed in with `secret` |
| `page` | a tab of a browser |
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Page, browser
from serving import serving

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
    with serving(app) as address:
        yield address


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path / "chromium") as page:
        yield page
