"""Pages of a list: keyset pagination over any order, in both directions, stable while rows arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from app.actor import Scope
from app.errors import Forbidden
from app.models.base import Owned
from app.reach import beyond, borrowed
from app.services.cursor import Order, opened, seal
from app.text import Text
from app.uow import Uow

O = TypeVar("O", bound=Owned)  # noqa: E741 - the row type


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list is wanted."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[O]):
    """A part of a list, in order, with a cursor for each row."""

    rows: list[O]
    cursors: list[str]
    has_next: bool
    has_previous: bool


def page(
    uow: Uow, model: type[O], where: Sequence[ColumnElement[bool]], order: Sequence[Order], part: Slice
) -> Page[O]:
    """The wanted part of the rows of `model` that meet `where`. Raises Invalid for a cursor of another list."""
    _check_visible(uow, model, order)
    decisive = {one.column: one for one in reversed(order) if one.column != "id"}  # the first of each column decides
    order = [*reversed(decisive.values()), Order("id", order[-1].descending if order else False)]
    backwards = part.first is None and part.last is not None
    size = part.last if backwards else part.first
    assert size is not None  # noqa: S101 - the edge sets the default
    conditions = list(where)
    for cursor, after in ((part.after, True), (part.before, False)):
        if cursor is not None:
            conditions.append(
                _beyond(model, order, opened(uow, model, order, cursor, "after" if after else "before"), after=after)
            )
    statement = select(model).where(*conditions).limit(size + 1)
    for item in order:
        column: Any = getattr(model, item.column)
        down = item.descending != backwards
        statement = statement.order_by(*_nulls(column, descending=down))
    rows = list(uow.session.scalars(statement))
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    cursors = [seal(uow, row, order) for row in rows]
    has_next = part.before is not None if backwards else more
    has_previous = more if backwards else part.after is not None
    return Page(rows, cursors, has_next, has_previous)


def _check_visible(uow: Uow, model: type[Owned], order: Sequence[Order]) -> None:
    """Refuse an order by what the caller may not see. Raises Forbidden."""
    table: Any = model
    if not uow.may(Scope.PERSONAL_READ) and (
        hidden := sorted(o.column for o in order if table.__table__.columns[o.column].info.get("personal"))
    ):
        # the order would tell what the column holds, and a cursor would quote it
        msg = Text(
            f"Ordering by {', '.join(hidden)} needs the scope {Scope.PERSONAL_READ.value}.",
            f"按 {', '.join(hidden)} 排序需要权限范围 {Scope.PERSONAL_READ.value}。",
        )
        raise Forbidden(msg)
    if borrowed(uow.actor.rows, model) & {one.column for one in order}:
        raise beyond()


def count(uow: Uow, model: type[Owned], where: Sequence[ColumnElement[bool]]) -> int:
    """How many rows of `model` meet `where`."""
    return uow.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def _nulls(column: ColumnElement[Any], *, descending: bool) -> tuple[ColumnElement[Any], ...]:
    # empty values come last going up and first going down on both databases
    if not _may_be_null(column):
        return (column.desc() if descending else column.asc(),)
    empty = column.is_(None)
    return (empty.desc() if descending else empty.asc(), column.desc() if descending else column.asc())


def _may_be_null(column: Any) -> bool:  # noqa: ANN401 - an instrumented attribute
    return bool(column.property.columns[0].nullable)


def _beyond(model: type[Owned], order: Sequence[Order], values: Sequence[Any], *, after: bool) -> ColumnElement[bool]:
    """Rows strictly after (or before) the one with `values` in the order."""
    steps: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for item, value in zip(order, values, strict=True):
        column: Any = getattr(model, item.column)
        steps.append(and_(*equal, _step(column, value, up=after != item.descending)))
        equal.append(column.is_(None) if value is None else column == value)
    first: Any = getattr(model, order[0].column)
    column, value, up = first, values[0], after != order[0].descending
    if value is None or (up and _may_be_null(column)):
        return or_(*steps)
    # says nothing new, but as a plain bound: no database finds its place in an index by the steps alone
    return and_(column >= value if up else column <= value, or_(*steps))


def _step(column: ColumnElement[Any], value: Any, *, up: bool) -> ColumnElement[bool]:  # noqa: ANN401 - a column's value
    if value is None:
        return false() if up else column.is_not(None)
    beyond = column > value if up else column < value
    return or_(beyond, column.is_(None)) if up and _may_be_null(column) else beyond
