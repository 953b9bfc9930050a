"""Cohort tables in the schema."""

from decimal import Decimal
from typing import Annotated

import strawberry

from app import ids
from app.kpis.figure import Figure, KpiFlag, NullReason
from app.kpis.kpi import KpiUnit
from app.schema.context import Info
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.figure import KpiFigure, shown
from app.schema.filters import KpiFilter, KpiFilterInput, filters, shown_filters
from app.schema.period import Period, PeriodInput, asked
from app.schema.scalars import CurrencyCode, Moment
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.services import cohort_table
from app.services.cohort_count import CohortMeasure
from app.services.cohort_table import Cell, Row, Table, Wanted
from app.services.money import major, minor

enum(
    CohortMeasure,
    {
        "CUSTOMERS": "Of those who first became customers in a month, how many are customers at the end of each month, "
        "in percent; who left and came back is one again.",
        "BUYERS": "Of those who first bought in a month, how many buy in each month, in percent.",
        "REVENUE": "What those who first bought in a month bring in each month, less refunds, per person.",
    },
)
_ASSUMED = 24
"""How many cohorts and months a table is taken to have before it is there."""


@type_
class CohortSum(KpiFigure):
    """What a cohort has come to since it began, per person."""

    revenue: Decimal | None = plain("The exact sum, of all of them.")


@type_
class CohortCell(KpiFigure):
    """A cohort in one month: the value is the numerator over the denominator, which is how many the cohort has."""

    months_since: int = plain("How many months after the cohort's own, which is 0.")
    period: Period = plain("The month.")
    revenue: Decimal | None = plain("The exact revenue of all of them, of REVENUE only.")
    so_far: CohortSum | None = plain("The same from the cohort's own month to the end of this one, of REVENUE only.")


@type_
class CohortAverage(KpiFigure):
    """All cohorts together, so many months after they began: parts summed, then divided.

    Of the cohorts of which that month is over.
    """

    months_since: int = plain("How many months after the cohorts' own, which is 0.")
    so_far: CohortSum | None = plain("The same from the cohorts' own months on, of REVENUE only.")


@type_
class CohortRow:
    """Those who became customers, or first bought, in the same month."""

    id: strawberry.ID = plain("Names the row, for clients' caches.")
    cohort: Period = plain("Their month.")
    key: str = plain("The month as filters by COHORT and PURCHASE_COHORT name it, such as 2026-05.")
    size: float | None = plain("How many they are; null where that cannot be told.")
    null_reason: NullReason | None = plain("Why that cannot be told.")
    flags: list[KpiFlag] = plain("What to know before relying on it; LOW_SAMPLE below 30 people.")
    is_provisional: bool = plain("Whether their month is not over, so that there may be more of them.")
    made: strawberry.Private[list[CohortCell]]

    @field
    @sized(_ASSUMED)
    def cells(self, info: Info) -> list[CohortCell]:
        """A cell for each month from their own on; null where the month has not begun."""
        info.context.spend(len(self.made))
        return self.made


@type_
class CohortTable:
    """Cohorts by months since they began."""

    id: strawberry.ID = plain("Names the table, for clients' caches.")
    of: CohortMeasure = plain("What is followed.")
    period: Period = plain("The months in which the cohorts began.")
    filters: list[KpiFilter] = plain("Of which customers, by what was said of them when they began.")
    currency: CurrencyCode | None = plain("The currency, of REVENUE only.")
    data_through: Moment | None = plain("When the latest fact behind it happened.")
    averages: list[CohortAverage] = plain("All of them together, by months since.")
    made: strawberry.Private[list[CohortRow]]

    @field
    def rows(self, info: Info) -> list[CohortRow]:
        """The cohorts, the earliest first."""
        info.context.spend(len(self.made))
        return self.made


