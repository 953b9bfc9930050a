"""Who was lost in a span: those who were customers at its start and left, but for those who came back in time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, select, union_all
from sqlmodel import col

from app.kpis.measure import Cube
from app.models.base import FOREVER
from app.models.spell import Spell
from app.services.period import Span
from app.services.scan import Condition, Cutting, buckets, each_of, joined, key_of, where
from app.uow import Uow


def lost(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    cube: Cube,
    spans: Sequence[Span],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    known_on: date | None,
) -> Sequence[Any]:
    """Customers at the start who are none at the end: spells that ended inside, less those who came back in time.

    A spell covers a day's beginning when it started before that day and its first day without is that day or later.
    Rows are signed, so pairs of rows multiply their signs.
    """
    days = buckets(spans)
    inside = (col(Spell.ends_on) >= days.c.low, col(Spell.ends_on) < days.c.high, col(Spell.starts_on) < days.c.low)
    counted = func.sum(col(Spell.sign)).label("count")
    left = standing(uow, days, counted, and_(*inside), cube, conditions, by, known_on)
    # apart, because those who come back are few, and looking for each who left whether they did takes longer than all;
    # by spans of their own, for SQLite would walk all spells to make itself a filter of them for spans named twice
    returned = came_back(uow, buckets(spans, "returns"), cube, conditions, by, known_on).subquery()
    each = union_all(left, select(returned.c.i, returned.c.key, -returned.c.count)).subquery()
    return uow.session.execute(
        select(each.c.i, each.c.key, func.sum(each.c.count)).group_by(each.c.i, each.c.key)
    ).all()


def standing(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    of: CTE,
    count: ColumnElement[Any],
    spell: ColumnElement[bool],
    cube: Cube,
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    known_on: date | None,
) -> Select[Any]:
    """The `count` of spells that are joined to the rows `of`, per span and key; narrowed as of the eve of each span."""
    each = each_of(uow, cube, by, of.c.eve)
    key = key_of(uow, cube, by, each).label("key")
    met = [cube.counted, *(where(uow, cube, condition, of.c.eve) for condition in conditions)]
    met += [] if known_on is None else [col(Spell.known_on) <= known_on]
    found = joined(select(of.c.i, key, count).select_from(of).join(Spell, spell), each)
    return found.where(*met).group_by(of.c.i, key)


def came_back(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    days: CTE,
    cube: Cube,
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    known_on: date | None,
) -> Select[Any]:
    """Customers at the start who left inside each span and are customers again at its end."""
    back = _returned(days, known_on)
    # the day is hidden from SQLite's planner: it would go through all who left then instead of one customer's spells
    ended = func.coalesce(col(Spell.ends_on), FOREVER)
    same = (
        col(Spell.customer_id) == back.c.customer_id,
        col(Spell.starts_on) < back.c.low,
        ended >= back.c.low,
        ended <= back.c.starts_on,
    )
    count = func.sum(col(Spell.sign) * back.c.sign).label("count")
    return standing(uow, back, count, and_(*same), cube, conditions, by, known_on)


def _returned(days: CTE, known_on: date | None) -> CTE:
    """Returns of customers inside each span who are customers at its end."""
    columns = (days.c.i, days.c.low, days.c.eve, col(Spell.customer_id), col(Spell.starts_on), col(Spell.sign))
    statement = select(*columns).where(
        col(Spell.ordinal) > literal(1, literal_execute=True),  # as the index of returns has it
        col(Spell.starts_on) >= days.c.low,
        col(Spell.starts_on) < days.c.high,
        col(Spell.ends_on) >= days.c.high,
        col(Spell.is_test).is_(False),
        col(Spell.is_counted).is_(True),
        *([] if known_on is None else [col(Spell.known_on) <= known_on]),
    )
    return statement.cte("returned").prefix_with("MATERIALIZED")
