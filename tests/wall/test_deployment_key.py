"""The key of a database: made once, the same for every process, out of reach, and locked by the setting."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import select

from app import migrate
from app.actor import system
from app.keys import LOCKED, WrongKey
from app.models.deployment import Deployment
from app.wall import WallBreach

ONE, OTHER = SecretStr("one secret of thirty-two letters"), SecretStr("another secret of as many letters")


def kept(settings):
    """What lies in the database."""
    engine = migrate.owner_engine(settings)
    with engine.connect() as connection:
        (row,) = connection.execute(text("SELECT name, value FROM deployment")).all()
    engine.dispose()
    assert row.name == "key"
    return row.value


def test_every_process_has_the_same_keys(open_door):
    first, second = open_door(), open_door()
    assert first.keys.digest("x") == second.keys.digest("x")
    assert second.keys.opened(first.keys.seal("x")) == "x"


def test_it_is_read_once_and_not_before_it_is_needed(door, monkeypatch):
    read = []
    plain = door.gate_reader
    monkeypatch.setattr(door, "gate_reader", lambda: read.append(1) or plain())
    assert read == []
    for _ in range(3):
        assert len(door.keys.digest("x")) == 64
    assert read == [1]


def test_the_setting_locks_what_lay_open_and_changes_no_key(open_door, database):
    open_, before = kept(database), open_door().keys
    assert not open_.startswith(LOCKED)
    with ThreadPoolExecutor(4) as pool:
        doors = [open_door(secret_key=ONE) for _ in range(4)]
        assert len(set(pool.map(lambda door: door.keys.digest("x"), doors))) == 1
    locked = kept(database)
    assert locked.startswith(LOCKED)
    assert open_ not in locked
    assert open_door(secret_key=ONE).keys.digest("x") == before.digest("x")
    assert before.opened(open_door(secret_key=ONE).keys.seal("x")) == "x"
    assert kept(database) == locked
    for wrong in ({}, {"secret_key": OTHER}):
        with pytest.raises(WrongKey, match="CUSTOGRAPH_SECRET_KEY"):
            _ = open_door(**wrong).keys
    assert kept(database) == locked


def test_inside_a_workspace_there_is_no_key(workspace):
    with workspace.door.snapshot(system(workspace.id)) as uow, pytest.raises(WallBreach, match="not readable"):
        uow.session.execute(select(Deployment))
    with workspace.door._open(workspace.id) as (session, _):
        session.add(Deployment(name="mine", value="x"))
        with pytest.raises(WallBreach, match="not writable"):
            session.flush()
