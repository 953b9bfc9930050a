"""Who may subscribe to what, and that nobody is told anything after they may not any more."""

import warnings
from datetime import timedelta

import pytest
from asking import Caller
from issuing import AUDIENCE, Issuer
from listening import ended, readers

from app import ids
from app.actor import Scope
from app.schema.build import build
from app.services import member, token
from app.services.row import Ref

SUBSCRIPTIONS = {
    # root field: (how it is asked, the scope that it needs, whether it tells how something stands at once)
    "kpiChanged": ("kpiChanged(key: CSAT, period: {named: THIS_YEAR}) { denominator }", Scope.KPI_READ, True),
    "targetChanged": ('targetChanged(by: {externalId: "t"}) { target { value } }', Scope.TARGET_READ, True),
    "feedbackRecorded": ("feedbackRecorded { feedback { score } }", Scope.FEEDBACK_READ, False),
    "changes": ("changes(types: [FEEDBACK]) { type }", Scope.CHANGE_READ, False),
}
GOAL = {"externalId": "t", "kpi": "CSAT", "kind": "ABSOLUTE", "from": "2026-01-01", "before": "2027-01-01"}


def each(test):
    """Try each subscription; the default run the first of them."""
    return pytest.mark.some(1)(pytest.mark.parametrize("field", SUBSCRIPTIONS)(test))


@pytest.fixture
def alice(server, workspace):
    return server.caller(workspace, name="alice")


@pytest.fixture
def server(serve, monkeypatch):
    monkeypatch.setattr("app.edge.live.streams.GOOD_S", 0.05)
    return serve(heartbeat_s=0.05)


def asked(field):
    return f"subscription {{ {SUBSCRIPTIONS[field][0]} }}"


def move(caller, name, score=5):
    """Write something that each of them tells of."""
    row = {"externalId": name, "kind": "CSAT", "score": score, "occurredAt": "2026-06-01T12:00:00Z"}
    caller.feedback(row)
    caller.write("targetSet", GOAL | {"value": 10 + score}, "outcome")


def test_every_subscription_is_tried_here():
    assert set(build().core.subscription_type.fields) == set(SUBSCRIPTIONS)


@each
def test_nobody_unknown_and_nobody_without_the_scope(server, workspace, field):
    with server.streaming("POST", json={"query": asked(field)}, headers={"accept": "text/event-stream"}) as response:
        assert response.status_code == 401
    without = server.caller(workspace, set(Scope) - {SUBSCRIPTIONS[field][1]})
    with server.events(asked(field), by=without) as events:
        told = events.next()["data"]
        assert [(one["path"], one["extensions"]["code"]) for one in told["errors"]] == [([field], "FORBIDDEN")]
        assert not told.get("data")
        assert events.next()["event"] == "complete"
    with server.socket(without.secret) as socket:
        socket.subscribe("a", asked(field))
        message = socket.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")


@each
def test_another_workspace_is_told_of_nothing(server, alice, elsewhere, field, wait):
    charlie = server.caller(elsewhere, name="charlie")
    with server.events(asked(field), by=charlie) as events:
        if SUBSCRIPTIONS[field][2]:
            assert events.data() in ({field: None}, {field: {"denominator": None}})
        wait(lambda: server.tells(1))
        for number in range(3):
            move(alice, f"a{number}", 1)
        move(charlie, "c", 4)
        told = events.data()
    expected = {
        "kpiChanged": {"denominator": 1},
        "targetChanged": {"target": {"value": 14}},
        "feedbackRecorded": {"feedback": {"score": 4}},
        "changes": {"type": "FEEDBACK"},
    }
    assert told == {field: expected[field]}


@each
def test_who_is_revoked_is_told_nothing_more(server, workspace, alice, field, wait):
    row, secret = workspace.write(token.issue, {"name": "gone"})
    stays = server.caller(workspace, name="stays")  # on the same stream
    with (
        server.socket(secret) as socket,
        server.events(asked(field), by=None, headers={"authorization": f"Bearer {secret}"}) as events,
        server.events(asked(field), by=stays) as others,
    ):
        socket.subscribe("a", asked(field))
        wait(lambda: server.tells(3))
        if SUBSCRIPTIONS[field][2]:
            socket.next("a"), events.data(), others.data()
        denied = ended("denied")
        workspace.write(token.revoke, ids.encode("Token", row.id))
        move(alice, "a")
        assert socket.closed() == (4403, "Forbidden")
        told = events.next()["data"]
        assert [one["extensions"]["code"] for one in told["errors"]] == ["UNAUTHENTICATED"]
        assert "data" not in told
        assert events.next()["event"] == "complete"
        assert events.block() is None
        assert others.data()[field]
        assert ended("denied") == denied + 2


