"""Rebuilding rollups by generation: a new one is filled while the old one answers, and writers feed both."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select

from app.actor import Scope
from app.kpis import CUBES
from app.kpis.measure import Crowd, Cube
from app.models.base import Owned
from app.models.buyer import Buyer
from app.models.cost import Accrual, Cost
from app.models.engagement import Engagement
from app.models.interaction import Interaction, Turn
from app.models.lead import Lead
from app.models.prediction import Prediction
from app.models.rollup import RollupState
from app.services import buyer, crowd, engaging, lead, overdue, pricing, rollup, tenure, turning
from app.uow import Uow, writes

CHUNK = 20_000
"""How often one step of a rebuild folds a fact, for all of its cubes; writers of the workspace wait for a step."""


@writes(Scope.WORKSPACE_ADMIN)
def start(uow: Uow, names: Sequence[str] | None = None, *, afresh: bool = False) -> list[str]:
    """Begin a new generation of the cubes `names` (default: those whose measures changed); returns the cubes begun.

    The old generation goes on answering, flagged, where its measures are still the same; with `afresh` it does not, and
    a rebuild under way begins again.
    """
    begun = []
    for cube in CUBES.values():
        uow.db.lock(uow.session, "fold", uow.tenant_id, cube.name)
        state = uow.session.get(RollupState, (uow.tenant_id, cube.name), populate_existing=True)
        if state is None:
            state = RollupState(tenant_id=uow.tenant_id, cube=cube.name, fingerprint="", generation=1)
            uow.session.add(state)
        wanted = cube.name in names if names is not None else state.fingerprint != cube.fingerprint
        if not wanted or (state.building_for == cube.fingerprint and not afresh):
            continue
        if afresh:
            state.fingerprint = ""
        if state.building:  # for measures that have changed again since
            rollup.drop(uow, cube, state.building)
        state.building = max(state.generation, state.building) + 1
        state.building_for, state.cursor = cube.fingerprint, ""
        begun.append(cube.name)
    if begun:
        uow.enqueue("rebuild")
    uow.session.flush()
    return begun


@writes(Scope.WORKSPACE_ADMIN)
def step(uow: Uow, chunk: int = CHUNK) -> bool:
    """Fold the next facts of one kind into the new generations of their cubes; whether more is to be done.

    `chunk` is how many foldings that may be, of all the cubes together.
    """
    uow.take_turn()  # a step may price facts that a writer holds
    if tenure.derive(uow):
        return True
    found = _together(uow)
    mine = {cube: state for cube, state in found.items() if state.building and state.building_for == cube.fingerprint}
    if not mine:  # finished meanwhile, or another version's to finish
        return bool(found) and not any(state.building for state in found.values())
    first, start = next(iter(mine.items()))
    # one of them may have been begun anew before it was held
    mine = {cube: state for cube, state in mine.items() if state.cursor == start.cursor}
    after = UUID(start.cursor or UUID(int=0).hex)
    ids = _next(uow, first, after, max(chunk // len(mine), 1))
    if ids:
        chosen = and_(_member(first) > after, _member(first) <= ids[-1])
        _derive(uow, first, chosen)
        for cube, state in mine.items():
            if isinstance(cube, Crowd):
                crowd.fold_stretch(uow, cube, state.building, chosen)
            else:
                rollup.fold_stretch(uow, cube, state.building, after, ids[-1])
            state.cursor = ids[-1].hex
    if not ids or not _next(uow, first, ids[-1], 1):  # what a step derives anew comes after it
        for cube, state in mine.items():
            _switch(uow, cube, state)
    uow.session.flush()
    return True


def _together(uow: Uow) -> dict[Cube, RollupState]:
    """The cubes to go on with: those that have come equally far in the same facts, which so are derived only once."""
    states = rollup.states(uow)
    building = {cube: states[name] for name, cube in CUBES.items() if name in states and states[name].building}
    if not building:
        return {}
    first, start = next(iter(building.items()))
    found = {
        cube: state
        for cube, state in building.items()
        if cube is first or (_facts(cube), state.cursor) == (_facts(first), start.cursor)
    }
    for cube, state in found.items():
        uow.db.lock(uow.session, "fold", uow.tenant_id, cube.name)
        uow.session.refresh(state)
    return found


def _facts(cube: Cube) -> object:
    """What a step passes on its way: the rows of a model, or people."""
    return cube.name if isinstance(cube, Crowd) else cube.model


def _derive(uow: Uow, cube: Cube, chosen: ColumnElement[bool]) -> None:
    """Bring what follows from the workspace's settings up to date in the rows that are about to be counted."""
    model = cube.model
    if model in _DERIVED:
        _DERIVED[model](uow, chosen)
    elif isinstance(cube, Crowd):
        return  # whom it counts does not rest on what things are worth
    elif model is Accrual:
        costs = select(Accrual.cost_id).where(chosen)
        pricing.price(uow, Cost, col(Cost.id).in_(costs), is_counted=False)
    else:
        pricing.price(uow, model, chosen, is_counted=False)


_DERIVED: Mapping[type[Owned], Callable[[Uow, ColumnElement[bool]], None]] = {
    Buyer: buyer.refresh,
    Engagement: engaging.refresh,
    Interaction: overdue.refresh,
    Lead: lead.refresh,
    Prediction: lambda *_: None,  # follows from a fit alone
    Turn: turning.refresh,
}


def _next(uow: Uow, cube: Cube, after: UUID, chunk: int) -> list[UUID]:
    """The ids that the next step passes: of facts, or of the people behind them."""
    member = _member(cube)
    statement = select(member).where(member > after).order_by(member).limit(chunk)
    if isinstance(cube, Crowd):
        statement = statement.distinct()
    return list(uow.session.scalars(statement))


def _member(cube: Cube) -> Any:  # noqa: ANN401 - SQLModel types columns as their values
    return cube.person if isinstance(cube, Crowd) else col(cube.model.id)


def _switch(uow: Uow, cube: Cube, state: RollupState) -> None:
    rollup.drop(uow, cube, state.generation)
    state.generation, state.building, state.cursor = state.building, 0, ""
    state.fingerprint, state.building_for, state.rebuilt_on = state.building_for, "", uow.today
