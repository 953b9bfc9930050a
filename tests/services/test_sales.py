"""Orders and refunds by hand: what is a purchase, who buys again, what comes back and on which day it counts."""

from datetime import UTC, date, datetime

import pytest
from trading import ask, back, may, meet, put, slices, sold, take_back, value

from app.kpis.dimension import Dimension
from app.services.days import Last
from app.services.period import Grain, NamedPeriod, Span
from app.services.slices import Filter

APRIL = Span(date(2026, 4, 1), date(2026, 5, 1))
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))


def april(day):
    return date(2026, 4, day)


# what counts


def test_without_orders_there_is_nothing_to_say_and_then_there_is_nothing(workspace):
    keys = ["REVENUE", "REVENUE_GROWTH", "AVERAGE_ORDER_VALUE", "REPEAT_PURCHASE_RATE", "RETURN_RATE"]
    assert {key: value(workspace, key) for key in keys} == dict.fromkeys(keys, "INPUT_NOT_CONFIGURED")
    put(workspace, "order", sold("o1", "10", date(2026, 1, 5)))
    assert {key: value(workspace, key) for key in keys} == dict.fromkeys(keys, "NO_DATA") | {"REVENUE": 0}


def test_only_what_was_completed_by_real_people_counts(workspace):
    meet(workspace, {"external_id": "tester", "is_test": True})
    put(workspace, "order", sold("o1", "100", may(4), "ann"), sold("o2", "50", may(5)))
    put(workspace, "order", sold("o3", "1000", may(5), "bob", status="PENDING"))
    put(workspace, "order", sold("o4", "1000", may(5), "bob", status="CANCELLED"))
    put(workspace, "order", sold("o5", "1000", may(5), "tester"), sold("o6", "1000", may(5), "cy"))
    take_back(workspace, "order", "o6")
    put(workspace, "refund", back("r1", "unknown", "9", may(5), currency="EUR"))  # which makes a stub
    assert value(workspace, "REVENUE") == 150
    assert value(workspace, "REVENUE", variant="refund_date") == 150
    assert value(workspace, "AVERAGE_ORDER_VALUE") == 75
    assert value(workspace, "RETURN_RATE") == 0
    figure = ask(workspace, "REPEAT_PURCHASE_RATE").figure
    assert (figure.numerator, figure.denominator) == (0, 1)  # Ann alone is known and real
    put(workspace, "order", sold("o3", "1000", may(5), "bob", status="COMPLETED"))
    assert value(workspace, "REVENUE") == 1150


def test_an_order_of_nothing_is_a_purchase(workspace):
    put(workspace, "order", sold("o1", "30", may(4), "ann"), sold("o2", "0", may(5), "ann"))
    assert value(workspace, "AVERAGE_ORDER_VALUE") == 15
    assert value(workspace, "REPEAT_PURCHASE_RATE") == 100
    put(workspace, "refund", back("r1", "o2", "0", may(6)))  # goods without money: nothing was refunded
    assert value(workspace, "AVERAGE_ORDER_VALUE") == 15
    assert value(workspace, "RETURN_RATE") == 50


def test_a_fully_refunded_order_is_none_but_was_placed(workspace):
    put(workspace, "order", sold("o1", "80", may(4), "ann"), sold("o2", "20", may(5), "bob"))
    put(workspace, "refund", back("r1", "o2", "19.99", may(6)))
    assert value(workspace, "AVERAGE_ORDER_VALUE") == 80.01 / 2
    put(workspace, "refund", back("r2", "o2", "0.01", may(7)))
    assert value(workspace, "AVERAGE_ORDER_VALUE") == 80
    assert value(workspace, "RETURN_RATE") == 50
    figure = ask(workspace, "REPEAT_PURCHASE_RATE").figure
    assert (figure.numerator, figure.denominator) == (0, 1)
    put(workspace, "refund", back("r3", "o1", "80", may(7)))
    assert value(workspace, "AVERAGE_ORDER_VALUE") == "ZERO_DENOMINATOR"  # there were orders, but nothing was bought
    assert value(workspace, "REVENUE") == 0
    assert value(workspace, "RETURN_RATE") == 100


