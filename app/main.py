"""The only composition root: puts the application together from settings."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from app import __version__, migrate
from app.edge import graphiql
from app.edge.bulk import Files
from app.edge.endpoint import Endpoint
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

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        worker = threading.Thread(target=Worker(door).run, args=(stop,), name="worker") if work else None
        if worker:
            worker.start()
        try:
            yield
        finally:
            stop.set()
            if worker:
                await asyncio.to_thread(worker.join)
            await endpoint.close()
            await asyncio.to_thread(files.close)
            await asyncio.to_thread(door.close)

    app = FastAPI(title="Custograph", version=__version__, lifespan=lifespan, openapi_url=None)
    app.router.routes.append(Route("/graphql", endpoint, methods=None))
    app.router.routes.extend(files.routes)
    app.add_api_route("/schema.graphql", _schema, methods=["GET"])
    app.add_api_route("/healthz", _alive, methods=["GET"])
    app.add_api_route("/readyz", partial(_ready, door), methods=["GET"])
    app.add_api_route("/metrics", _metrics, methods=["GET"])
    if settings.cors_origins:
        _let_pages_call(app, [origin.strip() for origin in settings.cors_origins.split(",")])
    if settings.graphiql:
        app.router.routes.extend(graphiql.routes(token))
    return app


OURS = ["Custograph-Workspace", "If-None-Match", "Traceparent", "X-Request-Id"]
APOLLOS = ["Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version"]
"""Header fields that Apollo's clients in web pages add."""


def _let_pages_call(app: FastAPI, origins: list[str]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["Authorization", "Content-Type", *OURS, *APOLLOS],
        expose_headers=["ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Traceparent", "X-Request-Id"],
        max_age=7_200,
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
