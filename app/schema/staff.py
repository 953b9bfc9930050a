"""Staff in the schema."""

from typing import Self

import strawberry

from app import ids
from app.models.staff import Staff as Row
from app.schema.describe import input_, plain, type_
from app.schema.inputs import StaffRefInput
from app.schema.node import Node
from app.schema.noun import Noun
from app.schema.scalars import Moment
from app.schema.writing import Upsert
from app.services import staff


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


@input_
class StaffUpsertInput:
    """A member of staff; absent keeps, null clears."""

    external_id: str = plain("Their key in the workspace.")
    name: str = plain("Their name.")


STAFF = Noun(
    Staff,
    staff.LIST,
    one="staff_member",
    many="staff",
    words=("a member of staff", "staff"),
    by=StaffRefInput,
    filters=("external_id", "name", "is_stub", "created_at"),
    orders=("external_id", "name"),
    writes=(Upsert(staff.upsert, StaffUpsertInput),),
)
