"""How a value is distributed: a histogram of buckets that can be added to and taken from. Pure.

Values are whole and 0 or more. Below 128 each has a bucket of its own; above, every doubling is divided into 64, so
that the middle of a bucket lies within 0.8 % of every value in it. All is whole numbers, the same in Python and in SQL.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Integer, case

from app.formula import Number

FINE = 6
"""Each doubling is divided into two to the power of this."""
LARGEST = 2**40
"""Values are counted as less than this: seconds of 34,000 years."""
_EXACT = 2 ** (FINE + 1)


def bucket(value: int) -> int:
    """The bucket that `value` falls into."""
    value = min(value, LARGEST - 1)
    shift = max(0, value.bit_length() - FINE - 1)
    return (shift << FINE) + (value >> shift)


def middle(number: int) -> Fraction:
    """The middle of the values of a bucket."""
    low, before = _ends(number)
    return Fraction(low + before - 1, 2)


def _ends(number: int) -> tuple[int, int]:
    """The first value of a bucket, and the first one beyond it."""
    shift = max(0, (number >> FINE) - 1)
    low = (number - (shift << FINE)) << shift
    return low, low + (1 << shift)


def bucket_of(value: Any) -> ColumnElement[int]:  # noqa: ANN401 - SQLModel types columns as their values
    """The bucket that the value of a column falls into, as SQL; null of null."""
    bits = range(FINE + 1, LARGEST.bit_length() - 1)
    # one expression for each shift, divided rather than shifted: a shift by a parameter has no one type on PostgreSQL,
    # and what is written out as text cannot be scoped where facts are scanned
    steps = [(value < 2 ** (bit + 1), value // 2 ** (bit - FINE) + ((bit - FINE) << FINE)) for bit in bits]
    last = bucket(LARGEST - 1)
    return case((value < _EXACT, value), *steps, (value.is_not(None), last), else_=None).cast(Integer)


class Histogram:
    """How many values lie in each bucket. Counts of taken out values are negative, and a bucket of none is left out."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | Iterable[tuple[int, int]] = ()) -> None:
        pairs = counts.items() if isinstance(counts, Mapping) else counts
        self.counts = {number: count for number, count in pairs if count}

    def __add__(self, other: "Histogram | int") -> "Histogram":
        """Both together; the number 0 is nobody, so that histograms can be summed."""
        if isinstance(other, int) or not other.counts:
            return self
        if not self.counts:
            return other
        both = dict(self.counts)
        for number, count in other.counts.items():
            both[number] = both.get(number, 0) + count
        return Histogram(both)

    __radd__ = __add__

    def __sub__(self, other: "Histogram | int") -> "Histogram":
        """What is left without `other`."""
        if isinstance(other, int):
            return self
        return self + Histogram({number: -count for number, count in other.counts.items()})

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.counts)

    def __eq__(self, other: object) -> bool:
        """Whether the buckets hold the same counts."""
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]  # like a dictionary

    @property
    def total(self) -> int:
        """How many values there are."""
        return sum(self.counts.values())

    def bars(self, most: int) -> list[tuple[int, int, int]]:
        """The counts in at most that many stretches of one width, a power of two: from, before, count.

        Only where values are: the first and the last bar are not empty.
        """
        ends = [(low, before, count) for number, count in self.counts.items() for low, before in (_ends(number),)]
        if not ends:
            return []
        first, last = min(low for low, _, _ in ends), max(before for _, before, _ in ends)
        width = 1
        while (last - 1) // width - first // width >= most or any(before - low > width for low, before, _ in ends):
            width *= 2
        found = dict.fromkeys(range(first // width, (last - 1) // width + 1), 0)
        for low, _, count in ends:
            found[low // width] += count
        return [(place * width, (place + 1) * width, count) for place, count in found.items()]

    def percentile(self, percent: int) -> Fraction | None:
        """The value that `percent` of a hundred do not pass, between the two neighbouring ones; None of nothing.

        The rank is (n − 1) × percent ÷ 100, counted from 0, as spreadsheets and numpy have it.
        """
        total = self.total
        if total <= 0:
            return None
        rank = Fraction((total - 1) * percent, 100)
        below = rank.numerator // rank.denominator
        low, high = self._ranked(below, min(below + 1, total - 1))
        return low + (high - low) * (rank - below)

    def _ranked(self, first: int, second: int) -> tuple[Fraction, Fraction]:
        """The values of two ranks, the first of which is not the higher one."""
        seen, low = 0, None
        for number in sorted(self.counts):
            seen += self.counts[number]
            if low is None and seen > first:
                low = middle(number)
            if low is not None and seen > second:
                return low, middle(number)
        raise AssertionError


Amount = Number | Histogram | None
"""What an atom comes to: a number, or how a value is distributed; None for want of a setting."""
