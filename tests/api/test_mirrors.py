"""Full dumps: what one lacks is deleted, after showing how much; what was written beside it stays."""

import pytest
from records import RECORDS, world
from sqlalchemy import text

from app import ids, migrate
from app.actor import Scope
from app.worker import Worker

MIRROR = """id type state rows unread presentCount missingCount samples deletedCount"""
TOLD = f"mirror {{ {MIRROR} }} userErrors {{ code path }}"
TYPES = {
    "invitation": "INVITATIONS", "feedback": "FEEDBACK", "order": "ORDERS", "refund": "REFUNDS", "cost": "COSTS",
    "touchpoint": "TOUCHPOINTS", "interaction": "INTERACTIONS", "lead": "LEADS", "referral": "REFERRALS",
    "engagement": "ENGAGEMENTS", "contract": "CONTRACTS", "exchangeRate": "EXCHANGE_RATES",
}  # fmt: skip


@pytest.fixture
def partner(api, workspace):
    caller = api.caller(workspace, source="shop")
    world(caller)
    return caller


def put(caller, noun, names, **options):
    """Records of a noun, one of each name; all are taken."""
    row = RECORDS[f"{noun}Record"][0]
    rows = [{"externalId": name, **row} for name in names]
    for name, one in zip(names, rows, strict=True):
        if noun == "exchangeRate":  # of a pair and a day there is one
            one["date"] = f"2026-05-{1 + ord(name) % 28:02}"
    told = "counts { rejected } userErrors { code path }"
    payload = caller.write(f"{noun}RecordBatch", {"rows": rows, **options}, told)
    assert not payload["counts"]["rejected"], payload
    return payload["userErrors"]


def start(caller, type_="ORDERS"):
    payload = caller.write("mirrorStart", {"type": type_}, TOLD)
    assert payload["userErrors"] == []
    return payload["mirror"]["id"]


def finish(caller, mirror, **options):
    payload = caller.write("mirrorFinish", {"mirror": mirror, **options}, TOLD)
    return payload["mirror"], [(error["code"], error["path"]) for error in payload["userErrors"]]


def look(caller, mirror):
    return caller.one(f"query($id: ID!) {{ mirror(id: $id) {{ {MIRROR} }} }}", {"id": mirror})


def alive(database, table="customer_order"):
    """The names of the records that are not deleted, in plain SQL."""
    engine = migrate.owner_engine(database)
    with engine.connect() as connection:
        found = set(connection.execute(text(f'SELECT external_id FROM "{table}" WHERE deleted_at IS NULL')).scalars())
    engine.dispose()
    return found


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", TYPES)
def test_what_a_dump_lacks_is_deleted(partner, database, noun):
    put(partner, noun, ["a", "b", "c"])
    mirror = start(partner, TYPES[noun])
    assert put(partner, noun, ["a"], mirror=mirror) == []
    assert put(partner, noun, ["c", "d"], mirror=mirror) == []
    shown = look(partner, mirror)
    own = 1 if noun == "order" else 0  # the order that refunds need is not in the dump either
    assert (shown["missingCount"], shown["samples"]) == (1 + own, ["b", "bought"][: 1 + own])
    assert (shown["state"], shown["rows"], shown["type"]) == ("OPEN", 3, TYPES[noun])
    done, errors = finish(partner, mirror, atMost=2)
    assert errors == []
    assert done["missingCount"] == 1 + own
    shown = look(partner, mirror)
    assert (shown["state"], shown["missingCount"], shown["deletedCount"]) == ("FINISHED", 0, 1 + own)
    table = {"exchangeRate": "exchange_rate", "order": "customer_order"}.get(noun, noun)
    assert alive(database, table) == {"a", "c", "d"}


def test_customers_too_and_nobody_who_was_only_named(partner, api, workspace):
    partner.customers([{"externalId": name} for name in "xyz"])
    other = api.caller(workspace, source="crm")
    other.customers([{"externalId": "theirs"}])
    order = {"externalId": "o", **RECORDS["orderRecord"][0], "customer": {"externalId": "named"}}
    partner.write("orderRecordBatch", {"rows": [order], "createMissing": True}, "userErrors { code }")
    mirror = start(partner, "CUSTOMERS")
    rows = [{"externalId": name} for name in ("c", "d", "x", "z")]
    partner.write("customerUpsertBatch", {"rows": rows, "mirror": mirror}, "userErrors { code }")
    _, errors = finish(partner, mirror)
    assert errors == []
    known = partner.one("{ customers(orderBy: [{field: CREATED_AT}]) { nodes { externalIds { externalId } } } }")
    names = {one["externalId"] for node in known["nodes"] for one in node["externalIds"]}
    assert names == {"c", "d", "x", "z", "theirs", "named"}