# on which day


def test_a_refund_restates_the_day_of_its_order_or_counts_on_its_own(workspace):
    put(workspace, "order", sold("o1", "100", april(30)), sold("o2", "70", may(4)))
    put(workspace, "refund", back("r1", "o1", "30", may(2)), back("r2", "o1", "10", may(31)))
    put(workspace, "refund", back("r3", "o2", "5", date(2026, 6, 3)))
    by_month = {"period": Span(april(1), date(2026, 7, 1)), "grain": Grain.MONTH}
    for variant, months in ((None, [60, 65, 0]), ("refund_date", [100, 70 - 40, -5])):
        answer = ask(workspace, "REVENUE", variant=variant, **by_month)
        assert [figure.value for figure in answer.figures[""]] == months
    take_back(workspace, "refund", "r1")
    assert value(workspace, "REVENUE", APRIL) == 90
    assert value(workspace, "REVENUE", variant="refund_date") == 60


def test_an_order_is_returned_once_on_the_day_of_its_first_refund(workspace):
    put(workspace, "order", *(sold(f"o{n}", "10", april(5)) for n in range(8)), sold("p", "10", may(4)))
    put(workspace, "refund", back("r1", "o1", "1", may(9)), back("r2", "o1", "1", april(20)))
    put(workspace, "refund", back("r3", "o2", "0", may(3)), back("r4", "o2", "2", may(4)))
    assert value(workspace, "RETURN_RATE", APRIL) == 25  # two of eight, whenever
    assert value(workspace, "RETURN_RATE", APRIL, "refund_date") == 12.5  # the first of o1 alone
    assert value(workspace, "RETURN_RATE") == 0
    assert value(workspace, "RETURN_RATE", variant="refund_date") == 100  # o2, of one order in May
    take_back(workspace, "refund", "r2")  # and so the first one of o1 is in May too
    assert value(workspace, "RETURN_RATE", APRIL, "refund_date") == 0
    assert value(workspace, "RETURN_RATE", variant="refund_date") == 200
    take_back(workspace, "refund", "r1", "r3", "r4")
    assert value(workspace, "RETURN_RATE", APRIL) == 0


def test_refunds_of_an_order_that_stops_counting_stop_too(workspace):
    put(workspace, "order", sold("o1", "100", may(4), "ann"), sold("o2", "50", may(4), "bob"))
    put(workspace, "refund", back("r1", "o1", "30", may(10)))
    assert value(workspace, "REVENUE", variant="refund_date") == 120
    put(workspace, "order", sold("o1", "100", may(4), "ann", status="CANCELLED"))
    assert value(workspace, "REVENUE", variant="refund_date") == 50
    put(workspace, "order", sold("o1", "100", may(4), "ann"))
    assert value(workspace, "REVENUE", variant="refund_date") == 120
    take_back(workspace, "order", "o1")
    assert value(workspace, "REVENUE", variant="refund_date") == 50
    put(workspace, "order", sold("o1", "100", may(4), "ann"))
    assert value(workspace, "REVENUE") == value(workspace, "REVENUE", variant="refund_date") == 120
    meet(workspace, {"external_id": "ann", "is_test": True})
    assert value(workspace, "REVENUE") == value(workspace, "REVENUE", variant="refund_date") == 50
    assert value(workspace, "RETURN_RATE") == 0


def test_an_order_that_comes_after_its_refund_has_it_from_the_start(workspace):
    put(workspace, "refund", back("r1", "o1", "30", may(10), currency="EUR"))
    put(workspace, "refund", back("r2", "o1", "5", may(12)))  # in the currency of the first
    put(workspace, "order", sold("o1", "100", may(4), "ann", channel="web"))
    assert value(workspace, "REVENUE") == 65
    assert value(workspace, "REVENUE", variant="refund_date") == 65
    assert value(workspace, "RETURN_RATE") == 100
    assert slices(workspace, "REVENUE", Dimension.CHANNEL, "refund_date") == {"web": 65}


