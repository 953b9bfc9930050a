"""Pages of a list: keyset pagination over any order, in both directions, stable while rows arrive."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

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
    """The wanted part of the rows of `model` that meet `where`. Raises Invalid for a cursor of another list.

    Whichever way a column is gone through, rows that have nothing in it come last.
    """
    _check_visible(uow, model, order)
    decisive = {one.column: one for one in reversed(order) if one.column != "id"}  # the first of each column decides
    order = [*reversed(decisive.values()), Order("id", order[-1].descending if order else False)]
    backwards = part.first is None and part.last is not None
    size = part.last if backwards else part.first
    assert size is not None  # noqa: S101 - the edge sets the default
    cursors = {"after": part.after, "before": part.before}
    places = {name: opened(uow, model, order, one, name) for name, one in cursors.items() if one is not None}
    rows: list[O] = []
    for half in _halves(model, order, places, backwards=backwards):
        if len(rows) <= size:
            some = select(model).where(*where, *_within(uow, model, order, places, half))
            some = some.order_by(*_directions(uow, model, order, half, backwards=backwards))
            rows += uow.session.scalars(some.limit(size + 1 - len(rows)))
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    sealed = [seal(uow, row, order) for row in rows]
    has_next = part.before is not None if backwards else more
    has_previous = more if backwards else part.after is not None
    return Page(rows, sealed, has_next, has_previous)


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


def _may_be_null(column: Any) -> bool:  # noqa: ANN401 - an instrumented attribute
    return bool(column.property.columns[0].nullable)


Half = bool | None
"""Rows that have something in the first column of the order (False), those that have nothing (True), or all (None)."""


def _halves(
    model: type[Owned], order: Sequence[Order], places: Mapping[str, Sequence[Any]], *, backwards: bool
) -> list[Half]:
    """What is read one after the other: going down, an index has the empty first, and they come last."""
    if not order[0].descending or not _may_be_null(getattr(model, order[0].column)):
        return [None]
    after, before = places.get("after"), places.get("before")
    halves: list[Half] = [] if after is not None and after[0] is None else [False]
    if before is None or before[0] is None:
        halves.append(True)
    return halves[::-1] if backwards else halves


def _within(
    uow: Uow, model: type[Owned], order: Sequence[Order], places: Mapping[str, Sequence[Any]], half: Half
) -> Iterator[ColumnElement[bool]]:
    """What holds of the rows of a half that lie between the places."""
    column: Any = getattr(model, order[0].column)
    if half is not None:
        flag, value = column.is_(None), true() if half else false()
        # said as their index has it; PostgreSQL would fold an equation away, and then not know it again
        yield flag == value if uow.db.is_sqlite else flag.between(value, value)
    if half:
        yield column.is_(None)
    for name, values in places.items():
        if not half:
            yield _beyond(model, order, values, after=name == "after", half=half)
        elif values[0] is None:
            yield _beyond(model, order[1:], values[1:], after=name == "after")


def _directions(
    uow: Uow, model: type[Owned], order: Sequence[Order], half: Half, *, backwards: bool
) -> Iterator[ColumnElement[Any]]:
    for item in order:
        column: Any = getattr(model, item.column)
        down, is_halved = item.descending != backwards, item is order[0] and half is not None
        # in a half it says nothing, but PostgreSQL knows by it which index to walk, and which way
        if _may_be_null(column) and not (is_halved and uow.db.is_sqlite):
            flag = column.is_(None)
            yield flag.desc() if (down if is_halved else backwards) else flag.asc()
        yield column.desc() if down else column.asc()


def _beyond(
    model: type[Owned], order: Sequence[Order], values: Sequence[Any], *, after: bool, half: Half = None
) -> ColumnElement[bool]:
    """Rows strictly after (or before) the one with `values` in the order."""
    steps: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for item, value in zip(order, values, strict=True):
        column: Any = getattr(model, item.column)
        steps.append(and_(*equal, _step(column, value, up=after != item.descending, after=after)))
        equal.append(column.is_(None) if value is None else column == value)
    first: Any = getattr(model, order[0].column)
    column, value, up = first, values[0], after != order[0].descending
    if value is None or (after and half is None and _may_be_null(column)):
        return or_(*steps)
    # says nothing new, but as a plain bound: no database finds its place in an index by the steps alone
    return and_(column >= value if up else column <= value, or_(*steps))


def _step(column: ColumnElement[Any], value: Any, *, up: bool, after: bool) -> ColumnElement[bool]:  # noqa: ANN401 - a column's value
    if value is None:
        return false() if after else column.is_not(None)
    beyond = column > value if up else column < value
    return or_(beyond, column.is_(None)) if after and _may_be_null(column) else beyond
