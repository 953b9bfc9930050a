"""Random histories of a workspace's money: told to the program and to the oracle alike, and compared."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from money_books import Books, Shelf
from money_oracle import KPIS, PAID
from money_questions import Asking
from money_rows import Told
from oracle import Person

from app.errors import Invalid
from app.kpis import CUBES
from app.services import channel, cost, exchange_rate, job, merge, order, rebuild, refund, workspace
from app.services.row import Options, Outcome, Ref

MEDIA = (*PAID, "DIRECT", None)
SETTINGS: dict[str, tuple[int | None, ...]] = {
    "repeat_window_days": (90, 30, 7),
    "rate_carry_days": (0, 0, 1, 3),
    "expected_lifespan_months": (None, None, 24),
    "lifespan_cap_months": (None, 36, 60),
}
NAMED = ("customer", "channel", "staff", "order")
"""What a row names by a reference."""


class MoneyHistory(Asking):
    """One story of one workspace and its money."""

    def __init__(self, people: Any, clock: Any, rng: Random, *, time_zone: str) -> None:
        super().__init__(people, clock, rng, time_zone=time_zone)
        self.world = Books(self.world.zone)
        self.numbers = dict.fromkeys("orxk", 0)
        self.is_waiting = False
        for key in ("web", "shop", "ads"):
            self._say_medium(key, PAID[0] if key == "ads" else "DIRECT")

    def begin(self) -> None:
        """Something of each kind, so that everything is in use."""
        self.tell_customers(15)
        self.tell_orders(60)
        self.tell_refunds(12)
        self.tell_costs(12)
        self.tell_rates(10)

    # what is told

    def step(self) -> None:
        """Tell one thing more."""
        steps: dict[Callable[[], None], int] = {
            self.tell_orders: 9,
            self.tell_refunds: 6,
            self.tell_costs: 3,
            self.tell_rates: 5,
            self.take_back: 4,
            self.tell_customers: 5,
            self.merge_customers: 1,
            self.move_staff: 2,
            self.let_time_pass: 1,
            self.change_workspace: 2,
            self.compact: 3,
            self.settle: 2,
            self.rebuild_some: 3,
        }
        (do,) = self.rng.choices(list(steps), list(steps.values()))
        do()

    def tell_orders(self, size: int | None = None) -> None:
        """New orders, some of which were refunded before they came; corrections, cancellations and repetitions."""
        told = [self._order() for _ in range(size or self.rng.randint(1, 10))]
        self._tell("orders", order.record_batch, told, self.world.order)

    def tell_refunds(self, size: int | None = None) -> None:
        """Refunds: of known orders and of those to come, whole and in part, and more than there is to give back."""
        told = [self._refund() for _ in range(size or self.rng.randint(1, 6))]
        create = self.rng.random() < 0.8
        self._tell(
            "refunds",
            refund.record_batch,
            told,
            lambda *row: self.world.refund(*row, create_missing=create),
            create=create,
        )

    def tell_costs(self, size: int | None = None) -> None:
        """Costs, some of the future."""
        told = [self._cost() for _ in range(size or self.rng.randint(1, 4))]
        self._tell("costs", cost.record_batch, told, self.world.cost)

    def tell_rates(self, size: int | None = None) -> None:
        """Rates that were missing, corrections of others, and now and then one for a day that has its rate."""
        if self.rng.random() < 0.3 and self.world.rates.entries:
            self._tell("rates", exchange_rate.record_batch, [self._other_rate()], self.world.rate)
            return
        missing = self.rng.sample(sorted(found := self.missing()), min(len(found), size or self.rng.randint(1, 25)))
        told = [self._rate(currency, day) for currency, day in missing]
        self._tell("rates", exchange_rate.record_batch, told, self.world.rate)

    def tell_all_rates(self) -> None:
        """Every rate that is missing."""
        while self.missing():
            told = [self._rate(currency, day) for currency, day in sorted(self.missing())[:400]]
            self._tell("rates", exchange_rate.record_batch, told, self.world.rate)

    def _tell(
        self, kind: str, service: Any, told: list[Told], expected: Callable[..., str], *, create: bool = True
    ) -> None:
        self.log.append((kind, told))
        rows = [self._row(*one) for one in told]
        results = self.people.write(service, rows, Options(create_missing=create))
        for (name, row, updated), result in zip(told, results, strict=True):
            outcome = expected(name, row, updated, result.id.hex if result.id else "")
            assert result.outcome == outcome, (kind, name, row, updated, result, outcome)

    @staticmethod
    def _row(name: str, row: dict[str, Any], updated: datetime | None) -> dict[str, Any]:
        named = {part: Ref(external_id=row[part]) if row[part] else None for part in NAMED if part in row}
        return {"external_id": name, **row, **named, "source_updated_at": updated}

    def take_back(self) -> None:
        """Delete some, some twice, some that never came and some too late."""
        kinds: tuple[tuple[Shelf, Any, str], ...] = (
            (self.world.orders, order.delete_batch, "o"),
            (self.world.refunds, refund.delete_batch, "r"),
            (self.world.costs, cost.delete_batch, "k"),
            (self.world.rates, exchange_rate.delete_batch, "x"),
        )
        shelf, service, letter = self.rng.choice(kinds)
        names = self.rng.sample(list(shelf.entries), min(len(shelf.entries), self.rng.randint(1, 4)))
        if self.rng.random() < 0.3:
            names.append(f"{letter}{self.numbers[letter] + self.rng.randint(1, 8)}")
        told = [(name, self._stamp(name)) for name in names]
        self.log.append(("delete", told))
        rows = [{"external_id": name} | ({"source_updated_at": updated} if updated else {}) for name, updated in told]
        for (name, updated), result in zip(told, self.people.write(service, rows, Options()), strict=True):
            assert result.outcome == shelf.delete(name, updated), (name, updated, result)

    def merge_customers(self) -> None:
        """Make one customer, by any of its names, part of another."""
        names = [*self.world.people, *self.world.aliases]
        from_, into = self.rng.sample(names, 2)
        self.log.append(("merge", from_, into))
        try:
            _, outcome = self.people.write(merge.merge, Ref(external_id=from_), Ref(external_id=into))
        except Invalid:
            outcome = Outcome.REJECTED
        assert outcome == self.world.merge(from_, into), (from_, into, outcome)

    def _customer(self) -> tuple[str, tuple[dict[str, Any], Person | None]]:
        """A row about somebody who is nobody's part."""
        told = super()._customer()
        while told[0] in self.world.aliases:
            told = super()._customer()
        return told

    def change_workspace(self) -> None:
        """Another currency, another setting, or another medium of a channel."""
        if self.rng.random() < 0.3:
            self._say_medium(self.rng.choice(("web", "ads")), self.rng.choice(MEDIA))
            return
        if self.rng.random() < 0.3:
            self.world.currency = self.rng.choice(("EUR", "EUR", "USD", "JPY"))
            changed: dict[str, Any] = {"currency": self.world.currency}
        else:
            name = self.rng.choice(list(SETTINGS))
            changed = {name: self.rng.choice(SETTINGS[name])}
            self.world.settings |= changed
        self.is_waiting = True
        self.log.append(("workspace", changed))
        self.people.write(workspace.update, changed)

    def _say_medium(self, key: str, medium: str | None) -> None:
        self.log.append(("medium", key, medium))
        self.world.media[key] = medium
        self.people.write(channel.upsert, {"external_id": key, "name": key.title(), "medium": medium})

    def let_time_pass(self) -> None:
        """Until a later time of the day, or another day."""
        self.clock.advance(hours=self.rng.choice((3, 9, 24, 50)))
        self.log.append(("now", self.clock.now))

    # what must change nothing

    def settle(self) -> None:
        """Have the jobs run that are due, and those that they leave behind."""
        self.log.append("settle")
        self.is_waiting = False
        while claimed := job.claim(self.people.door):
            for one in claimed:
                assert job.run(self.people.door, one), one

    def check_on_the_way(self) -> None:
        """Some questions; only what a setting changes takes a job to be counted anew."""
        if self.is_waiting:
            self.settle()
        self.check(self.rng.sample(list(KPIS), 4))

    def rebuild_some(self) -> None:
        """Begin a rebuild, or go on with one for some facts."""
        self.log.append("rebuild")
        if self.rng.random() < 0.3:
            self.people.write(rebuild.start, self.rng.sample(list(CUBES), 3))
        for _ in range(self.rng.randint(1, 3)):
            self.people.write(rebuild.step, self.rng.choice((3, 20, 1000)))

    def finish_rebuild(self) -> None:
        """Rebuild everything, to the end."""
        self.settle()
        self.people.write(rebuild.start, list(CUBES))
        while self.people.write(rebuild.step, 17):
            pass
        self.settle()
