"""Merges that are taken back have never been: compared with a workspace in which nobody was ever merged."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

import pytest
import stored
from trading import (
    CREATE,
    agreed,
    asked,
    assert_a_rebuild_changes_nothing,
    back,
    brought,
    finish_rebuild,
    met,
    put,
    sold,
    spent,
    take_back,
    used,
)
from trading import cells as counted

from app.errors import AppError
from app.kpis import CATALOGUE
from app.models.base import TRAITS
from app.services import customer, feedback, interaction, invitation, kpi, merge, merge_undo, rollup, segment
from app.services.period import Span
from app.services.row import Options, Ref
from app.worker import Worker

NAMES = [f"c{number}" for number in range(9)]
FIRST = date(2026, 1, 1)
FACTS = {
    **{name: name for name in ("feedback", "invitation", "refund", "cost", "touchpoint", "interaction", "lead")},
    **{name: name for name in ("referral", "engagement", "contract")},
    "order": "customer_order",
}
DERIVED = ("accrual", "turn", "recurrence", "spell", "buyer", "credit", "segment_member", "stated_stage", "lapse")
NO_NEWS = {"tenant_id", "id", "version", "updated_at", "known_on", "merged_into_id"}
SEGMENTS = ("vip", "old", "new")


class Story:
    """One story, told in two workspaces, of which one makes merges and takes them back."""

    def __init__(self, here, never, clock, rng):
        self.here, self.never, self.clock, self.rng = here, never, clock, rng
        self.number = 0
        self.merged, self.parted = [], []
        self.told = {noun: [] for noun in FACTS}
        for people in (here, never):
            for key in SEGMENTS:
                people.write(segment.upsert, {"external_id": key, "name": key.title(), "kind": "MANUAL"})
            people.write(customer.upsert_batch, [{"external_id": name} for name in NAMES[2:]], Options())
        for noun in FACTS:
            self.tell(noun)

    @property
    def today(self):
        return self.clock.now.date()

    def free(self):
        """Who is part of nobody, and of whom nobody is."""
        busy = {name for pair in self.merged for name in pair}
        return [name for name in NAMES if name not in busy]

    def day(self):
        return FIRST + timedelta(days=self.rng.randrange((self.today - FIRST).days))

    def at(self):
        return datetime.combine(self.day(), time(self.rng.randrange(24), self.rng.randrange(60)), tzinfo=UTC)

    def both(self, do):
        for people in (self.here, self.never):
            do(people)

    # what is told in both

    def describe(self):
        rng, free = self.rng, self.free()
        if not free:
            return
        row = {"external_id": rng.choice(free)}
        said = {
            "name": rng.choice(("Ann", "Bob")),
            "email": "a@example.com",
            "phone": "+32 1",
            "kind": rng.choice(("PERSON", "ACCOUNT")),
            "segment": rng.choice(("gold", "tin")),
            "region": rng.choice(("n", "s")),
            "acquisition_channel": Ref(external_id=rng.choice(("web", "app"))),
            "attributes": {key: rng.randrange(3) for key in rng.sample("abcd", 2)},
            "is_key_contact": rng.random() < 0.5,
            "first_contact_at": self.at(),
            "lifecycle_stage": rng.choice(("RETAIN", "EXPAND")),
        }
        row |= {key: said[key] for key in rng.sample(sorted(said), rng.randint(0, 5))}
        if rng.random() < 0.6:
            days = sorted({self.day() for _ in range(rng.choice((1, 2, 3, 4)))})
            pairs = zip(days[::2], [*days[1::2], None], strict=False)
            row["history"] = [
                {"from_": one, "before": end, "reason": rng.choice((None, "price"))} for one, end in pairs
            ]
        if rng.random() < 0.2:
            row["is_test"] = rng.random() < 0.5
        above = [name for name in free if name < row["external_id"]]  # so that there is no circle
        if above and rng.random() < 0.4:
            row["parent"] = Ref(external_id=rng.choice(above))
        self.both(lambda people: people.write(customer.upsert_batch, [row], CREATE))

    def tell(self, noun=None):
        rng, free = self.rng, self.free()
        if len(free) < 2:
            return
        noun = noun or rng.choice(sorted(FACTS))
        old = [name for name, who in self.told[noun] if who in free]
        name = rng.choice(old) if old and rng.random() < 0.2 else f"{noun}{len(self.told[noun])}"
        other, who = sorted(rng.sample(free, 2))  # the later one never brings the earlier: referrals make no circle
        day, more = self.day(), {"channel": rng.choice(("web", "app"))}
        orders = [order for order, whose in self.told["order"] if whose in free]
        sent = [one for one, whose in self.told["invitation"] if whose in free]
        if noun == "refund":
            if not orders:
                return
            row, who = back(name, rng.choice(orders), 1, self.today), free[0]
        else:
            row = {
                "order": lambda: sold(name, rng.randrange(5, 50), day, who, **more),
                "cost": lambda: spent(name, "SERVICE", 9, day, day + timedelta(days=3), customer=who),
                "touchpoint": lambda: met(name, who, "web", day),
                "lead": lambda: asked(name, self.at(), who, **more),
                "referral": lambda: brought(name, other, who, day),
                "engagement": lambda: used(name, who, day, **more),
                "contract": lambda: agreed(name, who, day, None, (day, 9)),
                "invitation": lambda: {"external_id": name, "customer": Ref(external_id=who), "occurred_at": FIRST},
                "interaction": lambda: self.talk(name, who),
                "feedback": lambda: self.answer(name, who, sent),
            }[noun]()
        if noun == "referral" and (name, who) not in self.told[noun] and any(one == name for one, _ in self.told[noun]):
            return
        self.told[noun] = [one for one in self.told[noun] if one[0] != name] + [(name, who)]
        own = {"invitation": invitation, "interaction": interaction, "feedback": feedback}.get(noun)
        if own:
            self.both(lambda people: people.write(own.record_batch, [row], CREATE))
        else:
            self.both(lambda people: put(people, noun, row))

    def talk(self, name, who):
        at = self.at()
        events = [
            {"kind": kind, "at": at + timedelta(hours=n)}
            for n, kind in enumerate(("CUSTOMER_MESSAGE", "STAFF_REPLY", "CUSTOMER_MESSAGE", "STAFF_REPLY", "RESOLVED"))
        ]
        return {
            "external_id": name,
            "kind": "QUESTION",
            "customer": Ref(external_id=who),
            "occurred_at": at,
            "events": events,
        }

    def answer(self, name, who, sent):
        whose = {"invitation": Ref(external_id=self.rng.choice(sent))} if sent else {"customer": Ref(external_id=who)}
        return {"external_id": name, "kind": "CSAT", "score": self.rng.randint(1, 5), "occurred_at": self.at(), **whose}

    def forget(self):
        noun, free = self.rng.choice(sorted(set(FACTS) - {"feedback", "invitation", "interaction"})), self.free()
        mine = [name for name, who in self.told[noun] if who in free]
        if mine and noun != "order":
            name = self.rng.choice(mine)
            self.both(lambda people: take_back(people, noun, name))

    def pick(self):
        free, key, day = self.free(), self.rng.choice(SEGMENTS), self.day()
        write = self.rng.choice((segment.add, segment.add, segment.remove))
        who = [Ref(external_id=name) for name in self.rng.sample(free, min(2, len(free)))]
        if who:
            self.both(lambda people: people.write(write, Ref(external_id=key), who, day))

    def sleep(self):
        if not self.merged:
            self.parted.append(self.today)
        self.clock.advance(days=self.rng.randint(1, 4))
        Worker(self.here.door).drain()

    def compact(self):
        self.here.write(rollup.compact)

    # what is done here alone

    def merge(self):
        roots = [name for name in NAMES if name not in {gone for gone, _ in self.merged}]
        gone, kept = self.rng.sample(roots, 2)
        if is_test(self.here, gone) == is_test(self.here, kept):
            self.here.write(merge.merge, Ref(external_id=gone), Ref(external_id=kept))
            self.merged.append((gone, kept))

    def undo(self):
        if self.merged:
            gone, _ = self.merged.pop()
            parted = self.here.write(merge_undo.undo, Ref(external_id=gone))
            assert (parted.outcome.value, parted.staying) == ("UPDATED", 0)

    def step(self):
        often = [self.describe] * 4 + [self.tell] * 8 + [self.pick] * 2
        self.rng.choice([*often, self.forget, self.sleep, self.compact, *[self.merge] * 3, *[self.undo] * 2])()


def ids(people, name):
    names = stored.rows(people.door.settings, "customer_external_id", people.id)
    return next(row["customer_id"] for row in names if row["external_id"] == name)


def is_test(people, name):
    id_ = ids(people, name)
    return next(row["is_test"] for row in stored.rows(people.door.settings, "customer", people.id) if row["id"] == id_)


def world(database, people):
    """All that is stored of customers, by names: the rows, and what the rollups add up to."""

    def read(table):
        return stored.rows(database, table, people.id)

    called = {row["customer_id"]: row["external_id"] for row in read("customer_external_id")}
    for table in FACTS.values():
        called |= {row["id"]: row["external_id"] for row in read(table)}
    called |= {row["id"]: row["key"] for table in ("channel", "segment") for row in read(table)}
    called |= {id_.hex: name for id_, name in called.items()}
    tables = {}
    for table in ("customer", "customer_external_id", *FACTS.values(), *DERIVED):
        rows = Counter()
        for raw in read(table):
            row = {name: called.get(value, value) if isinstance(value, UUID) else value for name, value in raw.items()}
            if table in FACTS.values() and row["deleted_at"]:
                row = {name: row[name] for name in row.keys() - {*TRAITS, "cohort"}}
            elif row.get("is_test") or not row.get("is_counted", True):
                row.pop("cohort", None)  # which is looked after of what counts
            who = row["id"] if table == "customer" else None
            said = {name: value for name, value in row.items() if name not in NO_NEWS and name != "sign"}
            rows[who, str(sorted(said.items()))] += row.get("sign", 1)
        tables[table] = {row: many for row, many in rows.items() if many}
    added = Counter()
    for (cube, dim, day, key, place), amount in counted(database, people).items():
        added[cube, dim, day, called.get(key, key), place] += amount
    return tables, added


def figures(people, spans, known_on=None):
    """What every KPI says, in every variant, of every one of the spans."""
    named = [(key, variant.key, span) for key, one in CATALOGUE.items() for variant in one.variants for span in spans]
    asked_ = [kpi.Question(key, span, variant, known_on=known_on) for key, variant, span in named]
    found = {}
    for name, answer in zip(named, people.read(kpi.answer, asked_), strict=True):
        if isinstance(answer, AppError):
            found[name] = str(answer)
        else:
            figure = answer.figure
            told = (figure.value, figure.numerator, figure.denominator)
            found[name] = tuple(None if n is None else pytest.approx(n) for n in told)
    return found


def differences(one, other):
    return {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}


def compare(database, story):
    here, never = story.here, story.never
    (mine, added), (theirs, counted_) = world(database, here), world(database, never)
    for table, rows in mine.items():
        found = differences(rows, theirs[table])
        assert not found, "\n".join([table, *map(str, found.items())])
    assert not differences(added, counted_), list(differences(added, counted_).items())[:5]


def tell(make_workspace, database, clock, seed, steps, basis="STATUS"):
    here, never = (make_workspace(name, active_by=basis, time_zone="UTC") for name in ("Here", "Never"))
    story = Story(here, never, clock, Random(seed))  # noqa: S311 - a story, not a secret
    for people in (here, never):
        finish_rebuild(people)
    for number in range(1, steps + 1):
        story.step()
        if number % 25 == 0 or number == steps:
            while story.merged:
                story.undo()
            compare(database, story)
    return story


def ask(story, *spans, known_on=None):
    assert differences(figures(story.here, spans, known_on), figures(story.never, spans, known_on)) == {}


@pytest.mark.slow
def test_what_is_taken_back_has_never_been(make_workspace, database, clock):
    story = tell(make_workspace, database, clock, 0, 18)
    ask(story, Span(date(2026, 2, 10), date(2026, 5, 7)))


@pytest.mark.slow
@pytest.mark.parametrize("basis", ["STATUS", "ACTIVITY", "CONTRACT"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_taken_back_has_never_been(make_workspace, database, clock, seed, basis):
    story = tell(make_workspace, database, clock, seed, 75, basis)
    ask(
        story,
        Span(date(2026, 3, 1), date(2026, 4, 1)),
        Span(date(2026, 2, 10), date(2026, 5, 7)),
        Span(FIRST, story.today),
    )
    for day in story.parted:
        ask(story, Span(FIRST, day), known_on=day)
    assert_a_rebuild_changes_nothing(database, story.here)
