"""The GraphQL endpoint: an ASGI application of its own, so that nothing stands between a request and its operation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.actor import Actor
from app.edge import origins
from app.edge import request as requests
from app.edge import response as responses
from app.edge.identity import Identity
from app.edge.live.http import Streamed, streamed
from app.edge.live.socket import Sockets
from app.edge.live.streams import Streams
from app.edge.operations import Answer, Call, Operations, Unfit
from app.edge.quota import Quotas
from app.edge.request import EVENTS, GRAPHQL, JSON, Refused
from app.edge.uses import Uses
from app.metrics import LIMITED, OPERATIONS
from app.settings import Settings
from app.text import Text
from app.uow import Door


@dataclass(slots=True)
class Sent(Call):
    """A request on its way to its answer."""

    kind: str = JSON
    operation: str = "none"
    page: str | None = None
    """The origin of the page that may read the answer, by its publishable key."""


class Endpoint:
    """Answers GraphQL requests by POST and GET, with one answer or as a stream; `sockets` does by WebSocket."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.pool_size, thread_name_prefix="reader")
        self._operations = Operations(door, settings, self._threads)
        self.identity = Identity(door, settings, self._threads)
        self._uses = Uses(door, self._threads)
        self._origins = origins.Origins(door, self._threads)
        self.streams = Streams(door, self._operations, self.identity)
        self.sockets = Sockets(self._operations, self.streams, self.identity, self._uses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, request = perf_counter(), Request(scope, receive)
        given = request.headers
        locale = requests.locale(requests.lines(request, "accept-language"))
        host = request.client.host if request.client else ""
        call = Sent(requests.request_id(given.get("x-request-id")) or uuid4().hex, locale, host)
        try:
            call.kind = requests.media_type(requests.lines(request, "accept"))
            response = await self._answer(request, call)
        except Refused as refused:
            if refused.code == "RATE_LIMITED":
                LIMITED.labels(refused.code).inc()
            response = responses.refusal(refused, call.kind, locale)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
            response = responses.masked(error, call.id, call.kind, locale)
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
        if not isinstance(response, Streamed):
            response = await responses.packed(request, response)
        await response(scope, receive, send)

    async def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks before it sends what a publishable key may; None for any other request."""
        return await self._origins.preflight(request)

    @property
    def quotas(self) -> Quotas:
        """How much each caller may ask for, by whatever address."""
        return self._operations.quotas

    async def close(self) -> None:
        """Finish what is under way."""
        await self.streams.close()
        await self._operations.close()
        await self._uses.close()
        self.identity.close()
        self._threads.shutdown()

    async def _answer(self, request: Request, call: Sent) -> Response:
        if (answer := await self.preflight(request)) is not None:
            return answer
        if request.method not in ("GET", "POST"):
            text = Text("GraphQL is asked by POST or GET.", "GraphQL 请求使用 POST 或 GET。")
            raise Refused(405, text, allow="GET, POST")
        call.actor = await self._identified(request, call)
        asked = await requests.asked(request, self._settings.max_body_bytes)
        try:
            admitted = await self._operations.admitted(call, asked)
        except Unfit as unfit:
            return self._written(request, call, unfit.answer)
        call.operation = admitted.operation.node.operation.value
        if admitted.operation.is_mutation and request.method == "GET":
            raise Refused(405, Text("A mutation is sent by POST.", "变更请以 POST 发送。"), allow="POST")
        if admitted.operation.is_subscription:
            kind = requests.stream_type(requests.lines(request, "accept"))
            credential = self.identity.credential(request.headers)
            listener = self.streams.open(call, admitted, credential, request.headers.get("last-event-id"))
            return Streamed(listener, kind, self._settings.heartbeat_s, call.locale)
        return self._written(request, call, await self._operations.answer(call, admitted))

    async def _identified(self, request: Request, call: Sent) -> Actor | None:
        """Who asks. Raises Refused for a credential that is not good, or not from there."""
        actor = await self.identity.of(self.identity.credential(request.headers), call.id)
        call.page = origins.check(request, actor)
        self._uses.note(actor)
        return actor

    def _written(self, request: Request, call: Sent, answer: Answer) -> Response:
        """The answer in the media type that is wanted; a single one is an event too, where events are."""
        status = 200 if answer.began or call.kind == JSON else 400
        response = responses.written(answer.body, call.kind, status, answer.headers)
        if call.operation != "mutation":
            bounded = self._operations.bounded(call, answer, len(response.body))
            if bounded is not answer:
                answer, status = bounded, 400 if call.kind == GRAPHQL else 200
                response = responses.written(answer.body, call.kind, status, answer.headers)
        if call.kind == EVENTS:
            return streamed(answer, self._settings.heartbeat_s)
        is_tagged = request.method == "GET" and "data" in answer.body
        return responses.tagged(request, response, answer.body) if is_tagged else response
