"""The orders of a demonstration: what each year comes to is declared, then who bought what, exact to the cent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from app.demo.answers import ADVERTISED, line
from app.demo.chance import apportion, dice, one_of, wobble
from app.demo.company import Article, Company, Place
from app.demo.people import Person, Population
from app.demo.rates import DECIMALS, Rates, exact
from app.demo.timeline import MONTHS, YEAR, Timeline
from app.services.period import Span
from app.services.row import Ref

OPEN, ABANDONED, CANCELLED = 0.4, 0.01, 0.035
"""So many of the newest orders are still open; of all others so many stay so, or are at least given up."""
NEWEST = timedelta(days=3)
BASKETS = {1: 8, 2: 1}
"""How many different things are bought together."""
REDUCTIONS = {0.05: 3, 0.1: 5, 0.15: 2}
BACK_AFTER = (3, 25)
"""The days after which something comes back."""
WHOLE, PART, EXCHANGED = "whole", "part", "exchanged"
RETURNS = {WHOLE: 5, PART: 4, EXCHANGED: 1}
ZEAL = 0.6
"""How much customers differ in how often they buy."""


@dataclass
class Item:
    """A line of an order; its money is in minor units of the order's currency."""

    product: str
    quantity: int
    unit: int
    cost: int
    discount: int = 0

    @property
    def amount(self) -> int:
        """What is paid for it."""
        return self.quantity * self.unit - self.discount


class Refund(NamedTuple):
    """What was given back of an order, when and why."""

    at: datetime
    amount: int
    reason: str


@dataclass
class Order:
    """An order; `cut` is the part of the price that is to be let off, about."""

    at: datetime
    day: date
    person: Person | None
    place: Place
    staff: str | None
    currency: str
    items: list[Item]
    status: str = "COMPLETED"
    campaign: str | None = None
    refund: Refund | None = None
    cut: float = 0
    key: str = field(default="", compare=False)

    @property
    def amount(self) -> int:
        """What was paid at first."""
        return sum(item.amount for item in self.items)

    @property
    def net(self) -> int:
        """What was kept of it."""
        return self.amount - (self.refund.amount if self.refund else 0)

    @property
    def counts(self) -> bool:
        """Whether it is part of the revenue."""
        return self.status == "COMPLETED" and not (self.person and self.person.row.get("is_test"))

    def reduce(self, discount: int) -> None:
        """Let off that much of it, of each item in proportion."""
        for item, part in zip(self.items, apportion(discount, [item.amount for item in self.items]), strict=True):
            item.discount += part


