"""The only writer of rollups: fold facts in and out, compact, and read.

Its statements are Core statements that scope themselves, the one exemption from the wall's own scoping.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    Select,
    SmallInteger,
    Uuid,
    bindparam,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import Date, String

from app.actor import Scope
from app.errors import Unavailable
from app.kpis import CUBES
from app.kpis.measure import Crowd, Cube
from app.models.base import Owned
from app.models.rollup import ALWAYS, DAY, MONTH, SLOTS, RollupState, entry, rollup
from app.services.folding import Which, adding, folding
from app.text import Text
from app.uow import Uow, writes
from app.wall import EXEMPT

_AMOUNTS = [f"a{slot}" for slot in range(SLOTS)]


def states(uow: Uow) -> dict[str, RollupState]:
    """Which generation of each cube answers in this workspace."""
    return {state.cube: state for state in uow.session.scalars(select(RollupState))}


def open_states(uow: Uow) -> None:
    """Give a new workspace its empty rollups."""
    for cube in CUBES.values():
        uow.session.add(RollupState(tenant_id=uow.tenant_id, cube=cube.name, fingerprint=cube.fingerprint))
    uow.session.flush()


def fold(uow: Uow, model: type[Owned], ids: Sequence[UUID], sign: int) -> None:
    """Append what the rows `ids` contribute now, times `sign`, to every cube that adds up rows of `model`."""
    if not ids:
        return
    for cube in CUBES.values():
        if cube.model is not model or isinstance(cube, Crowd):
            continue
        chosen = uow.db.as_values(ids)
        for generation, until in generations(uow, cube):
            if until is None:
                _append(uow, cube, generation, Which.THESE, sign, the_ids=chosen)
            else:
                _append(uow, cube, generation, Which.PASSED, sign, the_ids=chosen, until=until)


def generations(uow: Uow, cube: Cube) -> list[tuple[int, UUID | None]]:
    """The generations of `cube` that a change must reach, each with the last id that its rebuild has passed.

    None stands for all. Raises Unavailable when another version of the program is in charge.
    """
    uow.db.lock(uow.session, "fold", uow.tenant_id, cube.name, shared=True)
    state = uow.session.get(RollupState, (uow.tenant_id, cube.name), populate_existing=True)
    if state is None or cube.fingerprint != (state.building_for or state.fingerprint):
        msg = Text(
            "Another version of the program is in charge of this database; restart this one.",
            "此数据库已由程序的另一个版本接管；请重启当前程序。",
        )
        raise Unavailable(msg)
    found: list[tuple[int, UUID | None]] = []
    if state.fingerprint == cube.fingerprint:
        found.append((state.generation, None))
    if state.building_for == cube.fingerprint and state.cursor:
        # what changes in facts that the rebuild has passed must reach the new generation as well
        found.append((state.building, UUID(state.cursor)))
    return found


def put(uow: Uow, cube: Cube, generation: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Append `rows` (dimension, day, key, known on, amounts from the first slot on) to `generation`."""
    if not rows:
        return
    width = len(rows[0]) - 4
    place = (width, uow.db.is_sqlite)
    statement = _PUTS.get(place)
    if statement is None:
        kinds: list[Any] = [String(), Date(), String(), Date(), *[BigInteger()] * width]
        dim, day, key, known_on, *amounts = uow.db.unpacked(bindparam("document"), kinds)
        cell = (bindparam("of_tenant", type_=Uuid()), bindparam("of_cube", type_=String()))
        generation_ = bindparam("of_generation", type_=SmallInteger())
        cells: tuple[Any, ...] = (
            *cell,
            generation_,
            dim,
            day,
            key,
            known_on,
            literal(0),
            *amounts,
            *[literal(0)] * (SLOTS - width),
        )
        columns = ["tenant_id", "cube", "generation", "dim", "day", "key", "known_on", "page", *_AMOUNTS]
        statement = _PUTS[place] = entry.insert().from_select(columns, select(*cells))
    bound = {"of_tenant": uow.tenant_id, "of_cube": cube.name, "of_generation": generation}
    uow.session.execute(statement, bound | {"document": uow.db.as_document(rows)}, execution_options=EXEMPT)


_PUTS: dict[tuple[int, bool], Insert] = {}
_FOLDS: dict[tuple[Cube, int, bool, Which, bool], Insert] = {}
"""Made once for each engine: to make one takes several times as long as to run it for a single fact."""


def fold_stretch(uow: Uow, cube: Cube, generation: int, after: UUID, until: UUID) -> None:
    """Add to `generation` what the facts after one id, up to another, contribute; known since each was known."""
    uow.db.lock(uow.session, "compact", uow.tenant_id)
    _append(uow, cube, generation, Which.STRETCH, 1, after=after, until=until)


def _append(uow: Uow, cube: Cube, generation: int, which: Which, sign: int, **bound: object) -> None:
    if which is not Which.STRETCH:
        bound["learnt_on"] = uow.today
    bound |= {"of_tenant": uow.tenant_id, "of_generation": generation, "with_sign": sign}
    for is_spread in (False,) if cube.spread is None else (False, True):
        place = (cube, len(cube.measures), uow.db.is_sqlite, which, is_spread)
        statement = _FOLDS.get(place)
        if statement is None:
            statement = _FOLDS[place] = folding(uow.db, cube, which, is_spread=is_spread)
        uow.session.execute(statement, bound, execution_options=EXEMPT)


