"""Staff: who serves customers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.models.staff import Staff
from app.services import keyed
from app.services import page as pages
from app.services.filter import Tree, resolved, where
from app.services.page import Order, Page, Slice
from app.services.row import Outcome, Ref
from app.uow import Scope, Uow, reads, writes


@writes(Scope.STAFF_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any]) -> tuple[Staff, Outcome]:
    """The member of staff after `data`. Raises Invalid."""
    return keyed.upsert(uow, Staff, keyed.KeyedRow, data)


@reads(Scope.STAFF_READ)
def find(uow: Uow, wanted: Ref) -> Staff | None:
    """The member of staff that `wanted` names, if there is one."""
    return keyed.find(uow, Staff, wanted)


@reads(Scope.STAFF_READ)
def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Staff]:
    """The staff `ids`, those that are here."""
    return keyed.by_ids(uow, Staff, ids)


@reads(Scope.STAFF_READ)
def page(uow: Uow, part: Slice, filter_: Tree | None, order: Sequence[Order]) -> Page[Staff]:
    """A part of the list of staff. Raises Invalid."""
    return pages.page(uow, Staff, _where(uow, filter_), order, part)


@reads(Scope.STAFF_READ)
def count(uow: Uow, filter_: Tree | None) -> int:
    """How many staff meet the filter."""
    return pages.count(uow, Staff, _where(uow, filter_))


def _where(uow: Uow, filter_: Tree | None) -> list[ColumnElement[bool]]:
    return [*where(uow, Staff, resolved(filter_, {}))]
