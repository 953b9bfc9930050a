"""Many writers at once, in one process and in several: nothing is lost, counted twice, or waits for ever."""

import threading
import time
from concurrent.futures import Future, wait
from datetime import UTC, date, datetime, timedelta
from random import Random

import oracle
import pytest
import stored

from app.actor import system
from app.services import audit, change, channel, customer, feedback, job, kpi, rebuild, rollup
from app.services.period import Span
from app.services.row import Options, Ref

pytestmark = pytest.mark.engine

PATIENCE = 60
"""Seconds in which something must have been done."""
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CREATE = Options(create_missing=True)


@pytest.fixture
def doors(workspace, open_door):
    """Three doors to the workspace's database, as three processes would have them."""
    return [workspace.door, open_door(), open_door()]


def in_a_thread(function, *args):
    """The future of a call in a thread of its own, which holds nobody up when it hangs."""
    future = Future()

    def run():
        try:
            future.set_result(function(*args))
        except BaseException as error:  # noqa: BLE001 - it is raised where the future is asked
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


class Crowd:
    """Threads that write the same few things over and over, and some that tidy up beneath them."""

    def __init__(self, people, doors, *, seed):
        self.people, self.seed = people, seed
        # SQLite lets one process write at a time and in no fair order: under such a crowd another would wait too long
        self.doors = doors[:1] if people.door.db.is_sqlite else doors
        self.writing = threading.Event()
        self.writing.set()
        self.done = 0

    def run(self, *, writers, rounds):
        """Let them loose; raises what any of them raised, or when nobody has got any further for long."""
        told = [in_a_thread(self.write, number, rounds) for number in range(writers)]
        tidied = [in_a_thread(self.tidy, part) for part in (self.compact, self.rebuild, self.seal)]
        try:
            self.wait(told)
        finally:
            self.writing.clear()
        self.wait(tidied)
        for future in (*told, *tidied):
            future.result()

    def wait(self, futures):
        before = -1
        while wait(futures, PATIENCE).not_done:
            assert self.done > before, "they hang"
            before = self.done

    def write(self, number, rounds):
        rng = Random(f"{self.seed}-{number}")  # noqa: S311 - repeatable, not secret
        door, actor = self.doors[number % len(self.doors)], self.people.alice
        for _ in range(rounds):
            turn = rng.random()
            if turn < 0.6:
                rows = [self._feedback(rng) for _ in range(rng.randint(1, 8))]
                results = door.write(actor, feedback.record_batch, rows, CREATE)
            elif turn < 0.75:
                rows = [{"external_id": f"f{rng.randint(1, 60)}"} for _ in range(rng.randint(1, 4))]
                results = door.write(actor, feedback.delete_batch, rows, Options())
            else:
                rows = [self._customer(rng) for _ in range(rng.randint(1, 4))]
                results = door.write(actor, customer.upsert_batch, rows, CREATE)
            assert len(results) == len(rows)
            self.done += 1

    @staticmethod
    def _feedback(rng):
        return {
            "external_id": f"f{rng.randint(1, 60)}",
            "kind": rng.choice(("CSAT", "CES")),
            "score": rng.choice((1, 2, 3, 4, 5, None)),
            "customer": rng.choice((None, Ref(external_id=f"c{rng.randint(1, 12)}"))),
            "channel": rng.choice((None, Ref(external_id=f"ch{rng.randint(1, 4)}"))),
            "tags": rng.sample(["a", "b", "c"], rng.randint(0, 3)),
            "occurred_at": NOON - timedelta(days=rng.randint(0, 60)),
        }

    @staticmethod
    def _customer(rng):
        row = {"external_id": f"c{rng.randint(1, 12)}", "region": rng.choice(("north", "south", None))}
        if rng.random() < 0.3:
            row["is_test"] = rng.random() < 0.4
        if rng.random() < 0.5:
            row["joined_on"] = date(2026, 1, rng.randint(1, 20))
            row["churned_on"] = rng.choice((None, date(2026, 3, rng.randint(1, 20))))
        return row

    def tidy(self, part):
        turns = 0
        while self.writing.is_set() or turns < 3:
            part(self.doors[turns % len(self.doors)], system(self.people.id))
            turns += 1
            time.sleep(0.01)

    def compact(self, door, actor):
        door.write(actor, rollup.compact)

    def rebuild(self, door, actor):
        door.write(actor, rebuild.start, list(oracle.MEASURES))
        door.write(actor, rebuild.step, 7)

    def seal(self, door, actor):
        door.write(actor, change.seal)
        for claimed in job.claim(door):
            assert job.run(door, claimed)


def finish_rebuild(people):
    while people.write(rebuild.step):
        pass


def everything_adds_up(people, database):
    """Rollups = rebuild = brute force over what the tables hold, and the log of changes is whole."""
    finish_rebuild(people)
    cells = stored.assert_rollups_are_the_facts(database, people.id)
    people.write(rollup.compact)
    assert stored.assert_rollups_are_the_facts(database, people.id) == cells
    people.write(rebuild.start, list(oracle.MEASURES))
    finish_rebuild(people)
    assert stored.assert_rollups_are_the_facts(database, people.id) == cells
    for table in ("rollup", "rollup_entry"):
        live = {(row["cube"], row["generation"]) for row in stored.rows(database, "rollup_state", people.id)}
        assert {(row["cube"], row["generation"]) for row in stored.rows(database, table, people.id)} <= live
    while people.write(change.seal):
        pass
    log = stored.rows(database, "change", people.id)
    assert sorted(row["seq"] for row in log) == list(range(1, len(log) + 1))
    assert people.read(audit.verify).is_intact


