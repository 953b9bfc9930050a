"""Whatever happens to surveys, invitations and answers, in whatever order: what counts is what plain books say."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import quantiles

import pytest
import stored
from survey_books import Books, satisfies
from surveying import NOON, answer, ask, at, invite, record, take_back
from trading import MAY, assert_a_rebuild_changes_nothing, meet, slices
from trading import ask as figure_of

from app.kpis.dimension import Dimension
from app.services import feedback, invitation
from app.services.row import Options

PEOPLE = {"c0": "north", "c1": "north", "c2": "south"}
KINDS = ("CSAT", "CSAT", "NPS", "COMMENT")


class Story:
    """One story of a workspace's surveys, told to the program and to the books."""

    def __init__(self, people, rng):
        self.people, self.rng, self.books = people, rng, Books()
        meet(
            people,
            *({"external_id": who, "region": where, "joined_on": date(2026, 1, 1)} for who, where in PEOPLE.items()),
        )
        for key in ("s", "t"):
            self.edit(key)

    def edit(self, key):
        """Other questions, perhaps the same."""
        rng = self.rng
        questions = [
            {"key": name, "kind": rng.choice(("CSAT", "NPS"))} for name in rng.sample("pqr", rng.randint(1, 3))
        ]
        for one in questions:
            if one["kind"] == "CSAT":
                one.update({"scale_best": rng.choice((5, 7))} | rng.choice(({}, {"threshold": rng.randint(1, 5)})))
        occasion = rng.choice(("RELATIONSHIP", "TRANSACTIONAL"))
        ask(self.people, key, *questions, occasion=occasion)
        self.books.occasions[key] = occasion
        self.books.ask(
            key,
            [{"best" if name == "scale_best" else name: value for name, value in one.items()} for one in questions],
        )

    def step(self):
        """Something happens."""
        rng = self.rng
        what = rng.choice(("invite", "say", "say", "say", "take", "edit"))
        if what == "edit":
            self.edit(rng.choice("st"))
        elif what == "take":
            self.take()
        elif what == "invite":
            rows = [self.invitation() for _ in range(rng.randint(1, 3))]
            told = record(self.people, "invitation", *({"external_id": row["name"], "occurred_at": at(row["hours"])} | {part: row[part] for part in ("customer", "survey", "channel")} for row in rows))  # fmt: skip  # noqa: E501 - one row
            self.compare(rows, told, self.books.invite)
        else:
            rows = [self.answer() for _ in range(rng.randint(1, 4))]
            told = record(self.people, "feedback", *map(as_sent, rows))
            self.compare(rows, told, self.books.say)

    def compare(self, rows, told, tell):
        """What the program takes, the books take."""
        for row, result in zip(rows, told, strict=True):
            assert (result.outcome.value != "REJECTED") == tell(row), (row, result)

    def invitation(self):
        rng = self.rng
        return {
            "name": f"i{rng.randint(0, 4)}",
            "hours": rng.randint(0, 6),
            "customer": rng.choice((*PEOPLE, None)),
            "survey": rng.choice(("s", "s", "t", None)),
            "channel": rng.choice(("web", "shop")),
        }

    def answer(self):
        rng = self.rng
        question = rng.choice(("p", "q", "r", None))
        return {
            "name": f"f{rng.randint(0, 12)}",
            "hours": rng.randint(2, 12),
            "invitation": rng.choice((*(f"i{n}" for n in range(5)), None)),
            "customer": rng.choice((None, None, None, *PEOPLE)),
            "survey": rng.choice((None, None, "s", "t")),
            "edition": rng.choice((None, None, None, 1, 2)),
            "question": question,
            "kind": None if question else rng.choice(KINDS),
            "score": rng.choice((None, *range(1, 6))),
        }

    def take(self):
        """Take something back, as often as not the invitation."""
        noun, known = self.rng.choice((("feedback", self.books.said), ("invitation", self.books.sent)))
        there = sorted(name for name, row in known.items() if not row["gone"])
        if there:
            name = self.rng.choice(there)
            assert take_back(self.people, noun, name) == ["DELETED"]
            known[name]["gone"] = True

    # -- What is so

    def check(self, database):
        """Everything that is stored and counted is what the books say."""
        self.check_stored(database)
        self.check_invitations()
        self.check_answers()

    def check_stored(self, database):
        """What follows for each answer and each invitation."""
        people = self.people.id
        names = {
            row["customer_id"]: row["external_id"] for row in stored.rows(database, "customer_external_id", people)
        }
        names |= {row["id"]: row["key"] for row in stored.rows(database, "survey", people)} | {None: None}
        gone = self.books.replaced()
        told = {row["external_id"]: row for row in stored.rows(database, "feedback", people) if not row["deleted_at"]}
        assert {
            name: (
                names[row["customer_id"]],
                names[row["survey_id"]],
                row["edition"],
                row["survey_occasion"],
                row["kind"],
                row["is_replaced"],
            )
            for name, row in told.items()
        } == {
            name: (one["customer"], one["survey"], one["edition"], one["occasion"], one["kind"], name in gone)
            for name, one in self.books.said.items()
            if not one["gone"]
        }
        assert all(row["region"] == PEOPLE.get(names[row["customer_id"]]) for row in told.values())
        sent = [row for row in stored.rows(database, "invitation", people) if not row["deleted_at"]]
        assert {
            row["external_id"]: row["answer_seconds"] for row in sent if not row["is_stub"]
        } == self.books.answered()

    def check_invitations(self):
        """How many answered, how soon, by channel."""
        seconds = self.books.answered()
        if not seconds:
            return
        done = sorted(one for one in seconds.values() if one is not None)
        rate = figure_of(self.people, "RESPONSE_RATE").figure
        assert (rate.numerator, rate.denominator) == (len(done), len(seconds))
        mean = figure_of(self.people, "SURVEY_ANSWER_TIME", variant="mean").figure
        assert (mean.numerator, mean.denominator) == (sum(done), len(done))
        assert [n for _, n in mean.left_out] == [len(seconds) - len(done)]
        median = figure_of(self.people, "SURVEY_ANSWER_TIME").figure.value
        if done:
            middle = (done[(len(done) - 1) // 2] + done[len(done) // 2]) / 2
            assert median == pytest.approx(middle, rel=0.008)
            nine_in_ten = done[0] if len(done) == 1 else quantiles(done, n=10, method="inclusive")[-1]
            p90 = figure_of(self.people, "SURVEY_ANSWER_TIME", variant="p90").figure.value
            assert p90 == pytest.approx(nine_in_ten, rel=0.008)
        by = Counter(self.books.sent[name]["channel"] for name in seconds)
        hit = Counter(self.books.sent[name]["channel"] for name, one in seconds.items() if one is not None)
        told = slices(self.people, "RESPONSE_RATE", Dimension.CHANNEL)
        assert told == {name: pytest.approx(100 * hit[name] / n) for name, n in by.items()}

    def check_answers(self):
        """Who is satisfied, by region too, and how many were heard."""
        some = self.books.counting("CSAT")
        if some:
            csat = figure_of(self.people, "CSAT").figure
            assert (csat.numerator or 0, csat.denominator) == (sum(map(satisfies, some)), len(some))
            by = Counter(PEOPLE.get(one["customer"], "") for one in some)
            good = Counter(PEOPLE.get(one["customer"], "") for one in some if satisfies(one))
            told = slices(self.people, "CSAT", Dimension.REGION)
            assert {name: told[name] for name in by} == {
                name: pytest.approx(100 * good[name] / n) for name, n in by.items()
            }
        answers = self.books.counting("NPS")
        is_mixed = {one["occasion"] for one in answers} >= {"RELATIONSHIP", "TRANSACTIONAL"}
        assert ("MIXED_SURVEYS" in figure_of(self.people, "NPS").figure.flags) == is_mixed
        heard = {one["customer"] for one in answers} - {None}
        coverage = figure_of(self.people, "SURVEY_COVERAGE", MAY).figure
        if any(one["kind"] == "NPS" and not one["gone"] for one in self.books.said.values()):
            assert (coverage.numerator, coverage.denominator) == (len(heard), len(PEOPLE))
        else:
            assert coverage.reason == "INPUT_NOT_CONFIGURED"


def as_sent(row):
    refs = {part: row[part] for part in ("invitation", "customer", "survey", "question", "kind", "score")}
    return {"external_id": row["name"], "occurred_at": at(row["hours"]), "survey_edition": row["edition"]} | refs


@pytest.mark.some(1)
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(100, 103))])
def test_any_history_of_surveys_adds_up(workspace, database, seed):
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    story = Story(workspace, rng)
    for number in range(60):
        story.step()
        if number % 10 == 9:
            story.check(database)
    assert story.books.replaced() or seed
    assert_a_rebuild_changes_nothing(database, workspace)
    story.check(database)


