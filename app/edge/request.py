"""GraphQL requests over HTTP: what they ask for and how they want to be answered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request

from app.text import Text

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"
MULTIPART = "multipart/mixed"
_TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LENGTH = re.compile(r"[0-9]{1,20}")
_QUALITY = re.compile(r"[01](\.\d{0,3})?")


class Refused(Exception):
    """A request that cannot be run: its HTTP status, why, a code, and headers of the answer."""

    def __init__(self, status: int, text: Text, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(text.en)
        self.status, self.text, self.code = status, text, code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to run: a document, or the name of one that is known (or to be remembered by that name)."""

    query: str | None
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str | None = None
    document_id: str | None = None
    sha256: str | None = None


def lines(request: Request, name: str) -> str:
    """A header that is a list, which may come in several lines."""
    return ",".join(request.headers.getlist(name))


def weighed(header: str | None) -> list[tuple[str, float]]:
    """The choices of a header such as Accept, in lower case with their q-values, the dearest first."""
    found = []
    for part in (header or "").split(","):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
        if name:
            found.append((name, min(quality, 1.0)))
    return sorted(found, key=lambda one: -one[1])


def media_type(accept: str | None) -> str:
    """The media type to answer in: events only for who wants them most, as a mention comes with many clients.

    Raises Refused (406) when the client takes none of them.
    """
    given = weighed(accept)
    if not given:
        return JSON
    ranked = [(*_wanted(given, kind), kind) for kind in (JSON, GRAPHQL)]
    quality, _, kind = max(ranked, key=lambda one: (one[0], one[1], one[1] and one[2] == GRAPHQL))
    if dict(given).get(EVENTS, 0.0) > quality:
        return EVENTS
    if quality <= 0 and dict(given).get(MULTIPART, 0.0) <= 0:
        raise Refused(406, Text(f"The answer comes as {GRAPHQL} or {JSON}.", f"响应格式为 {GRAPHQL} 或 {JSON}。"))
    return kind


def stream_type(accept: str | None) -> str:
    """The media type of a stream. Raises Refused (406) when the client takes none."""
    given = weighed(accept) or [("*/*", 1.0)]
    ranked = {kind: _wanted(given, kind) for kind in (EVENTS, MULTIPART)}
    kind = max(ranked, key=lambda one: ranked[one])
    if ranked[kind][0] <= 0:
        text = Text(
            f"A subscription is answered as {EVENTS} or {MULTIPART}, or over WebSocket.",
            f"订阅以 {EVENTS}、{MULTIPART} 或 WebSocket 响应。",
        )
        raise Refused(406, text)
    return kind


def _wanted(given: Sequence[tuple[str, float]], kind: str) -> tuple[float, bool]:
    """How much `kind` is wanted, by the most specific range that covers it, and whether that names it."""
    qualities = dict(reversed(given))
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if name in qualities:
            return qualities[name], name == kind
    return 0.0, False


def locale(accept_language: str | None) -> str:
    """The language that the reader wants most; English when none is named."""
    wanted = [name for name, quality in weighed(accept_language) if quality > 0]
    return next((name for name in wanted if name.partition("-")[0] in ("en", "zh")), "en")


def takes(accept_encoding: str | None, encoding: str) -> bool:
    """Whether the client takes a content coding."""
    given = dict(weighed(accept_encoding))
    return given.get(encoding, given.get("*", 0.0)) > 0


def request_id(given: str | None) -> str | None:
    """The caller's own id of the request, if it is one that can be repeated."""
    return given if given and _NAME.fullmatch(given) else None


def trace_parent(given: str | None) -> str | None:
    """The caller's W3C trace context, if it is one."""
    return given if given and _TRACE.fullmatch(given) else None


async def asked(request: Request, max_bytes: int) -> Asked:
    """What the request asks for. Raises Refused when that cannot be read."""
    if request.method == "GET":
        given: dict[str, Any] = dict(request.query_params)
        return checked(given | {name: _json(given.get(name), name) for name in ("variables", "extensions")})
    kind, *parameters = [part.strip().lower() for part in request.headers.get("content-type", "").split(";")]
    if kind != JSON or not all(_is_utf8(one) for one in parameters):
        raise Refused(415, Text(f"Send the request as {JSON} in UTF-8.", f"请以 UTF-8 编码的 {JSON} 发送请求。"))
    try:
        data = orjson.loads(await body(request, max_bytes))
    except (orjson.JSONDecodeError, RecursionError):
        raise Refused(400, Text("The body is not JSON in UTF-8.", "请求体不是 UTF-8 编码的 JSON。")) from None
    if not isinstance(data, dict):
        text = Text(
            'The body must be one JSON object with a "query"; several requests are sent one by one.',
            '请求体必须是一个含有 "query" 的 JSON 对象；多个请求请逐个发送。',
        )
        raise Refused(400, text)
    return checked(data)


def _is_utf8(parameter: str) -> bool:
    """Whether a parameter of a media type names UTF-8, or no charset at all."""
    name, _, value = parameter.partition("=")
    return name.strip() != "charset" or value.strip().strip('"') == "utf-8"


async def body(request: Request, max_bytes: int) -> bytes:
    """The whole body. Raises Refused (413) beyond `max_bytes`."""
    text = Text(
        f"The body is larger than {max_bytes} bytes; send it in parts.", f"请求体超过 {max_bytes} 字节；请分批发送。"
    )
    length = request.headers.get("content-length", "")
    if _LENGTH.fullmatch(length) and int(length) > max_bytes:
        raise Refused(413, text)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise Refused(413, text)
        parts.append(part)
    return b"".join(parts)


def _json(text: Any, name: str) -> Any:  # noqa: ANN401 - any JSON
    if text is None or text == "":
        return None
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise Refused(400, Text(f'"{name}" is not JSON.', f'"{name}" 不是 JSON。')) from None


def checked(data: Mapping[str, Any]) -> Asked:
    """What a request's members ask for. Raises Refused for one that is not as it should be."""
    for name, kind, english, chinese in (
        ("query", str, "a string", "字符串"),
        ("documentId", str, "a string", "字符串"),
        ("variables", dict, "a JSON object", "JSON 对象"),
        ("extensions", dict, "a JSON object", "JSON 对象"),
        ("operationName", str, "a string", "字符串"),
    ):
        if data.get(name) is not None and not isinstance(data[name], kind):
            raise Refused(400, Text(f'"{name}" must be {english}.', f'"{name}" 必须是{chinese}。'))
    query, document_id = data.get("query") or None, data.get("documentId") or None
    sha256 = _sha256(data.get("extensions") or {})
    if query is None and document_id is None and sha256 is None:
        text = Text(
            'The request needs a "query", a GraphQL document, or the "documentId" of one.',
            '请求需要 "query"（GraphQL 文档）或文档的 "documentId"。',
        )
        raise Refused(400, text)
    return Asked(query, data.get("variables") or {}, data.get("operationName") or None, document_id, sha256)


def _sha256(extensions: Mapping[str, Any]) -> str | None:
    """The hash of an automatic persisted query, as Apollo's clients send it."""
    given = extensions.get("persistedQuery")
    if given is None:
        return None
    if not isinstance(given, dict) or given.get("version") != 1 or not isinstance(given.get("sha256Hash"), str):
        text = Text(
            "Unsupported persisted query version: send {version: 1, sha256Hash}.",
            "不支持的持久化查询版本：请发送 {version: 1, sha256Hash}。",
        )
        raise Refused(400, text)
    return str(given["sha256Hash"]).lower()
