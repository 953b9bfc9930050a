"""Nodes: everything that has a global id, and how it is found by it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import strawberry

from app import ids
from app.schema.context import Context
from app.schema.describe import interface, plain


@interface
class Node:
    """Anything that has a global id."""

    id: strawberry.ID = plain("Names the object among all objects of every type; opaque.")


Finder = Callable[[Context, list[str]], Awaitable[Any]]
_finders: dict[str, Finder] = {}


def found_by(type_: str, finder: Finder) -> None:
    """Have `finder` answer the ids of `type_`, given their parts."""
    _finders[type_] = finder


def rows_found_by(type_: str, service: Callable[..., Any], node: Callable[[Context, Any], Any]) -> None:
    """Have the rows that `service` gives for row ids answer the ids of `type_`, as `node` shows them."""

    async def find(context: Context, parts: list[str]) -> Any:  # noqa: ANN401 - some node
        try:
            id_ = UUID(parts[0])
        except (ValueError, IndexError):
            return None
        row = await context.load(service, id_)
        return None if row is None else node(context, row)

    found_by(type_, find)


async def find(context: Context, id_: str) -> Any:  # noqa: ANN401 - some node
    """The node of that id in the caller's workspace, or None."""
    decoded = ids.decode(id_)
    if decoded is None or decoded[0] not in _finders:
        return None
    return await _finders[decoded[0]](context, decoded[1])
