"""Rebuilding rollups by generation: a new one is filled while the old one answers, and writers feed both."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import true
from sqlmodel import col, select

from app.kpis import CUBES
from app.kpis.measure import Cube
from app.models.rollup import RollupState
from app.services import rollup
from app.uow import Scope, Uow, writes

CHUNK = 20_000
"""Facts that one step of a rebuild folds; writers of the workspace wait for a step."""


@writes(Scope.WORKSPACE_ADMIN)
def start(uow: Uow, names: Sequence[str] | None = None) -> list[str]:
    """Begin a new generation of the cubes `names` (default: those whose measures changed); returns the cubes begun.

    The old generation goes on answering, flagged, where its measures are still the same.
    """
    begun = []
    for cube in CUBES.values():
        uow.db.lock(uow.session, "fold", uow.tenant_id, cube.name)
        state = uow.session.get(RollupState, (uow.tenant_id, cube.name), populate_existing=True)
        if state is None:
            state = RollupState(tenant_id=uow.tenant_id, cube=cube.name, fingerprint="", generation=1)
            uow.session.add(state)
        wanted = cube.name in names if names is not None else state.fingerprint != cube.fingerprint
        if not wanted or state.building_for == cube.fingerprint:
            continue
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
    """Fold the next `chunk` facts of one cube into its new generation; whether more is to be done."""
    state = next((state for state in rollup.states(uow).values() if state.building), None)
    if state is None:
        return False
    cube, model = CUBES[state.cube], CUBES[state.cube].model
    uow.db.lock(uow.session, "fold", uow.tenant_id, cube.name)
    uow.session.refresh(state)
    if state.building_for != cube.fingerprint:  # finished meanwhile, or another version's to finish
        return not state.building
    after = col(model.id) > UUID(state.cursor) if state.cursor else true()
    ids = list(uow.session.scalars(select(col(model.id)).where(after).order_by(col(model.id)).limit(chunk)))
    if ids:
        before = UUID(state.cursor or UUID(int=0).hex)
        rollup.fold_stretch(uow, cube, state.building, before, ids[-1])
        state.cursor = ids[-1].hex
    if len(ids) < chunk:
        _switch(uow, cube, state)
    uow.session.flush()
    return True


def _switch(uow: Uow, cube: Cube, state: RollupState) -> None:
    rollup.drop(uow, cube, state.generation)
    state.generation, state.building, state.cursor = state.building, 0, ""
    state.fingerprint, state.building_for, state.rebuilt_on = state.building_for, "", uow.today
