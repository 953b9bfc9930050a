"""The lead funnel: how far the leads of some days have come, what was lost on the way, and how long each step took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from app.actor import Scope
from app.errors import AppError, Invalid
from app.kpis.figure import NullReason
from app.kpis.lead import leads
from app.kpis.spread import Histogram, bucket_of
from app.models.lead import Lead
from app.services import kpi as kpis
from app.services.days import Period, resolve
from app.services.extent import extents
from app.services.kpi import Answer, Question
from app.services.period import Span
from app.services.scan import bound, where
from app.services.slices import Filter, conditions
from app.text import Text
from app.uow import Uow, reads

_DAY = 86_400


class LeadStage(StrEnum):
    """How far a lead has come."""

    CREATED = "CREATED"
    QUALIFIED = "QUALIFIED"
    WON = "WON"


_FIGURES: Mapping[str, tuple[str, str | None]] = {
    "qualified": ("CONVERSION_RATE", "qualified"),
    "won": ("CONVERSION_RATE", None),
    "both": ("CONVERSION_RATE", "won_of_qualified"),
    "won_late": ("LEADS", "won_late"),
    "lost": ("LEADS", "lost"),
    "open": ("LEADS", "open"),
    "created": ("LEADS", None),
}
"""The KPIs, with their variants, whose numerators the funnel shows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The leads that are meant: those of some days that meet all filters."""

    period: Period
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A stage: the leads that reached it, their part of all leads, and of those of the stage before it."""

    stage: LeadStage
    leads: float | None
    of_all: float | None
    of_previous: float | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """The stages in order, what became of the other leads, and why there are no numbers where there are none.

    Stages count what came within the workspace's conversion window; what was won after it is `won_late`.
    """

    steps: tuple[Step, ...]
    won_late: float | None
    lost: float | None
    open: float | None
    reason: NullReason | None
    span: Span
    today: date
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why leads were lost, the most frequent first; None is without a reason."""

    counts: list[tuple[str | None, int]]


Medians = Mapping[LeadStage, float | None]
"""In how many days half of those who reached a stage were there."""


@reads(Scope.KPI_READ)
def funnels(uow: Uow, wanted: Sequence[Wanted]) -> list[Funnel | AppError]:
    """The funnels in order, from the rollups of their KPIs; one that cannot be given as asked has its error."""
    asked = [Question(key, one.period, variant, one.filters) for one in wanted for key, variant in _FIGURES.values()]
    told = iter(kpis.answers(uow, asked))
    found: list[Funnel | AppError] = []
    for _ in wanted:
        answers: dict[str, Answer] = {}
        errors: list[AppError] = []
        for name in _FIGURES:
            answer = next(told)
            if isinstance(answer, AppError):
                errors.append(answer)
            else:
                answers[name] = answer
        found.append(errors[0] if errors else _funnel(answers))
    return found


def _funnel(told: Mapping[str, Answer]) -> Funnel:
    counts = {name: answer.figure.numerator for name, answer in told.items()}
    created, qualified, won = counts["created"], counts["qualified"], counts["won"]
    whole, part = told["created"], _part(qualified, created)
    steps = (
        Step(LeadStage.CREATED, created, _part(created, created), None),
        Step(LeadStage.QUALIFIED, qualified, part, part),
        Step(LeadStage.WON, won, _part(won, created), _part(counts["both"], qualified)),
    )
    settled = whole.span.end + timedelta(days=told["won"].settles_in)
    return Funnel(
        steps,
        counts["won_late"],
        counts["lost"],
        counts["open"],
        whole.figure.reason,
        whole.span,
        whole.today,
        settled > whole.today,
    )


def _part(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


@reads(Scope.KPI_READ)
def reasons(uow: Uow, wanted: Sequence[Wanted]) -> list[Reasons | AppError]:
    """Why the leads were lost, in order; counted from the leads, so that there may be too many (Limited)."""
    return [_tried(_reasons, uow, one) for one in wanted]


@reads(Scope.KPI_READ)
def medians(uow: Uow, wanted: Sequence[Wanted]) -> list[Medians | AppError]:
    """In how many days the stages were reached, in order; counted from the leads, so that there may be too many."""
    return [_tried(_medians, uow, one) for one in wanted]


def _tried(read: Any, uow: Uow, wanted: Wanted) -> Any:  # noqa: ANN401 - whatever it reads
    try:
        return read(uow, _meant(uow, wanted))
    except AppError as error:
        return error


def _reasons(uow: Uow, meant: Sequence[ColumnElement[bool]]) -> Reasons:
    count = func.count()
    reason = col(Lead.lost_reason)
    statement = select(reason, count).where(*meant, col(Lead.lost_on).is_not(None)).group_by(reason)
    rows = [(why, int(many)) for why, many in uow.session.execute(statement)]
    return Reasons(sorted(rows, key=lambda row: (-row[1], row[0] is None, row[0] or "")))


def _medians(uow: Uow, meant: Sequence[ColumnElement[bool]]) -> Medians:
    reached = {
        LeadStage.QUALIFIED: (col(Lead.qualifying_seconds), col(Lead.is_qualified_in_time)),
        LeadStage.WON: (col(Lead.cycle_seconds), col(Lead.is_won_in_time)),
    }
    found: dict[LeadStage, float | None] = {LeadStage.CREATED: None}
    for stage, (seconds, is_in_time) in reached.items():
        number = bucket_of(seconds).label("number")
        met = (*meant, is_in_time.is_(True), seconds.is_not(None))
        rows = uow.session.execute(select(number, func.count()).where(*met).group_by(number))
        middle = Histogram((bucket, int(count)) for bucket, count in rows).percentile(50)
        found[stage] = None if middle is None else float(middle / Fraction(_DAY))
    return found


def _meant(uow: Uow, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The conditions under which a lead is meant. Raises Invalid or Limited."""
    for place, one in enumerate(wanted.filters):
        if not leads.has(one.by):
            msg = Text(f"Leads cannot be cut by {one.by.value}.", f"线索不能按 {one.by.value} 细分。")
            raise Invalid(msg, "filter", str(place), "by")
    span = resolve(uow, wanted.period, extents(uow, [Lead]).values())
    bound(uow, leads, [span])
    met = [where(uow, leads, condition) for condition in conditions(uow, wanted.filters)]
    return [leads.counted, col(Lead.day) >= span.start, col(Lead.day) < span.end, *met]
