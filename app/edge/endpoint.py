"""The GraphQL endpoint: an ASGI application of its own, so that nothing stands between a request and its operation."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any
from uuid import uuid4

from graphql import DocumentNode, GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.actor import Actor
from app.edge import origins, usage
from app.edge import request as requests
from app.edge import response as responses
from app.edge.documents import Documents, Operation, Prepared
from app.edge.dry import alone
from app.edge.identity import CHALLENGE, Identity
from app.edge.limits import TooComplex, check_cost, check_variables, too_large
from app.edge.pace import Pace
from app.edge.payload import Payloads
from app.edge.persisted import Persisted
from app.edge.quota import Quotas, headers
from app.edge.request import GRAPHQL, JSON, Asked, Refused
from app.edge.runner import Ran, Runner
from app.edge.uses import Uses
from app.metrics import LIMITED, OPERATIONS
from app.schema.build import build
from app.schema.context import NEEDED, Rate
from app.schema.errors import fault, presented
from app.schema.scalars import Unreadable
from app.settings import Settings
from app.text import Text
from app.uow import Door

MOST_ERRORS = 50
"""How many errors of one operation are told, and how many faults logged."""


@dataclass(slots=True)
class Call:
    """A request on its way to its answer."""

    request: Request
    id: str
    locale: str
    kind: str = JSON
    operation: str = "none"
    page: str | None = None
    """The origin of the page that may read the answer, by its publishable key."""


class Endpoint:
    """Answers GraphQL requests by POST and GET."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings, self._schema = door, settings, build()
        self._documents = Documents(self._schema, settings)
        self._persisted = Persisted(settings.trusted_documents, only_trusted=settings.only_trusted_documents)
        self._quotas = Quotas(door, settings)
        self._threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="reader")
        self._strangers = ThreadPoolExecutor(1, thread_name_prefix="stranger")
        self.identity = Identity(door, settings, self._threads)
        self._uses = Uses(door, self._threads)
        judge = Payloads(self._documents, self._persisted, settings).problems
        self._runner = Runner(door, settings, self._schema, self._threads, judge)
        self._origins = origins.Origins(door, self._threads)
        self._pace = Pace(settings.answers_per_minute_and_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, request = perf_counter(), Request(scope, receive)
        given = request.headers
        locale = requests.locale(requests.lines(request, "accept-language"))
        call = Call(request, requests.request_id(given.get("x-request-id")) or uuid4().hex, locale)
        try:
            call.kind = requests.media_type(requests.lines(request, "accept"))
            response = await self._answer(call)
        except Refused as refused:
            if refused.code == "RATE_LIMITED":
                LIMITED.labels(refused.code).inc()
            response = responses.refusal(refused, call.kind, locale)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
            text, extensions = fault(error, call.id)
            body = {"errors": [{"message": text.in_(locale), "extensions": extensions}]}
            response = responses.written(body, call.kind, 500)
        response.headers["x-request-id"] = call.id
        response.headers["vary"] = responses.VARY
        if call.page is not None:
            origins.allow(response, call.page)
        response.headers["content-language"] = "zh" if locale.startswith("zh") else "en"
        if request.method == "GET" and "etag" not in response.headers:
            response.headers["cache-control"] = "no-store"
        if trace := requests.trace_parent(given.get("traceparent")):
            response.headers["traceparent"] = trace
        OPERATIONS.labels(call.operation, response.status_code).observe(perf_counter() - began)
        response = await responses.packed(request, response)
        await response(scope, receive, send)

    async def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks before it sends what a publishable key may; None for any other request."""
        return await self._origins.preflight(request)

    @property
    def quotas(self) -> Quotas:
        """How much each caller may ask for, by whatever address."""
        return self._quotas

    async def close(self) -> None:
        """Finish what is under way."""
        await self._quotas.close()
        await self._runner.close()
        await self._uses.close()
        self.identity.close()
        self._threads.shutdown()
        self._strangers.shutdown()

    async def _answer(self, call: Call) -> Response:
        request = call.request
        if (answer := await self.preflight(request)) is not None:
            return answer
        if request.method not in ("GET", "POST"):
            text = Text("GraphQL is asked by POST or GET.", "GraphQL 请求使用 POST 或 GET。")
            raise Refused(405, text, allow="GET, POST")
        actor = await self._identified(call)
        asked = await requests.asked(request, self._settings.max_body_bytes)
        prepared = await self._prepared(asked, actor)
        operation = prepared.operation(asked.operation)
        if actor is None and not (operation and operation.is_introspection):
            raise Refused(401, NEEDED, "UNAUTHENTICATED", **CHALLENGE)
        if (
            actor is not None
            and actor.public
            and operation
            and not (operation.is_mutation or operation.is_introspection)
        ):
            raise Refused(403, _ANSWERS_ONLY, "FORBIDDEN")
        if prepared.errors or operation is None or prepared.document is None:
            return self._refused(call, prepared.errors or (_unclear(asked.operation),))
        call.operation = operation.node.operation.value
        if operation.is_mutation and request.method == "GET":
            raise Refused(405, Text("A mutation is sent by POST.", "变更请以 POST 发送。"), allow="POST")
        cost, dry = None, alone(prepared.document, operation.node, asked.variables)
        try:
            check_variables(asked.variables, self._settings.max_list_length)
            cost = operation.cost(asked.variables)
            if dry is None:
                check_cost(cost, self._settings.max_cost if actor else self._documents.strangers_cost)
        except TooComplex as error:
            return self._refused(call, (error,), {"cost": {"requestedQueryCost": cost, "actualQueryCost": None}})
        usage.count(prepared.deprecated, actor)
        return await self._run(call, actor, operation, dry or prepared.document, asked.variables, cost, dry is not None)

    async def _identified(self, call: Call) -> Actor | None:
        """Who asks. Raises Refused for a credential that is not good, or not from there."""
        given = call.request.headers
        actor = await self.identity.of(given.get("authorization"), given.get("custograph-workspace"), call.id)
        call.page = origins.check(call.request, actor)
        self._uses.note(actor)
        return actor

    async def _prepared(self, asked: Asked, actor: Actor | None) -> Prepared:
        """The document, parsed, measured and validated."""
        if actor is None and asked.query is None:  # which documents others use is theirs to know
            raise Refused(401, NEEDED, "UNAUTHENTICATED", **CHALLENGE)
        is_stranger = actor is None or actor.public is not None  # a publishable key is anybody's
        source = self._persisted.source(asked)
        prepared = self._documents.known(source, stranger=is_stranger)
        if prepared is None:
            prepare = partial(self._documents.get, source, stranger=is_stranger)
            # strangers wait for one another, and nobody for them
            threads = self._strangers if is_stranger else self._threads
            prepared = await asyncio.get_running_loop().run_in_executor(threads, prepare)
        if not is_stranger and not prepared.errors:
            self._persisted.learn(asked)
        return prepared

    async def _run(  # noqa: PLR0913 - what a run depends on
        self,
        call: Call,
        actor: Actor | None,
        operation: Operation,
        document: DocumentNode,
        variables: dict[str, Any],
        cost: int,
        dry: bool,
    ) -> Response:
        """The answer to an operation, its points taken before and settled after."""
        taken = 1 if dry else cost
        if is_public := actor is not None and actor.public is not None:
            taken = operation.roots
            client = call.request.client
            self._pace.take(actor.token_id, client.host if client else "", taken)
        self._quotas.enter(actor)
        try:
            rate = await self._quotas.take(actor, taken)
            if rate is not None:
                rate = replace(rate, cost=cost)
            try:
                shown = None if is_public else rate
                ran = await self._runner.run(document, operation, variables, actor, call.locale, shown, cost)
            except BaseException:
                self._quotas.settle(actor, taken, 0)
                raise
        finally:
            self._quotas.leave(actor)
        actual = taken if is_public else min(ran.cost, 1) if dry else ran.cost
        return self._executed(call, ran, _cost(cost, actual, self._quotas.settle(actor, taken, actual)))

    def _executed(self, call: Call, ran: Ran, price: tuple[dict[str, Any], dict[str, str]]) -> Response:
        body: dict[str, Any] = {}
        if ran.errors:
            body["errors"] = self._errors(call, ran.errors)
        if ran.began:
            body["data"] = ran.data
        cost, headers = price
        body["extensions"] = {"cost": cost}
        status = 200 if ran.began or call.kind == JSON else 400
        response = responses.written(body, call.kind, status, headers)
        most = self._settings.max_answer_bytes
        if len(response.body) > most and call.operation != "mutation":
            response = self._refused(call, (too_large(len(response.body), most),), body["extensions"])
            response.headers.update(headers)
            return response
        return responses.tagged(call.request, response, body) if call.request.method == "GET" else response

    def _refused(
        self, call: Call, errors: Sequence[GraphQLError], extensions: dict[str, Any] | None = None
    ) -> Response:
        """The answer to a document that is not executed."""
        body: dict[str, Any] = {"errors": self._errors(call, errors)}
        if extensions:
            body["extensions"] = extensions
        return responses.written(body, call.kind, 400 if call.kind == GRAPHQL else 200)

    def _errors(self, call: Call, errors: Sequence[GraphQLError]) -> list[Any]:
        for error in errors[:MOST_ERRORS]:
            if isinstance(error, TooComplex):
                LIMITED.labels("QUERY_TOO_COMPLEX").inc()
        return [presented(error, call.locale, call.id).formatted for error in errors[:MOST_ERRORS]]


def _cost(requested: int, actual: int, rate: Rate | None) -> tuple[dict[str, Any], dict[str, str]]:
    """What an operation cost, in the shape that Shopify's clients know, and as header fields."""
    found: dict[str, Any] = {"requestedQueryCost": requested, "actualQueryCost": actual}
    if rate is None:
        return found, {}
    if rate.unit != "points":
        return found, headers(rate)
    found["throttleStatus"] = {
        "maximumAvailable": rate.limit,
        "currentlyAvailable": rate.remaining,
        "restoreRate": rate.restore_rate,
    }
    return found, headers(rate)


_ANSWERS_ONLY = Text(
    "A publishable key records answers (`answerRecord`) and reads nothing.",
    "公开密钥只能记录回答（`answerRecord`），不能读取任何内容。",
)


def _unclear(name: str | None) -> GraphQLError:
    if name:
        text = Text(f"There is no operation {name!r} in the document.", f"文档中没有操作 {name!r}。")
    else:
        text = Text(
            "The document has several operations, or none; say which by operationName.",
            "文档含有多个操作或没有操作；请用 operationName 指明。",
        )
    return Unreadable(text)
