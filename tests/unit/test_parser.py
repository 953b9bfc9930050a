"""Formulas as people write them: what the catalogue prints is read as what it means, and nothing else gets through."""

from fractions import Fraction
from operator import add, mul, sub
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.formula import Atom, Formula, atoms, evaluate, show
from app.kpis import CATALOGUE, units, vocabulary
from app.kpis.atom import Judged, PerAccount, Percentile
from app.kpis.glossary import GLOSSARY, MeasureUnit
from app.kpis.parser import DEEPEST, LONGEST, MOST, FormulaError, parse

VARIANTS = [
    (kpi, variant)
    for kpi in CATALOGUE.values()
    for variant in kpi.variants
    if not any(isinstance(atom, Judged | PerAccount) for atom in variant.atoms)
]
each_variant = pytest.mark.parametrize(("kpi", "variant"), VARIANTS, ids=[f"{k.key}-{v.key}" for k, v in VARIANTS])


def amounts(rng):
    """What each atom comes to, by its name: often nothing, sometimes not known."""
    found = {}

    def look_up(atom):
        return found.setdefault(
            atom.name, rng.choice((None, 0, 0, 1, rng.randint(-9, 99), Fraction(rng.randint(1, 99), 7)))
        )

    return look_up


@each_variant
def test_what_the_catalogue_prints_is_read_as_what_it_means(kpi, variant):
    read = parse(variant.formula)
    whole = variant.numerator if variant.denominator is None else variant.numerator / variant.denominator
    assert set(atoms(read.formula)) == set(atoms(whole))
    for seed in range(200):
        look_up = amounts(Random(seed))  # noqa: S311 - repeatable, not secret
        expected = evaluate(whole, look_up)
        found = evaluate(read.formula, look_up)
        assert found == (None if expected is None else variant.scale * expected)
    assert show(read.formula) == variant.formula


@each_variant
def test_every_formula_of_the_catalogue_comes_to_its_unit(kpi, variant):
    assert parse(variant.formula).unit == units.of_kpi(kpi.unit)


# what is generated, printed, read and worked out a second time in plain fractions

COUNTS = sorted(name for name, entry in GLOSSARY.items() if entry.unit is MeasureUnit.COUNT)[:12]
PLAIN = {"+": add, "-": sub, "*": mul}
leaves = st.sampled_from(COUNTS) | st.integers(0, 20) | st.decimals("0.01", "20", places=2)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.sampled_from("+-*/"), inner, inner)
        | st.tuples(st.just("or"), inner, inner)
        | st.tuples(st.just("mean"), inner, inner, inner)
        | st.tuples(st.just("neg"), inner)
    ),
    max_leaves=12,
)
known = st.fixed_dictionaries({name: st.none() | st.integers(-5, 50) for name in COUNTS})


def written(tree):
    """A tree as text, with all its brackets."""
    if not isinstance(tree, tuple):
        return str(tree)
    sign, *inner = tree
    texts = [written(one) for one in inner]
    if sign == "mean":
        return f"mean({', '.join(texts)})"
    return f"(-{texts[0]})" if sign == "neg" else f"({texts[0]} {sign} {texts[1]})"


def worth(tree, values):
    """What a tree comes to, by plain fractions."""
    if not isinstance(tree, tuple):
        return values[tree] if isinstance(tree, str) else Fraction(tree)
    sign, *inner = tree
    parts = [worth(one, values) for one in inner]
    told = [one for one in parts if one is not None]
    if sign == "or":
        return told[0] if told else None
    if sign == "mean":
        return Fraction(sum(told)) / len(told) if told else None
    if len(told) < len(parts) or (sign == "/" and not parts[1]):
        return None
    return {"neg": lambda: -parts[0], "/": lambda: Fraction(*parts)}.get(sign, lambda: PLAIN[sign](*parts))()


