"""An import is undone as a whole: the KPIs are as before, and what somebody has changed since stays and is told."""

# ruff: noqa: E501 - a row stands on one line

from decimal import Decimal

import pytest
from importing import counts, load, undo
from sqlmodel import col, select
from trading import cells

from app.errors import Invalid
from app.models.bulk_import import ImportEffect
from app.models.customer import Customer
from app.models.lifecycle import StatedStage
from app.models.order import Order
from app.services import customer, order
from app.services.row import Options, Ref
from app.worker import Worker

HEAD = "externalId,amount,currency,customer,channel,occurredAt,sourceUpdatedAt\n"


def people_of(workspace):
    with workspace.door.snapshot(workspace.system) as uow:
        rows = uow.session.scalars(select(Customer).order_by(col(Customer.name))).all()
        return [(one.name, one.segment, one.status.value, one.is_stub, one.attributes) for one in rows]


def orders_of(workspace):
    with workspace.door.snapshot(workspace.system) as uow:
        rows = uow.session.scalars(select(Order).where(col(Order.deleted_at).is_(None))).all()
        return {one.external_id: (one.amount, one.source_updated_at) for one in rows}


def settled(database, workspace):
    """What the rollups say, when nothing waits."""
    Worker(workspace.door).drain()
    return cells(database, workspace)


def test_orders_that_were_made_go_and_those_that_were_changed_are_as_before(database, workspace):
    before = HEAD + "o1,10,EUR,c1,web,2026-05-01,2026-05-02T00:00:00Z\no2,20,EUR,c2,shop,2026-05-03,\n"
    load(workspace, "ORDERS", before, create_missing=True)
    was, stood = settled(database, workspace), orders_of(workspace)
    file = HEAD + "o1,99,EUR,c2,shop,2026-06-01,2026-06-02T00:00:00Z\no3,5,EUR,c3,web,2026-06-01,2026-06-02T00:00:00Z\n"
    row = load(
        workspace, "ORDERS", file + "o2,20,EUR,c2,shop,2026-05-03,\no3,6,EUR,c3,web,2026-06-01,\n", create_missing=True
    )
    assert counts(row) == {"created": 1, "updated": 2, "unchanged": 1}
    assert settled(database, workspace) != was
    row = undo(workspace, row)
    assert (row.state, row.undone, row.kept) == ("UNDONE", 2, 0)
    assert settled(database, workspace) == was
    assert orders_of(workspace) == stood
    # and the same file goes in again, whatever its stamps say
    assert counts(load(workspace, "ORDERS", file)) == {"created": 1, "updated": 1}


@pytest.mark.slow
def test_customers_that_were_made_go_and_those_that_were_changed_are_as_before(database, workspace):
    joined = {"externalId": "c1", "name": "Ann", "segment": "A", "joinedOn": "2026-01-05", "lifecycleStage": "RETAIN"}
    load(workspace, "CUSTOMERS", [joined | {"attributes": {"size": 3}}, {"externalId": "hq", "name": "Head"}])
    load(workspace, "ORDERS", HEAD + "o1,10,EUR,c9,web,2026-05-01,\n", create_missing=True)  # c9 is a stub
    was, stood = settled(database, workspace), people_of(workspace)
    file = [
        {"externalId": "c1", "name": "Anna", "segment": "B", "parent": "hq", "churnedOn": "2026-05-01", "attributes": None,
         "lifecycleStage": "EXPAND", "isTest": True},
        {"externalId": "c2", "name": "Bob", "joinedOn": "2026-02-01", "parent": "c1", "segment": "B"},
        {"externalId": "c9", "name": "Cid", "segment": "C", "joinedOn": "2026-04-01"},
        {"externalId": "c3", "name": "Dan", "parent": "c2", "joinedOn": "2026-02-01", "churnedOn": "2026-03-01"},
    ]  # fmt: skip
    row = load(workspace, "CUSTOMERS", file)
    assert counts(row) == {"created": 2, "updated": 2}
    assert settled(database, workspace) != was
    row = undo(workspace, row)
    assert (row.state, row.undone, row.kept) == ("UNDONE", 4, 0)
    assert people_of(workspace) == stood
    assert settled(database, workspace) == was
    with workspace.door.snapshot(workspace.system) as uow:
        assert [one.stage for one in uow.session.scalars(select(StatedStage))] == ["RETAIN"]
    assert counts(load(workspace, "CUSTOMERS", file)) == {"created": 2, "updated": 2}


def test_what_somebody_has_changed_since_stays(database, workspace):
    row = load(workspace, "CUSTOMERS", [{"externalId": f"c{i}", "name": f"N{i}"} for i in range(4)])
    workspace.write(customer.upsert_batch, [{"external_id": "c1", "name": "Own"}], Options())
    bought = {"external_id": "o1", "amount": Decimal(1), "currency": "EUR", "customer": Ref(external_id="c2")}
    bought |= {"occurred_at": workspace.door.clock()}
    workspace.write(order.record_batch, [bought], Options())
    row = undo(workspace, row)
    assert (row.state, row.undone, row.kept) == ("UNDONE", 2, 2)
    with workspace.door.snapshot(workspace.system) as uow:
        kept = {one.kept for one in uow.session.scalars(select(ImportEffect))}
    assert kept == {None, "CHANGED", "REFERRED"}
    names = [(name, stub) for name, _, _, stub, _ in people_of(workspace)]
    assert sorted(names, key=str) == [("Own", False), (None, True)]


@pytest.mark.slow
def test_much_is_undone_in_steps(database, workspace):
    was = settled(database, workspace)
    row = load(workspace, "CUSTOMERS", [{"externalId": f"c{i}", "joinedOn": "2026-01-01"} for i in range(1_100)])
    assert undo(workspace, row).undone == 1_100
    assert people_of(workspace) == []
    assert settled(database, workspace) == was


def test_undoing_needs_a_token_of_the_source(workspace):
    row = load(workspace, "CUSTOMERS", [{"externalId": "c1"}])
    with pytest.raises(Invalid, match="of the source 'default'"):
        undo(workspace, row, by=workspace.actor(source="crm"))
