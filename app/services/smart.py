"""SMART: what about a target is not specific, measurable, achievable, relevant or time-bound."""

from dataclasses import dataclass

from app.actor import Scope
from app.kpis.kpi import Kpi, KpiUnit
from app.models.target import Target
from app.services import kpi as kpis
from app.services.kpi import Question
from app.services.period import Span, last_complete
from app.services.target_scope import kpi_of, scope_of
from app.text import Text
from app.uow import Uow

_UNITS = {
    KpiUnit.PERCENT: Text("%", "% "),
    KpiUnit.POINTS: Text(" points", " 分"),
    KpiUnit.COUNT: Text("", " "),
    KpiUnit.MONEY: Text("", " "),
    KpiUnit.RATIO: Text("", " "),
    KpiUnit.MONTHS: Text(" months", " 个月"),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Something about a target that is not SMART: which letter, and why."""

    criterion: str
    message: Text


def advice(uow: Uow, target: Target, kpi: Kpi) -> list[Advice]:
    """What about the target is not SMART; specific, measurable and time-bound it cannot fail to be."""
    found = []
    if target.baseline is None:
        msg = Text("There is no baseline to measure progress from.", "没有可用来衡量进展的基线。")
        found.append(Advice("MEASURABLE", msg))
    if not target.owner:
        msg = Text("Nobody owns this target; name an owner.", "此目标没有负责人；请指定一位。")
        found.append(Advice("RELEVANT", msg))
    if not target.rationale:
        msg = Text("There is no rationale: say why this target matters.", "没有说明理由：请说明此目标为何重要。")
        found.append(Advice("RELEVANT", msg))
    history = _history(uow, target)
    if history and not min(history) <= target.goal <= max(history):
        unit = _UNITS[kpi.unit]
        msg = Text(
            f"The goal of {target.goal:.2f}{unit.en} lies outside what the last {len(history)} periods of this length "
            f"reached: {min(history):.2f} to {max(history):.2f}.",
            f"目标值 {target.goal:.2f}{unit.zh}不在最近 {len(history)} 个同等长度期间的实际范围内："
            f"{min(history):.2f} 至 {max(history):.2f}。",
        )
        found.append(Advice("ACHIEVABLE", msg))
    return found


def _history(uow: Uow, target: Target, count: int = 6) -> list[float]:
    """The KPI's values in the complete periods of the target's length that came before it."""
    span = Span(target.starts_on, target.ends_on)
    questions = []
    for _ in range(count):
        span = last_complete(span, uow.today)
        questions.append(Question(kpi_of(target), span, target.variant, scope_of(target)))
    found = kpis.answers(uow.without(Scope.PERSONAL_READ), questions)
    values = [answer.figure.value for answer in found if isinstance(answer, kpis.Answer)]
    return [value for value in values if value is not None]
