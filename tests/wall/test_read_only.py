"""Reading units cannot write, whichever way they try, on either database."""

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from app.actor import Scope, system
from app.errors import Unavailable
from app.models.staff import Staff
from app.uow import SETTLE, reads
from app.wall import EXEMPT

pytestmark = pytest.mark.engine

ENTRY = SQLModel.metadata.tables["rollup_entry"]


def _new(two):
    return {**two.columns(Staff, two.here), "id": uuid7(), "key": "new"}


def _change(two, session):
    session.scalars(select(Staff)).one().name = "Bea"
    session.flush()


def _add(two, session):
    session.add(Staff(**_new(two)))
    session.flush()


def _remove(two, session):
    session.delete(session.scalars(select(Staff)).one())
    session.flush()


WAYS = {
    "insert": lambda two, session: session.execute(insert(Staff), [_new(two)]),
    "update": lambda two, session: session.execute(update(Staff).values(name="Bea")),
    "delete": lambda two, session: session.execute(delete(Staff)),
    "add an object": _add,
    "change an object": _change,
    "delete an object": _remove,
    "exempt": lambda two, session: session.execute(
        delete(ENTRY).where(ENTRY.c.tenant_id == two.here), execution_options=EXEMPT
    ),
    "plain sql": lambda two, session: session.connection().execute(text("UPDATE staff SET name = 'Bea'")),
    "new table": lambda two, session: session.connection().execute(text("CREATE TABLE mine (id int)")),
    "drop table": lambda two, session: session.connection().execute(text("DROP TABLE tombstone")),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_reading_unit_writes_nothing(two, name):
    before = two.everything()
    if name == "drop table" and not two.door.db.is_sqlite:
        return  # PostgreSQL says that it is not ours before it says that we only read
    with pytest.raises(Unavailable), two.door.snapshot(system(two.here)) as uow:
        WAYS[name](two, uow.session)
    assert two.everything() == before


def test_a_function_that_is_marked_as_reading_writes_nothing(two):
    @reads(Scope.STAFF_READ)
    def sly(uow):
        uow.session.execute(update(Staff).values(name="Bea"))

    before = two.everything()
    with pytest.raises(Unavailable):
        two.door.read(system(two.here), sly)
    assert two.everything() == before


def test_what_is_not_flushed_is_not_written_either(two):
    before = two.everything()
    with two.door.snapshot(system(two.here)) as uow:
        uow.session.scalars(select(Staff)).one().name = "Bea"
        uow.enqueue(SETTLE)
        assert [row.name for row in uow.session.scalars(select(Staff))] == ["Bea"]
    assert two.everything() == before


def test_all_reads_of_a_unit_are_of_one_moment(two):
    with two.door.snapshot(system(two.here)) as uow:
        assert uow.session.scalars(select(Staff.name)).all() == ["Ann"]
        with two.owner.begin() as connection:
            connection.execute(text("UPDATE staff SET name = 'Bea'"))
        try:
            assert uow.session.scalars(select(Staff.name)).all() == ["Ann"]
        finally:
            with two.owner.begin() as connection:
                connection.execute(text("UPDATE staff SET name = 'Ann'"))
