"""SMART: what about a target is not specific, measurable, achievable, relevant or time-bound."""

from dataclasses import dataclass

from app.kpis.kpi import Kpi, KpiUnit
from app.models.target import Target
from app.services import kpi as kpis
from app.services.kpi import Question
from app.services.period import Span, last_complete
from app.services.target_scope import scope_of
from app.uow import Scope, Uow


@dataclass(frozen=True, slots=True)
class Advice:
    """Something about a target that is not SMART: which letter, and why."""

    criterion: str
    message: str


def advice(uow: Uow, target: Target, kpi: Kpi) -> list[Advice]:
    """What about the target is not SMART; specific, measurable and time-bound it cannot fail to be."""
    found = []
    if target.baseline is None:
        found.append(Advice("MEASURABLE", "There is no baseline to measure progress from."))
    if not target.owner:
        found.append(Advice("RELEVANT", "Nobody owns this target; name an owner."))
    if not target.rationale:
        found.append(Advice("RELEVANT", "There is no rationale: say why this target matters."))
    history = _history(uow, target)
    if history and not min(history) <= target.goal <= max(history):
        unit = "" if kpi.unit is KpiUnit.COUNT else " " + kpi.unit.value.lower()
        found.append(
            Advice(
                "ACHIEVABLE",
                f"The goal of {target.goal:.2f}{unit} lies outside what the last {len(history)} periods of this length "
                f"reached: {min(history):.2f} to {max(history):.2f}.",
            )
        )
    return found


def _history(uow: Uow, target: Target, count: int = 6) -> list[float]:
    """The KPI's values in the complete periods of the target's length that came before it."""
    span = Span(target.starts_on, target.ends_on)
    questions = []
    for _ in range(count):
        span = last_complete(span, uow.today)
        questions.append(Question(target.kpi, span, target.variant, scope_of(target)))
    found = kpis.answers(uow.without(Scope.PERSONAL_READ), questions)
    values = [answer.figure.value for answer in found if isinstance(answer, kpis.Answer)]
    return [value for value in values if value is not None]
