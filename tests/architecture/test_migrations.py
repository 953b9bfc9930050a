"""Migrations, on either database: what they build is what the metadata says, and they can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from app import migrate
from app.db import APP_ROLE, GATE_ROLE, Database
from app.settings import Settings

pytestmark = [  # SQLite's reflection passes over them; their definitions are compared below
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]

GLOBAL = {"token", "job", "deployment"}
TENANTED = sorted(set(SQLModel.metadata.tables) - GLOBAL)
UPKEEP = ("rollup_state", "workspace")
REVISIONS = [script.revision for script in ScriptDirectory.from_config(migrate._config()).walk_revisions()]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """Settings of a database without a table."""
    if request.param == "sqlite":
        yield Settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}")
        return
    server = request.getfixturevalue("postgresql_server")
    server.run("CREATE DATABASE empty")
    yield Settings(database_url=server.url("empty"))
    server.run("DROP DATABASE empty WITH (FORCE)")


@contextmanager
def owning(settings):
    """A connection as the owner of the tables."""
    engine = migrate.owner_engine(settings)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def go(settings, way, revision):
    """Migrate up or down to a revision."""
    with owning(settings) as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        way(config, revision)
        connection.commit()


def differences(settings):
    """What autogenerate would put into a migration."""
    with owning(settings) as connection:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)


def indexes(connection, table):
    """The indexes of a table with their definitions, expressions and conditions included."""
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table"
    if connection.dialect.name == "postgresql":
        asked = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table"
    return dict(map(tuple, connection.execute(text(asked), {"table": table})))


def shape(settings):
    """Every table's columns, keys, constraints and indexes, as the database tells them."""
    with owning(settings) as connection:
        asked = inspect(connection)
        return {
            name: {
                "columns": {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in asked.get_columns(name)},
                "key": asked.get_pk_constraint(name)["constrained_columns"],
                "references": sorted(repr(sorted(key.items())) for key in asked.get_foreign_keys(name)),
                "unique": sorted((c["name"], tuple(c["column_names"])) for c in asked.get_unique_constraints(name)),
                "indexes": indexes(connection, name),
            }
            for name in asked.get_table_names()
        }


def test_what_is_built_is_what_the_metadata_says(empty):
    migrate.upgrade(empty)
    assert differences(empty) == []
    built = shape(empty)
    assert set(built) == {*SQLModel.metadata.tables, "alembic_version"}
    for name, table in SQLModel.metadata.tables.items():
        assert built[name]["key"] == [column.name for column in table.primary_key]
        assert {c: nullable for c, (_, nullable, _) in built[name]["columns"].items()} == {
            c.name: c.nullable for c in table.c
        }
        assert {default for _, _, default in built[name]["columns"].values()} == {None}
        # autogenerate does not see an index over an expression on SQLite
        assert {index.name for index in table.indexes} <= set(built[name]["indexes"])
        assert len(built[name]["references"]) == len(table.foreign_key_constraints)


@pytest.mark.slow
def test_a_missing_column_would_be_noticed(empty):
    migrate.upgrade(empty)
    with owning(empty) as connection:
        connection.execute(text("ALTER TABLE customer DROP COLUMN phone"))
        connection.execute(text("DROP INDEX ix_feedback_day"))
        connection.commit()
    assert {difference[0] for difference in differences(empty)} == {"add_column", "add_index"}


@pytest.mark.slow
def test_down_to_nothing_and_up_again(empty):
    migrate.upgrade(empty)
    built = shape(empty)
    go(empty, command.downgrade, "base")
    assert set(shape(empty)) == {"alembic_version"}
    migrate.upgrade(empty)
    assert shape(empty) == built
    assert differences(empty) == []


@pytest.mark.slow
def test_every_step_can_be_taken_back_by_itself(empty):
    shapes = []
    for revision in reversed(REVISIONS):
        shapes.append(shape(empty))
        go(empty, command.upgrade, revision)
    for before in reversed(shapes):
        go(empty, command.downgrade, "-1")
        found = shape(empty)
        assert {name: table for name, table in found.items() if name != "alembic_version"} == {
            name: table for name, table in before.items() if name != "alembic_version"
        }


def test_a_database_that_is_behind_says_so(empty):
    for revision in reversed(REVISIONS):
        go(empty, command.upgrade, revision)
        if revision == REVISIONS[1]:
            with owning(empty) as connection:
                present = MigrationContext.configure(connection).get_current_heads()
            assert set(present) == {REVISIONS[1]}
    db = Database(empty)
    assert migrate.is_current(db)
    db.dispose()
    go(empty, command.stamp, REVISIONS[1])
    db = Database(empty)
    assert not migrate.is_current(db)
    db.dispose()


@pytest.mark.slow
def test_several_may_migrate_at_once_and_again(empty):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate.upgrade, [empty] * 3))
    assert differences(empty) == []
    built = shape(empty)
    migrate.upgrade(empty)
    assert shape(empty) == built


