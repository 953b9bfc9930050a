"""Charts: what a drawing of a KPI shows, read together: over time, by a dimension, against a target."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from app.actor import Scope
from app.errors import AppError, Code, Invalid, Limited
from app.kpis.dimension import Dimension
from app.kpis.figure import Figure, NullReason, nothing
from app.services import breakdown as breakdowns
from app.services import kpi as kpis
from app.services import target_progress
from app.services.kpi import Answer, Question
from app.services.period import Grain, Span
from app.services.slices import OTHER
from app.text import Text
from app.uow import Uow, reads

MOST_MARKS = 4_000
"""How many points, bars or cells one chart may have."""
MOST_COLOURS, MOST_ROWS = 7, 50
"""How many slices can be told apart by colour, and how many under one another."""
_USUAL_COLOURS, _USUAL_ROWS = 6, 20


class ChartKind(StrEnum):
    """How a KPI is drawn."""

    LINE = "LINE"
    BAR = "BAR"
    AREA = "AREA"
    STACKED_BAR = "STACKED_BAR"
    BULLET = "BULLET"
    HEAT_MAP = "HEAT_MAP"


class ChartTheme(StrEnum):
    """On what a chart is drawn."""

    LIGHT = "LIGHT"
    DARK = "DARK"


STACKED = frozenset({ChartKind.AREA, ChartKind.STACKED_BAR})
_COHORTS = frozenset({Dimension.COHORT, Dimension.PURCHASE_COHORT})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A chart as it is asked for; without `grain` one that fits the days is taken."""

    question: Question
    kind: ChartKind
    grain: Grain | None = None
    by: Dimension | None = None
    attribute: str | None = None
    first: int | None = None

    @property
    def over_time(self) -> bool:
        """Whether it shows how the KPI moved."""
        return self.kind is not ChartKind.BULLET and not (self.kind is ChartKind.BAR and self.by)

    @property
    def slices(self) -> int:
        """How many slices it shows by themselves."""
        by_row = self.kind in (ChartKind.BAR, ChartKind.HEAT_MAP)
        return self.first if self.first is not None else _USUAL_ROWS if by_row else _USUAL_COLOURS


