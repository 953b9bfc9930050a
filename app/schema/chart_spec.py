"""Vega-Lite specifications of charts: everything in them, nothing fetched, no text of anybody in an expression."""

from collections.abc import Callable, Iterator
from typing import Any

from app.schema.chart_look import PALETTES, config, days_format, instant, measured, values_axis
from app.schema.chart_words import Words
from app.schema.figure import unit_of
from app.schema.period import label
from app.services.chart import Chart, ChartKind, Look

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_MANY = 60
"""From how many points on a line no longer marks each."""
_CELL = 44
"""How wide a cell must be for a number, in pixels."""
_PALE = 0.45
Layer = dict[str, Any]


def specification(chart: Chart, look: Look) -> dict[str, Any]:
    """The Vega-Lite specification of a chart, its figures inside."""
    return _Spec(chart, look).whole()


class _Spec:
    def __init__(self, chart: Chart, look: Look) -> None:
        self._chart, self._look, self._kind = chart, look, chart.wanted.kind
        self._palette = PALETTES[look.theme]
        self._words = Words(chart, look.locale)
        self._names = [self._words.strand(strand) for strand in chart.strands]
        self._is_cut = chart.wanted.by is not None
        unit = unit_of(chart.whole)
        values = [one.value for strand in chart.strands for one in strand.figures if one.value is not None]
        self._values = values
        self._measured = measured(unit, values, look.locale, chart.whole.currency)
        self._axis = values_axis(unit, self._measured.title)
        self._rows = list(self._marks())

    def whole(self) -> dict[str, Any]:
        draw: dict[ChartKind, Callable[[], list[Layer]]] = {
            ChartKind.LINE: self._line,
            ChartKind.BAR: self._bars if not self._is_cut else self._ranking,
            ChartKind.AREA: self._area,
            ChartKind.STACKED_BAR: self._bars,
            ChartKind.BULLET: self._ranking,
            ChartKind.HEAT_MAP: self._heat_map,
        }
        return {
            "$schema": SCHEMA,
            "description": self._words.description(),
            "title": self._words.title(),
            "width": self._look.width,
            "height": self._look.height or self._height(),
            "autosize": {"type": "fit", "contains": "padding"},
            "background": self._palette.paper,
            "padding": 12,
            "data": {"values": self._rows},
            "layer": draw[self._kind](),
            "config": config(self._palette),
        }

    def _height(self) -> int:
        """A height that fits: rows below one another need as much as there are."""
        if self._kind is ChartKind.BULLET:
            return 150
        if self._chart.wanted.over_time and self._kind is not ChartKind.HEAT_MAP:
            return 320
        return 120 + 26 * max(1, len(self._chart.strands))

    def _marks(self) -> Iterator[dict[str, Any]]:
        """A row for each figure."""
        chart, spans = self._chart, self._chart.spans
        soft = [self._words.may_change(span) for span in spans]
        labels = [label(span, self._look.locale) for span in spans]
        for order, (name, strand) in enumerate(zip(self._names, chart.strands, strict=True)):
            there = [one.value is not None for one in strand.figures]
            for place, (span, figure) in enumerate(zip(spans, strand.figures, strict=True)):
                beside = there[max(0, place - 1) : place] + there[place + 1 : place + 2]
                low, high = figure.interval or (None, None)
                yield {
                    "from": span.start.isoformat(),
                    "period": labels[place],
                    "slice": name,
                    "order": order,
                    "value": self._measured.of(figure.value),
                    "display": self._words.value(figure),
                    "low": self._measured.of(low),
                    "high": self._measured.of(high),
                    "goal": self._measured.of(chart.goals[place]),
                    "provisional": soft[place],
                    # a line is dashed on its way to what is not final
                    "solid": not soft[place],
                    "dashed": soft[place] or (place + 1 < len(spans) and soft[place + 1]),
                    "lone": not any(beside),
                    "dot": len(spans) <= _MANY or not any(beside),
                }

    def _line(self) -> list[Layer]:
        x, y = self._time(), self._y(zero=self._chart.whole.kpi.additive)
        color = self._color()
        layers = [] if self._is_cut else [*self._band(x, y), *self._goal_line(x, y)]
        for name, dash in (("solid", None), ("dashed", [5, 4])):
            mark: Layer = {"type": "line", "strokeWidth": 2, **({"strokeDash": dash} if dash else {})}
            layers.append(
                {
                    "transform": [_only(name)],
                    "mark": mark,
                    "encoding": {"x": x, "y": y, "color": color, **self._detail()},
                }
            )
        paper = {"value": self._palette.paper}
        shape = {"field": "slice", "type": "nominal", "scale": {"domain": self._names}, "legend": self._legend()}
        fill = {"condition": {"test": {"field": "provisional", "equal": False}, **color}, **paper}
        points = {
            "x": x, "y": y, "color": color, "fill": fill, "tooltip": self._tooltip(),
            **({"shape": shape} if self._is_cut else {}),
        }  # fmt: skip
        layers.append(
            {"transform": [_only("dot")], "mark": {"type": "point", "size": 40, "opacity": 1}, "encoding": points}
        )
        return layers

    def _area(self) -> list[Layer]:
        x, y = self._time(), self._y(zero=True) | {"stack": "zero" if self._is_cut else None}
        encoding = {"x": x, "y": y, "color": self._color(), "tooltip": self._tooltip(), **self._order()}
        layers = []
        for name, opacity in (("solid", 0.85), ("dashed", 0.85 * _PALE)):
            mark = {"type": "area", "opacity": opacity, "line": False}
            layers.append({"transform": [_known(), _only(name)], "mark": mark, "encoding": encoding})
        dots = {"type": "point", "filled": True, "size": 25}
        layers.append({"transform": [_known(), _only("lone")], "mark": dots, "encoding": encoding})
        return layers

    def _bars(self) -> list[Layer]:
        x, y = self._buckets(), self._y(zero=True)
        bars: Layer = {"x": x, "y": y | ({"stack": "zero"} if self._is_cut else {}), "color": self._color()}
        bars |= {"opacity": self._pale(), "tooltip": self._tooltip(), **self._order()}
        layers: list[Layer] = [{"mark": {"type": "bar"}, "encoding": bars}]
        if not self._is_cut:
            layers += self._whiskers({"x": x, "y": self._end(y, "low"), "y2": {"field": "high"}})
            if any(goal is not None for goal in self._chart.goals):
                mark = {"type": "tick", "thickness": 2, "color": self._palette.goal}
                layers.append({"mark": mark, "encoding": {"x": x, "y": self._end(y, "goal")}})
        return layers

    def _ranking(self) -> list[Layer]:
        """Bars below one another: the slices of a period, or the period alone against its target."""
        y = {"field": "slice", "type": "nominal", "sort": self._names, "title": None}
        y |= {} if self._is_cut else {"axis": None}
        x = self._y(zero=True)
        bars: Layer = {"x": x, "y": y, "opacity": self._pale(), "tooltip": self._tooltip()}
        first = {"value": self._palette.slices[0]}
        other = {"condition": {"test": {"field": "order", "equal": self._other}, "value": self._palette.other}, **first}
        bars["color"] = other
        layers: list[Layer] = [
            {"mark": {"type": "bar", "height": {"band": 0.7 if self._is_cut else 0.5}}, "encoding": bars},
            *self._whiskers({"y": y, "x": self._end(x, "low"), "x2": {"field": "high"}}),
        ]
        if self._chart.goals[0] is not None:
            mark = {"type": "tick", "thickness": 3, "color": self._palette.goal, "height": {"band": 0.85}}
            layers.append({"mark": mark, "encoding": {"y": y, "x": self._end(x, "goal")}})
        text = {"type": "text", "align": "left", "baseline": "middle", "dx": 6, "fontSize": 11}
        text["color"] = self._palette.ink
        end = {"field": "high" if self._has_interval else "value", "type": "quantitative"}
        layers.append(
            {"mark": text, "encoding": {"y": y, "x": x | end, "text": {"field": "display", "type": "nominal"}}}
        )
        return layers

    def _heat_map(self) -> list[Layer]:
        x = self._buckets()
        y = {"field": "slice", "type": "nominal", "sort": self._names, "title": None}
        legend = {"title": self._measured.title, "format": ",.2~f"}
        color = {"field": "value", "type": "quantitative", "scale": {"scheme": "cividis"}, "legend": legend}
        cells = {"x": x, "y": y, "color": color, "opacity": self._pale(), "tooltip": self._tooltip()}
        layers: list[Layer] = [{"transform": [_known()], "mark": {"type": "rect"}, "encoding": cells}]
        if self._look.width / len(self._chart.spans) >= _CELL and self._values:
            low, high = (self._measured.of(one) or 0 for one in (min(self._values), max(self._values)))
            dark = {"field": "value", "gt": (low + high) / 2}
            ink = {"condition": {"test": dark, "value": "#000000"}, "value": "#ffffff"}
            number = {"field": "value", "type": "quantitative", "format": ",.1~f"}
            told = {"x": x, "y": y, "text": number, "color": ink}
            layers.append({"transform": [_known()], "mark": {"type": "text", "fontSize": 11}, "encoding": told})
        return layers

    @property
    def _other(self) -> int:
        return next((place for place, one in enumerate(self._chart.strands) if one.is_other), -1)

    @property
    def _has_interval(self) -> bool:
        return any(one.interval for strand in self._chart.strands for one in strand.figures)

    def _time(self) -> dict[str, Any]:
        spans, grain = self._chart.spans, self._chart.grain
        assert grain is not None  # noqa: S101 - over time
        axis: dict[str, Any] = {
            "format": days_format(spans, grain, self._look.locale),
            "values": [instant(one) for one in spans],
        }
        axis |= {"labelOverlap": "parity", "labelSeparation": 6, "grid": False, "labelBound": True}
        return {"field": "from", "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": axis}

    def _buckets(self) -> dict[str, Any]:
        spans, grain = self._chart.spans, self._chart.grain
        assert grain is not None  # noqa: S101 - over time
        axis: dict[str, Any] = {
            "format": days_format(spans, grain, self._look.locale),
            "labelAngle": 0,
            "labelOverlap": "parity",
            "labelSeparation": 6,
        }
        return {"field": "from", "type": "ordinal", "timeUnit": "utcyearmonthdate", "title": None, "axis": axis}

    def _y(self, *, zero: bool) -> dict[str, Any]:
        scale = {"zero": zero, "nice": True}
        return {
            "field": "value",
            "type": "quantitative",
            "scale": scale,
            "title": self._axis["title"],
            "axis": self._axis,
        }

    @staticmethod
    def _end(axis: dict[str, Any], field: str) -> dict[str, Any]:
        return axis | {"field": field}

    def _color(self) -> dict[str, Any]:
        if not self._is_cut:
            return {"value": self._palette.slices[0]}
        colours = [*self._palette.slices[: len(self._names)]]
        if self._other >= 0:
            colours[self._other :] = [self._palette.other]
        scale = {"domain": self._names, "range": colours}
        return {"field": "slice", "type": "nominal", "scale": scale, "legend": self._legend()}

    def _legend(self) -> dict[str, Any]:
        return {"title": None, "orient": "right"}

    def _detail(self) -> dict[str, Any]:
        return {"detail": {"field": "slice", "type": "nominal"}} if self._is_cut else {}

    def _order(self) -> dict[str, Any]:
        return {"order": {"field": "order", "type": "quantitative"}} if self._is_cut else {}

    def _pale(self) -> dict[str, Any]:
        return {"condition": {"test": {"field": "provisional", "equal": True}, "value": _PALE}, "value": 1}

    def _tooltip(self) -> list[dict[str, Any]]:
        fields = ["period", *(["slice"] if self._is_cut else []), "display"]
        return [{"field": name, "type": "nominal", "title": " "} for name in fields]

    def _band(self, x: Layer, y: Layer) -> list[Layer]:
        if not self._has_interval:
            return []
        mark = {"type": "area", "opacity": 0.18, "color": self._palette.slices[0]}
        return [{"mark": mark, "encoding": {"x": x, "y": self._end(y, "low"), "y2": {"field": "high"}}}]

    def _goal_line(self, x: Layer, y: Layer) -> list[Layer]:
        if not any(goal is not None for goal in self._chart.goals):
            return []
        mark = {"type": "line", "interpolate": "step-after", "strokeDash": [2, 3], "color": self._palette.goal}
        return [{"mark": mark, "encoding": {"x": x, "y": self._end(y, "goal")}}]

    def _whiskers(self, encoding: Layer) -> list[Layer]:
        if not self._has_interval:
            return []
        return [
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "color": self._palette.ink, "opacity": 0.7},
                "encoding": encoding,
            }
        ]


def _only(field: str) -> dict[str, Any]:
    return {"filter": {"field": field, "equal": True}}


def _known() -> dict[str, Any]:
    return {"filter": {"field": "value", "valid": True}}
