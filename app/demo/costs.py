"""What a demonstration spends: bills that come again and again, and a bonus for each customer who was recommended."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from app.demo.chance import dice, wobble
from app.demo.company import Company, Expense
from app.demo.people import Population
from app.demo.rates import Rates, exact
from app.demo.timeline import MONTHS, YEAR, Timeline
from app.services.period import add_months
from app.services.row import Ref

DEARER = 1.05
"""Year two costs so much more than year one."""


def rows(company: Company, timeline: Timeline, population: Population, rates: Rates) -> list[dict[str, Any]]:
    """Everything that was spent, as costs are recorded."""
    rng, home = dice(company.key, "costs"), str(company.workspace["currency"])
    found = [row for expense in company.trade.expenses for row in _bills(rng, expense, home, timeline, rates)]
    return [*found, *_bonuses(company, timeline, population)]


def _bills(rng: Random, expense: Expense, home: str, timeline: Timeline, rates: Rates) -> Iterator[dict[str, Any]]:
    currency = expense.currency or home
    seasons = timeline.seasons(timeline.months)
    for place in range(0, MONTHS + 1, expense.months):
        start = timeline.months[place].start
        amount = expense.amount * wobble(rng, 0.04) * (DEARER if place >= YEAR else 1)
        minor = round(amount * (seasons[place] if expense.seasonal else 1)) * 10 ** rates.decimals(currency)
        row: dict[str, Any] = {"external_id": f"{expense.key}-{start:%Y-%m}", "category": expense.category}
        row |= {"amount": exact(minor, rates.decimals(currency)), "currency": currency}
        before = start + timedelta(days=expense.days) if expense.days else add_months(start, expense.months)
        row |= {"from_": start, "before": before}
        yield row | ({"channel": Ref(external_id=expense.channel)} if expense.channel else {})


def _bonuses(company: Company, timeline: Timeline, population: Population) -> Iterator[dict[str, Any]]:
    channel, amount = company.trade.bonus
    for person in population.people:
        day = person.stays[0].start
        if person.row["acquisition_channel"].external_id == channel and day >= timeline.ranges[0].start:
            yield {
                "external_id": f"bonus-{person.key}",
                "category": "INCENTIVES",
                "amount": exact(amount, 0),
                "currency": company.workspace["currency"],
                "from_": day,
                "before": day + timedelta(days=1),
                "channel": Ref(external_id=channel),
                "customer": Ref(external_id=person.key),
            }
