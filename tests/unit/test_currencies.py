"""Money by hand: how many decimals a currency has, what an amount must be like, how it is split to the cent."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.errors import Code, Invalid
from app.services.money import Currency, digits, in_minor, major, minor, shares

CURRENCY = TypeAdapter(Currency)

# ISO 4217, list one, as published: every currency in use that has not two decimals, and some that have
PUBLISHED = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "EUR USD CNY GBP CHF SEK HUF CZK INR BRL MGA MRU TWD HKD THB ZAR COP IDR LAK MMK PKR RSD",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS = {currency: decimals for decimals, some in PUBLISHED.items() for currency in some.split()}


@pytest.mark.parametrize(("currency", "decimals"), DECIMALS.items())
def test_a_currency_has_the_decimals_of_iso_4217(currency, decimals):
    assert CURRENCY.validate_python(currency) == currency
    assert (digits(currency), minor(currency)) == (decimals, int("1" + "0" * decimals))


@pytest.mark.parametrize("code", ["XXX", "XTS", "ABC", "EURO", "eur", "", "€", " EUR", "978"])
def test_what_is_no_currency_is_refused(code):
    with pytest.raises(ValidationError, match="ISO 4217"):
        CURRENCY.validate_python(code)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("19.90", "EUR", 1990),
        ("19.9", "EUR", 1990),
        ("19.900000", "EUR", 1990),  # zeroes say nothing more
        ("0", "EUR", 0),
        ("-0.00", "EUR", 0),
        ("0.01", "EUR", 1),
        ("1E+3", "EUR", 100_000),
        ("1999", "JPY", 1999),
        ("1999.0", "JPY", 1999),
        ("1.999", "KWD", 1999),
        ("0.0001", "CLF", 1),
        ("9999999999999.99", "EUR", 999_999_999_999_999),
        ("999999999999999", "JPY", 999_999_999_999_999),
    ],
)
def test_an_amount_in_minor_units(amount, currency, units):
    found = in_minor(Decimal(amount), currency, "amount")
    assert (found, type(found)) == (units, int)
    assert major(units, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "code", "says"),
    [
        ("-0.01", "EUR", Code.OUT_OF_RANGE, "cost must be 0 or more"),
        ("-1", "JPY", Code.OUT_OF_RANGE, "cost must be 0 or more"),
        ("0.001", "EUR", Code.INVALID, "more decimals than EUR, which has 2"),
        ("0.5", "JPY", Code.INVALID, "more decimals than JPY, which has 0"),
        ("0.0001", "KWD", Code.INVALID, "more decimals than KWD, which has 3"),
        ("1E-400", "EUR", Code.INVALID, "more decimals"),
        ("10000000000000", "EUR", Code.OUT_OF_RANGE, "must be less than 10000000000000 EUR"),
        ("1000000000000000", "JPY", Code.OUT_OF_RANGE, "must be less than 1000000000000000 JPY"),
        ("1E+999999", "EUR", Code.OUT_OF_RANGE, "must be less than 10000000000000 EUR"),
    ],
)
def test_an_amount_that_cannot_be_says_why_and_where(amount, currency, code, says):
    with pytest.raises(Invalid) as refused:
        in_minor(Decimal(amount), currency, "lines", "3", "cost")
    (problem,) = refused.value.problems
    assert (problem.code, problem.path) == (code, ("lines", "3", "cost"))
    assert says in problem.message.en


@pytest.mark.parametrize("zeroes", [20, 26, 40, 200])
def test_a_decimal_too_many_is_seen_however_far_behind_it_is(zeroes):
    with pytest.raises(Invalid, match="more decimals"):
        in_minor(Decimal("10." + "0" * zeroes + "1"), "EUR", "amount")


@pytest.mark.parametrize(
    ("units", "currency", "shown"), [(5, "EUR", "0.05"), (5, "JPY", "5"), (-1500, "KWD", "-1.500")]
)
def test_minor_units_are_shown_with_all_decimals(units, currency, shown):
    assert str(major(units, currency)) == shown


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (10_000, [1] * 3, [3334, 3333, 3333]),  # 100.00 over 3 days: one cent is left, and the first day has it
        (10_000, [1] * 7, [1429] * 4 + [1428] * 3),  # 7 × 1428 = 9996: four cents are left
        (10_000, [1] * 31, [323] * 18 + [322] * 13),  # 31 × 322 = 9982: eighteen
        (2, [1] * 3, [1, 1, 0]),
        (0, [1] * 3, [0, 0, 0]),
        (10, [1], [10]),
        (100, [1, 2], [33, 67]),  # 33.33 and 66.67: the larger remainder is the second one's
        (100, [2, 1], [67, 33]),
        (5, [1, 1, 2], [1, 1, 3]),  # 1.25, 1.25, 2.5
        (7, [0, 1, 0], [0, 7, 0]),
    ],
)
def test_an_amount_is_split_by_largest_remainder(amount, weights, parts):
    assert shares(amount, weights) == parts


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=60).filter(any))
def test_parts_add_up_and_lie_within_a_unit_of_what_is_due(amount, weights):
    parts = shares(amount, weights)
    assert sum(parts) == amount
    due = [Fraction(amount * weight, sum(weights)) for weight in weights]
    assert all(abs(part - exact) < 1 for part, exact in zip(parts, due, strict=True))
    # who was rounded up was never owed a smaller rest than who was rounded down
    up = [exact % 1 for part, exact in zip(parts, due, strict=True) if part > exact]
    down = [exact % 1 for part, exact in zip(parts, due, strict=True) if part < exact]
    assert not up or not down or min(up) >= max(down)


@given(st.integers(0, 10**12), st.integers(1, 400))
def test_equal_parts_differ_by_a_unit_and_the_larger_come_first(amount, days):
    parts = shares(amount, [1] * days)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1
    assert parts.count(parts[0]) == (amount % days or days)