@writes(Scope.WORKSPACE_ADMIN, quiet=True)
def compact(uow: Uow, *, at_least: int = 1) -> int:
    """Add the appended entries up into day and month rows; how many were added up. Values do not change.

    Does nothing below `at_least` entries. Compacted rows are touched only under its lock, so an upsert is safe there.
    """
    uow.db.lock(uow.session, "compact", uow.tenant_id)
    mine = entry.c.tenant_id == uow.tenant_id
    count = uow.session.scalar(select(func.count()).select_from(entry).where(mine), execution_options=EXEMPT) or 0
    if count < at_least:
        return 0
    # claimed entries change the sign of their generation: those appended meanwhile are left for the next time
    claim = update(entry).where(mine, entry.c.generation > 0).values(generation=-entry.c.generation)
    uow.session.execute(claim, execution_options=EXEMPT)
    claimed = (mine, entry.c.generation < 0)
    _add_up(uow, claimed, DAY, entry.c.day, entry.c.known_on)
    _add_up(uow, claimed, MONTH, uow.db.month_start(entry.c.day), literal(ALWAYS, Date))
    uow.session.execute(delete(entry).where(*claimed), execution_options=EXEMPT)
    return count


def _add_up(
    uow: Uow, claimed: Sequence[ColumnElement[bool]], grain: str, day: ColumnElement[Any], known_on: ColumnElement[Any]
) -> None:
    """Add the claimed entries to the rows of one grain."""
    cell = (
        entry.c.tenant_id,
        entry.c.cube,
        -entry.c.generation,
        literal(grain, String),
        entry.c.dim,
        day,
        entry.c.key,
        known_on,
        entry.c.page,
    )
    named = [part.label(name) for part, name in zip(cell, _CELL, strict=True)]
    part = select(*named, *(entry.c[name] for name in _AMOUNTS)).where(*claimed).subquery()
    sums = (sql_cast(func.sum(part.c[name]), entry.c.a0.type).label(name) for name in _AMOUNTS)
    rows = select(*(part.c[name] for name in _CELL), *sums).group_by(*(part.c[name] for name in _CELL))
    uow.session.execute(adding(uow.db, rows.subquery()), execution_options=EXEMPT)


_CELL = ("tenant_id", "cube", "generation", "grain", "dim", "day", "key", "known_on", "page")


def drop(uow: Uow, cube: Cube, generation: int) -> None:
    """Take a generation away."""
    uow.db.lock(uow.session, "compact", uow.tenant_id)  # a compaction under way would bring rows back
    for table in (entry, rollup):
        old = (table.c.tenant_id == uow.tenant_id, table.c.cube == cube.name, table.c.generation == generation)
        uow.session.execute(delete(table).where(*old), execution_options=EXEMPT)


def clear(uow: Uow) -> None:
    """Take away all that is added up in this workspace."""
    uow.db.lock(uow.session, "compact", uow.tenant_id)  # a compaction under way would bring rows back
    for table in (entry, rollup):
        mine = table.c.tenant_id == uow.tenant_id
        uow.session.execute(delete(table).where(mine), execution_options=EXEMPT)


@dataclass(frozen=True, slots=True)
class Want:
    """One cut of one cube to be read: the keys `keys` of `dim` (None for all) over the spans of each grain.

    Its slots, or with `is_spread` every page of its histogram.
    """

    cube: Cube
    generation: int
    dim: str
    keys: tuple[str, ...] | None
    spans: tuple[tuple[str, date, date], ...]
    slots: tuple[int, ...]
    is_spread: bool = False


def read(uow: Uow, wants: Sequence[Want], known_on: date | None = None) -> Sequence[Any]:
    """All `wants` in one statement: rows of (index of the want, key, day, page, an amount per wanted slot).

    Month rows carry the first day of their month. With `known_on` only what was known by then; day rows only.
    """
    width = max(len(want.slots) for want in wants)
    parts = [part for index, want in enumerate(wants) for part in _branches(uow, index, want, width, known_on)]
    return uow.session.execute(union_all(*parts), execution_options=EXEMPT).all()


def _branches(uow: Uow, index: int, want: Want, width: int, known_on: date | None) -> Iterator[Select[Any]]:
    for table in (rollup, entry):
        slots = [table.c[f"a{slot}"] for slot in want.slots]
        blank: list[ColumnElement[Any]] = [literal_column("0")] * (width - len(slots))
        cell: tuple[Any, ...] = (literal_column(str(index)), table.c.key, table.c.day, table.c.page)
        page = table.c.page > 0 if want.is_spread else table.c.page == 0
        statement = select(*cell, *slots, *blank).where(
            table.c.tenant_id == uow.tenant_id,
            table.c.cube == want.cube.name,
            table.c.generation == want.generation,
            table.c.dim == want.dim,
            page,
        )
        if want.keys is not None:
            statement = statement.where(uow.db.is_any(table.c.key, want.keys))
        if known_on is not None:
            statement = statement.where(table.c.known_on <= known_on)
        days = ((table.c.day >= low) & (table.c.day < high) for _, low, high in want.spans)
        if table is entry:
            yield statement.where(_any(list(days)))
            continue
        grains = (table.c.grain == grain for grain, _, _ in want.spans)
        yield statement.where(_any([grain & day for grain, day in zip(grains, days, strict=True)]))


def _any(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of them holds; as a balanced tree, because SQLite bounds how deep an expression may be."""
    while len(conditions) > 1:
        conditions = [or_(*conditions[i : i + 2]).self_group() for i in range(0, len(conditions), 2)]
    return conditions[0]