@dataclass(frozen=True, slots=True)
class Look:
    """How a chart is to look: for which readers, on what, and how large in pixels."""

    locale: str
    theme: ChartTheme
    width: int
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Strand:
    """What belongs together in a chart: a line, a bar, a row of cells; a figure for each of the chart's spans."""

    key: str
    label: Text
    figures: tuple[Figure, ...]
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: strands over spans, the goals of its spans, and how many slices there are in all."""

    wanted: Wanted
    whole: Answer
    grain: Grain | None
    spans: tuple[Span, ...]
    strands: tuple[Strand, ...]
    goals: tuple[float | None, ...]
    total: int

    @property
    def marks(self) -> int:
        """How many points, bars or cells it has."""
        return len(self.spans) * len(self.strands)


Goals = Callable[[Wanted, Answer], tuple[float | None, ...]]
"""Tells what is to be reached in each span of an answer."""


@reads(Scope.KPI_READ)
def charts(uow: Uow, asked: Sequence[Wanted]) -> list[Chart | AppError]:
    """What each of the charts shows, in order; one that cannot be drawn as asked gets its error."""
    wholes = kpis.answers(uow, [one.question for one in asked])
    plans = [_planned(one, whole) for one, whole in zip(asked, wholes, strict=True)]
    found = iter(kpis.answers(uow, [each for plan in plans if not isinstance(plan, AppError) for each in plan[1]]))
    goals = partial(_goals, uow)
    return [
        plan if isinstance(plan, AppError) else _chart(one, plan[0], [next(found) for _ in plan[1]], goals)
        for one, plan in zip(asked, plans, strict=True)
    ]


def _planned(wanted: Wanted, whole: Answer | AppError) -> tuple[Answer, list[Question]] | AppError:
    """The whole, and what else has to be asked: the slices, then the series, each where the chart has them."""
    if isinstance(whole, AppError):
        return whole
    if (wrong := _wrong(wanted, whole)) is not None:
        return wrong
    question = replace(wanted.question, period=whole.span)
    sliced = replace(question, by=wanted.by, attribute=wanted.attribute)
    asked = [sliced] if wanted.by else []
    if wanted.over_time:
        asked.append(replace(sliced, grain=wanted.grain or fitting(whole.span)))
    return whole, asked


def fitting(span: Span) -> Grain:
    """The grain in which some days are easily read."""
    steps = ((31, Grain.DAY), (183, Grain.WEEK), (1_100, Grain.MONTH), (3_700, Grain.QUARTER))
    return next((grain for most, grain in steps if span.days <= most), Grain.YEAR)


def _wrong(wanted: Wanted, whole: Answer) -> Invalid | None:
    """What is to be mended in what is asked for."""
    kind, by = wanted.kind, wanted.by
    if kind in (ChartKind.STACKED_BAR, ChartKind.HEAT_MAP) and by is None:
        msg = Text(f"{kind.value} needs a dimension; say which in `by`.", f"{kind.value} 需要维度；请在 `by` 中指明。")
        return Invalid(msg, "by", code=Code.REQUIRED)
    if kind is ChartKind.BULLET and by is not None:
        msg = Text(
            "BULLET shows one value; leave `by` out, or draw a BAR.", "BULLET 只显示一个值；请省略 `by`，或改用 BAR。"
        )
        return Invalid(msg, "by", code=Code.CONFLICT)
    if wanted.grain is not None and not wanted.over_time:
        msg = Text(
            f"This {kind.value} shows the period as a whole; leave `grain` out, or draw a LINE or HEAT_MAP.",
            f"此 {kind.value} 显示整个期间；请省略 `grain`，或改用 LINE 或 HEAT_MAP。",
        )
        return Invalid(msg, "grain", code=Code.CONFLICT)
    if kind in STACKED and not whole.kpi.additive:
        msg = Text(
            f"The values of {whole.kpi.key} do not add up, so they cannot be stacked or filled; draw a LINE, a BAR or "
            "a HEAT_MAP.",
            f"{whole.kpi.key} 的值不可相加，因此不能堆叠或填充；请改用 LINE、BAR 或 HEAT_MAP。",
        )
        return Invalid(msg, "kind", code=Code.CONFLICT)
    most = MOST_ROWS if kind in (ChartKind.BAR, ChartKind.HEAT_MAP) else MOST_COLOURS
    if wanted.first is not None and not 1 <= wanted.first <= most:
        msg = Text(
            f"first must be between 1 and {most} in a {kind.value}.", f"{kind.value} 的 first 必须在 1 与 {most} 之间。"
        )
        return Invalid(msg, "first", code=Code.OUT_OF_RANGE)
    return None


def _chart(wanted: Wanted, whole: Answer, found: Sequence[Answer | AppError], goals: Goals) -> Chart | AppError:
    answers: list[Answer] = []
    for one in found:
        if isinstance(one, AppError):
            return one
        answers.append(one)
    series = answers[-1] if wanted.over_time else None
    spans = series.spans if series else (whole.span,)
    if wanted.by is None:
        strand = Strand("", whole.kpi.name, tuple((series or whole).figures[""]))
        return _bounded(Chart(wanted, whole, _grain(series), spans, (strand,), goals(wanted, series or whole), 1))
    sliced, *_ = answers
    strands, total, is_additive = _strands(wanted, sliced, series)
    if wanted.kind in STACKED and not is_additive:
        msg = Text(
            f"The slices by {wanted.by.value} overlap, so they cannot be stacked; draw a LINE or a HEAT_MAP.",
            f"按 {wanted.by.value} 的切片互有重叠，因此不能堆叠；请改用 LINE 或 HEAT_MAP。",
        )
        return Invalid(msg, "by", code=Code.CONFLICT)
    return _bounded(Chart(wanted, whole, _grain(series), spans, strands, (None,) * len(spans), total))


def _grain(series: Answer | None) -> Grain | None:
    return None if series is None else series.question.grain


def _bounded(chart: Chart) -> Chart | Limited:
    if chart.marks <= MOST_MARKS:
        return chart
    return Limited(
        Text(
            f"This chart would have {chart.marks:,} marks and may have {MOST_MARKS:,}; ask for a shorter period, a "
            "coarser grain or fewer slices.",
            f"此图表将有 {chart.marks:,} 个标记，上限为 {MOST_MARKS:,}；请缩短期间、加粗粒度或减少切片。",
        )
    )


def _strands(wanted: Wanted, sliced: Answer, series: Answer | None) -> tuple[tuple[Strand, ...], int, bool]:
    """The slices to be shown, the rest together where that can be told, how many there are, whether they add up."""
    by_month = wanted.by in _COHORTS
    found = breakdowns.arrange(sliced, wanted.slices, by="KEY" if by_month else "WEIGHT", descending=True)
    shown = list(reversed(found.rows)) if by_month else found.rows
    if series is None:
        rows = [*shown, *([found.other] if found.other else [])]
        strands = [Strand(row.key, row.label, (row.figure,), row is found.other) for row in rows]
        return tuple(strands), found.total, found.is_additive
    inner = {(sliced.slices[key].key if key in sliced.slices else key): key for key in sliced.figures}
    blank = [nothing(NullReason.NO_DATA)] * len(series.spans)
    strands = [Strand(row.key, row.label, tuple(series.figures.get(inner[row.key], blank))) for row in shown]
    if (
        found.other
        and not by_month
        and (rest := [inner[key] for key in found.other.keys if inner[key] in series.figures])
    ):
        strands.append(Strand("", OTHER, tuple(_rest(series, rest)), is_other=True))
    return tuple(strands), found.total, found.is_additive


def _rest(series: Answer, keys: Sequence[str]) -> Iterator[Figure]:
    """Those slices together, span by span."""
    for place in range(len(series.spans)):
        first = series.figures[keys[0]][place]
        is_ahead = first.reason is NullReason.PERIOD_NOT_STARTED
        yield first if is_ahead else breakdowns.together(series, keys, place)


def _goals(uow: Uow, wanted: Wanted, answer: Answer) -> tuple[float | None, ...]:
    """What is to be reached in each span, as far as the caller may see it.

    What a sum is to come to is not shared out: it is the goal of just those days.
    """
    blank = (None,) * len(answer.spans)
    if not uow.may(Scope.TARGET_READ):
        return blank
    asked = (answer.question, answer.variant.key, answer.spans)
    if wanted.kind is not ChartKind.BULLET:
        return tuple(*target_progress.goals(uow, [asked]))
    ((span,), (rows,)) = answer.spans, target_progress.matching(uow, [asked])
    if answer.kpi.additive:
        return (next((row.goal for row in rows if (row.starts_on, row.ends_on) == (span.start, span.end)), None),)
    return (next((row.goal for row in rows if row.starts_on < span.end <= row.ends_on), None),)