def test_more_than_a_fifth_goes_only_when_it_is_asked_for(partner, database, dump):
    put(partner, "order", [f"o{number}" for number in range(9)])
    mirror = start(partner)
    put(partner, "order", [f"o{number}" for number in range(6)], mirror=mirror)
    before = dump()
    shown, errors = finish(partner, mirror)
    assert errors == [("TOO_MANY", ["atMost"])]
    assert (shown["presentCount"], shown["missingCount"], shown["state"]) == (10, 4, "OPEN")
    assert shown["samples"] == ["bought", "o6", "o7", "o8"]
    assert finish(partner, mirror, atMost=3)[1] == [("TOO_MANY", ["atMost"])]
    assert finish(partner, mirror, atMost=-1)[1] == [("OUT_OF_RANGE", ["atMost"])]
    assert finish(partner, mirror, atMost=4, dryRun=True) == (shown, [])
    assert dump() == before
    assert finish(partner, mirror, atMost=4)[1] == []
    assert alive(database) == {f"o{number}" for number in range(6)}


@pytest.mark.slow
def test_two_of_ten_go_by_themselves(partner, database):
    put(partner, "order", [f"o{number}" for number in range(9)])
    mirror = start(partner)
    put(partner, "order", [f"o{number}" for number in range(8)], mirror=mirror)
    assert finish(partner, mirror)[1] == []
    assert alive(database) == {f"o{number}" for number in range(8)}


def test_finishing_again_changes_nothing(partner, dump):
    put(partner, "order", ["a"])
    mirror = start(partner)
    put(partner, "order", ["a", "bought"], mirror=mirror)
    finish(partner, mirror)
    before = dump()
    done, errors = finish(partner, mirror)
    assert (done["state"], errors) == ("FINISHED", [])
    assert dump() == before
    assert put(partner, "order", ["a"], mirror=mirror) == [{"code": "CONFLICT", "path": ["mirror"]}]
    assert dump() == before


def test_what_is_written_beside_a_dump_stays(partner, database):
    put(partner, "order", ["old", "touched"])
    mirror = start(partner)
    put(partner, "order", ["touched", "new"])  # by the source's live sync, which knows nothing of the mirror
    put(partner, "order", ["bought"], mirror=mirror)
    finish(partner, mirror, atMost=1)
    assert alive(database) == {"touched", "new", "bought"}


def test_a_row_that_is_rejected_is_in_the_dump_all_the_same(partner, database):
    put(partner, "order", ["a"])
    mirror = start(partner)
    put(partner, "order", ["bought"], mirror=mirror)
    wrong = {"externalId": "a", **RECORDS["orderRecord"][0], "amount": "twelve"}
    payload = partner.write("orderRecordBatch", {"rows": [wrong], "mirror": mirror}, "counts { rejected }")
    assert payload["counts"]["rejected"] == 1
    assert finish(partner, mirror)[1] == []
    assert alive(database) == {"a", "bought"}


def test_a_dump_that_could_not_be_read_deletes_nothing(partner, dump):
    mirror = start(partner)
    partner.write(
        "orderRecordBatch",
        {"rows": [{**RECORDS["orderRecord"][0], "externalId": ""}], "mirror": mirror},
        "counts { rejected }",
    )
    before = dump()
    shown, errors = finish(partner, mirror, atMost=10)
    assert (shown["unread"], errors) == (1, [("CONFLICT", ["mirror"])])
    assert dump() == before


def test_a_batch_that_stored_nothing_is_no_part_of_the_dump(partner):
    put(partner, "order", ["a"])
    mirror = start(partner)
    put(partner, "order", ["a"], mirror=mirror, dryRun=True)
    assert look(partner, mirror)["samples"] == ["a", "bought"]
    assert look(partner, mirror)["rows"] == 0


@pytest.mark.slow
def test_a_retry_under_one_key_belongs_to_one_mirror(partner):
    put(partner, "order", ["a"])
    first, second = start(partner), start(partner)
    assert put(partner, "order", ["a"], mirror=first, idempotencyKey="k") == []
    assert put(partner, "order", ["a"], mirror=first, idempotencyKey="k") == []
    errors = put(partner, "order", ["a"], mirror=second, idempotencyKey="k")
    assert errors == [{"code": "IDEMPOTENCY_MISMATCH", "path": ["idempotencyKey"]}]


def test_a_late_write_older_than_the_dump_is_stale(partner, database, clock):
    put(partner, "order", ["a"])
    clock.advance(minutes=10)
    mirror = start(partner)
    put(partner, "order", ["bought"], mirror=mirror)
    finish(partner, mirror, atMost=1)
    row = {"externalId": "a", **RECORDS["orderRecord"][0]}
    late = partner.write("orderRecord", row | {"sourceUpdatedAt": "2026-06-15T09:35:00Z"}, "outcome")
    assert late["outcome"] == "STALE"
    again = partner.write("orderRecord", row | {"sourceUpdatedAt": "2026-06-15T09:45:00Z"}, "outcome")
    assert again["outcome"] == "CREATED"
    assert alive(database) == {"a", "bought"}


