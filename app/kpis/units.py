"""Units of formulas: money over money is a number, and seconds are not added to money."""

from collections.abc import Iterable, Mapping

from app.formula import AtMost, Atom, Constant, Formula, Mean, Number, Operation, Operator, Otherwise
from app.kpis.atom import Percentile
from app.kpis.glossary import GLOSSARY, MeasureUnit
from app.kpis.kpi import KpiUnit
from app.text import Text

Unit = tuple[tuple[MeasureUnit, int], ...] | None
"""The powers of units that a formula comes to, none for a plain number; None for nothing, which fits every unit."""

PLAIN: Unit = ()
_OF: Mapping[KpiUnit, Unit] = {
    KpiUnit.MONEY: ((MeasureUnit.MONEY, 1),),
    KpiUnit.SECONDS: ((MeasureUnit.SECONDS, 1),),
    KpiUnit.DAYS: ((MeasureUnit.DAYS, 1),),
    KpiUnit.MONTHS: ((MeasureUnit.MONTHS, 1),),
}
_WORDS = {
    MeasureUnit.MONEY: Text("money", "金额"),
    MeasureUnit.SECONDS: Text("seconds", "秒"),
    MeasureUnit.DAYS: Text("days", "天"),
    MeasureUnit.MONTHS: Text("months", "月"),
    MeasureUnit.YEARS: Text("years", "年"),
}


class UnitError(Exception):
    """Two units do not go together; `text` says which."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def of_kpi(unit: KpiUnit) -> Unit:
    """What a KPI of that unit comes to."""
    return _OF.get(unit, PLAIN)


def of_atom(atom: Atom) -> Unit:
    """What a measure comes to, whatever days it is told of."""
    name = atom.of if isinstance(atom, Percentile) else getattr(atom, "measure", atom).name
    unit = GLOSSARY[name].unit
    return PLAIN if unit is MeasureUnit.COUNT else ((unit, 1),)


def of_number(number: Number) -> Unit:
    """What a number comes to: nothing fits every unit."""
    return PLAIN if number else None


def same(units: Iterable[Unit]) -> Unit:
    """What can be added up or compared. Raises UnitError."""
    found: Unit = None
    for unit in units:
        if unit is None:
            continue
        if found is not None and unit != found:
            one, other = words(found), words(unit)
            msg = Text(f"{one.en} and {other.en} do not add up", f"{one.zh}与{other.zh}不能相加减")
            raise UnitError(msg)
        found = unit
    return found


def operate(operator: Operator, left: Unit, right: Unit) -> Unit:
    """What two units come to. Raises UnitError."""
    if operator in "+−":
        return same((left, right))
    if left is None:
        return None
    powers = dict(left)
    for unit, power in right or ():
        powers[unit] = powers.get(unit, 0) + (power if operator == "×" else -power)
    return tuple(sorted((unit, power) for unit, power in powers.items() if power))


def of_formula(formula: Formula) -> Unit:
    """What a formula comes to. Raises UnitError."""
    if isinstance(formula, Constant):
        return of_number(formula.number)
    if isinstance(formula, Atom):
        return of_atom(formula)
    if isinstance(formula, Operation):
        return operate(formula.operator, of_formula(formula.left), of_formula(formula.right))
    if isinstance(formula, AtMost):
        return same((of_formula(formula.above / formula.below), of_formula(formula.cap)))
    if isinstance(formula, Otherwise):
        return same((of_formula(formula.first), of_formula(formula.second)))
    assert isinstance(formula, Mean)  # noqa: S101 - the kinds above and this one are all there are
    return same(map(of_formula, formula.parts))


def words(unit: Unit) -> Text:
    """What a unit is called: money, days per money, a number."""
    if not unit:
        return Text("a number", "数值")
    parts = [(_WORDS[one], power) for one, power in unit]
    above = [word for word, power in parts for _ in range(power)]
    below = [word for word, power in parts for _ in range(-power)]

    def joined(language: int, one: str) -> str:
        top = " × ".join(word[language] for word in above) or one
        return " ÷ ".join([top, *(word[language] for word in below)])

    return Text(joined(0, "1"), joined(1, "1"))
