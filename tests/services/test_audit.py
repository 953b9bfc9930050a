"""The audit: whether its chain is whole, whatever is done to it behind the program's back."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import stored
from sqlalchemy import delete, insert, null, update
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from app.errors import Code, Invalid
from app.services import audit, change, channel
from app.services.audit import Breach, Head

CHANGE, HEAD = (SQLModel.metadata.tables[name] for name in ("change", "change_head"))
TODAY = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
LENGTH = 12


@pytest.fixture
def log(workspace):
    """A workspace of twelve changes, sealed in turns."""
    for number in range(LENGTH - 1):
        workspace.write(channel.upsert, {"external_id": f"c{number}", "name": "Name"}, by=workspace.alice)
        if number % 4 == 3:
            workspace.write(change.seal)
    workspace.write(change.seal)
    return workspace


def rows(database, people):
    return sorted(stored.rows(database, "change", people.id), key=lambda row: row["seq"])


def alter(database, people, number, **columns):
    where = (CHANGE.c.tenant_id == people.id, CHANGE.c.seq == number)
    stored.execute(database, update(CHANGE).where(*where).values(**columns))


def lose(database, people, *numbers):
    stored.execute(database, delete(CHANGE).where(CHANGE.c.tenant_id == people.id, CHANGE.c.seq.in_(numbers)))


def put_head(database, people, seq, hash_):
    stored.execute(database, update(HEAD).where(HEAD.c.tenant_id == people.id).values(seq=seq, hash=hash_))


def broken(people, *args, **kwargs):
    found = people.read(audit.verify, *args, **kwargs)
    assert found.is_intact == (found.breach is None) == (found.broken_at is None)
    return found.broken_at, found.breach


def test_it_is_whole(log, database):
    log.write(channel.upsert, {"external_id": "late", "name": "Late"})
    last = rows_sealed(database, log)[-1]
    assert log.read(audit.verify) == audit.Verification(LENGTH, 1, Head(LENGTH, last["hash"]))


def rows_sealed(database, people):
    found = [row for row in stored.rows(database, "change", people.id) if row["seq"] is not None]
    return sorted(found, key=lambda row: row["seq"])


def test_of_nothing_it_is_whole(workspace, elsewhere):
    assert workspace.read(audit.verify) == audit.Verification(0, 1, None)


@pytest.mark.parametrize(
    ("change_", "expected"),
    [
        (lambda d, p: alter(d, p, 5, actor="mallory"), (5, Breach.ALTERED)),
        (lambda d, p: alter(d, p, 5, external_id="x"), (5, Breach.ALTERED)),
        (lambda d, p: lose(d, p, 5), (5, Breach.MISSING)),
        (lambda d, p: lose(d, p, 1), (1, Breach.MISSING)),
        (lambda d, p: alter(d, p, 5, seq=null()), (5, Breach.MISSING)),
        (lambda d, p: lose(d, p, LENGTH), (LENGTH, Breach.CUT_OFF)),
        (lambda d, p: lose(d, p, *range(6, LENGTH + 1)), (6, Breach.CUT_OFF)),
        (lambda d, p: lose(d, p, *range(1, LENGTH + 1)), (1, Breach.CUT_OFF)),
        (lambda d, p: stored.execute(d, delete(HEAD)), (LENGTH + 1, Breach.CUT_OFF)),
        (lambda d, p: put_head(d, p, LENGTH, "f" * 64), (LENGTH, Breach.REWRITTEN)),
        (lambda d, p: put_head(d, p, 7, rows(d, p)[6]["hash"]), (8, Breach.ADDED)),
    ],
)
def test_what_is_done_to_it_is_found(log, database, change_, expected):
    change_(database, log)
    assert broken(log) == expected


def test_two_that_changed_places_are_found(log, database):
    for old, new in ((4, 99), (9, 4), (99, 9)):
        alter(database, log, old, seq=new)
    assert broken(log) == (4, Breach.ALTERED)


def test_one_put_in_with_a_true_hash_is_found(log, database):
    last = rows(database, log)[-1]
    forged = last | {"id": uuid7(), "actor": "mallory", "seq": LENGTH + 1, "previous": last["hash"]}
    forged["hash"] = change.digest(last["hash"], LENGTH + 1, SimpleNamespace(**forged))
    stored.execute(database, insert(CHANGE).values(**forged))
    assert broken(log) == (LENGTH + 1, Breach.ADDED)


def test_what_was_cut_off_is_missed_for_ever(log, database):
    """What is sealed later follows the head, and does not take the place of what is gone."""
    lose(database, log, LENGTH - 1, LENGTH)
    log.write(channel.upsert, {"external_id": "late", "name": "Late"})
    assert log.write(change.seal) == 1
    assert broken(log) == (LENGTH - 1, Breach.MISSING)


def rewrite(database, people, number, **columns):
    """What somebody does who owns the database and knows how: alters a row, and makes all hashes and the head anew."""
    previous = change.GENESIS
    for row in rows(database, people):
        altered = row | (columns if row["seq"] == number else {}) | {"previous": previous}
        altered["hash"] = change.digest(previous, row["seq"], SimpleNamespace(**altered))
        stored.execute(database, update(CHANGE).where(CHANGE.c.id == row["id"]).values(**altered))
        previous = altered["hash"]
    put_head(database, people, LENGTH, previous)


def test_a_chain_that_was_rewritten_is_found_by_a_head_that_was_kept(log, database):
    head = log.read(audit.verify).head
    rewrite(database, log, 5, actor="mallory")
    assert broken(log) == (None, None)  # by itself it is as good as the old one
    assert broken(log, head) == (LENGTH, Breach.REWRITTEN)


def test_an_end_that_was_cut_off_with_its_head_is_found_by_a_head_that_was_kept(log, database):
    head = log.read(audit.verify).head
    lose(database, log, LENGTH - 1, LENGTH)
    put_head(database, log, LENGTH - 2, rows(database, log)[-1]["hash"])
    assert broken(log) == (None, None)
    assert broken(log, head) == (LENGTH - 1, Breach.CUT_OFF)
    assert broken(log, head, since=True) == (LENGTH, Breach.CUT_OFF)


def test_a_head_that_was_kept_holds_while_the_log_grows(log):
    head = log.read(audit.verify).head
    log.write(channel.upsert, {"external_id": "late", "name": "Late"})
    log.write(change.seal)
    assert broken(log, head) == broken(log, head, since=True) == (None, None)
    assert broken(log, replace(head, hash="0" * 64)) == (LENGTH, Breach.REWRITTEN)
    assert broken(log, replace(head, hash="0" * 64), since=True) == (LENGTH, Breach.REWRITTEN)


def test_from_a_head_on_only_what_came_after_is_looked_at(log, database):
    head = Head(6, rows(database, log)[5]["hash"])
    alter(database, log, 3, actor="mallory")
    assert broken(log, head, since=True) == (None, None)
    assert broken(log, head) == (3, Breach.ALTERED)
    alter(database, log, 9, actor="mallory")
    assert broken(log, head, since=True) == (9, Breach.ALTERED)


@pytest.mark.parametrize("head", [Head(0, "0" * 64), Head(-1, "0" * 64), Head(2**53, "0" * 64), Head(3, "abc"), None])
def test_a_head_that_is_none_is_refused(log, head):
    with pytest.raises(Invalid) as refused:
        log.read(audit.verify, head, since=True)
    code = Code.REQUIRED if head is None else Code.INVALID
    assert [(one.code, one.path) for one in refused.value.problems] == [(code, ("head",))]


def swell(database, people, upto):
    """A true chain of that many changes, put in directly."""
    found = rows(database, people)
    previous, made = found[-1]["hash"], []
    for seq in range(len(found) + 1, upto + 1):
        row = found[-1] | {"id": uuid7(), "record_id": uuid7(), "seq": seq, "previous": previous}
        row["at"] = TODAY + timedelta(seconds=seq)
        previous = row["hash"] = change.digest(previous, seq, SimpleNamespace(**row))
        made.append(row)
    few = (made[place : place + 200] for place in range(0, len(made), 200))
    stored.execute(database, *(insert(CHANGE).values(some) for some in few))
    put_head(database, people, upto, previous)


@pytest.mark.slow
def test_it_takes_no_more_memory_for_more(log, database):
    most = []
    for length in (3_000, 30_000):
        swell(database, log, length)
        tracemalloc.start()
        assert broken(log) == (None, None)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.5 * most[0]
