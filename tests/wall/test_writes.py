"""A session of one workspace writes rows of that workspace only, whichever way it tries."""

import pytest
from sqlalchemy import delete, exists, func, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient, make_transient_to_detached
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from app.models.channel import Channel
from app.models.staff import Staff
from app.models.workspace import Workspace
from app.wall import WallBreach


def fresh(two, model, tenant_id):
    """The columns of a new row of a workspace, like one that it has."""
    columns = two.columns(model, tenant_id)
    if model is not Workspace and "id" in columns:
        columns["id"] = uuid7()
    return columns


def harmless(model):
    """A column that can be set to itself."""
    keys = {column.key for column in inspect(model).primary_key}
    return next(a for a in inspect(model).column_attrs if a.key not in keys).class_attribute


# statements


def test_an_update_of_everything_changes_the_own_rows_only(two, model):
    column = harmless(model)
    with two.writing() as session:
        changed = session.execute(update(model).values({column: column}))
        assert changed.rowcount == two.count(model.__table__, two.here)


def test_an_update_of_another_workspaces_rows_changes_none(two, model):
    column = harmless(model)
    with two.writing() as session:
        assert session.execute(update(model).where(model.tenant_id == two.there).values({column: column})).rowcount == 0


def test_an_update_looks_at_the_own_rows_only(two, model):
    other = Channel if model is Workspace else Workspace
    column = harmless(other)
    there = exists(select(model.tenant_id).where(model.tenant_id == two.there))
    with two.writing() as session:
        assert session.execute(update(other).where(there).values({column: column})).rowcount == 0
        assert session.execute(delete(other).where(there)).rowcount == 0


def test_a_delete_of_another_workspaces_rows_deletes_none(two, model):
    with two.writing() as session:
        assert session.execute(delete(model).where(model.tenant_id == two.there)).rowcount == 0


def test_a_delete_of_everything_deletes_the_own_rows_only(two, model):
    mapped = {mapper.local_table.name: mapper.class_ for mapper in SQLModel._sa_registry.mappers}
    with two.writing() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):  # what refers to the rows goes first
            one = mapped.get(table.name)
            if one is None or not hasattr(one, "tenant_id") or table.name in ("token", "job"):
                continue
            own = session.scalar(select(func.count()).select_from(one))
            assert session.execute(delete(one)).rowcount == own
            if one is model:
                assert own == two.count(table, two.here)
                break


def test_no_row_moves_to_another_workspace(two, model):
    moves = [
        update(model).values(tenant_id=two.there),
        update(model).values({model.tenant_id: two.there}),
        update(model).values({"tenant_id": select(Workspace.tenant_id).scalar_subquery()}),
        update(model).ordered_values((model.tenant_id, two.there)),
        update(model).where(model.tenant_id == two.here).values(tenant_id=two.there),
    ]
    for move in moves:
        with two.writing() as session, pytest.raises(WallBreach):
            session.execute(move)


# rows in bulk


def test_rows_of_another_workspace_are_not_inserted_in_bulk(two, model):
    own, foreign = fresh(two, model, two.here), fresh(two, model, two.there)
    for rows in ([foreign], [own, foreign], [{**foreign, "tenant_id": None}]):
        with two.writing() as session, pytest.raises(WallBreach):
            session.execute(insert(model), rows)
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(insert(model), foreign)
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(insert(model).values(**foreign))
    with two.writing() as session, pytest.raises(WallBreach):
        session.scalars(insert(model).returning(model), [foreign]).all()
    with two.writing() as session, pytest.raises(WallBreach):
        session.execute(insert(model).from_select(["tenant_id"], select(model.tenant_id)))


def test_a_row_that_says_two_workspaces_ends_up_in_the_own(two):
    own = {**fresh(two, Staff, two.here), "key": "other"}
    with two.writing() as session:
        session.execute(insert(Staff).values(tenant_id=two.there), [own])
        assert session.scalars(select(Staff.key).order_by(Staff.key)).all() == ["ann", "other"]


