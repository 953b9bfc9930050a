"""KPI results in the schema: values, series, breakdowns, comparisons, targets."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import orjson
import strawberry

from app import ids
from app.actor import Scope
from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.kpis.figure import Figure
from app.kpis.kpi import KpiUnit
from app.models.target import Target as Row
from app.schema.catalogue import KpiDefinition
from app.schema.chart import Charts
from app.schema.compounded import COMPOUNDED
from app.schema.context import Context, Info
from app.schema.describe import arg, field, plain, type_
from app.schema.figure import Interval, KpiFigure, parts, words
from app.schema.filters import KpiFilter, KpiFilterInput, filters, from_parts, shown_filters
from app.schema.histogram import MOST_BARS, KpiHistogramBar, bars
from app.schema.kpi_input import HEAVIEST, PREVIOUS, ComparisonInput, SliceOrderInput
from app.schema.movement import Movement
from app.schema.node import Node, found_by
from app.schema.page import OrderDirection
from app.schema.period import LocaleArgument, Period, PeriodInput, asked
from app.schema.scalars import CurrencyCode, Moment
from app.schema.target import TargetProgress
from app.schema.weight import FEW, sized, weighs
from app.services import breakdown as breakdowns
from app.services import comparison, target_progress
from app.services import kpi as kpis
from app.services.kpi import Answer, Question
from app.services.period import Grain, Span, checked
from app.text import Text


@type_
class KpiPoint(KpiFigure):
    """One point of a series."""

    period: Period = plain("Its days.")
    target: float | None = plain("The goal of the target that was in force on its last day.")


@type_
class KpiSlice(KpiFigure):
    """A KPI for one value of a dimension."""

    key: str = plain("The value, for filters; empty for none.")
    weight: float | None = plain("How many cases stand behind it.")
    share: float | None = plain("Its part of all cases, as a fraction; null where slices overlap.")
    result: "KpiResult" = plain("The same KPI narrowed to this slice.")
    name: strawberry.Private[Any]

    @field
    def label(self, info: Info, locale: LocaleArgument = None) -> str:
        """The value for people."""
        return str(self.name.in_(locale or info.context.locale))


@type_
class KpiBreakdown:
    """A KPI by the values of a dimension."""

    id: strawberry.ID = plain("Names the breakdown, for clients' caches.")
    slices: list[KpiSlice] = plain("The values, in the order asked for.")
    other: KpiSlice | None = plain("Everything beyond `first` together; null where there is none or slices overlap.")
    total_count: int = plain("How many values there are.")
    is_additive: bool = plain("Whether the slices are disjoint, so that their parts add up to the whole.")


@type_
class KpiComparison:
    """How a result differs from a baseline."""

    id: strawberry.ID = plain("Names the comparison, for clients' caches.")
    baseline: "KpiResult" = plain("What it is compared with.")
    change: float | None = plain("The difference, in the KPI's own unit.")
    relative_change: float | None = plain("The difference as a fraction of the baseline; null when that is 0.")
    interval: Interval | None = plain("The confidence interval of the difference, where both are samples.")
    is_improvement: bool | None = plain("Whether it went the good way; null without a difference.")
    is_significant: bool | None = plain("Whether the interval leaves out 0; null without one.")
    unit: strawberry.Private[Any]
    own_currency: strawberry.Private[str]

    @field
    def display(self, info: Info, locale: LocaleArgument = None) -> str:
        """The difference for people."""
        reader = locale or info.context.locale
        return "–" if self.change is None else words(self.change, self.unit, reader, self.own_currency, sign=True)


@type_
class KpiResult(KpiFigure, Movement, Charts, Node):
    """A KPI over some days."""

    definition: KpiDefinition = plain("What the KPI means.")
    variant: str = plain("Which reading it is.")
    period: Period = plain("Its days, resolved.")
    filters: list[KpiFilter] = plain("To what it is narrowed.")
    known_on: date | None = plain("The day as of which it was known; null for now.")
    currency: CurrencyCode | None = plain("The currency, of money KPIs only.")
    data_through: Moment | None = plain("When the latest fact behind it happened; later ones have not come in.")
    compounded = COMPOUNDED

    @field
    @sized(24)
    async def series(self, info: Info, grain: Annotated[Grain, arg("How the days are cut.")]) -> list[KpiPoint]:
        """The KPI by day, week, month, quarter or year; a bucket at the edge is clipped to the period."""
        question = replace(_question(self.answer), grain=grain)
        answer = await info.context.gather(kpis.answer, question)
        goals: list[float | None] = [None] * len(answer.spans)
        if info.context.may(Scope.TARGET_READ):
            goals = await info.context.gather(target_progress.goals, (question, answer.variant.key, answer.spans))
        info.context.spend(len(answer.spans))
        return [
            KpiPoint(
                id=_id("KpiPoint", answer, span),
                period=Period.of(span, answer.today),
                target=goal,
                **parts(figure, answer, span.end),  # type: ignore[arg-type]  # built field by field
            )
            for span, figure, goal in zip(answer.spans, answer.figures[""], goals, strict=True)
        ]

    @field
    @sized(MOST_BARS, by=("most",))
    async def histogram(
        self, info: Info, most: Annotated[int, arg("How many bars, from 1 to 100.")] = MOST_BARS
    ) -> list[KpiHistogramBar] | None:
        """The distribution behind a median or another percentile; null of other values."""
        return bars(await info.context.gather(kpis.answer, _question(self.answer)), most)

    @field
    @weighs(1)
    @sized(20, by=("first",), fields=("slices",))
    async def breakdown(
        self,
        info: Info,
        by: Annotated[Dimension, arg("By what.")],
        attribute: Annotated[
            str | None, arg("With ATTRIBUTE, which: one of the workspace's `attributeDimensions`.")
        ] = None,
        first: Annotated[int, arg("How many slices; the rest is in `other`. At most 500.")] = 20,
        order_by: Annotated[SliceOrderInput, arg("In which order.")] = HEAVIEST,
    ) -> KpiBreakdown | None:
        """The KPI by the values of a dimension."""
        if not 0 <= first <= 500:  # noqa: PLR2004 - said in the description
            msg = Text("first must be between 0 and 500.", "first 必须在 0 与 500 之间。")
            raise Invalid(msg, "first")
        question = replace(_question(self.answer), by=by, attribute=attribute or None)
        answer = await info.context.gather(kpis.answer, question)
        found = breakdowns.arrange(
            answer, first, by=order_by.field.value, descending=order_by.direction is OrderDirection.DESC
        )
        info.context.spend(len(found.rows))
        told = (by.value, first, order_by.field.value, order_by.direction.value, *([attribute] if attribute else []))
        return KpiBreakdown(
            id=_id("KpiBreakdown", answer, answer.span, *told),
            slices=[_slice(self, answer, by, row) for row in found.rows],
            other=_slice(self, answer, by, found.other, "other") if found.other else None,
            total_count=found.total,
            is_additive=found.is_additive,
        )

    @field
    @weighs(1)
    async def comparison(
        self,
        info: Info,
        to: Annotated[ComparisonInput, arg("With what.")] = PREVIOUS,
    ) -> KpiComparison | None:
        """How it differs from an earlier period, another one, or other filters."""
        answer, question = self.answer, _question(self.answer)
        if to.period:
            baseline = replace(question, period=asked(to.period, "to", "period"))
        elif to.kind:
            baseline = replace(question, period=comparison.baseline(answer, to.kind))
        else:
            baseline = replace(question, filters=filters(to.filter or None))
        found = await info.context.gather(kpis.answer, baseline)
        change = comparison.compare(answer, found)
        return KpiComparison(
            id=_id("KpiComparison", answer, answer.span, _id("KpiResult", found, found.span)),
            baseline=result(found),
            change=change.change,
            relative_change=change.relative,
            interval=Interval.of(change.interval),
            is_improvement=change.is_improvement,
            is_significant=change.is_significant,
            unit=self.unit,
            own_currency=self.own_currency,
        )

    @field
    @weighs(5)
    @sized(FEW)
    async def targets(self, info: Info) -> list[TargetProgress]:
        """The targets that concern it, the closest first, and how they do."""
        rows = await self._matching(info)
        found = await asyncio.gather(*(info.context.gather(target_progress.progress, row.id) for row in rows))
        return [TargetProgress.of(one) for one in found]

    @field
    @weighs(5)
    async def target(self, info: Info) -> TargetProgress | None:
        """The target: the one with the narrowest scope, then the nearest end, and how it does."""
        rows = await self._matching(info)
        return TargetProgress.of(await info.context.gather(target_progress.progress, rows[0].id)) if rows else None

    async def _matching(self, info: Info) -> list[Row]:
        asked_ = (_question(self.answer), self.answer.variant.key, (self.answer.span,))
        return await info.context.gather(target_progress.matching, asked_)


def _question(answer: Answer) -> Question:
    """The question of an answer, its days resolved."""
    asked_ = replace(answer.question, grain=None, by=None, attribute=None)
    return replace(asked_, period=answer.span, variant=answer.variant.key)


def _id(type_: str, answer: Answer, span: Span, *more: object) -> strawberry.ID:
    question = answer.question
    narrowed = orjson.dumps([f.parts for f in question.filters]).decode()
    known = question.known_on or ""
    return strawberry.ID(
        ids.encode(type_, question.key, answer.variant.key, span.start, span.end, narrowed, known, *more)
    )


def result(answer: Answer, figure: Figure | None = None) -> KpiResult:
    """The answer as the schema shows it."""
    return KpiResult(
        id=_id("KpiResult", answer, answer.span),
        definition=KpiDefinition.of(answer.kpi)
        if answer.kpi.written is None
        else KpiDefinition.own(answer.kpi, answer.question.key),
        variant=answer.variant.key,
        period=Period.of(answer.span, answer.today),
        filters=shown_filters(answer.question.filters),
        known_on=answer.question.known_on,
        currency=CurrencyCode(answer.currency) if answer.kpi.unit is KpiUnit.MONEY else None,
        data_through=Moment(answer.data_through) if answer.data_through else None,
        answer=answer,
        **parts(figure or answer.figure, answer, answer.span.end),  # type: ignore[arg-type]  # built field by field
    )


def _slice(whole: KpiResult, answer: Answer, by: Dimension, row: breakdowns.Row, *as_: str) -> KpiSlice:
    narrowed = breakdowns.narrowed(whole.answer, by, row, answer.question.attribute)
    return KpiSlice(
        id=_id("KpiSlice", answer, answer.span, by.value, *row.keys, *as_),
        key=row.key,
        name=row.label,
        weight=row.weight,
        share=row.share,
        result=result(narrowed, row.figure),
        **parts(row.figure, answer, answer.span.end),  # type: ignore[arg-type]  # built field by field
    )


async def ask(  # noqa: PLR0913 - the arguments of the field
    context: Context,
    key: str,
    period: PeriodInput,
    variant: str | None,
    filter_: list[KpiFilterInput] | None,
    known_on: date | None = None,
) -> KpiResult:
    """The result of one KPI, read together with whatever else the operation asks for."""
    chosen = None if variant is strawberry.UNSET else variant
    day = None if known_on is strawberry.UNSET else known_on
    question = Question(key, asked(period, "period"), chosen, filters(filter_), known_on=day)
    return result(await context.gather(kpis.answer, question))


async def _found(context: Context, given: list[str]) -> KpiResult | None:
    try:
        key, variant, start, end, narrowed, known = given
        chosen = from_parts(narrowed)
        if chosen is None:
            return None
        span = checked(date.fromisoformat(start), date.fromisoformat(end))
        question = Question(key, span, variant, chosen, known_on=date.fromisoformat(known) if known else None)
    except (ValueError, TypeError, Invalid):
        return None
    try:
        found = result(await context.gather(kpis.answer, question))
    except Invalid:
        return None
    # an id that says the same otherwise is not one that was given
    return found if found.id == ids.encode("KpiResult", *given) else None


found_by("KpiResult", _found)
