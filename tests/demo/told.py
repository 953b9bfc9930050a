"""What a demonstration tells, counted in plain Python from the rows that are to be written."""

from collections import Counter
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from app.demo import answers
from app.demo.company import Company
from app.demo.load import timeline
from app.demo.mistakes import Mistakes, made_in
from app.demo.people import Population
from app.demo.timeline import Timeline
from app.services.period import Span


class Told:
    """One company at one time: its rows as they are written, and as they stand when all is written."""

    def __init__(self, company: Company, now: datetime) -> None:
        self.timeline: Timeline = timeline(company, now)
        self.population = Population(company, self.timeline)
        self.mistakes: Mistakes = made_in(answers.rows(company, self.timeline, self.population), self.timeline)
        self.customers = {row["external_id"]: row for row in self.population.rows()}
        self.standing: dict[str, dict[str, Any]] = {row["external_id"]: row for row in self.mistakes.first}
        for row in self.mistakes.corrections:
            assert row["external_id"] in self.standing
            self.standing[row["external_id"]] = row
        for row in self.mistakes.deletions:
            del self.standing[row["external_id"]]

    def scores(self, kind: str, span: Span) -> Counter[Fraction]:
        """How often each place between worst (0) and best (1) was answered in the span, tests left out."""
        found: Counter[Fraction] = Counter()
        for row in self.standing.values():
            if row["kind"] != kind or row.get("score") is None or self._is_test(row):
                continue
            if span.start <= row["occurred_at"].astimezone(self.timeline.zone).date() < span.end:
                worst, best = row["scale_worst"], row["scale_best"]
                found[Fraction(row["score"] - worst, best - worst)] += 1
        return found

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
        raise KeyError(kpi)

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


def _percent(part: int, whole: int) -> Fraction | None:
    return Fraction(100 * part, whole) if whole else None


@lru_cache(maxsize=4)
def told(company: str, now: datetime) -> Told:
    """The company's rows at that time."""
    from app.demo.load import COMPANIES

    (one,) = (each for each in COMPANIES if each.key == company)
    return Told(one, now)
