"""A server that is killed in the middle of its work loses nothing that it acknowledged, and doubles nothing."""

import threading
import time
from collections import Counter
from itertools import count

import httpx
import pytest
import stored
from sqlalchemy import text
from trading import assert_a_rebuild_changes_nothing

from app import migrate
from app.services import audit
from app.services import token as tokens
from app.worker import Worker

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

RECORD = """mutation($rows: [FeedbackRecordInput!]!) { feedbackRecordBatch(input: {rows: $rows, createMissing: true}) {
    results { outcome } userErrors { message } } }"""
DELETE = """mutation($rows: [TombstoneInput!]!) { feedbackDeleteBatch(input: {rows: $rows}) {
    results { outcome } userErrors { message } } }"""


class Client(threading.Thread):
    """Writes until it is told to stop or nobody answers; remembers what was acknowledged, and what was sent."""

    def __init__(self, name, server, stop):
        super().__init__(name=name)
        self.server, self.stop = server, stop
        self.kept: dict[str, int] = {}
        self.gone: set[str] = set()
        self.doubtful: set[str] = set()
        self.strange: list[object] = []

    def run(self):
        with httpx.Client() as http:
            for number in count():
                if self.stop.is_set() or not self.turn(http, number):
                    return

    def turn(self, http, number):
        names = [f"{self.name}-{number}-{place}" for place in range(3)]
        scores = {name: 1 + (number + place) % 5 for place, name in enumerate(names)}
        rows = [
            {
                "externalId": name,
                "kind": "CSAT",
                "score": score,
                "occurredAt": f"2026-0{1 + number % 5}-10T12:00:00Z",
                "channel": {"externalId": f"channel{score}"},
                "customer": {"externalId": f"{self.name}-{number % 7}"},
            }
            for name, score in scores.items()
        ]
        dead = [name for name in self.kept if number % 2 == 0][:2]
        for query, sent, said in (
            (RECORD, rows, "CREATED"),
            (DELETE, [{"externalId": name} for name in dead], "DELETED"),
        ):
            if not sent:
                continue
            touched = {row["externalId"] for row in sent}
            try:
                answer = self.server.ask(query, {"rows": sent}, http)
            except httpx.TransportError:
                self.doubtful |= touched
                for name in touched:
                    self.kept.pop(name, None)
                return False
            ((payload),) = (answer.get("data") or {"": None}).values()
            if not payload or [result["outcome"] for result in payload["results"]] != [said] * len(sent):
                self.strange.append(answer)
                self.doubtful |= touched
                return True
            if said == "CREATED":
                self.kept |= scores
            else:
                self.gone |= touched
                for name in touched:
                    del self.kept[name]
        return True


