"""KPI questions and their answers: the figures of many questions, read together from one snapshot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from app.actor import Scope
from app.errors import AppError, Forbidden, Invalid
from app.kpis import CATALOGUE
from app.kpis.custom import key_of
from app.kpis.dimension import Dimension
from app.kpis.figure import Figure, KpiFlag, NullReason, figure, flagged, nothing
from app.kpis.kpi import Kpi, Variant
from app.kpis.measure import Cube
from app.kpis.source import having, sources
from app.models.base import Owned
from app.models.rollup import RollupState
from app.models.target import Target
from app.services import custom_kpi, judgement, narrowing, planner, privacy, rollup
from app.services.belonging import defined
from app.services.days import Period, calendar, resolve
from app.services.extent import Extent, extents, has
from app.services.money import minor
from app.services.period import Grain, Span
from app.services.planner import Ask
from app.services.scan import awaits_members
from app.services.slices import Filter, Slice, check_attribute, conditions, look_up, slices
from app.services.target_scope import kpi_of, scope_of
from app.text import Text
from app.uow import Uow, reads


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one KPI: in one figure, in a series by `grain`, or broken down `by` a dimension.

    `known_on` asks for the value as it was known at the end of that day. `attribute` names the one that `by` is.
    """

    key: str
    period: Period
    variant: str | None = None
    filters: tuple[Filter, ...] = ()
    grain: Grain | None = None
    by: Dimension | None = None
    known_on: date | None = None
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The figures of a question: per inner key of the breakdown ("" without one) one per span."""

    question: Question
    kpi: Kpi
    variant: Variant
    span: Span
    spans: tuple[Span, ...]
    figures: dict[str, list[Figure]]
    amounts: planner.Cells
    slices: dict[str, Slice]
    today: date
    data_through: datetime | None
    currency: str
    settles_in: int

    @property
    def figure(self) -> Figure:
        """The one figure of a question without series and breakdown."""
        return self.figures[""][0]


Plan = tuple[Ask, Span, tuple[Span, ...]]
"""What is read for a question, the days that it is about, and those days cut as it wants them shown."""


def definition(uow: Uow, key: str) -> Kpi:
    """The KPI named `key`, of the catalogue or the workspace's own. Raises Invalid when there is no such."""
    if key_of(key) is not None:
        return custom_kpi.named(uow, key)
    kpi = CATALOGUE.get(key)
    if kpi is None:
        msg = Text(
            f"There is no KPI {key!r}; the catalogue has {', '.join(CATALOGUE)}.",
            f"没有 KPI {key!r}；目录中有 {', '.join(CATALOGUE)}。",
        )
        raise Invalid(msg, "key")
    return kpi


def variant_of(kpi: Kpi, key: str | None) -> Variant:
    """The variant named `key`. Raises Invalid when the KPI has no such."""
    variant = kpi.variant(key)
    if variant is None:
        msg = Text(
            f"{kpi.key} has no variant {key!r}; it has {', '.join(v.key for v in kpi.variants)}.",
            f"{kpi.key} 没有变体 {key!r}；可用的有 {', '.join(v.key for v in kpi.variants)}。",
        )
        raise Invalid(msg, "variant")
    return variant


@reads(Scope.KPI_READ)
def answer(uow: Uow, questions: Sequence[Question]) -> list[Answer | AppError]:
    """The answers in order; a question that cannot be answered as asked gets its error, the others their answers."""
    return answers(uow, questions)


