"""What cohorts come to, month by month: read from the rollups, or counted from facts where customers are chosen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlmodel import col

from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.kpis.measure import Cube, Measure
from app.kpis.order import buyers, customer_revenue, first_buyers, firsts, orders, purchasers
from app.kpis.retention import ended, ends, new_customers, started, starts
from app.models.base import month_of
from app.models.buyer import Buyer
from app.models.order import Order
from app.models.spell import Spell
from app.services.cut import Cut, Cuts, fill
from app.services.period import Span
from app.services.scan import Condition, bound, where
from app.services.slices import Filter, conditions
from app.text import Text
from app.uow import Uow


class CohortMeasure(StrEnum):
    """What is followed of a cohort."""

    CUSTOMERS = "CUSTOMERS"
    BUYERS = "BUYERS"
    REVENUE = "REVENUE"


CUBES: Mapping[CohortMeasure, tuple[Cube, ...]] = {
    CohortMeasure.CUSTOMERS: (starts, ends),
    CohortMeasure.BUYERS: (firsts, purchasers),
    CohortMeasure.REVENUE: (firsts, orders),
}
"""What a table is read from: first what says who belongs to a cohort."""

_Amounts = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many belong to each cohort, and what they come to in each month, by its place after the first cohort's.

    `unpriced` are facts without an exchange rate.
    """

    sizes: Mapping[str, int]
    amounts: _Amounts
    unpriced: _Amounts

    def at(self, key: str, place: int) -> tuple[int, int]:
        """The amount of a month and how many of its facts lack a rate."""
        return self.amounts.get((key, place), 0), self.unpriced.get((key, place), 0)

    def until(self, key: str, first: int, place: int) -> tuple[int, int]:
        """The same from one month to another, which is counted too."""
        parts = [self.at(key, one) for one in range(first, place + 1)]
        return sum(amount for amount, _ in parts), sum(missing for _, missing in parts)


def from_rollups(
    uow: Uow, of: CohortMeasure, cohorts: Sequence[Span], months: Sequence[Span], generations: Mapping[str, int]
) -> Counts:
    """Read all cohorts, in one statement however many customers there are."""
    cuts: Cuts = defaultdict(Cut)
    edges = {months[0].start, *(month.end for month in months)}
    keys = [month_of(cohort.start) for cohort in cohorts]

    def cut(cube: Cube, *slots: int) -> Cut:
        found = cuts[cube, _cohort_of(cube).value, None, False]
        found.edges, found.keys, found.slots = edges, set(keys), found.slots | set(slots)
        return found

    def over(source: Cut, slot: int) -> dict[tuple[str, int], int]:
        cells = ((key, place) for key in keys for place in range(len(months)))
        return {cell: source.amount(slot, cell[0], months[cell[1]]) for cell in cells}

    if of is CohortMeasure.CUSTOMERS:
        came, went = cut(starts, started.slot, new_customers.slot), cut(ends, ended.slot)
        fill(uow, cuts, generations)
        sizes = _in_own_month(keys, over(came, new_customers.slot))
        return Counts(sizes, _standing(over(came, started.slot), over(went, ended.slot), keys, len(months)), {})
    first = cut(firsts, first_buyers.slot)
    if of is CohortMeasure.BUYERS:
        bought = cut(purchasers, buyers.slot("MONTH"))
        fill(uow, cuts, generations)
        return Counts(_in_own_month(keys, over(first, first_buyers.slot)), over(bought, buyers.slot("MONTH")), {})
    missing = customer_revenue.unpriced
    assert missing is not None  # noqa: S101 - it is money
    sold = cut(orders, customer_revenue.slot, missing.slot)
    fill(uow, cuts, generations)
    sizes = _in_own_month(keys, over(first, first_buyers.slot))
    return Counts(sizes, over(sold, customer_revenue.slot), over(sold, missing.slot))


def _cohort_of(cube: Cube) -> Dimension:
    return Dimension.COHORT if cube in (starts, ends) else Dimension.PURCHASE_COHORT


def _in_own_month(keys: Sequence[str], amounts: _Amounts) -> dict[str, int]:
    """Of each cohort what happened in its own month: there everybody has the first time by which they belong to it."""
    return {key: amounts.get((key, place), 0) for place, key in enumerate(keys)}


