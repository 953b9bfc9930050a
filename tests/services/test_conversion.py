"""Conversions by hand: which rate a fact is worth, how it is rounded, and what is said while there is none."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import stored
from trading import CREATE, MAY, ask, back, may, meet, put, record, slices, sold, spent, take_back, value, worth

from app.kpis.dimension import Dimension
from app.services import exchange_rate
from app.services.period import Grain, Span


def net(database, people, name="o1"):
    """What an order is worth, in minor units of the workspace's currency."""
    (row,) = (row for row in stored.rows(database, "customer_order", people.id) if row["external_id"] == name)
    return row["net"]


# digits and rounding


@pytest.mark.parametrize(
    ("own", "currency", "amount", "rate", "units"),
    [
        ("EUR", "JPY", "1000", "0.0061", 610),  # 6.10 EUR: 1000 whole yen, not a thousand hundredths
        ("JPY", "EUR", "12.34", "162.5", 2005),  # 2005.25 yen
        ("EUR", "KWD", "1.234", "3", 370),  # 3.702 EUR
        ("KWD", "EUR", "10.00", "0.3333", 3333),  # 3.333 dinars have three decimals
        ("KWD", "JPY", "1000", "0.0021", 2100),
        ("CNY", "EUR", "0.01", "7.8", 8),  # 0.078 yuan
        ("EUR", "USD", "0.00", "0.9", 0),
    ],
)
def test_minor_units_of_one_currency_become_those_of_the_other(
    make_workspace, database, own, currency, amount, rate, units
):
    people = make_workspace(currency=own)
    put(people, "rate", worth("x", currency, rate, may(4)))
    put(people, "order", sold("o1", amount, may(4), currency=currency))
    assert net(database, people) == units


@pytest.mark.parametrize(
    ("amount", "rate", "units"),
    [
        ("0.01", "0.5", 0),  # half a cent: to the even neighbour
        ("0.03", "0.5", 2),  # 1.5 cents
        ("0.05", "0.5", 2),  # 2.5 cents
        ("0.07", "0.5", 4),  # 3.5 cents
        ("0.05", "0.500000000000000001", 3),  # a trifle above the half
        ("0.05", "0.499999999999999999", 2),
    ],
)
def test_a_half_goes_to_the_even_cent(workspace, database, amount, rate, units):
    put(workspace, "rate", worth("x", "USD", rate, may(4)))
    put(workspace, "order", sold("o1", amount, may(4), currency="USD"))
    assert net(database, workspace) == units


def test_each_fact_is_rounded_once_and_by_itself(workspace, database):
    """Three orders of half a cent come to nothing, although together they are a cent and a half."""
    put(workspace, "rate", worth("x", "USD", "0.5", may(4)))
    put(workspace, "order", *(sold(f"o{n}", "0.01", may(4), currency="USD") for n in range(3)))
    assert value(workspace, "REVENUE") == 0


def test_what_is_left_of_an_order_is_converted_not_what_is_left_of_its_conversion(workspace, database):
    # 0.05 − 0.02 = 0.03 USD → 1.5 cents → 2; the parts would be 2 (of 2.5) − 1 = 1
    put(workspace, "rate", worth("x", "USD", "0.5", may(4)))
    put(workspace, "order", sold("o1", "0.05", may(4), currency="USD"))
    put(workspace, "refund", back("r1", "o1", "0.02", may(20)))
    assert net(database, workspace) == 2
    assert value(workspace, "REVENUE") == 0.02


# which rate


def test_a_rate_the_other_way_round_serves_too(workspace, database):
    put(workspace, "rate", {"external_id": "x", "from_": "EUR", "to": "USD", "rate": "1.25", "date": may(4)})
    put(workspace, "order", sold("o1", "100", may(4), currency="USD"))
    assert net(database, workspace) == 8000  # 100 ÷ 1.25


