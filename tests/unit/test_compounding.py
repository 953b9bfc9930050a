"""Compounding against sums done by hand."""

from datetime import date

import pytest

from app.kpis import CATALOGUE
from app.kpis.kpi import Direction
from app.services.compounding import rate, share
from app.services.period import Grain, Span

TODAY = date(2026, 6, 15)
LEAVING, STAYING = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


@pytest.mark.parametrize(
    ("percent", "direction", "times", "expected"),
    [
        (5, LEAVING, 12, 45.963991233736334),  # 0.95 multiplied by itself twelve times is 0.54036008766263669
        (15, LEAVING, 1 / 12, 1.3452),  # and 0.986548 to the twelfth is 0.85
        (95, STAYING, 12, 54.036008766263666),
        (50, LEAVING, 2, 75),
        (50, STAYING, 2, 25),
        (50, STAYING, 1, 50),
        (0, LEAVING, 12, 0),
        (100, LEAVING, 1 / 12, 100),
        (0, STAYING, 1 / 12, 0),
        (100, STAYING, 12, 100),
    ],
)
def test_rates_compound(percent, direction, times, expected):
    assert rate(percent, direction, times) == pytest.approx(expected, abs=5e-5 if times < 1 else 1e-9)


def test_staying_and_leaving_go_on_adding_up():
    for percent in (0, 3.7, 42, 99.9, 100):
        for times in (1 / 90, 0.3, 1, 4, 52):
            both = rate(percent, LEAVING, times) + rate(100 - percent, STAYING, times)
            assert both == pytest.approx(100)


def test_there_and_back_is_where_it_began():
    for times in (1 / 365, 1 / 7, 3, 12):
        assert rate(rate(7.5, LEAVING, times), LEAVING, 1 / times) == pytest.approx(7.5)


@pytest.mark.parametrize(
    ("start", "end", "per", "expected"),
    [
        (date(2026, 2, 1), date(2026, 3, 1), Grain.YEAR, 12),  # a month is a month, however many days it has
        (date(2026, 1, 1), date(2026, 2, 1), Grain.YEAR, 12),
        (date(2025, 1, 1), date(2026, 1, 1), Grain.MONTH, 1 / 12),
        (date(2025, 4, 1), date(2025, 10, 1), Grain.QUARTER, 1 / 2),
        (date(2024, 2, 1), date(2024, 3, 1), Grain.DAY, 1 / 29),  # days are days
        (date(2025, 2, 1), date(2025, 3, 1), Grain.WEEK, 1 / 4),
        (date(2026, 5, 4), date(2026, 5, 18), Grain.WEEK, 1 / 2),
        (date(2026, 1, 15), date(2027, 1, 15), Grain.YEAR, 365 / 152),  # which has run from 15 January to 15 June
        (date(2026, 6, 1), date(2026, 7, 1), Grain.MONTH, 365 / 12 / 15),  # and this one for fifteen days
        (date(2025, 3, 10), date(2025, 3, 20), Grain.QUARTER, 365 / 4 / 10),
    ],
)
def test_how_long_a_period_is(start, end, per, expected):
    assert share(Span(start, end), per, TODAY) == pytest.approx(expected)


def test_only_rates_of_the_same_people_compound():
    found = {(kpi.key, one.key) for kpi in CATALOGUE.values() for one in kpi.variants if one.compounds}
    assert found >= {("RETENTION_RATE", "default"), ("CHURN_RATE", "default")}
    for key, variant in found:
        assert CATALOGUE[key].bounds == (0, 100), variant
    assert not {("RETENTION_RATE", "net_count"), ("CHURN_RATE", "churned_over_start"), ("CSAT", "default")} & found
