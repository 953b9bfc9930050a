"""Who was a customer when, and what they had agreed to pay, counted day by day in plain Python.

It shares no code with the program: a customer is somebody of whom something holds on a day, and every figure is counted
from sets of people.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
PER_YEAR = {"MONTH": 12, "QUARTER": 4, "YEAR": 1}


@dataclass
class Books:
    """What was told, by names; whoever was merged has the name of who is kept."""

    today: date
    basis: str = "STATUS"
    window: int = 90
    types: tuple[str, ...] | None = None
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    contracts: dict[str, dict[str, Any]] = field(default_factory=dict)
    stays: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    called: dict[str, str] = field(default_factory=dict)

    def who(self, name: str) -> str:
        """Whom a name means."""
        while name in self.called:
            name = self.called[name]
        return name

    def merge(self, gone: str, kept: str) -> tuple[Any, ...]:
        """Have a name mean somebody else; what it takes to take that back."""
        owned = [{name for name, row in told.items() if self.who(row["customer"]) == gone} for told in self.told]
        before = {name: list(self.stays.get(name, [])) for name in (gone, kept)}
        self.called[gone] = kept
        return gone, kept, owned, before, gone in self.tests

    def part(self, gone: str, kept: str, owned: list[set[str]], before: Any, was_test: bool, made: list[Any]) -> None:
        """Take a merge back: what came since stays with whom it came to, and so does a time that was changed since."""
        for told, mine in zip(self.told, owned, strict=True):
            for name, row in told.items():
                if self.who(row["customer"]) == kept:
                    row["customer"] = gone if name in mine else kept
        del self.called[gone]
        now: list[Any] = []
        for stay in self.stays.get(kept, []):
            end = stay["before"] or date.max
            now += [one for one in before[kept] if stay["from"] <= one["from"] < end] if stay in made else [stay]
        self.stays[gone], self.stays[kept] = before[gone], now
        (self.tests.add if was_test else self.tests.discard)(gone)

    @property
    def told(self) -> tuple[dict[str, dict[str, Any]], ...]:
        """What names a customer."""
        return self.orders, self.events, self.contracts

    # who is a customer

    def deeds(self, name: str) -> set[date]:
        """The days on which somebody bought or used something that counts."""
        bought = {
            row["day"]
            for order, row in self.orders.items()
            if self.who(row["customer"]) == name and row["status"] == "COMPLETED" and order not in self.refunds.values()
        }
        used = {
            row["day"]
            for row in self.events.values()
            if self.who(row["customer"]) == name and (self.types is None or row["type"] in self.types)
        }
        return bought | used

    def running(self, name: str) -> list[dict[str, Any]]:
        return [
            row
            for _, row in sorted(self.contracts.items())
            if self.who(row["customer"]) == name and row["status"] == "ACTIVE"
        ]

    def days(self, name: str) -> set[date]:
        """The days on which somebody is a customer, up to today."""
        every = {FIRST + timedelta(days=n) for n in range((self.today - FIRST).days + 1)}
        if self.basis == "ACTIVITY":
            ahead = {did + timedelta(days=n) for did in self.deeds(name) for n in range(self.window)}
            return every & ahead
        times = self.stays.get(name, []) if self.basis == "STATUS" else self.running(name)
        return {day for day in every if any(t["from"] <= day < (t["before"] or date.max) for t in times)}

    def all_days(self) -> dict[str, set[date]]:
        """The same of everybody who counts."""
        real = {self.who(name) for name in self.names} - self.tests
        return {name: self.days(name) for name in real}

    # what they pay

    def paid(self, name: str, day: date, product: str | None = None) -> int:
        """What somebody's contracts come to in a year, as of a day, in cents."""
        total = 0
        for row in self.running(name):
            if row["from"] <= day < (row["before"] or date.max) and product in (None, row["product"]):
                holds = [term for term in row["terms"] if term["from_"] <= day]
                if holds:
                    total += int(Fraction(holds[-1]["amount"]) * 100) * PER_YEAR[row["interval"]]
        return total