def _standing(came: _Amounts, went: _Amounts, keys: Iterable[str], count: int) -> dict[tuple[str, int], int]:
    """How many of each cohort are customers at the end of each month: who came less who went, up to then."""
    found = {}
    for key in keys:
        standing = 0
        for place in range(count):
            standing += came.get((key, place), 0) - went.get((key, place), 0)
            found[key, place] = standing
    return found


def narrowed(uow: Uow, of: CohortMeasure, filters: Sequence[Filter]) -> tuple[Condition, ...]:
    """The filters over inner keys. Raises Invalid, for what customers are not cut by too."""
    for place, one in enumerate(filters):
        if not CUBES[of][0].has(one.by):
            msg = Text(f"Cohorts cannot be cut by {one.by.value}.", f"群组不能按 {one.by.value} 细分。")
            raise Invalid(msg, "filter", str(place), "by")
    return conditions(uow, filters)


def from_facts(
    uow: Uow, of: CohortMeasure, cohorts: Sequence[Span], months: Sequence[Span], chosen: Sequence[Condition]
) -> Counts:
    """Count those customers of the cohorts who were as `chosen` when they first became one, or first bought.

    Raises Limited for more facts than are read at once.
    """
    cube = CUBES[of][0]
    met = [cube.counted, *(where(uow, cube, condition) for condition in chosen)]
    during, whole = Span(cohorts[0].start, cohorts[-1].end), Span(months[0].start, months[-1].end)
    bound(uow, CUBES[of][0 if of is CohortMeasure.CUSTOMERS else 1], [whole])
    met += [cube.day >= during.start, cube.day < during.end]
    return _customers(uow, met, months) if of is CohortMeasure.CUSTOMERS else _buyers(uow, of, met, months)


def _customers(uow: Uow, met: Sequence[Any], months: Sequence[Span]) -> Counts:
    customer, cohort = col(Spell.customer_id), col(Spell.cohort)
    first: Any = select(customer.label("id")).where(*met, new_customers.where)
    chosen = first.group_by(customer).having(func.sum(col(Spell.sign)) > 0).cte("chosen")

    def moved(measure: Measure) -> dict[tuple[str, int], int]:
        month = uow.db.month_start(measure.cube.day)
        columns = (cohort, month.label("month"), func.sum(measure.amount))
        statement: Any = select(*columns).where(measure.cube.counted, customer.in_(select(chosen.c.id)))
        return _placed(uow, statement.where(_before(measure.cube, months)).group_by(cohort, month), months)[0]

    keys = [month_of(month.start) for month in months]
    return Counts(
        _in_own_month(keys, moved(new_customers)), _standing(moved(started), moved(ended), keys, len(months)), {}
    )


def _buyers(uow: Uow, of: CohortMeasure, met: Sequence[Any], months: Sequence[Span]) -> Counts:
    chosen = select(col(Buyer.customer_id).label("id")).where(*met).cte("chosen")
    counted: Any = select(col(Buyer.cohort), func.count()).where(*met).group_by(col(Buyer.cohort))
    sizes = {cohort: int(count) for cohort, count in uow.session.execute(counted)}
    day: Any = col(Order.day)
    cohort, month = col(Order.cohort), uow.db.month_start(day)
    columns: list[Any] = [cohort, month.label("month")]
    cube: Cube = orders
    if of is CohortMeasure.BUYERS:
        cube, columns = purchasers, [*columns, func.count(func.distinct(col(Order.customer_id)))]
    else:
        missing = func.sum(case((customer_revenue.where & col(Order.net).is_(None), 1), else_=0))
        columns += [func.sum(customer_revenue.amount), missing]
    statement = select(*columns).where(
        cube.counted, col(Order.customer_id).in_(select(chosen.c.id)), _before(cube, months)
    )
    return Counts(sizes, *_placed(uow, statement.group_by(cohort, month), months))


def _before(cube: Cube, months: Sequence[Span]) -> Any:  # noqa: ANN401 - a condition
    return (cube.day >= months[0].start) & (cube.day < months[-1].end)


def _placed(
    uow: Uow, statement: Select[Any], months: Sequence[Span]
) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], int]]:
    """Amounts, and facts without a rate, by cohort and place of the month."""
    places = {month.start: place for place, month in enumerate(months)}
    amounts, unpriced = {}, {}
    for key, month, amount, *missing in uow.session.execute(statement):
        amounts[key, places[month]] = int(amount or 0)
        unpriced[key, places[month]] = sum(int(one or 0) for one in missing)
    return amounts, unpriced
