"""What a demonstration tells, counted in plain Python from the rows that are to be written."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.demo.company import Company
from app.demo.load import timeline
from app.demo.mistakes import Mistakes
from app.demo.records import Records, records
from app.demo.timeline import Timeline
from app.services.period import Span, before

MINOR = {"EUR": 100, "CHF": 100, "GBP": 100, "CNY": 100, "USD": 100, "JPY": 1}
SERVING = {"SERVICE", "RETENTION"}
TARGET, LIMIT = timedelta(hours=1), timedelta(days=7)
"""Until when customers are to be answered, and complaints resolved: what a workspace has that sets nothing else."""


BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
DAYS = {
    "today": datetime.now(UTC),
    "leap day": datetime(2028, 2, 29, 12, tzinfo=UTC),
    "new year in Berlin": datetime(2027, 1, 1, 0, 0, 1, tzinfo=BERLIN).astimezone(UTC),
    "new year in Shanghai only": datetime(2026, 12, 31, 20, tzinfo=UTC),
    "midnight of a first": datetime(2026, 3, 1, tzinfo=SHANGHAI).astimezone(UTC),
    "the clock goes back": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
}
"""When demonstrations are made in tests."""


class Told:
    """One company at one time: its rows as they are written, and as they stand when all is written."""

    def __init__(self, company: Company, now: datetime) -> None:
        self.timeline: Timeline = timeline(company, now)
        self.home: str = company.workspace["currency"]
        self.records: Records = records(company, self.timeline)
        self.population = self.records.population
        self.mistakes: Mistakes = self.records.feedback
        self.customers = {row["external_id"]: row for row in self.population.rows()}
        self.standing = _standing(self.records.feedback)
        self.orders = _standing(self.records.orders)
        self.talks = _standing(self.records.talks)
        self.rates = {(row["from_"], row["date"]): Fraction(row["rate"]) for row in self.records.rates}
        self.given_back: dict[str, list[dict[str, Any]]] = {}
        for row in self.records.refunds:
            self.given_back.setdefault(row["order"].external_id, []).append(row)

    def scores(self, kind: str, span: Span) -> Counter[Fraction]:
        """How often each place between worst (0) and best (1) was answered in the span, tests left out."""
        found: Counter[Fraction] = Counter()
        for row in self.standing.values():
            if row["kind"] != kind or row.get("score") is None or self._is_test(row):
                continue
            if span.start <= self.day(row) < span.end:
                worst, best = row["scale_worst"], row["scale_best"]
                found[Fraction(row["score"] - worst, best - worst)] += 1
        return found

    def day(self, row: dict[str, Any]) -> date:
        """The day on which it happened, there."""
        return self._there(row["occurred_at"])

    def _is_test(self, row: dict[str, Any]) -> bool:
        return "customer" in row and self.customers[row["customer"].external_id].get("is_test", False)

    def value(self, kpi: str, span: Span) -> Fraction | None:
        """What the KPI comes to."""
        match kpi:
            case "CSAT":
                found = self.scores("CSAT", span)
                return _percent(sum(n for place, n in found.items() if place >= Fraction(7, 10)), found.total())
            case "NPS":
                found = self.scores("NPS", span)
                promoters = sum(n for place, n in found.items() if place >= Fraction(9, 10))
                detractors = sum(n for place, n in found.items() if place <= Fraction(6, 10))
                return _percent(promoters - detractors, found.total())
            case "RETENTION_RATE":
                return _percent(*self._kept(span))
            case "CHURN_RATE":
                kept, there = self._kept(span)
                return _percent(there - kept, there)
        return self._trade(kpi, span)

    def _trade(self, kpi: str, span: Span) -> Fraction | None:
        """What a KPI of what is sold and spent comes to."""
        match kpi:
            case "RETURN_RATE":
                placed = self.placed(span)
                return _percent(sum(row["external_id"] in self.given_back for row in placed), len(placed))
            case "REPEAT_PURCHASE_RATE":
                buyers = self.buyers(span)
                return _percent(sum(n > 1 for n in buyers.values()), len(buyers))
            case "REVENUE":
                return Fraction(sum(self.net(row) for row in self.placed(span)), 100)
            case "REVENUE_GROWTH":
                now, then = self.value("REVENUE", span), self.value("REVENUE", before(span))
                return _percent(now - then, then)
            case "AVERAGE_ORDER_VALUE":
                return _ratio(self.value("REVENUE", span), len(self.purchases(span)))
        return self._value(kpi, span)

    def _value(self, kpi: str, span: Span) -> Fraction | None:
        """What a KPI of the worth of customers comes to."""
        match kpi:
            case "CAC":
                new = sum(
                    span.start <= row["history"][0]["from_"] < span.end
                    for row in self.customers.values()
                    if not row.get("is_test")
                )
                return _ratio(self.spent(span, lambda category: category not in {*SERVING, "OTHER"}), new)
            case "COST_TO_SERVE":
                return _ratio(self.spent(span, SERVING.__contains__), len(self.active(span.end)))
            case "CLV":  # of a whole year, so that its length in years is one
                kept, there = self._kept(span)
                buyers = self.buyers(span)
                often = Fraction(buyers.total(), len(buyers))
                return self.value("AVERAGE_ORDER_VALUE", span) * often / Fraction(there - kept, there)
        return self._served(kpi, span)

    def _served(self, kpi: str, span: Span) -> Fraction | None:
        """What a KPI of conversations comes to."""
        match kpi:
            case "RESPONSE_TIME mean":
                waits = [wait.total_seconds() for wait in self.waits(span).values()]
                return _ratio(Fraction(sum(waits)), len(waits))
            case "RESPONSE_WITHIN_TARGET":
                waits, missed = self.waits(span), sum(1 for _ in self.missed(span))
                return _percent(sum(wait <= TARGET for wait in waits.values()), len(waits) + missed)
            case "COMPLAINT_RESOLUTION_RATE":
                complaints = self.complaints(span)
                soon = [at for row in complaints if (at := ended_at(row)) and at - row["occurred_at"] <= LIMIT]
                return _percent(len(soon), len(complaints))
            case "COMPLAINTS":
                return Fraction(len(self.complaints(span)))
            case "INTERACTIONS":
                return Fraction(len(self.conversations(span)))
        raise KeyError(kpi)

    def conversations(self, span: Span) -> list[dict[str, Any]]:
        """The conversations that began in the span."""
        return [row for row in self.talks.values() if not self._is_test(row) and span.start <= self.day(row) < span.end]

    def complaints(self, span: Span) -> list[dict[str, Any]]:
        """The complaints that stand among them."""
        return [row for row in self.conversations(span) if (row["kind"], row["standing"]) == ("COMPLAINT", "VALID")]

    def waits(self, span: Span) -> dict[str, timedelta]:
        """How long customers waited who were answered first in the span, by the conversation."""
        found = {}
        for key, row in self.talks.items():
            replied = answered_at(row)
            if replied and not self._is_test(row) and span.start <= self._there(replied) < span.end:
                found[key] = replied - row["occurred_at"]
        return found

    def missed(self, span: Span) -> Iterator[str]:
        """The conversations that nobody has answered and that became late in the span."""
        for key, row in self.talks.items():
            due = row["occurred_at"] + TARGET
            if answered_at(row) or self._is_test(row) or due > self.timeline.now:
                continue
            if span.start <= self._there(due) < span.end:
                yield key

    def _there(self, at: datetime) -> date:
        return at.astimezone(self.timeline.zone).date()

    def placed(self, span: Span) -> list[dict[str, Any]]:
        """The orders of the span that count."""
        return [
            row
            for row in self.orders.values()
            if row["status"] == "COMPLETED" and not self._is_test(row) and span.start <= self.day(row) < span.end
        ]

    def back(self, row: dict[str, Any]) -> Any:
        """How much of an order was given back."""
        return sum(refund["amount"] for refund in self.given_back.get(row["external_id"], ()))

    def net(self, row: dict[str, Any]) -> int:
        """What is left of an order, in the smallest unit of the company's currency."""
        return self.converted(row["amount"] - self.back(row), row["currency"], self.day(row))

    def converted(self, amount: Any, currency: str, day: date) -> int:
        """An amount in the smallest unit of the company's currency, at the rate of the day."""
        assert Fraction(amount) * MINOR[currency] % 1 == 0
        rate = 1 if currency == self.home else self.rates[currency, day]
        return round(Fraction(amount) * rate * MINOR[self.home])  # of a Fraction: half to even

    def purchases(self, span: Span) -> list[dict[str, Any]]:
        """The orders of the span of which something was kept."""
        return [row for row in self.placed(span) if not (self.back(row) and self.back(row) >= row["amount"])]

    def buyers(self, span: Span) -> Counter[str]:
        """How often each customer bought in the span."""
        return Counter(row["customer"].external_id for row in self.purchases(span) if "customer" in row)

    def spent(self, span: Span, counts: Any) -> Fraction:
        """What the span bears of the costs whose category counts, day by day."""
        minor = 0
        for row in self.records.costs:
            if not counts(row["category"]):
                continue
            whole = self.converted(row["amount"], row["currency"], row["from_"])
            days = (row["before"] - row["from_"]).days
            for place in range(days):
                if span.start <= row["from_"] + timedelta(days=place) < span.end:
                    minor += whole // days + (place < whole % days)
        return Fraction(minor, 100)

    def _kept(self, span: Span) -> tuple[int, int]:
        there, still = self.active(span.start), self.active(span.end)
        return len(there & still), len(there)

    def active(self, day: date) -> set[str]:
        """Who is a customer when the day begins."""
        return {
            key
            for key, row in self.customers.items()
            if not row.get("is_test")
            and any(stay["from_"] < day and (stay["before"] or date.max) >= day for stay in row["history"])
        }


