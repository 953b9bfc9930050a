"""A worker that dies is taken over from: no row is lost, none is there twice, and the counts are right."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from importing import begin, counts, look, told
from sqlmodel import func, select

from app.errors import Unavailable
from app.models.bulk_import import ImportEffect, ImportRejection
from app.models.change import Change
from app.models.customer import Customer
from app.services import bulk_step, bulk_write
from app.text import Text
from app.worker import Worker

pytestmark = pytest.mark.engine

ROWS = 3_200
TEXT = "externalId,name,email\n" + "".join(f"c{i},N{i},{'x' if i % 100 == 7 else ''}\n" for i in range(ROWS))


def count(workspace, model):
    with workspace.door.snapshot(workspace.system) as uow:
        return uow.session.scalar(select(func.count()).select_from(model))


def whole(workspace, row):
    """Everything went in, once."""
    row = look(workspace, row)
    good = ROWS - 32
    assert (row.state, counts(row), row.rows_read) == ("DONE", {"created": good, "rejected": 32}, ROWS)
    assert [count(workspace, one) for one in (Customer, ImportEffect, ImportRejection)] == [good, good, 32]
    with workspace.door.snapshot(workspace.system) as uow:
        noted = uow.session.scalars(select(Change.record_id).where(Change.noun == "Customer")).all()
    assert (len(noted), len(set(noted))) == (good, good)
    assert [line for line, _ in told(workspace, row)] == [2 + i for i in range(7, ROWS, 100)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_worker_that_dies_at_any_batch_is_taken_over_from(workspace, clock, monkeypatch, seed):
    chance, plain = random.Random(seed), bulk_write._keep  # noqa: S311 - no secret

    def dying(*given):
        plain(*given)
        if chance.random() < 0.4:  # everything of the batch is written, and nothing committed
            raise SystemExit

    row = begin(workspace, "CUSTOMERS", TEXT.encode(), part=30_000)
    monkeypatch.setattr(bulk_write, "_keep", dying)
    for _ in range(200):
        try:
            Worker(workspace.door).drain()
        except SystemExit:
            clock.advance(minutes=6)  # until the job is taken for dead
            continue
        if look(workspace, row).state == "DONE":
            break
        clock.advance(minutes=6)
    whole(workspace, row)


def test_a_busy_database_is_waited_for(workspace, clock, monkeypatch):
    row = begin(workspace, "CUSTOMERS", b"externalId\nc1\nc2\n")
    plain, failures = bulk_write._written, [1, 1]

    def busy(*given):
        if failures:
            failures.pop()
            raise Unavailable(Text("busy", "忙"))
        return plain(*given)

    monkeypatch.setattr(bulk_write, "_written", busy)
    for _ in range(4):
        Worker(workspace.door).drain()
        clock.advance(hours=1)
    assert counts(look(workspace, row)) == {"created": 2}


def test_one_row_at_fault_stops_no_other(workspace, monkeypatch):
    plain = bulk_write._written

    def poisoned(uow, bulk, row, rows, options):
        if any(one["external_id"] == "c3" for one in rows):
            raise ZeroDivisionError
        return plain(uow, bulk, row, rows, options)

    monkeypatch.setattr(bulk_write, "_written", poisoned)
    row = begin(workspace, "CUSTOMERS", b"externalId\nc1\nc2\nc3\nc4\nc5\n")
    Worker(workspace.door).drain()
    row = look(workspace, row)
    assert counts(row) == {"created": 4, "rejected": 1}
    assert told(workspace, row) == [(4, "The row could not be stored because of a fault of ours.")]


@pytest.mark.slow
def test_two_workers_at_one_import_write_each_row_once(workspace, open_door):
    row = begin(workspace, "CUSTOMERS", TEXT.encode())
    doors = [workspace.door, open_door()] if not workspace.door.db.is_sqlite else [workspace.door] * 2
    with ThreadPoolExecutor(2) as threads:
        ran = [threads.submit(bulk_step.work, door, workspace.id, row.id, 120) for door in doors]
        assert all(one.result() for one in ran)
    whole(workspace, row)
