"""Answers over HTTP: their media type, what of them a client has already, and how they are packed."""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.edge.request import GRAPHQL, Refused, lines, takes
from app.schema.errors import fault

WORTH_PACKING = 1_000
"""Bytes from which compressing pays."""
LONG = 64_000
"""Bytes from which it takes so long that others should not wait."""
VARY = "Accept, Accept-Encoding, Accept-Language, Authorization, Custograph-Workspace"


def written(body: Mapping[str, Any], kind: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A GraphQL answer."""
    return Response(orjson.dumps(body), status, headers, media_type=f"{kind}; charset=utf-8")


def refusal(refused: Refused, kind: str, locale: str) -> Response:
    """The answer to a request that cannot be run."""
    error = {"message": refused.text.in_(locale), "extensions": {"code": refused.code}}
    status = 400 if refused.status == HTTPStatus.OK and kind == GRAPHQL else refused.status
    return written({"errors": [error]}, kind, status, refused.headers)


def masked(error: Exception, request_id: str, kind: str, locale: str) -> Response:
    """The answer when something went wrong with us: nothing of it but the id under which the log has it."""
    text, extensions = fault(error, request_id)
    return written({"errors": [{"message": text.in_(locale), "extensions": extensions}]}, kind, 500)


def tagged(request: Request, response: Response, body: Mapping[str, Any]) -> Response:
    """The answer to a GET with its ETag, or 304 when the client has it; what it cost is no part of what it says."""
    said = orjson.dumps([body.get("data"), body.get("errors")])
    tag = f'W/"{hashlib.blake2b(said, digest_size=16).hexdigest()}"'
    known = [one.strip() for one in lines(request, "if-none-match").split(",")]
    if response.status_code == HTTPStatus.OK and not {tag, tag.removeprefix("W/"), "*"}.isdisjoint(known):
        response = Response(status_code=304, headers={k: v for k, v in response.headers.items() if k in _KEPT})
    response.headers["etag"] = tag
    response.headers["cache-control"] = "private, no-cache"
    return response


_KEPT = {"ratelimit", "ratelimit-policy"}


async def packed(request: Request, response: Response) -> Response:
    """The answer compressed, where that pays and the client takes it."""
    if len(response.body) < WORTH_PACKING or not takes(lines(request, "accept-encoding"), "gzip"):
        return response
    pack = partial(gzip.compress, bytes(response.body), compresslevel=5, mtime=0)
    if len(response.body) > LONG:
        response.body = await asyncio.get_running_loop().run_in_executor(None, pack)
    else:
        response.body = pack()
    response.headers["content-encoding"] = "gzip"
    response.headers["content-length"] = str(len(response.body))
    return response
