"""What charts say in words: title, what stands below it, and what is read to those who cannot see them."""

from collections.abc import Iterator
from typing import Any

from app.kpis.figure import Figure
from app.schema.chart_look import DIMENSIONS, GRAINS
from app.schema.figure import is_provisional, shown_value, unit_of
from app.schema.period import label
from app.services.chart import Chart, ChartKind, Strand
from app.services.period import Span
from app.services.slices import UNKNOWN, Filter
from app.text import Text

MOST_LETTERS = 80
"""How much of a name stands in a chart."""
_FEW, _MANY = 3, 12


def cut(name: str) -> str:
    """The name on one line, shortened where it is long."""
    line = " ".join(name.split())
    return line if len(line) <= MOST_LETTERS else line[: MOST_LETTERS - 1] + "…"


class Words:
    """The words of a chart for its readers."""

    def __init__(self, chart: Chart, locale: str) -> None:
        self._chart, self._locale = chart, locale
        self._answer = chart.whole

    def name(self) -> str:
        """What is drawn: the KPI, and its variant where that is not the first."""
        kpi, variant = self._answer.kpi, self._answer.variant
        name = kpi.name.in_(self._locale)
        return cut(name if variant.key == kpi.variants[0].key else f"{name} – {variant.name.in_(self._locale)}")

    def title(self) -> dict[str, Any]:
        """The title, with what is drawn below it."""
        return {"text": self.name(), "subtitle": list(self._lines())}

    def _lines(self) -> Iterator[str]:
        told = [label(self._answer.span, self._locale), *self._cuts()]
        told += [self._filter(one) for one in self._answer.question.filters[:_FEW]]
        if (known := self._answer.question.known_on) is not None:
            told.append(Text(f"as known on {known}", f"截至 {known} 的数据").in_(self._locale))
        yield cut(" · ".join(told))
        if notes := list(self._notes()):
            yield cut(" · ".join(notes))

    def _cuts(self) -> Iterator[str]:
        wanted = self._chart.wanted
        if self._chart.grain:
            yield GRAINS[self._chart.grain].in_(self._locale)
        if wanted.by:
            name = wanted.attribute or DIMENSIONS[wanted.by].in_(self._locale)
            yield Text(f"by {name}", f"按{name}").in_(self._locale)

    def _filter(self, one: Filter) -> str:
        keys = [key or UNKNOWN.in_(self._locale) for key in (*(one.any_of or ()), *one.none_of)]
        some = ", ".join(keys[:_FEW]) + ("…" if len(keys) > _FEW else "")
        name = one.attribute or DIMENSIONS[one.by].in_(self._locale)
        sign = "≠" if one.any_of is None else "="
        return f"{name} {sign} {some}"

    def _notes(self) -> Iterator[str]:
        chart, locale = self._chart, self._locale
        told = [figure for strand in chart.strands for figure in strand.figures]
        if all(figure.value is None for figure in told):
            yield self.value(told[0]) if told else Text("no data", "无数据").in_(locale)
            return
        if (goal := next((one for one in reversed(chart.goals) if one is not None), None)) is not None:
            shown = self.value(Figure(goal))
            yield Text(f"target {shown}", f"目标 {shown}").in_(locale)
        there = [
            any(strand.figures[place].value is not None for strand in chart.strands)
            for place in range(len(chart.spans))
        ]
        if any(is_there and self.may_change(span) for is_there, span in zip(there, chart.spans, strict=True)):
            yield Text("pale or dashed: not final", "浅色或虚线：尚未定稿").in_(locale)
        if any(figure.interval for figure in told):
            if chart.wanted.kind is ChartKind.LINE and not chart.wanted.by:
                yield Text("band: 95 % interval", "阴影：95% 置信区间").in_(locale)
            elif not (chart.wanted.over_time and chart.wanted.by):
                yield Text("thin line: 95 % interval", "细线：95% 置信区间").in_(locale)
        beyond = chart.total - sum(not strand.is_other for strand in chart.strands)
        if beyond > 0 and chart.wanted.by and not any(strand.is_other for strand in chart.strands):
            yield Text(f"{beyond:,} more not shown", f"另有 {beyond:,} 项未显示").in_(locale)

    def may_change(self, span: Span) -> bool:
        """Whether figures of these days are provisional."""
        return is_provisional(self._answer, span.end)

    def value(self, figure: Figure) -> str:
        """A figure for people."""
        return shown_value(figure.value, figure.reason, unit_of(self._answer), self._locale, self._answer.currency)

    def strand(self, strand: Strand) -> str:
        """What a strand is called; two of one name are told apart by their keys."""
        name = strand.label.in_(self._locale)
        alike = sum(one.label.in_(self._locale) == name for one in self._chart.strands)
        return cut(name) if alike == 1 or not strand.key else f"{cut(name)} ({cut(strand.key)})"

    def description(self) -> str:
        """The chart in sentences, for who has it read to them."""
        head = f"{self.name()}. {'. '.join(self._lines())}."
        return " ".join([head, *(self._told(strand) for strand in self._chart.strands[:_MANY])])

    def _told(self, strand: Strand) -> str:
        """What happens in a strand: its value, or the lowest, the highest and the latest."""
        name = self.strand(strand) + Text(": ", "：").in_(self._locale) if self._chart.wanted.by else ""
        places = [place for place, figure in enumerate(strand.figures) if figure.value is not None]
        if not places or len(strand.figures) == 1:
            return f"{name}{self.value(strand.figures[-1])}."
        low = min(places, key=lambda place: strand.figures[place].value or 0)
        high = max(places, key=lambda place: strand.figures[place].value or 0)
        lowest, highest, latest = (self._point(strand, place) for place in (low, high, places[-1]))
        return name + Text(
            f"lowest {lowest}, highest {highest}, latest {latest}.", f"最低 {lowest}，最高 {highest}，最近 {latest}。"
        ).in_(self._locale)

    def _point(self, strand: Strand, place: int) -> str:
        return f"{self.value(strand.figures[place])} ({label(self._chart.spans[place], self._locale)})"
