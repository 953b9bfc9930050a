"""Reads formulas as people write them: recursive descent, every error with its place and how to mend it. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from typing import NamedTuple, NoReturn

from app.formula import AtMost, Constant, Formula, Mean, Operation, Operator, Otherwise, lift, subformulas
from app.kpis import CATALOGUE, units, vocabulary
from app.kpis.kpi import Variant
from app.kpis.units import Unit, UnitError
from app.text import Text

LONGEST = 1_000
"""Characters of a formula."""
DEEPEST = 25
"""Brackets within brackets."""
MOST = 200
"""Numbers, measures and signs of a formula, those of the KPIs that it names included."""

_TOKENS = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[-+*/().,×÷−–·])|(?P<odd>\S)"
)
_SIGNS: dict[str, Operator] = {"+": "+", "-": "−", "−": "−", "–": "−", "*": "×", "×": "×", "·": "×", "/": "÷", "÷": "÷"}
_DIGITS = 15
_MEASURE = Text("measure", "度量")
_PERCENTILE = re.compile(r"p([1-9][0-9]?)")


class FormulaError(Exception):
    """What is wrong with a formula, and at which of its characters, counted from 1."""

    def __init__(self, text: Text, place: int) -> None:
        super().__init__(text.en)
        at = Text(f"At character {place}: ", f"第 {place} 个字符处：")
        self.text, self.place = Text(at.en + text.en, at.zh + text.zh), place


class Read(NamedTuple):
    """A formula and what it comes to."""

    formula: Formula
    unit: Unit


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def parse(text: str) -> Read:
    """The formula that `text` says. Raises FormulaError."""
    if len(text) > LONGEST:
        msg = Text(f"a formula has at most {LONGEST} characters.", f"公式最多 {LONGEST} 个字符。")
        raise FormulaError(msg, LONGEST + 1)
    reader = _Reader(text)
    found = reader.choice(0)
    reader.end()
    return found


class _Reader:
    """Goes through the words of a formula from left to right."""

    def __init__(self, text: str) -> None:
        kinds = ((one.lastgroup or "", one.group(), one.start() + 1) for one in _TOKENS.finditer(text))
        self.tokens = [_Token(*one) for one in kinds]
        self.tokens.append(_Token("end", "", len(text.rstrip()) + 1))
        self.at, self.size = 0, 0

    @property
    def now(self) -> _Token:
        """The word that comes next."""
        return self.tokens[self.at]

    def take(self, *texts: str) -> _Token | None:
        """The next word, gone past, if it is one of `texts`."""
        token = self.now
        if token.text not in texts or token.kind not in ("sign", "name"):
            return None
        self.at += 1
        return token

    def need(self, text: str) -> None:
        """Go past `text`, which must come next."""
        if not self.take(text):
            self.fail(self.now, Text(f"a {text!r} is missing here.", f"此处缺少“{text}”。"))

    def fail(self, token: _Token, text: Text) -> NoReturn:
        """Say what is wrong at a word."""
        raise FormulaError(text, token.place)

    def made(self, token: _Token, formula: Formula, unit: Unit) -> Read:
        """A part that was read, of which there may be so many."""
        self.size += 1
        if self.size > MOST:
            self.fail(token, Text(f"a formula has at most {MOST} parts.", f"公式最多 {MOST} 个部分。"))
        return Read(formula, unit)

    def joined(self, token: _Token, formula: Formula, unit: Callable[[], Unit]) -> Read:
        """Parts put together at a word, whose units must go together."""
        try:
            return self.made(token, formula, unit())
        except UnitError as error:
            self.fail(token, Text(f"{error.text.en}.", f"{error.text.zh}。"))

    def stray(self, token: _Token) -> NoReturn:
        """Say that a word does not belong where it stands."""
        if token.kind == "end":
            self.fail(token, Text("a number or a measure is missing here.", "此处缺少数值或度量。"))
        self.fail(token, Text(f"{token.text[:50]!r} does not belong here.", f"“{token.text[:50]}”不应出现在此处。"))

    def end(self) -> None:
        """Nothing may follow."""
        if self.now.kind != "end":
            self.stray(self.now)

    # the grammar, what binds least first

    def choice(self, depth: int) -> Read:
        """A formula, or others for where it has no value."""
        found = self.sums(depth)
        while token := self.take("or"):
            other = self.sums(depth)
            both = partial(units.same, (found.unit, other.unit))
            found = self.joined(token, Otherwise(found.formula, other.formula), both)
        return found

    def sums(self, depth: int) -> Read:
        """Products, added and taken away from left to right."""
        found = self.products(depth)
        while token := self.take("+", "-", "−", "–"):
            found = self._operation(token, found, self.products(depth))
        return found

    def products(self, depth: int) -> Read:
        """Values, multiplied and divided from left to right."""
        found = self.value(depth)
        while token := self.take("*", "×", "·", "/", "÷"):
            found = self._operation(token, found, self.value(depth))
        return found

    def _operation(self, token: _Token, left: Read, right: Read) -> Read:
        sign = _SIGNS[token.text]
        formula = Operation(sign, left.formula, right.formula)
        return self.joined(token, formula, lambda: units.operate(sign, left.unit, right.unit))

    def value(self, depth: int) -> Read:
        """A number, a name, something in brackets, or what is taken away from nothing."""
        token = self.now
        if depth > DEEPEST:
            self.fail(token, Text(f"brackets stand at most {DEEPEST} deep.", f"括号最多嵌套 {DEEPEST} 层。"))
        if self.take("-", "−", "–"):
            inner = self.value(depth + 1)
            return self.made(token, Operation("−", Constant(0), inner.formula), inner.unit)
        if self.take("("):
            found = self.choice(depth + 1)
            self.need(")")
            return found
        self.at += token.kind != "end"
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name" and token.text != "or":
            return self._named(token, depth)
        return self.stray(token)

    def _number(self, token: _Token) -> Read:
        if len(token.text) > _DIGITS:
            self.fail(token, Text(f"a number has at most {_DIGITS} digits.", f"数值最多 {_DIGITS} 位。"))
        number = Fraction(token.text)
        whole = number.numerator if number.denominator == 1 else number
        return self.made(token, Constant(whole), units.of_number(whole))

    def _named(self, token: _Token, depth: int) -> Read:
        """A measure, what is said of one, or a KPI."""
        name = token.text
        if not self.take("("):
            return self._kpi(token) if name in CATALOGUE else self._measure(token)
        if name in ("min", "mean"):
            return self._of_several(token, depth)
        if name in ("numerator", "denominator"):
            found = self._part(token)
        elif name in vocabulary.FUNCTIONS:
            found = self._said(token)
        elif name == "median" or _PERCENTILE.fullmatch(name):
            found = self._percentile(token)
        else:
            self._unknown(token, _CALLED, Text("function", "函数"))
        self.need(")")
        return found

    def _measure(self, token: _Token) -> Read:
        atom = vocabulary.WORDS.get(token.text)
        if atom is None:
            self._unknown(token, [*vocabulary.WORDS, *CATALOGUE])
        return self.made(token, atom, units.of_atom(atom))

    def _unknown(self, token: _Token, known: list[str], what: Text = _MEASURE) -> NoReturn:
        near = get_close_matches(token.text, known, 1) or get_close_matches(token.text.lower(), known, 1)
        hint = Text(f"did you mean {near[0]}?", f"是否指 {near[0]}？") if near else _LISTED
        name = token.text[:50]
        self.fail(token, Text(f"there is no {what.en} {name}; {hint.en}", f"没有{what.zh} {name}；{hint.zh}"))

    def _said(self, token: _Token) -> Read:
        """Something said of a measure: of other days, or of some customers."""
        inner = self.now
        self.at += inner.kind == "name"
        atom = vocabulary.WORDS.get(inner.text)
        if atom is None:
            self._unknown(inner, list(vocabulary.WORDS))
        made = vocabulary.FUNCTIONS[token.text](atom)
        if isinstance(made, Text):
            self.fail(inner, Text(f"{inner.text} {made.en}.", f"{inner.text} {made.zh}。"))
        return self.made(token, made, units.of_atom(made))

    def _percentile(self, token: _Token) -> Read:
        inner = self.now
        self.at += inner.kind == "name"
        percent = 50 if token.text == "median" else int(token.text[1:])
        atom = vocabulary.percentile(inner.text, percent)
        if atom is None:
            self._unknown(inner, list(vocabulary.SPREADS), Text("distribution of", "以下度量的分布："))
        return self.made(token, atom, units.of_atom(atom))

    def _of_several(self, token: _Token, depth: int) -> Read:
        """The mean of some, or the smaller of two."""
        some = [self.choice(depth + 1)]
        while self.take(","):
            some.append(self.choice(depth + 1))
        self.need(")")
        parts = tuple(one.formula for one in some)
        if token.text == "mean":
            return self.joined(token, Mean(parts), lambda: units.same(one.unit for one in some))
        if len(parts) != 2:
            self.fail(token, Text("min is of two: min(a ÷ b, most).", "min 需要两个参数：min(a ÷ b, 上限)。"))
        first, cap = parts
        above, below = first, lift(1)
        if isinstance(first, Operation) and first.operator == "÷":
            above, below = first.left, first.right
        return self.joined(token, AtMost(above, below, cap), lambda: units.same(one.unit for one in some))

    # KPIs

    def _variant(self, token: _Token) -> Variant:
        """The reading of a KPI that is named."""
        kpi = CATALOGUE.get(token.text)
        if kpi is None:
            self._unknown(token, list(CATALOGUE))
        variant = kpi.variants[0]
        if self.take("."):
            named = self.now
            self.at += named.kind == "name"
            chosen = kpi.variant(named.text)
            if chosen is None:
                keys = ", ".join(one.key for one in kpi.variants)
                self.fail(
                    named,
                    Text(f"{kpi.key} has no such variant; it has {keys}.", f"{kpi.key} 没有该变体；可用的有 {keys}。"),
                )
            variant = chosen
        if variant.latest_per_customer or variant.components or not variant.rollups:
            self.fail(token, Text("this reading cannot be a part of others.", "此算法不能作为其他公式的一部分。"))
        return variant

    def _kpi(self, token: _Token) -> Read:
        variant = self._variant(token)
        value = variant.numerator if variant.denominator is None else variant.numerator / variant.denominator
        return self._whole(token, value if variant.scale == 1 else variant.scale * value)

    def _part(self, token: _Token) -> Read:
        """The numerator or the denominator of a KPI."""
        inner = self.now
        self.at += inner.kind == "name"
        variant = self._variant(inner)
        part = variant.numerator if token.text == "numerator" else variant.denominator
        if part is None or variant.denominator is None:
            self.fail(
                inner, Text(f"{inner.text} is no ratio and has no parts.", f"{inner.text} 不是比率，没有分子和分母。")
            )
        return self._whole(token, part)

    def _whole(self, token: _Token, formula: Formula) -> Read:
        """A formula of the catalogue, with all that it is put together from."""
        self.size += _size(formula) - 1
        return self.joined(token, formula, lambda: units.of_formula(formula))


_CALLED = [*vocabulary.FUNCTIONS, "median", "p90", "min", "mean", "numerator", "denominator"]
_LISTED = Text("`kpiMeasures` lists them all.", "`kpiMeasures` 会列出全部。")


def _size(formula: Formula) -> int:
    return 1 + sum(map(_size, subformulas(formula)))