@given(trees, known)
def test_what_is_written_is_worth_what_it_says_and_so_is_what_is_printed(tree, values):
    read = parse(written(tree)).formula
    expected = worth(tree, values)
    assert evaluate(read, lambda atom: values[atom.name]) == expected
    again = parse(show(read)).formula
    assert evaluate(again, lambda atom: values[atom.name]) == expected
    assert show(again) == show(read)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("promoters-detractors", "promoters − detractors"),
        (" 100*(promoters − detractors) / nps_answers ", "100 × (promoters − detractors) ÷ nps_answers"),
        ("1 + 2 * 3", "1 + 2 × 3"),
        ("1 - (2 - 3)", "1 − (2 − 3)"),
        ("8 / 4 / 2", "8 ÷ 4 ÷ 2"),
        ("8 / (4 * 2)", "8 ÷ (4 × 2)"),
        ("-orders", "0 − orders"),
        ("orders or buyers or 1", "((orders or buyers) or 1)"),
        ("min(orders / buyers, 3)", "min(orders ÷ buyers, 3)"),
        ("min(orders, 3)", "min(orders, 3)"),
        ("p75(cycle_days)", "p75(cycle_days)"),
        ("p50(cycle_days)", "median(cycle_days)"),
        ("0.25 * orders", "0.25 × orders"),
        ("orders · 2.50", "orders × 2.5"),
        ("paid(new_customers) + last_year(new_customers)", "paid(new_customers) + last_year(new_customers)"),
        ("CSAT_MEAN.raw", "csat_scores ÷ csat_answers"),
        ("denominator(NPS)", "nps_answers"),
        ("REVENUE / denominator(CAC)", "revenue ÷ new_customers"),
        ("2 * (CSAT)", "2 × 100 × satisfied ÷ csat_answers"),
    ],
)
def test_signs_and_brackets(text, printed):
    assert show(parse(text).formula) == printed


def test_a_cap_is_what_dividing_by_nothing_comes_to():
    read = parse("min(orders / buyers, 3)").formula
    values = {"orders": 8, "buyers": 2}
    assert evaluate(read, lambda atom: values[atom.name]) == 3
    assert evaluate(read, lambda atom: (values | {"buyers": 0})[atom.name]) == 3
    assert evaluate(read, lambda atom: (values | {"buyers": 4})[atom.name]) == 2
    plain = parse("min(orders, 3)").formula
    assert [evaluate(plain, lambda _atom, many=many: many) for many in (0, 2, 5)] == [0, 2, 3]


WRONG = [
    # the text, the place, a part of the message
    ("", 1, "a number or a measure is missing"),
    ("100 * (promotors - detractors)", 8, "no measure promotors; did you mean promoters?"),
    ("Orders", 1, "did you mean orders?"),
    ("zzzzzz", 1, "`kpiMeasures` lists them all"),
    ("orders +", 9, "a number or a measure is missing"),
    ("(orders", 8, "')' is missing"),
    ("orders)", 7, "')' does not belong here"),
    ("orders orders", 8, "'orders' does not belong here"),
    ("2 % 3", 3, "'%' does not belong here"),
    ("orders ** 2", 9, "'*' does not belong here"),
    ("or", 1, "'or' does not belong here"),
    ("medain(cycle_days)", 1, "no function medain; did you mean median?"),
    ("median(orders)", 8, "no distribution of orders"),
    ("p0(cycle_days)", 1, "no function p0"),
    ("p100(cycle_days)", 1, "no function p100"),
    ("opening(buyers)", 9, "is not added up day by day"),
    ("opening(2)", 9, "no measure 2"),
    ("previous(promoters)", 10, "told of the period itself only"),
    ("paid(promoters)", 6, "told of the period itself only"),
    ("paid(returned_orders", 21, "')' is missing"),
    ("paid(feedback_count)", 6, "did you mean feedback?"),
    ("min(orders)", 1, "min is of two"),
    ("min(1, 2, 3)", 1, "min is of two"),
    ("mean()", 6, "does not belong here"),
    ("numerator(orders)", 11, "no measure orders"),
    ("numerator(REVENUE)", 11, "is no ratio"),
    ("CSAT.nope", 6, "CSAT has no such variant; it has default"),
    ("NPS.latest_per_customer", 1, "cannot be a part of others"),
    ("TARGET_ATTAINMENT", 1, "cannot be a part of others"),
    ("LOYALTY_INDEX", 1, "cannot be a part of others"),
    ("targets_met", 1, "no measure targets_met"),
    ("unpriced_revenue", 1, "no measure unpriced_revenue"),
    ("revenue + reply_seconds", 9, "money and seconds do not add up"),
    ("revenue - 5", 9, "money and a number do not add up"),
    ("revenue * revenue + revenue", 19, "money × money and money do not add up"),
    ("orders / days + orders", 15, "1 ÷ days and a number do not add up"),
    ("mean(revenue, orders)", 1, "money and a number do not add up"),
    ("min(revenue, orders)", 1, "money and a number do not add up"),
    ("revenue or orders", 9, "money and a number do not add up"),
    ("1234567890123456", 1, "at most 15 digits"),
    ("1.2.3", 4, "'.' does not belong here"),
    ("(" * 40 + "1", DEEPEST + 2, f"at most {DEEPEST} deep"),
    ("-" * 40 + "1", DEEPEST + 2, f"at most {DEEPEST} deep"),
    ("1" + "+1" * 150, 200, f"at most {MOST} parts"),
    ("x" * (LONGEST + 1), LONGEST + 1, f"at most {LONGEST} characters"),
]


