"""`audit verify`: says whether the chain is whole, prints its head, and ends with 1 where it is broken."""

import pytest
import stored
from sqlalchemy import update
from sqlmodel import SQLModel
from test_commands import at, custograph

from app.services import change, channel

__all__ = ["at", "custograph"]
CHANGE = SQLModel.metadata.tables["change"]


@pytest.fixture
def log(workspace, at):
    """A workspace with a log of three changes."""
    for name in ("web", "shop"):
        workspace.write(channel.upsert, {"external_id": name, "name": name.title()})
    workspace.write(change.seal)
    return workspace


def alter(database, people):
    where = (CHANGE.c.tenant_id == people.id, CHANGE.c.seq == 2)
    stored.execute(database, update(CHANGE).where(*where).values(actor="mallory"))


def test_a_whole_log(custograph, log, database):
    (last,) = (row for row in stored.rows(database, "change", log.id) if row["seq"] == 3)
    run = custograph("audit", "verify", "--workspace", str(log.id))
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines() == [
        "3 changes are sealed, 0 are yet to be.",
        f"head 3:{last['hash']}",
        "The chain is intact.",
    ]


def test_a_broken_log(custograph, log, database):
    alter(database, log)
    run = custograph("audit", "verify", "--workspace", str(log.id))
    assert run.code == 1
    assert "head 3:" in run.out
    assert "intact" not in run.out
    (line,) = run.err.splitlines()
    assert "broken at 2" in line


def test_against_a_head_that_was_kept(custograph, log, database):
    kept = custograph("audit", "verify", "--workspace", str(log.id)).out.splitlines()[1].removeprefix("head ")
    verify = ("audit", "verify", "--workspace", str(log.id), "--head")
    assert custograph(*verify, kept).code == 0
    run = custograph(*verify, "3:" + "0" * 64)
    assert run.code == 1
    assert "broken at 3" in run.err
    alter(database, log)
    assert custograph(*verify, kept).code == 1
    assert custograph(*verify, kept, "--since-head").code == 0


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--head", "x"), "SEQ:HASH"),
        (("--head", ":"), "SEQ:HASH"),
        (("--head", "9" * 40 + ":" + "0" * 64), "SEQ:HASH"),
        (("--head", "3:abc"), "64 characters"),
        (("--head", "0:" + "0" * 64), "1 or more"),
        (("--since-head",), "give that head"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(custograph, log, arguments, hint):
    run = custograph("audit", "verify", "--workspace", str(log.id), *arguments)
    assert (run.code, run.out) == (2, "")
    assert hint in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("workspace_id", ["x", "01900000-0000-7000-8000-000000000000"])
def test_a_workspace_that_is_none(custograph, at, workspace_id):
    run = custograph("audit", "verify", "--workspace", workspace_id)
    assert (run.code, run.out) == (2, "")
    assert workspace_id in run.err
