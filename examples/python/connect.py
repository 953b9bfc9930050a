"""The server that is asked, and as whom: from CUSTOGRAPH_URL and CUSTOGRAPH_TOKEN."""

import os

from custograph_client import Custograph

URL = os.environ.get("CUSTOGRAPH_URL", "http://127.0.0.1:8000/graphql")


def connect() -> Custograph:
    """Give a client for questions by HTTP and for subscriptions by WebSocket; use it in `async with`."""
    bearer = {"Authorization": f"Bearer {os.environ['CUSTOGRAPH_TOKEN']}"}
    return Custograph(
        url=URL,
        headers=bearer,
        ws_url=URL.replace("http", "ws", 1),
        ws_connection_init_payload=bearer,
    )
