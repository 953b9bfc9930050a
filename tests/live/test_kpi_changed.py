"""How KPIs and targets stand: told at once, again when what was asked has moved, once for all who ask the same."""

import time

import pytest
import stored
from listening import readers

from app.actor import Scope
from app.edge.runner import Runner
from app.services import token

CSAT = "subscription { kpiChanged(key: CSAT, period: {named: THIS_YEAR}) { numerator denominator } }"


@pytest.fixture
def looks(monkeypatch):
    """The streams that have looked, one entry for each look."""
    seen, event = [], Runner.event

    async def noted(self, document, operation, variables, context, value):
        seen.append(context.live)
        return await event(self, document, operation, variables, context, value)

    monkeypatch.setattr(Runner, "event", noted)
    return seen


def rate(caller, name, score, *, kind="CSAT", at="2026-06-01T12:00:00Z", **more):
    caller.feedback({"externalId": name, "kind": kind, "score": score, "occurredAt": at, **more}, createMissing=True)


def csat(numerator, denominator):
    return {"kpiChanged": {"numerator": numerator, "denominator": denominator}}


def counted(database):
    """Satisfied answers, and all of them, by plain counting."""
    rows = [row for row in stored.rows(database, "feedback") if row["deleted_at"] is None]
    return sum(row["score"] >= 4 for row in rows), len(rows)


def test_it_is_told_at_once_and_again_when_it_has_moved_and_only_then(server, alice, looks, wait):
    rate(alice, "earlier", 5, at="2025-06-01")
    with server.events(CSAT, by=alice) as events:
        assert events.data() == csat(0, 0)
        for unrelated in (
            lambda: alice.channel("new"),
            lambda: rate(alice, "as early", 4, at="2025-06-01"),
            lambda: rate(alice, "nps", 9, kind="NPS"),
        ):
            before = len(looks)
            unrelated()
            wait(lambda before=before: len(looks) > before)  # it has looked, and seen that nothing moved
        rate(alice, "a", 5)
        assert events.data() == csat(1, 1)
        rate(alice, "b", 2)
        assert events.data() == csat(1, 2)
        alice.write("feedbackDeleteBatch", {"rows": [{"externalId": "a"}]}, "counts { deleted }")
        assert events.data() == csat(0, 1)


def test_a_burst_is_told_as_a_few_and_the_last_one_is_right(server, alice, database, looks):
    with server.events(CSAT, by=alice) as events:
        events.data()
        began = time.monotonic()
        for number in range(50):
            rate(alice, str(number), 1 + number % 5)
        told = []
        while not told or told[-1]["kpiChanged"]["denominator"] != 50:
            told.append(events.data())
        took = time.monotonic() - began
        assert told[-1] == csat(*counted(database)) == csat(20, 50)
        assert len(told) <= took / 0.25 + 2
        assert len(looks) <= took / 0.25 + 3


def test_the_turn_of_a_period_is_told(serve, workspace, clock, monkeypatch):
    monkeypatch.setattr("app.edge.live.tides.LOOK_S", 0.02)
    server = serve()
    alice = server.caller(workspace)
    rate(alice, "a", 5, at=clock.now.isoformat())
    query = "subscription { kpiChanged(key: CSAT, period: {named: TODAY}) { denominator period { from } } }"
    with server.events(query, by=alice) as events:
        assert events.data()["kpiChanged"] == {"denominator": 1, "period": {"from": "2026-06-15"}}
        clock.set(clock.now.replace(hour=21, minute=59))  # a minute before midnight in Berlin
        time.sleep(0.1)
        clock.advance(minutes=1)
        told = events.data()["kpiChanged"]
        assert told["period"] == {"from": "2026-06-16"}
        assert not told["denominator"]


