"""Comparisons: what a result is compared with, and how it differs. Pure."""

from dataclasses import dataclass

from app.kpis.interval import difference
from app.kpis.kpi import Direction
from app.services.kpi import Answer
from app.services.period import Calendar, ComparisonKind, Span


@dataclass(frozen=True, slots=True)
class Change:
    """How one figure differs from another; None where that cannot be said."""

    change: float | None = None
    relative: float | None = None
    interval: tuple[float, float] | None = None
    is_improvement: bool | None = None
    is_significant: bool | None = None


def baseline(answer: Answer, kind: ComparisonKind) -> Span:
    """The days to compare an answer with; of a running period, the part like the one that has elapsed."""
    return Calendar(answer.today).compared(answer.span, kind)


def compare(now: Answer, then: Answer) -> Change:
    """How `now` differs from `then`."""
    new, old = now.figure, then.figure
    if new.value is None or old.value is None:
        return Change()
    change = new.value - old.value
    interval = None
    if new.interval is not None and old.interval is not None and now.variant.key == then.variant.key:
        interval = difference(new.value, new.interval, old.value, old.interval)
    better = (change > 0) == (now.kpi.direction is Direction.HIGHER_IS_BETTER)
    return Change(
        change,
        None if old.value == 0 else change / abs(old.value),
        interval,
        None if change == 0 else better,
        None if interval is None else not interval[0] <= 0 <= interval[1],
    )
