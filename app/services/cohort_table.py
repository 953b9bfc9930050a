"""Cohort tables: what becomes, month by month, of those who became customers or first bought in the same month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from app.actor import Scope
from app.errors import AppError, Code, Invalid
from app.kpis.figure import LOW_SAMPLE, Figure, KpiFlag, NullReason, flagged, nothing
from app.kpis.measure import Cube
from app.models.base import month_of
from app.models.rollup import RollupState
from app.services import cohort_count, rollup
from app.services.cohort_count import CUBES, CohortMeasure, Counts
from app.services.days import Period, resolve
from app.services.extent import Extent, extents
from app.services.money import minor
from app.services.period import NamedPeriod, Span, add_months, is_whole_months
from app.services.scan import awaits_members
from app.services.slices import Filter
from app.text import Text
from app.uow import Uow, reads

MOST = 60
"""Most cohorts, and most months that each is followed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table of the cohorts of some months, each followed for so many `months`, of customers who meet all filters."""

    of: CohortMeasure
    period: Period
    months: int
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cohort in one month: its figure and, of revenue, the same from its beginning to the end of the month."""

    span: Span
    figure: Figure
    so_far: Figure | None
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A cohort: its month, how many it has, and a cell for each month from that one on."""

    span: Span
    size: int | None
    reason: NullReason | None
    flags: tuple[KpiFlag, ...]
    is_provisional: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Average:
    """All cohorts together, so many months after they began: those of which that month is over."""

    figure: Figure
    so_far: Figure | None


@dataclass(frozen=True, slots=True)
class Table:
    """The cohorts in order, and their averages by month."""

    wanted: Wanted
    span: Span
    rows: tuple[Row, ...]
    averages: tuple[Average, ...]
    today: date
    currency: str
    data_through: datetime | None


@reads(Scope.KPI_READ)
def tables(uow: Uow, wanted: Sequence[Wanted]) -> list[Table | AppError]:
    """The tables in order; one that cannot be given as asked has its error."""
    states = rollup.states(uow)
    found: list[Table | AppError] = []
    for one in wanted:
        try:
            found.append(_Drawing(uow, one, states).table())
        except AppError as error:
            found.append(error)
    return found


def _months(uow: Uow, wanted: Wanted, known: Sequence[Extent]) -> Span:
    """The months in which the cohorts begin. Raises Invalid for days that are no months, and for too many."""
    if not 1 <= wanted.months <= MOST:
        msg = Text(f"months must be between 1 and {MOST}.", f"months 必须在 1 与 {MOST} 之间。")
        raise Invalid(msg, "months", code=Code.OUT_OF_RANGE)
    span = resolve(uow, wanted.period, known)
    if wanted.period is NamedPeriod.ALL_TIME:
        last = (span.end - timedelta(days=1)).replace(day=1)
        span = Span(span.start.replace(day=1), add_months(last, 1))
    if not is_whole_months(span):
        msg = Text(
            "Cohorts are of calendar months: the period must begin and end with one.",
            "群组按自然月划分：期间必须以整月开始和结束。",
        )
        raise Invalid(msg, "period")
    count = _count(span)
    if count > MOST:
        msg = Text(
            f"A table has at most {MOST} cohorts; this period has {count} months.",
            f"一张表最多有 {MOST} 个群组；此期间有 {count} 个月。",
        )
        raise Invalid(msg, "period", code=Code.TOO_MANY)
    return span


def _count(span: Span) -> int:
    return 12 * (span.end.year - span.start.year) + span.end.month - span.start.month


class _Drawing:
    """One table as it comes to be."""

    def __init__(self, uow: Uow, wanted: Wanted, states: Mapping[str, RollupState]) -> None:
        self.uow, self.wanted = uow, wanted
        self.cubes: tuple[Cube, ...] = CUBES[wanted.of]
        self.models = [cube.model for cube in self.cubes]
        known = extents(uow, self.models)
        self.known = [known[model] for model in self.models]
        self.span = _months(uow, wanted, self.known)
        self.count = _count(self.span)
        starts = [add_months(self.span.start, place) for place in range(self.count + wanted.months)]
        self.months = [Span(*pair) for pair in pairwise(starts)]
        self.chosen = cohort_count.narrowed(uow, wanted.of, wanted.filters)
        self.minor = minor(uow.workspace.currency)
        mine = [states.get(cube.name) for cube in self.cubes]
        fresh = all(
            state and state.fingerprint == cube.fingerprint for state, cube in zip(mine, self.cubes, strict=True)
        )
        self.reason = None if fresh and not awaits_members(uow, self.chosen) else NullReason.PREPARING
        if self.reason is None and not any(extent.first for extent in self.known):
            self.reason = NullReason.INPUT_NOT_CONFIGURED
        self.flags = (KpiFlag.REBUILDING,) if any(state and state.building for state in mine) else ()
        self.states = states

    def table(self) -> Table:
        """The whole table."""
        counts = self._counts()
        rows = tuple(self._row(place, counts) for place in range(self.count))
        return Table(
            self.wanted,
            self.span,
            rows,
            tuple(self._average(since, counts) for since in range(self.wanted.months)),
            self.uow.today,
            self.uow.workspace.currency,
            max((extent.through for extent in self.known if extent.through), default=None),
        )

    def _counts(self) -> Counts:
        tomorrow = self.uow.today + timedelta(days=1)
        begun = [Span(one.start, min(one.end, tomorrow)) for one in self.months if self._has_begun(one)]
        if self.reason is not None or not begun:
            return Counts({}, {}, {})
        cohorts = begun[: self.count]
        if self.chosen:
            return cohort_count.from_facts(self.uow, self.wanted.of, cohorts, begun, self.chosen)
        generations = {name: state.generation for name, state in self.states.items()}
        return cohort_count.from_rollups(self.uow, self.wanted.of, cohorts, begun, generations)

    def _has_begun(self, span: Span) -> bool:
        return span.start <= self.uow.today

    def _is_over(self, span: Span) -> bool:
        return span.end <= self.uow.today

    def _row(self, place: int, counts: Counts) -> Row:
        span = self.months[place]
        reason = self.reason or (None if self._has_begun(span) else NullReason.PERIOD_NOT_STARTED)
        size = None if reason else counts.sizes.get(month_of(span.start), 0)
        low = (KpiFlag.LOW_SAMPLE,) if size is not None and size < LOW_SAMPLE else ()
        cells = tuple(self._cell(place, since, size, counts) for since in range(self.wanted.months))
        return Row(span, size, reason, (*low, *self.flags), not self._is_over(span), cells)

    def _cell(self, place: int, since: int, size: int | None, counts: Counts) -> Cell:
        span = self.months[place + since]
        reason = self.reason or (None if self._has_begun(span) else NullReason.PERIOD_NOT_STARTED)
        if reason is not None or size is None:
            blank = nothing(reason or NullReason.PERIOD_NOT_STARTED)
            return Cell(span, blank, blank if self._is_money else None, not self._is_over(span))
        key = month_of(self.months[place].start)
        return Cell(
            span,
            self._figure(*counts.at(key, place + since), size),
            self._figure(*counts.until(key, place, place + since), size) if self._is_money else None,
            not self._is_over(span),
        )

    @property
    def _is_money(self) -> bool:
        return self.wanted.of is CohortMeasure.REVENUE

    def _average(self, since: int, counts: Counts) -> Average:
        """Parts summed, then divided."""
        if self.reason is not None:
            blank = nothing(self.reason)
            return Average(blank, blank if self._is_money else None)
        over = [place for place in range(self.count) if self._is_over(self.months[place + since])]
        keys = {place: month_of(self.months[place].start) for place in over}
        size = sum(counts.sizes.get(key, 0) for key in keys.values())
        now = [counts.at(key, place + since) for place, key in keys.items()]
        then = [counts.until(key, place, place + since) for place, key in keys.items()]
        figures = [self._figure(sum(a for a, _ in parts), sum(b for _, b in parts), size) for parts in (now, then)]
        return Average(figures[0], figures[1] if self._is_money else None)

    def _figure(self, amount: int, unpriced: int, size: int) -> Figure:
        """The amount of a cohort of that size, or of several."""
        if unpriced:
            found = nothing(NullReason.MISSING_FX)
        else:
            above = Fraction(amount, self.minor) if self._is_money else Fraction(amount)
            parts = (float(above), float(size), float(size))
            exact = None if not size else (1 if self._is_money else 100) * above / size
            value = None if exact is None else float(exact)
            found = Figure(value, None if size else NullReason.NO_DATA, *parts, exact=exact)
        low = (KpiFlag.LOW_SAMPLE,) if size < LOW_SAMPLE else ()
        return flagged(found, *low, *self.flags)
