"""Subscriptions of servers in processes of their own: read on at another one, and a thousand at one within bounds."""

import signal
import threading
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import stored
from listening import At, Events, only

from app.services import token as tokens

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

CHANGES = "subscription($a: String) { changes(after: $a) { cursor recordId } }"
CSAT = "subscription { kpiChanged(key: CSAT, period: {named: ALL_TIME}) { denominator } }"
WRITE = """mutation($name: String!) { channelUpsert(input: {externalId: $name, name: "A"}) {
    outcome channel { id } } }"""
RECORD = """mutation($name: String!) { feedbackRecord(input: {externalId: $name, kind: CSAT, score: 5,
    occurredAt: "2026-06-01"}) { outcome } }"""


@pytest.fixture
def database(postgresql):
    return postgresql


def test_whose_server_is_killed_reads_on_at_another_and_misses_nothing(start, database, door, workspace):
    secret = tokens.create(door, workspace.id, "reader")
    one, other = start(secret), start(secret)
    stop, written = threading.Event(), []

    def write():
        number = 0
        while not stop.is_set():
            answer = other.ask(WRITE, {"name": f"c{number}"})
            written.append(only("channelUpsert", answer)["channel"]["id"])
            number += 1

    first = other.ask("{ changesHead }")["data"]["changesHead"]
    told, last = [], first
    writer = threading.Thread(target=write)
    writer.start()
    try:
        with At(one).reading(CHANGES, {"a": first}) as response:
            events = Events(response)
            for turn in range(10_000):
                try:
                    event = events.next()
                except (AssertionError, httpx.TransportError):
                    break
                told.append(event["data"]["data"]["changes"]["recordId"])
                last = event["id"]
                if turn == 30:
                    one.process.send_signal(signal.SIGKILL)
        assert len(told) > 30
        with At(other).reading(CHANGES, {"a": first}, **{"last-event-id": last}) as response:
            events = Events(response)
            while len(told) < 150:
                told.append(events.data()["changes"]["recordId"])
            stop.set()
            writer.join()
            while len(told) < len(written):
                told.append(events.data()["changes"]["recordId"])
    finally:
        stop.set()
        writer.join()
    assert told == written
    changes = [row for row in stored.rows(database, "change") if row["noun"] == "Channel"]
    assert len(changes) == len(written)


def resident(server):
    """How many bytes of memory the server's process takes."""
    (line,) = [one for one in Path(f"/proc/{server.process.pid}/status").read_text().splitlines() if "VmRSS" in one]
    return int(line.split()[1]) * 1024


READERS, EACH = 1_000, 10


def test_a_thousand_read_at_one_server_within_bounds(start, door, workspace):
    secret = tokens.create(door, workspace.id, "reader")
    server = start(secret)
    there = At(server)
    with ExitStack() as stack:
        sockets = []
        with there.socket(secret) as warm:
            warm.subscribe("a", CSAT)
            warm.next("a")
        before = resident(server)
        for _ in range(READERS // EACH):
            socket = stack.enter_context(there.socket(secret))
            for number in range(EACH):
                socket.subscribe(str(number), CSAT.replace("kpiChanged", f"k{number}: kpiChanged"))
            sockets.append(socket)
        for socket in sockets:
            for _ in range(EACH):
                assert socket.hear()["type"] == "next"
        grown = resident(server) - before
        assert only("feedbackRecord", server.ask(RECORD, {"name": "new"}))["outcome"] == "CREATED"
        for socket in sockets:
            told = {message["id"]: message["payload"]["data"] for message in (socket.hear() for _ in range(EACH))}
            assert told == {str(number): {f"k{number}": {"denominator": 1}} for number in range(EACH)}
    assert grown < 60_000_000