class Count:
    """The sets of people of one period, from which every figure is counted."""

    def __init__(self, books: Books, low: date, high: date) -> None:
        self.books, self.low, self.high = books, low, high
        self.all = books.all_days()
        self.inside = [low + timedelta(days=n) for n in range((high - low).days)]
        self.start = {name for name, days in self.all.items() if low - DAY in days}
        self.end = {name for name, days in self.all.items() if high - DAY in days}
        self.new = {name for name, days in self.all.items() if days and low <= min(days) < high}
        self.gone = [
            (name, day)
            for name, days in self.all.items()
            for day in self.inside
            if day - DAY in days and day not in days
        ]

    @property
    def reactivated(self) -> int:
        """Who was there at the start and the end, and not on some day between."""
        return sum(any(day not in self.all[name] for day in self.inside) for name in self.start & self.end)

    @property
    def brief(self) -> int:
        """Who was there neither at the start nor at the end, and on some day between."""
        others = self.all.keys() - self.start - self.end
        return sum(any(day in self.all[name] for day in self.inside) for name in others)

    def reasons(self, what: str) -> Counter[str]:
        """How many departures there were for each reason, or of each kind."""
        found: Counter[str] = Counter()
        for name, day in self.gone:
            books = self.books
            if books.basis == "ACTIVITY":
                found[""] += 1
                continue
            times = books.stays[name] if books.basis == "STATUS" else books.running(name)
            (reason,) = {one[what] for one in times if one["before"] == day}
            found[reason or ""] += 1
        return found

    # revenue

    def pairs(self, product: str | None = None) -> list[tuple[int, int]]:
        """What each who counts paid at the start and pays at the end."""
        books = self.books
        real = {books.who(name) for name in books.names} - books.tests
        return [
            (books.paid(name, self.low - DAY, product), books.paid(name, self.high - DAY, product)) for name in real
        ]

    def revenue(self, product: str | None = None) -> dict[str, Any]:
        pairs = self.pairs(product)
        start = Fraction(sum(before for before, _ in pairs), 1200)
        return {
            "MRR": Fraction(sum(after for _, after in pairs), 1200),
            "GROSS_REVENUE_RETENTION": (Fraction(sum(min(one) for one in pairs), 1200), start),
            "NET_REVENUE_RETENTION": (Fraction(sum(after for before, after in pairs if before), 1200), start),
        }


KPIS: dict[tuple[str, str], Callable[[Count], Any]] = {
    ("MRR", "default"): lambda c: (c.revenue()["MRR"], None),
    ("MRR", "annual"): lambda c: (c.revenue()["MRR"] * 12, None),
    ("GROSS_REVENUE_RETENTION", "default"): lambda c: c.revenue()["GROSS_REVENUE_RETENTION"],
    ("NET_REVENUE_RETENTION", "default"): lambda c: c.revenue()["NET_REVENUE_RETENTION"],
}
"""Numerator and denominator of the KPIs of contracts."""

TENURE: dict[tuple[str, str | None], Callable[[Count], Any]] = {
    ("NEW_CUSTOMERS", None): lambda c: (len(c.new), None),
    ("CHURNED_CUSTOMERS", None): lambda c: (len(c.gone), None),
    ("ACTIVE_CUSTOMERS", None): lambda c: (len(c.end), None),
    ("RETENTION_RATE", None): lambda c: (len(c.start & c.end), len(c.start)),
    ("RETENTION_RATE", "net_count"): lambda c: (len(c.end) - len(c.new), len(c.start)),
    ("CHURN_RATE", None): lambda c: (len(c.start - c.end), len(c.start)),
    ("CHURN_RATE", "churned_over_start"): lambda c: (len(c.gone), len(c.start)),
    ("CHURN_RATE", "churned_over_start_plus_new"): lambda c: (len(c.gone), len(c.start) + len(c.new)),
}
"""Numerator and denominator of the KPIs of who stays and who leaves."""
