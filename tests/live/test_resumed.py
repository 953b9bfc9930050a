"""The feeds: every change and every feedback, in order, from any place on, whoever writes, reads slowly or is away."""

import sqlite3
import threading
from datetime import UTC, datetime
from random import Random

import pytest
import stored
from listening import PATIENCE
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.actor import Actor
from app.services import change, channel, customer, feed, feedback
from app.services.row import Options, Ref

CHANGES = "subscription($a: String) { changes(after: $a) { cursor recordId version type } }"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NAMES = "subscription($a: String) { changes(after: $a) { externalIds { externalId } } }"
RECORDED = """subscription($f: FeedbackFilterInput, $a: String) {
    feedbackRecorded(filter: $f, after: $a) { cursor
        feedback { score comment customer { externalIds { externalId } } } } }"""


def answer(name, score, **more):
    return {"externalId": name, "kind": "CSAT", "score": score, "occurredAt": "2026-06-01T12:00:00Z", **more}


def scores(events, number):
    return [events.data()["feedbackRecorded"]["feedback"]["score"] for _ in range(number)]


def test_feedback_is_told_once_when_it_is_new_and_in_order(server, workspace, alice, wait):
    alice.feedback(answer("old", 5))
    with (
        server.events(RECORDED, by=alice) as every,
        server.events(RECORDED, {"f": {"score": {"gte": 4}}}, by=alice) as good,
    ):
        wait(lambda: server.tells(2))
        alice.feedback(answer("a", 1), answer("b", 4), answer("c", 2))
        assert sorted(scores(every, 3)) == [1, 2, 4]
        assert scores(good, 1) == [4]
        alice.feedback(answer("a", 5))  # the same one, said otherwise
        alice.write("feedbackDeleteBatch", {"rows": [{"externalId": "b"}]}, "counts { deleted }")
        alice.channel("between")
        alice.feedback(answer("d", 5))
        alice.feedback(answer("e", 3))
        assert scores(every, 2) == [5, 3]
        assert scores(good, 1) == [5]


def test_what_was_committed_before_is_no_news_though_nobody_has_sealed_it_yet(serve, workspace, wait):
    server = serve(work=False)
    alice = server.caller(workspace)
    alice.feedback(answer("old", 5))
    with server.events(RECORDED, by=alice) as events:
        wait(lambda: server.tells(1))
        alice.feedback(answer("new", 4))
        workspace.write(change.seal)
        assert scores(events, 1) == [4]


def test_feedback_is_told_from_any_place_on(server, alice, wait):
    start = alice.one("{ changesHead }")
    for number in range(12):
        alice.feedback(answer(str(number), 1 + number % 5))
        alice.channel(f"c{number}")
    expected = [1 + number % 5 for number in range(12)]
    cursors = [start]
    with server.events(RECORDED, {"a": start}, by=alice) as events:
        for score in expected:
            told = events.next()
            body = told["data"]["data"]["feedbackRecorded"]
            assert body["feedback"]["score"] == score
            assert body["cursor"] == told["id"]
            cursors.append(told["id"])
    for place in (0, 1, 5, 11):
        with server.events(RECORDED, {"a": cursors[place]}, by=alice) as events:
            assert scores(events, 12 - place) == expected[place:]
    with server.events(RECORDED, {"a": start, "f": {"score": {"eq": 5}}}, by=alice) as events:
        assert scores(events, 2) == [5, 5]


def writing(people, doors, number, rounds):
    rng, door = Random(number), doors[number % len(doors)]  # noqa: S311 - repeatable, not secret
    for turn in range(rounds):
        name = f"w{rng.randrange(6)}"
        row = {"external_id": name, "name": f"{number}-{turn}"}
        if rng.random() < 0.5:
            door.write(people.alice, channel.upsert, row)
        else:
            door.write(people.alice, customer.upsert_batch, [row], Options())


