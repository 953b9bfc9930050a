"""What accounts say: their people's answers taken together, one score an account, plain or weighed with revenue."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, func, or_, select, true, union_all
from sqlmodel import col

from app.formula import Atom, Number, atoms, evaluate
from app.kpis.atom import AccountScore, AccountSum, PerAccount
from app.kpis.kpi import flow_of
from app.kpis.measure import Cube, Measure
from app.kpis.order import customer_revenue, orders
from app.models.base import CustomerKind
from app.models.customer import Customer
from app.models.feedback import Feedback
from app.models.order import Order
from app.services.period import Span, add_months
from app.services.scan import Condition, Cutting, bound, buckets, each_of, key_of, over
from app.uow import Uow

_YEAR = 12

Told = dict[Atom, dict[str, list[Any]]]


def amounts(
    uow: Uow,
    spans: tuple[Span, ...],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
    wanted: Sequence[Atom],
) -> Told:
    """The sums `wanted` over the accounts of one score, per key and span. Raises Limited beyond the stated bound."""
    sums = [one for one in wanted if isinstance(one, PerAccount)]
    score = sums[0].score
    bound(uow, score.below.cube, spans)
    if score.is_weighted:
        bound(uow, orders, _years(uow, spans))
    beside = tuple(one.answers for one in sums if one.answers is not None)
    cells: dict[tuple[str, int], dict[AccountSum | Measure, Number]] = defaultdict(lambda: defaultdict(int))
    for index, key, *row in uow.session.execute(_statement(uow, score, beside, spans, conditions, by)):
        cell = cells[key or "", index]
        for name, amount in _added(score, beside, [int(one or 0) for one in row]):
            cell[name] += amount
    found: Told = {one: {} for one in sums}
    for (key, index), cell in cells.items():
        for one in sums:
            found[one].setdefault(key, [0] * len(spans))[index] = cell[one.answers or one.sum]
    return found


def _measures(score: AccountScore) -> list[Measure]:
    return [flow_of(atom) for atom in atoms(score.above, score.below)]


def _added(
    score: AccountScore, beside: Sequence[Measure], row: Sequence[int]
) -> Iterator[tuple[AccountSum | Measure, Number]]:
    """What a group of accounts adds, of which all have the same answers."""
    measures = _measures(score)
    given = dict(zip(measures, row, strict=False))
    accounts, people, *rest = row[len(measures) :]
    yield from zip(beside, rest, strict=False)
    rest = rest[len(beside) :]
    above, below = (evaluate(one, lambda atom: given[flow_of(atom)]) for one in (score.above, score.below))
    assert above is not None  # noqa: S101 - whoever has answered has given every part of it
    assert below  # noqa: S101 - as above
    mean = Fraction(above) / below
    if score.is_weighted:
        weighing, weights, unpriced, of_weighing = rest
        yield AccountSum.MEANS, mean * weights
        yield AccountSum.ACCOUNTS, weighing
        yield AccountSum.WEIGHTS, weights
        yield AccountSum.WEIGHTLESS, accounts - weighing
        yield AccountSum.UNPRICED, unpriced
        yield AccountSum.PEOPLE, of_weighing
    else:
        yield AccountSum.MEANS, mean * accounts
        yield AccountSum.SQUARES, mean * mean * accounts
        yield AccountSum.ACCOUNTS, accounts
        yield AccountSum.PEOPLE, people


def _statement(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    score: AccountScore,
    beside: Sequence[Measure],
    spans: tuple[Span, ...],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
) -> Select[Any]:
    """By span, key and what accounts have answered: how many accounts, and what these weigh.

    `beside` counts answers of the accounts that are heard.
    """
    said = _said(uow, (*_measures(score), *beside), score.below, spans, conditions, by)
    answers = [said.c[f"v{place}"] for place in range(len(_measures(score)))]
    statement = select(said.c.i, said.c.key, *answers)
    others = [said.c[f"v{len(answers) + place}"] for place in range(len(beside))]
    columns: list[Any] = [func.count(), func.sum(said.c.people)]
    if score.is_weighted:
        revenue = _revenue(uow, said, spans)
        same = and_(revenue.c.i == said.c.i, revenue.c.account == said.c.account)
        statement = statement.join(revenue, same, isouter=True)
        weight: Any = func.coalesce(revenue.c.net, 0)
        some = weight > 0
        columns += [func.sum(case((some, one), else_=0)) for one in (*others, 1, weight)]
        columns += [func.sum(revenue.c.unpriced), func.sum(case((some, said.c.people), else_=0))]
    else:
        columns += map(func.sum, others)
    return statement.add_columns(*columns).group_by(said.c.i, said.c.key, *answers)


def _said(  # noqa: PLR0913 - what a scan depends on
    uow: Uow,
    measures: Sequence[Measure],
    below: Measure,
    spans: tuple[Span, ...],
    conditions: tuple[Condition, ...],
    by: Cutting | None,
) -> CTE:
    """What the people of each account have answered, per span and key, and how many they are."""
    cube: Cube = below.cube
    days, each = buckets(spans), each_of(uow, cube, by)
    columns = (
        days.c.i,
        key_of(uow, cube, by, each).label("key"),
        _account().label("account"),
        uow.db.as_key(cube.person).label("person"),
        *(one.amount.label(f"v{place}") for place, one in enumerate(measures)),
    )
    answered = over(select(*columns), uow, cube, days, conditions, each).where(below.where)
    answers = answered.join(Customer, col(Customer.id) == Feedback.customer_id, isouter=True).subquery()
    place = (answers.c.i, answers.c.key, answers.c.account)
    sums = [func.sum(answers.c[f"v{place}"]).label(f"v{place}") for place in range(len(measures))]
    people = func.count(func.distinct(answers.c.person)).label("people")
    return select(*place, people, *sums).group_by(*place).cte("said")


def _account() -> ColumnElement[Any]:
    """Whose an answer is: its account's, its person's own where there is none, its own where nobody knows who gave it.

    A person belongs to the account that is named as the parent; an account, whatever is above it, is one by itself.
    """
    own = col(Customer.id)
    return case(
        (own.is_(None), col(Feedback.id)),
        (col(Customer.customer_kind) == CustomerKind.ACCOUNT, own),
        else_=func.coalesce(col(Customer.parent_id), own),
    )


def _years(uow: Uow, spans: Sequence[Span]) -> list[Span]:
    """The twelve months before each span ends, a running one today."""
    ends = [min(span.end, max(span.start, uow.today) + timedelta(days=1)) for span in spans]
    return [Span(add_months(end, -_YEAR), end) for end in ends]


def _revenue(uow: Uow, said: CTE, spans: Sequence[Span]) -> CTE:
    """What each account bought, its people included, in the year before a span ends."""
    asked = select(said.c.i, said.c.account).distinct().cte("asked")
    is_account = func.coalesce(col(Customer.customer_kind) == CustomerKind.ACCOUNT, False)
    by_itself = and_(col(Customer.id) == asked.c.account, or_(is_account, col(Customer.parent_id).is_(None)))
    below = and_(col(Customer.parent_id) == asked.c.account, ~is_account)
    columns: tuple[Any, ...] = (asked.c.i, asked.c.account, col(Customer.id).label("member"))
    # apart, so that each finds its customers in an index
    parts = (select(*columns).select_from(asked).join(Customer, which) for which in (by_itself, below))
    members = union_all(*parts).cte("members")
    years = buckets(_years(uow, spans), "years")
    missing = customer_revenue.unpriced
    assert missing is not None  # noqa: S101 - it is money
    sums = (func.sum(customer_revenue.amount).label("net"), func.sum(missing.amount).label("unpriced"))
    bought = (
        col(Order.customer_id) == members.c.member,
        col(Order.day) >= years.c.low,
        col(Order.day) < years.c.high,
    )
    statement = select(members.c.i, members.c.account, *sums).select_from(members)
    statement = statement.join(years, years.c.i == members.c.i).join(Order, and_(true(), *bought))
    return (
        statement.where(orders.counted, customer_revenue.where).group_by(members.c.i, members.c.account).cte("revenue")
    )
