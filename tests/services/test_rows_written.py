"""What a row-scoped actor may write: rows that they see, with references to rows that they see; and nothing else."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import stored
from sqlmodel import select

from app.actor import Rows, Scope
from app.errors import Code, Forbidden
from app.models.channel import Channel
from app.services import channel, customer, feedback, merge_undo, order, refund, staff, target, workspace
from app.services import merge as merges
from app.services.row import Options, Ref

DAY = date(2026, 6, 1)
CREATE = Options(create_missing=True)


def sold(name, who=None, where=None, **more):
    row = {"external_id": name, "amount": Decimal(10), "currency": "EUR", "occurred_at": DAY, **more}
    row |= {"customer": Ref(external_id=who)} if who else {}
    return row | ({"channel": Ref(external_id=where)} if where else {})


@pytest.fixture
def shop(workspace):
    """Two channels; a customer of each, in a segment of its own, with an order there."""
    for key in ("app", "web"):
        workspace.write(channel.upsert, {"external_id": key, "name": key.title()})
        person = {"external_id": f"of {key}", "acquisition_channel": Ref(external_id=key), "segment": f"s {key}"}
        workspace.write(customer.upsert_batch, [person], Options())
        workspace.write(order.record_batch, [sold(f"at {key}", f"of {key}", key)], Options())
    return workspace


@pytest.fixture
def rows(shop):
    with shop.door.snapshot(shop.system) as uow:
        known = {row.key: row.id for row in uow.session.scalars(select(Channel))}
    return {
        "channel": Rows(channels=frozenset({known["web"]})),
        "segment": Rows(segments=frozenset({"s web"})),
        "source": Rows(sources=frozenset({"till"})),
    }


@pytest.fixture
def partner(shop, rows):
    """Somebody who is limited so; by default writing to the source `default`."""

    def partner_(kind, source="default"):
        return replace(shop.actor(Scope, source=source), rows=rows[kind])

    return partner_


def told(results):
    return [
        (result.outcome.value, [(problem.code, ".".join(problem.path)) for problem in result.problems])
        for result in results
    ]


REFUSED = {
    "another channel": (sold("new", "of web", "app"), [(Code.NOT_FOUND, "channel")]),
    "no channel": (sold("new", "of web"), [(Code.REQUIRED, "channel")]),
    "an unknown channel": (sold("new", "of web", "new"), [(Code.NOT_FOUND, "channel")]),
    "another's customer": (sold("new", "of app", "web"), [(Code.NOT_FOUND, "customer")]),
    "an unknown customer": (sold("new", "new", "web"), [(Code.NOT_FOUND, "customer")]),
    "another's order": (sold("at app", "of web", "web"), [(Code.CONFLICT, "externalId")]),
}


@pytest.mark.parametrize(("row", "problems"), REFUSED.values(), ids=REFUSED)
def test_a_record_outside_of_the_channel_is_refused(database, shop, partner, row, problems):
    before = stored.everything(database)
    results = shop.write(order.record_batch, [row], CREATE, by=partner("channel"))
    assert told(results) == [("REJECTED", problems)]
    assert stored.everything(database) == before


def test_a_record_inside_is_written_and_changed_and_deleted(shop, partner):
    by = partner("channel")
    rows = [sold("new", "of web", "web"), sold("nobody's", None, "web"), sold("at web", "of web", "web")]
    results = shop.write(order.record_batch, rows, Options(), by=by)
    assert told(results) == [("CREATED", []), ("CREATED", []), ("UNCHANGED", [])]
    again = [sold("new", "of web", "web", amount=Decimal(11)), sold("new 2", "of web", "app")]
    results = shop.write(order.record_batch, again, Options(), by=by)
    assert told(results) == [("UPDATED", []), ("REJECTED", [(Code.NOT_FOUND, "channel")])]
    back = {"external_id": "back", "order": Ref(external_id="at web"), "amount": Decimal(1), "occurred_at": DAY}
    assert told(shop.write(refund.record_batch, [back], Options(), by=by)) == [("CREATED", [])]
    assert told(shop.write(order.delete_batch, [{"external_id": "new"}], Options(), by=by)) == [("DELETED", [])]


def test_what_refers_to_anothers_is_refused(database, shop, partner):
    before = stored.everything(database)
    back = {"external_id": "back", "order": Ref(external_id="at app"), "amount": Decimal(1), "occurred_at": DAY}
    results = shop.write(refund.record_batch, [back], CREATE, by=partner("channel"))
    assert told(results) == [("REJECTED", [(Code.NOT_FOUND, "order")])]
    for one in ({"external_id": "at app"}, {"external_id": "new", "source_updated_at": DAY}):
        (result,) = shop.write(order.delete_batch, [one], Options(), by=partner("channel"))
        assert told([result]) == [("REJECTED", [(Code.NOT_FOUND, "externalId")])]
    assert stored.everything(database) == before


def test_segments_go_by_the_customer(database, shop, partner):
    by, before = partner("segment"), stored.everything(database)
    rows = [sold("new", "of app", "app"), sold("nobody's", None, "app")]
    assert told(shop.write(order.record_batch, rows, Options(), by=by)) == [
        ("REJECTED", [(Code.NOT_FOUND, "customer")]),
        ("REJECTED", [(Code.REQUIRED, "customer")]),
    ]
    assert stored.everything(database) == before
    assert told(shop.write(order.record_batch, [sold("new", "of web", "app")], Options(), by=by)) == [("CREATED", [])]


def test_a_source_writes_under_its_own_name(database, shop, partner):
    before = stored.everything(database)
    with pytest.raises(Forbidden, match="writes to the source"):
        shop.write(order.record_batch, [sold("new")], Options(), by=partner("source"))
    foreign = sold("new") | {"customer": Ref(external_id="of web", source="default")}
    results = shop.write(order.record_batch, [foreign], CREATE, by=partner("source", "till"))
    assert told(results) == [("REJECTED", [(Code.NOT_FOUND, "customer")])]
    assert stored.everything(database) == before
    results = shop.write(order.record_batch, [sold("new", "mine")], CREATE, by=partner("source", "till"))
    assert told(results) == [("CREATED", [])]


CUSTOMERS = {
    "another's": ({"external_id": "of app", "name": "Mine now"}, [(Code.CONFLICT, "externalId")]),
    "no channel": ({"external_id": "new"}, [(Code.REQUIRED, "acquisitionChannel")]),
    "another channel": (
        {"external_id": "of web", "acquisition_channel": Ref(external_id="app")},
        [(Code.NOT_FOUND, "acquisitionChannel")],
    ),
    "given up": ({"external_id": "of web", "acquisition_channel": None}, [(Code.REQUIRED, "acquisitionChannel")]),
    "another's parent": ({"external_id": "of web", "parent": Ref(external_id="of app")}, [(Code.NOT_FOUND, "parent")]),
}


@pytest.mark.parametrize(("row", "problems"), CUSTOMERS.values(), ids=CUSTOMERS)
def test_customers_stay_within(database, shop, partner, row, problems):
    before = stored.everything(database)
    results = shop.write(customer.upsert_batch, [row], CREATE, by=partner("channel"))
    assert told(results) == [("REJECTED", problems)]
    assert stored.everything(database) == before


def test_customers_of_ones_own_are_written(shop, partner):
    won = {"external_id": "new", "acquisition_channel": Ref(external_id="web")}
    rows = [won, {"external_id": "of web", "name": "Wanda"}]
    results = shop.write(customer.upsert_batch, rows, Options(), by=partner("channel"))
    assert told(results) == [("CREATED", []), ("UPDATED", [])]
    named = [{"external_id": "of web", "segment": "s app"}]
    results = shop.write(customer.upsert_batch, named, Options(), by=partner("segment"))
    assert told(results) == [("REJECTED", [(Code.NOT_FOUND, "segment")])]


def test_what_is_derived_still_follows_from_all_rows(shop, partner):
    person = {"external_id": "of web", "region": "north"}
    shop.write(order.record_batch, [sold("elsewhere", "of web", "app")], Options())
    shop.write(customer.upsert_batch, [person], Options(), by=partner("channel"))
    shop.write(order.record_batch, [sold("new", "of web", "web")], Options(), by=partner("channel"))
    found = [row for row in stored.rows(shop.door.settings, "buyer", shop.id) if row["orders"] == 3]
    assert len(found) == 1


def test_the_workspace_itself_is_for_those_who_see_all_of_it(database, shop, partner):
    before = stored.everything(database)
    goal = {"kpi": "CSAT", "kind": "ABSOLUTE", "value": 50, "from_": DAY, "before": date(2026, 7, 1)}
    for write, *given in (
        (channel.upsert, {"external_id": "web", "name": "Mine"}),
        (staff.upsert, {"external_id": "ann", "name": "Ann"}),
        (target.set_, {"external_id": "goal", **goal}),
        (workspace.update, {"name": "Mine"}),
        (merges.merge, Ref(external_id="of web"), Ref(external_id="of app")),
        (merge_undo.undo, Ref(external_id="of web")),
    ):
        with pytest.raises(Forbidden, match="whole workspace"):
            shop.write(write, *given, by=partner("channel"))
    assert stored.everything(database) == before


def test_a_dry_run_tells_no_more(shop, partner):
    said = {"external_id": "f", "kind": "CSAT", "score": 5, "occurred_at": DAY, "channel": Ref(external_id="app")}
    results = shop.write(feedback.record_batch, [said], Options(dry_run=True), by=partner("channel"))
    assert told(results) == [("REJECTED", [(Code.NOT_FOUND, "channel")])]
