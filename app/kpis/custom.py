"""Custom KPIs: a formula that a workspace wrote becomes a KPI like any other."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from app.formula import Atom, Constant, Formula, Operation, atoms, subformulas
from app.kpis import CATALOGUE, units
from app.kpis.atom import Given, Percentile
from app.kpis.feedback import ANSWERS
from app.kpis.kpi import Direction, Kpi, KpiUnit, LifecycleStage, Variant, cube_of
from app.kpis.measure import Measure
from app.kpis.parser import FormulaError, parse
from app.kpis.prediction import predictions
from app.text import Text

CUSTOM = "CUSTOM"
"""What stands for all KPIs of workspaces where a KPI of the catalogue is named."""


def internal(key: str) -> str:
    """How a KPI of a workspace is named where those of the catalogue are as well."""
    return f"{CUSTOM}:{key}"


def key_of(name: str) -> str | None:
    """The key of a workspace's own KPI that `name` stands for; None where it stands for one of the catalogue."""
    prefix, found, key = name.partition(":")
    return key if found and prefix == CUSTOM else None


class Definition(NamedTuple):
    """What a workspace says of a KPI of its own."""

    key: str
    name: Text
    about: Text
    formula: str
    unit: KpiUnit
    direction: Direction
    stage: LifecycleStage
    bounds: tuple[float, float] | None = None


@lru_cache(512)  # asked for with every figure, and parsed in as long as a figure takes
def build(definition: Definition) -> Kpi:
    """The KPI that is defined. Raises FormulaError."""
    read = parse(definition.formula)
    if not any(not isinstance(atom, Given) for atom in atoms(read.formula)):
        msg = Text("a formula needs a measure that is counted.", "公式至少需要一个计数的度量。")
        raise FormulaError(msg, 1)
    _check_unit(read.unit, definition.unit)
    numerator, denominator, scale = _parts(read.formula)
    counted = tuple(atom for atom in atoms(read.formula) if not isinstance(atom, Given))
    variant = Variant(
        "default",
        definition.name,
        definition.about,
        numerator,
        denominator,
        scale,
        # the answers that it tells of are counted beside it, by which small cells are known
        evidence=tuple(dict.fromkeys((*counted, *(ANSWERS[atom] for atom in counted if atom in ANSWERS)))),
        is_composite=denominator is None and not _is_plain(numerator),
        is_profile=any(cube_of(atom) is predictions for atom in counted),
        settles_in=tuple(dict.fromkeys(name for atom in counted for name in _SETTLED.get(atom, ()))),
    )
    return Kpi(
        definition.key,
        definition.name,
        definition.about,
        definition.unit,
        definition.direction,
        definition.stage,
        (variant,),
        definition.bounds,
        written=definition.formula,
        additive=denominator is None and _is_sum(numerator),
    )


def _check_unit(found: units.Unit, unit: KpiUnit) -> None:
    """Refuse a formula that comes to something else than its KPI says. Raises FormulaError."""
    wanted = units.of_kpi(unit)
    if found is not None and found != wanted:
        is_, should = units.words(found), units.words(wanted)
        msg = Text(
            f"the formula comes to {is_.en}, but {unit.value} is {should.en}.",
            f"公式的结果是{is_.zh}，而 {unit.value} 应为{should.zh}。",
        )
        raise FormulaError(msg, 1)


def _parts(formula: Formula) -> tuple[Formula, Formula | None, int]:
    """Numerator, denominator and scale, where the formula is one quotient of what is counted; else all of it."""
    scale, rest = _scaled(formula)
    if isinstance(rest, Operation) and rest.operator == "÷":
        inner, above = _scaled(rest.left)
        if _is_plain(above) and _is_plain(rest.right):
            return above, rest.right, scale * inner
    return formula, None, 1


def _scaled(formula: Formula) -> tuple[int, Formula]:
    """A whole number in front, and what it multiplies."""
    if isinstance(formula, Operation) and formula.operator == "×" and isinstance(formula.left, Constant):
        number = formula.left.number
        if isinstance(number, int) and number:
            return number, formula.right
    return 1, formula


def _is_plain(formula: Formula) -> bool:
    """Whether it is put together without dividing, choosing or capping, from what is counted."""
    if isinstance(formula, Operation):
        return formula.operator != "÷" and all(map(_is_plain, subformulas(formula)))
    return isinstance(formula, Constant | Atom) and not isinstance(formula, Given | Percentile)


def _is_sum(formula: Formula) -> bool:
    """Whether it only adds up what is added up day by day, so that it does so over time as well."""
    if isinstance(formula, Operation):
        return formula.operator == "+" and all(map(_is_sum, subformulas(formula)))
    return isinstance(formula, Measure)


def _settling() -> Iterator[tuple[Atom, str]]:
    """What is not known yet when its days are over, and the setting that says for how long."""
    settled, open_ = set(), []
    for kpi in CATALOGUE.values():
        for variant in kpi.variants:
            read = tuple(atoms(variant.numerator))
            if variant.settles_in is None:
                settled |= set(atoms(variant.numerator, variant.denominator))
            elif isinstance(variant.settles_in, str):
                open_ += [(atom, variant.settles_in) for atom in read]
    yield from ((atom, setting) for atom, setting in open_ if atom not in settled)


_SETTLED: dict[Atom, tuple[str, ...]] = {}
for _atom, _setting in _settling():
    _SETTLED[_atom] = tuple(dict.fromkeys((*_SETTLED.get(_atom, ()), _setting)))
