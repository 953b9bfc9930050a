"""Customers who left and came back: read from the spells that are returns, which are few."""

from datetime import date
from typing import Any

from sqlalchemy import CTE, Select, and_, func, literal, select
from sqlmodel import col

from app.kpis.dimension import Dimension
from app.kpis.measure import Cube
from app.models.base import FOREVER
from app.models.spell import Spell
from app.services.scan import Condition, key_of, where
from app.uow import Uow


def came_back(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    days: CTE,
    cube: Cube,
    conditions: tuple[Condition, ...],
    by: Dimension | None,
    known_on: date | None,
) -> Select[Any]:
    """Customers at the start who left inside each span and are customers again at its end."""
    key = key_of(uow, cube, by, None).label("key")
    met = [cube.counted, *(where(uow, cube, condition) for condition in conditions)]
    met += [] if known_on is None else [col(Spell.known_on) <= known_on]
    back = _returned(days, known_on)
    # the day is hidden from SQLite's planner: it would go through all who left then instead of one customer's spells
    ended = func.coalesce(col(Spell.ends_on), FOREVER)
    same = (
        col(Spell.customer_id) == back.c.customer_id,
        col(Spell.starts_on) < back.c.low,
        ended >= back.c.low,
        ended <= back.c.starts_on,
    )
    returned = select(back.c.i, key, func.sum(col(Spell.sign) * back.c.sign).label("count")).select_from(back)
    return returned.join(Spell, and_(*same)).where(*met).group_by(back.c.i, key)


def _returned(days: CTE, known_on: date | None) -> CTE:
    """Returns of customers inside each span who are customers at its end."""
    statement = select(days.c.i, days.c.low, col(Spell.customer_id), col(Spell.starts_on), col(Spell.sign)).where(
        col(Spell.ordinal) > literal(1, literal_execute=True),  # as the index of returns has it
        col(Spell.starts_on) >= days.c.low,
        col(Spell.starts_on) < days.c.high,
        col(Spell.ends_on) >= days.c.high,
        col(Spell.is_test).is_(False),
        col(Spell.is_counted).is_(True),
        *([] if known_on is None else [col(Spell.known_on) <= known_on]),
    )
    return statement.cte("returned").prefix_with("MATERIALIZED")
