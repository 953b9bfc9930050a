"""Teams in the schema."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry

from app.models.team import Team as Row
from app.schema.context import Info
from app.schema.describe import arg, field, input_, plain, type_
from app.schema.inputs import TeamRefInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.page import DEFAULT
from app.schema.scalars import Moment
from app.schema.weight import sized
from app.schema.writing import Upsert
from app.services import team

if TYPE_CHECKING:  # staff refer to teams and teams to staff
    from app.schema.staff import Staff


@type_
class Team(Node):
    """A team of staff."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    created_at: Moment = plain("When it was first known.")
    updated_at: Moment = plain("When it last changed.")
    version: int = plain("Rises with each change.")
    row_id: strawberry.Private[UUID]

    @field
    @sized(DEFAULT)
    async def members(
        self, info: Info, on: Annotated[date | None, arg("On which day; by default today.")] = None
    ) -> list[Annotated["Staff", strawberry.lazy("app.schema.staff")]]:
        """The staff that belong to it, in the order of their keys."""
        from app.schema.staff import STAFF  # noqa: PLC0415 - see TYPE_CHECKING above

        rows = await info.context.gather(team.members, (self.row_id, on))
        info.context.spend(len(rows))
        return [STAFF.shown(info.context, row) for row in rows]

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
class TeamUpsertInput:
    """A team; absent keeps, null clears."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")


TEAM = Noun(
    Team,
    team.LIST,
    one="team",
    many="teams",
    words=("a team", "teams"),
    by=TeamRefInput,
    filters=("external_id", "name", "created_at"),
    orders=("external_id", "name"),
    writes=(Upsert(team.upsert, TeamUpsertInput),),
)
