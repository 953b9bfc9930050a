"""What is asked of a workspace's money after a story, and how the answers are compared with the oracle's."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import isclose
from typing import Any

import oracle
from history import WORDS
from money_counts import Count
from money_oracle import KPIS, ask, dimensions
from money_rows import MoneyRows
from oracle import Figure, Filter

from app.kpis.dimension import Dimension
from app.services import kpi
from app.services.period import Grain, Span
from app.services.slices import Filter as Asked

PERIODS = (
    (date(2026, 4, 1), date(2026, 5, 1)),
    (date(2026, 6, 1), date(2026, 7, 1)),
    (date(2026, 5, 4), date(2026, 5, 11)),
    (date(2026, 6, 15), date(2026, 6, 22)),
    (date(2026, 1, 1), date(2026, 4, 1)),
    (date(2025, 1, 1), date(2026, 1, 1)),
    (date(2026, 1, 1), date(2027, 1, 1)),
)
"""A month, the running one, a week, the running one, a quarter, a year, the running one."""

SERIES = (
    ("MONTH", (date(2025, 9, 1), date(2026, 7, 1))),
    ("WEEK", (date(2026, 4, 8), date(2026, 5, 20))),
    ("QUARTER", (date(2025, 2, 10), date(2026, 6, 10))),
    ("YEAR", (date(2024, 7, 1), date(2027, 1, 1))),
    ("DAY", (date(2026, 5, 28), date(2026, 6, 4))),
)
EMPTY = (Figure(None, "NO_DATA", None, None), Figure(None, "ZERO_DENOMINATOR", None, None))

Question = tuple[tuple[str, str], tuple[date, date], tuple[Filter, ...], str | None, str | None]
"""KPI and variant, period, filters, dimension of the breakdown, grain of the series."""


class Asking(MoneyRows):
    """Asks the program and the oracle, and compares."""

    def check(self, names: Sequence[tuple[str, str]] = tuple(KPIS), **_: Any) -> None:
        """Ask every KPI and variant of `names`."""
        asked = [question for name in names for question in self._of(name)]
        answers = self.people.read(kpi.answer, [self._put(question) for question in asked])
        count = Count(self.world, self.today)
        wrong: list[Any] = []
        for (name, span, filters, by, grain), answer in zip(asked, answers, strict=True):
            assert not isinstance(answer, Exception), (name, answer)
            spans = oracle.buckets(span, grain) if grain else [span]
            told = {(answer.slices[key].key if by else key): row for key, row in answer.figures.items()}
            expected = ask(count, name, spans, filters, by, keys={*(self._values(by) if by else ()), *told})
            for key, row in expected.items():
                for place, (figure, said) in enumerate(zip(row, told.get(key) or [None] * len(row), strict=True)):
                    if not self._agree(spans[place], said, figure):
                        wrong.append((name, spans[place], filters, by, key, said, figure))
        assert not wrong, (len(wrong), wrong[:3], self.log[-3:])

    def _agree(self, span: tuple[date, date], told: Any, expected: Figure) -> bool:
        """Whether two figures say the same; a slice that is not told must hold nothing."""
        if told is None:
            return expected.value == 0 or expected.reason in ("NO_DATA", "ZERO_DENOMINATOR")
        if span[0] > self.today:
            return bool(told.reason == "PERIOD_NOT_STARTED" and told.value is None)
        if told.reason != expected.reason or (told.value is None) != (expected.value is None):
            return False
        if expected.value is None:
            return True
        names = ("value", "numerator", "denominator")
        parts = [(getattr(told, name), getattr(expected, name)) for name in names]
        return all(b is None or (a is not None and isclose(a, b, rel_tol=1e-12)) for a, b in parts)

    def _of(self, name: tuple[str, str]) -> Iterator[Question]:
        dims, part = dimensions(*name), self._span()
        for span in (*PERIODS, (date(2026, 1, 1), self.today + timedelta(days=1)), part, self._span()):
            yield name, span, (), None, None
        for grain, span in SERIES:
            yield name, span, (), None, grain
        if not dims:
            return
        one, other = self.rng.choice(dims), self.rng.choice(dims)
        whole = (date(2025, 4, 1), date(2026, 7, 1))
        for span in (whole, part):
            yield name, span, (), one, None
            yield name, span, (self._filter(other),), None, None
            yield name, span, (self._filter(one),), other, None
        yield name, SERIES[0][1], (self._filter(one),), None, "MONTH"
        yield name, SERIES[2][1], (), other, "QUARTER"

    @staticmethod
    def _put(question: Question) -> kpi.Question:
        name, span, filters, by, grain = question
        return kpi.Question(
            name[0],
            Span(*span),
            name[1],
            tuple(Asked(Dimension(f.by), f.any_of, f.none_of) for f in filters),
            Grain(grain) if grain else None,
            Dimension(by) if by else None,
        )

    def _values(self, by: str) -> list[str]:
        """Values that a dimension may have, as callers write them."""
        if by == "PURCHASE_COHORT":
            return super()._values(by)
        word = {**oracle.OWN, **oracle.FROZEN, "TEAM": "team"}[by]
        if by == "STAFF" and not any(entry.row["staff"] for entry in self.world.orders.entries.values()):
            return [""]
        return ["", *sorted({value for value in WORDS[word] if value})]
