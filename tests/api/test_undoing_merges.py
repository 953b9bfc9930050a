"""Merges taken back over HTTP: what a partner sends and sees, and who may."""

import pytest
from records import RECORDS, world

from app.services import change

BOTH = " ".join(f"{side} {{ id externalIds {{ externalId }} purchases {{ orders }} }}" for side in ("from", "into"))
TOLD = f"outcome stayingCount {BOTH} userErrors {{ code path message }}"
UNDO = "mutation($i: CustomerMergeUndoInput!) { customerMergeUndo(input: $i) { outcome userErrors { code path } } }"


@pytest.fixture
def crm(api, workspace):
    caller = api.caller(workspace, source="crm")
    world(caller)
    return caller


def buy(crm, name, who):
    order = {**RECORDS["orderRecord"][0], "externalId": name, "customer": {"externalId": who}}
    assert crm.write("orderRecord", order, "outcome")["outcome"] == "CREATED"


def merge(crm, gone="c", kept="d"):
    both = {"from": {"externalId": gone}, "into": {"externalId": kept}}
    assert crm.write("customerMerge", both, "outcome") == {"outcome": "UPDATED"}


def undo(crm, **more):
    return crm.write("customerMergeUndo", {"from": {"externalId": "c"}, **more}, TOLD)


def shown(one):
    return [name["externalId"] for name in one["externalIds"]], one["purchases"] and one["purchases"]["orders"]


def test_a_merge_is_taken_back(crm, dump):
    id_ = crm.one('{ customer(by: {externalId: "c"}) { id } }')["id"]
    buy(crm, "o1", "d")
    merge(crm)
    buy(crm, "o2", "c")
    done = undo(crm, idempotencyKey="k")
    assert (done["outcome"], done["stayingCount"], done["userErrors"]) == ("UPDATED", 1, [])
    assert (shown(done["from"]), shown(done["into"])) == ((["c"], 1), (["d"], 2))
    assert done["from"]["id"] == id_
    before = dump()
    assert undo(crm, idempotencyKey="k") == done
    assert undo(crm)["outcome"] == "UNCHANGED"
    other = undo(crm, idempotencyKey="k", **{"from": {"externalId": "d"}})
    assert [one["code"] for one in other["userErrors"]] == ["IDEMPOTENCY_MISMATCH"]
    assert dump() == before


def test_the_feed_ends_with_two_customers(crm):
    merge(crm)
    undo(crm)
    crm.people.write(change.seal)
    nodes = crm.one(
        "{ changes(first: 100, types: [CUSTOMER]) { nodes { action recordId version fields mergedInto"
        " externalIds { externalId } } } }"
    )["nodes"]
    known = {}
    for one in nodes:  # as who mirrors customers does
        assert one["version"] > known.get(one["recordId"], (0,))[0]
        known[one["recordId"]] = (one["version"], one["action"] != "DELETED")
    assert [is_there for _, is_there in known.values()] == [True, True]
    told = [(one["action"], [name["externalId"] for name in one["externalIds"]], one["mergedInto"]) for one in nodes]
    assert told[-2:] == [("UPDATED", ["d"], None), ("CREATED", ["c"], None)]
    assert nodes[-2]["fields"] == ["externalIds"]


def test_what_stands_in_the_way_is_told_and_nothing_changes(crm, charlie, bob, dump):
    id_ = crm.one('{ customer(by: {externalId: "d"}) { id } }')["id"]
    crm.customers([{"externalId": "e"}])
    merge(crm)
    merge(crm, "d", "e")
    before = dump()
    payload = undo(crm)
    (error,) = payload["userErrors"]
    assert (payload["outcome"], payload["from"], payload["into"]) == ("REJECTED", None, None)
    assert (error["code"], error["path"]) == ("CONFLICT", ["from"])
    assert id_ in error["message"]
    missing = {"from": {"externalId": "nobody"}}
    assert crm.one(UNDO, {"i": missing})["userErrors"] == [{"code": "NOT_FOUND", "path": ["from"]}]
    for wrong in ({"id": "x"}, {"id": id_ + "x"}, {"externalId": "a\0b"}, {"externalId": ""}):
        assert crm.one(UNDO, {"i": {"from": wrong}})["outcome"] == "REJECTED", wrong
    named = {"from": {"external": {"source": "crm", "externalId": "c"}}}
    assert charlie.one(UNDO, {"i": named})["userErrors"] == [{"code": "NOT_FOUND", "path": ["from"]}]
    assert charlie.one(UNDO, {"i": {"from": {"id": id_}}})["userErrors"] == [{"code": "NOT_FOUND", "path": ["from"]}]
    assert bob.refusal(UNDO, {"i": named})["extensions"]["code"] == "FORBIDDEN"
    assert dump() == before
    assert crm.write("customerMergeUndo", {"from": {"externalId": "d"}}, "outcome") == {"outcome": "UPDATED"}
    assert undo(crm)["outcome"] == "UPDATED"
