"""Whatever happens, in whatever order: cohort tables are what counting everybody gives, filtered or not."""

from datetime import date
from fractions import Fraction
from random import Random

import cohort_oracle
import pytest
from cohort_oracle import LATER, months_of
from money_counts import Count
from money_history import MoneyHistory
from oracle import FROZEN, Filter

from app.kpis.dimension import Dimension
from app.services import cohort_table
from app.services.cohort_count import CohortMeasure
from app.services.cohort_table import Wanted
from app.services.period import Span
from app.services.slices import Filter as Asked

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Auckland", "UTC")


def amount(figure):
    """What a figure came to, as the oracle says it."""
    if figure is None:
        return None
    if figure.reason == "PERIOD_NOT_STARTED":
        return LATER
    if figure.reason == "MISSING_FX":
        assert figure.value is figure.numerator is None
        return None
    assert (figure.value is None) == (figure.denominator == 0) == (figure.reason == "NO_DATA"), figure
    return Fraction(figure.numerator).limit_denominator(10_000)


def check(story, of, span, length, filters=()):
    """Compare one table with the oracle's, cell by cell."""
    asked = tuple(Asked(Dimension(f.by), f.any_of, f.none_of) for f in filters)
    (table,) = story.people.read(cohort_table.tables, [Wanted(CohortMeasure(of), Span(*span), length, asked)])
    assert not isinstance(table, Exception), table
    count, cohorts = Count(story.world, story.today), months_of(*span)
    expected = cohort_oracle.rows(count, of, cohorts, length, filters)
    is_money = of == "REVENUE"
    told = [
        (
            LATER if row.reason == "PERIOD_NOT_STARTED" else row.size,
            [(amount(c.figure), amount(c.so_far) if is_money else None) for c in row.cells],
        )
        for row in table.rows
    ]
    if not is_money:
        expected = [(size, [(now, None) for now, _ in cells]) for size, cells in expected]
    assert told == expected, (of, span, filters, story.log[-3:])
    for row, month in zip(table.rows, cohorts, strict=True):
        for since, cell in enumerate(row.cells):
            assert cell.is_provisional == (cohort_oracle.after(month, since + 1) > story.today)
            if cell.figure.value is not None:
                scale = 1 if is_money else 100
                share = scale * Fraction(cell.figure.numerator).limit_denominator(10_000) / row.size
                assert cell.figure.value == pytest.approx(float(share))
                assert ("LOW_SAMPLE" in cell.figure.flags) == (row.size < 30)
    means = cohort_oracle.averages(expected, cohorts, length, story.today)
    assert [(amount(one.figure), one.figure.denominator) for one in table.averages] == [
        (sum_, None if sum_ is None else size) for sum_, size in means
    ]


def check_all(story, *, narrowed=True):
    """All tables over all there is, and some with filters."""
    rng = story.rng
    whole = (date(2025, 1, 1), date(2026, 9, 1))
    for of in ("CUSTOMERS", "BUYERS", "REVENUE"):
        check(story, of, whole, 20)
        if not narrowed:
            continue
        first = rng.randrange(1, 12)
        check(story, of, (date(2025, first, 1), date(2025, first + 1, 1)), rng.choice((1, 5, 30)))
        check(story, of, whole, 20, [story._filter(rng.choice(list(FROZEN)))])
        pair = [story._filter(by) for by in rng.sample(list(FROZEN), 2)]
        check(story, of, (date(2025, 6, 1), date(2026, 7, 1)), 9, [Filter(*one) for one in pair])


def tell(workspace_of, clock, seed, steps):
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    zone = ZONES[seed % len(ZONES)]
    story = MoneyHistory(workspace_of(time_zone=zone), clock, rng, time_zone=zone)
    story.begin()
    for number in range(steps):
        story.step()
        if number % 15 == 14:
            story.settle()
            check_all(story)
    story.tell_all_rates()
    story.settle()
    check_all(story)
    story.finish_rebuild()
    check_all(story, narrowed=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_any_history_of_cohorts_adds_up(make_workspace, clock, seed):
    tell(make_workspace, clock, seed, 15)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [200])
def test_any_long_history_of_cohorts_adds_up(make_workspace, clock, seed):
    tell(make_workspace, clock, seed, 60)
