"""Staff: who serves customers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.models.staff import Staff
from app.services import keyed
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
