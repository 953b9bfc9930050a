"""Staff: who serves customers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from app.actor import Scope
from app.models.staff import Staff
from app.services import keyed, team, teamwork
from app.services.listing import Listing
from app.services.row import AS_USUAL, Options, Outcome
from app.uow import Uow, writes

LIST = Listing(Staff, Scope.STAFF_READ, columns={"external_id": "key"})


class StaffRow(keyed.KeyedRow):
    """A member of staff as they come in. `teams`, when given, is the whole of it and replaces what was known."""

    teams: Annotated[list[team.StaffTeamRow], Field(max_length=100)] | None = None


@writes(Scope.STAFF_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[Staff, Outcome]:
    """The member of staff after `data`; what they served follows their teams. Raises Invalid."""
    moved: list[list[team.Stay]] = []

    def beside(row: StaffRow, present: Staff | None) -> Sequence[str]:
        if "teams" not in row.model_fields_set:
            return ()
        wanted = team.told(uow, row.teams or [])
        if wanted == (team.stays(uow, [present.id])[present.id] if present else []):
            return ()
        moved.append(wanted)
        return ("teams",)

    if "teams" in data:
        uow.take_turn()  # what is recorded meanwhile must see one or the other
    found, outcome = keyed.upsert(uow, Staff, StaffRow, data, beside=beside, options=options)
    for wanted in moved:
        team.replace(uow, found.id, wanted)
        teamwork.restate(uow, found.id)
    return found, outcome
