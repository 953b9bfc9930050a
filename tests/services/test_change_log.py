"""The log of changes: numbered without gaps in the order of commit, and chained so that tampering shows."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import stored
from sqlalchemy import delete, insert, null, update
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.services import audit, change, channel, customer, feedback
from app.services.row import Options, Ref
from app.uow import reads

CHANGE = SQLModel.metadata.tables["change"]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@reads(Scope.AUDIT_READ)
def broken_at(uow):
    return audit.verify(uow).broken_at


@pytest.fixture
def log(workspace, database):
    """A workspace in which a good dozen things were said, and the log of it is sealed."""
    people = workspace
    people.write(channel.upsert, {"external_id": "web", "name": "Web"}, by=people.alice)
    people.write(customer.upsert_batch, [{"external_id": f"c{n}"} for n in range(4)], Options())
    people.write(change.seal)
    rows = [_said(f"f{n}", customer=Ref(external_id=f"c{n}")) for n in range(4)]
    people.write(feedback.record_batch, rows, Options())
    people.write(feedback.record_batch, [_said("f0", score=1)], Options())
    people.write(feedback.delete_batch, [{"external_id": "f1"}], Options())
    people.write(customer.upsert_batch, [{"external_id": "c0", "joined_on": date(2026, 1, 1)}], Options())
    people.write(change.seal)
    assert people.read(broken_at) is None
    return people


def _said(name, **more):
    return {"external_id": name, "kind": "CSAT", "score": 5, "occurred_at": NOON, **more}


def rows(database, people):
    return sorted(stored.rows(database, "change", people.id), key=lambda row: row["seq"])


def alter(database, people, number, **columns):
    where = (CHANGE.c.tenant_id == people.id, CHANGE.c.seq == number)
    stored.execute(database, update(CHANGE).where(*where).values(**columns))


def test_it_says_what_happened(log, database):
    found = rows(database, log)
    assert [row["version"] for row in found] == [1] * 10 + [2, 2, 2]
    told = [(row["noun"], row["action"].value, row["actor"], row["fields"]) for row in found]
    assert told[0] == ("Workspace", "CREATED", "system", [])
    assert told[1] == ("Channel", "CREATED", "alice", [])
    assert told[2:6] == [("Customer", "CREATED", "system", [])] * 4
    assert told[6:10] == [("Feedback", "CREATED", "system", [])] * 4
    assert [told[10][:2], set(told[10][3])] == [("Feedback", "UPDATED"), {"customer_id", "score", "position"}]
    assert told[11] == ("Feedback", "DELETED", "system", [])
    assert told[12][:2] == ("Customer", "UPDATED")
    assert {"joined_on", "status"} <= set(told[12][3])


def test_it_is_numbered_without_gaps_in_the_order_of_commit(log, database):
    found = rows(database, log)
    assert [row["seq"] for row in found] == list(range(1, 14))
    assert [row["at"] for row in found] == sorted(row["at"] for row in found)
    assert [row["previous"] for row in found] == ["0" * 64, *(row["hash"] for row in found[:-1])]
    assert [row.seq for row in log.read(change.since, 4, 3)] == [5, 6, 7]
    assert log.write(change.seal) == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite lets nobody begin while another writes
def test_what_commits_after_a_seal_comes_after_it(log, database, open_door):
    """Even when it began before: its id is older than those that are numbered already."""
    slow, quick = log.door, open_door()
    with slow._open(log.id) as (session, unit):
        uow = unit(log.system)
        channel.upsert(uow, {"external_id": "slow", "name": "Slow"})
        uow.finish()
        quick.write(log.system, channel.upsert, {"external_id": "quick", "name": "Quick"})
        assert quick.write(log.system, change.seal) == 1
        session.commit()
    assert quick.write(log.system, change.seal) == 1
    last = rows(database, log)[-2:]
    assert [row["seq"] for row in last] == [14, 15]
    assert last[1]["id"] < last[0]["id"]
    assert log.read(broken_at) is None


def test_what_failed_left_no_trace(log, database):
    before = rows(database, log)
    log.write(feedback.record_batch, [_said("f9", score=99)], Options())
    log.write(feedback.record_batch, [_said("f9")], Options(dry_run=True))
    log.write(feedback.record_batch, [_said("f0", score=1)], Options())  # unchanged
    assert log.write(change.seal) == 0
    assert rows(database, log) == before


def test_workspaces_have_logs_of_their_own(log, elsewhere, database):
    assert elsewhere.write(change.seal) == 1
    assert [row["seq"] for row in rows(database, elsewhere)] == [1]
    assert elsewhere.read(broken_at) is None
    alter(database, elsewhere, 1, noun="Token")
    assert elsewhere.read(broken_at) == 1
    assert log.read(broken_at) is None


ALTERED = (
    {"at": NOON + timedelta(microseconds=1)},
    {"actor": "mallory"},
    {"token_id": UUID(int=7)},
    {"request_id": "r1"},
    {"noun": "Target"},
    {"record_id": UUID(int=7)},
    {"action": "DELETED"},
    {"fields": ["score"]},
    {"version": 7},
    {"source": "crm"},
    {"external_id": "c1"},
    {"previous": "0" * 64},
    {"hash": "0" * 64},
    {"seq": 99},
    {"seq": null()},
)


def test_an_altered_row_is_found(log, database):
    """Whichever of its columns is altered; and that it is put back."""
    row = next(row for row in rows(database, log) if row["seq"] == 7)
    where = CHANGE.c.id == row["id"]
    for columns in ALTERED:
        stored.execute(database, update(CHANGE).where(where).values(**columns))
        assert log.read(broken_at) == 7, columns
        stored.execute(database, update(CHANGE).where(where).values(**row))
        assert log.read(broken_at) is None, columns
    assert {"tenant_id", "id"} | {name for columns in ALTERED for name in columns} == set(CHANGE.c.keys())


def test_a_lost_row_is_found(log, database):
    for row in rows(database, log):
        stored.execute(database, delete(CHANGE).where(CHANGE.c.id == row["id"]))
        assert log.read(broken_at) == row["seq"]
        stored.execute(database, insert(CHANGE).values(**row))


def test_a_lost_beginning_is_found(log, database):
    stored.execute(database, delete(CHANGE).where(CHANGE.c.tenant_id == log.id, CHANGE.c.seq < 6))
    assert log.read(broken_at) == 1


def test_a_lost_row_is_found_however_those_after_it_are_numbered(log, database):
    stored.execute(
        database,
        delete(CHANGE).where(CHANGE.c.tenant_id == log.id, CHANGE.c.seq == 5),
        *(
            update(CHANGE).where(CHANGE.c.tenant_id == log.id, CHANGE.c.seq == seq).values(seq=seq - 1)
            for seq in range(6, 14)
        ),
    )
    assert log.read(broken_at) == 5


def test_two_rows_that_changed_places_are_found(log, database):
    for old, new in ((4, 99), (9, 4), (99, 9)):
        alter(database, log, old, seq=new)
    assert log.read(broken_at) == 4


def test_a_row_put_in_is_found(log, database):
    forged = rows(database, log)[6] | {"id": uuid7(), "seq": 14, "noun": "Target"}
    stored.execute(database, insert(CHANGE).values(**forged))
    assert log.read(broken_at) == 14


def test_tampering_stays_visible_when_more_is_sealed(log, database):
    alter(database, log, 3, actor="mallory")
    log.write(channel.upsert, {"external_id": "late", "name": "Late"})
    assert log.write(change.seal) == 1
    assert log.read(broken_at) == 3
