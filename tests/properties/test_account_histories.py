"""Whatever is told of accounts, their people, what these say and buy: figures by account are what counting gives."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

import pytest
from account_oracle import KPIS, Party, World
from trading import back, meet, record, sold, take_back

from app.kpis.dimension import Dimension
from app.kpis.figure import KpiFlag
from app.services import feedback, kpi, survey
from app.services import merge as merging
from app.services.period import Grain, Span
from app.services.row import Options, Ref
from app.services.slices import Filter

FIRST, TODAY = date(2025, 3, 1), date(2026, 6, 15)
CHANNELS = ("web", "shop", None)
SURVEYS = {"yearly": "RELATIONSHIP", "purchase": "TRANSACTIONAL", "any": None}


class Story:
    """One story of one workspace, told to the program and to the oracle alike."""

    def __init__(self, people, rng):
        self.people, self.rng, self.world = people, rng, World()
        self.names = [*(f"a{n}" for n in range(5)), *(f"p{n}" for n in range(14))]
        self.number = 0
        for key, occasion in SURVEYS.items():
            people.write(survey.upsert, {"external_id": key, "name": key, "occasion": occasion})

    def day(self):
        return FIRST + timedelta(days=self.rng.randrange((TODAY - FIRST).days))

    def step(self):
        steps = [self.answer] * 5 + [self.buy] * 4 + [self.describe] * 4 + [self.forget, self.give_back, self.merge]
        self.rng.choice(steps)()

    def describe(self, name=None):
        """Who somebody is, and who stands above."""
        rng, world = self.rng, self.world
        name = world.who(name or rng.choice(self.names))
        now = world.parties.setdefault(name, Party())
        row = {"external_id": name}
        if rng.random() < 0.5:
            now.kind = row["kind"] = rng.choice(("ACCOUNT", "PERSON", None)) if name[0] == "p" else "ACCOUNT"
        if rng.random() < 0.6:
            above = world.who(rng.choice([*self.names[:5], *rng.sample(self.names, 2)]))
            if rng.random() < 0.1:
                now.parent = row["parent"] = None
            elif above in world.parties and name not in world.ancestors(above):
                now.parent, row["parent"] = above, Ref(external_id=above)
        if rng.random() < 0.4:
            now.is_key = row["is_key_contact"] = rng.random() < 0.6
        if rng.random() < 0.1:
            now.is_test = row["is_test"] = not now.is_test
        meet(self.people, row)

    def _batch(self, prefix, known, make):
        rows = {}
        for _ in range(self.rng.randint(1, 10)):
            self.number += 1
            old = self.rng.choice(sorted(known)) if known and self.rng.random() < 0.2 else None
            rows[old or f"{prefix}{self.number}"] = make()
        known |= rows
        return rows

    def _somebody(self):
        return self.world.who(self.rng.choice([*self.names, None]))

    def answer(self):
        rng = self.rng

        def make():
            kind = rng.choice(("NPS", "CSAT"))
            score = None if rng.random() < 0.1 else rng.randint(0, 10) if kind == "NPS" else rng.randint(1, 5)
            return {
                "kind": kind,
                "score": score,
                "customer": self._somebody(),
                "channel": rng.choice(CHANNELS),
                "survey": rng.choice((*SURVEYS, None)),
                "day": self.day(),
            }

        told = [
            {
                "external_id": name,
                "kind": row["kind"],
                "score": row["score"],
                "occurred_at": datetime.combine(row["day"], time(12), tzinfo=UTC),
                **{part: Ref(external_id=row[part]) for part in ("customer", "channel", "survey") if row[part]},
            }
            for name, row in self._batch("f", self.world.answers, make).items()
        ]
        results = self.people.write(feedback.record_batch, told, Options(create_missing=True))
        assert not any(result.problems for result in results)

    def buy(self):
        rng = self.rng
        refunded = {one["order"] for one in self.world.refunds.values()}

        def make():
            status = rng.choice(("COMPLETED", "COMPLETED", "COMPLETED", "CANCELLED"))
            return {
                "amount": Decimal(rng.randrange(1, 90_000)) / 100,
                "customer": self._somebody(),
                "day": self.day(),
                "status": status,
            }

        rows = self._batch("o", dict.fromkeys(set(self.world.orders) - refunded), make)
        self.world.orders |= rows
        told = [
            sold(name, row["amount"], row["day"], row["customer"], status=row["status"]) for name, row in rows.items()
        ]
        assert not any(result.problems for result in record(self.people, "order", *told))

    def give_back(self):
        open_ = [name for name in self.world.orders if name not in {r["order"] for r in self.world.refunds.values()}]
        if open_:
            name, self.number = self.rng.choice(sorted(open_)), self.number + 1
            order = self.world.orders[name]
            amount = order["amount"] if self.rng.random() < 0.4 else Decimal("0.01")
            self.world.refunds[f"r{self.number}"] = {"order": name, "amount": amount}
            (result,) = record(self.people, "refund", back(f"r{self.number}", name, amount, TODAY))
            assert not result.problems

    def forget(self):
        names = self.rng.sample(sorted(self.world.answers), min(2, len(self.world.answers)))
        self.people.write(feedback.delete_batch, [{"external_id": name} for name in names], Options())
        for name in names:
            del self.world.answers[name]
        if gone := [name for name in self.world.refunds if self.rng.random() < 0.2]:
            take_back(self.people, "refund", *gone)
            for name in gone:
                del self.world.refunds[name]

    def merge(self):
        world = self.world
        gone, kept = (world.who(name) for name in self.rng.sample(self.names, 2))
        if gone != kept and world.parties[gone].is_test == world.parties[kept].is_test:
            self.people.write(merging.merge, Ref(external_id=gone), Ref(external_id=kept))
            world.merge(gone, kept)

    # what is asked

    def check(self):
        low = self.day()
        spans = [(date(2026, 4, 1), date(2026, 7, 1)), (low, low + timedelta(days=self.rng.randint(1, 240)))]
        web = (Filter(Dimension.CHANNEL, ("web",)),)
        plain = [(key, Span(*span), variant) for span in spans for key, variant in KPIS]
        more = ({}, {"filters": web}, {"by": Dimension.CHANNEL}, {"grain": Grain.MONTH})
        asked = [kpi.Question(*one, **which) for which in more for one in plain]
        answers = iter(self.people.read(kpi.answer, asked))
        for which in more:
            for key, span, variant in plain:
                answer = next(answers)
                self.compare(which, answer, (key, variant), (span.start, span.end))

    def compare(self, which, answer, name, span):
        world, count = self.world, KPIS[name]
        if "by" in which:
            slices = {answer.slices[key].key: told(row[0]) for key, row in answer.figures.items()}
            expected = {channel or "": count(world, span, channel or "") for channel in CHANNELS}
            found = {key: one for key, one in slices.items() if one[2]}
            assert found == {key: one for key, one in expected.items() if one[2]}, (name, span)
            return
        for part, figure in zip(answer.spans, answer.figures[""], strict=True):
            if part.start > TODAY:
                assert figure.reason == "PERIOD_NOT_STARTED"
                continue
            expected = count(world, (part.start, part.end), "web" if "filters" in which else None)
            assert told(figure) == expected, (which, name, part)


def told(figure):
    """What a figure rests on, exactly; its value must follow from that."""
    if figure.reason is None:
        assert figure.value == pytest.approx(100 * figure.numerator / figure.denominator, abs=1e-9)
        assert figure.exact == pytest.approx(figure.value)
    left_out = figure.left_out[0][1] if figure.left_out else None
    mixed = KpiFlag.MIXED_SURVEYS in figure.flags
    return pytest.approx(figure.numerator), pytest.approx(figure.denominator), figure.sample, left_out, mixed


def tell(people, seed, steps):
    story = Story(people, Random(seed))  # noqa: S311 - repeatable, not secret
    for name in story.names:
        story.describe(name)
    for do in (story.answer, story.answer, story.buy, story.buy):
        do()
    for number in range(steps):
        story.step()
        if number % 15 == 14:
            story.check()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_any_history_of_accounts_adds_up(make_workspace, seed):
    tell(make_workspace(time_zone="UTC"), seed, 15)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [300])
def test_any_long_history_of_accounts_adds_up(make_workspace, seed):
    tell(make_workspace(time_zone="UTC"), seed, 60)
