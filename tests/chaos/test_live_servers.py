"""Subscriptions of servers in processes of their own: told across processes, and ended when they stop."""

import signal
import time
from contextlib import ExitStack

import pytest
from listening import At, Events, only
from sqlalchemy import text

from app import migrate
from app.services import token as tokens

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

CHANGES = "subscription { changes { cursor } }"
CSAT = "subscription { kpiChanged(key: CSAT, period: {named: ALL_TIME}) { denominator } }"
RECORD = """mutation($name: String!) { feedbackRecord(input: {externalId: $name, kind: CSAT, score: 5,
    occurredAt: "2026-06-01"}) { outcome } }"""


@pytest.fixture
def database(postgresql):
    return postgresql


WRITES = 8


def took(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began


def test_a_write_through_one_is_told_by_the_other_also_after_the_line_was_cut(start, database, door, workspace):
    secret = tokens.create(door, workspace.id, "reader")
    one, other = start(secret), start(secret)
    with At(other).reading(CSAT) as response:
        events = Events(response)
        assert not events.data()["kpiChanged"]["denominator"]
        waits = []
        for number in range(2 * WRITES):
            if number == WRITES:  # both lines of both servers
                engine = migrate.owner_engine(database)
                with engine.begin() as connection:
                    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE :said"
                    assert connection.execute(text(cut), {"said": "LISTEN custograph%"}).scalar() >= 2
                engine.dispose()
                time.sleep(3)
            assert only("feedbackRecord", one.ask(RECORD, {"name": f"f{number}"}))["outcome"] == "CREATED"
            waits.append(took(lambda number=number: _until(events, number + 1)))
            time.sleep(1.1)  # so that no look is under way as the next is written
    for some in (waits[:WRITES], waits[WRITES:]):  # looks alone come once in a second
        assert sorted(some)[-3] < 0.6, waits


def _until(events, denominator):
    while events.data()["kpiChanged"]["denominator"] != denominator:
        pass


def test_a_server_that_is_told_to_stop_stops_with_streams_open(start, database, door, workspace):
    secret = tokens.create(door, workspace.id, "reader")
    server = start(secret)
    there = At(server)
    with ExitStack() as stack:
        streams = [stack.enter_context(there.reading(query)) for query in (CHANGES, CSAT)]
        sockets = [stack.enter_context(there.socket(secret)) for _ in range(2)]
        sockets[0].subscribe("a", CSAT)
        sockets[0].next("a")
        events = [Events(one) for one in streams]
        events[1].data()
        server.process.send_signal(signal.SIGTERM)
        for socket in sockets:
            assert socket.closed()[0] == 1012
        for one in events:
            while one.block() is not None:  # it ends as it should, and not in the middle of a chunk
                pass
        assert server.process.wait(timeout=15) in (0, -signal.SIGTERM)  # not after the 20 s that a server waits
