"""Whoever joins which team when, and in whatever order all of it arrives: counting everything gives the same."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from trading import (
    CREATE,
    MAY,
    ask_all,
    assert_a_rebuild_changes_nothing,
    back,
    belong,
    form,
    put,
    sliced,
    sold,
    take_back,
)

from app.kpis.dimension import Dimension
from app.services import feedback, job, teamwork
from app.services.kpi import Question
from app.services.row import Ref

FIRST = date(2026, 5, 1)
STAFF = ("eva", "ned")
TEAMS = ("red", "blue")
KPIS = ("FEEDBACK_COUNT", "REVENUE", "REVENUE refund_date", "RETURN_RATE", "REPEAT_PURCHASE_RATE")

# few names and few days, so that they meet
_day = st.integers(0, 7).map(lambda number: FIRST + timedelta(days=number))
_name = st.integers(1, 5)
_who = st.sampled_from((*STAFF, None))


@st.composite
def _times(draw):
    """Times in teams, one after the other, some with no team between them, the first and last maybe open."""
    found, start = [], draw(_day) - timedelta(days=3)
    for _ in range(draw(st.integers(0, 4))):
        end = start + timedelta(days=draw(st.integers(1, 4)))
        found.append((draw(st.sampled_from((*TEAMS, None))), start, end))
        start = end
    if found and draw(st.booleans()):
        found[0] = (found[0][0], None, found[0][2])
    if found and draw(st.booleans()):
        found[-1] = (*found[-1][:2], None)
    return draw(st.permutations([one for one in found if one[0]]))


_event = st.one_of(
    st.tuples(st.just("teams"), st.sampled_from(STAFF), _times()),
    st.tuples(
        st.just("order"), _name, st.tuples(_day, _who, st.sampled_from(("ann", "bob", None)), st.integers(10, 99))
    ),
    st.tuples(st.just("refund"), _name, st.tuples(_day, st.integers(1, 9))),
    st.tuples(st.just("answer"), _name, st.tuples(_day, _who)),
    st.tuples(st.just("gone"), _name, st.none()),
    st.tuples(st.just("work"), st.none(), st.none()),
)


class Told:
    """What a workspace was told, in plain records, and what that comes to."""

    def __init__(self, people):
        self.people = people
        self.known = {kind: {} for kind in ("teams", "order", "refund", "answer")}

    def tell(self, kind, name, what):
        """One thing more, to the program too."""
        if kind == "work":
            work(self.people)
        elif kind == "gone":
            if self.known["order"].pop(name, None):
                take_back(self.people, "order", f"o{name}")
        elif kind != "refund" or name in self.known["order"]:
            self.known[kind][name] = what
            getattr(self, f"_{kind}")(name, what)

    def _teams(self, name, times):
        belong(self.people, name, *times)

    def _order(self, name, what):
        day, who, customer, amount = what
        put(self.people, "order", sold(f"o{name}", amount, day, customer, staff=who))

    def _refund(self, name, what):
        put(self.people, "refund", back(f"r{name}", f"o{name}", what[1], what[0]))

    def _answer(self, name, what):
        row = {"external_id": f"f{name}", "kind": "CSAT", "score": 5, "occurred_at": what[0]}
        row |= {"staff": Ref(external_id=what[1])} if what[1] else {}
        (result,) = self.people.write(feedback.record_batch, [row], CREATE)
        assert not result.problems

    def team(self, who, on):
        """By going through every day of every time."""
        for name, first, before in self.known["teams"].get(who, ()):
            start, end = first or date(2026, 4, 1), before or date(2026, 6, 1)
            if on in [start + timedelta(days=n) for n in range((end - start).days)]:
                return name
        return ""

    def counted(self):
        """Each KPI by team."""
        answers, orders, net, returned = (defaultdict(int) for _ in range(4))
        bought = defaultdict(lambda: defaultdict(int))
        for on, who in self.known["answer"].values():
            answers[self.team(who, on)] += 1
        for name, (on, who, customer, amount) in self.known["order"].items():
            team, (_, given_back) = self.team(who, on), self.known["refund"].get(name, (None, 0))
            orders[team] += 1
            net[team] += amount - given_back
            returned[team] += given_back > 0
            if customer and amount > given_back:
                bought[team][customer] += 1
        again = {team: 100 * sum(n > 1 for n in some.values()) / len(some) for team, some in bought.items()}
        back_ = {team: 100 * returned[team] / orders[team] for team in orders}
        # refunds lie in the month of their orders
        rows = (answers, net, net, back_, again)
        return dict(zip(KPIS, [{team: pytest.approx(one) for team, one in row.items()} for row in rows], strict=True))


def work(people):
    """Have the jobs run, and those that they leave behind."""
    while claimed := job.claim(people.door):
        for one in claimed:
            assert job.run(people.door, one)


def answered(people, expected):
    """The same from the program; a team that is not expected may be told as having nothing."""
    found, named = {}, [name.partition(" ") for name in KPIS]
    questions = [Question(key, MAY, variant or None, by=Dimension.TEAM) for key, _, variant in named]
    for name, answer in zip(KPIS, ask_all(people, questions), strict=True):
        told = sliced(answer)
        found[name] = {
            team: one for team, one in told.items() if team in expected[name] or (one and not isinstance(one, str))
        }
    return found


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 5_000])
def test_what_is_counted_by_team_is_what_counting_everything_gives(make_workspace, database, monkeypatch, at_once):
    monkeypatch.setattr(teamwork, "AT_ONCE", at_once)

    @given(st.lists(_event, min_size=8, max_size=24))
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # shrinking takes minutes with a database
        suppress_health_check=list(HealthCheck),
    )
    def holds(events):
        people = make_workspace()
        form(people, *TEAMS)
        told = Told(people)
        put(people, "order", sold("o0", 1, FIRST))  # so that there is something to be asked for
        told.known["order"][0] = (FIRST, None, None, 1)
        told.tell("answer", 0, (FIRST, None))
        for event in events:
            told.tell(*event)
        work(people)
        expected = told.counted()
        assert answered(people, expected) == expected
        assert_a_rebuild_changes_nothing(database, people)
        assert answered(people, expected) == expected

    holds()
