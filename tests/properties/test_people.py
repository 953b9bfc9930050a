"""Whatever is told of referrals and use, in whatever order it comes: the figures are what counting everything gives.

The oracle keeps what was told in plain Python and shares no code with the program.
"""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
import stored
from people_oracle import KPIS, TODAY, World
from trading import ask_all, assert_a_rebuild_changes_nothing, brought, finish_rebuild, meet, record, take_back, used

from app.kpis.dimension import Dimension
from app.services import merge as merging
from app.services import merge_undo, rebuild, rollup
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import Grain, Span
from app.services.row import Ref
from app.services.slices import Filter

FIRST = date(2026, 1, 1)
CHANNELS = ("web", "app", None)
TYPES = ("login", "view", "share")


class Story:
    """One story of one workspace, told to the program and to the oracle alike."""

    def __init__(self, people, rng):
        self.people, self.rng, self.world = people, rng, World()
        self.names = [f"c{n}" for n in range(16)]
        self.number = 0
        self.merged = []

    def day(self):
        return FIRST + timedelta(days=self.rng.randrange((TODAY - FIRST).days))

    def instant(self):
        return datetime.combine(self.day(), time(self.rng.randrange(24), self.rng.randrange(60)), tzinfo=UTC)

    def step(self):
        steps = [self.refer] * 6 + [self.use] * 5 + [self.join] * 4 + [self.forget] * 3
        steps += [self.merge, self.merge, self.undo, self.test]
        self.rng.choice([*steps, self.choose, self.compact, self.rebuild])()

    def refer(self):
        rng, rows = self.rng, []
        for _ in range(rng.randint(1, 5)):
            old = rng.choice(sorted(self.world.referrals)) if self.world.referrals and rng.random() < 0.3 else None
            self.number += 1
            who, whom = rng.sample(self.names, 2) if rng.random() < 0.95 else [rng.choice(self.names)] * 2
            row = brought(old or f"w{self.number:05}", who, whom, self.instant(), channel=rng.choice(CHANNELS))
            if rng.random() < 0.2:
                row["converted_at"] = row["occurred_at"] + timedelta(hours=rng.randrange(48))
                row["converted_at"] = min(row["converted_at"], datetime(2026, 6, 15, 9, tzinfo=UTC))
            rows.append(row)
        # in the place of each other they would come in waves of their own
        rows = list({row["external_id"]: row for row in rows}.values())
        results = record(self.people, "referral", *rows)
        for row, result in zip(rows, results, strict=True):
            name, old = row["external_id"], self.world.referrals.get(row["external_id"])
            same = old and [self.world.who(old[n]) for n in ("customer", "referred")] == [
                self.world.who(row[n]) for n in ("customer", "referred")
            ]
            refused = not same and self.world.closes(name, row["customer"], row["referred"])
            assert bool(result.problems) == bool(refused), (row, result)
            if not refused:
                self.world.referrals[name] = row | {"number": result.id.hex}

    def use(self):
        rng = self.rng
        rows = []
        for _ in range(rng.randint(1, 12)):
            old = rng.choice(sorted(self.world.events)) if self.world.events and rng.random() < 0.2 else None
            self.number += 1
            at, kind = self.instant(), rng.choice(TYPES)
            rows.append(used(old or f"u{self.number}", rng.choice(self.names), at, kind, channel=rng.choice(CHANNELS)))
        rows = list({row["external_id"]: row for row in rows}.values())
        assert not any(result.problems for result in record(self.people, "engagement", *rows))
        self.world.events |= {row["external_id"]: row for row in rows}

    def join(self):
        """Somebody comes, goes, comes back, or is told of all anew; earlier or later than was thought."""
        rng = self.rng
        name = self.world.who(rng.choice(self.names))
        starts = sorted({self.day() for _ in range(rng.choice((1, 1, 2, 2, 4)))})
        stays = list(zip(starts[::2], [*starts[1::2], None], strict=False))
        told = [{"from_": start, "before": end} for start, end in stays]
        meet(self.people, {"external_id": name, "history": told})
        self.world.stays[name] = stays

    def forget(self):
        for noun, told in (("referral", self.world.referrals), ("engagement", self.world.events)):
            names = self.rng.sample(sorted(told), min(len(told), self.rng.randint(0, 3)))
            if names:
                take_back(self.people, noun, *names)
                for name in names:
                    del told[name]

    def merge(self):
        world = self.world
        gone, kept = (world.who(name) for name in self.rng.sample(self.names, 2))
        known = {
            world.who(row[n])
            for row in (*world.referrals.values(), *world.events.values())
            for n in ("customer", "referred")
            if n in row
        }
        known |= set(world.stays)
        if gone == kept or not {gone, kept} <= known or (gone in world.tests) != (kept in world.tests):
            return
        self.people.write(merging.merge, Ref(external_id=gone), Ref(external_id=kept))
        self.merged.append(world.merge(gone, kept))
        both = sorted(
            [*world.stays.pop(gone, []), *world.stays.get(kept, [])], key=lambda one: (one[0], one[1] or date.max)
        )
        united = []
        for start, end in both:
            if united and (united[-1][1] is None or start <= united[-1][1]):
                last = united.pop()
                united.append((last[0], None if last[1] is None or end is None else max(last[1], end)))
            else:
                united.append((start, end))
        if both:
            world.stays[kept] = united
        self.merged[-1].made = united

    def undo(self):
        """The latest merge is taken back."""
        if self.merged:
            last = self.merged.pop()
            self.people.write(merge_undo.undo, Ref(external_id=last.gone))
            self.world.part(last)

    def test(self):
        name = self.world.who(self.rng.choice(self.names))
        is_test = name not in self.world.tests
        if name in self.world.stays:
            meet(self.people, {"external_id": name, "is_test": is_test})
            (self.world.tests.add if is_test else self.world.tests.discard)(name)

    def choose(self):
        self.world.types = self.rng.choice((None, ("login",), ("view", "share")))
        types = self.world.types
        self.people.write(workspaces.update, {"engagement_types": None if types is None else list(types)})
        finish_rebuild(self.people)

    def compact(self):
        self.people.write(rollup.compact)

    def rebuild(self):
        self.people.write(rebuild.start, ["user", "referral", "referrer", "spell_start"], afresh=True)
        finish_rebuild(self.people)

    # what is asked

    def check(self):
        rng = self.rng
        months = [Span(date(2026, n, 1), date(2026, n + 1, 1)) for n in range(1, 6)]
        low = self.day()
        for span in (
            *rng.sample(months, 2),
            Span(FIRST, date(2026, 4, 1)),
            Span(low, low + timedelta(days=rng.randint(1, 20))),
        ):
            self.check_span(span)

    def check_span(self, span):
        world = self.world
        span = Span(span.start, min(span.end, TODAY + timedelta(days=1)))
        web = (Filter(Dimension.CHANNEL, ("web",)),)
        *answers, sticky, daily = ask_all(
            self.people,
            [
                *(Question(key, span, variant) for key, variant in KPIS),
                Question("ENGAGEMENT_RATE", span, "stickiness", filters=web),
                Question("ACTIVE_USERS", span, grain=Grain.DAY),
            ],
        )
        found = dict(zip(KPIS, map(parts, answers), strict=True))
        assert found == {name: pytest.approx(count(world, span)) for name, count in KPIS.items()}, span
        uses = world.uses(span, "web")
        assert parts(sticky) == (pytest.approx(len(uses) / span.days), len({who for who, _ in uses}))
        each = [span.start + timedelta(days=n) for n in range(span.days)]
        counted = [len(world.uses(Span(d, d + timedelta(days=1)))) for d in each]
        assert [one.value for one in daily.figures[""]] == counted


def parts(answer):
    return answer.figure.numerator, answer.figure.denominator


def tell(people, database, seed, steps):
    story = Story(people, Random(seed))  # noqa: S311 - repeatable, not secret
    meet(people, *({"external_id": name} for name in story.names))
    for do in (story.refer, story.use, story.join, story.join):
        do()
    record(
        people, "referral", brought("w0", "nobody", "no one", datetime(2025, 1, 1, tzinfo=UTC))
    )  # so that there are some
    record(people, "engagement", used("u0", "nobody", datetime(2025, 1, 1, tzinfo=UTC), "none"))
    for number in range(steps):
        story.step()
        if number % 12 == 11:
            story.check()
    story.check()
    assert_a_rebuild_changes_nothing(database, people)
    story.check()
    kept = [row for row in stored.rows(database, "referral", people.id) if row["deleted_at"] is None]
    assert len(kept) == len(story.world.referrals) + 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_any_history_of_people_adds_up(make_workspace, database, seed):
    tell(make_workspace(time_zone="UTC"), database, seed, 24)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 103))
def test_any_long_history_of_people_adds_up(make_workspace, database, seed):
    tell(make_workspace(time_zone="UTC"), database, seed, 150)
