"""Who follows the feed while others write: misses nothing, and sees each record's versions in order."""

import threading
import time
from collections import defaultdict
from random import Random

import pytest
import stored
from test_writers import PATIENCE, Crowd, in_a_thread

from app.services import audit, change, channel, feed
from app.worker import Worker

pytestmark = pytest.mark.engine


@pytest.fixture
def doors(workspace, open_door):
    """Two doors to the workspace's database, as two processes would have them; SQLite has one that writes."""
    return [workspace.door] if workspace.door.db.is_sqlite else [workspace.door, open_door()]


@pytest.fixture
def sealing(doors):
    """A worker with its sealer at each door."""
    stop = threading.Event()
    workers = [threading.Thread(target=Worker(door).run, args=(stop,)) for door in doors]
    for worker in workers:
        worker.start()
    yield
    stop.set()
    for worker in workers:
        worker.join(PATIENCE)


class Follower:
    """Asks for what is new, over and over, from the last cursor on; forgets what it has done now and then."""

    def __init__(self, people, door, *, seed):
        self.people, self.door, self.rng = people, door, Random(seed)  # noqa: S311 - repeatable, not secret
        self.told, self.again, self.done = [], 0, threading.Event()

    def run(self):
        cursor, kept = None, (None, 0)
        while True:
            # asked before it looks: what is sealed after that is not on this page
            was_done = self.done.is_set() and not self.door.read(self.people.system, change.is_waiting)
            page = self.door.read(self.people.alice, feed.page, self.rng.choice((1, 7, 100)), cursor)
            self.told += page.changes
            cursor = page.end
            if self.rng.random() < 0.1:  # it dies, and starts over from the cursor that it had kept
                cursor, length = kept
                self.again += len(self.told) - length
                del self.told[length:]
            elif self.rng.random() < 0.3:
                kept = cursor, len(self.told)
            elif not page.changes:
                if was_done:
                    return
                time.sleep(0.002)


def follow_while_they_write(people, doors, database, *, rounds):
    crowd = Crowd(people, doors, seed=rounds)
    crowd.doors = doors
    followers = [Follower(people, door, seed=place) for place, door in enumerate(2 * doors)]
    following = [in_a_thread(follower.run) for follower in followers]
    crowd.wait([in_a_thread(crowd.write, number, rounds) for number in range(8)])
    for follower in followers:
        follower.done.set()
    for future in following:
        future.result(PATIENCE)
    stored_ = sorted(stored.rows(database, "change", people.id), key=lambda row: row["seq"])
    assert [row["seq"] for row in stored_] == list(range(1, len(stored_) + 1))
    for follower in followers:
        assert [(one.seq, one.id) for one in follower.told] == [(row["seq"], row["id"]) for row in stored_]
        versions = defaultdict(list)
        for one in follower.told:
            versions[one.record_id].append(one.version)
        assert all(some == list(range(1, len(some) + 1)) for some in versions.values())
    assert people.read(audit.verify).is_intact
    return stored_


def test_eight_writers(workspace, doors, sealing, database):
    told = follow_while_they_write(workspace, doors, database, rounds=3)
    assert {row["noun"] for row in told} >= {"Feedback", "Customer", "Workspace"}


@pytest.mark.slow
@pytest.mark.chaos
def test_eight_writers_for_longer(workspace, doors, sealing, database):
    follow_while_they_write(workspace, doors, database, rounds=40)


def test_what_is_written_is_told_soon(workspace, doors, sealing):
    """Long before the worker looks for jobs, which it does every half second."""
    took = []
    for number in range(10):
        start = workspace.read(feed.now)
        workspace.write(channel.upsert, {"external_id": f"c{number}", "name": "Name"})
        began = time.monotonic()
        while not workspace.read(feed.page, 10, start).changes:
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.001)
        took.append(time.monotonic() - began)
        time.sleep(0.05)
    assert sorted(took)[4] < 0.25, took  # a busy machine needs its time too


def test_long_jobs_do_not_hold_it_up(workspace, doors, sealing, monkeypatch):
    from app.services import job

    held, go = threading.Event(), threading.Event()

    def hold(door, tenant_id, payload):
        held.set()
        return go.wait(PATIENCE)

    monkeypatch.setitem(job.HANDLERS, "settle", hold)
    workspace.write(channel.upsert, {"external_id": "first", "name": "Name"})
    assert held.wait(PATIENCE)
    workspace.write(channel.upsert, {"external_id": "second", "name": "Name"})
    began = time.monotonic()
    while workspace.read(change.is_waiting):
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.002)
    go.set()
