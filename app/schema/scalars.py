"""Scalars: how dates, instants, decimals and JSON travel, and how a wrong one rejects its row, not the request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLEnumType, GraphQLError, GraphQLScalarType, GraphQLSchema, Undefined
from strawberry.schema.config import StrawberryConfig

from app.errors import Invalid
from app.schema import messages
from app.services import scalar
from app.services.row import Wrong
from app.text import Text

CurrencyCode = NewType("CurrencyCode", str)
Json = NewType("Json", object)
Moment = NewType("Moment", datetime)
"""An instant; where it is an input it may be a bare date, which services resolve in the workspace's zone."""

_lenient: ContextVar[bool] = ContextVar("lenient", default=False)


class Unreadable(GraphQLError):
    """A value that cannot be read as its scalar; `text` says why and how to write it."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def said(error: Exception) -> Text:
    """What `error`, raised while a value was read, tells the caller."""
    if isinstance(error, Unreadable):
        return error.text
    return messages.said(str(getattr(error, "message", error)))


@contextmanager
def lenient(*, on: bool) -> Iterator[None]:
    """While inside, a scalar or enum value that cannot be read becomes a marker, which rejects its row."""
    token = _lenient.set(on)
    try:
        yield
    finally:
        _lenient.reset(token)


def _reading(read: Callable[[object], Any]) -> Callable[[object], Any]:
    """`read`, which tells GraphQL what it cannot read."""

    def parse(value: object) -> Any:  # noqa: ANN401 - the scalar's own type
        try:
            return read(value)
        except Invalid as error:
            raise Unreadable(error.text) from None

    return parse


def _write_moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_RFC3339 = "https://scalars.graphql.org/andimarek/date-time.html"
_CONFIG = StrawberryConfig(
    disable_field_suggestions=True,
    scalar_map={
        date: strawberry.scalar(
            name="Date",
            description="A day of the calendar, as 2026-01-31.",
            specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
            serialize=date.isoformat,
            parse_value=_reading(scalar.day),
        ),
        Moment: strawberry.scalar(
            name="DateTime",
            description="An instant with its offset, as 2026-01-31T09:30:00+01:00. As an input a bare date is the "
            "start of that day in the workspace's time zone.",
            specified_by_url=_RFC3339,
            serialize=_write_moment,
            parse_value=_reading(scalar.instant),
        ),
        Decimal: strawberry.scalar(
            name="Decimal",
            description='An exact decimal number, as a string such as "19.90".',
            specified_by_url="https://scalars.graphql.org/chillicream/decimal.html",
            serialize=str,
            parse_value=_reading(scalar.decimal),
        ),
        CurrencyCode: strawberry.scalar(
            name="CurrencyCode",
            description="A currency by its ISO 4217 code.",
            specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
            serialize=str,
            parse_value=_reading(scalar.currency),
        ),
        Json: strawberry.scalar(
            name="JSON",
            description="Any JSON value.",
            specified_by_url="https://ecma-international.org/publications-and-standards/standards/ecma-404/",
            serialize=lambda value: value,
            parse_value=lambda value: value,
        ),
    },
)


def config() -> StrawberryConfig:
    """The schema's configuration with our scalars."""
    return _CONFIG


def soften(schema: GraphQLSchema) -> None:
    """Let every scalar and enum of `schema` answer a wrong value with a marker while `lenient`."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLScalarType | GraphQLEnumType) or kind.name.startswith("__"):
            continue
        if getattr(kind, "is_softened", False):  # the built-in scalars are shared between schemas
            continue
        for name in ("parse_value", "parse_literal", "coerce_input_value", "coerce_input_literal"):
            if (read := getattr(kind, name, None)) is not None:
                setattr(kind, name, _softened(read))
        kind.is_softened = True  # type: ignore[union-attr]  # a mark of ours


def _softened(parse: Callable[..., Any]) -> Callable[..., Any]:
    def read(*given: Any) -> Any:  # noqa: ANN401 - any input value
        try:
            found = parse(*given)
        except Exception as error:
            if not _lenient.get():
                raise
            return Wrong(said(error))
        if isinstance(found, str) and "\0" in found:
            msg = Text("The text holds a NUL character, which text cannot have.", "文本中不允许出现 NUL 字符。")
            if not _lenient.get():
                raise Unreadable(msg)
            return Wrong(msg)
        if found is Undefined and _lenient.get():
            return Wrong(Text("The value cannot be read.", "无法读取此值。"))
        return found

    return read