def answers(uow: Uow, questions: Sequence[Question]) -> list[Answer | AppError]:
    """The same inside a unit of work that has been let in already."""
    states = rollup.states(uow)
    custom_kpi.look_up(uow, (question.key for question in questions))
    look_up(uow, (filter_ for question in questions for filter_ in question.filters))
    asked = [variant for question in questions if (variant := _asked(uow, question))]
    models = (cube.model for variant in asked for cube in variant.cubes)
    known = extents(uow, models, (source for variant in asked for source in sources(variant)))
    planned: list[Plan | AppError] = []
    for question in questions:
        try:
            planned.append(_plan(uow, question, known))
        except AppError as error:
            planned.append(error)
    asks = [plan[0] for plan in planned if not isinstance(plan, AppError)]
    ready = [ask for ask in asks if ask.variant.rollups and not _is_preparing(uow, ask, states)]
    generations = {name: state.generation for name, state in states.items()}
    cells = dict(zip(map(id, ready), planner.answer(uow, ready, generations) if ready else [], strict=True))
    cells |= {id(ask): judgement.cells(uow, ask.spans, _measured) for ask in asks if not ask.variant.rollups}
    found: list[Answer | AppError] = []
    for question, plan in zip(questions, planned, strict=True):
        if isinstance(plan, AppError):
            found.append(plan)
            continue
        found.append(_answer(uow, question, plan, cells.get(id(plan[0])), known, states))
    return found


def _measured(uow: Uow, targets: Sequence[Target]) -> Sequence[Answer | AppError]:
    """What the KPIs of `targets` came to over their days."""
    spans = [Span(one.starts_on, one.ends_on) for one in targets]
    questions = [
        Question(kpi_of(one), span, one.variant, scope_of(one)) for one, span in zip(targets, spans, strict=True)
    ]
    return answers(uow, questions)


def _asked(uow: Uow, question: Question) -> Variant | None:
    """What is asked for, if there is such a KPI and variant."""
    try:
        kpi = definition(uow, question.key)
        variant = variant_of(kpi, question.variant)
        narrowing.check(uow, kpi, variant, ())
    except (Invalid, Forbidden):
        return None
    return variant


def _answer(  # noqa: PLR0913 - what an answer is put together from
    uow: Uow,
    question: Question,
    plan: Plan,
    cells: planner.Cells | None,
    known: Mapping[type[Owned], Extent],
    states: dict[str, RollupState],
) -> Answer:
    ask, span, spans = plan
    figures = _figures(uow, ask, cells, states)
    through = [known[cube.model].through for cube in ask.variant.cubes]
    return Answer(
        question,
        ask.kpi,
        ask.variant,
        span,
        spans,
        figures,
        cells or {},
        slices(uow, ask.by, figures) if ask.by else {},
        uow.today,
        max((instant for instant in through if instant), default=None),
        uow.workspace.currency,
        _settles_in(uow, ask.variant),
    )


def _settles_in(uow: Uow, variant: Variant) -> int:
    """How many days after its period a figure is settled."""
    named = (variant.settles_in,) if isinstance(variant.settles_in, str) else variant.settles_in or ()
    return max((getattr(uow.workspace, name) for name in named), default=0)


def ask_one(uow: Uow, question: Question) -> Answer:
    """The answer to one question, or its error raised."""
    (found,) = answers(uow, [question])
    if isinstance(found, AppError):
        raise found
    return found


def _plan(uow: Uow, question: Question, known: Mapping[type[Owned], Extent]) -> Plan:
    kpi = definition(uow, question.key)
    variant = variant_of(kpi, question.variant)
    dimensions = {filter_.by for filter_ in question.filters} | ({question.by} if question.by else set())
    narrowing.check(uow, kpi, variant, sorted(dimensions))
    variant = variant.having(_has(uow, variant))
    if not variant.rollups:
        judgement.check(uow, question.known_on)
    for dimension in dimensions:
        if not variant.cut_by(dimension):
            msg = Text(
                f"{kpi.key} cannot be cut by {dimension.value}; it can by {', '.join(kpi.dimensions)}.",
                f"{kpi.key} 不能按 {dimension.value} 细分；可以按 {', '.join(kpi.dimensions)} 细分。",
            )
            raise Invalid(msg, "filter" if question.by is not dimension else "by")
    if variant.is_profile and (question.filters or question.by):
        privacy.check_may_profile(uow, kpi.key)
    span = resolve(uow, question.period, [known[cube.model] for cube in variant.cubes])
    spans: tuple[Span, ...] = (span,)
    if question.grain is not None:
        spans = calendar(uow).buckets(span, question.grain, uow.settings.max_buckets)
    counted = spans
    if any(cube.ahead for cube in variant.cubes):
        # what is planned has not happened: a running period counts to the end of today
        counted = tuple(calendar(uow).elapsed(one) for one in spans)
    if question.by is not None:
        check_attribute(uow, question.by, question.attribute)
    met = conditions(uow, question.filters)
    ask = Ask(kpi, variant, counted, met, question.by, question.known_on, question.attribute)
    ask = replace(ask, is_defined=_shows_defined(uow, ask))
    if ask.known_on is not None and planner.scans_facts(uow, ask):
        msg = Text(
            "What was known on a day is kept per dimension; ask with one filter or one breakdown at a time.",
            "某日已知的数据按维度保存；每次请只使用一个筛选或一个细分。",
        )
        raise Invalid(msg if uow.actor.rows is None else narrowing.UNKEPT, "knownOn")
    return ask, span, spans


