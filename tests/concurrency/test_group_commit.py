"""Writes that wait together are committed together; each keeps its own answer, and none spoils another's."""

import threading
from concurrent.futures import CancelledError

import pytest
import sqlalchemy as sa
import stored
from gathering import PATIENCE

from app.actor import Scope
from app.errors import AppError, Invalid, Unavailable
from app.models.channel import Channel
from app.services import channel, feedback
from app.services.row import Options
from app.uow import writes

pytestmark = pytest.mark.engine


def named(key):
    return {"external_id": key, "name": key}


def keys(database, people):
    return sorted(row["key"] for row in stored.rows(database, "channel", people.id))


@writes(Scope.WORKSPACE_ADMIN)
def stumble(uow):
    uow.session.add(Channel(key="lost", name="lost", created_at=uow.now, updated_at=uow.now))
    uow.session.flush()
    raise ZeroDivisionError


@writes(Scope.WORKSPACE_ADMIN)
def twice(uow):
    for _ in range(2):
        uow.session.add(Channel(key="twice", name="twice", created_at=uow.now, updated_at=uow.now))
        uow.session.flush()


@writes(Scope.WORKSPACE_ADMIN)
def nonsense(uow):
    uow.session.connection().execute(sa.text("SELECT * FROM there_is_no_such_table"))


def test_a_failing_member_does_not_spoil_the_others(gathering, workspace, database):
    good = [gathering.submit(channel.upsert, named("a"))]
    wrong = gathering.submit(channel.upsert, {"external_id": "", "name": "b"})
    broken = gathering.submit(stumble)
    good.append(gathering.submit(channel.upsert, named("c")))
    nonsense_ = gathering.submit(nonsense)
    dry = gathering.submit(feedback.record_batch, [_comment("d")], Options(dry_run=True, create_missing=True))
    repeated = gathering.submit(twice)
    good.append(gathering.submit(channel.upsert, named("e")))
    gathering.release()

    assert [future.result(PATIENCE)[1] for future in good] == ["CREATED"] * 3
    with pytest.raises(Invalid):
        wrong.result(PATIENCE)
    with pytest.raises(ZeroDivisionError):
        broken.result(PATIENCE)
    with pytest.raises(sa.exc.DBAPIError):
        nonsense_.result(PATIENCE)
    with pytest.raises((AppError, sa.exc.DBAPIError)):
        repeated.result(PATIENCE)
    assert [result.outcome for result in dry.result(PATIENCE)] == ["CREATED"]
    assert keys(database, workspace) == ["a", "c", "e"]
    assert stored.rows(database, "feedback") == []
    changed = [row["noun"] for row in stored.rows(database, "change", workspace.id)]
    assert sorted(changed) == ["Channel"] * 3 + ["Workspace"]


def test_those_who_wait_share_a_transaction(gathering, workspace, database):
    futures = [gathering.submit(channel.upsert, named(f"k{n:02}")) for n in range(30)]
    gathering.release()
    assert {future.result(PATIENCE)[1] for future in futures} == {"CREATED"}
    assert len(gathering.opened) == 2  # the first, who held the door, and everybody else
    assert keys(database, workspace) == [f"k{n:02}" for n in range(30)]


def test_a_group_that_cannot_be_committed_is_run_one_by_one(gathering, workspace, database, monkeypatch):
    plain, calls = sa.orm.Session.commit, []

    def commit(self):
        calls.append(self)
        if len(calls) == 2:  # the group's; the first is the one that held the door
            raise sa.exc.OperationalError("COMMIT", {}, Exception("gone"))
        plain(self)

    monkeypatch.setattr(sa.orm.Session, "commit", commit)
    futures = [gathering.submit(channel.upsert, named(f"k{n}")) for n in range(4)]
    gathering.release()
    assert [future.result(PATIENCE)[1] for future in futures] == ["CREATED"] * 4
    assert keys(database, workspace) == ["k0", "k1", "k2", "k3"]
    assert len(calls) == 6


def test_who_loses_a_race_is_run_again(workspace, database):
    tries = []

    @writes(Scope.WORKSPACE_ADMIN)
    def unlucky(uow):
        tries.append(1)
        uow.session.add(Channel(key="raced", name="raced", created_at=uow.now, updated_at=uow.now))
        uow.session.flush()
        if len(tries) < 3:  # as if somebody else had been first
            uow.session.add(Channel(key="raced", name="raced", created_at=uow.now, updated_at=uow.now))
            uow.session.flush()
        return len(tries)

    assert workspace.write(unlucky) == 3
    assert keys(database, workspace) == ["raced"]


def test_a_caller_who_has_gone_has_no_effect(gathering, workspace, database):
    stays, gone = (gathering.submit(channel.upsert, named(key)) for key in ("stays", "gone"))
    assert gone.cancel()
    gathering.release()
    assert stays.result(PATIENCE)[1] == "CREATED"
    with pytest.raises(CancelledError):
        gone.result(PATIENCE)
    assert keys(database, workspace) == ["stays"]


@pytest.mark.parametrize("error", [sa.exc.TimeoutError("no connection free"), MemoryError()])
def test_whatever_goes_wrong_with_a_group_the_next_write_is_done(gathering, workspace, database, error):
    gathering.broken[2] = error
    futures = [gathering.submit(channel.upsert, named(f"k{n}")) for n in range(3)]
    gathering.release()
    for future in futures:
        assert future.exception(PATIENCE) is None or isinstance(future.exception(), type(error) | AppError)
    assert gathering.submit(channel.upsert, named("next")).result(5)[1] == "CREATED"
    assert "next" in keys(database, workspace)


def test_too_many_waiting_are_told_at_once(gathering, workspace, database, monkeypatch):
    monkeypatch.setattr("app.writer.MAX_WAITING", 2)
    waiting = [gathering.submit(channel.upsert, named(key)) for key in "ab"]
    with pytest.raises(Unavailable):
        gathering.submit(channel.upsert, named("c"))
    gathering.release()
    assert [future.result(PATIENCE)[1] for future in waiting] == ["CREATED"] * 2
    assert keys(database, workspace) == ["a", "b"]


def test_who_comes_after_the_end_is_told_and_holds_nobody_up(workspace, database, open_door):
    door = open_door()
    door.close()
    with pytest.raises(Unavailable):
        door.submit(workspace.system, channel.upsert, named("late"))
    closing = threading.Thread(target=door.close, daemon=True)
    closing.start()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert keys(database, workspace) == []


def _comment(key):
    return {"external_id": key, "kind": "COMMENT", "occurred_at": "2026-06-01T12:00:00Z"}
