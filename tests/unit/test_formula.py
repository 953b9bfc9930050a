"""Formulas against plain arithmetic: every value is computed a second time without the code under test."""

import re
from fractions import Fraction
from operator import add, mul, sub

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formula import AtMost, Atom, Constant, Formula, Operation, Otherwise, atoms, evaluate, lift, show

NAMES = "abcdefgh"
PLAIN = {"+": add, "−": sub, "×": mul}

leaves = st.sampled_from(NAMES) | st.integers(0, 20)
trees = st.recursive(leaves, lambda inner: st.tuples(st.sampled_from("+−×÷"), inner, inner), max_leaves=12)
amounts = st.fixed_dictionaries({name: st.none() | st.integers(-5, 50) for name in NAMES})


class Leaf(Atom):
    def __init__(self, name: str) -> None:
        self.name = name


def build(tree, known):
    """The formula of a plain tree, put together with Python's own operators."""
    if isinstance(tree, int):
        return tree
    if isinstance(tree, str):
        return known.setdefault(tree, Leaf(tree))
    sign, left, right = tree[0], build(tree[1], known), build(tree[2], known)
    if isinstance(left, int):
        left = lift(left)
    return {"+": lambda: left + right, "−": lambda: left - right, "×": lambda: left * right, "÷": lambda: left / right}[
        sign
    ]()


def worth(tree, values):
    """What a plain tree comes to, by plain fractions."""
    if not isinstance(tree, tuple):
        return tree if isinstance(tree, int) else values[tree]
    left, right = worth(tree[1], values), worth(tree[2], values)
    if left is None or right is None:
        return None
    if tree[0] == "÷":
        return Fraction(left) / Fraction(right) if right != 0 else None
    return PLAIN[tree[0]](left, right)


def read(text):
    """The tree of a printed formula: × and ÷ before + and −, each from left to right."""
    tokens = re.findall(r"\d+|[a-z]+|[+−×÷()]", text)
    assert "".join(tokens) == text.replace(" ", "")

    def sums():
        tree = products()
        while tokens and tokens[0] in "+−":
            tree = (tokens.pop(0), tree, products())
        return tree

    def products():
        tree = leaf()
        while tokens and tokens[0] in "×÷":
            tree = (tokens.pop(0), tree, leaf())
        return tree

    def leaf():
        token = tokens.pop(0)
        if token != "(":
            return int(token) if token.isdigit() else token
        tree = sums()
        assert tokens.pop(0) == ")"
        return tree

    tree = sums()
    assert not tokens
    return tree


def named(values):
    return lambda atom: values[atom.name]


@given(trees, amounts)
def test_a_formula_is_worth_exactly_what_plain_fractions_say(tree, values):
    assert evaluate(lift(build(tree, {})), named(values)) == worth(tree, values)


@given(trees, amounts)
def test_a_printed_formula_read_again_is_worth_the_same(tree, values):
    printed = show(lift(build(tree, {})))
    assert worth(read(printed), values) == worth(tree, values)


@given(st.recursive(st.just("leaf"), lambda inner: st.tuples(st.sampled_from("+−×÷"), inner, inner), max_leaves=8))
def test_no_bracket_could_be_left_out(shape):
    names: list[str] = []

    def label(tree):
        if tree != "leaf":
            return (tree[0], label(tree[1]), label(tree[2]))
        names.append("abcdefghijkl"[len(names)])
        return names[-1]

    tree = label(shape)
    # two formulas that agree on both of these are the same formula
    somewhere = [{name: Fraction(power**place + shift) for place, name in enumerate(names, 1)}
                 for power, shift in ((7, 3), (11, 2))]  # fmt: skip
    printed, opened = show(lift(build(tree, {}))), []
    for place, sign in enumerate(printed):
        if sign == "(":
            opened.append(place)
        elif sign == ")":
            start = opened.pop()
            without = printed[:start] + printed[start + 1 : place] + printed[place + 1 :]
            changed = [worth(read(without), values) != worth(tree, values) for values in somewhere]
            assert any(changed), f"{printed} says no more than {without}"


@given(trees)
def test_atoms_come_each_once_in_the_order_of_print(tree):
    formula = lift(build(tree, {}))
    assert [atom.name for atom in atoms(formula)] == list(dict.fromkeys(re.findall("[a-z]", show(formula))))


def test_atoms_of_several_formulas_come_each_once_and_none_is_skipped():
    a, b, c = Leaf("a"), Leaf("b"), Leaf("c")
    assert list(atoms(b - a, None, c + a)) == [b, a, c]
    assert list(atoms(None)) == []


@pytest.mark.parametrize(
    ("formula", "printed"),
    [
        (lambda a, b, c: a - (b - c), "a − (b − c)"),
        (lambda a, b, c: (a - b) - c, "a − b − c"),
        (lambda a, b, c: a - (b + c), "a − (b + c)"),
        (lambda a, b, c: a + (b - c), "a + b − c"),
        (lambda a, b, c: a / (b / c), "a ÷ (b ÷ c)"),
        (lambda a, b, c: a / (b * c), "a ÷ (b × c)"),
        (lambda a, b, c: a * (b / c), "a × b ÷ c"),
        (lambda a, b, c: (a + b) * c, "(a + b) × c"),
        (lambda a, b, c: a - b * c, "a − b × c"),
        (lambda a, b, _: 100 * ((a - b) / b), "100 × (a − b) ÷ b"),
        (lambda a, _, __: a + 1, "a + 1"),
        (lambda a, _, __: a, "a"),
    ],
)
def test_a_formula_is_printed_as_people_write_it(formula, printed):
    assert show(lift(formula(Leaf("a"), Leaf("b"), Leaf("c")))) == printed


