"""How many targets were due and how many of them were met: judged when it is asked, by what is known then."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlmodel import col, select

from app.actor import Scope
from app.errors import AppError, Forbidden, Invalid, Limited
from app.formula import Atom
from app.kpis.attainment import TARGET_ATTAINMENT, targets_due, targets_met
from app.models.target import Target
from app.services.pacing import reaches
from app.services.period import Span
from app.services.planner import Cells
from app.text import Text
from app.uow import Uow

Measure = Callable[[Uow, Sequence[Target]], Sequence[Any]]
"""Answers, for each of some targets, what its KPI came to over its days, or the error."""

MOST = 500
"""Most targets that are judged at once."""


def check(uow: Uow, known_on: date | None) -> None:
    """Refuse somebody who may not read targets, and what was known of them before. Raises Forbidden or Invalid."""
    if not uow.may(Scope.TARGET_READ):
        msg = Text(
            f"This tells how targets did: it needs the scope {Scope.TARGET_READ.value} as well.",
            f"此指标会透露目标的结果：还需要权限范围 {Scope.TARGET_READ.value}。",
        )
        raise Forbidden(msg)
    if known_on is not None:
        msg = Text(
            "Targets are judged by what is known now; leave knownOn out.",
            "目标按目前已知的数据判断；请省略 knownOn。",
        )
        raise Invalid(msg, "knownOn")


def cells(uow: Uow, spans: Sequence[Span], measure: Measure) -> Cells:
    """How many targets were due in each of `spans`, and how many of them were met."""
    found: list[dict[Atom, Any]] = [{targets_due: 0, targets_met: 0} for _ in spans]
    due = _due(uow, spans)
    # everybody sees a target, so it is judged by what everybody may see
    told = measure(uow.without(Scope.PERSONAL_READ), due) if due else []
    ends = [span.end for span in spans]
    for target, answer in zip(due, told, strict=True):
        cell = found[bisect_left(ends, target.ends_on)]
        cell[targets_due] += 1
        cell[targets_met] += _is_met(target, answer)
    return {"": found}


def _due(uow: Uow, spans: Sequence[Span]) -> list[Target]:
    """The targets whose last day lies in one of `spans`, which follow each other, and is over. Raises Limited."""
    statement = (
        select(Target)
        .where(col(Target.ends_on) > spans[0].start, col(Target.ends_on) <= min(spans[-1].end, uow.today))
        .where(col(Target.kpi) != TARGET_ATTAINMENT.key)
        .order_by(col(Target.ends_on), col(Target.id))
        .limit(MOST + 1)
    )
    rows = list(uow.session.scalars(statement))
    if len(rows) > MOST:
        msg = Text(
            f"More than {MOST} targets were due in these days; ask for a shorter period.",
            f"这些日子内到期的目标超过 {MOST} 个；请缩短期间。",
        )
        raise Limited(msg)
    return rows


def _is_met(target: Target, answer: Any) -> bool:  # noqa: ANN401 - an answer or its error
    if isinstance(answer, AppError) or answer.figure.value is None:
        return False
    return reaches(answer.figure.value, target.goal, answer.kpi.direction)
