"""Pages of what is of no workspace and lies at the gate: the newest first, by ids that sort by when they were made."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func
from sqlmodel import col, select

from app import ids
from app.errors import Invalid
from app.services.page import Page, Slice
from app.text import Text


def page(gate: Connection, statement: Select[Any], id_: UUID, part: Slice) -> Page[Any]:
    """The wanted part of what `statement` selects. Raises Invalid for a cursor of another list."""
    column = col(id_)
    for cursor, name in ((part.after, "after"), (part.before, "before")):
        if cursor is not None:
            place = _opened(cursor, name)
            statement = statement.where(column < place if name == "after" else column > place)
    backwards = part.first is None and part.last is not None
    size = part.last if backwards else part.first
    assert size is not None  # noqa: S101 - the edge sets the default
    rows = list(gate.execute(statement.order_by(column.asc() if backwards else column.desc()).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_next = part.before is not None if backwards else more
    has_previous = more if backwards else part.after is not None
    return Page(rows, [ids.encode("Place", row.id) for row in rows], has_next, has_previous)


def count(gate: Connection, statement: Select[Any]) -> int:
    """How many `statement` selects."""
    return gate.execute(select(func.count()).select_from(statement.subquery())).scalar_one()


def _opened(cursor: str, name: str) -> UUID:
    place = ids.decode_uuid(cursor, "Place")
    if place is None:
        msg = Text(
            "This cursor is not one of this list; take cursors only from the same query.",
            "此游标不属于这个列表；请只使用同一查询返回的游标。",
        )
        raise Invalid(msg, name)
    return place