@pytest.mark.engine
def test_every_change_under_several_writers_and_from_any_place_on(serve, open_door, workspace, database):
    server = serve()
    doors = [server.door] if server.door.db.is_sqlite else [server.door, open_door()]
    alice = server.caller(workspace)
    start = alice.one("{ changesHead }")
    writers = [threading.Thread(target=writing, args=(workspace, doors, number, 12)) for number in range(4)]
    with server.events(CHANGES, {"a": start}, by=alice) as events:
        for writer in writers:
            writer.start()
        told = [events.data()["changes"]]
        for writer in writers:
            writer.join(PATIENCE)
        last = alice.channel("last")
        while told[-1]["recordId"] != last:
            told.append(events.data()["changes"])
    stored_ = sorted(stored.rows(database, "change", workspace.id), key=lambda row: row["seq"])
    assert [row["seq"] for row in stored_] == list(range(1, len(stored_) + 1))
    mine = stored_[-len(told) :]
    assert len(told) > 10
    assert [(one["type"], one["version"]) for one in told] == [(row["noun"].upper(), row["version"]) for row in mine]
    assert stored_[-len(told) - 1]["noun"] == "Token"  # nothing is left out at the beginning
    for place in Random(1).sample(range(len(told) - 1), 4):  # noqa: S311 - repeatable, not secret
        with server.events(CHANGES, {"a": told[place]["cursor"]}, by=alice) as events:
            assert [events.data()["changes"] for _ in told[place + 1 :]] == told[place + 1 :]


def test_what_is_behind_is_caught_up_page_by_page(server, alice, workspace):
    start = alice.one("{ changesHead }")
    alice.customers({"externalId": str(number)} for number in range(250))
    with server.events(NAMES, {"a": start}, by=alice) as events:
        told = [events.data()["changes"]["externalIds"][0]["externalId"] for _ in range(250)]
    assert sorted(told, key=int) == [str(number) for number in range(250)]
    assert workspace.read(feed.page, 500, start).behind == 0


class Away:
    """The database, as it is while nobody can reach it."""

    def __init__(self, door):
        self.word, self.times, self.door = None, 0, door
        event.listen(door.db.reader, "before_cursor_execute", self)

    def __call__(self, _connection, _cursor, statement, *_):
        if self.word is not None and self.word in statement:
            self.times += 1
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise OperationalError(statement, {}, error)


@pytest.fixture
def away(server, monkeypatch):
    monkeypatch.setattr("app.edge.live.stream.AGAIN_S", 0.05)
    return Away(server.door)


@pytest.mark.parametrize("word", ["", "FROM change", "FROM customer", "FROM token"])
def test_a_database_that_was_away_ends_nothing_and_skips_nothing(server, alice, away, wait, word):
    variables = {"a": alice.one("{ changesHead }")}
    kpi = "subscription { kpiChanged(key: CSAT, period: {named: THIS_YEAR}) { denominator } }"
    with server.events(RECORDED, variables, by=alice) as events, server.events(kpi, by=alice) as figures:
        figures.data()
        alice.feedback(answer("before", 1, customer={"externalId": "ann"}), createMissing=True)
        assert scores(events, 1) == [1]
        assert figures.data() == {"kpiChanged": {"denominator": 1}}
        away.word = word
        alice_writes = threading.Thread(target=written, args=(server, alice))
        alice_writes.start()
        wait(lambda: away.times > (0 if word == "FROM token" else 2))
        away.word = None
        alice_writes.join(PATIENCE)
        told = [events.data()["feedbackRecorded"]["feedback"] for _ in range(3)]
        assert [one["score"] for one in told] == [2, 3, 4]
        names = [one["customer"]["externalIds"] for one in told]
        assert names == [[{"externalId": "ann"}], [{"externalId": "bea"}], [{"externalId": "cid"}]]
        last = figures.data()
        while last["kpiChanged"]["denominator"] != 4:
            last = figures.data()


def written(server, people_of):
    """Written past the edge: the writer reaches the database all the time."""
    actor = Actor(people_of.people.id, "alice")
    for name, score, who in (("x", 2, "ann"), ("y", 3, "bea"), ("z", 4, "cid")):
        row = {
            "external_id": name,
            "kind": "CSAT",
            "score": score,
            "occurred_at": NOON,
            "customer": Ref(external_id=who),
        }
        server.door.write(actor, feedback.record_batch, [row], Options(create_missing=True))
