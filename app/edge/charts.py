"""Images of charts over HTTP, by signed links, drawn from the figures of when they are looked at."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from time import monotonic
from typing import Any
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import __version__
from app.actor import Actor
from app.edge import request as requests
from app.edge import response as responses
from app.edge.drawing import Drawings
from app.edge.quota import Quotas
from app.edge.request import JSON, Refused
from app.errors import AppError, Forbidden, Invalid, Limited, NotFound, TimedOut
from app.schema.chart import DRAWING
from app.schema.chart_spec import specification
from app.schema.weight import KPI_WEIGHT
from app.services import chart, chart_link
from app.services.chart_link import ENDING, MISSING, PATH, Ended, Link
from app.text import Text
from app.uow import Door, check

AT_ONCE = 2
"""How many charts one process reads the figures of at the same time; others wait for one another, not for these."""
WAITING = 32
"""How many may be under way."""
FRESH_S = 60
"""How long a client may show an image without asking again."""
HEADERS = {
    # an image from us is nothing but an image, wherever it is opened and whatever is in it
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    # it is made to be shown by pages of others
    "cross-origin-resource-policy": "cross-origin",
}
_BUSY = Text(
    "Many charts are being looked at at the moment; try again in a while.", "当前查看图表的人过多；请稍后重试。"
)
_STATUS: dict[type[AppError], tuple[int, str]] = {
    NotFound: (404, "NOT_FOUND"),
    Ended: (410, "EXPIRED"),
    Forbidden: (410, "EXPIRED"),
    Invalid: (409, "BAD_USER_INPUT"),
    Limited: (409, "QUERY_TOO_COMPLEX"),
    TimedOut: (503, "TIMEOUT"),
}


class Charts:
    """Sends images of charts to whoever has a link."""

    def __init__(self, door: Door, quotas: Quotas) -> None:
        self._door, self._quotas, self._drawings = door, quotas, Drawings()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="charts")
        self._under_way = 0

    @property
    def routes(self) -> list[Route]:
        """The address."""
        return [Route(f"{PATH}{{link}}{ENDING}", self._answered, methods=["GET"])]

    async def close(self) -> None:
        """Finish what is under way."""
        await self._drawings.close()
        await asyncio.to_thread(self._threads.shutdown)

    async def _answered(self, request: Request) -> Response:
        locale = requests.locale(requests.lines(request, "accept-language"))
        name = requests.request_id(request.headers.get("x-request-id")) or uuid4().hex
        try:
            response = await self._bounded(request, name)
        except Refused as refused:
            response = responses.refusal(refused, JSON, locale)
        except AppError as error:
            status, code = _STATUS.get(type(error), (503, "SERVICE_UNAVAILABLE"))
            text = Ended().text if isinstance(error, Forbidden) else error.text
            response = responses.refusal(Refused(status, text, code), JSON, locale)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
            response = responses.masked(error, name, JSON, locale)
        response.headers["x-request-id"] = name
        response.headers.update(HEADERS)
        if "cache-control" not in response.headers:
            response.headers["cache-control"] = "no-store"
        return response

    async def _bounded(self, request: Request, name: str) -> Response:
        if self._under_way >= WAITING:
            raise Refused(503, _BUSY, "SERVICE_UNAVAILABLE", retry_after="2")
        self._under_way += 1
        try:
            link, actor = await self._run(self._asked, request.path_params["link"], name)
            self._quotas.enter(actor)
            try:
                await self._quotas.take(actor, KPI_WEIGHT + DRAWING)
                return await self._image(request, link, actor)
            finally:
                self._quotas.leave(actor)
        finally:
            self._under_way -= 1

    def _asked(self, text: str, request_id: str) -> tuple[Link, Actor]:
        """What the link says, and for whom. Raises NotFound or Ended."""
        link = chart_link.opened(self._door, text)
        return link, chart_link.viewer(self._door, link, request_id)

    async def _image(self, request: Request, link: Link, actor: Actor) -> Response:
        drawn = await self._run(self._specified, link, actor)
        data = orjson.dumps(drawn)
        tag = f'W/"{blake2b(data, digest_size=16, person=__version__.encode()[:16]).hexdigest()}"'
        left = int((link.expires_at - self._door.clock()).total_seconds())
        headers = {"etag": tag, "cache-control": f"private, max-age={max(0, min(FRESH_S, left))}, must-revalidate"}
        headers["vary"] = "Accept-Encoding"
        known = {one.strip() for one in requests.lines(request, "if-none-match").split(",")}
        if not {tag, tag.removeprefix("W/"), "*"}.isdisjoint(known):
            return Response(status_code=304, headers=headers)
        if not chart_link.can_draw():
            raise Refused(501, MISSING, "NOT_INSTALLED")
        title = str(drawn["title"]["text"])
        svg = await self._drawings.svg(data, title, str(drawn["description"]))
        response = Response(svg, headers=headers, media_type="image/svg+xml")
        return await responses.packed(request, response)

    def _specified(self, link: Link, actor: Actor) -> dict[str, Any]:
        """The specification, its figures read now. Raises what keeps it from being drawn."""
        check(actor, chart.charts, "reads")
        with self._door.snapshot(actor, monotonic() + self._door.settings.operation_timeout_s) as uow:
            (found,) = chart.charts(uow, [link.wanted])
        if isinstance(found, AppError):
            raise found
        return specification(found, link.look)

    async def _run(self, function: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401 - the function's own types
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *given)