def test_thirds_are_not_rounded():
    third = Leaf("one") / Leaf("three")
    sum_ = third + third + third
    assert evaluate(sum_, named({"one": 1, "three": 3})) == 1
    assert evaluate(third, named({"one": 1, "three": 3})) == Fraction(1, 3)


def test_large_amounts_stay_exact():
    huge = 10**30 + 1
    assert evaluate(Leaf("huge") - 10**30, named({"huge": huge})) == 1


@pytest.mark.parametrize("divisor", [0, Fraction(0), None])
def test_divided_by_nothing_is_nothing_however_deep(divisor):
    quotient = Leaf("n") / Leaf("d")
    values = named({"n": 5, "d": divisor})
    for whole in (quotient, quotient + 1, 0 * quotient, Constant(1) - quotient, 100 * (1 * quotient)):
        assert evaluate(whole, values) is None


def test_nothing_divided_is_zero():
    assert evaluate(Leaf("n") / Leaf("d"), named({"n": 0, "d": 5})) == 0


def test_formulas_are_told_apart_by_identity():
    a, b = Leaf("a"), Leaf("a")
    assert a != b
    assert len({a + b, a + b}) == 2
    assert lift(a) is a
    assert isinstance(lift(3), Formula)
    assert isinstance(a + 3, Operation)


# a value that may be given, and a quotient that may be capped

some = st.none() | st.fractions(0, 20, max_denominator=6)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(3, 5, 3), (0, 5, 0), (None, 5, 5), (None, None, None), (Fraction(1, 3), None, Fraction(1, 3))],
)
def test_otherwise_is_the_first_that_has_a_value(first, second, expected):
    formula = Otherwise(Leaf("first"), Leaf("second"))
    assert evaluate(formula, named({"first": first, "second": second})) == expected


def test_otherwise_takes_the_place_of_a_quotient_without_value():
    formula = Otherwise(Leaf("a") / Leaf("b"), Leaf("c"))
    assert evaluate(formula, named({"a": 1, "b": 0, "c": 7})) == 7
    assert evaluate(formula + 1, named({"a": 1, "b": 2, "c": 7})) == Fraction(3, 2)


@pytest.mark.parametrize(
    ("above", "below", "cap", "expected"),
    [
        (6, 3, None, 2),
        (6, 3, 5, 2),
        (6, 3, 2, 2),
        (6, 3, Fraction(3, 2), Fraction(3, 2)),  # the cap is the smaller one
        (6, 0, 5, 5),  # never ends, but for the cap
        (6, 0, None, None),  # never ends
        (0, 0, 5, None),  # nothing there to end
        (0, 0, None, None),
        (0, 3, 5, 0),
        (None, 3, 5, None),
        (6, None, 5, None),
    ],
)
def test_at_most_is_a_quotient_up_to_its_cap(above, below, cap, expected):
    formula = AtMost(Leaf("above"), Leaf("below"), Leaf("cap"))
    assert evaluate(formula, named({"above": above, "below": below, "cap": cap})) == expected


@given(some, some, some)
def test_a_cap_only_ever_takes_away(above, below, cap):
    values = named({"a": above, "b": below, "c": cap})
    capped, plain = evaluate(AtMost(Leaf("a"), Leaf("b"), Leaf("c")), values), evaluate(Leaf("a") / Leaf("b"), values)
    if plain is not None:
        assert capped == (plain if cap is None or plain <= cap else cap)
    elif capped is not None:
        assert (below, capped) == (0, cap)
        assert above > 0


def test_a_cap_may_be_a_formula_itself():
    formula = AtMost(Leaf("a"), Leaf("b"), Leaf("c") / Leaf("d"))
    values = {"a": 9, "b": 1, "c": 3, "d": 2}
    assert evaluate(formula, named(values)) == Fraction(3, 2)
    assert evaluate(formula, named(values | {"d": 0})) == 9  # no cap can be had


@pytest.mark.parametrize(
    ("formula", "printed"),
    [
        (lambda a, b, c: Otherwise(a, b), "(a or b)"),
        (lambda a, b, c: c * Otherwise(a, b), "c × (a or b)"),
        (AtMost, "min(a ÷ b, c)"),
        (lambda a, b, c: AtMost(a * b, b, c / a), "min(a × b ÷ b, c ÷ a)"),
        (lambda a, b, c: c / AtMost(a, b - c, c), "c ÷ min(a ÷ (b − c), c)"),
        (lambda a, b, c: Otherwise(a, AtMost(a, b, c)) * b, "(a or min(a ÷ b, c)) × b"),
    ],
)
def test_a_choice_and_a_cap_are_printed_as_people_write_them(formula, printed):
    made = formula(Leaf("a"), Leaf("b"), Leaf("c"))
    assert show(made) == printed
    assert [atom.name for atom in atoms(made)] == list(dict.fromkeys(re.findall(r"\b[a-c]\b", printed)))