@each
def test_who_is_revoked_is_sent_away_though_nothing_else_happens(server, workspace, field, wait):
    row, secret = workspace.write(token.issue, {"name": "gone"})
    with server.socket(secret) as socket:
        socket.subscribe("a", asked(field))
        wait(lambda: readers() == 1)
        if SUBSCRIPTIONS[field][2]:
            socket.next("a")
        workspace.write(token.revoke, ids.encode("Token", row.id))
        assert socket.closed() == (4403, "Forbidden")


@each
def test_a_token_that_expires_ends_it(server, workspace, alice, field, clock, wait):
    secret = server.token(workspace, expires_in=timedelta(hours=1))
    with server.socket(secret) as socket:
        socket.subscribe("a", asked(field))
        wait(lambda: readers() == 1)
        if SUBSCRIPTIONS[field][2]:
            socket.next("a")
        clock.advance(minutes=59)
        told = ended("denied")
        socket.say(type="ping")
        assert socket.hear() == {"type": "pong"}
        assert ended("denied") == told
        clock.advance(minutes=1)
        move(alice, "b")
        assert socket.closed() == (4403, "Forbidden")


@each
def test_who_sees_some_rows_is_told_of_those_and_follows_no_feed(server, workspace, alice, field):
    limits = {"name": "limited", "rows": {"sources": ["crm"]}, "source": "crm"}
    limited = Caller(server, workspace.write(token.issue, limits)[1])
    crm = server.caller(workspace, name="crm", source="crm")
    with server.events(asked(field), by=limited) as events:
        told = events.next()["data"]
        if not SUBSCRIPTIONS[field][2]:
            assert [one["extensions"]["code"] for one in told["errors"]] == ["FORBIDDEN"]
            assert not told.get("data")
        elif field == "kpiChanged":
            move(alice, "a", 1)
            crm.feedback({"externalId": "c", "kind": "CSAT", "score": 4, "occurredAt": "2026-06-01T12:00:00Z"})
            told = events.data()
            if told == {field: {"denominator": 0}}:  # there is something, if none of it is theirs
                told = events.data()
            assert told == {field: {"denominator": 1}}


@pytest.fixture(scope="module")
def issuer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        issuer = Issuer()
    yield issuer
    issuer.close()


def test_a_member_whose_role_changes_subscribes_again(serve, workspace, issuer, clock, wait):
    server = serve(oidc_issuer=issuer.url, oidc_audience=AUDIENCE, heartbeat_s=0.05)
    row, _ = server.door.write(workspace.system, member.add, {"role": "ANALYST", "subject": "olga"})
    secret = issuer.sign(issuer.claims(clock.now.timestamp()))

    def change(role):
        server.door.write(workspace.system, member.update, Ref(id=ids.encode("Member", row.id)), {"role": role})

    with server.socket(secret) as socket:
        socket.subscribe("a", asked("kpiChanged"))
        socket.next("a")
        change("VIEWER")
        assert socket.closed() == (4403, "Forbidden")
    wait(lambda: readers() == 0)
    for role in ("ANALYST", "VIEWER"):  # at once, and also where nobody listened as it changed
        with server.socket(secret) as socket:
            socket.subscribe("a", asked("kpiChanged"))
            socket.next("a")
            socket.say(type="ping")
            assert socket.hear() == {"type": "pong"}
            socket.say(id="a", type="complete")
            wait(lambda: readers() == 0)
        change(role)
    with server.socket(secret) as socket:
        socket.subscribe("a", asked("kpiChanged"))
        socket.next("a")
        server.door.write(workspace.system, member.remove, Ref(id=ids.encode("Member", row.id)))
        assert socket.closed() == (4403, "Forbidden")
