"""Callers of the API in this process: tokens, requests, answers."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from databases import at_ease
from people import TODAY
from sqlalchemy import event

from app.actor import Scope
from app.bus import Bus
from app.db import Database
from app.main import create_app
from app.services import token as tokens
from app.settings import Settings
from app.uow import Door

ADDRESS = "http://custograph.test"
GRAPHQL = "application/graphql-response+json"


class Caller:
    """Somebody with a token (or without one), who asks and is answered."""

    def __init__(self, api: "Api", secret: str | None, people: Any = None) -> None:
        self.api, self.secret, self.people = api, secret, people

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"} if self.secret else {}

    def post(self, query: str, variables: Any = None, operation: str | None = None, **headers: str) -> httpx.Response:
        """The HTTP answer."""
        body = {"query": query, "variables": variables, "operationName": operation}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.api.request("POST", "/graphql", json=body, headers=self.headers() | named)

    def answer(self, query: str, variables: Any = None, **headers: str) -> dict[str, Any]:
        """The GraphQL answer, data and errors."""
        response = self.post(query, variables, **headers)
        assert response.status_code == 200, response.text
        return response.json()

    def ask(self, query: str, variables: Any = None, **headers: str) -> Any:
        """The data; there are no errors."""
        answer = self.answer(query, variables, **headers)
        assert "errors" not in answer, json.dumps(answer["errors"], indent=1)
        return answer["data"]

    def one(self, query: str, variables: Any = None, **headers: str) -> Any:
        """The data of the only root field; there are no errors."""
        (value,) = self.ask(query, variables, **headers).values()
        return value

    def refusal(self, query: str, variables: Any = None, **headers: str) -> dict[str, Any]:
        """The only error."""
        (error,) = self.answer(query, variables, **headers)["errors"]
        return error

    def write(self, field: str, input_: dict[str, Any], selection: str) -> Any:
        """What a mutation's payload says."""
        kind = field[0].upper() + field[1:] + "Input!"
        if field.endswith("DeleteBatch"):
            kind = "DeleteBatchInput!"
        return self.one(f"mutation($input: {kind}) {{ {field}(input: $input) {{ {selection} }} }}", {"input": input_})

    def channel(self, key: str, **more: Any) -> str:
        """A channel; its id."""
        payload = self.write(
            "channelUpsert",
            {"externalId": key, "name": key.title(), **more},
            "channel { id } userErrors { code message path }",
        )
        assert payload["userErrors"] == []
        return payload["channel"]["id"]

    def customer(self, external_id: str, **more: Any) -> str:
        """A customer; its id."""
        payload = self.write(
            "customerUpsert", {"externalId": external_id, **more}, "customer { id } userErrors { code message path }"
        )
        assert payload["userErrors"] == []
        return payload["customer"]["id"]

    def customers(self, rows: Iterable[dict[str, Any]]) -> None:
        """Customers, in one batch; all are accepted."""
        payload = self.write("customerUpsertBatch", {"rows": list(rows)}, BATCH)
        assert not payload["counts"]["rejected"], payload
        assert payload["userErrors"] == []

    def feedback(self, *rows: dict[str, Any], **options: Any) -> Any:
        """Feedback, in one batch; all of it is accepted."""
        payload = self.write("feedbackRecordBatch", {"rows": list(rows), **options}, BATCH)
        assert payload["userErrors"] == []
        assert not payload["counts"]["rejected"], payload
        return payload

    def kpi(self, key: str, period: str, selection: str, arguments: str = "") -> Any:
        """One KPI; `period` is the inside of a PeriodInput."""
        return self.one(f"{{ kpi(key: {key}, period: {{{period}}} {arguments}) {{ {selection} }} }}")


BATCH = """
    counts { created updated unchanged stale deleted rejected }
    results { index outcome userErrors { code message path } }
    userErrors { code message path }
"""


@contextmanager
def sent(door: Door) -> Iterator[list[str]]:
    """The SQL statements that a door's engines send meanwhile, transactions and savepoints left out."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            found.append(statement)

    engines = (door.db.reader, door.db.writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


class Api:
    """The application, in a loop of its own."""

    def __init__(self, door: Door, runner: asyncio.Runner) -> None:
        self.door, self._runner = door, runner
        self.app = create_app(door.settings, work=False, door=door)
        self._lifespan = self.app.router.lifespan_context(self.app)
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=ADDRESS)

    def open(self) -> None:
        self._runner.run(self._lifespan.__aenter__())

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.run(self._lifespan.__aexit__(None, None, None))

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request."""
        return self._runner.run(self._client.request(method, path, **options))

    def at_once(self, *requests: dict[str, Any]) -> list[httpx.Response]:
        """Several POSTs to the endpoint at the same time."""

        async def all_of_them() -> list[httpx.Response]:
            return await asyncio.gather(*(self._client.post("/graphql", **request) for request in requests))

        return self._runner.run(all_of_them())

    def token(self, people: Any, scopes: Iterable[Scope] | None = None, **options: Any) -> str:
        """A token's secret."""
        named = None if scopes is None else [scope.value for scope in scopes]
        return tokens.create(self.door, people.id, options.pop("name", "somebody"), scopes=named, **options)

    def caller(self, people: Any, scopes: Iterable[Scope] | None = None, **options: Any) -> Caller:
        """Somebody of a workspace; by default with what a token may that names no scope."""
        return Caller(self, self.token(people, scopes, **options), people)


@contextmanager
def serving(database: Settings, **changed: Any) -> Iterator[Api]:
    """The application over a database, its clock standing still; settings may differ by name."""
    settings = database.model_copy(update=changed)
    door = Door(at_ease(Database(settings)), settings, Bus(), lambda: TODAY)
    with asyncio.Runner() as runner:
        api = Api(door, runner)
        api.open()
        yield api
        api.close()
    door.close()