@pytest.mark.parametrize(("text", "place", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_place_in_both_languages(text, place, words):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    found = caught.value
    assert (found.place, words in found.text.en) == (place, True), found.text.en
    assert found.text.en.startswith(f"At character {place}: ")
    assert found.text.en[-1] in ".?"
    assert found.text.zh.startswith(f"第 {place} 个字符处：")
    assert found.text.zh[-1] in "。？"


ALPHABET = [
    *sorted(vocabulary.WORDS)[::7],
    *vocabulary.FUNCTIONS,
    *sorted(CATALOGUE)[::5],
    *"0123456789.,()+-*/×÷−",
    *("or", " ", "min", "mean", "median", "p9", "numerator", "NPS", "é", "\0", "\U0001f600", "_", "!"),
]


@pytest.mark.slow
@given(st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join) | st.text(max_size=80))
@example("CLV.simple" + "*CLV.simple" * 30)
@example("(((" * 300)
@example("\ud800")
@example("٣")
@example("1e5")
def test_whatever_is_written_is_read_or_refused(text):
    try:
        read = parse(text)
    except FormulaError as error:
        place = error.place
    else:
        place = 1
        assert size(read.formula) <= MOST + 10
        assert all(isinstance(atom, Atom) for atom in atoms(read.formula))
        assert show(read.formula)
    assert 1 <= place <= len(text) + 1


def size(formula):
    """How many parts a formula has."""
    if isinstance(formula, Atom):
        return 1
    values = vars(formula).values()
    inner = [part for value in values for part in (value if isinstance(value, tuple) else [value])]
    return 1 + sum(size(part) for part in inner if isinstance(part, Formula))


# the vocabulary


def test_every_measure_is_described_in_both_languages():
    assert set(GLOSSARY) == set(vocabulary.WORDS)
    for about in (*(entry.about for entry in GLOSSARY.values()), *vocabulary.ABOUT.values()):
        assert about.en.endswith(".")
        assert about.zh.endswith("。")


def test_no_two_measures_share_a_name():
    named = {}
    for kpi in CATALOGUE.values():
        for variant in kpi.variants:
            for atom in (*variant.atoms, *variant.givens, *(one for cube in variant.cubes for one in cube.measures)):
                one = getattr(atom, "measure", atom)
                if not isinstance(one, Percentile | PerAccount):
                    assert named.setdefault(one.name, one) is one
    assert not set(named) & {*vocabulary.FUNCTIONS, "or", "min", "mean", "median", "numerator", "denominator"}
