"""Figures from hand-counted answers: the golden vectors, and which reason is given where there is no value."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis import CATALOGUE
from app.kpis.figure import LOW_SAMPLE, Figure, KpiFlag, NullReason, figure, flagged, nothing
from app.kpis.kpi import Direction, Kpi, KpiUnit, LifecycleStage, Variant
from app.kpis.measure import Cube, Measure
from app.models.feedback import Feedback
from app.text import Text

MILLION = 1_000_000


def read(key, variant=None, **amounts):
    """The figure of a KPI over `amounts` by the names of its atoms; what is not named is 0."""
    kpi = CATALOGUE[key]
    chosen = kpi.variant(variant)
    known = {atom.name for atom in chosen.atoms}
    given_ = {spelt(name): value for name, value in amounts.items()}
    assert set(given_) <= known, f"{key} reads {sorted(known)}"
    return figure(kpi, chosen, {atom: given_.get(atom.name, 0) for atom in chosen.atoms})


def spelt(name):
    """The name of a stock as it is printed: opening_started is opening(started)."""
    kind, _, of = name.partition("_")
    return f"{kind}({of})" if kind in ("opening", "closing") else name


def csat(scores, worst=1, best=5):
    """The amounts of CSAT answers, counted by hand: None is a skipped answer."""
    answers = [score for score in scores if score is not None]
    positions = [Fraction(score - worst, best - worst) for score in answers]
    return {
        "csat_asked": len(scores),
        "csat_answers": len(answers),
        "satisfied": sum(position >= Fraction(7, 10) for position in positions),
        "csat_positions": int(sum(positions) * MILLION),
        "csat_squares": int(sum(position**2 for position in positions) * MILLION),
        "csat_scores": int(sum(answers) * MILLION),
        "csat_worst": worst * len(answers),
        "csat_worst_squares": worst**2 * len(answers),
        "csat_best": best * len(answers),
        "csat_best_squares": best**2 * len(answers),
    }


def pick(amounts, key, variant=None):
    names = {atom.name for atom in CATALOGUE[key].variant(variant).atoms}
    return {name: amount for name, amount in amounts.items() if name in names}


def test_nps_of_32_13_and_6():
    found = read("NPS", nps_asked=51, nps_answers=51, promoters=32, detractors=6)
    assert found.value == pytest.approx(50.9804, abs=5e-5)
    assert found.value == 2600 / 51
    assert found.interval == pytest.approx((29.2949, 67.0014), abs=5e-5)
    assert (found.numerator, found.denominator, found.sample) == (26, 51, 51)
    assert (found.reason, found.flags) == (None, ())


def test_nps_of_40_20_and_20_with_20_dismissed():
    found = read("NPS", nps_asked=100, nps_answers=80, promoters=40, detractors=20)
    assert found.value == 25.0
    assert (found.numerator, found.denominator, found.sample) == (20, 80, 80)


def test_csat_of_two_days_adds_the_parts_before_it_divides():
    found = read("CSAT", csat_asked=91, csat_answers=91, satisfied=1 + 45)
    assert found.value == pytest.approx(50.549, abs=5e-4)
    assert (found.numerator, found.denominator) == (46, 91)


@pytest.mark.parametrize(
    ("satisfied", "answers", "interval"),
    [(10, 20, (29.930, 70.070)), (8, 8, (67.559, 100)), (0, 5, (0, 43.448))],
)
def test_csat_carries_its_wilson_interval(satisfied, answers, interval):
    found = read("CSAT", csat_asked=answers, csat_answers=answers, satisfied=satisfied)
    assert found.interval == pytest.approx(interval, abs=5e-4)
    assert found.value == 100 * satisfied / answers


def test_mean_satisfaction_of_hand_counted_answers():
    found = read("CSAT_MEAN", **pick(csat([5, 4, 3, None, 1]), "CSAT_MEAN"))
    # positions 1, 0.75, 0.5, 0: mean 0.5625, standard deviation 0.4269563 by hand, half-width 1.959964 × 0.4269563 ÷ 2
    assert found.value == 56.25
    assert found.interval == pytest.approx((56.25 - 41.84095, 56.25 + 41.84095), abs=1e-3)
    assert (found.numerator, found.denominator) == (2.25, 4)


def test_effort_is_a_mean_of_the_same_shape():
    found = read("CES", ces_asked=3, ces_answers=2, ces_positions=1_750_000, ces_squares=1_562_500)
    assert found.value == 87.5
    assert (found.numerator, found.denominator) == (1.75, 2)


def test_the_raw_mean_is_the_plain_mean_of_one_scale():
    found = read("CSAT_MEAN", "raw", **pick(csat([5, 4, 2, None]), "CSAT_MEAN", "raw"))
    assert found.value == 11 / 3
    assert found.reason is None


@pytest.mark.parametrize(
    ("worst", "best"),
    [(1, 7), (0, 5), (5, 1), (2, 5)],
)
def test_the_raw_mean_refuses_answers_of_two_scales(worst, best):
    one, other = csat([5, 4]), csat([3], worst, best)
    mixed = pick({name: one[name] + other[name] for name in one}, "CSAT_MEAN", "raw")
    found = read("CSAT_MEAN", "raw", **mixed)
    assert (found.value, found.reason, found.interval) == (None, NullReason.MIXED_SCALES, None)
    assert (found.numerator, found.denominator) == (12, 3)


def test_two_scales_of_the_same_sum_are_told_apart():
    # 1–5 and 3–5 meet as often as 2–5 twice: the sums agree, the squares do not
    first, second = csat([4], 1, 5), csat([4], 3, 5)
    mixed = pick({name: first[name] + second[name] for name in first}, "CSAT_MEAN", "raw")
    assert read("CSAT_MEAN", "raw", **mixed).reason is NullReason.MIXED_SCALES


def test_the_default_mean_takes_any_mix_of_scales():
    one, other = csat([5]), csat([4], 1, 7)
    mixed = pick({name: one[name] + other[name] for name in one}, "CSAT_MEAN")
    assert read("CSAT_MEAN", **mixed).value == 75.0


def test_no_answer_at_all_is_no_data():
    found = read("CSAT")
    assert found == Figure(None, NullReason.NO_DATA, 0.0, 0.0, 0.0)


def test_asked_but_not_answered_is_a_zero_denominator():
    found = read("CSAT", csat_asked=7)
    assert found == Figure(None, NullReason.ZERO_DENOMINATOR, 0.0, 0.0, 0.0)


def test_a_mixture_of_no_answers_is_no_data_first():
    assert read("CSAT_MEAN", "raw").reason is NullReason.NO_DATA
    assert read("CSAT_MEAN", "raw", csat_asked=2).reason is NullReason.ZERO_DENOMINATOR


def test_the_reasons_stand_in_the_order_of_their_precedence():
    assert list(NullReason) == [
        "PREPARING",
        "INPUT_NOT_CONFIGURED",
        "PERIOD_NOT_STARTED",
        "MISSING_FX",
        "SUPPRESSED_SMALL_CELL",
        "NO_DATA",
        "ZERO_DENOMINATOR",
        "UNBOUNDED",
        "MIXED_SCALES",
    ]


@pytest.mark.parametrize(("answers", "flags"), [(1, (KpiFlag.LOW_SAMPLE,)), (29, (KpiFlag.LOW_SAMPLE,)), (30, ())])
def test_fewer_than_thirty_answers_are_flagged(answers, flags):
    assert LOW_SAMPLE == 30
    assert read("CSAT", csat_asked=answers, csat_answers=answers, satisfied=1).flags == flags


def test_what_is_not_a_sample_is_never_flagged_as_a_small_one():
    found = read("CHURN_RATE", lost=1, opening_started=2)
    assert (found.value, found.flags, found.interval) == (50.0, (), None)


def test_a_count_of_nothing_is_a_true_zero():
    assert read("FEEDBACK_COUNT") == Figure(0.0, None, 0.0, exact=0)
    assert read("NEW_CUSTOMERS") == Figure(0.0, None, 0.0, exact=0)
    assert read("REVENUE") == Figure(0.0, None, 0.0, exact=0)


def test_retention_of_a_thousand_of_whom_fifty_left():
    """200 joined in the period, of whom 20 left again."""
    flows = {"opening_started": 1_100, "opening_churned": 100, "started": 200, "churned": 70}
    flows |= {"closing_started": 1_300, "closing_churned": 170}
    churn = {name: read("CHURN_RATE", name, **pick_atoms("CHURN_RATE", name, flows)) for name in
             (None, "churned_over_start", "churned_over_start_plus_new")}  # fmt: skip
    crr = {
        name: read("RETENTION_RATE", name, **pick_atoms("RETENTION_RATE", name, flows)) for name in (None, "net_count")
    }
    assert churn[None].value == 5
    assert churn["churned_over_start"].value == 7
    assert churn["churned_over_start_plus_new"].value == 100 * 70 / 1_200 == pytest.approx(5.833, abs=5e-4)
    assert crr[None].value == 95
    assert crr["net_count"].value == 93
    assert (crr[None].numerator, crr[None].denominator) == (950, 1_000)


def pick_atoms(key, variant, flows):
    flows = {**flows, "lost": 50, "new_customers": 200}
    names = {atom.name for atom in CATALOGUE[key].variant(variant).atoms}
    return {name: amount for name, amount in flows.items() if spelt(name) in names}


@given(st.integers(1, 10_000), st.data())
def test_retention_and_churn_of_one_cohort_make_a_hundred(base, data):
    lost = data.draw(st.integers(0, base))
    churn = read("CHURN_RATE", lost=lost, opening_started=base)
    crr = read("RETENTION_RATE", lost=lost, opening_started=base)
    assert churn.numerator + crr.numerator == base
    assert churn.value + crr.value == pytest.approx(100)
    assert 0 <= churn.value <= 100


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_a_score_is_the_nearest_float_to_the_exact_one(promoters, passives, detractors):
    n = promoters + passives + detractors
    found = read("NPS", nps_asked=n, nps_answers=n, promoters=promoters, detractors=detractors)
    if n == 0:
        assert found.reason is NullReason.NO_DATA
    else:
        assert found.value == float(Fraction(100 * (promoters - detractors), n))
        assert -100 <= found.value <= 100


def test_customers_who_all_left_before_leave_a_zero_denominator():
    found = read("CHURN_RATE", opening_started=5, opening_churned=5)
    assert (found.value, found.reason, found.denominator) == (None, NullReason.ZERO_DENOMINATOR, 0.0)


def _declared(numerator, denominator=None):
    variant = Variant("default", Text("N", "名"), Text("A", "义"), numerator, denominator)
    plain = (KpiUnit.COUNT, Direction.HIGHER_IS_BETTER, LifecycleStage.RETAIN)
    return Kpi("K", Text("N", "名"), Text("A", "义"), *plain, (variant,)), variant


def test_a_quotient_inside_a_sum_without_value_has_no_value():
    cube = Cube("spare", "SPARE", Feedback, Feedback.day, {})
    a, b, c = (Measure(name, cube) for name in "abc")
    kpi, variant = _declared(a / b + c)
    assert figure(kpi, variant, {a: 1, b: 0, c: 3}) == nothing(NullReason.ZERO_DENOMINATOR)
    assert figure(kpi, variant, {a: 1, b: 2, c: 3}).value == 3.5


def test_a_numerator_without_value_is_a_zero_denominator():
    cube = Cube("spare", "SPARE", Feedback, Feedback.day, {})
    a, b, c = (Measure(name, cube) for name in "abc")
    kpi, variant = _declared(a / b, c)
    found = figure(kpi, variant, {a: 1, b: 0, c: 3})
    assert (found.value, found.reason, found.numerator, found.denominator) == (
        None,
        NullReason.ZERO_DENOMINATOR,
        None,
        3,
    )


def test_amounts_are_read_in_their_own_scale():
    cube = Cube("spare", "SPARE", Feedback, Feedback.day, {})
    cents, pieces = Measure("cents", cube, scale=100), Measure("pieces", cube)
    kpi, variant = _declared(cents, pieces)
    found = figure(kpi, variant, {cents: 1_001, pieces: 4})
    assert (found.value, found.numerator) == (2.5025, 10.01)


def test_flags_add_up():
    plain = nothing(NullReason.NO_DATA)
    assert flagged(plain) is plain
    both = flagged(flagged(plain, KpiFlag.REBUILDING), KpiFlag.LOW_SAMPLE)
    assert both == nothing(NullReason.NO_DATA, KpiFlag.REBUILDING, KpiFlag.LOW_SAMPLE)
