"""Connections: Relay's pages with `nodes`, and a total that is counted only when it is asked for."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from app.errors import Invalid
from app.schema.context import Info
from app.schema.describe import arg, enum, field, plain, type_
from app.services.cursor import Order
from app.services.page import Page, Slice
from app.text import Text

T = TypeVar("T")
DEFAULT = 20
_MOST = "at most 100, unless the server is set otherwise"


class OrderDirection(StrEnum):
    """Which way a list is ordered; what has no value comes last either way."""

    ASC = "ASC"
    DESC = "DESC"


enum(OrderDirection, {"ASC": "The smallest or earliest first.", "DESC": "The greatest or latest first."})

First = Annotated[
    int | None, arg(f"How many from the beginning; {DEFAULT} when neither first nor last is given; {_MOST}.")
]
After = Annotated[str | None, arg("Only what comes after this cursor.")]
Last = Annotated[int | None, arg(f"How many from the end; {_MOST}.")]
Before = Annotated[str | None, arg("Only what comes before this cursor.")]


@type_
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = plain("Whether there is more after this page.")
    has_previous_page: bool = plain("Whether there is more before this page.")
    start_cursor: str | None = plain("The cursor of the first row.")
    end_cursor: str | None = plain("The cursor of the last row.")


@type_
class Edge(Generic[T]):
    """A row of a list and its place."""

    node: T = plain("The row.")
    cursor: str = plain("Its place, for `after` and `before`.")


@type_
class Connection(Generic[T]):
    """A page of a list."""

    nodes: list[T] = plain("The rows.")
    edges: list[Edge[T]] = plain("The rows with their cursors.")
    page_info: PageInfo = plain("Where the page lies in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @field
    async def total_count(self) -> int:
        """How many rows the whole list has; counted only when asked for."""
        return await self.count()


def part(first: int | None, after: str | None, last: int | None, before: str | None, most: int) -> Slice:
    """The arguments as a slice. Raises Invalid for a size that is not possible, or more than `most`."""
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= most:
            text = Text(
                f"{name} must be between 0 and {most}; ask for what follows with after or before.",
                f"{name} 必须在 0 与 {most} 之间；后续内容请用 after 或 before 查询。",
            )
            raise Invalid(text, name)
    if first is not None and last is not None:
        msg = Text("Give first or last, not both.", "first 与 last 只能提供一个。")
        raise Invalid(msg, "last")
    if first is None and last is None:
        first = min(DEFAULT, most)
    return Slice(first, after, last, before)


def connection(page: Page[Any], node: Callable[[Any], T], count: Callable[[], Awaitable[int]]) -> Connection[T]:
    """The page as the schema shows it."""
    nodes = [node(row) for row in page.rows]
    edges = [Edge(node=one, cursor=cursor) for one, cursor in zip(nodes, page.cursors, strict=True)]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
    )
    return Connection(nodes=nodes, edges=edges, page_info=info, count=count)


async def listed(  # noqa: PLR0913 - what a list depends on
    info: Info,
    service: Callable[..., Page[Any]],
    counter: Callable[..., int],
    node: Callable[[Any], T],
    arguments: Slice,
    filter_: Any,  # noqa: ANN401 - the noun's own filter input, as a tree
    order: Sequence[Order],
) -> Connection[T]:
    """The connection over a noun's list service."""
    page = await info.context.run(service, arguments, filter_, order)
    return connection(page, node, lambda: info.context.run(counter, filter_))
