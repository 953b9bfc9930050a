"""Facts whose staff changed teams, restated: each belongs to the team of its day, as it is known now."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, literal, null
from sqlmodel import select

from app.actor import Scope
from app.models.contract import Contract
from app.models.order import Order
from app.services import fact, recurring, refunding
from app.services.restating import restated
from app.services.team import SERVED, Service, Stay, stays
from app.uow import Uow, writes

AT_ONCE = 5_000
"""Rows of a kind that are restated together; what is beyond them waits for the worker."""


def restate(uow: Uow, staff_id: UUID) -> None:
    """Bring what somebody served up to date with the teams that they belonged to."""
    for service in SERVED:
        _go_on(uow, service, staff_id, None)


@writes(Scope.WORKSPACE_ADMIN)
def resume(uow: Uow, noun: str, column: str, staff: str, after: str) -> None:
    """Go on where there was too much to restate at once."""
    service = next(one for one in SERVED if (one.model.__name__, one.staff.key) == (noun, column))
    uow.take_turn()
    _go_on(uow, service, UUID(staff), UUID(after))


def _go_on(uow: Uow, service: Service, staff_id: UUID, after: UUID | None) -> None:
    model: Any = service.model
    team = _team(service.day, stays(uow, [staff_id])[staff_id])
    chosen = [service.staff == staff_id, service.team.is_distinct_from(team)]
    if after is not None:
        chosen.append(model.id > after)
    statement = select(model.id, model.customer_id, team).where(*chosen).order_by(model.id).limit(AT_ONCE)
    found = uow.session.execute(statement).all()
    if not found:
        return
    ids = [id_ for id_, _, _ in found]
    people = {customer_id for _, customer_id, _ in found if customer_id is not None}
    with restated(uow, model, ids, ids, people):
        rows = [{"id": id_, service.team.key: team_id, "known_on": uow.today} for id_, _, team_id in found]
        fact.write_each(uow, model, rows)
    if model is Order:
        refunding.follow(uow, ids)
    if model is Contract:
        recurring.restate(uow, ids)
    if len(ids) == AT_ONCE:
        place = {"noun": model.__name__, "column": service.staff.key}
        uow.enqueue("reteam", **place, staff=staff_id.hex, after=ids[-1].hex)


def _team(day: ColumnElement[Any], times: list[Stay]) -> ColumnElement[Any]:
    """The team on `day`, or null."""
    if not times:
        return null()
    return case(*((and_(day >= one.start, day < one.end), literal(one.team_id)) for one in times), else_=null())