class Sales:
    """What a company sells, month by month."""

    def __init__(self, company: Company, timeline: Timeline, population: Population, rates: Rates) -> None:
        self._company, self._timeline, self._population, self._rates = company, timeline, population, rates
        self._rng = dice(company.key, "orders")
        self._sells = {place: place.sells for place in company.channels if place.sells}
        self._open_to = {segment: self._articles(segment) for segment in (None, *company.segments)}
        self._zeal = {person.key: self._rng.lognormvariate(0, ZEAL) for person in population.people}

    def orders(self) -> list[Order]:
        """All of them, in the order of their time; those of a range come to what is declared, to the cent."""
        plans = self._plans()
        found: list[Order] = []
        for part in (slice(0, YEAR), slice(YEAR, MONTHS), slice(MONTHS, MONTHS + 1)):
            year = self._year(self._timeline.months[part], plans[part])
            self._settle(year, sum(plans[part]), complete=part.stop <= MONTHS)
            found += year
        found.sort(key=lambda order: order.at)
        for number, order in enumerate(found, start=1):
            order.key = f"order-{number:05}"
        return found

    def _plans(self) -> list[int]:
        """What each month should bring in, in minor units; those of a range add up to what is declared."""
        first, second = (total * 10**DECIMALS for total in self._company.trade.revenue)
        seasons = self._timeline.seasons(self._timeline.months)
        busy = [line(first, second, place) * s * wobble(self._rng, 0.06) for place, s in enumerate(seasons)]
        running = round(second * busy[MONTHS] / sum(busy[YEAR:MONTHS]) * self._timeline.elapsed)
        return [*apportion(first, busy[:YEAR]), *apportion(second, busy[YEAR:MONTHS]), running]

    def _year(self, months: tuple[Span, ...], plans: list[int]) -> list[Order]:
        """Orders of consecutive months, as many as it takes to bring in what is planned."""
        found: list[Order] = []
        taken = due = 0
        for month, plan in zip(months, plans, strict=True):
            due += plan
            people = self._population.during(month)
            zeal = list(accumulate(self._zeal[person.key] for person in people))
            fresh = [self._first(person) for person in people if month.start <= person.stays[0].start < month.end]
            taken += sum(map(self._worth, fresh))
            found += fresh
            while taken < due:
                found.append(self._next(month, people, zeal))
                taken += self._worth(found[-1])
            if month.end <= self._timeline.today:
                found.append(self._test(month))
        return found

    def _worth(self, order: Order) -> int:
        """What the order brings in once its price is cut, or may yet bring in."""
        if not order.counts and order.at <= self._timeline.now - NEWEST:
            return 0
        return self._rates.worth(order.net, order.currency, order.day) - round(order.net * order.cut)

    def _settle(self, orders: list[Order], total: int, *, complete: bool) -> None:
        """Let off as much in those orders where something is let off that all of them come to the total."""
        counted = [order for order in orders if order.counts]
        cut = [order for order in counted if order.cut]
        weights = [order.amount * order.cut for order in cut]
        spare = sum(self._rates.worth(order.net, order.currency, order.day) for order in counted) - total
        given = apportion(spare, weights) if complete else [round(weight) for weight in weights]
        for order, discount in zip(cut, given, strict=True):
            order.reduce(discount)

    def _first(self, person: Person) -> Order:
        """What somebody buys on the first day as a customer, where it came from if that is where one can buy."""
        day = person.stays[0].start
        (at,) = self._timeline.moments(self._rng, Span(day, day + timedelta(days=1)), 1)
        came = person.row["acquisition_channel"].external_id
        place = next((place for place in self._sells if place.key == came), None)
        return self._order(at, person, place or one_of(self._rng, self._sells))

    def _next(self, month: Span, people: list[Person], zeal: list[float]) -> Order:
        """What one of those buys who are customers on that day, or over a counter somebody who gives no name."""
        (at,) = self._timeline.moments(self._rng, month, 1)
        place, day = one_of(self._rng, self._sells), self._timeline.day(at)
        over_a_counter = place.staffed and place.medium == "STORE"
        if over_a_counter and self._rng.random() < self._company.trade.nameless:
            return self._order(at, None, place)
        drawn = self._rng.choices(people, cum_weights=zeal, k=20)
        return self._order(at, next((person for person in drawn if person.is_customer(day)), None), place)

    def _test(self, month: Span) -> Order:
        (at,) = self._timeline.moments(self._rng, month, 1)
        order = self._order(at, self._rng.choice(self._population.testers), next(iter(self._sells)))
        order.refund, order.cut = None, 0
        return order

    def _order(self, at: datetime, person: Person | None, place: Place) -> Order:
        rng, company, day = self._rng, self._company, self._timeline.day(at)
        staff = rng.choice(tuple(company.staff)) if place.staffed else None
        currency = self._currency(place)
        order = Order(at, day, person, place, staff, currency, list(self._items(person, currency)))
        order.status = self._status(at)
        campaign = company.campaigns.get(day.month)
        if campaign and rng.random() < ADVERTISED:
            order.campaign = campaign
        if order.status == "COMPLETED" and rng.random() < company.trade.returned:
            order.refund = self._refund(order)
        elif order.counts and currency == company.workspace["currency"] and rng.random() < company.trade.reduced:
            order.cut = one_of(rng, REDUCTIONS)
        return order

    def _currency(self, place: Place) -> str:
        chance = self._rng.random()
        for code, foreign in self._company.trade.foreign.items():
            chance -= foreign.channels.get(place.key, 0)
            if chance < 0:
                return code
        return str(self._company.workspace["currency"])

    def _status(self, at: datetime) -> str:
        chance = self._rng.random()
        if chance < (OPEN if at > self._timeline.now - NEWEST else ABANDONED):
            return "PENDING"
        return "CANCELLED" if chance < CANCELLED else "COMPLETED"

    def _articles(self, segment: str | None) -> dict[str, Article]:
        """What somebody of the segment may buy."""
        articles = self._company.trade.articles
        return {name: article for name, article in articles.items() if article.reserved in (None, segment)}

    def _items(self, person: Person | None, currency: str) -> Iterator[Item]:
        articles = self._open_to[person.row["segment"] if person else None]
        weights = {name: article.weight for name, article in articles.items()}
        chosen = {one_of(self._rng, weights): None for _ in range(one_of(self._rng, BASKETS))}
        for name in chosen:
            yield self._item(name, articles[name], currency)

    def _item(self, name: str, article: Article, currency: str) -> Item:
        rng, foreign = self._rng, self._company.trade.foreign.get(currency)
        price, quantity = rng.choice(article.prices), rng.randint(1, article.most)
        if foreign:
            price = max(round(price / foreign.rate / foreign.step), 1) * foreign.step
        unit = price * 10 ** self._rates.decimals(currency)
        return Item(name, quantity, unit, quantity * round(unit * article.cost * wobble(rng, 0.04)))

    def _refund(self, order: Order) -> Refund | None:
        """What comes back of it; None if that has not happened yet."""
        rng = self._rng
        kind, reason = one_of(rng, RETURNS), one_of(rng, self._company.trade.returns)
        amounts = {WHOLE: order.amount, PART: rng.choice(order.items).amount // 2, EXCHANGED: 0}
        at = order.at + timedelta(days=rng.randint(*BACK_AFTER), minutes=rng.randint(-90, 90))
        return Refund(at, amounts[kind], reason) if at <= self._timeline.now else None


def rows(orders: list[Order], rates: Rates) -> list[dict[str, Any]]:
    """The orders as they are recorded."""
    return [_row(order, rates.decimals(order.currency)) for order in orders]


def _row(order: Order, decimals: int) -> dict[str, Any]:
    lines = [
        {
            "product": item.product,
            "quantity": item.quantity,
            "unit_price": exact(item.unit, decimals),
            "discount": exact(item.discount, decimals),
            "amount": exact(item.amount, decimals),
            "cost": exact(item.cost, decimals),
        }
        for item in order.items
    ]
    row: dict[str, Any] = {"external_id": order.key, "status": order.status, "occurred_at": order.at, "lines": lines}
    row |= {"amount": exact(order.amount, decimals), "currency": order.currency}
    row["cost"] = exact(sum(item.cost for item in order.items), decimals)
    person = order.person.key if order.person else None
    refs = {"channel": order.place.key, "staff": order.staff, "customer": person}
    row |= {name: Ref(external_id=key) for name, key in refs.items() if key}
    return row | ({"campaign": order.campaign} if order.campaign else {})


def refunds(orders: list[Order], rates: Rates) -> list[dict[str, Any]]:
    """What was given back, as refunds are recorded."""
    return [
        {
            "external_id": f"{order.key}-back",
            "order": Ref(external_id=order.key),
            "amount": exact(order.refund.amount, rates.decimals(order.currency)),
            "reason": order.refund.reason,
            "occurred_at": order.refund.at,
        }
        for order in orders
        if order.refund
    ]


def mistyped(row: dict[str, Any]) -> dict[str, Any]:
    """The order with one more of its first thing than was bought."""
    first, *others = row["lines"]
    more = {"amount": first["unit_price"], "cost": first["cost"] / first["quantity"]}
    wrong = {**first, "quantity": first["quantity"] + 1} | {name: first[name] + part for name, part in more.items()}
    return {**row, "lines": [wrong, *others]} | {name: row[name] + part for name, part in more.items()}