@pytest.mark.slow
def test_many_go_in_steps(partner, database, door, workspace):
    names = [f"o{number:04}" for number in range(1_100)]
    for place in range(0, 1_100, 500):
        put(partner, "engagement", names[place : place + 500])
    mirror = start(partner, "ENGAGEMENTS")
    put(partner, "engagement", names[:50], mirror=mirror)
    finish(partner, mirror, atMost=1_050)
    shown = look(partner, mirror)
    assert (shown["state"], shown["deletedCount"], shown["missingCount"]) == ("FINISHING", 500, 550)
    assert finish(partner, mirror)[1] == []  # again, while it is under way
    put(partner, "engagement", [names[-1]])  # and somebody writes the last one
    Worker(door).drain()
    shown = look(partner, mirror)
    assert (shown["state"], shown["deletedCount"], shown["missingCount"]) == ("FINISHED", 1_049, 0)
    assert alive(database, "engagement") == {*names[:50], names[-1]}


@pytest.mark.slow
def test_one_that_is_left_alone_expires(partner, dump, door, clock):
    put(partner, "order", ["a"])
    mirror = start(partner)
    clock.advance(hours=20)
    put(partner, "order", ["bought"], mirror=mirror)
    clock.advance(hours=20)
    Worker(door).drain()
    assert look(partner, mirror)["state"] == "OPEN"  # a batch has put it off
    clock.advance(hours=5)
    assert finish(partner, mirror)[1] == [("CONFLICT", ["mirror"])]
    Worker(door).drain()
    shown = look(partner, mirror)
    assert (shown["state"], shown["missingCount"]) == ("EXPIRED", 0)
    assert dump()["mirror_seen"] == []
    assert put(partner, "order", ["a"], mirror=mirror) == [{"code": "CONFLICT", "path": ["mirror"]}]
    assert finish(partner, mirror)[1] == [("CONFLICT", ["mirror"])]


def test_a_mirror_is_its_source_s_alone(partner, api, workspace, charlie, dump):
    put(partner, "order", ["a"])
    mirror = start(partner)
    crm, before = api.caller(workspace, source="crm"), dump()
    for stranger in (crm, charlie):
        assert look(stranger, mirror) is None
        assert finish(stranger, mirror, atMost=10) == (None, [("NOT_FOUND", ["mirror"])])
    assert put(crm, "order", ["r"], mirror=mirror) == [{"code": "NOT_FOUND", "path": ["mirror"]}]
    node = "query($id: ID!) { node(id: $id) { ... on Mirror { state } } }"
    assert crm.one(node, {"id": mirror}) is None
    assert partner.one(node, {"id": mirror}) == {"state": "OPEN"}
    assert dump() == before


def test_a_mirror_takes_the_scope_of_what_it_deletes(partner, api, workspace, dump):
    mirror = start(partner)
    weak = api.caller(workspace, set(Scope) - {Scope.ORDER_WRITE, Scope.ORDER_READ}, source="shop")
    before = dump()
    for query, variables in (
        ("mutation { mirrorStart(input: {type: ORDERS}) { mirror { id } } }", None),
        ("mutation($m: ID!) { mirrorFinish(input: {mirror: $m}) { mirror { id } } }", {"m": mirror}),
        ("query($m: ID!) { mirror(id: $m) { id } }", {"m": mirror}),
    ):
        assert weak.refusal(query, variables)["extensions"]["code"] == "FORBIDDEN"
    assert dump() == before


@pytest.mark.parametrize(
    "wrong", ["", "x", ids.encode("Mirror"), ids.encode("Mirror", "Order", "1"), ids.encode("Order", "Order", "1")]
)
@pytest.mark.slow
def test_a_mirror_that_is_none(partner, wrong):
    assert look(partner, wrong) is None
    assert finish(partner, wrong) == (None, [("NOT_FOUND", ["mirror"])])
    assert put(partner, "order", ["a"], mirror=wrong) == [{"code": "NOT_FOUND", "path": ["mirror"]}]


@pytest.mark.slow
def test_wrong_values_are_told_with_their_place(partner):
    query = "mutation($i: MirrorFinishInput!) { mirrorFinish(input: $i) { userErrors { code path } } }"
    for given, path in (
        ({"mirror": "x", "atMost": "many"}, "atMost"),
        ({"mirror": "x", "dryRun": "perhaps"}, "dryRun"),
    ):
        (error,) = partner.one(query, {"i": given})["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", [path])
    query = "mutation($i: MirrorStartInput!) { mirrorStart(input: $i) { mirror { id } userErrors { code path } } }"
    payload = partner.one(query, {"i": {"type": "SHOES"}})
    assert payload == {"mirror": None, "userErrors": [{"code": "INVALID", "path": ["type"]}]}
