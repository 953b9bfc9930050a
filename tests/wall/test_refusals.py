"""What cannot be scoped to a workspace is refused before it reaches the database."""

import pytest
from sqlalchemy import (
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from app.models.job import Job
from app.models.staff import Staff
from app.models.token import Token
from app.models.workspace import Workspace
from app.wall import EXEMPT, WallBreach

pytestmark = pytest.mark.engine

STAFF = Staff.__table__
ENTRY = SQLModel.metadata.tables["rollup_entry"]
ROLLUP = SQLModel.metadata.tables["rollup"]
LOOSE = table("staff", column("tenant_id"))

CORE = {
    "select": select(STAFF),
    "columns": select(STAFF.c.tenant_id),
    "count": select(func.count()).select_from(STAFF),
    "union": union_all(select(STAFF.c.id), select(STAFF.c.id)),
    "insert": insert(STAFF),
    "insert from": STAFF.insert().from_select(["id"], select(STAFF.c.id)),
    "update": update(STAFF).values(name="x"),
    "delete": delete(STAFF),
    "text": text("SELECT * FROM staff"),
    "write in text": text("DELETE FROM staff"),
    "constant": select(literal(1)),
    "function": select(func.count()),
    "rollup": select(ROLLUP.c.key),
    "rollup entry": select(ENTRY.c.key),
    "delete rollup": delete(ROLLUP),
}

MIXED = {
    "column": select(Workspace.id, STAFF.c.tenant_id).where(STAFF.c.id == Workspace.id),
    "join": select(Workspace.id).join(STAFF, true()),
    "from": select(Workspace.id).select_from(STAFF).join(Workspace, true()),
    "alias": select(Workspace.id).join(STAFF.alias("s"), true()),
    "subquery": select(Workspace.id).join(select(STAFF.c.tenant_id).subquery(), true()),
    "cte": select(Workspace.id).join(select(STAFF.c.tenant_id).cte(), true()),
    "exists": select(Workspace.id).where(exists(select(STAFF.c.id))),
    "scalar": select(Workspace.id, select(func.count(STAFF.c.id)).scalar_subquery()),
    "count": select(Workspace.id, select(func.count()).select_from(STAFF).scalar_subquery()),
    "in": select(Workspace.id).where(Workspace.id.in_(select(STAFF.c.id))),
    "union": union_all(select(Workspace.id), select(STAFF.c.id)),
    "update": update(Workspace).where(exists(select(STAFF.c.id))).values(name="x"),
    "set": update(Workspace).values(name=select(STAFF.c.name).scalar_subquery()),
    "delete": delete(Workspace).where(exists(select(STAFF.c.id))),
    "rollup": select(Workspace.id).join(ROLLUP, true()),
    "rollup entry": select(Workspace.id, ENTRY.c.key).join(ENTRY, true()),
    "loose table": select(Workspace.id).join(LOOSE, true()),
    "loose column": select(Workspace.id).where(exists(select(LOOSE.c.tenant_id))),
    "text": select(Workspace.id, text("(SELECT count(*) FROM staff)")),
    "text where": select(Workspace.id).where(text("1 = 1")),
    "text from": select(Workspace.id).join(text("staff").columns(column("tenant_id")).subquery(), true()),
    "literal column": select(Workspace.id, literal_column("(SELECT count(*) FROM staff)")),
    "statement in text": select(Staff).from_statement(text("SELECT * FROM staff")),
    "columns in text": select(Staff).from_statement(text("SELECT id FROM staff").columns(Staff.id)),
    "entity from Core": select(Staff).from_statement(select(STAFF)),
}


@pytest.mark.parametrize("name", CORE)
def test_core_statements_are_refused(two, name):
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(CORE[name])


@pytest.mark.parametrize("name", MIXED)
def test_core_and_text_inside_an_orm_statement_are_refused(two, name):
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(MIXED[name])


def test_a_core_statement_runs_under_the_exemption_only(two):
    own = two.count(ENTRY, two.here)
    counted = select(func.count()).select_from(ENTRY).where(ENTRY.c.tenant_id == two.here)
    with two.reading() as session:
        assert session.scalar(counted, execution_options=EXEMPT) == own
        with pytest.raises(WallBreach):
            session.scalar(counted)


# the tables of no workspace


@pytest.mark.parametrize("model", [Token, Job])
def test_what_no_workspace_owns_is_not_seen_from_inside_one(two, model):
    looks = [
        select(model),
        select(model.id),
        select(aliased(model)),
        select(func.count()).select_from(model),
        select(Workspace.id).where(exists(select(model.id))),
        select(Workspace.id).join(model, model.tenant_id == Workspace.id),
        select(select(model.id).subquery().c.id),
        union_all(select(Workspace.id), select(model.id)),
    ]
    for look in looks:
        with two.reading() as session, pytest.raises(WallBreach):
            session.execute(look)
    with two.reading() as session, pytest.raises(WallBreach):
        session.get(model, uuid7())


@pytest.mark.parametrize("model", [Token, Job])
def test_nor_changed_or_deleted(two, model):
    for change in (
        update(model).values(tenant_id=two.here),
        delete(model),
        delete(model).where(model.tenant_id == two.here),
    ):
        with two.writing() as session, pytest.raises(WallBreach):
            session.execute(change)


def test_no_token_is_made_from_inside_a_workspace(two):
    made = {"id": uuid7(), "tenant_id": two.here, "name": "x", "digest": "d", "scopes": [], "source": "default"}
    made["created_at"] = two.door.clock()
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(insert(Token), [made])
    with two.writing() as session:
        session.add(Token(**made))
        with pytest.raises(WallBreach):
            session.flush()


def test_a_job_is_left_behind_for_the_own_workspace_only(two):
    with two.writing() as session:
        session.add(Job(tenant_id=two.here, kind="settle", run_at=two.door.clock()))
        session.flush()
    with two.writing() as session:
        session.add(Job(tenant_id=two.there, kind="settle", run_at=two.door.clock()))
        with pytest.raises(WallBreach):
            session.flush()
    row = {
        "id": uuid7(),
        "tenant_id": two.there,
        "kind": "settle",
        "run_at": two.door.clock(),
        "payload": {},
        "attempts": 0,
    }
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(insert(Job), [row])