# -- The order of arrival


def versions(rng):
    """Invitations and answers in several versions each, of which the last one holds: noun, name, stamp, row or None."""
    for noun, count in (("invitation", 5), ("feedback", 16)):
        for number in range(count):
            fixed = {"invitation": f"i{number % 5}", "kind": ("CSAT", "NPS")[number % 2]}
            fixed |= {"question": None, "survey": "s"} if number % 3 else {"question": "q", "kind": None}
            for stamp in rng.sample(range(20), rng.randint(1, 3)):
                if noun == "invitation":
                    row = {"customer": rng.choice((*PEOPLE, None)), "survey": "s", "occurred_at": at(rng.randint(0, 5))}
                    yield noun, f"i{number}", stamp, row
                else:
                    said = {"score": rng.choice((None, 1, 3, 5)), "occurred_at": at(rng.randint(6, 9))}
                    gone = rng.random() < 0.25
                    yield noun, f"f{number:02}", stamp, None if gone else fixed | {"survey": "s"} | said


def tell(people, told):
    """Send versions in this order."""
    services = {"feedback": feedback, "invitation": invitation}
    for noun, name, hour, row in told:
        stamp = datetime(2026, 6, 1, hour, tzinfo=UTC)
        if row is None:
            deletion = {"external_id": name, "source_updated_at": stamp}
            results = people.write(services[noun].delete_batch, [deletion], Options())
        else:
            results = record(people, noun, {"external_id": name, "source_updated_at": stamp, **row})
        assert not any(result.problems for result in results), (noun, name, row, results)