# growth


def test_growth_is_over_the_period_before_or_the_year_before(workspace):
    put(workspace, "order", sold("o1", "120", may(4)), sold("o2", "100", april(4)))
    put(workspace, "order", sold("o3", "80", date(2025, 5, 31)))
    assert value(workspace, "REVENUE_GROWTH") == 20
    assert value(workspace, "REVENUE_GROWTH", variant="year_over_year") == 50
    assert value(workspace, "REVENUE_GROWTH", APRIL) == "ZERO_DENOMINATOR"
    assert value(workspace, "REVENUE_GROWTH", APRIL, "year_over_year") == "ZERO_DENOMINATOR"
    assert value(workspace, "REVENUE_GROWTH", Span(date(2024, 1, 1), date(2024, 2, 1))) == "NO_DATA"
    assert value(workspace, "REVENUE_GROWTH", Span(date(2025, 6, 1), date(2025, 7, 1))) == -100


def test_a_running_month_is_compared_with_as_much_of_the_one_before(workspace):
    """It is the 15th of June: with the 1st to the 15th of May."""
    put(workspace, "order", sold("o1", "60", date(2026, 6, 2)))
    put(workspace, "order", sold("o2", "50", may(15)), sold("o3", "1000", may(16)))
    assert value(workspace, "REVENUE_GROWTH", NamedPeriod.THIS_MONTH) == pytest.approx(20)


def test_growth_by_month(workspace):
    put(workspace, "order", sold("o1", "50", date(2026, 3, 4)), sold("o2", "100", april(4)), sold("o3", "75", may(4)))
    answer = ask(workspace, "REVENUE_GROWTH", Last(3, Grain.MONTH, complete=True), grain=Grain.MONTH)
    assert [figure.value for figure in answer.figures[""]] == [None, 100, -25]


# who buys again


@pytest.fixture
def regulars(workspace):
    """Ann, Bob and Cy buy in April; Ann once and Bob twice in May, Di for the first time, and somebody unknown."""
    put(workspace, "order", *(sold(f"{who}0", "1", april(20), who) for who in ("ann", "bob", "cy")))
    put(workspace, "order", sold("ann1", "1", may(4), "ann", channel="web"))
    put(workspace, "order", sold("bob1", "1", may(4), "bob", channel="web"))
    put(workspace, "order", sold("bob2", "1", may(25), "bob", channel="shop"))
    put(workspace, "order", sold("di1", "1", may(31), "di", channel="shop"), sold("x", "1", may(31)))
    return workspace


def test_who_buys_twice_in_the_period_who_bought_before_it_and_who_comes_back(regulars):
    assert value(regulars, "REPEAT_PURCHASE_RATE") == pytest.approx(100 / 3)  # Bob, of Ann, Bob and Di
    assert value(regulars, "REPEAT_PURCHASE_RATE", variant="returning") == pytest.approx(200 / 3)  # Ann and Bob
    assert value(regulars, "REPEAT_PURCHASE_RATE", APRIL) == 0
    assert value(regulars, "REPEAT_PURCHASE_RATE", APRIL, "returning") == 0
    assert value(regulars, "REPEAT_PURCHASE_RATE", APRIL, "cohort") == pytest.approx(200 / 3)  # Ann and Bob of three
    assert value(regulars, "REPEAT_PURCHASE_RATE", variant="cohort") == 0  # Di, alone
    assert value(regulars, "REPEAT_PURCHASE_RATE", JUNE) == "NO_DATA"


