"""Staff in the schema."""

from enum import StrEnum
from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.models.staff import Staff as Row
from app.schema.context import Info
from app.schema.describe import absent, enum, input_, plain, type_
from app.schema.errors import UserError
from app.schema.inputs import StringFilterInput
from app.schema.node import Node, rows_found_by
from app.schema.outcome import Outcome
from app.schema.page import OrderDirection
from app.schema.scalars import Moment
from app.services import staff
from app.services.page import Order


@type_
class Staff(Node):
    """A member of the company's staff."""

    external_id: str = plain("Their key in the workspace.")
    name: str = plain("Their name.")
    is_stub: bool = plain("Whether they were only named by a record so far.")
    created_at: Moment = plain("When they were first known.")
    updated_at: Moment = plain("When something about them last changed.")
    version: int = plain("Rises with each change.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("Staff", row.id)),
            external_id=row.key,
            name=row.name,
            is_stub=row.is_stub,
            created_at=Moment(row.created_at),
            updated_at=Moment(row.updated_at),
            version=row.version,
        )


async def related(info: Info, id_: UUID | None) -> Staff | None:
    """The member of staff that another row refers to."""
    row = await info.context.load(staff.by_ids, id_) if id_ else None
    return Staff.of(row) if row else None


rows_found_by("Staff", staff.by_ids, lambda _context, row: Staff.of(row))


@input_
class StaffUpsertInput:
    """A member of staff; absent keeps, null clears."""

    external_id: str = plain("Their key in the workspace.")
    name: str = plain("Their name.")


@type_
class StaffUpsertPayload:
    """What became of the member of staff."""

    staff: Staff | None = plain("The member of staff as they stand now.")
    outcome: Outcome = plain("What became of them.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was stored then.")


@input_
class StaffFilterInput:
    """Which staff are meant; all conditions must hold."""

    key: StringFilterInput | None = absent("The key.", name="externalId")
    name: StringFilterInput | None = absent("The name.")
    and_: "list[StaffFilterInput] | None" = absent("All of these hold.", name="and")
    or_: "list[StaffFilterInput] | None" = absent("One of these holds.", name="or")
    not_: "StaffFilterInput | None" = absent("This does not hold.", name="not")


class StaffOrderField(StrEnum):
    """What staff can be ordered by."""

    EXTERNAL_ID = "EXTERNAL_ID"


enum(StaffOrderField, {"EXTERNAL_ID": "By their key."})
COLUMNS = {StaffOrderField.EXTERNAL_ID: "key"}
DEFAULT = Order("key")


@input_
class StaffOrderInput:
    """One step of an order."""

    field: StaffOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.ASC)
