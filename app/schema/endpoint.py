"""The GraphQL endpoint: an ASGI application of its own, so that nothing stands between a request and its operation."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import AppError, Unauthenticated
from app.metrics import OPERATIONS
from app.schema.build import build
from app.schema.context import Context
from app.schema.documents import Documents, Prepared, is_introspection, takes_rows
from app.schema.errors import fault, presented
from app.schema.request import GRAPHQL, JSON, Asked, Refused, asked, negotiated
from app.schema.scalars import lenient
from app.services import token
from app.settings import Settings
from app.uow import Actor, Door


class Endpoint:
    """Answers GraphQL requests by POST and GET."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._documents = Documents(settings.max_query_tokens, suggest=settings.graphiql)
        self.threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="reader")
        self._places = asyncio.Semaphore(settings.pool_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, request = perf_counter(), Request(scope, receive)
        request.state.operation = "none"
        request_id = _request_id(request.headers.get("x-request-id"))
        kind = JSON
        try:
            kind = negotiated(request.headers.get("accept"))
            response = await self._answer(request, request_id, kind)
        except Refused as refused:
            response = _refusal(refused, kind)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
            message, extensions = fault(error, request_id)
            response = _written({"errors": [{"message": message, "extensions": extensions}]}, kind, 500)
        OPERATIONS.labels(request.state.operation, response.status_code).observe(perf_counter() - began)
        response.headers["x-request-id"] = request_id
        response.headers["vary"] = "Accept, Accept-Language, Authorization"
        await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str, kind: str) -> Response:
        if request.method not in ("GET", "POST"):
            msg = "GraphQL is asked by POST or GET."
            raise Refused(405, msg, allow="GET, POST")
        actor = await self._actor(request, request_id)
        asked_ = await asked(request, self._settings.max_body_bytes)
        prepared = await self._prepared(asked_, actor)
        operation = prepared.operation(asked_.operation)
        if prepared.errors or operation is None:
            return _written({"errors": _errors(prepared, asked_)}, kind, 400 if kind == GRAPHQL else 200)
        request.state.operation = operation.operation.value
        if operation.operation is OperationType.MUTATION and request.method == "GET":
            msg = "A mutation is sent by POST."
            raise Refused(405, msg, allow="POST")
        locale = request.headers.get("accept-language", "en").split(",")[0].split(";")[0].strip() or "en"
        context = Context(self._door, self.threads, self._places, actor, locale)
        softly = takes_rows(operation, asked_.variables or {})
        result = await self._run(asked_, prepared, context, softly=softly)
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = [presented(error, request_id).formatted for error in result.errors]
        # without `data` nothing was executed: the variables did not fit
        began = result.data is not None or any(error.path for error in result.errors or ())
        if began:
            body["data"] = result.data
        return _written(body, kind, 200 if began or kind == JSON else 400)

    async def _prepared(self, asked_: Asked, actor: Actor | None) -> Prepared:
        """The document, parsed and validated. Raises Refused (401) for anything but the schema without a token."""
        known = self._documents.known(asked_.query) if actor else None
        if known is not None:
            return known
        prepare = self._documents.get if actor else self._documents.introspection
        prepared = await asyncio.get_running_loop().run_in_executor(self.threads, prepare, asked_.query)
        operation = prepared.operation(asked_.operation)
        if actor is None and not (operation and is_introspection(operation)):
            msg = "This needs a token: send it as `Authorization: Bearer …`."
            raise Refused(401, msg, "UNAUTHENTICATED", **{"www-authenticate": "Bearer"})
        return prepared

    async def _run(self, asked_: Asked, prepared: Prepared, context: Context, *, softly: bool) -> ExecutionResult:
        try:
            with lenient(on=softly):
                return await build().execute(  # type: ignore[return-value]  # Strawberry's result has the same fields
                    asked_.query,
                    variable_values=asked_.variables,
                    context_value=context,
                    operation_name=asked_.operation,
                    operation_extensions={"document": prepared.document},
                )
        finally:
            await context.close()

    async def _actor(self, request: Request, request_id: str) -> Actor | None:
        header = request.headers.get("authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        challenge = {"www-authenticate": "Bearer"}
        if scheme.lower() != "bearer" or not secret.strip():
            msg = "The Authorization header must be `Bearer` and a token."
            raise Refused(401, msg, "UNAUTHENTICATED", **challenge)
        try:
            work = partial(token.authenticate, self._door, secret.strip(), request_id)
            return await asyncio.get_running_loop().run_in_executor(self.threads, work)
        except Unauthenticated as error:
            raise Refused(401, str(error), "UNAUTHENTICATED", **challenge) from None
        except AppError as error:
            raise Refused(503, str(error), "SERVICE_UNAVAILABLE", **{"retry-after": "1"}) from None


def _errors(prepared: Prepared, asked_: Asked) -> list[Any]:
    if prepared.errors:
        return [error.formatted for error in prepared.errors]
    named = f"There is no operation {asked_.operation!r}." if asked_.operation else "Say which by operationName."
    error = GraphQLError(f"It is not clear which operation is meant. {named}", extensions={"code": "BAD_USER_INPUT"})
    return [error.formatted]


def _request_id(given: str | None) -> str:
    if given and len(given) <= 64 and given.isascii() and given.replace("-", "").replace("_", "").isalnum():  # noqa: PLR2004 - the column's length
        return given
    return uuid4().hex


def _refusal(refused: Refused, kind: str) -> Response:
    body = {"errors": [{"message": str(refused), "extensions": {"code": refused.code}}]}
    response = _written(body, kind, refused.status)
    response.headers.update(refused.headers)
    return response


def _written(body: dict[str, Any], kind: str, status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type=f"{kind}; charset=utf-8")
