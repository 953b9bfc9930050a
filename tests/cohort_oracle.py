"""Cohort tables counted in plain Python over everything that was told; it shares no code with the program.

A table is told by rows: the size of a cohort, and for each month what it came to then and since it began, each None for
want of an exchange rate and "later" where the month has not begun.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from money_counts import Count, total
from oracle import Filter, values_of

LATER = "later"


def after(month: date, count: int) -> date:
    """The first day of the month so many months later."""
    place = month.year * 12 + month.month - 1 + count
    return date(place // 12, place % 12 + 1, 1)


def months_of(first: date, before: date) -> list[date]:
    """The first days of the months of a period."""
    found = [first]
    while after(found[-1], 1) < before:
        found.append(after(found[-1], 1))
    return found


def rows(
    count: Count, of: str, cohorts: Sequence[date], length: int, filters: Sequence[Filter] = ()
) -> list[tuple[Any, list[tuple[Any, Any]]]]:
    """The rows of a table."""
    follow = _customers if of == "CUSTOMERS" else _buyers
    return [follow(count, of, month, length, filters) for month in cohorts]


def averages(
    told: Sequence[tuple[Any, list[tuple[Any, Any]]]], cohorts: Sequence[date], length: int, today: date
) -> list[tuple[Any, Any]]:
    """By months since: all that the cohorts came to, of which that month is over, and how many people these are."""
    found: list[tuple[Any, Any]] = []
    for since in range(length):
        over = [row for row, month in zip(told, cohorts, strict=True) if after(month, since + 1) <= today]
        parts = [cells[since][0] for _, cells in over]
        found.append((None if None in parts else sum(parts, Fraction(0)), sum(size for size, _ in over)))
    return found


def _ends(count: Count, month: date, length: int) -> list[tuple[date, date] | None]:
    """The months of a row, a running one up to today; None for what has not begun."""
    found: list[tuple[date, date] | None] = []
    for since in range(length):
        start = after(month, since)
        end = min(after(month, since + 1), count.today + timedelta(days=1))
        found.append((start, end) if start <= count.today else None)
    return found


def _customers(count: Count, _of: str, month: date, length: int, filters: Sequence[Filter]) -> Any:
    stays: dict[str, list[Any]] = {}
    for name, _, stay in count.books.stays():
        stays.setdefault(name, []).append(stay)
    cohort = []
    for some in stays.values():
        first = min(some, key=lambda stay: stay.start)
        begins = month <= first.start < after(month, 1) and first.start <= count.today
        if begins and all(f.keeps(values_of(first, f.by)) for f in filters):
            cohort.append(some)
    cells: list[tuple[Any, Any]] = []
    for span in _ends(count, month, length):
        if span is None:
            cells.append((LATER, LATER))
            continue
        end = span[1]
        there = [any(s.start < end and (s.end is None or s.end >= end) for s in some) for some in cohort]
        cells.append((Fraction(sum(there)), None))
    return (LATER if month > count.today else len(cohort)), cells


def _buyers(count: Count, of: str, month: date, length: int, filters: Sequence[Filter]) -> Any:
    cohort = {
        who
        for who, bought in count.bought.items()
        if month <= bought[0].day < after(month, 1) and all(f.keeps(values_of(bought[0].order, f.by)) for f in filters)
    }
    cells: list[tuple[Any, Any]] = []
    for span in _ends(count, month, length):
        if span is None:
            cells.append((LATER, LATER))
        elif of == "BUYERS":
            buying = {s.customer for who in cohort for s in count.bought[who] if span[0] <= s.day < span[1]}
            cells.append((Fraction(len(buying)), None))
        else:
            mine = [sale for sale in count.sales if sale.customer in cohort]
            now = total(sale.net for sale in mine if span[0] <= sale.day < span[1])
            cells.append((now, total(sale.net for sale in mine if month <= sale.day < span[1])))
    return (LATER if month > count.today else len(cohort)), cells