def test_there_is_one_line_of_migrations():
    scripts = ScriptDirectory.from_config(migrate._config())
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert sorted(REVISIONS, reverse=True) == REVISIONS


# what only PostgreSQL has


def ask(settings, statement, **values):
    """The rows that the owner is answered."""
    with owning(settings) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def test_row_security_is_forced_on_every_table_of_workspaces(postgresql):
    asked = (
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'alembic_version'"
    )
    expected = {(name, True, True) for name in TENANTED} | {(name, False, False) for name in GLOBAL}
    assert set(ask(postgresql, asked)) == expected


def test_every_table_has_the_one_policy_and_ordinary_work_no_other(postgresql):
    asked = "SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
    found = ask(postgresql, asked)
    rule = "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)"
    # one policy for everything, whose condition on what may be seen is the one on what may be written
    expected = {(name, "workspace", "PERMISSIVE", "{public}", "ALL", rule, None) for name in TENANTED}
    # and the owner, whom it binds as well, looks into two tables after an upgrade
    (owner,) = ask(postgresql, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")[0]
    upkeep = {(name, "upkeep", "PERMISSIVE", f"{{{owner}}}", "SELECT", "true", None) for name in UPKEEP}
    # and the gate is told which workspaces there are: of five columns, which the rights below it say
    listed = {("workspace", "deployment", "PERMISSIVE", f"{{{GATE_ROLE}}}", "SELECT", "true", None)}
    # and finds members of whom it is not known yet in which workspace they act
    listed |= {("member", "gate", "PERMISSIVE", f"{{{GATE_ROLE}}}", "SELECT", "true", None)}
    assert set(found) == expected | upkeep | listed
    assert owner not in (APP_ROLE, GATE_ROLE)


def test_of_a_workspace_the_gate_sees_what_lists_tell(postgresql):
    asked = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'workspace'::regclass AND attnum > 0 "
        "AND has_column_privilege(:role, 'workspace', attname, 'SELECT')"
    )
    found = {name for (name,) in ask(postgresql, asked, role=GATE_ROLE)}
    assert found == {"tenant_id", "id", "name", "time_zone", "currency", "created_at"}


@pytest.mark.parametrize("role", [APP_ROLE, GATE_ROLE])
def test_each_role_may_do_what_it_needs_and_no_more(postgresql, role):
    asked = (
        "SELECT name, right_ FROM unnest(CAST(:names AS text[])) name, unnest(CAST(:rights AS text[])) right_ "
        "WHERE has_table_privilege(:role, name, right_)"
    )
    work = ["SELECT", "INSERT", "UPDATE", "DELETE"]
    rights, names = [*work, "TRUNCATE", "REFERENCES", "TRIGGER"], [*SQLModel.metadata.tables, "alembic_version"]
    found = set(ask(postgresql, asked, role=role, names=names, rights=rights))
    if role == GATE_ROLE:
        expected = {(name, right) for name in GLOBAL - {"deployment"} for right in work}
        assert found == expected | {("deployment", "SELECT"), ("deployment", "UPDATE")}
    else:
        expected = {(name, right) for name in TENANTED for right in work}
        assert found == expected | {("job", "INSERT"), ("alembic_version", "SELECT")}


def test_the_roles_own_nothing_and_bypass_nothing(postgresql):
    asked = (
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, "
        "(SELECT count(*) FROM pg_class WHERE relowner = r.oid), "
        "(SELECT count(*) FROM pg_auth_members WHERE member = r.oid), "
        "has_schema_privilege(r.oid, 'public', 'CREATE') FROM pg_roles r WHERE rolname IN (:app, :gate)"
    )
    found = ask(postgresql, asked, app=APP_ROLE, gate=GATE_ROLE)
    assert sorted(found) == [
        (role, False, False, False, False, False, False, 0, 0, False) for role in (APP_ROLE, GATE_ROLE)
    ]


def test_there_is_nothing_that_cannot_be_spread_over_machines(postgresql):
    asked = {
        "sequences and views": "SELECT relname FROM pg_class WHERE relkind IN ('S', 'v', 'm', 'f') "
        "AND relnamespace = 'public'::regnamespace",
        "triggers": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "rules": "SELECT rulename FROM pg_rules WHERE schemaname = 'public'",
        "set null": "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype <> 'a'",
        "not validated": "SELECT conname FROM pg_constraint WHERE NOT convalidated",
    }
    assert {what: ask(postgresql, statement) for what, statement in asked.items()} == {what: [] for what in asked}


def test_sqlite_has_tables_and_indexes_only(sqlite):
    assert set(ask(sqlite, "SELECT type FROM sqlite_master")) == {("table",), ("index",)}
    assert ask(sqlite, "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'") == []
