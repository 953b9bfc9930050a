"""How values are distributed: buckets that are fine enough, that add up, and that SQL and Python see alike."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from statistics import median, quantiles

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, cast, literal, select, union_all

from app import migrate
from app.kpis.spread import LARGEST, Histogram, bucket, bucket_of, middle

EDGES = sorted(
    {0, 1, 2, 63, 64, 65, 126, 127, 128, 129, 130, 254, 255, 256, 257, 258, 259, 260, 511, 512, 513, 60, 3_600, 86_400}
    | {2**power + by for power in range(7, 41) for by in (-1, 0, 1)}
    | {LARGEST - 1, LARGEST, LARGEST + 1, 2**41, 2**62, 2**63 - 1}
)
values = st.one_of(
    st.integers(0, 300),
    st.integers(0, 200_000),
    st.integers(0, LARGEST - 1),
    st.sampled_from([n for n in EDGES if n < LARGEST]),
)
some = st.lists(values, max_size=60)


def spread(numbers):
    return Histogram(Counter(map(bucket, numbers)))


def near(told, exact):
    """Within 0.8 % of what was measured; small values are what they are."""
    return abs(Fraction(told) - exact) <= Fraction(8, 1000) * exact


@given(values)
@example(128)
@example(LARGEST - 1)
def test_the_middle_of_a_bucket_is_near_every_value_in_it(value):
    assert near(middle(bucket(value)), value)
    if value < 128:
        assert middle(bucket(value)) == value


@given(values, values)
@example(127, 128)
@example(255, 256)
def test_a_larger_value_is_never_in_an_earlier_bucket(one, other):
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)
    assert middle(bucket(low)) <= middle(bucket(high))


def test_buckets_follow_one_another_without_a_gap():
    numbers = [bucket(value) for value in range(70_000)]
    assert numbers[0] == 0
    assert {after - before for before, after in pairwise(numbers)} == {0, 1}
    # each doubling is divided into 64: 16 seconds of an hour and a bit are one bucket
    assert Counter(numbers)[bucket(2_048)] == 32
    assert Counter(numbers)[bucket(4_096)] == 64


def test_what_is_beyond_everything_is_in_the_last_bucket():
    assert bucket(LARGEST) == bucket(2**63) == bucket(LARGEST - 1)
    assert bucket(LARGEST // 2) < bucket(LARGEST - 1)


def test_sql_sees_what_python_sees(database):
    engine = migrate.owner_engine(database)
    rows = [
        select(literal(place).label("place"), cast(literal(n), BigInteger).label("n")) for place, n in enumerate(EDGES)
    ]
    facts = union_all(*rows, select(literal(-1).label("place"), cast(None, BigInteger).label("n"))).subquery()
    with engine.connect() as connection:
        told = dict(connection.execute(select(facts.c.place, bucket_of(facts.c.n))).all())
    engine.dispose()
    assert told.pop(-1) is None
    assert {EDGES[place]: number for place, number in told.items()} == {n: bucket(n) for n in EDGES}


@given(some, some)
def test_what_is_taken_out_again_leaves_nothing_behind(one, other):
    both = spread(one) + spread(other)
    assert both == spread(one + other)
    assert both.total == len(one) + len(other)
    assert both - spread(other) == spread(one)
    assert (both - spread(other) - spread(one)).counts == {}
    assert not spread(one) - spread(one)
    assert sum([spread(one), spread(other)]) == both
    assert spread(one) - 0 == spread(one)


@given(some, some)
def test_taking_out_first_and_putting_in_later_is_the_same(one, other):
    assert Histogram() - spread(one) + spread(other) + spread(one) == spread(other)


@pytest.mark.slow
@given(some.filter(bool), st.sampled_from((0, 1, 10, 25, 50, 75, 90, 99, 100)))
@example([7], 50)
@example([7], 100)
@example([0, 0], 90)
@example([5, 5, 5], 75)
def test_percentiles_are_those_of_the_sorted_values(numbers, percent):
    ordered = sorted(numbers)
    exact = quantiles(ordered, n=100, method="inclusive") if len(ordered) > 1 else ordered * 99
    expected = {0: ordered[0], 100: ordered[-1]}.get(percent, exact[percent - 1] if 0 < percent < 100 else None)
    told = spread(numbers).percentile(percent)
    assert abs(float(told) - expected) <= 0.008 * expected + 1e-6
    if percent == 50:
        assert near(told, Fraction(median(map(Fraction, numbers))))


@given(st.lists(st.integers(0, 127), min_size=1, max_size=40))
def test_small_values_are_told_exactly(numbers):
    assert spread(numbers).percentile(50) == median(map(Fraction, numbers))
    assert spread(numbers).percentile(0) == min(numbers)
    assert spread(numbers).percentile(100) == max(numbers)


def test_percentiles_by_hand():
    assert Histogram().percentile(50) is None
    assert spread([9]).percentile(90) == 9
    assert spread([10, 20]).percentile(50) == 15
    assert spread([10, 20]).percentile(75) == Fraction(35, 2)
    assert spread([10, 20]).percentile(90) == 19
    assert spread([1, 2, 3, 4]).percentile(50) == Fraction(5, 2)
    assert spread([1, 2, 3, 4]).percentile(90) == Fraction(37, 10)
    assert spread([4, 4, 4, 100]).percentile(50) == 4
    # nine of ten: rank 8.1 of 0 … 9
    assert spread(range(10, 101, 10)).percentile(90) == 91


@given(some, st.integers(1, 100))
@example([0], 1)
@example([2**39, 0], 1)
@example([255, 256], 2)
@example([127, 128], 1)
def test_bars_show_every_value_once_without_a_gap(numbers, most):
    bars = spread(numbers).bars(most)
    assert len(bars) <= most
    assert sum(count for *_, count in bars) == len(numbers)
    for low, before, count in bars:
        assert count == sum(low <= number < before for number in numbers)
    assert all(before == low for (_, before, _), (low, _, _) in pairwise(bars))
    widths = {before - low for low, before, _ in bars}
    assert len(widths) == bool(numbers)
    assert all(width.bit_count() == 1 for width in widths)
    if numbers:
        assert bars[0][2]
        assert bars[-1][2]


def test_bars_by_hand():
    assert Histogram().bars(5) == []
    assert spread([3]).bars(5) == [(3, 4, 1)]
    assert spread([0, 1, 1, 3]).bars(4) == [(0, 1, 1), (1, 2, 2), (2, 3, 0), (3, 4, 1)]
    assert spread([0, 1, 1, 3]).bars(2) == [(0, 2, 3), (2, 4, 1)]


@pytest.mark.parametrize("most", [1, 2, 4, 8])
def test_bars_are_as_fine_as_they_may_be(most):
    """Values 0 to 7 fall into one, two, four or eight bars without a remainder."""
    assert len(spread(range(8)).bars(most)) == most
