"""Teams, and who belonged to which when: a member of staff belongs to one team at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.base import FOREVER, Owned
from app.models.contract import Contract
from app.models.feedback import Feedback
from app.models.interaction import Interaction, Turn
from app.models.lead import Lead
from app.models.order import Order
from app.models.staff import Staff
from app.models.team import Membership, Team
from app.services import keyed, ref
from app.services.listing import Listing
from app.services.row import AS_USUAL, Day, Options, Outcome, Ref, Row
from app.text import Text
from app.uow import Uow, reads, writes

LIST = Listing(Team, Scope.STAFF_READ, columns={"external_id": "key"})


class Service(NamedTuple):
    """Where rows say who served, and to which team they belonged on which day of the row."""

    model: type[Owned]
    staff: Any
    team: Any
    day: Any


SERVED = [
    Service(Feedback, Feedback.staff_id, Feedback.team_id, Feedback.day),
    Service(Order, Order.staff_id, Order.team_id, Order.day),
    Service(Interaction, Interaction.staff_id, Interaction.team_id, Interaction.day),
    Service(Interaction, Interaction.responder_id, Interaction.responder_team_id, Interaction.judged_on),
    Service(Interaction, Interaction.resolver_id, Interaction.resolver_team_id, Interaction.resolved_on),
    Service(Lead, Lead.staff_id, Lead.team_id, Lead.day),
    Service(Turn, Turn.staff_id, Turn.team_id, Turn.day),
    Service(Contract, Contract.staff_id, Contract.team_id, Contract.day),
]
"""Whose teams follow the memberships of staff when these change."""


class Stay(NamedTuple):
    """A time in a team: from the first day in it to the first day no longer."""

    start: date
    end: date
    team_id: UUID


class StaffTeamRow(Row):
    """A time in a team as it comes in; without an end it lasts, without a beginning it was ever so."""

    team: Ref
    from_: Day | None = None
    before: Day | None = None


@writes(Scope.STAFF_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[Team, Outcome]:
    """The team after `data`. Raises Invalid."""
    return keyed.upsert(uow, Team, keyed.KeyedRow, data, options=options)


def teams(uow: Uow, pairs: Iterable[tuple[UUID | None, date]]) -> Callable[[UUID | None, date], UUID | None]:
    """What tells to which team a member of staff belonged on a day, for each of `pairs`; read in one statement."""
    wanted = [(staff_id, day) for staff_id, day in pairs if isinstance(staff_id, UUID)]
    known: dict[UUID, list[Stay]] = defaultdict(list)
    if wanted:
        days = [day for _, day in wanted]
        statement = select(Membership).where(
            uow.db.is_any(Membership.staff_id, sorted({staff_id for staff_id, _ in wanted})),
            col(Membership.starts_on) <= max(days),
            col(Membership.ends_on) > min(days),
        )
        for row in uow.session.scalars(statement):
            known[row.staff_id].append(Stay(row.starts_on, row.ends_on, row.team_id))

    def team_of(staff_id: UUID | None, day: date) -> UUID | None:
        times = () if staff_id is None else known.get(staff_id, ())
        return next((one.team_id for one in times if one.start <= day < one.end), None)

    return team_of


@reads(Scope.STAFF_READ)
def stays(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[Stay]]:
    """The times in teams of each of the members of staff `ids`, in order."""
    statement = (
        select(Membership)
        .where(uow.db.is_any(Membership.staff_id, list(ids)))
        .order_by(col(Membership.staff_id), col(Membership.starts_on))
    )
    found: dict[UUID, list[Stay]] = {id_: [] for id_ in ids}
    for row in uow.session.scalars(statement):
        found[row.staff_id].append(Stay(row.starts_on, row.ends_on, row.team_id))
    return found


@reads(Scope.STAFF_READ)
def current(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The team to which each of the members of staff `ids` belongs today, of those who belong to one."""
    team_of = teams(uow, [(id_, uow.today) for id_ in ids])
    return {id_: team_id for id_ in ids if (team_id := team_of(id_, uow.today)) is not None}


@reads(Scope.STAFF_READ)
def members(uow: Uow, wanted: Sequence[tuple[UUID, date | None]]) -> list[list[Staff]]:
    """Who belonged to each team on its day (None: today), by key."""
    last = FOREVER - timedelta(days=1)  # of an end on the very last day nobody would be left
    asked = [(team_id, min(day or uow.today, last)) for team_id, day in wanted]
    days = [day for _, day in asked]
    statement = select(Membership).where(
        uow.db.is_any(Membership.team_id, sorted({team_id for team_id, _ in asked})),
        col(Membership.starts_on) <= max(days),
        col(Membership.ends_on) > min(days),
    )
    rows = list(uow.session.scalars(statement))
    people = select(Staff).where(uow.db.is_any(Staff.id, sorted({row.staff_id for row in rows})))
    staff = {one.id: one for one in uow.session.scalars(people)} if rows else {}
    found = []
    for team_id, day in asked:
        ids = {row.staff_id for row in rows if row.team_id == team_id and row.starts_on <= day < row.ends_on}
        found.append(sorted((staff[id_] for id_ in ids), key=lambda one: one.key))
    return found


def told(uow: Uow, rows: Sequence[StaffTeamRow]) -> list[Stay]:
    """The times in teams that `rows` give, in order. Raises Invalid with the path of each that cannot be."""
    found = ref.keyed(uow, Team, {row.team for row in rows})
    given: list[Stay] = []
    problems: list[Problem] = []
    for place, row in enumerate(rows):
        try:
            stay = _stay(row, found)
            _refuse_overlap(stay, given)
        except Invalid as error:
            problems += [one.under("teams", str(place)) for one in error.problems]
            continue
        given.append(stay)
    if problems:
        raise Invalid(problems)
    return sorted(given)


def _stay(row: StaffTeamRow, found: ref.Found) -> Stay:
    """The time in a team that `row` gives. Raises Invalid."""
    if row.from_ is not None and row.before is not None and row.before <= row.from_:
        msg = Text(
            f"before ({row.before}) is the first day no longer and must be later than from ({row.from_}).",
            f"before（{row.before}）是不再属于该团队的第一天，必须晚于 from（{row.from_}）。",
        )
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    team_id = ref.require(found, row.team, "team", "team")
    assert isinstance(team_id, UUID)  # noqa: S101 - require() made sure
    return Stay(row.from_ or date.min, row.before or FOREVER, team_id)


def _refuse_overlap(stay: Stay, given: Iterable[Stay]) -> None:
    """Refuse to be in two teams on one day. Raises Invalid."""
    other = next((one for one in given if one.start < stay.end and stay.start < one.end), None)
    if other is None:
        return
    start = None if other.start == date.min else other.start
    end = None if other.end == FOREVER else other.end
    days = f"from {start or 'null'}, before {end or 'null'}"
    msg = Text(
        f"It overlaps another time in a team ({days}); nobody belongs to two teams on one day.",
        f"与另一段团队归属（{days}）重叠；同一天不能属于两个团队。",
    )
    raise Invalid(msg, code=Code.CONFLICT)


def replace(uow: Uow, staff_id: UUID, now: Iterable[Stay]) -> None:
    """Make `now` the times in teams of a member of staff; facts are left as they are."""
    uow.session.execute(delete(Membership).where(col(Membership.staff_id) == staff_id))
    rows = [
        {
            "id": uuid7(),
            "tenant_id": uow.tenant_id,
            "staff_id": staff_id,
            "team_id": stay.team_id,
            "starts_on": stay.start,
            "ends_on": stay.end,
        }
        for stay in now
    ]
    if rows:
        uow.session.execute(insert(Membership), rows)