@pytest.mark.slow
@pytest.mark.chaos
def test_eight_writers_while_it_is_tidied_beneath_them(workspace, doors, database):
    Crowd(workspace, doors, seed=1).run(writers=8, rounds=6)
    everything_adds_up(workspace, database)
    (answer,) = workspace.read(kpi.answer, [kpi.Question("FEEDBACK_COUNT", Span(date(2026, 1, 1), date(2026, 6, 1)))])
    tests = {row["id"] for row in stored.rows(database, "customer", workspace.id) if row["is_test"]}
    alive = [row for row in stored.rows(database, "feedback", workspace.id) if row["deleted_at"] is None]
    assert answer.figure.value == sum(row["customer_id"] not in tests for row in alive)
    assert [row["is_test"] for row in alive] == [row["customer_id"] in tests for row in alive]


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(2, 4))
def test_eight_writers_for_longer(workspace, doors, database, seed):
    Crowd(workspace, doors, seed=seed).run(writers=8, rounds=40)
    everything_adds_up(workspace, database)


@pytest.mark.slow
@pytest.mark.chaos
def test_two_workspaces_do_not_meet(workspace, elsewhere, doors, database):
    crowds = [Crowd(people, doors, seed=7) for people in (workspace, elsewhere)]
    for future in [in_a_thread(lambda crowd=crowd: crowd.run(writers=2, rounds=5)) for crowd in crowds]:
        future.result(2 * PATIENCE)
    for people in (workspace, elsewhere):
        everything_adds_up(people, database)


def at_once(*calls):
    """The answers of calls that begin together."""
    barrier = threading.Barrier(len(calls))

    def begin(call):
        barrier.wait(PATIENCE)
        return call()

    return [future.result(PATIENCE) for future in [in_a_thread(begin, call) for call in calls]]


def answer(name, score, **more):
    return {"external_id": name, "kind": "CSAT", "score": score, "occurred_at": NOON, **more}


@pytest.mark.chaos
def test_the_same_external_id_from_everywhere_is_one_fact(workspace, doors, database):
    for number in range(6):
        calls = [
            lambda door=door, number=number, score=score: door.write(
                workspace.alice, feedback.record_batch, [answer(f"f{number}", score)], Options()
            )
            for score, door in enumerate(doors, start=2)
        ]
        results = [result for (result,) in at_once(*calls)]
        assert sorted(result.outcome for result in results) == ["CREATED", "UPDATED", "UPDATED"]
        assert len({result.id for result in results}) == 1
    assert len(stored.rows(database, "feedback")) == 6
    stored.assert_rollups_are_the_facts(database, workspace.id)


@pytest.mark.chaos
def test_the_same_new_customer_from_everywhere_is_one(workspace, doors, database):
    for number in range(6):
        name = f"c{number}"
        at_once(
            lambda name=name: doors[0].write(
                workspace.alice,
                customer.upsert_batch,
                [{"external_id": name, "joined_on": date(2026, 1, 1)}],
                Options(),
            ),
            lambda name=name: doors[1].write(
                workspace.alice, feedback.record_batch, [answer(f"f-{name}", 5, customer=Ref(external_id=name))], CREATE
            ),
            lambda name=name: doors[2].write(
                workspace.alice, customer.upsert_batch, [{"external_id": name, "region": "north"}], Options()
            ),
        )
    people = stored.rows(database, "customer", workspace.id)
    assert [(row["is_stub"], row["region"], row["joined_on"]) for row in people] == [
        (False, "north", date(2026, 1, 1))
    ] * 6
    assert len(stored.rows(database, "customer_external_id")) == 6
    stored.assert_rollups_are_the_facts(database, workspace.id)


@pytest.mark.chaos
def test_the_same_idempotency_key_from_everywhere_has_one_effect(workspace, doors, database):
    options = Options(create_missing=True, idempotency_key="again")
    rows = [answer(f"f{n}", 4, channel=Ref(external_id="web")) for n in range(3)]
    results = at_once(
        *(lambda door=d: door.write(workspace.alice, feedback.record_batch, rows, options) for d in doors)
    )
    assert results[0] == results[1] == results[2]
    assert [result.outcome for result in results[0]] == ["CREATED"] * 3
    assert [row["version"] for row in stored.rows(database, "feedback")] == [1] * 3
    assert len(stored.rows(database, "idempotency")) == 1


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.parametrize("chunk", [2, 100])
def test_two_workers_at_the_same_rebuild_step_leave_one_generation(workspace, doors, database, chunk):
    """The second waits for the first, and finds that it has nothing to do."""
    workspace.write(feedback.record_batch, [answer(f"f{n}", 4) for n in range(5)], Options())
    workspace.write(rebuild.start, ["feedback"])
    with doors[0]._open(workspace.id) as (session, unit):
        rebuild.step(unit(workspace.system))
        second = doors[1].submit(workspace.system, rebuild.step, chunk)
        time.sleep(0.3)  # long enough to come to the lock
        session.commit()
    second.result(PATIENCE)
    everything_adds_up(workspace, database)
    assert all(row["generation"] > 0 for row in stored.rows(database, "rollup_state"))


@pytest.mark.chaos
def test_channels_from_everywhere(workspace, doors, database):
    rows = at_once(
        *(
            lambda door=door, name=name: door.write(
                workspace.alice, channel.upsert, {"external_id": "web", "name": name}
            )
            for door, name in zip(doors, "abc", strict=True)
        )
    )
    assert sorted(outcome for _, outcome in rows) == ["CREATED", "UPDATED", "UPDATED"]
    assert len(stored.rows(database, "channel", workspace.id)) == 1