def test_rows_of_another_workspace_are_not_updated_in_bulk(two, model):
    foreign = two.columns(model, two.there)
    keys = [column.key for column in inspect(model).primary_key]
    row = {name: foreign[name] for name in (*keys, harmless(model).key)}
    for rows in ([row], row):
        with two.writing() as session, pytest.raises(WallBreach):
            session.execute(update(model), rows)


def test_own_rows_are_updated_in_bulk(two):
    key = two.key(Staff, two.here)
    with two.writing() as session:
        session.execute(update(Staff), [{"tenant_id": key[0], "id": key[1], "name": "Bea"}])
        assert session.scalars(select(Staff.name)).all() == ["Bea"]


def test_the_old_bulk_methods_are_closed(two, model):
    own = two.columns(model, two.here)
    with two.writing() as session:
        for work in (
            lambda: session.bulk_save_objects([model(**own)]),
            lambda: session.bulk_insert_mappings(model, [own]),
            lambda: session.bulk_update_mappings(model, [own]),
        ):
            with pytest.raises(WallBreach):
                work()


# objects


def test_an_object_of_another_workspace_is_not_added(two, model):
    foreign = fresh(two, model, two.there)
    with two.writing() as session:
        session.add(model(**foreign))
        with pytest.raises(WallBreach):
            session.flush()


def test_an_object_does_not_change_its_workspace(two, model):
    with two.writing() as session:
        row = session.scalars(select(model).limit(1)).one()
        row.tenant_id = two.there
        with pytest.raises(WallBreach):
            session.flush()


def test_an_object_of_another_workspace_is_not_changed(two, model):
    row = two.row(model, two.there)
    with two.writing() as session:
        session.add(row)
        column = harmless(model).key
        setattr(row, column, None)
        with pytest.raises(WallBreach):
            session.flush()


def test_an_object_made_up_from_its_key_is_not_changed(two, model):
    made_up = model(**two.columns(model, two.there))
    make_transient_to_detached(made_up)
    with two.writing() as session:
        session.add(made_up)
        setattr(made_up, harmless(model).key, None)
        with pytest.raises(WallBreach):
            session.flush()


def test_an_object_of_another_workspace_is_not_deleted(two, model):
    row = two.row(model, two.there)
    with two.writing() as session:
        session.delete(row)
        with pytest.raises(WallBreach):
            session.flush()


def test_an_object_of_another_workspace_is_not_merged(two, model):
    row = two.row(model, two.there)
    make_transient(row)
    with two.writing() as session:
        merged = session.merge(row)
        assert merged is not row
        with pytest.raises(WallBreach):
            session.flush()


def test_an_object_without_a_workspace_becomes_one_of_the_own(two):
    with two.writing() as session:
        columns = {**fresh(two, Staff, two.here), "key": "other"}
        del columns["tenant_id"]
        row = Staff(**columns)
        session.add(row)
        session.flush()
        assert row.tenant_id == two.here
        assert session.scalar(select(func.count()).select_from(Staff)) == 2


# references

_KEYS = {
    f"{table.name}.{constraint.column_keys[1]}": constraint
    for table in SQLModel.metadata.sorted_tables
    for constraint in table.foreign_key_constraints
}
REFERENCES = dict(sorted(_KEYS.items()))
"""Every foreign key, in an order that is the same in every test process."""


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_to_another_workspaces_row_cannot_be_stored(two, name):
    child, parent = REFERENCES[name].parent, REFERENCES[name].referred_table
    (column,) = set(REFERENCES[name].column_keys) - {"tenant_id"}
    with two.outside() as connection:
        own, foreign = (
            connection.execute(select(parent.c.id).where(parent.c.tenant_id == tenant_id).limit(1)).scalar_one()
            for tenant_id in (two.here, two.there)
        )
        refer = update(child).where(child.c.tenant_id == two.here)
        assert connection.execute(refer.values({column: own})).rowcount > 0
        with pytest.raises(IntegrityError):
            connection.execute(refer.values({column: foreign}))
