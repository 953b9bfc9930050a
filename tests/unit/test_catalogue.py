"""What holds for every KPI and variant that is declared, and for every one that will be."""

import os
import re
import subprocess
import sys

import pytest

from app.formula import Atom, Formula
from app.kpis import CATALOGUE, CUBES
from app.kpis.atom import Closing, Given, Lost, Opening, Percentile
from app.kpis.dimension import Dimension
from app.kpis.figure import NullReason, figure
from app.kpis.kpi import Direction, KpiUnit, cube_of
from app.kpis.measure import Measure
from app.models.rollup import SLOTS, entry, rollup
from app.text import Text

VARIANTS = [(kpi, variant) for kpi in CATALOGUE.values() for variant in kpi.variants]
CHINESE = re.compile("[\u4e00-\u9fff]")

each_kpi = pytest.mark.parametrize("kpi", CATALOGUE.values(), ids=CATALOGUE)
each_variant = pytest.mark.parametrize(("kpi", "variant"), VARIANTS, ids=[f"{k.key}-{v.key}" for k, v in VARIANTS])


def of_nothing(variant) -> dict[Atom, int]:
    return dict.fromkeys(variant.atoms, 0) | dict.fromkeys(variant.givens)


@each_kpi
def test_the_example_holds(kpi):
    if kpi.example is None:
        stocks = [atom for atom in kpi.variants[0].atoms if isinstance(atom, Opening | Closing | Lost | Percentile)]
        assert stocks, f"{kpi.key} adds up flows only: give it an example"
        return
    amounts, value = kpi.example
    variant = kpi.variants[0]
    told = of_nothing(variant)
    assert set(amounts) <= {atom.name for atom in told}
    found = figure(kpi, variant, {atom: amounts.get(atom.name, nothing) for atom, nothing in told.items()})
    assert found.value == pytest.approx(value, rel=1e-12)
    assert found.reason is None


@each_variant
def test_no_data_is_no_value_and_a_count_of_nothing_is_zero(kpi, variant):
    found = figure(kpi, variant, of_nothing(variant))
    if variant.denominator is None and not variant.is_composite and variant.sample is None:
        assert (found.value, found.reason, found.numerator) == (0.0, None, 0.0)
    else:
        assert (found.value, found.reason) == (None, NullReason.NO_DATA)
    assert found.interval is None
    assert found.flags == ()


@each_variant
def test_names_and_explanations_speak_both_languages(kpi, variant):
    for words in (kpi.name, kpi.about, variant.name, variant.about):
        assert isinstance(words, Text)
        assert words.en.strip() == words.en
        assert words.en
        assert not CHINESE.search(words.en)
        assert CHINESE.search(words.zh)
        assert not re.search("[a-z]{3}", words.zh), f"English inside {words.zh}"
    assert kpi.about.en.endswith(".")
    assert kpi.about.zh.endswith("。")


@each_variant
def test_the_formula_in_print_names_every_part(kpi, variant):
    assert re.search(rf"{variant.scale} × ", variant.formula) or variant.scale == 1
    around = r"\b(opening|closing|expansion|contraction|previous|last_year|paid|min|mean|median|p\d+)\("
    words = re.findall(r"[a-z_]+", re.sub(around, "(", variant.formula))
    told = of_nothing(variant)
    parts = {atom.of if isinstance(atom, Percentile) else getattr(atom, "measure", atom).name for atom in told}
    assert set(words) - {"or"} <= parts


@each_variant
def test_what_is_a_share_says_so(kpi, variant):
    assert variant.denominator is None or not variant.is_composite
    if kpi.unit in (KpiUnit.PERCENT, KpiUnit.POINTS):
        assert variant.denominator is not None or variant.components
    if kpi.survey:
        is_plain = isinstance(variant.denominator, Measure)
        assert is_plain or variant.people, (
            "small cells are counted over the denominator's facts, or else people are told"
        )
        assert Dimension.CHANNEL in kpi.dimensions
    if kpi.additive:
        assert variant.denominator is None
        assert all(isinstance(atom, Measure) for atom in variant.atoms)


def test_keys_are_written_as_the_schema_writes_them():
    for key, kpi in CATALOGUE.items():
        assert key == kpi.key
        assert re.fullmatch("[A-Z][A-Z0-9_]*", key)
        keys = [variant.key for variant in kpi.variants]
        assert len(keys) == len(set(keys))
        assert all(re.fullmatch("[a-z][a-z0-9_]*", variant) for variant in keys)
        assert keys.count("default") <= (keys[0] == "default")


def test_no_two_kpis_share_a_name():
    for language in range(2):
        names = [kpi.name[language] for kpi in CATALOGUE.values()]
        assert len(names) == len(set(names))