def _standing(mistakes: Mistakes) -> dict[str, dict[str, Any]]:
    """What stands when all mistakes are made good."""
    found = {row["external_id"]: row for row in mistakes.first}
    for row in mistakes.corrections:
        assert row["external_id"] in found
        found[row["external_id"]] = row
    for row in mistakes.deletions:
        del found[row["external_id"]]
    return found


def answered_at(row: dict[str, Any]) -> datetime | None:
    """When staff replied first in the conversation."""
    return min((event["at"] for event in row["events"] if event["kind"] == "STAFF_REPLY"), default=None)


def ended_at(row: dict[str, Any]) -> datetime | None:
    """When the conversation was resolved for good; None while it is open, or open again."""
    steps = [(event["at"], event["kind"]) for event in row["events"] if event["kind"] in {"RESOLVED", "REOPENED"}]
    at, kind = max(steps, default=(None, None))
    return at if kind == "RESOLVED" else None


def _ratio(whole: Fraction | int, parts: Fraction | int) -> Fraction | None:
    return Fraction(whole) / parts if parts else None


def _percent(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    return _ratio(100 * part, whole)


@lru_cache(maxsize=4)
def told(company: str, now: datetime) -> Told:
    """The company's rows at that time."""
    from app.demo.load import COMPANIES

    (one,) = (each for each in COMPANIES if each.key == company)
    return Told(one, now)