def test_an_inverse_is_not_rounded_before_it_is_used(workspace, database):
    put(workspace, "rate", {"external_id": "x", "from_": "EUR", "to": "USD", "rate": "3", "date": may(4)})
    put(workspace, "order", sold("o1", "900000000000", may(4), currency="USD"))
    assert net(database, workspace) == 30_000_000_000_000


@pytest.mark.parametrize("direct_first", [True, False])
def test_the_direct_rate_is_taken_where_there_are_both(workspace, database, direct_first):
    both = [
        worth("direct", "USD", "0.9", may(4)),
        {"external_id": "inverse", "from_": "EUR", "to": "USD", "rate": "1.25", "date": may(4)},
    ]
    put(workspace, "rate", *both[:: 1 if direct_first else -1])
    put(workspace, "order", sold("o1", "100", may(4), currency="USD"))
    assert net(database, workspace) == 9000
    take_back(workspace, "rate", "direct")
    assert net(database, workspace) == 8000


def test_a_rate_between_two_other_currencies_is_none_of_ours(workspace, database):
    put(workspace, "rate", {"external_id": "x", "from_": "USD", "to": "CNY", "rate": "7", "date": may(4)})
    put(workspace, "order", sold("o1", "100", may(4), currency="USD"))
    assert net(database, workspace) is None


@pytest.mark.parametrize(
    ("carry", "units"),
    [
        (0, [None, 9000, None, None, 8000, None]),
        (1, [None, 9000, 9000, None, 8000, 8000]),
        (2, [None, 9000, 9000, 9000, 8000, 8000]),
        (31, [None, 9000, 9000, 9000, 8000, 8000]),
    ],
)
def test_a_rate_serves_for_as_many_days_as_the_workspace_lets_it(make_workspace, database, carry, units):
    """Rates of the 4th (0.9) and the 7th (0.8); orders of the 3rd to the 8th."""
    people = make_workspace(rate_carry_days=carry)
    put(people, "order", *(sold(f"o{day}", "100", may(day), currency="USD") for day in range(3, 9)))
    put(people, "rate", worth("a", "USD", "0.9", may(4)), worth("b", "USD", "0.8", may(7)))
    assert [net(database, people, f"o{day}") for day in range(3, 9)] == units
    put(people, "order", *(sold(f"p{day}", "100", may(day), currency="USD") for day in range(3, 9)))
    assert [net(database, people, f"p{day}") for day in range(3, 9)] == units  # whichever came first
    take_back(people, "rate", "b")
    without = [None, *(9000 if day - 4 <= carry else None for day in range(4, 9))]
    assert [net(database, people, f"o{day}") for day in range(3, 9)] == without


def test_the_day_is_that_of_the_workspace(make_workspace, database):
    """23:30 UTC on the 3rd is the 4th in Berlin already."""
    people = make_workspace()
    put(people, "rate", worth("x", "USD", "0.9", may(4)))
    put(people, "order", sold("o1", "100", datetime(2026, 5, 3, 23, 30, tzinfo=UTC), currency="USD"))
    assert net(database, people) == 9000


# while there is none


def test_money_without_a_rate_is_missing_until_the_rate_comes_is_mended_and_goes(workspace):
    put(workspace, "order", sold("o1", "100", may(4), "ann", currency="USD"), sold("o2", "10", may(5), "bob"))
    assert value(workspace, "REVENUE") == "MISSING_FX"
    assert value(workspace, "AVERAGE_ORDER_VALUE") == "MISSING_FX"
    assert value(workspace, "REPEAT_PURCHASE_RATE") == 0  # which is no money
    put(workspace, "rate", worth("x", "USD", "0.9", may(4)))
    assert value(workspace, "REVENUE") == 90 + 10
    assert value(workspace, "AVERAGE_ORDER_VALUE") == 50
    assert put(workspace, "rate", worth("x", "USD", "0.8", may(4))) == ["UPDATED"]
    assert value(workspace, "REVENUE") == 80 + 10
    put(workspace, "rate", worth("x", "USD", "0.7", may(3)))  # it was of another day
    assert value(workspace, "REVENUE") == "MISSING_FX"
    put(workspace, "rate", worth("x", "GBP", "0.7", may(4)))  # and of another currency
    assert value(workspace, "REVENUE") == "MISSING_FX"
    put(workspace, "rate", worth("x", "USD", "0.5", may(4)))
    assert value(workspace, "REVENUE") == 50 + 10
    assert take_back(workspace, "rate", "x") == ["DELETED"]
    assert value(workspace, "REVENUE") == "MISSING_FX"
    put(workspace, "rate", worth("x", "USD", "0.6", may(4)))
    assert value(workspace, "REVENUE") == 60 + 10