@each_kpi
def test_the_default_variant_is_found_by_none_and_by_its_names(kpi):
    first = kpi.variants[0]
    assert kpi.variant(None) is kpi.variant("default") is kpi.variant(first.key) is first
    assert all(kpi.variant(variant.key) is variant for variant in kpi.variants[1:])
    assert kpi.variant("no_such") is None


def test_which_way_is_good_is_as_defined():
    down = {"CHURN_RATE", "CHURNED_CUSTOMERS", "CAC", "RESPONSE_TIME", "SALES_CYCLE", "RETURN_RATE", "RESOLUTION_TIME"}
    down |= {"WAITING_TIME", "COST_TO_SERVE", "CAC_PAYBACK_MONTHS", "SURVEY_ANSWER_TIME", "LOST_LEADS", "COMPLAINTS"}
    down |= {"INTERACTIONS"}
    worse = {key for key, kpi in CATALOGUE.items() if kpi.direction is Direction.LOWER_IS_BETTER}
    assert worse <= down
    assert down & set(CATALOGUE) <= worse


def test_the_bounds_of_values_are_as_their_unit_promises():
    for kpi in CATALOGUE.values():
        if kpi.unit is KpiUnit.POINTS:
            assert kpi.bounds == ((0, 100) if kpi.variants[0].components else (-100, 100))
        elif kpi.unit is KpiUnit.PERCENT:
            assert kpi.bounds in ((0, 100), None)
        else:
            assert kpi.bounds is None


def test_every_measure_has_a_column_of_its_own():
    for cube in CUBES.values():
        assert len(cube.measures) <= SLOTS
        assert [measure.slot for measure in cube.measures] == list(range(len(cube.measures)))
        assert len({measure.name for measure in cube.measures}) == len(cube.measures)
        for table in (entry, rollup):
            assert {f"a{measure.slot}" for measure in cube.measures} <= set(table.c.keys())


def test_a_full_cube_takes_no_more_measures():
    cube = type(next(iter(CUBES.values())))("spare", "SPARE", CATALOGUE["CSAT"].variants[0].cubes[0].model, None, {})
    for number in range(SLOTS):
        Measure(f"m{number}", cube)
    with pytest.raises(ValueError, match="second cube"):
        Measure("one_too_many", cube)
    assert len(cube.measures) == SLOTS


def test_a_fingerprint_changes_with_the_meaning_of_a_measure():
    model = CATALOGUE["CSAT"].variants[0].cubes[0].model

    def made(**changed):
        cube = type(next(iter(CUBES.values())))("spare", "SPARE", model, model.day, {Dimension.SEGMENT: model.segment})
        Measure("many", cube, **{"where": model.score >= 9, **changed})
        return cube.fingerprint

    assert made() == made()
    assert len({made(), made(where=model.score >= 8), made(value=2)}) == 3


def test_fingerprints_are_the_same_in_every_process():
    # a rollup is rebuilt when its fingerprint changes: one that came out differently each time would never rest
    code = "from app.kpis import CUBES\nfor name, cube in CUBES.items(): print(name, cube.fingerprint)"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert dict(line.split() for line in done.stdout.splitlines()) == {n: c.fingerprint for n, c in CUBES.items()}


@each_variant
def test_a_cut_narrows_the_numerator_or_is_not_offered(kpi, variant):
    for dimension in Dimension:
        narrowed = variant.cut_by(dimension)
        numerator = {atom for atom in _atoms(variant.numerator) if not isinstance(atom, Given)}
        assert (numerator <= narrowed) == bool(narrowed)
        assert all(cube_of(atom).has(dimension) for atom in narrowed)


def _atoms(formula):
    if isinstance(formula, Atom):
        return set() if isinstance(formula, Given) else {formula}
    values = vars(formula).values()
    parts = [part for value in values for part in (value if isinstance(value, tuple) else [value])]
    return set().union(*(_atoms(part) for part in parts if isinstance(part, Formula)))


def test_churn_can_be_cut_by_reason_over_the_whole_base():
    variant = CATALOGUE["CHURN_RATE"].variants[0]
    assert {atom.name for atom in variant.cut_by(Dimension.REASON)} >= {"lost"}
    assert not {"opening(started)", "started"} & {atom.name for atom in variant.cut_by(Dimension.REASON)}


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("zh", "满意"), ("zh-CN", "满意"), ("ZH_tw", "满意"), ("en", "Fine"), ("de-AT", "Fine"), ("", "Fine")],
)
def test_words_come_in_the_readers_language(locale, expected):
    assert Text("Fine", "满意").in_(locale) == expected
