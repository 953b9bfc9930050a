"""The only composition root: puts the application together from settings."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from types import FrameType
from typing import Any

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app import __version__, migrate
from app.edge import graphiql, origins
from app.edge.bulk import Files
from app.edge.charts import Charts
from app.edge.endpoint import Endpoint
from app.herald import heralded
from app.schema.build import sdl
from app.settings import Settings
from app.uow import Door, open_door
from app.worker import Worker


def create_app(settings: Settings, *, work: bool = True, token: str | None = None, door: Door | None = None) -> FastAPI:
    """The application, over `door` or one of its own; it closes it at the end.

    With `work` it runs jobs too; `token` signs the GraphiQL page in (demonstration, loopback).
    """
    door = door or open_door(settings)
    endpoint = Endpoint(door, settings)
    files = Files(door, endpoint.identity)
    charts = Charts(door, endpoint.quotas)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        worker = threading.Thread(target=Worker(door).run, args=(stop,), name="worker")
        if work:
            worker.start()
        try:
            with heralded(door), _told_of_the_end(endpoint.streams.end):
                yield
        finally:
            stop.set()
            if work:
                await asyncio.to_thread(worker.join)
            await charts.close()
            await endpoint.close()
            await asyncio.to_thread(files.close)
            await asyncio.to_thread(door.close)

    app = FastAPI(title="Custograph", version=__version__, lifespan=lifespan, openapi_url=None)
    sockets = WebSocketRoute("/graphql", endpoint.sockets)
    app.router.routes += [Route("/graphql", endpoint, methods=None), sockets, *files.routes, *charts.routes]
    app.add_api_route("/schema.graphql", _schema, methods=["GET"])
    app.add_api_route("/healthz", _alive, methods=["GET"])
    app.add_api_route("/readyz", partial(_ready, door), methods=["GET"])
    app.add_api_route("/metrics", _metrics, methods=["GET"])
    if settings.cors_origins:
        _let_pages_call(app, settings.cors_origins.split(","), endpoint.preflight)
    if settings.graphiql:
        app.router.routes.extend(graphiql.routes(token))
    return app


@contextmanager
def _told_of_the_end(end: Callable[[], None]) -> Iterator[None]:
    """Have `end` called when the process is told to stop: a server waits for its answers, and streams never end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}

    def told(name: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        if callable(before[name]):
            before[name](name, frame)

    for name in before:
        signal.signal(name, told)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


Preflight = Callable[[Request], Awaitable[Response | None]]
"""Answers what a browser asks beforehand, or leaves it to others."""


class _Pages(CORSMiddleware):
    """Lets pages of the settings' origins call. Of others `preflight` may know, by the origins of publishable keys."""

    def __init__(self, app: ASGIApp, preflight: Preflight, **options: Any) -> None:  # noqa: ANN401 - handed on
        super().__init__(app, **options)
        self._preflight = preflight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or hand on one request."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            request = Request(scope)
            if not self.is_allowed_origin(request.headers.get("origin", "")):
                response = await self._preflight(request)
                if response is not None:
                    return await response(scope, receive, send)
        return await super().__call__(scope, receive, send)


def _let_pages_call(app: FastAPI, given: list[str], preflight: Preflight) -> None:
    app.add_middleware(
        _Pages,  # type: ignore[arg-type]  # Starlette's protocol wants its own parameters' names
        preflight=preflight,
        allow_origins=[origin.strip() for origin in given],
        allow_methods=[*origins.METHODS, "PUT"],
        allow_headers=[*origins.TAKEN, "Custograph-Workspace"],
        expose_headers=origins.TOLD,
        max_age=origins.MAX_AGE_S,
    )


def _schema() -> Response:
    return Response(sdl(), media_type="application/graphql; charset=utf-8")


def _alive() -> dict[str, str]:
    return {"status": "alive"}


def _ready(door: Door) -> Response:
    try:
        ready = migrate.is_current(door.db)
    except SQLAlchemyError:
        return Response('{"status":"database unreachable"}', 503, media_type="application/json")
    status = "ready" if ready else "migrations pending"
    return Response(f'{{"status":"{status}"}}', 200 if ready else 503, media_type="application/json")


def _metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