def test_only_figures_that_add_the_fact_up_are_missing(workspace):
    put(workspace, "order", sold("o1", "100", may(4), currency="USD", channel="web"), sold("o2", "10", may(5)))
    put(workspace, "order", sold("o3", "5", date(2026, 4, 5), channel="shop"))
    assert value(workspace, "REVENUE", Span(date(2026, 4, 1), date(2026, 5, 1))) == 5
    by_day = ask(workspace, "REVENUE", Span(may(3), may(7)), grain=Grain.DAY).figures[""]
    assert [figure.value for figure in by_day] == [0, None, 10, 0]
    assert slices(workspace, "REVENUE", Dimension.CHANNEL) == {"web": "MISSING_FX", "": 10}


def test_what_does_not_count_needs_no_rate(workspace):
    meet(workspace, {"external_id": "tester", "is_test": True})
    put(workspace, "order", sold("o1", "10", may(4)))
    put(workspace, "order", sold("o2", "10", may(4), currency="USD", status="PENDING"))
    put(workspace, "order", sold("o3", "10", may(4), currency="USD", status="CANCELLED"))
    put(workspace, "order", sold("o4", "10", may(4), "tester", currency="USD"))
    put(workspace, "order", sold("o5", "10", may(4), currency="USD"))
    assert value(workspace, "REVENUE") == "MISSING_FX"
    take_back(workspace, "order", "o5")
    assert value(workspace, "REVENUE") == 10


def test_an_unpriced_cost_of_serving_does_not_hurt_what_winning_costs(workspace):
    meet(workspace, {"external_id": "ann", "joined_on": may(4)})
    put(workspace, "cost", spent("k1", "MEDIA", "300", may(1), may(31)))
    put(workspace, "cost", spent("k2", "SERVICE", "300", may(1), may(31), currency="USD"))
    assert value(workspace, "CAC") == 300
    assert value(workspace, "CAC", variant="paid") == "ZERO_DENOMINATOR"
    assert value(workspace, "COST_TO_SERVE") == "MISSING_FX"
    put(workspace, "rate", worth("x", "USD", "0.5", may(1)))
    assert value(workspace, "COST_TO_SERVE") == 150


def test_a_missing_rate_is_said_before_anything_else_that_is_missing(workspace):
    put(workspace, "cost", spent("k1", "MEDIA", "300", may(1), may(31), currency="USD"))
    meet(workspace, {"external_id": "ann", "joined_on": date(2026, 3, 4)})
    assert value(workspace, "CAC") == "MISSING_FX"  # nobody is new in May either
    put(workspace, "rate", worth("x", "USD", "0.5", may(1)))
    assert value(workspace, "CAC") == "ZERO_DENOMINATOR"


def test_costs_take_the_rate_of_their_first_day_refunds_their_own_in_one_reading(workspace):
    meet(workspace, {"external_id": "ann", "joined_on": may(4)})
    put(workspace, "rate", worth("a", "USD", "0.5", may(4)), worth("b", "USD", "0.25", may(20)))
    put(workspace, "cost", spent("k1", "MEDIA", "100", may(4), may(24), currency="USD"))
    assert value(workspace, "CAC") == 50
    put(workspace, "order", sold("o1", "100", may(4), currency="USD"))
    put(workspace, "refund", back("r1", "o1", "40", may(20)))
    assert value(workspace, "REVENUE") == 30  # (100 − 40) × 0.5
    assert value(workspace, "REVENUE", variant="refund_date") == 40  # 100 × 0.5 − 40 × 0.25
    put(workspace, "refund", back("r1", "o1", "40", may(21)))
    assert value(workspace, "REVENUE") == 30
    assert value(workspace, "REVENUE", variant="refund_date") == "MISSING_FX"


