"""Forty keys, fifteen callers each, two processes, and faults in the middle of it: forty effects, one answer to all."""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import pytest
import stored
from sqlalchemy import event
from trading import assert_a_rebuild_changes_nothing

from app.errors import Unavailable
from app.services import customer, feedback
from app.services.row import Options, Ref
from app.wall import WalledSession

pytestmark = pytest.mark.slow

KEYS, CALLERS = 40, 15
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Fault(Exception):
    """What happens to a program in the middle of a transaction."""


@pytest.fixture
def faulty(open_door):
    """Two doors to one database, of which every statement and commit may fail; and how often one did."""
    chance, faults = Random(1), Counter()  # noqa: S311 - a story, not a secret
    doors = [open_door(), open_door()]

    def perhaps(kind, odds):
        if not faults["over"] and chance.random() < odds:
            faults[kind] += 1
            raise Fault(kind)

    def statement(_connection, _cursor, text, *_):
        if not text.startswith(("ROLLBACK", "RELEASE", "SAVEPOINT", "BEGIN")):
            perhaps("statement", 0.01)

    def commit(_session):  # of a savepoint too
        perhaps("commit", 0.03)

    event.listen(WalledSession, "before_commit", commit)
    for door in doors:
        event.listen(door.db.writer, "before_cursor_execute", statement)
    yield doors, faults
    event.remove(WalledSession, "before_commit", commit)
    for door in doors:
        event.remove(door.db.writer, "before_cursor_execute", statement)


def work(number):
    """What is written under a key: a batch of customers, or of feedback that names some."""
    if number % 2:
        return customer.upsert_batch, [{"external_id": f"c{number}-{place}", "name": "N"} for place in range(3)]
    who = {"customer": Ref(external_id=f"s{number}")}
    said = {"kind": "CSAT", "score": 4, "occurred_at": NOON, **who}
    return feedback.record_batch, [{"external_id": f"f{number}-{place}", **said} for place in range(3)]


def test_forty_keys_have_forty_effects(faulty, workspace, database):
    doors, faults = faulty
    actor, answers = workspace.alice, defaultdict(list)

    def call(place):
        number, caller = place % KEYS, place // KEYS
        write, rows = work(number)
        options = Options(create_missing=True, idempotency_key=f"k{number}")
        while True:  # as partners do: the same again until there is an answer
            try:
                results = doors[caller % 2].write(actor, write, rows, options)
            except (Fault, Unavailable):
                continue
            answers[number].append([(one.index, one.outcome.value, one.id) for one in results])
            return

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(call, range(KEYS * CALLERS)))
    faults["over"] = True
    assert min(faults["statement"], faults["commit"]) > 3
    assert {number: len(some) for number, some in answers.items()} == dict.fromkeys(range(KEYS), CALLERS)
    for some in answers.values():
        assert all(one == some[0] for one in some)
        assert [outcome for _, outcome, _ in some[0]] == ["CREATED"] * 3
    made = Counter(row["noun"] for row in stored.rows(database, "change") if row["action"] == "CREATED")
    assert made == {"Workspace": 1, "Customer": 20 * 3 + 20, "Feedback": 20 * 3}
    assert len(stored.rows(database, "idempotency")) == KEYS
    assert len(stored.rows(database, "feedback")) == 60
    stored.assert_rollups_are_the_facts(database, workspace.id)
    assert_a_rebuild_changes_nothing(database, workspace)
