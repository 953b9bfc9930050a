"""How many may be open, what a look costs, and what becomes of who reads more slowly than there is to tell."""

import json
import socket as sockets
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest
from asking import Caller
from listening import PROTOCOL, Socket, ended, readers
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from app import ids
from app.services import feed, feedback, token
from app.services.row import Options, Ref

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHANGES = "subscription { changes { type } }"
CSAT = "subscription { kpiChanged(key: CSAT, period: {named: THIS_YEAR}) { denominator } }"


def rate(people, name):
    row = {"external_id": name, "kind": "CSAT", "score": 5, "occurred_at": NOON}
    people.write(feedback.record_batch, [row], Options())


def test_a_token_opens_so_many_and_all_together_so_many(serve, workspace, wait):
    server = serve(max_subscriptions_per_token=3, max_subscriptions=5)
    alice, bob = server.caller(workspace, name="alice"), server.caller(workspace, name="bob")
    with server.socket(alice.secret) as mine, server.socket(bob.secret) as others:
        for name in "abc":
            mine.subscribe(name, CHANGES)
        wait(lambda: readers() == 3)
        mine.subscribe("d", CHANGES)
        message = mine.hear()
        assert (message["id"], message["type"]) == ("d", "error")
        assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        with server.streaming("POST", json={"query": CHANGES}, headers=alice.headers()) as response:
            assert response.status_code == 429
            assert int(response.headers["retry-after"]) >= 1
        for name in "ab":
            others.subscribe(name, CHANGES)
        wait(lambda: readers() == 5)
        others.subscribe("c", CHANGES)
        assert others.hear()["payload"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        with server.streaming("POST", json={"query": CHANGES}, headers=bob.headers()) as response:
            assert response.status_code == 503
        mine.say(id="a", type="complete")
        wait(lambda: readers() == 4)
        others.subscribe("c", CHANGES)
        wait(lambda: server.tells(5))
        alice.channel("told")  # to all five
        assert {mine.hear()["id"] for _ in range(2)} == {"b", "c"}
        assert {others.hear()["id"] for _ in range(3)} == {"a", "b", "c"}


SMALL = {"rate_limit_points": 20, "rate_limit_per_s": 100, "max_cost": 20}


@pytest.fixture
def poor(serve, clock, monkeypatch):
    """A server whose points come back by the clock, which stands still."""
    monkeypatch.setattr("app.edge.quota.monotonic", lambda: clock().timestamp())
    return serve(**SMALL, heartbeat_s=30)


def drained(caller):
    """Spend what the caller has left."""
    while caller.post("{ a: workspace { id } b: workspace { id } }").status_code == 200:
        pass
    caller.post("{ workspace { id } }")


def test_a_look_waits_for_points_and_then_tells_how_it_stands(poor, workspace, clock):
    alice = poor.caller(workspace)
    with poor.events(CSAT, by=alice) as events:
        events.data()
        drained(alice)
        rate(workspace, "a")
        time.sleep(0.3)
        clock.advance(seconds=1)
        rate(workspace, "b")
        told = events.data()["kpiChanged"]["denominator"]
        if told == 1:
            told = events.data()["kpiChanged"]["denominator"]
        assert told == 2


def test_who_was_revoked_while_it_waited_for_points_is_told_nothing(poor, workspace, clock):
    row, secret = workspace.write(token.issue, {"name": "gone"})
    headers = {"authorization": f"Bearer {secret}"}

    with poor.events(CSAT, by=None, headers=headers) as events:
        events.data()
        drained(Caller(poor, secret))
        rate(workspace, "a")
        time.sleep(0.4)  # it waits for points now
        workspace.write(token.revoke, ids.encode("Token", row.id))
        clock.advance(seconds=1)
        told = events.next()["data"]
        assert [one["extensions"]["code"] for one in told["errors"]] == ["UNAUTHENTICATED"]


def test_of_those_who_ask_the_same_nobody_waits_for_another_one_s_points(poor, workspace):
    alice, carol = poor.caller(workspace, name="alice"), poor.caller(workspace, name="carol")
    with poor.events(CSAT, by=alice) as first, poor.events(CSAT, by=carol) as second:
        first.data(), second.data()
        drained(alice)
        rate(workspace, "a")  # the clock stands still: alice has no points, now and for ever
        assert first.data() == second.data() == {"kpiChanged": {"denominator": 1}}


@pytest.mark.slow
def test_who_leaves_at_any_time_keeps_no_place(server, workspace, alice, wait):
    """There are few places for looks, and none may be lost to somebody who goes in the midst of one."""
    streams, once = server.endpoint.streams, CSAT.replace("subscription", "query").replace("kpiChanged", "kpi")
    free = [runner._places._value for runner in (streams._runner, server.endpoint._operations.runner)]
    for number in range(40):
        with server.socket(alice.secret) as socket:
            for name in "abcdefgh":
                socket.subscribe(name, CSAT.replace("kpiChanged", f"{name}: kpiChanged"))
                socket.subscribe(f"q{name}", once)
                if number % 4 == 1:
                    socket.say(id=f"q{name}", type="complete")
                if number % 4 == 2:
                    socket.say(id=name, type="complete")
            for _ in range(min(number % 4 and number // 4, 6)):
                socket.hear()
    wait(lambda: readers() == 0)
    wait(lambda: not streams._running)
    with server.events(CSAT, by=alice) as events:
        events.data()
        rate(workspace, "a")
        assert events.data() == {"kpiChanged": {"denominator": 1}}
    wait(lambda: [one._places._value for one in (streams._runner, server.endpoint._operations.runner)] == free)


RECORDED = "subscription { feedbackRecorded { feedback { score comment } } }"


def much(people, parts=12):
    """So many hundred answers of 4,000 bytes each."""
    for part in range(parts):
        rows = [
            {
                "external_id": f"{part}-{number}",
                "kind": "CSAT",
                "score": 1 + number % 5,
                "comment": "x" * 4_000,
                "occurred_at": NOON,
                "customer": Ref(external_id=str(number)),
            }
            for number in range(100)
        ]
        results = people.write(feedback.record_batch, rows, Options(create_missing=True))
        assert not any(one.problems for one in results)


def _connected(server):
    """A connection through which little goes that nobody reads."""
    plain = sockets.socket()
    plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    host, port = server.address.split(":")
    plain.connect((host, int(port)))
    return plain


@contextmanager
def narrow(server, caller):
    """A conversation over such a connection."""
    options = {"subprotocols": [PROTOCOL], "compression": None, "ping_interval": None, "max_queue": 1}
    with connect(f"ws://{server.address}/graphql", sock=_connected(server), **options) as wire:
        socket = Socket(wire)
        socket.init(caller.secret)
        yield socket


@pytest.mark.slow
def test_who_reads_too_slowly_is_sent_away_and_nobody_else_misses_anything(serve, workspace, wait, monkeypatch):
    monkeypatch.setattr("app.edge.live.socket.STALL_S", 10.0)
    server = serve()
    alice = server.caller(workspace)
    slow, writer = ended("slow"), threading.Thread(target=much, args=(workspace,))
    with narrow(server, alice) as lazy, server.events(RECORDED, by=alice) as events:
        lazy.subscribe("a", RECORDED)
        wait(lambda: server.tells(2))
        writer.start()
        told = [events.data()["feedbackRecorded"]["feedback"]["score"] for _ in range(1_200)]
        writer.join()
        assert told == [1 + number % 5 for number in range(100)] * 12
        wait(lambda: ended("slow") == slow + 1)
        assert readers() == 1
        code = None
        while code is None:  # what was on its way comes first
            try:
                lazy.hear(timeout=20)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
        assert code == 1013


RESUMED = "subscription($a: String) { feedbackRecorded(after: $a) { feedback { score comment customer { id } } } }"


@pytest.mark.slow
def test_who_reads_nothing_at_all_is_let_go(serve, workspace, wait, monkeypatch):
    for where in ("app.edge.live.socket.STALL_S", "app.edge.live.http.STALL_S"):
        monkeypatch.setattr(where, 0.5)
    server = serve()
    alice = server.caller(workspace)
    start = alice.one("{ changesHead }")
    much(workspace)
    wait(lambda: workspace.read(feed.page, 1, start).behind > 1_000)
    body = json.dumps({"query": RESUMED, "variables": {"a": start}}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    head += f"Authorization: Bearer {alice.secret}\r\nAccept: text/event-stream\r\n\r\n"
    with narrow(server, alice) as lazy, closing(_connected(server)) as plain:
        lazy.subscribe("a", RESUMED, {"a": start})
        plain.sendall(head.encode() + body)
        wait(lambda: readers() == 2)
        wait(lambda: readers() == 0)
        wait(lambda: not server.endpoint.streams._running)


@pytest.mark.slow
def test_who_reads_slowly_from_a_place_on_is_waited_for(serve, workspace, wait):
    """What an operation may take is for each event, not for a page of them with a reader who rests in between."""
    server = serve(operation_timeout_s=4.0)
    server.hold_little()
    alice = server.caller(workspace)
    start, slow = alice.one("{ changesHead }"), ended("slow")
    much(workspace, parts=50)
    with narrow(server, alice) as lazy:
        lazy.subscribe("a", RESUMED, {"a": start})
        told = []
        for number in range(5_000):
            payload = lazy.next("a")
            assert "errors" not in payload, (number, payload["errors"])
            told.append(payload["data"]["feedbackRecorded"]["feedback"])
            if number in (10, 2_010):
                time.sleep(5)
    assert [one["score"] for one in told] == [1 + number % 5 for number in range(100)] * 50
    assert all(one["customer"] for one in told)
    assert ended("slow") == slow
