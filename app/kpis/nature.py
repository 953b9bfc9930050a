"""What KPIs are by nature: their units, which way is good, which stage of the lifecycle they watch."""

from enum import StrEnum


class KpiUnit(StrEnum):
    """In what a KPI is given."""

    PERCENT = "PERCENT"
    POINTS = "POINTS"
    COUNT = "COUNT"
    MONEY = "MONEY"
    RATIO = "RATIO"
    MONTHS = "MONTHS"
    DAYS = "DAYS"
    SECONDS = "SECONDS"


class Direction(StrEnum):
    """Which way is good."""

    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    LOWER_IS_BETTER = "LOWER_IS_BETTER"


class LifecycleStage(StrEnum):
    """The stage of the customer lifecycle that a KPI watches."""

    ACQUIRE = "ACQUIRE"
    CONVERT = "CONVERT"
    RETAIN = "RETAIN"
    EXPAND = "EXPAND"


class BusinessModel(StrEnum):
    """To whom a company sells."""

    B2B = "B2B"
    B2C = "B2C"