def test_who_asks_the_same_is_told_by_one_look_and_who_asks_otherwise_is_not(server, workspace, alice, looks, wait):
    carol = server.caller(workspace, name="carol")
    with server.events(CSAT, by=alice) as first, server.events(CSAT, by=carol) as second:
        first.data(), second.data()
        rate(alice, "a", 5)
        assert first.data() == second.data() == csat(1, 1)
        assert len(set(looks)) == 1
        limited = workspace.write(token.issue, {"name": "limited", "rows": {"sources": ["crm"]}})[1]
        variable = CSAT.replace("subscription {", "subscription($n: NamedPeriod!) {").replace("THIS_YEAR", "$n")
        others = [
            ((CSAT, None), alice.headers() | {"accept-language": "zh"}, csat(1, 1)),
            ((CSAT, None), server.caller(workspace, Scope, name="all").headers(), csat(1, 1)),
            ((CSAT, None), {"authorization": f"Bearer {limited}"}, None),
            ((CSAT.replace("CSAT", "NPS"), None), alice.headers(), None),
            ((variable, {"n": "THIS_MONTH"}), alice.headers(), csat(1, 1)),
            ((variable, {"n": "LAST_MONTH"}), alice.headers(), None),
        ]
        for place, (asked, headers, expected) in enumerate(others):
            with server.events(*asked, by=None, headers=headers) as events:
                told = events.data()
                assert told == expected if expected else told != csat(1, 1)
                assert len(set(looks)) == 2 + place
        wait(lambda: readers() == 2)
    wait(lambda: readers() == 0)


def test_who_joins_is_told_how_it_stands_without_another_look(serve, workspace, looks):
    server = serve(work=False)  # nothing is settled after the write, which would be looked at too
    alice = server.caller(workspace)
    carol = server.caller(workspace, name="carol")
    with server.events(CSAT, by=alice) as first:
        first.data()
        rate(alice, "a", 5)
        first.data()
        before = len(looks)
        with server.events(CSAT, by=carol) as second:
            assert second.data() == csat(1, 1)
        assert len(looks) == before


def test_each_look_is_charged_as_the_query_would_be(serve, workspace, clock, monkeypatch, looks):
    monkeypatch.setattr("app.edge.quota.monotonic", lambda: clock().timestamp())  # nothing comes back meanwhile
    server = serve()
    reader = server.caller(workspace)
    asked = "(key: CSAT, period: {named: THIS_YEAR}) { series(grain: DAY) { value } } }"
    price = reader.answer(f"{{ kpi{asked}")["extensions"]["cost"]["actualQueryCost"]
    assert price > 365

    def left():
        return reader.answer("{ workspace { id } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]

    before = left()
    with server.events(f"subscription {{ kpiChanged{asked}", by=reader) as events:
        events.data()
        time.sleep(0.1)
        assert before - left() == len(looks) * price + 1


def test_a_target_is_told_when_it_changes_and_when_its_kpi_moves(server, alice):
    query = 'subscription { targetChanged(by: {externalId: "t"}) { state attainment target { value } } }'
    goal = {
        "externalId": "t",
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "value": 50,
        "from": "2026-01-01",
        "before": "2027-01-01",
    }
    with server.events(query, by=alice) as events:
        assert events.data() == {"targetChanged": None}
        alice.write("targetSet", goal, "outcome")
        assert events.data()["targetChanged"]["target"] == {"value": 50}
        rate(alice, "a", 5)
        rate(alice, "b", 1)
        told = events.data()["targetChanged"]
        while told["attainment"] != 1.0:  # one of two is satisfied, which is 50 %
            told = events.data()["targetChanged"]
        alice.write("targetSet", goal | {"value": 100}, "outcome")
        told = events.data()["targetChanged"]
        assert (told["attainment"], told["target"]) == (0.5, {"value": 100})


def test_who_asks_what_cannot_be_is_told_so_and_nobody_waits_for_ever(server, workspace, wait):
    """Many at once, some of whom come while the first is being refused."""
    bob = server.caller(workspace, {Scope.CUSTOMER_READ}, name="bob")
    with server.socket(bob.secret) as socket:
        for number in range(300):
            socket.subscribe(str(number), CSAT)
        told = [socket.hear(timeout=20) for _ in range(300)]
    assert {(one["type"], one["payload"][0]["extensions"]["code"]) for one in told} == {("error", "FORBIDDEN")}
    assert {one["id"] for one in told} == {str(number) for number in range(300)}
    wait(lambda: readers() == 0)
