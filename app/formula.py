"""The formula algebra: build with + − × ÷, evaluate exactly, print, list what it reads. It knows no KPI."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Number = int | Fraction
Operator = Literal["+", "−", "×", "÷"]
_BINDING = {"+": 1, "−": 1, "×": 2, "÷": 2}


class Formula:
    """A formula over atoms. Compared by identity, like the measures it is made of."""

    def __add__(self, other: "Formula | int") -> "Formula":
        return Operation("+", self, lift(other))

    def __sub__(self, other: "Formula | int") -> "Formula":
        return Operation("−", self, lift(other))

    def __mul__(self, other: "Formula | int") -> "Formula":
        return Operation("×", self, lift(other))

    def __rmul__(self, other: int) -> "Formula":
        return Operation("×", lift(other), self)

    def __truediv__(self, other: "Formula | int") -> "Formula":
        return Operation("÷", self, lift(other))


class Atom(Formula):
    """A leaf that is looked up: something measured. `name` stands for it in print."""

    name: str


@dataclass(frozen=True, eq=False)
class Constant(Formula):
    """A number."""

    number: Number


@dataclass(frozen=True, eq=False)
class Operation(Formula):
    """Two formulas and what is done with them."""

    operator: Operator
    left: Formula
    right: Formula


@dataclass(frozen=True, eq=False)
class Otherwise(Formula):
    """The first formula, or the second one where the first has no value."""

    first: Formula
    second: Formula


@dataclass(frozen=True, eq=False)
class AtMost(Formula):
    """A quotient that a cap bounds, where there is one: something divided by nothing is then the cap itself."""

    above: Formula
    below: Formula
    cap: Formula


@dataclass(frozen=True, eq=False)
class Mean(Formula):
    """The mean of those of its parts that have a value."""

    parts: tuple[Formula, ...]


def lift(value: Formula | int) -> Formula:
    """A number as a formula; a formula as it is."""
    return value if isinstance(value, Formula) else Constant(value)


def evaluate(formula: Formula, look_up: Callable[[Atom], Number | None]) -> Number | None:
    """The exact value, or None where an atom has none or something is divided by nothing."""
    if isinstance(formula, Constant):
        return formula.number
    if isinstance(formula, Atom):
        return look_up(formula)
    if isinstance(formula, Otherwise):
        first = evaluate(formula.first, look_up)
        return evaluate(formula.second, look_up) if first is None else first
    if isinstance(formula, AtMost):
        return _at_most(*(evaluate(part, look_up) for part in (formula.above, formula.below, formula.cap)))
    if isinstance(formula, Mean):
        return _mean([evaluate(part, look_up) for part in formula.parts])
    assert isinstance(formula, Operation)  # noqa: S101 - the kinds above are all there are
    return _operate(formula.operator, evaluate(formula.left, look_up), evaluate(formula.right, look_up))


def _operate(operator: Operator, left: Number | None, right: Number | None) -> Number | None:
    if left is None or right is None:
        return None
    match operator:
        case "+":
            return left + right
        case "−":
            return left - right
        case "×":
            return left * right
        case "÷":
            return Fraction(left) / right if right else None


def _at_most(above: Number | None, below: Number | None, cap: Number | None) -> Number | None:
    if above is None or below is None or not (above or below):
        return None
    if not below:
        return cap
    return Fraction(above) / below if cap is None else min(Fraction(above) / below, Fraction(cap))


def _mean(parts: Sequence[Number | None]) -> Number | None:
    found = [part for part in parts if part is not None]
    return Fraction(sum(found)) / len(found) if found else None


def _plain(number: Number) -> str:
    """A number with all its digits, as many as a decimal one has."""
    return str(number) if isinstance(number, int) else f"{Decimal(number.numerator) / number.denominator:f}"


def show(formula: Formula, binding: int = 0) -> str:
    """The formula in print, with no more brackets than it needs."""
    if isinstance(formula, Constant):
        return _plain(formula.number)
    if isinstance(formula, Atom):
        return formula.name
    if isinstance(formula, Otherwise):
        return f"({show(formula.first)} or {show(formula.second)})"
    if isinstance(formula, AtMost):
        is_whole = isinstance(formula.below, Constant) and formula.below.number == 1
        return f"min({show(formula.above if is_whole else formula.above / formula.below)}, {show(formula.cap)})"
    if isinstance(formula, Mean):
        return f"mean({', '.join(map(show, formula.parts))})"
    assert isinstance(formula, Operation)  # noqa: S101 - the kinds above are all there are
    own = _BINDING[formula.operator]
    # − and ÷ are not associative: what stands on their right keeps its brackets at equal binding
    right = show(formula.right, own + (formula.operator in "−÷"))
    printed = f"{show(formula.left, own)} {formula.operator} {right}"
    return f"({printed})" if own < binding else printed


def atoms(*formulas: Formula | None) -> Iterator[Atom]:
    """Every atom in `formulas`, each once, in the order of print."""
    seen: dict[Atom, None] = {}
    stack = [formula for formula in reversed(formulas) if formula is not None]
    while stack:
        formula = stack.pop()
        if isinstance(formula, Atom):
            seen[formula] = None
        else:
            stack += reversed(list(subformulas(formula)))
    yield from seen


def subformulas(formula: Formula) -> Iterator[Formula]:
    """The formulas that `formula` is put together from, in the order of print."""
    for part in vars(formula).values():
        if isinstance(part, Formula):
            yield part
        elif isinstance(part, tuple):
            yield from part