class CohortTableRoot:
    """What becomes of those who came in the same month."""

    @field
    @weighs(KPI_WEIGHT)
    @sized(_ASSUMED, fields=("rows", "averages"))
    async def cohort_table(
        self,
        info: Info,
        of: Annotated[CohortMeasure, arg("What is followed.")],
        period: Annotated[PeriodInput, arg("In which months the cohorts began: whole ones, at most 60.")],
        months: Annotated[int, arg("For how many months each is followed, its own among them; at most 60.")] = 12,
        filter: Annotated[
            list[KpiFilterInput] | None,
            arg(
                "Of which customers, by what was said of them when they first became one, or first bought; all must "
                "hold. Reads facts, up to a bound that the server sets."
            ),
        ] = None,
    ) -> CohortTable | None:
        """What becomes, month by month, of those who became customers or first bought in the same month."""
        wanted = Wanted(of, asked(period, "period"), months, filters(filter))
        return _Showing(await info.context.gather(cohort_table.tables, wanted)).table()


class _Showing:
    """A table on its way into the schema."""

    def __init__(self, found: Table) -> None:
        self.found, self.wanted = found, found.wanted
        self.is_money = found.wanted.of is CohortMeasure.REVENUE
        self.unit = KpiUnit.MONEY if self.is_money else KpiUnit.PERCENT
        narrowed = (one.parts for one in self.wanted.filters)
        self.name = (self.wanted.of.value, *narrowed)

    def table(self) -> CohortTable:
        """The whole table."""
        found, wanted = self.found, self.wanted
        return CohortTable(
            id=self._id("CohortTable", found.span.start, found.span.end, wanted.months),
            of=wanted.of,
            period=Period.of(found.span, found.today),
            filters=shown_filters(wanted.filters),
            made=[self._row(row) for row in found.rows],
            averages=self._averages(),
            currency=CurrencyCode(found.currency) if self.is_money else None,
            data_through=Moment(found.data_through) if found.data_through else None,
        )

    def _id(self, kind: str, *more: object) -> strawberry.ID:
        return strawberry.ID(ids.encode(kind, *self.name, *more))

    def _row(self, row: Row) -> CohortRow:
        return CohortRow(
            id=self._id("CohortRow", row.span.start),
            cohort=Period.of(row.span, self.found.today),
            key=row.span.start.isoformat()[:7],
            size=None if row.size is None else float(row.size),
            null_reason=row.reason,
            flags=list(row.flags),
            is_provisional=row.is_provisional,
            made=[self._cell(row, since, cell) for since, cell in enumerate(row.cells)],
        )

    def _cell(self, row: Row, since: int, cell: Cell) -> CohortCell:
        place, is_provisional = (row.span.start, since), cell.is_provisional
        return CohortCell(
            id=self._id("CohortCell", *place),
            months_since=since,
            period=Period.of(cell.span, self.found.today),
            revenue=self._sum(cell.figure),
            so_far=self._so_far(cell.so_far, *place, is_provisional=is_provisional),
            **self._parts(cell.figure, is_provisional=is_provisional),  # type: ignore[arg-type]  # built field by field
        )

    def _averages(self) -> list[CohortAverage]:
        days = (self.found.span.start, self.found.span.end)
        return [
            CohortAverage(
                id=self._id("CohortAverage", *days, since),
                months_since=since,
                so_far=self._so_far(one.so_far, *days, since, is_provisional=False),
                **self._parts(one.figure, is_provisional=False),  # type: ignore[arg-type]  # built field by field
            )
            for since, one in enumerate(self.found.averages)
        ]

    def _so_far(self, figure: Figure | None, *place: object, is_provisional: bool) -> CohortSum | None:
        if figure is None:
            return None
        return CohortSum(
            id=self._id("CohortSum", *place),
            revenue=self._sum(figure),
            **self._parts(figure, is_provisional=is_provisional),  # type: ignore[arg-type]  # built field by field
        )

    def _parts(self, figure: Figure, *, is_provisional: bool) -> dict[str, object]:
        return shown(figure, self.unit, self.found.currency, is_provisional=is_provisional)

    def _sum(self, figure: Figure) -> Decimal | None:
        """The numerator of money, which is the exact value times the size."""
        if not self.is_money or figure.exact is None or figure.sample is None:
            return None
        units = figure.exact * int(figure.sample) * minor(self.found.currency)
        return major(int(units), self.found.currency)
