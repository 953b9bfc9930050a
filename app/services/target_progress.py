"""How targets do: which of them concern a figure, and how far each is today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import orjson
from sqlmodel import col, select

from app.actor import Scope
from app.errors import AppError, NotFound
from app.models.target import Target
from app.services import kpi as kpis
from app.services import target
from app.services.kpi import Question
from app.services.pacing import Pace, Reached, TargetState, pace
from app.services.period import Span
from app.services.target_scope import kpi_of, scope_of, stored
from app.text import Text
from app.uow import Uow, reads


@dataclass(frozen=True, slots=True)
class Progress:
    """A target and how it does."""

    target: Target
    pace: Pace


Asked = tuple[Question, str, tuple[Span, ...]]
"""A figure or series: its question, the key of its variant, and its days, one span or one per bucket."""


@reads(Scope.TARGET_READ)
def matching(uow: Uow, asked: Sequence[Asked]) -> list[list[Target]]:
    """For each figure, the targets that concern it, the closest first.

    A target concerns a figure when its scope holds for everything in the figure and its dates meet the figure's days.
    The one with the narrowest scope comes first, then the one that ends nearest.
    """
    keys = sorted({question.key.partition(":")[0] for question, _, _ in asked})
    statement = select(Target).where(uow.db.is_any(Target.kpi, keys)).order_by(col(Target.ends_on), col(Target.id))
    rows = list(uow.session.scalars(statement))
    found = []
    for question, variant, spans in asked:
        filters = {orjson.dumps(one) for one in stored(question.filters)}
        hits = [
            row
            for row in rows
            if (kpi_of(row), row.variant) == (question.key, variant)
            and row.starts_on < spans[-1].end
            and row.ends_on > spans[0].start
            and {orjson.dumps(one) for one in row.scope} <= filters
        ]
        found.append(sorted(hits, key=lambda row: (-len(row.scope), row.ends_on)))
    return found


@reads(Scope.TARGET_READ)
def goals(uow: Uow, asked: Sequence[Asked]) -> list[list[float | None]]:
    """For each series, the goal in force on the last day of each bucket; a count's is not shared out."""
    return [
        [
            next((row.goal for row in rows if row.starts_on < span.end <= row.ends_on), None)
            if not kpis.definition(uow, question.key).additive
            else None
            for span in spans
        ]
        for (question, _, spans), rows in zip(asked, matching(uow, asked), strict=True)
    ]


@reads(Scope.TARGET_READ)
def progress(uow: Uow, ids: Sequence[UUID]) -> list[Progress | AppError]:
    """How each of the targets `ids` does today, in order; NotFound for one that is not here."""
    target.check_may_measure(uow)
    rows = target.LIST.by_ids(uow, ids)
    questions = {}
    for row in rows.values():
        tomorrow = uow.today + date.resolution
        end = max(min(row.ends_on, tomorrow), row.starts_on + date.resolution)
        questions[row.id] = Question(kpi_of(row), Span(row.starts_on, end), row.variant, scope_of(row))
    answers = dict(zip(questions, kpis.answers(uow, list(questions.values())), strict=True))
    found: list[Progress | AppError] = []
    for id_ in ids:
        answer = answers.get(id_)
        if answer is None:
            found.append(NotFound(Text("There is no such target here.", "这里没有这个目标。")))
        else:
            found.append(Progress(rows[id_], _pace(uow, rows[id_], answer)))
    return found


def _pace(uow: Uow, row: Target, answer: kpis.Answer | AppError) -> Pace:
    if isinstance(answer, AppError):  # its channel is gone, say: nothing to judge it by
        return Pace(TargetState.NO_DATA)
    kpi, variant, figure = answer.kpi, answer.variant, answer.figure
    days = (row.ends_on - row.starts_on).days
    gone = (uow.today - row.starts_on).days + (1 if uow.today < row.ends_on else 0)
    elapsed = min(1.0, max(0, gone) / days) if uow.today >= row.starts_on else 0.0
    if uow.today < row.ends_on:
        elapsed = min(elapsed, 1 - 1e-9)  # the last day still runs
    reached = Reached(
        figure.value,
        elapsed,
        figure.numerator,
        figure.denominator if variant.is_flow else None,
        variant.scale,
        accumulates=kpi.additive,
        decays=kpi.cohort,
    )
    return pace(reached, row.goal, row.baseline, kpi.direction)
