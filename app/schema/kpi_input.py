"""How KPIs are asked for."""

from datetime import date
from enum import StrEnum

from app.schema.catalogue import KpiKey
from app.schema.describe import absent, enum, input_, one_of, plain
from app.schema.filters import KpiFilterInput
from app.schema.page import OrderDirection
from app.schema.period import PeriodInput
from app.services.period import ComparisonKind


class SliceOrderField(StrEnum):
    """What slices can be ordered by."""

    WEIGHT = "WEIGHT"
    VALUE = "VALUE"
    KEY = "KEY"


enum(
    SliceOrderField,
    {
        "WEIGHT": "By how many cases stand behind them.",
        "VALUE": "By their value; those without come last.",
        "KEY": "By their key.",
    },
)


@input_
class SliceOrderInput:
    """An order of slices."""

    field: SliceOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.DESC)


@one_of
class ComparisonInput:
    """With what a result is compared, in one of three ways."""

    kind: ComparisonKind | None = absent("With an earlier period.")
    period: PeriodInput | None = absent("With this period.")
    filter: list[KpiFilterInput] | None = absent("With the same days under these filters in place of its own.")


HEAVIEST = SliceOrderInput(field=SliceOrderField.WEIGHT, direction=OrderDirection.DESC)
PREVIOUS = ComparisonInput(kind=ComparisonKind.PREVIOUS_PERIOD)


@input_
class KpiInput:
    """One KPI that is asked for."""

    key: KpiKey = plain("The KPI.")
    period: PeriodInput = plain("Over which days.")
    variant: str | None = absent("Which reading; the default one when absent.")
    filter: list[KpiFilterInput] | None = absent("Narrowed to what; all must hold.")
    known_on: date | None = absent("As it was known at the end of this day.")
    custom: str | None = absent("The key of a KPI of the workspace's own, with CUSTOM.")
