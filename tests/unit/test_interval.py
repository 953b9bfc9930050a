"""Intervals against published figures and against the statements that define them."""

import statistics
from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.kpis import interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high", "digits"),
    [
        # the golden vectors
        (10, 20, 29.930, 70.070, 3),
        (8, 8, 67.559, 100, 3),
        (0, 5, 0, 43.448, 3),
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3
        (81, 263, 25.53, 36.62, 2),
        (15, 148, 6.24, 16.05, 2),
        (0, 20, 0.00, 16.11, 2),
        (1, 29, 0.61, 17.18, 2),
    ],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high, digits):
    assert interval.wilson(successes, n) == pytest.approx((low, high), abs=0.5 * 10**-digits)


@given(st.integers(1, 5_000), st.data())
def test_wilson_bounds_are_where_the_share_is_z_standard_errors_away(n, data):
    successes = data.draw(st.integers(0, n))
    low, high = interval.wilson(successes, n)
    share, z = successes / n, statistics.NormalDist().inv_cdf(0.975)
    for bound in (low / 100, high / 100):
        assert abs(share - bound) == pytest.approx(z * sqrt(bound * (1 - bound) / n), abs=1e-6)
    assert 0 <= low <= 100 * share <= high <= 100


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 1_000])
def test_wilson_ends_exactly_at_the_ends_of_the_scale(n):
    assert interval.wilson(0, n)[0] == 0
    assert interval.wilson(n, n)[1] == 100


def test_adjusted_wald_gives_the_golden_interval():
    assert interval.adjusted_wald(32, 6, 51) == pytest.approx((29.2949, 67.0014), abs=5e-5)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_adjusted_wald_stays_on_the_scale_and_mirrors(promoters, passives, detractors):
    n = promoters + passives + detractors
    assume(n)
    low, high = interval.adjusted_wald(promoters, detractors, n)
    assert -100 <= low < high <= 100
    assert interval.adjusted_wald(detractors, promoters, n) == pytest.approx((-high, -low))


def test_adjusted_wald_narrows_as_answers_come_in():
    widths = [high - low for low, high in (interval.adjusted_wald(6 * n, 2 * n, 10 * n) for n in (1, 10, 100, 1_000))]
    assert widths == sorted(widths, reverse=True)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=60))
def test_the_interval_of_a_mean_is_that_of_the_statistics_module(values):
    centre = statistics.fmean(values)
    spread = statistics.NormalDist().inv_cdf(0.975) * statistics.stdev(values) / sqrt(len(values))
    expected = max(0, centre - spread), min(100, centre + spread)
    found = interval.mean(sum(values), sum(v * v for v in values), len(values), low=0.0, high=100.0)
    assert found == pytest.approx(expected, abs=1e-4)


def test_answers_that_all_agree_leave_no_doubt_about_the_mean():
    assert interval.mean(7 * 4.2, 7 * 4.2 * 4.2, 7, low=0.0, high=100.0) == pytest.approx((4.2, 4.2), abs=1e-6)


@pytest.mark.parametrize("n", [0, 1])
def test_a_mean_of_fewer_than_two_answers_has_no_interval(n):
    assert interval.mean(n * 50, n * 2_500, n, low=0.0, high=100.0) is None


def test_nobody_asked_is_no_interval():
    assert interval.wilson(0, 0) is None
    assert interval.adjusted_wald(0, 0, 0) is None


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_difference_of_two_shares_is_newcombes(now, before, low, high):
    (a, m), (b, n) = now, before
    found = interval.difference(100 * a / m, interval.wilson(a, m), 100 * b / n, interval.wilson(b, n))
    assert found == pytest.approx((100 * low, 100 * high), abs=0.006)


def test_the_level_and_the_quantile_belong_together():
    assert pytest.approx(statistics.NormalDist().inv_cdf(0.5 + interval.LEVEL / 2), abs=1e-6) == interval.Z
