"""How the recurring amounts of people shifted between the start of a period and its end, read from the ledger.

Only those are looked at of whom something changed inside: of the others start and end are alike. Who belonged to what
is asked of the day before the period, as it is of those who were lost.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Select, Subquery, and_, case, cast, func, select
from sqlmodel import col

from app.formula import Atom
from app.kpis.atom import Shift
from app.kpis.measure import Cube
from app.models.contract import Recurrence
from app.services.period import Span
from app.services.scan import Condition, Cutting, bound, buckets, each_of, joined, key_of, where
from app.uow import Uow


def shifts(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    atoms: Sequence[Atom],
    known_on: date | None,
) -> Sequence[Any]:
    """Per span and key what each of `atoms` comes to: whoever had something at the start, by how much it changed.

    An amount without a rate adds nothing, and is counted by the atom of what has none, in force at the end.
    """
    bound(uow, cube, spans)
    days = buckets(spans)
    known = [] if known_on is None else [col(Recurrence.known_on) <= known_on]

    def entries(of: CTE, *inside: ColumnElement[bool]) -> tuple[Select[Any], ColumnElement[str]]:
        """The entries that are joined to the rows `of`, narrowed as of the eve of their span, and their key."""
        each = each_of(uow, cube, by, of.c.eve)
        met = (cube.counted, *known, *(where(uow, cube, condition, of.c.eve) for condition in conditions))
        found = joined(select(of.c.i).select_from(of).join(Recurrence, and_(*inside)), each).where(*met)
        return found, key_of(uow, cube, by, each)

    moved, key = entries(days, col(Recurrence.day) >= days.c.low, col(Recurrence.day) < days.c.high)
    who = (days.c.low, days.c.high, days.c.eve, col(Recurrence.customer_id), key.label("key"))
    changed = moved.add_columns(*who).distinct().cte("changed").prefix_with("MATERIALIZED")
    theirs, key = entries(
        changed, col(Recurrence.customer_id) == changed.c.customer_id, col(Recurrence.day) < changed.c.high
    )
    each = _each(theirs if by is None else theirs.where(key == changed.c.key), changed)
    sums = [cast(func.sum(_amount(atom, each)), BigInteger) for atom in atoms]
    statement = select(each.c.i, each.c.key, *sums).where(each.c.start > 0).group_by(each.c.i, each.c.key)
    return uow.session.execute(statement).all()


def _each(theirs: Select[Any], changed: CTE) -> Subquery:
    """What each of those who changed had at the start and has at the end, and how much of that has no rate."""
    sign, value, day = col(Recurrence.sign), func.coalesce(col(Recurrence.value), 0), col(Recurrence.day)
    sums = (
        func.sum(case((day < changed.c.low, sign * value), else_=0)).label("start"),
        func.sum(sign * value).label("end"),
        func.sum(case((col(Recurrence.value).is_(None), sign), else_=0)).label("unpriced"),
    )
    statement = theirs.add_columns(changed.c.key, *sums)
    return statement.group_by(changed.c.i, changed.c.customer_id, changed.c.key).subquery()


def _amount(atom: Atom, each: Subquery) -> ColumnElement[Any]:
    assert isinstance(atom, Shift)  # noqa: S101 - the caller chose these atoms
    if atom.measure.unpriced is None:  # it counts what has no price
        missing: ColumnElement[Any] = each.c.unpriced
        return missing
    gain = each.c.end - each.c.start
    return case((gain > 0, gain), else_=0) if atom.is_more else case((gain < 0, -gain), else_=0)
