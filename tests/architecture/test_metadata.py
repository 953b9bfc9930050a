"""The shape of the tables, read from the metadata: what lets a database be walled, and spread over machines."""

import pytest
from sqlalchemy import DateTime, ForeignKeyConstraint, Identity, Numeric, Sequence, UniqueConstraint, Uuid
from sqlmodel import SQLModel

import app.models  # noqa: F401 - fills the metadata
from app.kpis import CUBES
from app.models.base import UtcDateTime
from app.models.rollup import SLOTS

TABLES = SQLModel.metadata.tables
GLOBAL = {"token", "job", "deployment"}
"""The tables that no workspace owns, because they are read before it is known. There is no fourth."""

BEFORE_A_WORKSPACE_IS_KNOWN = {"ix_member_email", "ix_member_subject"}
"""The indexes that no workspace leads: by what somebody is found who signs in and does not say where."""

OWNED = {name: table for name, table in TABLES.items() if name not in GLOBAL}

each = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
each_owned = pytest.mark.parametrize("table", OWNED.values(), ids=OWNED)


def test_every_table_but_three_belongs_to_workspaces():
    assert {name for name, table in TABLES.items() if "tenant_id" not in table.primary_key.columns} == (
        GLOBAL | {"rollup_entry"}  # which is appended to and has no key at all
    )
    tenants = [table.c.get("tenant_id") for name, table in TABLES.items() if name != "deployment"]
    assert all(column is not None and not column.nullable for column in tenants)
    assert all(isinstance(column.type, Uuid) for column in tenants)


@each_owned
def test_the_workspace_leads_every_key_index_and_unique_constraint(table):
    keys = {"primary key": [*table.primary_key.columns]}
    keys |= {index.name: [*index.columns] for index in table.indexes}
    keys |= {one.name: [*one.columns] for one in table.constraints if isinstance(one, UniqueConstraint)}
    keys = {name: [column.name for column in columns] for name, columns in keys.items() if columns}
    astray = {name: columns for name, columns in keys.items() if columns[0] != "tenant_id"}
    assert astray.keys() <= BEFORE_A_WORKSPACE_IS_KNOWN
    assert keys, f"{table.name} can only be read as a whole"


@each_owned
def test_an_entity_is_known_by_its_workspace_and_id(table):
    if "id" in table.c:
        assert [column.name for column in table.primary_key] == ["tenant_id", "id"]
        assert isinstance(table.c.id.type, Uuid)


@each
def test_a_reference_stays_inside_its_workspace(table):
    for key in table.foreign_key_constraints:
        assert isinstance(key, ForeignKeyConstraint)
        assert key.column_keys[0] == "tenant_id"
        assert [element.target_fullname for element in key.elements] == [
            f"{key.referred_table.name}.tenant_id",
            f"{key.referred_table.name}.id",
        ]
        assert key.referred_table.name not in GLOBAL
        assert (key.ondelete, key.onupdate) == (None, None)


@each
def test_no_reference_is_left_to_chance(table):
    """A column that is called like another table's id is a foreign key to it."""
    referring = {name for key in table.foreign_key_constraints for name in key.column_keys}
    loose = {c.name for c in table.c if c.name.endswith("_id") and isinstance(c.type, Uuid)} - referring
    # changes and versions outlive what they are about; tokens are of no workspace
    outliving = {
        "change": {"token_id", "record_id"},
        "target_revision": {"target_id"},
        "webhook": {"token_id"},
        "webhook_delivery": {"record_id"},
    }
    assert loose - {"tenant_id"} == outliving.get(table.name, set())


@each
def test_no_database_counts_for_us(table):
    for column in table.c:
        assert column.identity is None
        assert column.autoincrement is not True
        assert not isinstance(column.default, Sequence | Identity)
        assert column.server_default is None
        assert column.computed is None
    assert table._autoincrement_column is None


@each
def test_instants_are_utc_and_money_is_no_decimal(table):
    for column in table.c:
        assert not isinstance(column.type, DateTime), f"{column} would lose its zone; use instant()"
        if column.name.endswith("_at"):
            assert isinstance(column.type, UtcDateTime)
        # SQLite turns a long NUMERIC into a float
        assert not isinstance(column.type, Numeric) or column.type.asdecimal is False


def test_no_column_of_a_rollup_is_nullable():
    tables = [TABLES["rollup"], TABLES["rollup_entry"], TABLES["rollup_state"]]
    assert [str(column) for table in tables for column in table.c if column.nullable] == []
    for table in tables[:2]:
        assert [c.name for c in table.c if c.name.startswith("a")] == [f"a{slot}" for slot in range(SLOTS)]


def test_personal_columns_are_marked():
    personal = {str(column) for table in TABLES.values() for column in table.c if column.info.get("personal")}
    assert personal >= {
        "customer.name",
        "customer.email",
        "customer.phone",
        "customer.attributes",
        "feedback.comment",
    }


def test_a_column_that_sounds_personal_is_marked():
    sounding = {"email", "phone", "comment", "attributes", "address", "birthday", "first_name", "last_name", "ip"}
    unmarked = {
        str(column)
        for table in TABLES.values()
        for column in table.c
        if column.name in sounding and not column.info.get("personal")
    }
    assert unmarked == set()


def test_no_rollup_is_cut_by_a_personal_column():
    # an erasure blanks personal columns and changes no number, so no number may hang on one
    for cube in CUBES.values():
        columns = [*cube.dimensions.values(), *cube.many.values()]
        assert [str(column) for column in columns if column.property.columns[0].info.get("personal")] == []


@each
def test_every_name_is_short_enough_and_every_constraint_has_one(table):
    names = [table.name, *(c.name for c in table.c), *(i.name for i in table.indexes)]
    names += [one.name for one in table.constraints if one.name]
    assert [name for name in names if len(name) > 63] == []  # PostgreSQL cuts longer ones off
    named = TABLES[table.name].metadata.naming_convention
    assert {"pk", "fk", "uq", "ix"} <= set(named)  # SQLite alters only what has a name


@each
def test_text_has_a_length(table):
    for column in table.c:
        if column.type.__class__.__name__ in ("String", "AutoString", "Text"):
            assert column.type.length, f"{column} may be as long as it likes"
