"""PostgreSQL alone keeps the workspaces apart: plain SQL as the role of ordinary work, without the ORM."""

from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors
from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlmodel import SQLModel

from app.actor import system
from app.db import APP_ROLE, GATE_ROLE, Database

pytestmark = pytest.mark.engine

TENANTED = sorted(set(SQLModel.metadata.tables) - {"token", "job", "deployment"})
EVERY = sorted(SQLModel.metadata.tables)
FOREIGN_KEY_ORDER = [table.name for table in SQLModel.metadata.sorted_tables if table.name in TENANTED]


@pytest.fixture(params=["postgresql"])
def two(two_on_postgresql):
    """Two full workspaces on PostgreSQL."""
    return two_on_postgresql


@contextmanager
def acting(two, role=APP_ROLE, tenant_id=None):
    """A plain connection as `role` that has entered a workspace, or none; taken back at the end."""
    url = two.owner.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute(SQL("SET ROLE {}").format(Identifier(role)))
        if tenant_id is not None:
            connection.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id)])
        yield connection
        connection.rollback()


def one(connection, statement, table, *values):
    """The first value that a statement about a table answers."""
    return connection.execute(SQL(statement).format(Identifier(table)), values).fetchone()[0]


def change(connection, statement, table, *values):
    """How many rows of a table a statement changed."""
    return connection.execute(SQL(statement).format(Identifier(table)), values).rowcount


@pytest.mark.parametrize("table", TENANTED)
def test_rows_of_the_entered_workspace_are_seen_and_no_others(two, table):
    own, all_ = two.count(SQLModel.metadata.tables[table], two.here), 0
    with acting(two, tenant_id=two.here) as connection:
        all_ = one(connection, "SELECT count(*) FROM {}", table)
        assert one(connection, "SELECT count(*) FROM {} WHERE tenant_id = %s", table, two.there) == 0
        assert one(connection, "SELECT count(*) FROM {} WHERE tenant_id <> %s", table, two.here) == 0
    assert all_ == own > 0


@pytest.mark.parametrize("table", TENANTED)
@pytest.mark.parametrize("tenant_id", [None, ""], ids=["none", "empty"])
def test_without_a_workspace_there_is_nothing_to_see_change_or_delete(two, table, tenant_id):
    with acting(two, tenant_id=tenant_id) as connection:
        assert one(connection, "SELECT count(*) FROM {}", table) == 0
        assert change(connection, "UPDATE {} SET tenant_id = tenant_id", table) == 0
        assert change(connection, "DELETE FROM {}", table) == 0


@pytest.mark.parametrize("table", TENANTED)
def test_another_workspaces_rows_are_not_changed_or_deleted(two, table):
    with acting(two, tenant_id=two.here) as connection:
        assert change(connection, "UPDATE {} SET tenant_id = tenant_id", table) == two.count(
            SQLModel.metadata.tables[table], two.here
        )
        assert change(connection, "UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = %s", table, two.there) == 0
        assert change(connection, "DELETE FROM {} WHERE tenant_id = %s", table, two.there) == 0


@pytest.mark.parametrize("table", TENANTED)
def test_no_row_is_inserted_into_another_workspace(two, table):
    copied = (
        "INSERT INTO {0} SELECT (jsonb_populate_record(null::{0}, to_jsonb(one) || "
        "jsonb_build_object('tenant_id', %s::text))).* FROM (SELECT * FROM {0} LIMIT 1) one"
    )
    with acting(two, tenant_id=two.here) as connection, pytest.raises(errors.InsufficientPrivilege, match="row-level"):
        connection.execute(SQL(copied).format(Identifier(table)), [str(two.there)])


@pytest.mark.parametrize("table", TENANTED)
def test_no_row_moves_to_another_workspace(two, table):
    with acting(two, tenant_id=two.here) as connection, pytest.raises(errors.InsufficientPrivilege, match="row-level"):
        change(connection, "UPDATE {} SET tenant_id = %s", table, two.there)


def test_everything_can_be_deleted_and_the_other_workspace_is_whole(two):
    before = two.everything()
    with acting(two, tenant_id=two.here) as connection:
        for table in reversed(FOREIGN_KEY_ORDER):
            assert change(connection, "DELETE FROM {}", table) > 0
        connection.execute("RESET ROLE")
        for table in FOREIGN_KEY_ORDER:
            rows = two.count(SQLModel.metadata.tables[table], two.there)
            assert one(connection, "SELECT count(*) FROM {}", table) == rows
    assert two.everything() == before


def test_a_workspace_that_is_no_uuid_is_an_error_not_an_open_door(two):
    with acting(two, tenant_id="everybody") as connection, pytest.raises(errors.InvalidTextRepresentation):
        connection.execute("SELECT * FROM customer")


def test_joins_and_subqueries_see_no_more(two):
    with acting(two, tenant_id=two.here) as connection:
        seen = connection.execute(
            "SELECT DISTINCT tenant_id FROM (SELECT f.tenant_id FROM feedback f FULL JOIN customer c ON true "
            "UNION SELECT c.tenant_id FROM feedback f FULL JOIN customer c ON true "
            "UNION SELECT tenant_id FROM rollup UNION SELECT tenant_id FROM rollup_entry) every"
        ).fetchall()
    assert seen == [(two.here,)]


