"""Requests to the endpoint, byte for byte as they are given: nothing is added, unpacked or put right on the way."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from asking import Api
from starlette.datastructures import Headers

Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def kind(self) -> str | None:
        """Its media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0] or None

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """The data; there are no errors."""
        assert "errors" not in self.json(), self.body
        return self.json()["data"]

    @property
    def error(self) -> Any:
        """The only error."""
        (error,) = self.json()["errors"]
        return error

    @property
    def code(self) -> str:
        """The code of the only error."""
        return self.error["extensions"]["code"]


class Wire:
    """Somebody who asks; their token is sent with whatever they ask."""

    def __init__(self, api: Api, secret: str | None) -> None:
        self.api, self.secret = api, secret

    def post(self, body: Any, **headers: str | None) -> Answer:
        """A POST of JSON; a header that is None is left out."""
        return self.send("POST", {"content_type": "application/json"} | headers, json.dumps(body).encode())

    def get(self, given: Any, **headers: str | None) -> Answer:
        """A GET; what is not text is sent as JSON text."""
        pairs = given.items() if isinstance(given, dict) else given
        text = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in pairs]
        return self.send("GET", headers, query=urlencode(text).encode())

    def send(
        self,
        method: str,
        headers: dict[str, str | None] | Lines = (),
        *parts: bytes,
        query: bytes = b"",
        path: str = "/graphql",
    ) -> Answer:
        """Any request. Headers are names with underscores, or lines; the body comes in parts, without its length."""
        lines = headers.items() if isinstance(headers, dict) else headers
        sent = [(name.replace("_", "-").lower(), value) for name, value in lines if value is not None]
        if self.secret and not any(name == "authorization" for name, _ in lines):
            sent.append(("authorization", f"Bearer {self.secret}"))
        return self.api._runner.run(self._send(method, sent, parts or (b"",), query, path))

    async def _send(self, method: str, lines: Iterable[tuple[str, str]], parts: Any, query: bytes, path: str) -> Answer:
        waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        waiting[-1]["more_body"] = False
        told: list[Any] = []

        async def receive() -> Any:
            return waiting.pop(0) if waiting else await asyncio.Future()

        async def send(message: Any) -> None:
            told.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": method, "path": path, "raw_path": path.encode(), "query_string": query,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines],
            "client": ("127.0.0.1", 50_000), "server": ("custograph.test", 80),
        }  # fmt: skip
        await self.api.app(scope, receive, send)
        start, *rest = told
        return Answer(start["status"], Headers(raw=start["headers"]), b"".join(one.get("body", b"") for one in rest))
