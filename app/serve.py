"""Serving: the process that answers, its logs, and what the demonstration prints."""

import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog
import uvicorn

from app.cli import Usage
from app.edge import persisted
from app.herald import heralded
from app.main import create_app
from app.services import token as tokens
from app.settings import Settings
from app.uow import Door
from app.worker import Worker


def log_to_stderr(level: str) -> None:
    """Structured logs, one JSON object a line, on standard error. They hold no personal data and no query."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper(), logging.INFO)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    # Strawberry would log queries, and the access log addresses with their parameters
    for name in ("strawberry.execution", "uvicorn.access"):
        logging.getLogger(name).disabled = True


SWITCH_S = 0.0005
"""How long a thread may keep the others waiting: at Python's 5 ms, short answers queue behind long ones."""


def _set_up(settings: Settings) -> None:
    log_to_stderr(settings.log_level)
    sys.setswitchinterval(SWITCH_S)


def _made(settings: Settings, **options: Any) -> Any:  # noqa: ANN401 - an ASGI application
    """The application. What it is made of stays: to look through it for garbage would stop everything for 0.2 s."""
    made = create_app(settings, **options)
    gc.collect()
    gc.freeze()
    return made


def application() -> Any:  # noqa: ANN401 - an ASGI application
    """The application of one of several processes, from the environment; it runs jobs too."""
    settings = Settings()
    _set_up(settings)
    return _made(settings)


def application_without_worker() -> Any:  # noqa: ANN401 - an ASGI application
    """The same, leaving jobs to a worker of their own."""
    settings = Settings()
    _set_up(settings)
    return _made(settings, work=False)


def serve(settings: Settings, *, workers: int = 1, work: bool = True, token: str | None = None) -> None:
    """Answer requests until told to stop; then finish what was begun."""
    _set_up(settings)
    _refuse_taken(settings)
    _refuse_unreadable(settings)
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 20,
        "ws_max_size": settings.max_body_bytes,
        # a compressor for each socket takes more memory than all else that an open one costs
        "ws_per_message_deflate": False,
    }
    print(f"Custograph serves http://{settings.host}:{settings.port}/graphql", file=sys.stderr, flush=True)
    if workers == 1:
        uvicorn.run(_made(settings, work=work, token=token), **options)
    else:
        factory = application if work else application_without_worker
        uvicorn.run(f"{__name__}:{factory.__name__}", factory=True, workers=workers, **options)


def _refuse_taken(settings: Settings) -> None:
    """Say that the address cannot be listened on before anything is started. Raises Usage."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.create_server(found[0][4][:2], family=found[0][0]):
            pass
    except OSError as error:
        where, why = f"{settings.host}:{settings.port}", (error.strerror or str(error)).split(" (")[0]
        msg = f"{where} cannot be listened on ({why}); choose another with --host and --port."
        raise Usage(msg) from None


def _refuse_unreadable(settings: Settings) -> None:
    """Say that the manifest of trusted documents is none before anything is started. Raises Usage."""
    try:
        if settings.trusted_documents is not None:
            persisted.read(settings.trusted_documents)
    except ValueError as error:
        raise Usage(str(error)) from None


def work(door: Door) -> None:
    """Run jobs until told to stop."""
    log_to_stderr(door.settings.log_level)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with heralded(door):
        Worker(door).run(stop)


EXAMPLE = """{ csat: kpi(key: CSAT, period: {last: {count: 12, grain: MONTH}}) {
    display series(grain: MONTH) { period { label } value target }
    breakdown(by: CHANNEL) { slices { label value share } }
    comparison { display isSignificant } target { state required target { goal } } }
  nps: kpi(key: NPS, period: {named: LAST_MONTH}) { value interval { low high } } }"""


def demonstrate(door: Door, settings: Settings) -> str:
    """Make the demonstration workspaces if they are not there yet and say how to ask them; a token for the first."""
    from app import demo

    found = demo.ensure(door)
    made = [tokens.create(door, one.workspace_id, "demonstration") for one in found]
    say: MutableMapping[str, Any] = {"file": sys.stdout, "flush": True}
    for one, secret in zip(found, made, strict=True):
        print(f"\n{one.name}\n  token   {secret}", **say)
        for promise, figures in one.promised.items():
            ranges = " → ".join(f"{value:g} ({span.start} to before {span.end})" for span, value in figures)
            print(f"  {promise!s:<20}{ranges}", **say)
    print(f"\nAsk at http://{settings.host}:{settings.port}/ or with:\n", **say)
    query = " ".join(EXAMPLE.split()).replace('"', '\\"')
    print(
        f"""curl -s http://{settings.host}:{settings.port}/graphql -H 'Content-Type: application/json' \\
  -H 'Authorization: Bearer {made[0]}' -d '{{"query":"{query}"}}'\n""",
        **say,
    )
    return made[0]
