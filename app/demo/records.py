"""Everything that is recorded in a demonstration, ready to be written."""

from dataclasses import dataclass
from typing import Any

from app.demo import answers, costs, engagements, invitations, leads, orders, referrals, talks, touchpoints
from app.demo.company import Company
from app.demo.mistakes import Mistakes, made_in
from app.demo.people import Population
from app.demo.rates import Rates
from app.demo.timeline import Timeline


@dataclass(frozen=True)
class Records:
    """The rows of one company at one time, by what they are records of."""

    population: Population
    feedback: Mistakes
    rates: list[dict[str, Any]]
    orders: Mistakes
    refunds: list[dict[str, Any]]
    costs: list[dict[str, Any]]
    touchpoints: list[dict[str, Any]]
    talks: Mistakes
    leads: list[dict[str, Any]]
    invitations: list[dict[str, Any]]
    referrals: list[dict[str, Any]]
    engagements: list[dict[str, Any]]


def records(company: Company, timeline: Timeline) -> Records:
    """What is recorded of `company`; the same at the same time."""
    population, rates = Population(company, timeline), Rates(company, timeline)
    said = answers.rows(company, timeline, population)
    asked = invitations.rows(company, timeline, population, said)
    sold = orders.Sales(company, timeline, population, rates).orders()
    spent = costs.rows(company, timeline, population, rates)
    bought = [(order.currency, order.day) for order in sold]
    returned = [(order.currency, timeline.day(order.refund.at)) for order in sold if order.refund]
    billed = [(row["currency"], row["from_"]) for row in spent]
    return Records(
        population,
        made_in(said, timeline, answers.misread),
        rates.rows([*bought, *returned, *billed]),
        made_in(orders.rows(sold, rates), timeline, orders.mistyped),
        orders.refunds(sold, rates),
        spent,
        touchpoints.rows(company, timeline, population),
        made_in(talks.rows(company, timeline, population), timeline, talks.overlooked),
        leads.rows(company, timeline, population),
        asked,
        referrals.rows(company, timeline, population),
        engagements.rows(company, timeline, population),
    )
