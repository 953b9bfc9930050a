"""What counts of some `Books`: placed orders, purchases, buyers, accrued costs, of a period and through filters.

Money is in major units of the workspace's currency, as fractions; None where a rate is missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property

from money_books import MINOR, Books, Entry
from oracle import OWN, SPELL_DIMENSIONS, Crowd, Filter, values_of

Sum = Fraction | None
"""An amount of money; None where a rate is missing."""


def total(amounts: Iterable[Sum]) -> Sum:
    """The sum, which is missing where a part is."""
    parts = list(amounts)
    return None if None in parts else sum(filter(None, parts), Fraction(0))


@dataclass(frozen=True)
class Sale:
    """A placed order: what it brought, restated by its refunds, and what was given back on which day."""

    order: Entry
    day: date
    gross: Sum
    net: Sum
    margin: Sum
    backs: tuple[tuple[date, Sum], ...]
    is_purchase: bool

    @property
    def customer(self) -> str | None:
        """Who bought; None where nobody knows."""
        customer: str | None = self.order.row["customer"]
        return customer

    @property
    def has_cost(self) -> bool:
        """Whether it carries a cost."""
        return self.order.row["cost"] is not None


class Count:
    """What counts of some books, on one day."""

    def __init__(self, books: Books, today: date) -> None:
        self.books, self.today = books, today
        placed = [o for o in books.orders.living if books.is_counted(o) and o.row["status"] == "COMPLETED"]
        self.sales = sorted(map(self._sale, placed), key=lambda s: (s.day, s.order.row["occurred_at"], s.order.id))
        self.bought: dict[str, list[Sale]] = defaultdict(list)
        for sale in self.sales:
            if sale.customer and sale.is_purchase:
                self.bought[sale.customer].append(sale)
        for sale in self.sales:
            first = self.bought.get(sale.customer or "")
            sale.order.cohort = f"{first[0].day:%Y-%m}" if first else None

    def _sale(self, order: Entry) -> Sale:
        row, day, books = order.row, self.books.day(order), self.books
        refunds = books.of_order(order.name)
        back = sum(refund.row["amount"] for refund in refunds)
        net, cost = books.converted(row["amount"] - back, row["currency"], day), row["cost"]
        spent = None if cost is None else books.converted(cost, row["currency"], day)
        return Sale(
            books.placed(order),
            day,
            books.converted(row["amount"], row["currency"], day),
            net,
            None if net is None or spent is None else net - spent,
            tuple(
                (at, books.converted(r.row["amount"], row["currency"], at)) for r in refunds for at in [books.day(r)]
            ),
            not (back > 0 and back >= row["amount"]),
        )

    @cached_property
    def accrued(self) -> list[tuple[Entry, dict[date, Sum]]]:
        """What each cost comes to on each of its days: spare minor units go to the first of them."""
        minor, found = 10 ** MINOR[self.books.currency], []
        for cost in filter(self.books.is_counted, self.books.costs.living):
            row = cost.row
            days = [row["from_"] + timedelta(days=n) for n in range((row["before"] - row["from_"]).days)]
            value = self.books.converted(row["amount"], row["currency"], row["from_"])
            if value is None:
                found.append((cost, dict.fromkeys(days)))
                continue
            each, spare = divmod(int(value * minor), len(days))
            found.append((cost, {day: Fraction(each + (n < spare), minor) for n, day in enumerate(days)}))
        return found


class View:
    """One period of a count, through filters."""

    def __init__(self, count: Count, span: tuple[date, date], filters: Sequence[Filter]) -> None:
        self.count, self.span, self.filters = count, span, tuple(filters)
        self.crowd = Crowd(count.books, span, [f for f in filters if f.by in SPELL_DIMENSIONS])

    def over(self, span: tuple[date, date]) -> "View":
        """Another period through the same filters."""
        return View(self.count, span, self.filters)

    def holds(self, day: date) -> bool:
        """Whether the day lies in the period."""
        return self.span[0] <= day < self.span[1]

    @cached_property
    def matching(self) -> list[Sale]:
        """Placed orders of any time that the filters keep."""
        return [s for s in self.count.sales if all(f.keeps(values_of(s.order, f.by)) for f in self.filters)]

    @cached_property
    def placed(self) -> list[Sale]:
        """Placed orders of the period."""
        return [sale for sale in self.matching if self.holds(sale.day)]

    @cached_property
    def until(self) -> list[Sale]:
        """Placed orders up to the end of the period."""
        return [sale for sale in self.matching if sale.day < self.span[1]]

    @cached_property
    def purchases(self) -> list[Sale]:
        """Purchases of the period."""
        return [sale for sale in self.placed if sale.is_purchase]

    @cached_property
    def buyers(self) -> dict[str, list[Sale]]:
        """Known customers with purchases in the period, and these."""
        return bought(self.purchases)

    @property
    def known_revenue(self) -> Sum:
        """What known customers brought."""
        return total(sale.net for sale in self.placed if sale.customer)

    def spent(self, categories: Sequence[str]) -> Sum:
        """Costs of some kinds that accrued in the period."""
        return total(
            amount
            for cost, days in self.count.accrued
            if cost.row["category"] in categories and all(f.keeps([_cost_value(cost, f.by)]) for f in self.filters)
            for day, amount in days.items()
            if self.holds(day)
        )

    def newcomers(self, media: Sequence[str] | None = None) -> int:
        """New customers, or those who came from channels of some media."""
        books, found = self.count.books, 0
        for _, ordinal, stay in books.stays(self.crowd.base):
            channel = stay.frozen["acquisition_channel"]
            is_meant = media is None or (channel is not None and books.media.get(channel) in media)
            found += ordinal == 1 and self.holds(stay.start) and is_meant
        return found

    @property
    def months(self) -> Fraction:
        """How long the period is."""
        start, end = self.span
        if start.day == end.day == 1:
            return Fraction(12 * (end.year - start.year) + end.month - start.month)
        return Fraction((end - start).days * 12, 365)

    @property
    def years(self) -> Fraction:
        """The same in years."""
        return self.months / 12

    @property
    def churn(self) -> Fraction | None:
        """The churn rate of the period as a fraction; None where nobody was there at the start."""
        return Fraction(len(self.crowd.lost), len(self.crowd.start)) if self.crowd.start else None


def bought(sales: Iterable[Sale]) -> dict[str, list[Sale]]:
    """Purchases by who is known to have made them."""
    found: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        if sale.customer and sale.is_purchase:
            found[sale.customer].append(sale)
    return found


def _cost_value(cost: Entry, by: str) -> str:
    name = "channel" if by == "ACQUISITION_CHANNEL" else OWN[by]
    return cost.row[name] or ""
