"""What happened to customers inside a period that retention and churn do not show: who came to go, who came back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.actor import Scope
from app.errors import AppError
from app.kpis.retention import CHURN_RATE, RETENTION_RATE, ends, starts
from app.models.spell import Spell
from app.services import rollup
from app.services.days import calendar, resolve
from app.services.kpi import Question
from app.services.period import Span
from app.services.returning import came_back
from app.services.scan import Condition, awaits_members, buckets, where
from app.services.slices import conditions
from app.uow import Uow, reads

KPIS = frozenset({RETENTION_RATE.key, CHURN_RATE.key})
"""The KPIs that have it beside them."""


@dataclass(frozen=True, slots=True)
class Movement:
    """People who joined in the period and had left at its end; people who left in it and had come back at its end."""

    intra_period_churn: int
    reactivated: int


@reads(Scope.KPI_READ)
def movements(uow: Uow, questions: Sequence[Question]) -> list[Movement | AppError | None]:
    """What is beside each of these figures, in order; None of other KPIs, and while it cannot be told."""
    states = rollup.states(uow)
    is_ready = all(cube.name in states and states[cube.name].fingerprint == cube.fingerprint for cube in (starts, ends))
    groups: dict[tuple[Any, ...], list[Question]] = defaultdict(list)
    found: dict[Question, Movement | AppError] = {}
    for question in questions:
        if question.key not in KPIS or not is_ready:
            continue
        try:
            groups[conditions(uow, question.filters), question.known_on].append(question)
        except AppError as error:
            found[question] = error
    for (met, known_on), some in groups.items():
        if awaits_members(uow, met):
            continue
        spans = [calendar(uow).elapsed(resolve(uow, question.period)) for question in some]
        found |= dict(zip(some, _told(uow, spans, met, known_on), strict=True))
    return [found.get(question) for question in questions]


def _told(uow: Uow, spans: Sequence[Span], met: tuple[Condition, ...], known_on: Any) -> list[Movement]:  # noqa: ANN401 - a day or none
    days = buckets(spans)
    back = came_back(uow, days, ends, met, None, known_on)
    returned = {index: int(count) for index, _, count in uow.session.execute(back)}
    brief = {index: int(count) for index, count in uow.session.execute(_brief(uow, days, met, known_on))}
    return [Movement(brief.get(place, 0), returned.get(place, 0)) for place in range(len(spans))]


def _brief(uow: Uow, days: CTE, met: tuple[Condition, ...], known_on: Any) -> Select[Any]:  # noqa: ANN401 - a day or none
    """Per span, whose last time as a customer began and ended inside, and who were none before it began.

    Rows are signed: a spell is in force where its rows come to one, and another time is there where theirs come to any.
    """
    known = [] if known_on is None else [col(Spell.known_on) <= known_on]
    inside = (col(Spell.starts_on) >= days.c.low, col(Spell.ends_on) < days.c.high, col(Spell.ends_on) >= days.c.low)
    cells = (days.c.i, days.c.low, days.c.high, col(Spell.customer_id), col(Spell.starts_on), col(Spell.ends_on))
    statement = select(*cells).select_from(days).join(Spell, and_(*inside))
    statement = statement.where(ends.counted, *known, *(where(uow, ends, one) for one in met))
    spell = statement.group_by(*cells).having(func.sum(col(Spell.sign)) > 0).cte("brief").prefix_with("MATERIALIZED")
    other = aliased(Spell)
    is_another = or_(
        and_(col(other.starts_on) < spell.c.low, col(other.ends_on) >= spell.c.low),
        and_(col(other.starts_on) < spell.c.high, col(other.ends_on) >= spell.c.high),
        and_(col(other.starts_on) >= spell.c.ends_on, col(other.starts_on) < spell.c.high),
    )
    theirs = (
        col(other.customer_id) == spell.c.customer_id,
        col(other.is_counted).is_(True),
        col(other.is_test).is_(False),
        *([] if known_on is None else [col(other.known_on) <= known_on]),
    )
    people = select(spell.c.i, spell.c.customer_id).select_from(spell).join(other, and_(*theirs))
    people = people.group_by(spell.c.i, spell.c.customer_id, spell.c.starts_on)
    alone = people.having(func.sum(case((is_another, other.sign), else_=0)) == 0).subquery()
    return select(alone.c.i, func.count()).group_by(alone.c.i)
