"""How the recurring amounts of people shifted between the start of a period and its end, read from the ledger.

Only those are looked at of whom something changed inside: of the others start and end are alike.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Subquery, case, cast, func, select
from sqlmodel import col

from app.formula import Atom
from app.kpis.dimension import Dimension
from app.kpis.measure import Cube, Shift
from app.models.contract import Recurrence
from app.services.period import Span
from app.services.scan import Condition, bound, buckets, key_of, where
from app.uow import Uow


def shifts(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    atoms: Sequence[Atom],
    known_on: date | None,
) -> Sequence[Any]:
    """Per span and key what each of `atoms` comes to: whoever had something at the start, by how much it changed.

    An amount without a rate adds nothing, and is counted by the atom of what has none, in force at the end.
    """
    bound(uow, cube, spans)
    days = buckets(spans)
    key = key_of(uow, cube, by, None)
    met = [cube.counted, *(where(uow, cube, condition) for condition in conditions)]
    met += [] if known_on is None else [col(Recurrence.known_on) <= known_on]
    inside = (col(Recurrence.day) >= days.c.low) & (col(Recurrence.day) < days.c.high)
    who = select(days.c.i, days.c.low, days.c.high, col(Recurrence.customer_id), key.label("key"))
    moved = who.select_from(days).join(Recurrence, inside).where(*met).distinct()
    changed = moved.cte("changed").prefix_with("MATERIALIZED")
    alike = [] if by is None else [key == changed.c.key]
    each = _each(changed, [*met, *alike])
    sums = [cast(func.sum(_amount(atom, each)), BigInteger) for atom in atoms]
    statement = select(each.c.i, each.c.key, *sums).where(each.c.start > 0).group_by(each.c.i, each.c.key)
    return uow.session.execute(statement).all()


def _each(changed: CTE, met: Sequence[ColumnElement[bool]]) -> Subquery:
    """What each of those who changed had at the start and has at the end, and how much of that has no rate."""
    sign, value, day = col(Recurrence.sign), func.coalesce(col(Recurrence.value), 0), col(Recurrence.day)
    sums = (
        func.sum(case((day < changed.c.low, sign * value), else_=0)).label("start"),
        func.sum(sign * value).label("end"),
        func.sum(case((col(Recurrence.value).is_(None), sign), else_=0)).label("unpriced"),
    )
    theirs = (col(Recurrence.customer_id) == changed.c.customer_id) & (day < changed.c.high)
    statement = select(changed.c.i, changed.c.key, *sums).select_from(changed).join(Recurrence, theirs).where(*met)
    return statement.group_by(changed.c.i, changed.c.customer_id, changed.c.key).subquery()


def _amount(atom: Atom, each: Subquery) -> ColumnElement[Any]:
    assert isinstance(atom, Shift)  # noqa: S101 - the caller chose these atoms
    if atom.measure.unpriced is None:  # it counts what has no price
        missing: ColumnElement[Any] = each.c.unpriced
        return missing
    gain = each.c.end - each.c.start
    return case((gain > 0, gain), else_=0) if atom.is_more else case((gain < 0, -gain), else_=0)