def test_five_times_killed_and_nothing_lost(  # noqa: PLR0915 - one story and all that must hold at its end
    start, database, door, workspace, clock
):
    secret = tokens.create(door, workspace.id, "writer")
    clients: list[Client] = []
    for turn in range(5):
        server = start(secret)
        stop = threading.Event()
        writers = [Client(f"r{turn}c{number}", server, stop) for number in range(6)]
        for writer in writers:
            writer.start()
        until = time.monotonic() + 20
        while sum(len(writer.kept) for writer in writers) < 90 + turn and time.monotonic() < until:
            time.sleep(0.01)
        server.kill()
        stop.set()
        for writer in writers:
            writer.join()
        clients += writers
    kept = {name: score for client in clients for name, score in client.kept.items()}
    gone = {name for client in clients for name in client.gone}
    doubtful = {name for client in clients for name in client.doubtful}
    assert not [client.strange for client in clients if client.strange]
    assert len(kept) > 100
    assert gone
    server = start(secret)
    engine = migrate.owner_engine(database)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT external_id, score, deleted_at IS NULL, channel_id IS NULL FROM feedback")
        ).all()
        changed = connection.execute(text("SELECT record_id, action FROM change WHERE noun = 'Feedback'")).all()
    engine.dispose()
    names = Counter(row[0] for row in rows)
    assert max(names.values()) == 1
    alive = {name: score for name, score, is_alive, _ in rows if is_alive}
    assert {name: alive.get(name) for name in kept} == kept
    assert not gone & set(alive)
    assert set(alive) - set(kept) <= doubtful
    # all of a batch or nothing of it
    batches = Counter(name.rsplit("-", 1)[0] for name in names)
    assert set(batches.values()) == {3}
    # every record has its change
    assert Counter(action for _, action in changed)["CREATED"] == len(rows)
    answer = server.ask(
        """{ count: kpi(key: FEEDBACK_COUNT, period: {named: ALL_TIME}) { value }
        csat: kpi(key: CSAT, period: {named: ALL_TIME}) { numerator denominator
            breakdown(by: CHANNEL) { slices { key denominator } } series(grain: MONTH) { denominator } } }"""
    )["data"]
    assert answer["count"]["value"] == len(alive)
    assert (answer["csat"]["numerator"], answer["csat"]["denominator"]) == (
        sum(s >= 4 for s in alive.values()),
        len(alive),
    )
    assert {one["key"]: one["denominator"] for one in answer["csat"]["breakdown"]["slices"]} == {
        f"channel{score:g}": number for score, number in Counter(alive.values()).items()
    }
    assert sum(one["denominator"] for one in answer["csat"]["series"]) == len(alive)
    server.kill()
    stored.assert_rollups_are_the_facts(database, workspace.id)
    # what the killed workers had claimed comes due again, and the chain holds over everything
    clock.set(clock.now.replace(year=2027))
    Worker(door).drain()
    assert workspace.read(audit.verify).is_intact
    engine = migrate.owner_engine(database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM change WHERE seq IS NULL")).scalar() == 0
        left = "SELECT count(*) FROM job WHERE kind <> 'refit'"  # which comes again every week
        assert connection.execute(text(left)).scalar() == 0
    engine.dispose()
    stored.assert_rollups_are_the_facts(database, workspace.id)


class Partner(threading.Thread):
    """Writes batches one after the other, each under a key, and sends each again until it is answered."""

    def __init__(self, name, servers):
        super().__init__(name=name)
        self.servers, self.stop = servers, threading.Event()
        self.kept: dict[str, int] = {}
        self.gone: set[str] = set()
        self.sent_again = 0
        self.strange: list[object] = []

    def run(self):
        for number in count():
            if self.stop.is_set():
                return
            names = [f"{self.name}-{number}-{place}" for place in range(3)]
            scores = {name: 1 + (number + place) % 5 for place, name in enumerate(names)}
            who = {"customer": {"externalId": f"{self.name}-{number % 7}"}, "occurredAt": "2026-05-10T12:00:00Z"}
            rows = [{"externalId": name, "kind": "CSAT", "score": score, **who} for name, score in scores.items()]
            if self.write("feedbackRecordBatch", rows, "CREATED", f"{self.name}-{number}", createMissing=True):
                self.kept |= scores
            if number % 3 == 0 and self.write(
                "feedbackDeleteBatch", [{"externalId": names[0]}], "DELETED", f"{self.name}-{number}-d"
            ):
                self.gone.add(names[0])
                del self.kept[names[0]]

    def write(self, field, rows, said, key, **more):
        """Send until there is an answer, which is the first one, however often it was sent."""
        kind = "DeleteBatchInput" if "Delete" in field else "FeedbackRecordBatchInput"
        query = f"mutation($i: {kind}!) {{ {field}(input: $i) {{ results {{ outcome }} userErrors {{ message }} }} }}"
        while True:
            try:
                answer = self.servers[-1].ask(query, {"i": {"rows": rows, "idempotencyKey": key, **more}})
            except (httpx.TransportError, ValueError, IndexError):
                self.sent_again += 1
                time.sleep(0.05)
                continue
            payload = (answer.get("data") or {}).get(field)
            if payload and [one["outcome"] for one in payload["results"]] == [said] * len(rows):
                return True
            self.strange.append(answer)
            return False


def test_thirty_times_killed_and_every_write_was_answered_once(start, database, door, workspace, clock):
    secret = tokens.create(door, workspace.id, "writer")
    servers: list[object] = []
    partners = [Partner(f"p{number}", servers) for number in range(4)]
    for turn in range(30):
        servers.append(start(secret))
        if turn == 0:
            for partner in partners:
                partner.start()
        before, until = sum(len(one.kept) for one in partners), time.monotonic() + 20
        while sum(len(one.kept) for one in partners) < before + 20 + turn and time.monotonic() < until:
            time.sleep(0.005)
        servers[-1].kill()
    servers.append(start(secret))
    for partner in partners:
        partner.stop.set()
    for partner in partners:
        partner.join()
    servers[-1].kill()
    assert not [one.strange for one in partners if one.strange]
    assert sum(one.sent_again for one in partners) >= 30
    kept = {name: score for one in partners for name, score in one.kept.items()}
    gone = {name for one in partners for name in one.gone}
    rows = stored.rows(database, "feedback")
    assert {row["external_id"]: row["score"] for row in rows if row["deleted_at"] is None} == kept
    assert sorted(row["external_id"] for row in rows) == sorted(kept.keys() | gone)
    changes = Counter(row["action"] for row in stored.rows(database, "change") if row["noun"] == "Feedback")
    assert changes == {"CREATED": len(kept) + len(gone), "DELETED": len(gone)}
    clock.set(clock.now.replace(year=2027))
    Worker(door).drain()
    assert workspace.read(audit.verify).is_intact
    assert not [row for row in stored.rows(database, "change") if row["seq"] is None]
    stored.assert_rollups_are_the_facts(database, workspace.id)
    assert_a_rebuild_changes_nothing(database, workspace)