def test_people_are_counted_once_in_whatever_days(regulars):
    both = Span(april(1), date(2026, 6, 1))
    figure = ask(regulars, "REPEAT_PURCHASE_RATE", both).figure
    assert (figure.numerator, figure.denominator) == (2, 4)  # Ann and Bob, of four
    odd = Span(april(20), may(26))
    figure = ask(regulars, "REPEAT_PURCHASE_RATE", odd).figure
    assert (figure.numerator, figure.denominator) == (2, 3)
    weekly = ask(regulars, "REPEAT_PURCHASE_RATE", Span(may(4), date(2026, 6, 1)), grain=Grain.WEEK).figures[""]
    assert [figure.denominator for figure in weekly] == [2, 0, 0, 2]
    daily = ask(regulars, "REPEAT_PURCHASE_RATE", Span(may(3), may(5)), grain=Grain.DAY).figures[""]
    assert [figure.denominator for figure in daily] == [0, 2]


def test_in_a_slice_people_count_by_what_they_bought_there_and_by_when_they_first_bought_anywhere(regulars):
    by_channel = slices(regulars, "REPEAT_PURCHASE_RATE", Dimension.CHANNEL)
    # Bob bought once in each; nobody knows who bought elsewhere
    assert by_channel == {"web": 0, "shop": 0, "": "ZERO_DENOMINATOR"}
    returning = slices(regulars, "REPEAT_PURCHASE_RATE", Dimension.CHANNEL, "returning")
    assert returning == {"web": 100, "shop": 50, "": "ZERO_DENOMINATOR"}
    shop = (Filter(Dimension.CHANNEL, ("shop",)),)
    assert value(regulars, "REPEAT_PURCHASE_RATE", variant="returning", filters=shop) == 50


def test_of_two_purchases_on_one_day_the_second_is_a_return(workspace):
    at = [datetime(2026, 5, 4, hour, tzinfo=UTC) for hour in (8, 9)]
    put(workspace, "order", sold("o2", "1", at[1], "ann"), sold("o1", "1", at[0], "ann"))
    assert value(workspace, "REPEAT_PURCHASE_RATE", variant="cohort") == 100
    put(workspace, "refund", back("r1", "o1", "1", may(5)))
    assert value(workspace, "REPEAT_PURCHASE_RATE", variant="cohort") == 0


def test_first_purchases_are_cut_by_what_was_known_then(workspace):
    meet(workspace, {"external_id": "ann", "region": "north"})
    put(workspace, "order", sold("o1", "1", may(4), "ann"))
    meet(workspace, {"external_id": "ann", "region": "south"})
    put(workspace, "order", sold("o2", "1", may(9), "ann"))
    assert slices(workspace, "REPEAT_PURCHASE_RATE", Dimension.REGION, "cohort") == {
        "north": 100,
        "south": "ZERO_DENOMINATOR",  # something was sold, to nobody new
    }
    assert slices(workspace, "REVENUE", Dimension.REGION) == {"north": 1, "south": 1}


# cuts


def test_revenue_is_cut_by_everything_that_an_order_says(workspace):
    meet(workspace, {"external_id": "ann", "acquisition_channel": "ads", "segment": "gold", "kind": "PERSON"})
    line = {"product": "tea", "amount": 100}
    put(
        workspace,
        "order",
        sold("o1", "100", may(4), "ann", channel="web", staff="eva", campaign="spring", lines=[line]),
        sold("o2", "11", may(4)),
    )
    cuts = {"CHANNEL": "web", "ACQUISITION_CHANNEL": "ads", "SEGMENT": "gold", "CUSTOMER_KIND": "PERSON"}
    cuts |= {"STAFF": "eva", "PRODUCT": "tea", "CAMPAIGN": "spring"}
    for dimension, key in cuts.items():
        assert slices(workspace, "REVENUE", Dimension(dimension)) == {key: 100, "": 11}, dimension
        assert slices(workspace, "REVENUE", Dimension(dimension), "refund_date") == {key: 100, "": 11}, dimension
    assert sorted(slices(workspace, "REVENUE", Dimension.CUSTOMER).values()) == [11, 100]
