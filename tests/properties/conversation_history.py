"""Random histories of a workspace's conversations: told to the program and to the oracle alike, and compared."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from math import isclose
from random import Random
from typing import Any

import conversation_oracle
import oracle
import stored
from conversation_oracle import DIMENSIONS, KPIS, Desk, Figure
from conversation_rows import ConversationRows
from history import WORDS
from money_history import MoneyHistory
from money_questions import PERIODS, SERIES, Asking, Question
from sqlmodel import col, update

from app.kpis import CUBES
from app.models.workspace import Workspace
from app.services import interaction, kpi, rebuild, staff
from app.services.row import Options, Ref

RATIOS = ("INTERACTIONS", "COMPLAINTS", "RESPONSE_WITHIN_TARGET", "COMPLAINT_RESOLUTION_RATE")
CUBES_HERE = ("interaction", "response", "resolution", "wait", "turn")


class ConversationHistory(ConversationRows, MoneyHistory):
    """One story of one workspace and its conversations."""

    world: Desk

    def __init__(self, people: Any, clock: Any, rng: Random, database: Any, *, time_zone: str, is_long: bool) -> None:
        super().__init__(people, clock, rng, time_zone=time_zone)
        self.database, self.is_long = database, is_long
        self.world = Desk(self.world.zone)
        self.numbers = dict.fromkeys("i", 0)
        for key in ("ann", "ben", "eva"):
            people.write(staff.upsert, {"external_id": key, "name": key.title()})

    def begin(self) -> None:
        """Customers, and something to talk about."""
        self.tell_customers(15)
        self.tell_talks(60 if self.is_long else 40)

    def step(self) -> None:
        """Tell one thing more."""
        steps: dict[Callable[[], None], int] = {
            self.tell_talks: 12,
            self.take_back: 4,
            self.tell_customers: 5,
            self.merge_customers: 1,
            self.let_time_pass: 4,
            self.change_workspace: 1,
            self.compact: 3,
            self.settle: 2,
            self.rebuild_some: 3,
        }
        (do,) = self.rng.choices(list(steps), list(steps.values()))
        do()

    def tell_talks(self, size: int | None = None) -> None:
        """New interactions, some that go on, corrections and repetitions."""
        told = [self._talk() for _ in range(size or self.rng.randint(1, 10))]
        self._tell("talks", interaction.record_batch, told, self.world.talk)

    @staticmethod
    def _row(name: str, row: dict[str, Any], updated: Any) -> dict[str, Any]:
        def ref(key: str | None) -> Ref | None:
            return Ref(external_id=key) if key else None

        named = {part: ref(row[part]) for part in ("customer", "channel", "staff")}
        events = [{"kind": one.kind, "at": one.at, "staff": ref(one.staff)} for one in row["events"]]
        return {"external_id": name, **row, **named, "events": events, "source_updated_at": updated}

    def take_back(self) -> None:
        """Delete some, some twice, some that never came and some too late."""
        talks = self.world.talks
        names = self.rng.sample(list(talks.entries), min(len(talks.entries), self.rng.randint(1, 4)))
        if self.rng.random() < 0.3:
            names.append(f"i{self.numbers['i'] + self.rng.randint(1, 8)}")
        told: list[tuple[str, Any]] = [(name, self._stamp(name)) for name in names]
        self.log.append(("delete", told))
        rows = [{"external_id": name} | ({"source_updated_at": at} if at else {}) for name, at in told]
        results = self.people.write(interaction.delete_batch, rows, Options())
        for (name, updated), result in zip(told, results, strict=True):
            assert result.outcome == talks.delete(name, updated), (name, updated, result)

    def let_time_pass(self) -> None:
        """Until a little later, another time of the day, or another day."""
        self.clock.advance(minutes=self.rng.choice((1, 20, 61, 180, 540, 1440, 3000)))
        self.log.append(("now", self.clock.now))
        self.settle()

    def change_workspace(self) -> None:
        """Another target, another limit; everything is counted anew by them."""
        self.world.target_minutes = self.rng.choice((0, 10, 60, 60, 1440))
        self.world.limit_days = self.rng.choice((1, 7, 7, 30))
        changed = {
            "response_target_minutes": self.world.target_minutes,
            "complaint_limit_days": self.world.limit_days,
        }
        self.log.append(("workspace", changed))
        stored.execute(self.database, update(Workspace).where(col(Workspace.id) == self.people.id).values(**changed))
        self.people.write(rebuild.start, list(CUBES_HERE), afresh=True)
        self.settle()

    def rebuild_some(self) -> None:
        """Begin a rebuild, or go on with one for some facts."""
        self.log.append("rebuild")
        if self.rng.random() < 0.4:
            self.people.write(rebuild.start, self.rng.sample(CUBES_HERE, self.rng.randint(1, 4)))
        for _ in range(self.rng.randint(1, 3)):
            self.people.write(rebuild.step, self.rng.choice((3, 20, 1000)))

    def finish_rebuild(self) -> None:
        """Rebuild everything, to the end."""
        self.settle()
        self.people.write(rebuild.start, list(CUBES))
        while self.people.write(rebuild.step, 17):
            pass
        self.settle()

    # what is asked

    def check(self, names: Sequence[tuple[str, str]] = tuple(KPIS), **_: Any) -> None:
        """Ask every KPI and variant of `names`."""
        asked = [question for name in names for question in self._of(name)]
        answers = self.people.read(kpi.answer, [Asking._put(question) for question in asked])
        told = conversation_oracle.told(self.world, self.clock.now)
        wrong: list[Any] = []
        for (name, span, filters, by, grain), answer in zip(asked, answers, strict=True):
            assert not isinstance(answer, Exception), (name, answer)
            spans = oracle.buckets(span, grain) if grain else [span]
            said = {(answer.slices[key].key if by else key): row for key, row in answer.figures.items()}
            keys = {*(self._values(by) if by else ()), *said}
            for key, row in conversation_oracle.ask(told, name, spans, filters, by, keys=keys).items():
                for place, (figure, one) in enumerate(zip(row, said.get(key) or [None] * len(row), strict=True)):
                    if not self._says(name, spans[place], one, figure):
                        wrong.append((name, spans[place], filters, by, key, one and _figure(one), figure))
        assert not wrong, (len(wrong), wrong[:3], self.log[-1:])

    def _says(self, name: tuple[str, str], span: tuple[date, date], told: Any, expected: Figure) -> bool:
        """Whether two figures say the same; a slice that is not told must hold nothing."""
        if told is None:
            return not any((expected.value, expected.sample, *(count for _, count in expected.left_out)))
        if span[0] > self.today:
            return bool(told.reason == "PERIOD_NOT_STARTED" and told.value is None)
        if _figure(told)[2:] != expected[2:]:
            return False
        if told.reason != expected.reason or expected.value is None or told.value is None:
            return told.reason == expected.reason and told.value is expected.value
        is_exact = name[0] in RATIOS or name[1] == "mean"
        return isclose(told.value, expected.value, rel_tol=1e-12 if is_exact else 0.008)

    def _of(self, name: tuple[str, str]) -> Iterator[Question]:
        part = self._span()
        for span in (*self.rng.sample(PERIODS, 2), (date(2026, 1, 1), self.today + timedelta(days=1)), part):
            yield name, span, (), None, None
        for grain, span in self.rng.sample(SERIES, 1 + self.is_long):
            yield name, span, (), None, grain
        one, other, third = self.rng.sample(DIMENSIONS, 3)
        whole = (date(2025, 11, 1), date(2026, 8, 1))
        for span in (whole, part) if self.is_long else (whole,):
            yield name, span, (), one, None
            yield name, span, (), "STAFF", None
            yield name, span, (self._filter(other),), None, None
            yield name, span, (self._filter(other),), other, None
            yield name, span, (self._filter(one),), other, None
            yield name, span, (self._filter(one), self._filter(third)), "STAFF", None
        yield name, SERIES[0][1], (self._filter(one),), None, "MONTH"
        if not self.is_long:
            return
        yield name, SERIES[0][1], (), other, "MONTH"
        yield name, SERIES[1][1], (self._filter("STAFF"),), third, "WEEK"

    def _values(self, by: str) -> list[str]:
        """Values that a dimension may have, as callers write them."""
        if by == "STAFF":
            return ["", "ann", "ben", "eva"]
        word = {**conversation_oracle.OWN, **oracle.FROZEN}[by]
        return ["", *sorted({value for value in WORDS[word] if value})]


def _figure(told: Any) -> Figure:
    """A figure of the program, in the oracle's words."""
    left_out = tuple((one.key, count) for one, count in told.left_out)
    reason = told.reason and told.reason.value
    return Figure(told.value, reason, told.numerator, told.denominator, told.sample, left_out)
