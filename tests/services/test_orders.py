"""Every order that a list is offered in has an index behind it, and walks it: either way, and from any cursor."""

from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event
from uuid_utils.compat import uuid7

from app import ids
from app.schema.channel import Channel
from app.schema.inputs import ChannelRefInput
from app.schema.noun import Noun
from app.schema.nouns import NOUNS
from app.services import channel
from app.services.cursor import Order, _dump, _signature, mark
from app.services.page import Slice
from app.uow import reads

OFFERED = {f"{noun.name}-{column}": (noun.rows, column) for noun in NOUNS for column in noun.orders.columns.values()}
each = pytest.mark.parametrize("offered", OFFERED)


def shape(index):
    """The columns and expressions of an index, and of which rows it has some."""
    table = f"{index.table.name}."
    parts = tuple(str(one).removeprefix(table) for one in index.expressions)
    conditions = {str(index.dialect_options[name]["where"]) for name in ("sqlite", "postgresql")}
    assert len(conditions) == 1, f"{index.name} has other rows on the other database"
    return parts, conditions.pop().removeprefix(table)


def has_index(rows, column):
    """Whether an index gives the rows of a listing, in the order of a column."""
    table = rows.model.__table__
    flag = (f"({column} IS NULL)",) if table.columns[column].nullable else ()
    wanted = ("tenant_id", *flag, column, "id")
    present = {str(one).removeprefix(f"{table.name}.") for one in rows._present}
    return any((wanted, of) in {shape(one) for one in table.indexes} for of in {"None", *present})


@each
def test_an_order_has_an_index(offered):
    assert has_index(*OFFERED[offered])


def test_an_order_without_an_index_would_be_noticed():
    words = {"one": "channel", "many": "channels", "words": ("a channel", "channels"), "by": ChannelRefInput}
    careless = Noun(Channel, channel.LIST, **words, filters=(), orders=("name", "updated_at", "kind"))
    found = {column: has_index(careless.rows, column) for column in careless.orders.columns.values()}
    assert found == {"name": True, "updated_at": False, "kind": False}


VALUES = {str: "m", int: 3, float: 3.0, date: date(2026, 5, 5), datetime: datetime(2026, 5, 5, tzinfo=UTC)}


def slices(uow, rows, order):
    """Pages either way, from the end and from cursors: at a value, and where there is none."""
    column = rows.model.__table__.columns[order.column]
    signature = _signature([order, Order("id", order.descending)])
    for value in [VALUES[rows.type_of(order.column)], *([None] if column.nullable else [])]:
        parts = (*signature, _dump(value), _dump(uuid7()))
        type_ = f"{rows.model.__name__}Cursor"
        cursor = ids.encode(type_, *parts, mark(uow, type_, parts))
        yield from (Slice(first=5, after=cursor), Slice(last=5, before=cursor))
        yield from (Slice(first=5, before=cursor), Slice(last=5, after=cursor))
    yield from (Slice(first=5), Slice(last=5))


@contextmanager
def noted(connection):
    """What is sent over a connection meanwhile."""
    sent = []

    def note(_connection, _cursor, statement, parameters, *_):
        sent.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    yield sent
    event.remove(connection.engine, "before_cursor_execute", note)


def plan(uow, rows, order, part):
    """How the database goes about it."""
    connection = uow.session.connection()
    with noted(connection) as sent:
        rows.page(uow, part, None, [order])
    explain = "EXPLAIN QUERY PLAN " if uow.db.is_sqlite else "EXPLAIN "
    if not uow.db.is_sqlite:
        for way in ("seqscan", "sort", "bitmapscan"):  # the tables are empty: anything would do
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    plans = (connection.exec_driver_sql(explain + statement, parameters) for statement, parameters in sent)
    return "\n".join(str(row[-1]) for rows in plans for row in rows)


@pytest.mark.some(20)
@each
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
def test_an_order_walks_its_index(workspace, offered, descending):
    rows, column = OFFERED[offered]
    order = Order(column, descending)

    @reads(rows.scope)
    def plans(uow):
        return {part: plan(uow, rows, order, part) for part in slices(uow, rows, order)}

    for part, found in workspace.read(plans).items():
        assert "USE TEMP B-TREE" not in found, part
        assert "Sort" not in found, part
        assert "SCAN " not in found.replace("Index Scan", ""), part
        assert "ix_" in found, part


@pytest.mark.slow
def test_a_sort_would_be_noticed(workspace):
    @reads(channel.LIST.scope)
    def sorting(uow):
        return plan(uow, channel.LIST, Order("updated_at"), Slice(first=5))

    found = workspace.read(sorting)
    assert "USE TEMP B-TREE" in found or "Sort" in found