def test_row_security_cannot_be_switched_off(two):
    for statement in (
        "SET LOCAL row_security = off",
        "ALTER TABLE customer DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE customer NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY workspace ON customer",
        "CREATE POLICY open ON customer USING (true)",
        "TRUNCATE customer CASCADE",
        "DROP TABLE customer CASCADE",
        "CREATE TABLE public.mine AS SELECT 1",
        f"ALTER ROLE {APP_ROLE} BYPASSRLS",
        "ALTER TABLE customer OWNER TO current_user",
    ):
        with acting(two, tenant_id=two.here) as connection, pytest.raises(errors.InsufficientPrivilege):
            [connection.execute(one_) for one_ in (statement, "SELECT * FROM customer")]


# what is of no workspace


@pytest.mark.parametrize(
    ("table", "column"), [("token", "tenant_id"), ("job", "tenant_id"), ("deployment", "value")], ids=str
)
def test_ordinary_work_cannot_look_into_what_is_of_no_workspace(two, table, column):
    for statement in (
        "SELECT * FROM {}",
        "SELECT count(*) FROM {}",
        f"UPDATE {{}} SET {column} = {column}",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "LOCK TABLE {}",
        "INSERT INTO token (id) SELECT gen_random_uuid() FROM {}",
    ):
        with acting(two, tenant_id=two.here) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute(SQL(statement).format(Identifier(table)))


def test_ordinary_work_makes_no_token_and_leaves_jobs_behind(two):
    token = "INSERT INTO token (id, tenant_id, name, digest, scopes, source, created_at) VALUES "
    job = "INSERT INTO job (id, tenant_id, kind, payload, run_at, attempts) VALUES "
    with acting(two, tenant_id=two.here) as connection:
        with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
            connection.execute(token + "(gen_random_uuid(), %s, 'x', 'x', '[]', 'x', now())", [two.here])
        assert connection.execute(job + "(gen_random_uuid(), %s, 'settle', '{}', now(), 0)", [two.here]).rowcount == 1


@pytest.mark.parametrize("table", EVERY)
def test_the_gate_sees_what_is_of_no_workspace_and_nothing_else(two, table):
    with acting(two, GATE_ROLE, two.here) as connection:
        if table == "deployment":  # whose one row it may change, and no more
            assert change(connection, "UPDATE {} SET value = value", table) == 1
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("DELETE FROM deployment")
            return
        if table in ("token", "job"):
            tenants = SQL("SELECT DISTINCT tenant_id FROM {}").format(Identifier(table))
            assert {tenant for (tenant,) in connection.execute(tenants)} == {two.here, two.there}
            return
        for statement in ("SELECT * FROM {}", "UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(SQL(statement).format(Identifier(table)))


def test_the_doors_gate_puts_that_role_on_and_takes_it_off(two):
    with two.door.gate_reader() as session:
        assert session.execute(text("SELECT current_user")).scalar_one() == GATE_ROLE
    with two.door.gate() as session:
        assert session.execute(text("SELECT current_user")).scalar_one() == GATE_ROLE
    with two.reading() as session:
        assert session.connection().execute(text("SELECT current_user")).scalar_one() == APP_ROLE


# the program's own connections


def test_the_programs_connections_are_the_role_of_ordinary_work(two):
    for engine in (two.door.db.reader, two.door.db.writer):
        with engine.connect() as connection:
            asked = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
            assert connection.execute(text(asked)).one() == (APP_ROLE, False, False, False)
            owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
            assert connection.execute(text(owned)).scalar_one() == 0
    two.door.db.check_role()


def test_a_connection_forgets_the_workspace_when_its_transaction_ends(two):
    with two.reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM workspace")).scalar_one() == 1
    for engine in (two.door.db.reader, two.door.db.writer):
        with engine.connect() as connection:
            assert connection.execute(text("SELECT current_setting('app.tenant', true)")).scalar_one() in (None, "")
            assert connection.execute(text("SELECT count(*) FROM workspace")).scalar_one() == 0


def test_two_units_of_different_workspaces_do_not_mix(two):
    seen = {}
    for _ in range(3):  # the same pooled connection, again and again
        for tenant_id in (two.here, two.there):
            with two.door.snapshot(system(tenant_id)) as uow:
                found = uow.session.connection().execute(text("SELECT tenant_id FROM customer")).scalars()
                seen.setdefault(tenant_id, set()).update(found)
    assert seen == {two.here: {two.here}, two.there: {two.there}}


def test_a_role_that_could_bypass_the_wall_does_not_serve(two, monkeypatch):
    monkeypatch.setattr("app.db.APP_ROLE", two.owner.url.username)
    db = Database(two.settings)
    try:
        with pytest.raises(RuntimeError, match="could bypass the wall"):
            db.check_role()
    finally:
        db.dispose()
