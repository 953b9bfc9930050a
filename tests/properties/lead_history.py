"""Random histories of a workspace's leads: told to the program and to the oracle alike, and compared."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from math import isclose
from random import Random
from typing import Any

import oracle
from history import WORDS
from lead_oracle import KPIS, LeadBooks, Told, ask, dimensions, median_days, reasons
from money_history import MoneyHistory
from oracle import Filter

from app.actor import Scope
from app.kpis.dimension import Dimension
from app.services import kpi, lead, lead_funnel, rebuild
from app.services.lead_funnel import LeadStage, Wanted
from app.services.period import Grain, Span
from app.services.row import Options
from app.services.slices import Filter as Asked
from app.uow import Uow, writes

WINDOWS = (90, 30, 7, 1)
MONTHS = (date(2025, 9, 1), date(2026, 7, 1))
FINE = 0.008
"""Within what part of itself a percentile is told."""

Question = tuple[tuple[str, str], tuple[date, date], tuple[Filter, ...], str | None, str | None]
"""KPI and variant, period, filters, dimension of the breakdown, grain of the series."""


@writes(Scope.WORKSPACE_ADMIN)
def set_window(uow: Uow, days: int) -> None:
    """What a change of the setting comes to."""
    uow.workspace.conversion_window_days = days
    rebuild.start(uow, ["lead"], afresh=True)


class LeadHistory(MoneyHistory):
    """One story of one workspace and its leads."""

    world: LeadBooks

    def __init__(self, people: Any, clock: Any, rng: Random, *, time_zone: str) -> None:
        super().__init__(people, clock, rng, time_zone=time_zone)
        self.world = LeadBooks(self.world.zone)
        self.numbers["l"] = 0

    def begin(self) -> None:
        """Something of each kind, so that everything is in use."""
        self.tell_customers(15)
        self.tell_leads(60)

    # what is told

    def step(self) -> None:
        """Tell one thing more."""
        steps: dict[Callable[[], None], int] = {
            self.tell_leads: 10,
            self.take_back: 3,
            self.tell_customers: 5,
            self.merge_customers: 2,
            self.let_time_pass: 1,
            self.change_window: 2,
            self.compact: 3,
            self.settle: 2,
            self.rebuild_some: 3,
        }
        (do,) = self.rng.choices(list(steps), list(steps.values()))
        do()

    def tell_leads(self, size: int | None = None) -> None:
        """New leads, what became of others, corrections, repetitions, and what cannot be."""
        told = [self._lead() for _ in range(size or self.rng.randint(1, 12))]
        self._tell("leads", lead.record_batch, told, self.world.lead)

    def _lead(self) -> tuple[str, dict[str, Any], datetime | None]:
        old, fresh = self._old(self.world.leads), self._content()
        name = old.name if old else self._new("l")
        row = self._mixed(old, fresh, "won_at", "lost_at", "lost_reason") if old else fresh
        return name, row, self._stamp(name)

    def _content(self) -> dict[str, Any]:
        rng, first = self.rng, self._instant()
        won, lost = rng.choice(((True, False), (True, False), (False, True), (False, False)))
        if rng.random() < 0.02:
            won = lost = True
        return {
            "type": rng.choice(("NEW", "NEW", "NEW", "EXPANSION", "RENEWAL")),
            "customer": rng.choice((None, None, *(f"c{n}" for n in range(1, 13)), "stub1", "stub2")),
            **{name: self._pick(name) for name in ("channel", "staff", "product", "campaign", "journey_stage")},
            "qualified_at": self._after(first) if rng.random() < 0.6 else None,
            "won_at": self._after(first) if won else None,
            "lost_at": self._after(first) if lost else None,
            "lost_reason": self._pick("reason") if lost or rng.random() < 0.02 else None,
            "occurred_at": first,
        }

    def _after(self, first: datetime) -> datetime:
        """Some time after a first contact, at times the very end of a window, at times before it."""
        rng = self.rng
        sooner = timedelta(days=rng.choice(WINDOWS), seconds=rng.choice((-1, 0, 0, 1)))
        later = timedelta(seconds=rng.randrange(rng.choice((3, 10, 120)) * 86_400))
        taken = rng.choice((sooner, later, later, later, timedelta(0), -timedelta(hours=rng.randint(1, 99))))
        at: datetime = first + taken
        return min(at, self.clock.now + timedelta(hours=20))

    def take_back(self) -> None:
        """Delete some, some twice, some that never came and some too late."""
        shelf = self.world.leads
        names = self.rng.sample(list(shelf.entries), min(len(shelf.entries), self.rng.randint(1, 4)))
        if self.rng.random() < 0.3:
            names.append(f"l{self.numbers['l'] + self.rng.randint(1, 8)}")
        told = [(name, self._stamp(name)) for name in names]
        self.log.append(("delete", told))
        rows = [{"external_id": name} | ({"source_updated_at": updated} if updated else {}) for name, updated in told]
        for (name, updated), result in zip(told, self.people.write(lead.delete_batch, rows, Options()), strict=True):
            assert result.outcome == shelf.delete(name, updated), (name, updated, result)

    def change_window(self) -> None:
        """Another time in which leads are to be won."""
        self.world.window = self.rng.choice(WINDOWS)
        self.log.append(("window", self.world.window))
        self.is_waiting = True
        self.people.write(set_window, self.world.window)

    # what is asked

    def check_on_the_way(self) -> None:
        """Some questions; only what a setting changes takes a job to be counted anew."""
        if self.is_waiting:
            self.settle()
        self.check(self.rng.sample(list(KPIS), 4))

    def check(self, names: Any = tuple(KPIS), **_: Any) -> None:
        """Ask every KPI and variant of `names`, and the funnel."""
        asked = [question for name in names for question in self._of(name)]
        answers = self.people.read(kpi.answer, [self._put(question) for question in asked])
        for question, answer in zip(asked, answers, strict=True):
            assert not isinstance(answer, Exception), (question, answer)
            self._compare(question, answer)
        self._check_funnel()

    def _compare(self, question: Question, answer: Any) -> None:
        name, span, filters, by, grain = question
        spans = oracle.buckets(span, grain) if grain else [span]
        told = {(answer.slices[key].key if by else key): row for key, row in answer.figures.items()}
        for key in {*(self._values(by) if by else ("",)), *told}:
            narrowed = (*filters, Filter(by, (key,))) if by else filters
            for place, one in enumerate(spans):
                expected = ask(self.world, name, one, narrowed)
                figure = told[key][place] if key in told else None
                assert self._same(one, figure, expected, by), (question, one, key, figure, expected, self.log[-3:])

    def _same(self, span: tuple[date, date], figure: Any, expected: Told, by: str | None) -> bool:
        """Whether two figures say the same; a slice that is not told must hold nothing."""
        if figure is None:
            return not expected.value and not expected.numerator and not expected.left_out
        if span[0] > self.today:
            return bool(figure.reason == "PERIOD_NOT_STARTED")
        if by and figure.reason in ("NO_DATA", "ZERO_DENOMINATOR"):
            return expected.reason in ("NO_DATA", "ZERO_DENOMINATOR")
        left_out = sum(count for _, count in figure.left_out) if figure.left_out else None
        parts = (figure.numerator, figure.denominator, figure.sample, left_out)
        wanted = (expected.numerator, expected.denominator, expected.sample, expected.left_out)
        if (figure.reason, figure.value is None) != (expected.reason, expected.value is None):
            return False
        # a percentile has a sample and no parts
        close = FINE if expected.numerator is None else 1e-12
        near = expected.value is None or isclose(figure.value, expected.value, rel_tol=close, abs_tol=1e-9)
        return near and all(b is None or isclose(a, b, rel_tol=1e-12) for a, b in zip(parts, wanted, strict=True))

    def _check_funnel(self) -> None:
        span, by = self._span(), self.rng.choice(dimensions("LEADS"))
        for filters in ((), (self._filter(by),)):
            wanted = [Wanted(Span(*span), tuple(map(_asked, filters)))]
            ((found,), (why,), (taken,)) = (
                self.people.read(read, wanted)
                for read in (lead_funnel.funnels, lead_funnel.reasons, lead_funnel.medians)
            )
            counts = [step.leads for step in found.steps]
            names = (("LEADS", "default"), ("CONVERSION_RATE", "qualified"), ("CONVERSION_RATE", "default"))
            assert counts == [ask(self.world, name, span, filters).numerator for name in names], self.log[-3:]
            assert counts[0] == counts[2] + found.won_late + found.lost + found.open
            assert dict(why.counts) == reasons(self.world, span, filters)
            for stage, part in ((LeadStage.QUALIFIED, "qualified_at"), (LeadStage.WON, "won_at")):
                expected = median_days(self.world, part, span, filters)
                assert (taken[stage] is None) == (expected is None)
                assert expected is None or isclose(taken[stage], expected, rel_tol=FINE, abs_tol=1e-9)

    def _of(self, name: tuple[str, str]) -> Iterator[Question]:
        dims, part = dimensions(name[0]), self._span()
        whole = (date(2025, 4, 1), date(2026, 7, 1))
        one, other = self.rng.choice(dims), self.rng.choice(dims)
        for span in (whole, part, (date(2026, 5, 4), date(2026, 5, 11))):
            yield name, span, (), None, None
            yield name, span, (), one, None
            yield name, span, (self._filter(other),), None, None
            yield name, span, (self._filter(one),), other, None
        yield name, MONTHS, (), None, "MONTH"
        yield name, MONTHS, (self._filter(one), self._filter(other)), None, "MONTH"
        yield name, part, (), None, "WEEK"

    @staticmethod
    def _put(question: Any) -> kpi.Question:
        name, span, filters, by, grain = question
        asked = tuple(map(_asked, filters))
        cut = (Grain(grain) if grain else None, Dimension(by) if by else None)
        return kpi.Question(name[0], Span(*span), name[1], asked, *cut)

    def _values(self, by: str | None) -> list[str]:
        """Values that a dimension may have, as callers write them."""
        if by is None or by == "TEAM":
            return [""]
        word = {**oracle.OWN, **oracle.FROZEN, "REASON": "reason"}[by]
        if by == "STAFF" and not any(entry.row["staff"] for entry in self.world.leads.entries.values()):
            return [""]
        return ["", *sorted({value for value in WORDS[word] if value})]


def _asked(one: Filter) -> Asked:
    return Asked(Dimension(one.by), one.any_of, one.none_of)
