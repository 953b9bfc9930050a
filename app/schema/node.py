"""Nodes: everything that has a global id, and how it is found by it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from app import ids
from app.schema.context import Context
from app.schema.describe import interface, plain


@interface
class Node:
    """Anything that has a global id."""

    id: strawberry.ID = plain("Names the object among all objects of every type; opaque.")


N = TypeVar("N")


def node_of(type_: type[N], row: Any, **own: Any) -> N:  # noqa: ANN401 - any row and whatever its fields hold
    """`row` as a node of `type_`: each of its fields is the column of that name, but for those in `own`."""
    made: Any = type_
    given = {name: row if name == "row" else getattr(row, name) for name in _fields(made) if name not in own}
    node: N = made(id=strawberry.ID(ids.encode(type_.__name__, row.id)), **given, **own)
    return node


@cache
def _fields(type_: Any) -> Sequence[str]:  # noqa: ANN401 - a type
    return [field.name for field in fields(type_) if field.init and field.name != "id"]


LONGEST = 20_000
"""Characters of an id that is looked up: one of a figure names the values that it is narrowed to."""

Finder = Callable[[Context, list[str]], Awaitable[Any]]
_finders: dict[str, Finder] = {}


def found_by(type_: str, finder: Finder) -> None:
    """Have `finder` answer the ids of `type_`, given their parts."""
    _finders[type_] = finder


def rows_found_by(type_: str, service: Callable[..., Any], node: Callable[[Context, Any], Any]) -> None:
    """Have the rows that `service` gives for row ids answer the ids of `type_`, as `node` shows them."""

    async def find(context: Context, parts: list[str]) -> Any:  # noqa: ANN401 - some node
        id_ = row_id(parts)
        row = None if id_ is None else await context.load(service, id_)
        return None if row is None else node(context, row)

    found_by(type_, find)


def row_id(parts: list[str]) -> UUID | None:
    """The row that the parts of an id name, if they do."""
    try:
        return UUID(parts[0])
    except (ValueError, IndexError):
        return None


async def find(context: Context, id_: str, nouns: Mapping[str, Finder]) -> Any:  # noqa: ANN401 - some node
    """The node of that id in the caller's workspace, or None; `nouns` are the finders of the schema's nouns."""
    decoded = ids.decode(id_) if len(id_) <= LONGEST else None
    finder = None if decoded is None else nouns.get(decoded[0]) or _finders.get(decoded[0])
    return None if decoded is None or finder is None else await finder(context, decoded[1])
