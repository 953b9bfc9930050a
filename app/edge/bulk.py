"""Files over HTTP: the parts of imports, their reports, and exports, beside GraphQL and with the same tokens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app import ids
from app.actor import Actor
from app.edge import request as requests
from app.edge import response as responses
from app.edge.identity import CHALLENGE, Identity
from app.edge.request import JSON, Refused
from app.errors import AppError, Forbidden, Invalid, NotFound, Unavailable
from app.models.bulk_import import BulkFormat
from app.schema.context import NEEDED
from app.services import bulk_export, bulk_import, bulk_report
from app.text import Text
from app.uow import Door, check

AT_ONCE = 4
"""How many files one process sends at the same time; each holds a snapshot open."""
_STATUS: dict[type[AppError], tuple[int, str]] = {
    Invalid: (409, "BAD_USER_INPUT"),
    NotFound: (404, "NOT_FOUND"),
    Forbidden: (403, "FORBIDDEN"),
    Unavailable: (503, "SERVICE_UNAVAILABLE"),
}
_TYPES = {BulkFormat.CSV: "text/csv; charset=utf-8", BulkFormat.JSONL: "application/jsonl; charset=utf-8"}
Answer = Callable[[Request, Actor, str], Awaitable[Response]]


class Files:
    """Takes the parts of imports and sends reports and exports."""

    def __init__(self, door: Door, identity: Identity) -> None:
        self._door, self._identity = door, identity
        self._threads = ThreadPoolExecutor(AT_ONCE + 4, thread_name_prefix="files")
        self._sending = 0
        self._ending: set[asyncio.Future[Any]] = set()

    @property
    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/imports/{id}/parts/{number:int}", self._answered(self._part), methods=["PUT"]),
            Route("/imports/{id}/report", self._answered(self._report), methods=["GET"]),
            Route("/exports/{id}", self._answered(self._export), methods=["GET"]),
        ]

    def close(self) -> None:
        """Finish what is under way."""
        self._threads.shutdown()

    def _answered(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            locale = requests.locale(requests.lines(request, "accept-language"))
            name = requests.request_id(request.headers.get("x-request-id")) or uuid4().hex
            try:
                response = await answer(request, await self._actor(request, name), locale)
            except ClientDisconnect:
                return Response(status_code=400)
            except Refused as refused:
                response = responses.refusal(refused, JSON, locale)
            except AppError as error:
                response = responses.refusal(_refused(error), JSON, locale)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is masked and logged under an id
                response = responses.masked(error, name, JSON, locale)
            response.headers["x-request-id"] = name
            response.headers["cache-control"] = "no-store"
            return response

        return endpoint

    async def _actor(self, request: Request, name: str) -> Actor:
        """Who asks. Raises Refused."""
        given = request.headers
        actor = await self._identity.of(self._identity.credential(given), name)
        if actor is None:
            raise Refused(401, NEEDED, "UNAUTHENTICATED", **CHALLENGE)
        return actor

    async def _part(self, request: Request, actor: Actor, _locale: str) -> Response:
        check(actor, bulk_import.put_part, "writes")  # before the body is read
        import_id = _row_id(request, "Import")
        data = await requests.body(request, self._door.settings.import_part_bytes)
        number = request.path_params["number"]
        work = self._door.submit(actor, bulk_import.put_part, import_id, number, data)
        part = await asyncio.wrap_future(work)
        return JSONResponse({"number": part.number, "bytes": part.size, "sha256": part.digest})

    async def _report(self, request: Request, actor: Actor, locale: str) -> Response:
        row = await self._run(self._door.read, actor, bulk_report.get, _row_id(request, "Import"))
        file = bulk_report.download(self._door, actor, row, locale)
        return self._sent(file, row.format, f"rejected-{row.id}")

    async def _export(self, request: Request, actor: Actor, _locale: str) -> Response:
        check(actor, bulk_export.downloaded, "writes")
        row = await self._run(self._door.read, actor, bulk_export.get, _row_id(request, "Export"))
        name = f"{row.type.value.lower()}-{row.id}"
        return self._sent(bulk_export.download(self._door, actor, row), row.format, name)

    async def _run(self, function: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401 - the function's own types
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *given)

    def _sent(self, pieces: Iterator[bytes], format_: BulkFormat, name: str) -> Response:
        """The file, streamed. Raises Refused (429) when too many are sent already."""
        if self._sending >= AT_ONCE:
            text = Text("Several files are being sent; try again in a while.", "正在发送多个文件；请稍后重试。")
            raise Refused(429, text, "RATE_LIMITED", retry_after="5")
        ending = "csv" if format_ is BulkFormat.CSV else "jsonl"
        headers = {
            "content-disposition": f'attachment; filename="{name}.{ending}"',
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(self._streamed(pieces), headers=headers, media_type=_TYPES[format_])

    async def _streamed(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        running: asyncio.Future[Any] | None = None
        self._sending += 1
        try:
            while True:
                running = asyncio.ensure_future(self._run(next, pieces, None))
                piece = await asyncio.shield(running)
                if piece is None:
                    return
                if piece:
                    yield piece
        finally:
            self._sending -= 1
            # whoever goes away leaves no snapshot open, and no thread inside it
            ended = asyncio.ensure_future(self._ended(running, pieces))
            self._ending.add(ended)
            ended.add_done_callback(self._ending.discard)
            await asyncio.shield(ended)

    async def _ended(self, running: "asyncio.Future[Any] | None", pieces: Any) -> None:  # noqa: ANN401 - a generator
        if running is not None:
            await asyncio.gather(running, return_exceptions=True)
        await self._run(pieces.close)


def _row_id(request: Request, type_: str) -> UUID:
    """The row that the address names, by its global id. Raises NotFound."""
    found = ids.decode_uuid(request.path_params["id"], type_)
    if found is None:
        raise NotFound(Text("There is nothing of this id.", "没有此 ID 的内容。"))
    return found


def _refused(error: AppError) -> Refused:
    status, code = _STATUS.get(type(error), (400, "BAD_REQUEST"))
    return Refused(status, error.text, code, **({"retry_after": "1"} if code == "SERVICE_UNAVAILABLE" else {}))
