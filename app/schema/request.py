"""GraphQL requests over HTTP: what they ask for, and how the answer is to be written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


class Refused(Exception):
    """A request that cannot be run: its HTTP status, a sentence, a code, and headers of the answer."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to run."""

    query: str
    variables: dict[str, Any] | None = None
    operation: str | None = None


def negotiated(accept: str | None) -> str:
    """The media type to answer in. Raises Refused (406) when the client takes neither."""
    if not accept:
        return JSON
    best: tuple[float, int] = (0.0, 0)
    chosen = None
    for part in accept.split(","):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        for kind, names in ((GRAPHQL, (GRAPHQL,)), (JSON, (JSON, "application/*", "*/*"))):
            if name in names and quality > 0:
                rank = (quality, 2 if name in (GRAPHQL, JSON) else 1)
                if rank > best:
                    best, chosen = rank, kind
    if chosen is None:
        msg = f"The answer comes as {GRAPHQL} or {JSON}."
        raise Refused(406, msg)
    return chosen


async def asked(request: Request, max_bytes: int) -> Asked:
    """What the request asks for. Raises Refused when that cannot be read."""
    if request.method == "GET":
        given: Mapping[str, Any] = dict(request.query_params)
        given = {**given, "variables": _json(given.get("variables"), "variables")}
        return _checked(given)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != JSON:
        msg = f"Send the request as {JSON}."
        raise Refused(415, msg)
    body = await _body(request, max_bytes)
    try:
        data = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        msg = "The body is not JSON in UTF-8."
        raise Refused(400, msg) from None
    if not isinstance(data, dict):
        msg = 'The body must be a JSON object with a "query".'
        raise Refused(400, msg)
    return _checked(data)


async def _body(request: Request, max_bytes: int) -> bytes:
    msg = f"The body is larger than {max_bytes} bytes; send it in parts."
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise Refused(413, msg)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise Refused(413, msg)
        parts.append(part)
    return b"".join(parts)


def _json(text: Any, name: str) -> Any:  # noqa: ANN401 - any JSON
    if text is None or text == "":
        return None
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        msg = f"{name} is not JSON."
        raise Refused(400, msg) from None


def _checked(data: Mapping[str, Any]) -> Asked:
    query, variables, operation = data.get("query"), data.get("variables"), data.get("operationName")
    if not isinstance(query, str) or not query.strip():
        msg = 'The request needs a "query", a GraphQL document.'
        raise Refused(400, msg)
    if variables is not None and not isinstance(variables, dict):
        msg = '"variables" must be a JSON object.'
        raise Refused(400, msg)
    if operation is not None and not isinstance(operation, str):
        msg = '"operationName" must be a string.'
        raise Refused(400, msg)
    extensions = data.get("extensions")
    if extensions is not None and not isinstance(extensions, dict | str):
        msg = '"extensions" must be a JSON object.'
        raise Refused(400, msg)
    return Asked(query, variables, operation or None)
