"""Olist's people as customers by what they buy: who leaves, month by month, against the files counted day by day."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from olist_files import FILES, Order, all_orders, sales
from trading import CREATE, ask

from app.kpis.dimension import Dimension
from app.services import movement, order
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import Grain, Span
from app.services.row import Ref
from app.worker import Worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FILES is None, reason="needs Olist's CSV files: name their folder in CUSTOGRAPH_OLIST_DATA"),
]

WINDOW = 90
SPAN = Span(date(2016, 9, 1), date(2019, 2, 1))
DAY = timedelta(days=1)


class Month(NamedTuple):
    """Who there was in a month, by sets of people."""

    new: int
    departures: int
    start: int
    end: int
    kept: int
    brief: int
    back: int


def days_of(orders: list[Order]) -> dict[str, set[date]]:
    """On which days each person is a customer: that of a purchase and the 89 after it."""
    found: dict[str, set[date]] = defaultdict(set)
    for one in orders:
        found[one.person] |= {one.at.date() + timedelta(days=n) for n in range(WINDOW)}
    return found


def counted(people: dict[str, set[date]], low: date, high: date) -> Month:
    """Walk over everybody."""
    inside = [low + timedelta(days=n) for n in range((high - low).days)]
    start = {who for who, days in people.items() if low - DAY in days}
    end = {who for who, days in people.items() if high - DAY in days}
    there = {who for who, days in people.items() if not days.isdisjoint(inside)}
    gone = sum(day - DAY in days and day not in days for days in people.values() for day in inside)
    back = sum(any(day not in people[who] for day in inside) for who in start & end)
    new = sum(low <= min(days) < high for days in people.values())
    return Month(new, gone, len(start), len(end), len(start & end), len(there - start - end), back)


@pytest.fixture
def shop(make_workspace: Any, clock: Any) -> Any:
    """Olist's marketplace, by activity; in 2019, when everything is over."""
    clock.set(datetime(2019, 3, 1, 12, tzinfo=UTC))
    people = make_workspace("Olist", time_zone="America/Sao_Paulo", currency="BRL")
    people.write(workspaces.update, {"active_by": "ACTIVITY", "inactivity_window_days": WINDOW})
    Worker(people.door).drain()
    paid = [
        {
            "external_id": one.id,
            "customer": Ref(external_id=one.person),
            "amount": Decimal(one.paid),
            "currency": "BRL",
            "occurred_at": one.at,
            "status": "COMPLETED",
        }
        for one in sales(all_orders())
    ]
    for place in range(0, len(paid), 500):
        results = people.write(order.record_batch, paid[place : place + 500], CREATE)
        assert not any(result.problems for result in results)
    return people


def test_churn_by_inactivity_is_what_the_files_say(shop: Any) -> None:
    people = days_of(sales(all_orders()))
    keys = ("NEW_CUSTOMERS", "CHURNED_CUSTOMERS", "ACTIVE_CUSTOMERS", "RETENTION_RATE", "CHURN_RATE")
    told = {key: ask(shop, key, SPAN, grain=Grain.MONTH) for key in keys}
    spans = told["CHURN_RATE"].spans
    moved = shop.read(movement.movements, [Question("CHURN_RATE", span) for span in spans])
    assert len(people) == len({one.person for one in sales(all_orders())})
    for place, span in enumerate(spans):
        expected = counted(people, span.start, span.end)
        new, churned, active, kept, lost = (told[key].figures[""][place] for key in keys)
        found = Month(
            new.numerator,
            churned.numerator,
            kept.denominator,
            active.numerator,
            kept.numerator,
            moved[place].intra_period_churn,
            moved[place].reactivated,
        )
        assert found == expected, span
        assert (lost.numerator, lost.denominator) == (expected.start - expected.kept, expected.start), span
    (year,) = shop.read(movement.movements, [Question("CHURN_RATE", Span(date(2017, 1, 1), date(2018, 1, 1)))])
    expected = counted(people, date(2017, 1, 1), date(2018, 1, 1))
    assert (year.intra_period_churn, year.reactivated) == (expected.brief, expected.back)
    assert expected.brief > 0
    states = ask(shop, "CHURNED_CUSTOMERS", SPAN, by=Dimension.REGION)
    assert sum(row[0].numerator for row in states.figures.values()) == sum(
        counted(people, span.start, span.end).departures for span in spans
    )
