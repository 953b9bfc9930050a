"""How targets do: which of them concern a figure, and how far each is today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson
from sqlmodel import col, select

from app.models.target import Target
from app.services import kpi as kpis
from app.services.kpi import Question
from app.services.pacing import Pace, Reached, TargetState, pace
from app.services.period import Span
from app.services.target import scope_of, stored
from app.uow import Scope, Uow, reads


@dataclass(frozen=True, slots=True)
class Progress:
    """A target and how it does."""

    target: Target
    pace: Pace


@reads(Scope.TARGET_READ)
def matching(uow: Uow, asked: Sequence[tuple[Question, Span, str]]) -> list[list[Target]]:
    """For each figure (its question, days and variant) the targets that concern it, the closest first.

    A target concerns a figure when its scope holds for everything in the figure and its dates meet the figure's days.
    The one with the narrowest scope comes first, then the one that ends nearest.
    """
    keys = sorted({question.key for question, _, _ in asked})
    statement = select(Target).where(uow.db.is_any(Target.kpi, keys)).order_by(col(Target.ends_on), col(Target.id))
    rows = list(uow.session.scalars(statement))
    found = []
    for question, span, variant in asked:
        filters = {orjson.dumps(one) for one in stored(question.filters)}
        hits = [
            row
            for row in rows
            if row.kpi == question.key
            and row.variant == variant
            and row.starts_on < span.end
            and row.ends_on > span.start
            and {orjson.dumps(one) for one in row.scope} <= filters
        ]
        found.append(sorted(hits, key=lambda row: (-len(row.scope), row.ends_on)))
    return found


@reads(Scope.TARGET_READ)
def goals(uow: Uow, question: Question, variant: str, spans: Sequence[Span]) -> list[float | None]:
    """For each span, the goal of the closest target in force on its last day; counts and sums have none per bucket."""
    whole = Span(spans[0].start, spans[-1].end)
    (rows,) = matching(uow, [(question, whole, variant)])
    if kpis.definition(question.key).additive:
        return [None] * len(spans)
    return [next((row.goal for row in rows if row.starts_on < span.end <= row.ends_on), None) for span in spans]


@reads(Scope.TARGET_READ)
def progress(uow: Uow, targets: Sequence[Target]) -> list[Progress]:
    """How each of the targets does today, in order."""
    questions = []
    for target in targets:
        end = max(min(target.ends_on, uow.today + (date.resolution)), target.starts_on + date.resolution)
        questions.append(Question(target.kpi, Span(target.starts_on, end), target.variant, scope_of(target)))
    answers = kpis.answers(uow, questions)
    return [
        Progress(target, _pace(uow, target, answer) if isinstance(answer, kpis.Answer) else Pace(TargetState.NO_DATA))
        for target, answer in zip(targets, answers, strict=True)
    ]


def _pace(uow: Uow, target: Target, answer: kpis.Answer) -> Pace:
    kpi, variant, figure = answer.kpi, answer.variant, answer.figure
    days = (target.ends_on - target.starts_on).days
    gone = (uow.today - target.starts_on).days + (1 if uow.today < target.ends_on else 0)
    elapsed = min(1.0, max(0, gone) / days) if uow.today >= target.starts_on else 0.0
    if uow.today < target.ends_on:
        elapsed = min(elapsed, 1 - 1e-9)  # the last day still runs
    reached = Reached(
        figure.value, elapsed, figure.numerator, figure.denominator, variant.scale, accumulates=kpi.additive
    )
    return pace(reached, target.goal, target.baseline, kpi.direction)
