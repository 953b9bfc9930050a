"""Staff: who serves customers."""

from collections.abc import Mapping
from typing import Any

from app.models.staff import Staff
from app.services import keyed
from app.services.listing import Listing
from app.services.row import Outcome
from app.uow import Scope, Uow, writes

LIST = Listing(Staff, Scope.STAFF_READ, columns={"external_id": "key"})


@writes(Scope.STAFF_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any]) -> tuple[Staff, Outcome]:
    """The member of staff after `data`. Raises Invalid."""
    return keyed.upsert(uow, Staff, keyed.KeyedRow, data)
