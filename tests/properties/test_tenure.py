"""Whoever counts as a customer, by whatever basis: whatever is told, and in whatever order, adds up.

What was added up as it came = what a derivation from all facts gives = what counting days one by one gives; and what
was known on an earlier day is still told as it was then.
"""

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from tenure_oracle import DAY, FIRST, KPIS, TENURE, Books, Count
from trading import (
    agreed,
    ask_all,
    assert_a_rebuild_changes_nothing,
    back,
    finish_rebuild,
    meet,
    put,
    sliced,
    sold,
    take_back,
    used,
)

from app.kpis.dimension import Dimension
from app.services import merge as merging
from app.services import merge_undo, movement, rollup
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import Span
from app.services.row import Ref
from app.services.slices import Filter
from app.worker import Worker

BASES = ("STATUS", "ACTIVITY", "CONTRACT")
REASONS = (None, "price", "service")
KINDS = (None, "VOLUNTARY", "INVOLUNTARY")


class Story:
    """One story of one workspace, told to the program and to the oracle alike."""

    def __init__(self, people, clock, rng, basis):
        self.people, self.clock, self.rng = people, clock, rng
        self.books = Books(date(2026, 3, 20), window=20)
        self.known = {}
        self.merged = []
        self.number = 0
        self.names = [f"c{n}" for n in range(7)]
        self.wake()
        meet(people, *({"external_id": name} for name in self.names))
        self.books.names = set(self.names)
        self.choose(basis, 20, None)
        # of everything there is something, long before anything that is asked for
        long_ago, end = date(2025, 1, 1), date(2025, 2, 1)
        meet(people, {"external_id": "none", "history": [{"from_": long_ago, "before": end}]})
        put(people, "order", sold("o", 1, long_ago, "none"))
        put(people, "contract", agreed("k", "none", long_ago, end, (long_ago, 1)))

    def wake(self):
        """A day begins, and the worker with it."""
        self.clock.set(datetime.combine(self.books.today, time(0, 1), tzinfo=UTC))
        Worker(self.people.door).drain()
        self.clock.advance(hours=9)

    def sleep(self):
        """Days pass, each with its end."""
        for _ in range(self.rng.choice((1, 1, 2, 5, 12))):
            self.known[self.books.today] = deepcopy(self.books)
            self.books.today += DAY
            self.wake()

    def step(self):
        often = [self.buy, self.use, self.agree] * 3 + [self.stay, self.sleep, self.sleep, self.refund]
        self.rng.choice([*often, self.forget, self.merge, self.undo, self.test, self.switch, self.compact])()

    def day(self):
        """Some day, often of late."""
        back_ = self.rng.choice((0, 0, 1, 5, 15, 20, 21, 40, 80))
        return max(FIRST, self.books.today - timedelta(days=self.rng.randint(0, back_) if back_ else 0))

    def name(self, told, prefix):
        if told and self.rng.random() < 0.25:
            return self.rng.choice(sorted(told))
        self.number += 1
        return f"{prefix}{self.number:04}"

    def someone(self):
        return self.rng.choice(self.names)

    def buy(self):
        rows = {}
        for _ in range(self.rng.randint(1, 3)):
            name = self.name(self.books.orders, "o")
            if name in self.books.refunds.values():
                continue
            status = self.rng.choice(("COMPLETED", "COMPLETED", "COMPLETED", "CANCELLED", "PENDING"))
            rows[name] = {"customer": self.someone(), "day": self.day(), "status": status}
        told = [sold(name, 10, row["day"], row["customer"], status=row["status"]) for name, row in rows.items()]
        put(self.people, "order", *told)
        self.books.orders |= rows

    def refund(self):
        left = [name for name, row in self.books.orders.items() if name not in self.books.refunds.values()]
        left = [name for name in left if self.books.orders[name]["status"] == "COMPLETED"]
        if left:
            of, name = self.rng.choice(sorted(left)), self.name({}, "r")
            put(self.people, "refund", back(name, of, 10, self.books.today))
            self.books.refunds[name] = of

    def use(self):
        rows = {}
        for _ in range(self.rng.randint(1, 4)):
            name = self.name(self.books.events, "u")
            kind = self.rng.choice(("login", "view"))
            rows[name] = {"customer": self.someone(), "day": self.day(), "type": kind}
        told = [used(name, row["customer"], row["day"], row["type"]) for name, row in rows.items()]
        put(self.people, "engagement", *told)
        self.books.events |= rows

    def agree(self):
        rng, name = self.rng, self.name(self.books.contracts, "k")
        first = self.day() + timedelta(days=rng.choice((0, 0, 0, 10)))
        before = None if rng.random() < 0.4 else first + timedelta(days=rng.choice((1, 10, 30, 45, 90)))
        starts = sorted({first + timedelta(days=rng.choice((0, 0, 3, 20, 31))) for _ in range(rng.randint(0, 3))})
        terms = [(day, rng.choice((0, 5, "9.99", 25))) for day in starts if before is None or day < before]
        row = {
            "customer": self.someone(),
            "from": first,
            "before": before,
            "status": rng.choice(("ACTIVE",) * 4 + ("CANCELLED", "PENDING")),
            "interval": rng.choice(("MONTH", "QUARTER", "YEAR")),
            "product": rng.choice((None, "tea", "cups")),
            # a contract that ends says why, and those that end on one day say the same
            "reason": REASONS[before.day % 3] if before else None,
            "churn_kind": KINDS[before.day % 2] if before else None,
        }
        more = {name_: row[name_] for name_ in ("status", "interval", "product", "reason", "churn_kind")}
        told = agreed(name, row["customer"], first, before, *terms, **more)
        put(self.people, "contract", told)
        self.books.contracts[name] = row | {"terms": told["terms"]}

    def stay(self):
        rng, name = self.rng, self.books.who(self.someone())
        days = sorted({self.day() for _ in range(rng.choice((1, 2, 2, 3, 4)))})
        times = [
            {"from": first, "before": before, "reason": rng.choice(REASONS), "churn_kind": rng.choice(KINDS)}
            for first, before in zip(days[::2], [*days[1::2], None], strict=False)
        ]
        told = [{"from_" if key == "from" else key: value for key, value in one.items()} for one in times]
        meet(self.people, {"external_id": name, "history": told})
        self.books.stays[name] = times

    def forget(self):
        books = self.books
        for noun, told in (("engagement", books.events), ("contract", books.contracts), ("refund", books.refunds)):
            for name in self.rng.sample(sorted(told), min(len(told), self.rng.randint(0, 2))):
                take_back(self.people, noun, name)
                del told[name]
        some = sorted(set(books.orders) - set(books.refunds.values()))
        for name in self.rng.sample(some, min(len(some), 1)):
            take_back(self.people, "order", name)
            del books.orders[name]

    def merge(self):
        books = self.books
        gone, kept = (books.who(name) for name in self.rng.sample(self.names, 2))
        if gone == kept or (gone in books.tests) != (kept in books.tests) or self.rng.random() < 0.5:
            return
        self.people.write(merging.merge, Ref(external_id=gone), Ref(external_id=kept))
        merged = books.merge(gone, kept)
        united = []
        both = [*books.stays.pop(gone, []), *books.stays.get(kept, [])]
        for one in sorted(both, key=lambda each: (each["from"], each["before"] or date.max)):
            last = united[-1] if united else None
            if last and one["from"] <= (last["before"] or date.max):
                later = one if (one["before"] or date.max) > (last["before"] or date.max) else last
                united[-1] = later | {"from": last["from"]}
            else:
                united.append(one)
        books.stays[kept] = united
        self.merged.append((*merged, united))

    def undo(self):
        """The latest merge is taken back."""
        if self.merged:
            gone, *more = self.merged.pop()
            self.people.write(merge_undo.undo, Ref(external_id=gone))
            self.books.part(gone, *more)

    def test(self):
        name = self.books.who(self.someone())
        is_test = name not in self.books.tests
        if is_test and self.rng.random() < 0.5:
            return
        meet(self.people, {"external_id": name, "is_test": is_test})
        (self.books.tests.add if is_test else self.books.tests.discard)(name)

    def switch(self):
        basis = self.rng.choice((self.books.basis, *BASES))
        self.choose(basis, self.rng.choice((20, 20, 7)), self.rng.choice((None, None, ("login",))))

    def choose(self, basis, window, types):
        books = self.books
        if (basis, window, types) != (books.basis, books.window, books.types):
            named = None if types is None else list(types)
            told = {"active_by": basis, "inactivity_window_days": window, "engagement_types": named}
            self.people.write(workspaces.update, told)
            finish_rebuild(self.people)
            self.known = {}
        books.basis, books.window, books.types = basis, window, types

    def compact(self):
        self.people.write(rollup.compact)

    # what is asked

    def spans(self):
        today = self.books.today
        low = max(FIRST + DAY, today - timedelta(days=self.rng.randint(0, 60)))
        high = min(today + DAY, low + timedelta(days=self.rng.randint(1, 45)))
        return [(low, high), (date(2026, 3, 1), min(date(2026, 4, 1), today + DAY)), (FIRST + DAY, today + DAY)]

    def check(self):
        for low, high in self.spans():
            self.check_span(Count(self.books, low, high))
        for day, books in self.rng.sample(sorted(self.known.items(), key=lambda one: one[0]), min(3, len(self.known))):
            low = max(FIRST + DAY, day - timedelta(days=self.rng.randint(0, 40)))
            self.check_span(Count(books, low, day + DAY), known_on=day)

    def check_span(self, count, **more):
        span = Span(count.low, count.high)
        tea = (Filter(Dimension.PRODUCT, ("tea",)),)
        whats = (("reason", Dimension.REASON), ("churn_kind", Dimension.CHURN_KIND)) if not more else ()
        answers = iter(
            ask_all(
                self.people,
                [
                    *(Question(key, span, variant, **more) for key, variant in KPIS | TENURE),
                    *(Question("CHURNED_CUSTOMERS", span, by=by) for _, by in whats),
                    *(Question(key, span, filters=tea) for key in OF_TEA if not more),
                ],
            )
        )
        for name, counted in (KPIS | TENURE).items():
            wanted = tuple(None if part is None else pytest.approx(float(part)) for part in counted(count))
            assert parts(next(answers)) == wanted, (name, span, count.books.basis, more)
        (moved,) = self.people.read(movement.movements, [Question("CHURN_RATE", span, **more)])
        assert (moved.intra_period_churn, moved.reactivated) == (count.brief, count.reactivated), (span, more)
        for what, _ in whats:
            assert sliced(next(answers)) == count.reasons(what), (what, span, count.books.basis)
        revenue = count.revenue("tea")
        for key, answer in zip(OF_TEA, answers, strict=not more):
            wanted = revenue[key] if isinstance(revenue[key], tuple) else (revenue[key], None)
            wanted = tuple(None if part is None else pytest.approx(float(part)) for part in wanted)
            assert parts(answer) == wanted, (key, span)


OF_TEA = ("MRR", "GROSS_REVENUE_RETENTION", "NET_REVENUE_RETENTION")


def parts(answer):
    return answer.figure.numerator, answer.figure.denominator


def tell(people, clock, database, seed, steps):
    story = Story(people, clock, Random(seed), BASES[seed % 3])  # noqa: S311 - repeatable, not secret
    for number in range(steps):
        story.step()
        if number % 6 == 5:
            story.check()
    story.check()
    assert_a_rebuild_changes_nothing(database, people)
    basis, window, types = story.books.basis, story.books.window, story.books.types
    for other in [one for one in BASES if one != basis]:  # and what is derived from all facts is what came bit by bit
        story.choose(other, window, types)
        story.check()
    story.choose(basis, window, types)
    story.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_any_history_adds_up_by_any_basis(make_workspace, clock, database, seed):
    tell(make_workspace(time_zone="UTC"), clock, database, seed, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 103))
def test_any_long_history_adds_up_by_any_basis(make_workspace, clock, database, seed):
    tell(make_workspace(time_zone="UTC"), clock, database, seed, 120)
