"""How the databases go about the feed and the audit where there are many changes: by an index, and no further."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event

from app import migrate
from app.models.change import Action, RecordType
from app.services import audit, change, channel, feed
from app.services.audit import Sought
from app.services.cursor import Order
from app.services.page import Slice

TODAY = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
MANY = 60_000
RARE = 20_000
"""One in so many is by the rare actor, of the rare type, and so on."""
pytestmark = [pytest.mark.slow, pytest.mark.fresh]


@pytest.fixture
def long(workspace, database):
    """A workspace with a long log, of two kinds of which one is rare."""
    engine = migrate.owner_engine(database)
    is_sqlite = engine.dialect.name == "sqlite"
    numbers = f"SELECT n FROM generate_series(1, {MANY}) numbers(n)"
    as_id, at, nothing = (
        "lpad(to_hex({}), 32, '0')::uuid",
        "timestamptz '2026-01-01' + n * interval '1 s'",
        "'[]'::jsonb",
    )
    tenant = f"'{workspace.id}'::uuid"
    if is_sqlite:
        counted = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {MANY})"
        numbers, as_id, nothing = f"{counted} SELECT n FROM s", "printf('%032x', {})", "'[]'"
        at, tenant = "strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01', n || ' seconds')", f"'{workspace.id.hex}'"

    def either(rare, common):
        return f"CASE WHEN n - n / {RARE} * {RARE} = 7 THEN {rare} ELSE {common} END"

    values = {
        "tenant_id": tenant,
        "id": as_id.format("n + 1000000"),
        "at": at,
        "actor": either("'rare'", "'common'"),
        "token_id": either(as_id.format(7), as_id.format(8)),
        "request_id": either("'rare'", "'r' || n"),
        "noun": either("'Target'", "'Order'"),
        "record_id": as_id.format("n"),
        "action": either("'DELETED'", "'UPDATED'"),
        "version": "1",
        "fields": nothing,
        "seq": "n",
        "previous": "'0'",
        "hash": "'0'",
    }
    insert = f"INSERT INTO change ({', '.join(values)}) SELECT {', '.join(values.values())} FROM ({numbers}) numbers"
    head = f"INSERT INTO change_head (tenant_id, id, seq, hash) VALUES ({tenant}, {tenant}, {MANY}, '0')"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # PostgreSQL would look at a part of them, and chance at the plans
        whole = () if is_sqlite else ("SET default_statistics_target = 1000",)
        for statement in (insert, head, *whole, "ANALYZE change"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    return workspace


@pytest.fixture
def plans(long):
    """How the database goes about each statement about changes."""
    found = []

    def note(_connection, cursor, statement, parameters, *_):
        if re.search(r"FROM change\b", statement):
            how = "EXPLAIN " if isinstance(cursor.connection, psycopg.Connection) else "EXPLAIN QUERY PLAN "
            plan = cursor.connection.execute(how + statement, parameters)
            found.append("\n".join(str(step[-1]) for step in plan.fetchall()))

    event.listen(long.door.db.reader, "before_cursor_execute", note)
    yield found
    event.remove(long.door.db.reader, "before_cursor_execute", note)


def check(plans, *, index):
    (plan, *more) = [one for one in plans if not re.search(r"hash.*LIMIT 1", one)][-1:]
    assert not more
    assert index in plan, plan
    assert not re.search(r"SCAN change\b(?! USING)|Seq Scan|USE TEMP B-TREE|\bSort\b", plan), plan
    plans.clear()


@pytest.mark.parametrize("place", [0, 30_000, MANY - 3])
@pytest.mark.parametrize("types", [None, [RecordType.TARGET], [RecordType.ORDER, RecordType.COST]])
def test_the_feed_reads_on_from_its_place(long, plans, place, types):
    after = None
    if place:
        after = feed._sealed(_unit(long), (place, "0"))
        plans.clear()
    long.read(feed.page, 500, after, types)
    check(plans, index="uq_change_seq" if not long.door.db.is_sqlite else "USING INDEX")


def _unit(people):
    with people.door.snapshot(people.system) as uow:
        uow.workspace  # noqa: B018 - read while it can be
        return uow


@pytest.mark.parametrize(
    ("sought", "index"),
    [
        (Sought(), "ix_change_at"),
        (Sought(actor="rare"), "ix_change_actor"),
        (Sought(actor="common"), "ix_change_a"),  # of most it may as well walk through time
        (Sought(token_id=UUID(int=7)), "ix_change_token"),
        (Sought(type=RecordType.TARGET), "ix_change_noun"),
        (Sought(action=Action.DELETED), "ix_change_action"),
        (Sought(from_=TODAY - timedelta(days=165), before=TODAY - timedelta(days=164)), "ix_change_at"),
    ],
)
@pytest.mark.parametrize("way", [Slice(first=50), Slice(last=50)])
def test_the_audit_finds_what_is_sought(long, plans, sought, index, way):
    page = long.read(audit.log, way, sought, [Order("at", descending=True)])
    assert page.rows
    check(plans, index=index)
    cursor = page.cursors[-1]
    on = Slice(first=50, after=cursor) if way.first else Slice(last=50, before=page.cursors[0])
    long.read(audit.log, on, sought, [Order("at", descending=True)])
    check(plans, index=index)


@pytest.mark.parametrize(
    ("sought", "index", "many"),
    [
        (Sought(request_id="rare"), "ix_change_request", MANY // RARE),
        (Sought(record_id=UUID(int=77)), "ix_change_record", 1),
    ],
)
def test_the_audit_finds_a_request_and_a_record(long, plans, sought, index, many):
    """Whose few changes it may sort."""
    page = long.read(audit.log, Slice(first=50), sought, [Order("at", descending=True)])
    assert len(page.rows) == many
    (plan,) = plans
    assert index in plan, plan


def test_the_sealer_finds_what_is_new(long, plans):
    long.write(channel.upsert, {"external_id": "web", "name": "Web"})
    assert long.read(change.is_waiting)
    (plan,) = plans[-1:]  # both indexes lead straight to those without a number, and their cost is about the same
    found = re.search(r"Index (Only )?Scan using (uq_change_seq|ix_change_unsealed)|\(tenant_id=\? AND seq=\?\)", plan)
    assert found, plan
    assert not re.search(r"Seq Scan|SCAN change\b(?! USING)", plan), plan