def test_an_amount_of_nothing_is_nothing_only_where_there_is_a_rate(workspace):
    put(workspace, "order", sold("o1", "0", may(4), currency="USD"), sold("o2", "10", may(4)))
    assert value(workspace, "REVENUE") == "MISSING_FX"


# which rates there may be


def test_there_is_one_rate_for_a_pair_and_a_day(workspace):
    put(workspace, "rate", worth("a", "USD", "0.9", may(4)))
    (result,) = record(workspace, "rate", worth("b", "USD", "0.8", may(4)))
    assert [(problem.code.value, problem.path) for problem in result.problems] == [("CONFLICT", ("date",))]
    put(workspace, "rate", worth("b", "USD", "0.8", may(5)))
    put(workspace, "rate", {"external_id": "c", "from_": "EUR", "to": "USD", "rate": "1.1", "date": may(4)})
    assert record(workspace, "rate", worth("b", "USD", "0.8", may(4)))[0].problems
    take_back(workspace, "rate", "a")
    put(workspace, "rate", worth("b", "USD", "0.8", may(4)))
    assert record(workspace, "rate", worth("a", "USD", "0.9", may(4)))[0].problems


def test_a_rate_that_could_not_move_keeps_its_place(workspace):
    put(workspace, "rate", worth("a", "USD", "0.9", may(4)), worth("b", "USD", "0.8", may(3)))
    put(workspace, "rate", worth("c", "USD", "0.7", may(5)))
    # b would take the place of a, which would take that of c, which stays
    results = record(workspace, "rate", worth("b", "USD", "0.85", may(4)), worth("a", "USD", "0.95", may(5)))
    assert [result.outcome.value for result in results] == ["REJECTED", "REJECTED"]


def test_a_rate_is_kept_to_its_last_digit(workspace, database):
    longest = "123456789012.123456789012345678"
    put(workspace, "rate", worth("a", "USD", longest, may(4)))
    assert [row["rate"] for row in stored.rows(database, "exchange_rate", workspace.id)] == [longest]
    put(workspace, "rate", worth("a", "USD", "0.90", may(4)))
    assert put(workspace, "rate", worth("a", "USD", "0.9", may(4))) == ["UNCHANGED"]


def test_two_rates_of_a_batch_may_change_places(workspace, database):
    put(workspace, "rate", worth("a", "USD", "0.9", may(4)), worth("b", "USD", "0.8", may(5)))
    put(workspace, "order", sold("o1", "100", may(4), currency="USD"))
    put(workspace, "rate", worth("a", "USD", "0.9", may(5)), worth("b", "USD", "0.8", may(4)))
    assert net(database, workspace) == 8000


def test_another_source_may_not_record_a_second_rate_either(workspace):
    put(workspace, "rate", worth("a", "USD", "0.9", may(4)))
    other = workspace.actor(source="bank")
    row = worth("a", "USD", "0.8", may(4)) | {"rate": Decimal("0.8")}
    (result,) = workspace.write(exchange_rate.record_batch, [row], CREATE, by=other)
    assert [problem.code.value for problem in result.problems] == ["CONFLICT"]


def test_a_customer_is_worth_what_has_a_rate(workspace, database):
    put(workspace, "order", sold("o1", "100", may(4), "ann", currency="USD"), sold("o2", "10", may(5), "ann"))
    assert [row["value"] for row in stored.rows(database, "buyer", workspace.id)] == [1000]
    put(workspace, "rate", worth("x", "USD", "0.9", may(4)))
    assert [row["value"] for row in stored.rows(database, "buyer", workspace.id)] == [10_000]
    assert value(workspace, "CLV", MAY, "historic") == 100
