"""What a row-scoped actor may ask of KPIs: what can be counted over the rows that they see, and nothing else."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement
from sqlalchemy.sql import visitors

from app.errors import Forbidden
from app.formula import Atom
from app.kpis.atom import AMOUNTS, PerAccount, Percentile
from app.kpis.dimension import Dimension
from app.kpis.kpi import Kpi, Variant, cube_of, flow_of
from app.kpis.measure import Cube, Measure
from app.models.spell import ActiveBasis, Spell
from app.reach import is_borrowed, is_shut
from app.services.scan import column_of
from app.text import Text
from app.uow import Uow

UNKEPT = Text(
    "What was known on a day is kept for the whole workspace, of which you see a part; leave knownOn out.",
    "某日已知的数据是按整个工作区保存的，而您只能看到其中一部分；请省略 knownOn。",
)
"""What is said of knowledge as of a day."""


def check(uow: Uow, kpi: Kpi, variant: Variant, dimensions: Iterable[Dimension]) -> None:
    """Refuse a row-scoped actor a KPI that rests on rows that they may not see. Raises Forbidden."""
    if uow.actor.rows is None:
        return
    if any(not _is_own(uow, cube) for cube in variant.cubes) or any(map(_borrows, _expressions(variant))):
        msg = Text(
            f"{kpi.key} ({variant.key}) rests on records that cannot be narrowed to the rows that you may see.",
            f"{kpi.key}（{variant.key}）所依据的记录无法限定到您可见的数据范围。",
        )
        raise Forbidden(msg)
    for dimension in dimensions:
        if dimension is Dimension.LIFECYCLE_STAGE or any(map(_borrows, _columns(variant, dimension))):
            msg = Text(
                f"{dimension.value} follows from records that you may not see: {kpi.key} cannot be cut by it for you.",
                f"{dimension.value} 取决于您不可见的记录：您不能按它细分 {kpi.key}。",
            )
            raise Forbidden(msg)


def _is_own(uow: Uow, cube: Cube) -> bool:
    """Whether a row of the cube says nothing of others."""
    if cube.model is Spell:  # what sources say of a customer is the customer's own; else it follows from all they did
        return uow.workspace.active_by is ActiveBasis.STATUS
    return not is_shut(cube.model)


def _expressions(variant: Variant) -> Iterator[Any]:
    """What of the facts it is counted by."""
    yield variant.among
    for cube in variant.cubes:
        yield from (cube.day, cube.counted, cube.sign, cube.person)
    for atom in variant.atoms:
        yield from _counted(atom)


def _counted(atom: Atom) -> Iterator[Any]:
    if isinstance(atom, Percentile):
        yield cube_of(atom).spread
    if isinstance(atom, (Measure, *AMOUNTS)):
        yield from (flow_of(atom).where, flow_of(atom).value)
    if isinstance(atom, PerAccount):  # an account is its people, whoever of them can be seen
        yield from (Everybody,)


class Everybody:
    """Stands for what is said of people together."""


def _columns(variant: Variant, dimension: Dimension) -> Iterator[Any]:
    for atom in variant.cut_by(dimension):
        cube = cube_of(atom)
        if dimension in cube.dimensions or dimension in cube.scanned:
            yield column_of(cube, dimension)


def _borrows(part: Any) -> bool:  # noqa: ANN401 - a column, an expression, a number or nothing
    """Whether something is told by it that follows from other rows."""
    if part is Everybody:
        return True
    if hasattr(part, "__clause_element__"):
        part = part.__clause_element__()
    if not isinstance(part, ColumnElement):
        return False
    columns = (item for item in visitors.iterate(part) if isinstance(item, ColumnClause) and item.table is not None)
    return any(is_borrowed(str(getattr(column.table, "name", "")), column.name) for column in columns)
