"""Figures of money from amounts counted by hand: units, reasons and their order, lifetimes and their caps."""

import pytest

from app.kpis import CATALOGUE
from app.kpis.figure import Figure, NullReason, figure

CLV = {"revenue": 144_000, "orders": 18, "customer_orders": 18, "buyers": 3, "placed_orders": 18}
"""Three buyers, each with six orders of 80.00."""
LEAVING = {"lost": 1, "opening(started)": 3}
"""One of three leaves: three years."""


def read(key, variant=None, *, minor=100, **known):
    """The figure of amounts by the names of the atoms; what is counted and not named is 0, what is given absent."""
    kpi = CATALOGUE[key]
    chosen = kpi.variant(variant)
    names = {atom.name for atom in (*chosen.atoms, *chosen.givens)}
    assert set(known) <= names, f"{key} reads {sorted(names)}"
    amounts = {atom: known.get(atom.name, 0) for atom in chosen.atoms}
    return figure(kpi, chosen, amounts | {atom: known.get(atom.name) for atom in chosen.givens}, minor=minor)


@pytest.mark.parametrize(("minor", "value"), [(100, 19.99), (1, 1999), (1000, 1.999)])
def test_money_is_in_units_of_the_workspace_s_currency(minor, value):
    found = read("REVENUE", minor=minor, revenue=1999)
    assert (found.value, found.numerator, found.denominator) == (value, value, None)
    assert read("CAC", minor=minor, acquisition_cost=1999, new_customers=1).value == value


def test_what_is_no_money_knows_no_minor_units():
    for minor in (1, 100, 1000):
        assert read("RETURN_RATE", minor=minor, returned_orders=1, placed_orders=4).value == 25
        # money over money
        cost = {"acquisition_cost": 48_000, "new_customers": 1}
        assert read("LTV_CAC_RATIO", minor=minor, **CLV, **LEAVING, years=1, **cost).value == 3


def test_one_fact_without_a_rate_is_enough():
    assert read("REVENUE", revenue=1999, unpriced_revenue=1) == Figure(None, NullReason.MISSING_FX)
    assert read("AVERAGE_ORDER_VALUE", revenue=1, orders=1, placed_orders=1, unpriced_revenue=7).value is None
    assert read("CLV", **CLV, **LEAVING, years=1, unpriced_revenue=1) == Figure(None, NullReason.MISSING_FX)


@pytest.mark.parametrize("key", ["AVERAGE_ORDER_VALUE", "CAC", "CLV", "LTV_CAC_RATIO", "COST_TO_SERVE"])
def test_a_missing_rate_is_said_before_whatever_else_is_missing(key):
    variant = CATALOGUE[key].variants[0]
    for atom in variant.unpriced:
        assert read(key, **{atom.name: 1}).reason is NullReason.MISSING_FX
    assert read(key).reason is NullReason.NO_DATA


def test_what_the_figure_does_not_add_up_may_lack_a_rate():
    unpriced = {key: {atom.name for atom in CATALOGUE[key].variants[0].unpriced} for key in ("CAC", "COST_TO_SERVE")}
    assert unpriced == {"CAC": {"unpriced_acquisition_cost"}, "COST_TO_SERVE": {"unpriced_serving_cost"}}
    assert CATALOGUE["REPEAT_PURCHASE_RATE"].variants[0].unpriced == ()


def test_growth_over_nothing_has_no_value_and_over_a_loss_is_what_it_is():
    orders = {"placed_orders": 1, "previous(placed_orders)": 1}
    assert read("REVENUE_GROWTH", revenue=12_000, **{"previous(revenue)": 10_000}, **orders).value == 20
    assert read("REVENUE_GROWTH", revenue=12_000, **orders).reason is NullReason.ZERO_DENOMINATOR
    assert read("REVENUE_GROWTH", revenue=0, **{"previous(revenue)": 1, **orders}).value == -100
    assert read("REVENUE_GROWTH").reason is NullReason.NO_DATA


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({}, 1440),
        ({"lifespan_cap_years": 5}, 1440),
        ({"lifespan_cap_years": 2}, 960),
        ({"expected_lifespan_years": 2}, 960),
        ({"expected_lifespan_years": 2, "lifespan_cap_years": 1}, 960),  # what is expected knows no cap
        ({"lost": 0}, NullReason.UNBOUNDED),
        ({"lost": 0, "lifespan_cap_years": 5}, 2400),
        ({"lost": 0, "expected_lifespan_years": 2}, 960),
        ({"lost": 0, "opening(started)": 0}, NullReason.ZERO_DENOMINATOR),
        ({"lost": 0, "opening(started)": 0, "lifespan_cap_years": 5}, NullReason.ZERO_DENOMINATOR),
        ({"lost": 0, "opening(started)": 0, "expected_lifespan_years": 2}, 960),
        ({"opening(churned)": 1}, 960),  # two were there: two years
        ({"lost": 0, "buyers": 0}, NullReason.ZERO_DENOMINATOR),  # without buyers it is not endless but nothing
        ({"lost": 0, "orders": 0}, NullReason.ZERO_DENOMINATOR),
        ({"placed_orders": 0}, NullReason.NO_DATA),
    ],
)
def test_a_lifetime_is_expected_or_follows_from_churn_up_to_a_cap(given, value):
    found = read("CLV", **(CLV | LEAVING | {"years": 1} | given))
    assert (found.value if found.reason is None else found.reason) == value
    assert (found.numerator, found.denominator) == (None, None)  # a composite has no parts to show


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({}, 2000),  # 100 ÷ 5 %
        ({"lifespan_cap_years": 1, "years": 1}, 100),
        ({"lifespan_cap_years": 50, "years": 1}, 2000),
        ({"lost": 0}, NullReason.UNBOUNDED),
        ({"lost": 0, "lifespan_cap_years": 5, "years": 1}, 500),
        ({"lost": 0, "opening(started)": 0}, NullReason.ZERO_DENOMINATOR),
    ],
)
def test_a_lifetime_by_retention_is_revenue_over_churn(given, value):
    known = {"customer_revenue": 100_000, "buyers": 10, "lost": 1, "opening(started)": 20, "placed_orders": 10}
    found = read("CLV", "retention", **(known | {"years": 1} | given))
    assert (found.value if found.reason is None else found.reason) == value


def test_months_until_a_customer_has_brought_what_it_cost():
    known = {"customer_revenue": 120_000, "buyers": 10, "placed_orders": 10, "acquisition_cost": 5_000}
    assert read("CAC_PAYBACK_MONTHS", **known, new_customers=1, months=12).value == 5  # 50 over 10 a month
    assert read("CAC_PAYBACK_MONTHS", **known, months=12).reason is NullReason.ZERO_DENOMINATOR
    assert read("CAC_PAYBACK_MONTHS", **(known | {"customer_revenue": 0}), new_customers=1, months=12).value is None
