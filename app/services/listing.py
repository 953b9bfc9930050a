"""How a noun is read: in pages, counted, by the ids of its rows, and by what a caller calls one of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, inspect
from sqlmodel import select

from app.actor import Actor, Scope
from app.models.base import Owned
from app.reach import borrowed
from app.services import page as pages
from app.services.cursor import Order, python_type
from app.services.filter import Tree, resolved, where
from app.services.page import Page, Slice
from app.services.ref import named
from app.services.row import Ref
from app.uow import Uow, reads

O = TypeVar("O", bound=Owned)  # noqa: E741 - the row type


class Listing(Generic[O]):
    """The reads of one table, each a service function marked `@reads(scope)`.

    `present` is what holds of the rows that there are for a caller; `find` takes the place of finding a row by the
    names that it carries itself. `columns` are those that callers call otherwise, by the names that they use.
    """

    def __init__(
        self,
        model: type[O],
        scope: Scope,
        *,
        present: ColumnElement[bool] | None = None,
        find: Callable[[Uow, Ref], O | None] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        self.model, self.scope, self.columns = model, scope, columns or {}
        self._present = () if present is None else (present,)
        self._find = find
        # functions rather than methods: a mark stands on a function, and a loader is known by its function
        self.page, self.count, self.by_ids, self.find = _page(self), _count(self), _by_ids(self), _found(self)

    @cached_property
    def references(self) -> Mapping[str, str]:
        """The columns that refer to another row, and the type of node that each refers to."""
        mapper = inspect(self.model)
        types = {one.local_table.name: one.class_.__name__ for one in mapper.registry.mappers}
        return {
            column.name: types[key.target_fullname.split(".")[0]]
            for column in mapper.columns
            for key in column.foreign_keys
            if column.name != "tenant_id"
        }

    def type_of(self, column: str) -> type:
        """The Python type of what `column` holds. Raises AttributeError when there is no such column."""
        return python_type(getattr(self.model, column))

    @cached_property
    def personal(self) -> frozenset[str]:
        """The columns that hold personal data."""
        return frozenset(column.name for column in inspect(self.model).columns if column.info.get("personal"))

    def seen(self, row: O, actor: Actor) -> "O | Masked":
        """`row` as the actor may see it: without personal data, and what it tells of rows that they may not see."""
        hidden = frozenset() if Scope.PERSONAL_READ in actor.scopes else self.personal
        hidden |= {name for name in borrowed(actor.rows, self.model) if inspect(self.model).columns[name].nullable}
        return Masked(row, hidden) if hidden else row

    def where(self, uow: Uow, filter_: Tree | None) -> list[ColumnElement[bool]]:
        """The conditions under which a row is meant. Raises Invalid or Forbidden."""
        names = {column: name for name, column in self.columns.items()}
        return [*where(uow, self.model, resolved(filter_, self.references), names), *self._present]

    def among(self, uow: Uow, ids: Sequence[UUID], filter_: Tree | None = None) -> dict[UUID, O]:
        """Those of the rows `ids` that are here and meet the filter. Raises Invalid or Forbidden for that."""
        statement = select(self.model).where(uow.db.is_any(self.model.id, list(ids)), *self.where(uow, filter_))
        return {row.id: row for row in uow.session.scalars(statement)}

    def named(self, uow: Uow, wanted: Ref) -> O | None:
        """The row that `wanted` names, if there is one."""
        if self._find is not None:
            return self._find(uow, wanted)
        return uow.session.scalars(select(self.model).where(named(uow, self.model, wanted), *self._present)).first()


class Masked:
    """A row some columns of which read as empty, whoever asks for them."""

    __slots__ = ("_hidden", "_row")

    def __init__(self, row: Owned, hidden: frozenset[str]) -> None:
        self._row, self._hidden = row, hidden

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a column's value
        return None if name in self._hidden else getattr(self._row, name)


def _page(listing: Listing[O]) -> Callable[[Uow, Slice, Tree | None, Sequence[Order]], Page[O]]:
    @reads(listing.scope)
    def page(uow: Uow, part: Slice, filter_: Tree | None, order: Sequence[Order]) -> Page[O]:
        """A part of the list. Raises Invalid."""
        return pages.page(uow, listing.model, listing.where(uow, filter_), order, part)

    return page


def _count(listing: Listing[O]) -> Callable[[Uow, Tree | None], int]:
    @reads(listing.scope)
    def count(uow: Uow, filter_: Tree | None) -> int:
        """How many rows meet the filter."""
        return pages.count(uow, listing.model, listing.where(uow, filter_))

    return count


def _by_ids(listing: Listing[O]) -> Callable[[Uow, Sequence[UUID]], dict[UUID, O]]:
    @reads(listing.scope)
    def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, O]:
        """The rows `ids`, those that are here."""
        return listing.among(uow, ids)

    return by_ids


def _found(listing: Listing[O]) -> Callable[[Uow, Ref], O | None]:
    @reads(listing.scope)
    def find(uow: Uow, wanted: Ref) -> O | None:
        """The row that `wanted` names, if there is one."""
        return listing.named(uow, wanted)

    return find
