"""The GraphQL endpoint: an ASGI application of its own, so that nothing stands between a request and its operation."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from inspect import isawaitable
from time import monotonic, perf_counter
from typing import Any
from uuid import uuid4

from graphql import ExecutionResult, GraphQLError, execute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.edge import request as requests
from app.edge import response as responses
from app.edge import usage
from app.edge.documents import Documents, Operation, Prepared
from app.edge.dry import priced
from app.edge.identity import CHALLENGE, NEEDED, identified
from app.edge.limits import TooComplex, check_cost, check_variables
from app.edge.persisted import Persisted
from app.edge.quota import Quotas, headers
from app.edge.request import GRAPHQL, JSON, Asked, Refused
from app.edge.rows import takes_rows
from app.errors import TimedOut
from app.metrics import LIMITED, OPERATIONS
from app.schema.build import build
from app.schema.context import Context, Rate
from app.schema.errors import fault, presented
from app.schema.scalars import lenient
from app.services import token
from app.settings import Settings
from app.text import Text
from app.uow import Actor, Door


@dataclass(slots=True)
class Call:
    """A request on its way to its answer."""

    request: Request
    id: str
    locale: str
    kind: str = JSON
    operation: str = "none"


class Endpoint:
    """Answers GraphQL requests by POST and GET."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings, self._schema = door, settings, build()
        self._documents = Documents(self._schema, settings)
        self._persisted = Persisted(settings.trusted_documents, only_trusted=settings.only_trusted_documents)
        self._quotas = Quotas(door, settings)
        self._threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="reader")
        self._places = asyncio.Semaphore(settings.pool_size)
        self._closing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, request = perf_counter(), Request(scope, receive)
        given = request.headers
        locale = requests.locale(given.get("accept-language"))
        call = Call(request, requests.request_id(given.get("x-request-id")) or uuid4().hex, locale)
        try:
            call.kind = requests.media_type(given.get("accept"))
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
        if trace := requests.trace_parent(given.get("traceparent")):
            response.headers["traceparent"] = trace
        OPERATIONS.labels(call.operation, response.status_code).observe(perf_counter() - began)
        await responses.packed(request, response)(scope, receive, send)

    async def close(self) -> None:
        """Finish what is under way."""
        await self._quotas.close()
        await asyncio.gather(*self._closing)
        self._threads.shutdown()

    async def _answer(self, call: Call) -> Response:
        request = call.request
        if request.method not in ("GET", "POST"):
            text = Text("GraphQL is asked by POST or GET.", "GraphQL 请求使用 POST 或 GET。")
            raise Refused(405, text, allow="GET, POST")
        actor = await identified(
            request.headers.get("authorization"),
            lambda secret: token.authenticate(self._door, secret, call.id),
            self._threads,
        )
        asked = await requests.asked(request, self._settings.max_body_bytes)
        prepared = await self._prepared(asked, actor)
        operation = prepared.operation(asked.operation)
        if actor is None and not (operation and operation.is_introspection):
            raise Refused(401, NEEDED, "UNAUTHENTICATED", **CHALLENGE)
        if prepared.errors or operation is None:
            return self._refused(call, prepared.errors or (_unclear(asked.operation),))
        call.operation = operation.node.operation.value
        if operation.is_mutation and request.method == "GET":
            raise Refused(405, Text("A mutation is sent by POST.", "变更请以 POST 发送。"), allow="POST")
        cost = None
        try:
            check_variables(asked.variables, self._settings.max_list_length)
            cost = operation.cost(asked.variables)
            check_cost(cost, self._settings.max_cost)
        except TooComplex as error:
            return self._refused(call, (error,), {"cost": {"requestedQueryCost": cost, "actualQueryCost": None}})
        usage.count(prepared.deprecated, actor)
        self._quotas.enter(actor)
        try:
            rate = await self._quotas.take(actor, cost)
            until = monotonic() + self._settings.operation_timeout_s
            context = Context(self._door, self._threads, self._places, actor, call.locale, until=until, rate=rate)
            result = await self._run(asked, prepared, operation, context)
        finally:
            self._quotas.leave(actor)
        return self._executed(call, actor, result, operation, cost)

    async def _prepared(self, asked: Asked, actor: Actor | None) -> Prepared:
        """The document, parsed, measured and validated."""
        source = self._persisted.source(asked, may_learn=actor is not None)
        known = self._documents.known(source) if actor else None
        if known is not None:
            return known
        prepare = self._documents.get if actor else self._documents.introspection
        return await asyncio.get_running_loop().run_in_executor(self._threads, prepare, source)

    async def _run(self, asked: Asked, prepared: Prepared, operation: Operation, context: Context) -> ExecutionResult:
        assert prepared.document is not None  # noqa: S101 - it is valid
        softly = takes_rows(self._schema.core, operation.node, asked.variables)
        try:
            with lenient(on=softly):
                result = execute(
                    self._schema.core,
                    priced(prepared.document, operation.node, asked.variables),
                    context_value=context,
                    variable_values=asked.variables,
                    operation_name=asked.operation,
                    hide_suggestions=not self._settings.graphiql,
                )
                if isawaitable(result):
                    async with asyncio.timeout(self._settings.operation_timeout_s):
                        result = await result
        except TimeoutError:
            # what a thread still reads ends by the same deadline; the answer does not wait for it
            closing = asyncio.create_task(context.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            error = TimedOut(_LATE_WRITE if operation.is_mutation else _LATE)
            return ExecutionResult(None, [GraphQLError(str(error), original_error=error, path=[])])
        except BaseException:
            await context.close()
            raise
        await context.close()
        return result

    def _executed(
        self, call: Call, actor: Actor | None, result: ExecutionResult, operation: Operation, cost: int
    ) -> Response:
        # without `data` nothing was executed: the variables did not fit
        began = result.data is not None or any(error.path is not None for error in result.errors or ())
        actual = operation.count(result.data) if began else 0
        rate = self._quotas.settle(actor, cost, actual)
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = self._errors(call, result.errors)
        if began:
            body["data"] = result.data
        body["extensions"] = {"cost": _cost(cost, actual, rate)}
        status = 200 if began or call.kind == JSON else 400
        response = responses.written(body, call.kind, status, headers(rate) if rate else None)
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
        for error in errors:
            if isinstance(error, TooComplex):
                LIMITED.labels("QUERY_TOO_COMPLEX").inc()
        return [presented(error, call.locale, call.id).formatted for error in errors]


_LATE = Text("This took longer than an operation may; ask for less at once.", "此操作耗时超过上限；请一次少查询一些。")
_LATE_WRITE = Text(
    "This took longer than an operation may. It may or may not have been stored: send it again, the same record or "
    "idempotencyKey has one effect.",
    "此操作耗时超过上限，可能已保存，也可能未保存：请重新发送，相同的记录或 idempotencyKey 只生效一次。",
)


def _cost(requested: int, actual: int, rate: Rate | None) -> dict[str, Any]:
    """What an operation cost, in the shape that Shopify's clients know."""
    found: dict[str, Any] = {"requestedQueryCost": requested, "actualQueryCost": actual}
    if rate is not None:
        found["throttleStatus"] = {
            "maximumAvailable": rate.limit,
            "currentlyAvailable": rate.remaining,
            "restoreRate": rate.restore_rate,
        }
    return found


def _unclear(name: str | None) -> GraphQLError:
    if name:
        text = Text(f"There is no operation {name!r} in the document.", f"文档中没有操作 {name!r}。")
    else:
        text = Text(
            "The document has several operations, or none; say which by operationName.",
            "文档含有多个操作或没有操作；请用 operationName 指明。",
        )
    error = GraphQLError(text.en, extensions={"code": "BAD_USER_INPUT"})
    error.text = text  # type: ignore[attr-defined]  # as errors of ours have it
    return error