def facts(database, people):
    """What there is in the end, in words that do not depend on ids."""
    names = {row["customer_id"]: row["external_id"] for row in stored.rows(database, "customer_external_id", people.id)}
    names |= {row["id"]: row["key"] for row in stored.rows(database, "survey", people.id)} | {None: None}
    shown = ("score", "kind", "question", "edition", "threshold", "is_replaced", "occurred_at", "region")
    said = {
        row["external_id"]: [names[row["customer_id"]], names[row["survey_id"]], *(row[name] for name in shown)]
        for row in stored.rows(database, "feedback", people.id)
        if row["deleted_at"] is None
    }
    derived = ("is_stub", "occurred_at", "answered_at", "answered_on", "answer_seconds", "region")
    sent = {
        row["external_id"]: [names[row["customer_id"]], *(row[name] for name in derived)]
        for row in stored.rows(database, "invitation", people.id)
    }
    return said, sent


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 3))])
def test_the_order_of_arrival_changes_nothing(make_workspace, database, seed):
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    told = list(versions(rng))
    seen = []
    for _ in range(3):
        people = make_workspace()
        meet(people, *({"external_id": who, "region": where} for who, where in PEOPLE.items()))
        ask(people, "s", {"key": "q", "kind": "CSAT", "threshold": 3})
        tell(people, told)
        seen.append(facts(database, people))
        rng.shuffle(told)
    assert seen[0] == seen[1] == seen[2]
    assert any(row[7] for row in seen[0][0].values()) or seed  # some are replaced
    assert_a_rebuild_changes_nothing(database, people)


def test_ties_are_broken_alike_whichever_comes_first(make_workspace, database):
    seen = []
    for names in ("abc", "cab", "bca"):
        people = make_workspace()
        for name in names:
            answer(people, {"external_id": name, "invitation": "i", "kind": "CSAT", "score": 3, "occurred_at": at(1)})
        invite(people, {"external_id": "i", "occurred_at": NOON - timedelta(days=1)})
        seen.append({name: row[7] for name, row in facts(database, people)[0].items()})
    assert seen == [{"a": True, "b": True, "c": False}] * 3
