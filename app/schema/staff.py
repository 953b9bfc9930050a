"""Staff in the schema."""

from datetime import date
from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.models.base import FOREVER
from app.models.staff import Staff as Row
from app.schema.context import Info
from app.schema.describe import absent, field, input_, plain, type_
from app.schema.inputs import StaffRefInput, TeamRefInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.scalars import Moment
from app.schema.team import TEAM, Team
from app.schema.weight import FEW, sized
from app.schema.writing import Upsert
from app.services import staff
from app.services.team import Stay, current, stays


@type_
class StaffTeam:
    """A time in which a member of staff belonged to a team."""

    id: strawberry.ID = plain("Names the time, for clients' caches.")
    from_: date | None = plain("The first day in it; null when it was ever so.", name="from")
    before: date | None = plain("The first day no longer; null while it lasts.")
    stay: strawberry.Private[Stay]

    @field
    async def team(self, info: Info) -> Team | None:
        """Which team."""
        return await TEAM.related(info, self.stay.team_id)

    @classmethod
    def of(cls, staff_id: UUID, stay: Stay) -> Self:
        """The time as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("StaffTeam", staff_id, stay.start)),
            from_=None if stay.start == date.min else stay.start,
            before=None if stay.end == FOREVER else stay.end,
            stay=stay,
        )


@type_
class Staff(Node):
    """A member of the company's staff."""

    external_id: str = plain("Their key in the workspace.")
    name: str = plain("Their name.")
    is_stub: bool = plain("Whether they were only named by a record so far.")
    created_at: Moment = plain("When they were first known.")
    updated_at: Moment = plain("When something about them last changed.")
    version: int = plain("Rises with each change.")
    row_id: strawberry.Private[UUID]

    @field
    async def team(self, info: Info) -> Team | None:
        """The team that they belong to today."""
        return await TEAM.related(info, await info.context.load(current, self.row_id))

    @field
    @sized(FEW)
    async def teams(self, info: Info) -> list[StaffTeam]:
        """The teams that they belong and belonged to, the earliest first."""
        found = await info.context.load(stays, self.row_id)
        return [StaffTeam.of(self.row_id, stay) for stay in found or ()]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            external_id=row.key,
            row_id=row.id,
        )


@input_
class StaffTeamInput:
    """A time in a team. Nobody belongs to two teams on one day."""

    team: TeamRefInput = plain("Which team.")
    from_: date | None = absent("The first day in it; absent when it was ever so.", name="from")
    before: date | None = absent("The first day no longer; absent while it lasts.")


@input_
class StaffUpsertInput:
    """A member of staff; absent keeps, null clears."""

    external_id: str = plain("Their key in the workspace.")
    name: str = plain("Their name.")
    teams: list[StaffTeamInput] | None = absent(
        "Every time in a team; replaces what was known of them, and what they served follows."
    )


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