def _shows_defined(uow: Uow, ask: Ask) -> bool:
    """Whether the segments that the workspace defines are slices too: not where only texts are asked for.

    What was known of them earlier is not kept.
    """
    if ask.by is not Dimension.SEGMENT or ask.known_on is not None or not defined(uow):
        return False
    return all(one.by is not ask.by or one.any_of is None or one.is_joined for one in ask.conditions)


def _is_preparing(uow: Uow, ask: Ask, states: dict[str, RollupState]) -> bool:
    """Whether a rollup has yet to be filled, or a segment that is named has yet to find its members."""
    rollups = ask.variant.rollups
    if any(cube.name not in states or states[cube.name].fingerprint != cube.fingerprint for cube in rollups):
        return True
    return awaits_members(uow, ask.conditions)


def _has(uow: Uow, variant: Variant) -> Callable[[Cube], bool]:
    """What tells whether there are the facts that `variant` needs of a cube."""
    return having(variant, partial(has, uow))


def _lacks(uow: Uow, ask: Ask, cells: planner.Cells) -> bool:
    """Whether there are none of the facts that are needed, nor were any known then that have gone since."""
    if not ask.variant.lacks(_has(uow, ask.variant)):
        return False
    return ask.known_on is None or not any(any(amounts.values()) for row in cells.values() for amounts in row)


def _figures(
    uow: Uow,
    ask: Ask,
    cells: planner.Cells | None,
    states: dict[str, RollupState],
) -> dict[str, list[Figure]]:
    if cells is None:
        return {"": [nothing(NullReason.PREPARING) for _ in ask.spans]} if ask.by is None else {}
    if _lacks(uow, ask, cells):
        return {"": [nothing(NullReason.INPUT_NOT_CONFIGURED) for _ in ask.spans]} if ask.by is None else {}
    flags = []
    if any(states[cube.name].building for cube in ask.variant.rollups):
        flags.append(KpiFlag.REBUILDING)
    if ask.known_on and any(states[cube.name].rebuilt_on > ask.known_on for cube in ask.variant.rollups):
        flags.append(KpiFlag.KNOWN_SINCE_REBUILD)
    # what a formula can do without is only missed where it has no value
    is_bare = not all(map(_has(uow, ask.variant), ask.variant.optional))
    hidden = privacy.hidden(uow, ask, cells)
    figures: dict[str, list[Figure]] = {}
    for key, row in cells.items():
        figures[key] = []
        for place, (span, amounts) in enumerate(zip(ask.spans, row, strict=True)):
            if span.start > uow.today:
                shown = nothing(NullReason.PERIOD_NOT_STARTED)
            elif (key, place) in hidden:
                shown = nothing(NullReason.SUPPRESSED_SMALL_CELL)
            else:
                shown = figure(ask.kpi, ask.variant, amounts, minor=minor(uow.workspace.currency))
                if shown.reason is NullReason.ZERO_DENOMINATOR and is_bare:
                    shown = replace(shown, reason=NullReason.INPUT_NOT_CONFIGURED)
            figures[key].append(flagged(shown, *flags))
    return figures
