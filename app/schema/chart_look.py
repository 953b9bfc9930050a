"""How charts look: colours, words, and how days and values are written on axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.kpis.dimension import Dimension
from app.kpis.kpi import KpiUnit
from app.services.chart import ChartTheme
from app.services.period import Grain, Span
from app.text import Text

FONT = "system-ui, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme. Those of slices are Okabe and Ito's, which colour-blind people tell apart."""

    paper: str
    ink: str
    faint: str
    grid: str
    goal: str
    other: str
    slices: tuple[str, ...]


PALETTES = {
    ChartTheme.LIGHT: Palette(
        "#ffffff", "#1f2933", "#52606d", "#e1e5ea", "#000000", "#9aa5b1",
        ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000"),
    ),
    ChartTheme.DARK: Palette(
        "#161b22", "#e6edf3", "#aab4bf", "#30363d", "#ffffff", "#7d8590",
        ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#ffffff"),
    ),
}  # fmt: skip

DIMENSIONS = {
    Dimension.CHANNEL: Text("channel", "渠道"),
    Dimension.ACQUISITION_CHANNEL: Text("acquisition channel", "获客渠道"),
    Dimension.SEGMENT: Text("segment", "客户分群"),
    Dimension.CUSTOMER_KIND: Text("kind of customer", "客户类型"),
    Dimension.REGION: Text("region", "地区"),
    Dimension.STAFF: Text("staff", "员工"),
    Dimension.TEAM: Text("team", "团队"),
    Dimension.SURVEY: Text("survey", "调查"),
    Dimension.PRODUCT: Text("product", "产品"),
    Dimension.CAMPAIGN: Text("campaign", "营销活动"),
    Dimension.JOURNEY_STAGE: Text("journey stage", "旅程阶段"),
    Dimension.LIFECYCLE_STAGE: Text("lifecycle stage", "生命周期阶段"),
    Dimension.ORIGIN: Text("origin", "收集方式"),
    Dimension.TAG: Text("tag", "标签"),
    Dimension.REASON: Text("reason", "原因"),
    Dimension.CHURN_KIND: Text("kind of churn", "流失类型"),
    Dimension.CUSTOMER: Text("customer", "客户"),
    Dimension.ATTRIBUTE: Text("attribute", "属性"),
    Dimension.COHORT: Text("cohort", "同期群"),
    Dimension.PURCHASE_COHORT: Text("purchase cohort", "首购同期群"),
}
GRAINS = {
    Grain.DAY: Text("by day", "按日"),
    Grain.WEEK: Text("by week", "按周"),
    Grain.MONTH: Text("by month", "按月"),
    Grain.QUARTER: Text("by quarter", "按季度"),
    Grain.YEAR: Text("by year", "按年"),
}

_UNITS = {
    KpiUnit.PERCENT: Text("%", "%"),
    KpiUnit.POINTS: Text("points", "分"),
    KpiUnit.COUNT: Text("count", "数量"),
    KpiUnit.RATIO: Text("ratio", "比值"),
    KpiUnit.MONTHS: Text("months", "月"),
    KpiUnit.DAYS: Text("days", "天"),
}
_LENGTHS = (
    (86_400, Text("days", "天")),
    (3_600, Text("hours", "小时")),
    (60, Text("minutes", "分钟")),
    (1, Text("seconds", "秒")),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """In what an axis counts: its title, and by how much the values are divided for it."""

    title: str
    divisor: int = 1

    def of(self, value: float | None) -> float | None:
        """The value as the axis has it."""
        return None if value is None else value / self.divisor


def measured(unit: KpiUnit, values: Sequence[float], locale: str, currency: str) -> Measured:
    """What fits values of a unit: seconds are told in days where the largest comes to two of them, and so on."""
    if unit is KpiUnit.MONEY:
        return Measured(currency)
    if unit is KpiUnit.SECONDS:
        most = max(map(abs, values), default=0)
        size, name = next((pair for pair in _LENGTHS if most >= 2 * pair[0]), _LENGTHS[-1])
        return Measured(name.in_(locale), size)
    return Measured(_UNITS[unit].in_(locale))


def values_axis(unit: KpiUnit, title: str) -> dict[str, Any]:
    """An axis of values."""
    axis: dict[str, Any] = {"title": None if unit is KpiUnit.PERCENT else title, "format": ",.2~f"}
    return axis | ({"labelExpr": "datum.label + '%'"} if unit is KpiUnit.PERCENT else {})


def days_format(spans: Sequence[Span], grain: Grain, locale: str) -> str:
    """How the first day of a bucket stands for it on an axis, as d3 writes it."""
    starts = {span.start for span in spans[1:]} or {spans[0].start}
    if grain is Grain.DAY or grain is Grain.WEEK:
        return Text("%b %-d", "%-m月%-d日").in_(locale)
    if grain is Grain.YEAR and all(day.month == 1 for day in starts):
        return Text("%Y", "%Y年").in_(locale)
    if grain is Grain.QUARTER and all(day.month % 3 == 1 for day in starts):
        return Text("Q%q %Y", "%Y年第%q季度").in_(locale)
    return Text("%b %Y", "%Y年%-m月").in_(locale)


def instant(span: Span) -> int:
    """The first day of a bucket on a scale of time, in milliseconds."""
    return int(datetime(span.start.year, span.start.month, span.start.day, tzinfo=UTC).timestamp() * 1000)


def config(palette: Palette) -> dict[str, Any]:
    """What all charts of a theme have in common."""
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": palette.faint,
            "titleColor": palette.faint,
            "gridColor": palette.grid,
            "domainColor": palette.faint,
            "tickColor": palette.faint,
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 160,
        },
        "legend": {"labelColor": palette.ink, "titleColor": palette.faint, "labelFontSize": 11, "labelLimit": 160},
        "title": {
            "color": palette.ink,
            "subtitleColor": palette.faint,
            "fontSize": 15,
            "subtitleFontSize": 12,
            "anchor": "start",
            "offset": 12,
        },
    }
