"""The vocabulary of formulas: what each name in one stands for, and what may be said of a measure."""

from collections.abc import Callable, Iterator, Mapping

from app.formula import Atom, Formula
from app.kpis import CATALOGUE
from app.kpis.atom import Closing, Earlier, Given, Judged, Opening, Paid, PerAccount, Percentile, Shift
from app.kpis.dimension import Dimension
from app.kpis.feedback import ANSWERS
from app.kpis.glossary import GLOSSARY
from app.kpis.measure import Crowd, Cube, Measure
from app.kpis.recurring import contracts
from app.text import Text


def _read() -> Iterator[Atom]:
    """What the formulas of the catalogue are put together from, and all that is added up beside it."""
    for kpi in CATALOGUE.values():
        for variant in kpi.variants:
            yield from (getattr(atom, "measure", atom) for atom in (*variant.atoms, *variant.givens))
            for cube in variant.cubes:
                yield from cube.measures


WORDS: Mapping[str, Atom] = {
    atom.name: atom
    for atom in _read()
    if not isinstance(atom, Judged | PerAccount | Percentile) and not atom.name.startswith("unpriced_")
}
"""What each plain name stands for."""

SPREADS: Mapping[str, Percentile] = {atom.of: atom for atom in _read() if isinstance(atom, Percentile)}
"""The measures of which there are percentiles, each with one of them."""


def _over_time(wrap: Callable[[Measure], Atom], atom: Atom) -> Atom | Text:
    if not isinstance(atom, Measure) or isinstance(atom.cube, Crowd):
        return Text("is not added up day by day, so other days cannot be told", "不是逐日累加的，无法取其他日期")
    if atom in ANSWERS:
        return Text("tells what people said, which is told of the period itself only", "涉及受访者所说内容，只能取本期")
    return wrap(atom)


def _paid(atom: Atom) -> Atom | Text:
    if not isinstance(atom, Measure) or Dimension.ACQUISITION_CHANNEL not in atom.cube.dimensions:
        return Text("is not known by the channel that customers came through", "没有获客渠道信息")
    return _over_time(Paid, atom)


def _shift(atom: Atom, *, is_more: bool) -> Atom | Text:
    if not isinstance(atom, Measure) or atom.cube is not contracts:
        return Text("is not told person by person, as recurring revenue is", "不是像经常性收入那样逐人统计的")
    return Shift(atom, is_more=is_more)


FUNCTIONS: Mapping[str, Callable[[Atom], Atom | Text]] = {
    "opening": lambda atom: _over_time(Opening, atom),
    "closing": lambda atom: _over_time(Closing, atom),
    "contraction": lambda atom: _shift(atom, is_more=False),
    "expansion": lambda atom: _shift(atom, is_more=True),
    "previous": lambda atom: _over_time(Earlier, atom),
    "last_year": lambda atom: _over_time(lambda measure: Earlier(measure, is_year=True), atom),
    "paid": _paid,
}
"""What may be said of a measure, by name; the answer is why not, where it cannot be."""

ABOUT: Mapping[str, Text] = {
    "opening(m)": Text("The running total of m before the period.", "m 在期初之前的累计值。"),
    "closing(m)": Text("The running total of m at the end of the period.", "m 在期末的累计值。"),
    "contraction(m), expansion(m)": Text(
        "How much less, or more, of m those have at the end who had some at the start, person by person.",
        "期初有 m 的客户在期末减少（或增加）的 m，逐人计算。",
    ),
    "previous(m)": Text("m over the period before, of equal length.", "m 在上一个等长期间的值。"),
    "last_year(m)": Text("m over the same period of last year.", "m 在去年同期的值。"),
    "paid(m)": Text("m of customers who came through a paid channel.", "经由付费渠道到来的客户的 m。"),
    "median(t)": Text("The median of the times t.", "时间 t 的中位数。"),
    "p90(t)": Text(
        "What 90 of a hundred times t do not pass; any p1 to p99.", "每百个 t 中 90 个不超过的值；p1 至 p99 均可。"
    ),
    "min(a ÷ b, c)": Text(
        "a ÷ b, but c at most; c where b is nothing, a ÷ b where c has no value.",
        "a ÷ b，但不超过 c；b 为零时取 c，c 无值时取 a ÷ b。",
    ),
    "mean(a, b, …)": Text("The mean of those that have a value.", "其中有值者的平均。"),
    "a or b": Text("a, or b where a has no value.", "a；a 无值时取 b。"),
    "CSAT": Text(
        "The value of a KPI; CSAT_MEAN.raw is that of a variant.", "某个 KPI 的值；CSAT_MEAN.raw 为其变体的值。"
    ),
    "numerator(CSAT), denominator(CSAT)": Text("The parts of a KPI that is a ratio.", "比率类 KPI 的分子与分母。"),
}
"""What formulas may say beside the names of measures."""


def percentile(of: str, percent: int) -> Percentile | None:
    """The percentile of a spread, if there is such."""
    one = SPREADS.get(of)
    return None if one is None else Percentile(of, one.cube, percent, one.scale)


def dimensions(atom: Atom) -> tuple[Dimension, ...]:
    """What a measure can be cut by."""
    cube: Cube | None = getattr(atom, "cube", None)
    return tuple(dimension for dimension in Dimension if cube is not None and cube.has(dimension))


def is_given(formula: Formula) -> bool:
    """Whether a part of a formula is not counted but given."""
    return isinstance(formula, Given)


__all__ = ["ABOUT", "FUNCTIONS", "GLOSSARY", "SPREADS", "WORDS", "dimensions", "is_given", "percentile"]
