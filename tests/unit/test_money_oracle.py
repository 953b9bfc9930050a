"""The second opinion on money against hand counts and the golden vectors, so that it can be believed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from money_books import COST, ORDER, REFUND, Books
from money_counts import Count
from money_oracle import ask, last_year, previous
from oracle import Figure, Filter, Person, Stay

TODAY = date(2026, 6, 15)
MARCH = (date(2026, 3, 1), date(2026, 4, 1))
YEAR = (date(2025, 1, 1), date(2026, 1, 1))


@pytest.fixture
def books():
    return Books(ZoneInfo("UTC"))


def at(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def order(books, name, amount, day, customer=None, **more):
    row = dict.fromkeys(ORDER) | {"amount": Decimal(amount), "currency": "EUR", "status": "COMPLETED"}
    return books.order(name, row | {"customer": customer, "occurred_at": at(day), **more}, None, name)


def refund(books, name, of, amount, day, **more):
    row = dict.fromkeys(REFUND) | {"order": of, "amount": Decimal(amount), "occurred_at": at(day)}
    return books.refund(name, row | more, None, name)


def cost(books, name, category, amount, start, before, **more):
    row = dict.fromkeys(COST) | {"category": category, "amount": Decimal(amount), "currency": "EUR"}
    return books.cost(name, row | {"from_": start, "before": before, **more}, None, name)


def rate(books, from_, to, day, worth):
    row = {"from_": from_, "to": to, "date": day, "rate": Decimal(worth)}
    return books.rate(f"{from_}{to}{day}", row, None, "")


def crowd(books, size, start, end=None, *, first=0, **traits):
    for number in range(first, first + size):
        person = books.people.setdefault(f"c{number}", Person())
        person.traits |= traits
        person.stays.append(Stay(start, end, None, dict(person.traits)))


def figure(books, key, variant="default", span=MARCH, filters=()):
    return ask(Count(books, TODAY), (key, variant), [span], filters)[""][0]


def value(books, *what, **more):
    found = figure(books, *what, **more)
    return found.reason or found.value


def test_acquisition_is_all_costs_over_all_new_customers(books):
    crowd(books, 100, date(2026, 3, 5))
    cost(books, "m", "MARKETING", 30_000, *MARCH)
    cost(books, "s", "SALES", 20_000, *MARCH)
    cost(books, "x", "OTHER", 999, *MARCH)
    assert figure(books, "CAC") == Figure(500, None, 50_000, 100)


def test_paid_acquisition_is_media_over_who_came_by_paid_media(books):
    books.media = {"ads": "DISPLAY", "web": "ORGANIC_SEARCH"}
    crowd(books, 4, date(2026, 3, 5), acquisition_channel="ads")
    crowd(books, 6, date(2026, 3, 5), first=4, acquisition_channel="web")
    cost(books, "m", "MEDIA", 60, *MARCH, channel="ads")
    cost(books, "s", "SALES", 40, *MARCH, channel="web")
    assert value(books, "CAC") == 10
    assert value(books, "CAC", "paid") == 15
    assert value(books, "CAC", filters=[Filter("ACQUISITION_CHANNEL", ("web",))]) == pytest.approx(40 / 6)


def test_a_cost_accrues_by_the_day_and_its_spare_cents_first(books):
    crowd(books, 1, date(2026, 3, 1))
    cost(books, "m", "SALES", "1.00", date(2026, 3, 1), date(2026, 3, 4))
    assert value(books, "CAC", span=(date(2026, 3, 1), date(2026, 3, 2))) == 0.34
    assert value(books, "CAC", span=(date(2026, 2, 1), date(2026, 3, 3))) == 0.67
    assert value(books, "CAC", span=(date(2026, 3, 2), date(2026, 3, 4))) == "ZERO_DENOMINATOR"


def simple_shop(books):
    """Eighty an order, six orders a customer and year, and a third of the customers leave."""
    crowd(books, 2, date(2024, 1, 1))
    crowd(books, 1, date(2024, 1, 1), date(2025, 6, 1), first=2)
    for number in range(12):
        order(books, f"o{number}", 80, date(2025, number + 1, 3), f"c{number % 2}")


def test_a_simple_lifetime_value(books):
    simple_shop(books)
    assert value(books, "CLV", "simple", span=YEAR) == 1440
    books.settings["expected_lifespan_months"] = 36
    assert value(books, "CLV", "simple", span=YEAR) == 1440
    del books.settings["expected_lifespan_months"]
    books.settings["lifespan_cap_months"] = 24
    assert value(books, "CLV", "simple", span=YEAR) == 960
    cost(books, "m", "SALES", 730, *YEAR)
    crowd(books, 1, date(2025, 2, 1), first=5)
    assert value(books, "LTV_CAC_RATIO", "simple", span=YEAR) == pytest.approx(960 / 730)
    assert value(books, "CAC_PAYBACK_MONTHS", span=YEAR) == pytest.approx(730 / 40)


def test_a_lifetime_value_from_retention(books):
    crowd(books, 19, date(2025, 1, 1))
    crowd(books, 1, date(2025, 1, 1), date(2026, 3, 9), first=19)
    order(books, "o1", 60, date(2026, 3, 3), "c1")
    order(books, "o2", 40, date(2026, 3, 4), "c1")
    order(books, "o3", 77, date(2026, 3, 4))
    assert value(books, "CLV", "retention") == 2000
    books.settings["lifespan_cap_months"] = 6
    assert value(books, "CLV", "retention") == 600
    books.people["c19"].stays[0].end = None
    assert value(books, "CLV", "retention") == 600
    books.settings["lifespan_cap_months"] = None
    assert value(books, "CLV", "retention") == "UNBOUNDED"
    assert value(books, "CLV", "historic") == 100


def test_margins_are_those_of_purchases_that_carry_a_cost(books):
    crowd(books, 1, date(2025, 1, 1))
    order(books, "o1", 60, date(2026, 3, 3), "c0", cost=Decimal(20))
    order(books, "o2", 500, date(2026, 3, 3), "c0")
    order(books, "o3", 30, date(2026, 3, 3), "c0", cost=Decimal(5))
    refund(books, "r", "o3", 30, date(2026, 3, 3))
    books.settings["expected_lifespan_months"] = 12
    assert value(books, "CLV", "simple_margin") == 40 * 2 * 12
    assert value(books, "CLV", "historic_margin") == 40 * 2


def test_refunds_restate_the_order_or_count_on_their_own_day(books):
    assert refund(books, "r1", "o1", 30, date(2026, 4, 2), currency="EUR") == "CREATED"
    assert order(books, "o1", 29, date(2026, 3, 2), "c0") == "REJECTED"
    assert order(books, "o1", 100, date(2026, 3, 2), "c0", currency="USD") == "REJECTED"
    assert order(books, "o1", 100, date(2026, 3, 2), "c0") == "UPDATED"
    assert refund(books, "r2", "o1", 71, date(2026, 4, 2)) == "REJECTED"
    order(books, "o2", 10, date(2026, 3, 31), "c0", status="CANCELLED")
    refund(books, "r3", "o2", 4, date(2026, 4, 1))
    april = (date(2026, 4, 1), date(2026, 5, 1))
    assert [value(books, "REVENUE", span=s) for s in (MARCH, april)] == [70, 0]
    assert [value(books, "REVENUE", "refund_date", span=s) for s in (MARCH, april)] == [100, -30]
    assert [value(books, "RETURN_RATE", span=s) for s in (MARCH, april)] == [100, "NO_DATA"]
    assert [value(books, "RETURN_RATE", "refund_date", span=s) for s in (MARCH, april)] == [0, "ZERO_DENOMINATOR"]


def test_what_was_given_back_whole_was_no_purchase(books):
    order(books, "o1", 10, date(2026, 3, 2), "c0")
    order(books, "o2", 30, date(2026, 3, 3), "c0")
    order(books, "free", 0, date(2026, 3, 4), "c1")
    assert value(books, "REPEAT_PURCHASE_RATE") == 50
    refund(books, "r", "o1", 10, date(2026, 3, 9))
    assert value(books, "REPEAT_PURCHASE_RATE") == 0
    assert value(books, "AVERAGE_ORDER_VALUE") == 15


def test_who_comes_back(books):
    order(books, "a1", 1, date(2025, 12, 31), "a")
    order(books, "a2", 1, date(2026, 3, 1), "a")
    order(books, "b1", 1, date(2026, 3, 31), "b")
    order(books, "b2", 1, date(2026, 3, 31) + timedelta(days=90), "b")
    order(books, "nobody", 1, date(2026, 3, 3))
    assert figure(books, "REPEAT_PURCHASE_RATE", "returning") == Figure(50, None, 1, 2)
    assert figure(books, "REPEAT_PURCHASE_RATE", "cohort") == Figure(100, None, 1, 1)
    books.settings["repeat_window_days"] = 89
    assert value(books, "REPEAT_PURCHASE_RATE", "cohort") == 0
    books.people["a"].is_test = True
    assert figure(books, "REPEAT_PURCHASE_RATE", "returning") == Figure(0, None, 0, 1)


def test_money_is_converted_once_per_fact_halves_to_even_or_missing(books):
    order(books, "o1", "0.25", date(2026, 3, 2), "c0", currency="USD")
    order(books, "o2", "0.05", date(2026, 3, 3), "c0", currency="USD")
    order(books, "o3", 200, date(2026, 3, 3), "c0", currency="JPY")
    assert rate(books, "USD", "EUR", date(2026, 3, 2), "0.5") == "CREATED"
    assert value(books, "REVENUE") == "MISSING_FX"
    books.settings["rate_carry_days"] = 1
    assert value(books, "REVENUE") == "MISSING_FX"
    rate(books, "EUR", "JPY", date(2026, 3, 3), 160)
    assert value(books, "REVENUE") == pytest.approx(0.12 + 0.02 + 1.25)
    books.currency = "JPY"
    assert value(books, "REVENUE") == "MISSING_FX"


def test_growth_is_over_what_came_before(books):
    for month, amount in ((2, 100), (3, 125)):
        order(books, f"o{month}", amount, date(2026, month, 28))
    assert figure(books, "REVENUE_GROWTH") == Figure(25, None, 25, 100)
    assert value(books, "REVENUE_GROWTH", "year_over_year") == "ZERO_DENOMINATOR"
    assert value(books, "REVENUE_GROWTH", span=(date(2026, 5, 1), date(2026, 6, 1))) == "NO_DATA"


def test_a_running_period_is_compared_with_the_part_like_it():
    assert previous((date(2026, 6, 1), date(2026, 7, 1)), TODAY) == (date(2026, 5, 1), date(2026, 5, 16))
    assert previous((date(2026, 4, 1), date(2026, 7, 1)), TODAY) == (date(2026, 1, 1), date(2026, 3, 16))
    assert previous((date(2026, 6, 8), date(2026, 6, 22)), TODAY) == (date(2026, 5, 25), date(2026, 6, 2))
    assert last_year((date(2026, 1, 1), date(2027, 1, 1)), TODAY) == (date(2025, 1, 1), date(2025, 6, 16))


def test_service_is_paid_for_who_is_there_at_the_end(books):
    crowd(books, 3, date(2026, 1, 1))
    crowd(books, 1, date(2026, 1, 1), date(2026, 3, 9), first=3)
    cost(books, "a", "SERVICE", 62, date(2026, 3, 1), date(2026, 5, 1))
    cost(books, "b", "RETENTION", 10, *MARCH, customer="c1")
    assert value(books, "COST_TO_SERVE") == pytest.approx((31.62 + 10) / 3)
    books.people["c1"].is_test = True
    assert value(books, "COST_TO_SERVE") == pytest.approx(31.62 / 2)
