"""Errors at the edge: what callers can mend, what they may not do, and our faults, masked and logged under an id."""

import traceback
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import strawberry
import structlog
from graphql import GraphQLError

from app.errors import (
    AppError,
    Code,
    Conflict,
    Forbidden,
    Invalid,
    Limited,
    NotFound,
    Problem,
    TimedOut,
    Unauthenticated,
    Unavailable,
)
from app.schema.context import Info
from app.schema.describe import enum, field, plain, type_
from app.schema.messages import said
from app.text import Text

_log = structlog.get_logger()

_CODES: dict[type[Exception], str] = {
    Invalid: "BAD_USER_INPUT",
    NotFound: "NOT_FOUND",
    Conflict: "CONFLICT",
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN",
    Limited: "QUERY_TOO_COMPLEX",
    TimedOut: "TIMEOUT",
    Unavailable: "SERVICE_UNAVAILABLE",
}

enum(
    Code,
    {
        "INVALID": "The value cannot be read or is not possible here.",
        "REQUIRED": "The value is needed and missing or empty.",
        "OUT_OF_RANGE": "The value lies outside what is possible.",
        "TOO_LONG": "The text is too long.",
        "TOO_MANY": "There are more entries than are taken at once.",
        "NOT_FOUND": "What the input names does not exist.",
        "CONFLICT": "The input contradicts what is stored.",
        "ALREADY_EXISTS": "There is a record of this id, and the mode changes none.",
        "IDEMPOTENCY_MISMATCH": "The idempotency key was used for something else.",
    },
    name="UserErrorCode",
)


@type_
class UserError:
    """Something in the input that the caller can mend."""

    code: Code = plain("What kind of problem it is.")
    path: list[str] | None = plain("Where in the input it is, as names and places in lists.")
    text: strawberry.Private[Text]

    @field
    def message(self, info: Info) -> str:
        """What is wrong and how to mend it, for people, in their language."""
        return self.text.in_(info.context.locale)


def mend(description: str) -> Any:  # noqa: ANN401 - strawberry types it so
    """The field of a payload that says what to mend: nothing, unless it is refused."""
    return plain(description, default_factory=list)


def user_errors(problems: Iterable[Problem], *prefix: str) -> list[UserError]:
    """The problems as the schema shows them; `prefix` is where in the input their paths begin."""
    return [UserError(code=p.code, text=p.message, path=[*prefix, *p.path] or None) for p in problems]


def presented(error: GraphQLError, locale: str, request_id: str | None = None) -> GraphQLError:
    """The error as the caller sees it: with a code, in their language, and nothing of ours told."""
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    if original is None or isinstance(original, GraphQLError):
        text = _text(original or error, error.message)
        extensions: dict[str, object] = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
        return GraphQLError(
            text.in_(locale), error.nodes, error.source, error.positions, path=error.path, extensions=extensions
        )
    if isinstance(original, AppError):
        extensions = {"code": _CODES[type(original)]}
        if isinstance(original, Invalid):
            extensions["userErrors"] = [
                {"code": p.code.value, "message": p.message.in_(locale), "path": list(p.path)}
                for p in original.problems
            ]
        if isinstance(original, Unavailable):
            extensions["retryable"] = True
        return GraphQLError(original.text.in_(locale), error.nodes, path=error.path, extensions=extensions)
    message, extensions = fault(original, request_id)
    return GraphQLError(message.in_(locale), error.nodes, path=error.path, extensions=extensions)


def _text(error: GraphQLError, message: str) -> Text:
    """What `message` says, in both languages; `error`, from which it was made, may know its own words."""
    own: Text | None = getattr(error, "text", None)
    if own is None:
        return said(message)
    return Text(message, said(message).zh.replace(own.en, own.zh))  # where it is, and what is wrong there


def fault(error: BaseException, request_id: str | None = None) -> tuple[Text, dict[str, object]]:
    """The message and extensions of a fault of ours: nothing but an id, under which the log has the rest.

    The log gets types and places, never the message: it could quote personal data.
    """
    error_id = uuid4().hex
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("fault", error_id=error_id, request_id=request_id, error=type(error).__name__, frames=frames[-12:])
    message = Text(
        f"Something went wrong on our side. Quote {error_id} when you report it.",
        f"我们这边出了错。报告问题时请提供编号 {error_id}。",
    )
    return message, {"code": "INTERNAL_SERVER_ERROR", "errorId": error_id}
