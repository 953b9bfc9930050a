"""Cursors: places in a list by value, sealed, so that nobody can make one up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from hmac import compare_digest
from typing import Any
from uuid import UUID

from orjson import dumps
from sqlalchemy.types import TypeDecorator

from app import ids
from app.errors import Invalid
from app.models.base import Owned
from app.text import Text
from app.uow import Uow


@dataclass(frozen=True, slots=True)
class Order:
    """A column and a way to go through it; the id breaks ties."""

    column: str
    descending: bool = False


def python_type(column: Any) -> type:  # noqa: ANN401 - an instrumented attribute
    """The Python type of what a column holds."""
    # a decorated type knows no Python type, what it decorates does
    kind: Any = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    found: type = kind.python_type
    return found


def _signature(order: Sequence[Order]) -> list[str]:
    return [("-" if item.descending else "+") + item.column for item in order]


def _dump(value: Any) -> str:  # noqa: ANN401 - a column's value
    if value is None:
        return "~"
    if isinstance(value, UUID):
        return "=" + value.hex
    if isinstance(value, StrEnum):
        return "=" + value.value
    return "=" + (value.isoformat() if isinstance(value, datetime | date) else str(value))


def seal(uow: Uow, row: Owned, order: Sequence[Order]) -> str:
    """The cursor of `row`: where it lies in `order`, sealed by the workspace."""
    parts = [*_signature(order), *(_dump(getattr(row, one.column)) for one in order)]
    type_ = f"{type(row).__name__}Cursor"
    return ids.encode(type_, *parts, mark(uow, type_, parts))


def opened(uow: Uow, model: type[Owned], order: Sequence[Order], cursor: str, name: str) -> list[Any]:
    """The values by which `cursor` names a place in `order`. Raises Invalid for one that was not given for it here."""
    found = ids.decode(cursor)
    signature = _signature(order)
    msg = Text(
        "This cursor is not one of this list in this order; take cursors only from the same query.",
        "此游标不属于按此顺序排列的这个列表；请只使用同一查询返回的游标。",
    )
    if found is None or found[0] != f"{model.__name__}Cursor" or len(found[1]) != 2 * len(order) + 1:
        raise Invalid(msg, name)
    type_, (*parts, sealed) = found
    if parts[: len(order)] != signature or not compare_digest(sealed.encode(), mark(uow, type_, parts).encode()):
        raise Invalid(msg, name)
    texts = parts[len(order) :]
    try:
        return [_load(getattr(model, item.column), text) for item, text in zip(order, texts, strict=True)]
    except (ValueError, KeyError):
        raise Invalid(msg, name) from None


def _load(column: Any, text: str) -> Any:  # noqa: ANN401 - an instrumented attribute and its value
    if text == "~":
        return None
    if not text.startswith("="):
        raise ValueError(text)
    kind: Any = python_type(column)
    readers: Mapping[type, Any] = {datetime: datetime.fromisoformat, date: date.fromisoformat}
    value = readers.get(kind, kind)(text[1:])
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(text)
    return value


def mark(uow: Uow, type_: str, parts: Sequence[str]) -> str:
    """What seals a cursor: only this workspace can make it."""
    key = _secrets.get(uow.tenant_id)
    if key is None:
        key = _secrets[uow.tenant_id] = uow.workspace.secret.encode()
    return blake2b(dumps([type_, *parts]), key=key, digest_size=8).hexdigest()


_secrets: dict[UUID, bytes] = {}
"""Of the workspaces that were asked about; a secret never changes."""
