"""Several systems' names for one customer: given, taken back, deleted; and who is left when none is."""

import pytest
from records import RECORDS, world

from app.actor import ORDINARY, Scope

NAMES = "externalIds { source externalId }"
TOLD = f"outcome customer {{ id {NAMES} }} userErrors {{ code path message }}"
LINKED = [{"source": "crm", "externalId": "c"}, {"source": "zoho", "externalId": "z"}]


@pytest.fixture
def crm(api, workspace):
    caller = api.caller(workspace, source="crm")
    world(caller)
    return caller


@pytest.fixture
def zoho(api, workspace):
    return api.caller(workspace, source="zoho")


def link(caller, name="z", source="zoho", whom=None, **more):
    return caller.write(
        "customerLink", {"customer": whom or {"externalId": "c"}, "source": source, "externalId": name, **more}, TOLD
    )


def unlink(caller, name="z", source="zoho", **more):
    return caller.write("customerUnlink", {"source": source, "externalId": name, **more}, TOLD)


def delete(caller, *rows, **options):
    told = "results { outcome userErrors { code path } } userErrors { code }"
    payload = caller.write("customerDeleteBatch", {"rows": list(rows), **options}, told)
    return [one["outcome"] for one in payload["results"]] or payload["userErrors"]


def upsert(caller, external_id, **more):
    return caller.write("customerUpsert", {"externalId": external_id, **more}, TOLD)


def buy(caller, who):
    order = {**RECORDS["orderRecord"][0], "externalId": "o", "customer": {"externalId": who}}
    assert caller.write("orderRecord", order, "outcome")["outcome"] == "CREATED"


def find(caller, name, source="crm", selection=f"id name status isStub {NAMES}"):
    by = {"external": {"source": source, "externalId": name}}
    return caller.one(f"query($by: CustomerRefInput!) {{ customer(by: $by) {{ {selection} }} }}", {"by": by})


def refused(payload, code, *path):
    (error,) = payload["userErrors"]
    return (payload["outcome"], error["code"], error["path"]) == ("REJECTED", code, list(path))


def test_another_system_s_name_means_the_customer(crm, zoho):
    made = link(crm)
    assert (made["outcome"], made["customer"]["externalIds"]) == ("UPDATED", LINKED)
    assert link(crm)["outcome"] == "UNCHANGED"
    assert upsert(zoho, "z", name="Zoe")["customer"]["id"] == made["customer"]["id"]
    zoho.write(
        "orderRecord", {**RECORDS["orderRecord"][0], "externalId": "o", "customer": {"externalId": "z"}}, "outcome"
    )
    assert find(crm, "c", selection="name purchases { orders }") == {"name": "Zoe", "purchases": {"orders": 2}}


def test_a_name_that_means_somebody_else_is_told_and_changes_nothing(crm, zoho, dump):
    upsert(zoho, "z")
    before = dump()
    assert refused(link(crm), "CONFLICT", "externalId")
    assert refused(link(crm, "d", "crm"), "CONFLICT", "externalId")
    assert refused(link(crm, whom={"externalId": "nobody"}), "NOT_FOUND", "customer")
    assert refused(link(crm, ""), "REQUIRED", "externalId")
    assert refused(link(crm, source="s" * 101), "TOO_LONG", "source")
    assert dump() == before


def test_who_may_give_names(crm, zoho, api, workspace, charlie, dump):
    whom = {"external": {"source": "crm", "externalId": "c"}}
    link_ = "mutation($i: CustomerLinkInput!) { customerLink(input: $i) { outcome userErrors { code } } }"
    unlink_ = "mutation($i: CustomerUnlinkInput!) { customerUnlink(input: $i) { outcome userErrors { code } } }"
    named = {"source": "erp", "externalId": "e"}
    weak = api.caller(workspace, ORDINARY - {Scope.CUSTOMER_WRITE}, source="crm")
    before = dump()
    for stranger in (zoho, weak):  # another system knows nothing of the customer
        assert stranger.refusal(link_, {"i": {"customer": whom, **named}})["extensions"]["code"] == "FORBIDDEN"
        assert (
            stranger.refusal(unlink_, {"i": {"source": "crm", "externalId": "c"}})["extensions"]["code"] == "FORBIDDEN"
        )
    assert charlie.one(link_, {"i": {"customer": whom, **named}})["userErrors"] == [{"code": "NOT_FOUND"}]
    assert dump() == before
    assert zoho.one(link_, {"i": {"customer": whom, "externalId": "z"}})["outcome"] == "UPDATED"  # its own name
    assert zoho.one(link_, {"i": {"customer": whom, **named}})["outcome"] == "UPDATED"  # which it has now
    admin = api.caller(workspace, set(Scope), source="desk")
    assert admin.one(unlink_, {"i": named})["outcome"] == "UPDATED"


def test_a_name_is_taken_back(crm, zoho):
    link(crm)
    zoho.write(
        "orderRecord", {**RECORDS["orderRecord"][0], "externalId": "o", "customer": {"externalId": "z"}}, "outcome"
    )
    assert unlink(crm)["customer"]["externalIds"] == LINKED[:1]
    assert refused(unlink(crm), "NOT_FOUND", "externalId")
    assert find(crm, "c", selection="purchases { orders }") == {"purchases": {"orders": 2}}  # what came stays
    other = upsert(zoho, "z")
    assert other["outcome"] == "CREATED"
    assert other["customer"]["externalIds"] == LINKED[1:]
    assert refused(unlink(crm, "c", "crm"), "CONFLICT", "externalId")  # the last one


@pytest.mark.slow
@pytest.mark.parametrize("write", [link, unlink])
def test_one_key_has_one_effect(crm, write):
    if write is unlink:
        link(crm)
    first = write(crm, idempotencyKey="k")
    assert first["outcome"] == "UPDATED"
    assert write(crm, idempotencyKey="k") == first
    assert refused(write(crm, "y", idempotencyKey="k"), "IDEMPOTENCY_MISMATCH", "idempotencyKey")


@pytest.mark.slow
def test_one_key_merges_once(crm, dump):
    both = {"from": {"externalId": "d"}, "into": {"externalId": "c"}, "idempotencyKey": "k"}
    first = crm.write("customerMerge", both, TOLD)
    before = dump()
    assert crm.write("customerMerge", both, TOLD) == first
    assert dump() == before
    other = crm.write("customerMerge", both | {"from": {"externalId": "c"}}, TOLD)
    assert refused(other, "IDEMPOTENCY_MISMATCH", "idempotencyKey")


def test_a_customer_stays_while_another_source_knows_them(crm, zoho):
    link(crm)
    assert delete(zoho, {"externalId": "z"}) == ["DELETED"]
    assert find(crm, "c")["externalIds"] == LINKED[:1]
    assert find(crm, "z", "zoho") is None
    assert delete(zoho, {"externalId": "z"}) == ["UNCHANGED"]
    assert delete(crm, {"externalId": "c"}) == ["DELETED"]
    assert find(crm, "c") is None


def test_who_is_deleted_is_shown_nowhere(crm, dump):
    upsert(crm, "c", name="Cara", email="c@example.org", attributes={"plan": "pro"}, segment="vip")
    for one in "cd":
        upsert(crm, one, joinedOn="2026-01-01")
    id_ = find(crm, "c")["id"]
    active = "{ kpi(key: ACTIVE_CUSTOMERS, period: {named: THIS_YEAR}) { value } }"
    assert crm.one(active)["value"] == 2
    assert delete(crm, {"externalId": "c"}) == ["DELETED"]
    assert crm.one(active)["value"] == 1
    assert crm.one("{ customers { totalCount nodes { externalIds { externalId } } } }") == {
        "totalCount": 1,
        "nodes": [{"externalIds": [{"externalId": "d"}]}],
    }
    assert crm.one("query($i: ID!) { node(id: $i) { id } }", {"i": id_}) is None
    assert crm.one("query($i: ID!) { customer(by: {id: $i}) { id } }", {"i": id_}) is None
    order = crm.one('{ order(by: {externalId: "bought"}) { customer { id } amount } }')
    assert order == {"customer": None, "amount": "100.00"}
    assert crm.one("{ kpi(key: REVENUE, period: {named: THIS_YEAR}) { amount } }") == {"amount": "100.00"}
    rows = " ".join(dump()["customer"])
    assert not [word for word in ("Cara", "example.org", '"pro"', "vip") if word in rows]


def test_a_deletion_is_as_old_as_it_says(crm):
    upsert(crm, "c", name="A", sourceUpdatedAt="2026-06-02")
    assert delete(crm, {"externalId": "c", "sourceUpdatedAt": "2026-06-01"}) == ["STALE"]
    assert delete(crm, {"externalId": "c", "sourceUpdatedAt": "2026-06-03"}) == ["DELETED"]
    for late in ("2026-06-01", "2026-06-03"):
        assert upsert(crm, "c", name="B", sourceUpdatedAt=late)["outcome"] == "STALE"
    assert find(crm, "c") is None
    again = upsert(crm, "c", name="C", sourceUpdatedAt="2026-06-04")
    assert again["outcome"] == "CREATED"
    assert find(crm, "c", selection="name isStub purchases { orders }") == {
        "name": "C", "isStub": False, "purchases": {"orders": 1},
    }  # fmt: skip


@pytest.mark.slow
def test_another_source_s_stamp_holds_up_no_deletion(crm, zoho):
    link(crm)
    upsert(crm, "c", sourceUpdatedAt="2026-06-01")
    upsert(zoho, "z", name="Z", sourceUpdatedAt="2026-06-10")
    assert delete(crm, {"externalId": "c", "sourceUpdatedAt": "2026-06-05"}) == ["DELETED"]
    assert find(crm, "z", "zoho")["name"] == "Z"


def test_a_deletion_that_overtook_its_customer(crm):
    assert delete(crm, {"externalId": "new"}) == ["REJECTED"]
    assert delete(crm, {"externalId": "new", "sourceUpdatedAt": "2026-06-03"}) == ["DELETED"]
    assert upsert(crm, "new", sourceUpdatedAt="2026-06-02")["outcome"] == "STALE"
    assert upsert(crm, "new", sourceUpdatedAt="2026-06-04")["outcome"] == "CREATED"


def test_a_record_that_names_somebody_deleted_names_a_stub(crm):
    delete(crm, {"externalId": "c"})
    order = {"externalId": "late", **RECORDS["orderRecord"][0]}
    told = "results { outcome userErrors { code } }"
    refused_ = crm.write("orderRecordBatch", {"rows": [order]}, told)["results"]
    assert refused_ == [{"outcome": "REJECTED", "userErrors": [{"code": "NOT_FOUND"}]}]
    crm.write("orderRecordBatch", {"rows": [order], "createMissing": True}, told)
    assert find(crm, "c", selection="isStub purchases { orders }") == {"isStub": True, "purchases": {"orders": 2}}


@pytest.mark.slow
def test_a_merged_customer_goes_with_all_of_its_names(crm):
    crm.write("customerMerge", {"from": {"externalId": "d"}, "into": {"externalId": "c"}}, "outcome")
    id_ = find(crm, "c")["id"]
    assert delete(crm, {"externalId": "c"}) == ["DELETED"]
    assert find(crm, "d")["id"] == id_
    assert delete(crm, {"externalId": "d"}, {"externalId": "d"}) == ["DELETED", "UNCHANGED"]
    assert find(crm, "d") is None
    assert upsert(crm, "d")["customer"]["id"] == id_


@pytest.mark.slow
def test_deletions_in_batches(crm, dump):
    before = dump()
    wrong = {"externalId": "nobody"}
    assert delete(crm, {"externalId": "c"}, wrong, errorPolicy="REJECT_ALL") == ["REJECTED", "REJECTED"]
    assert dump() == before
    rows = [{"externalId": "c"}, wrong, {"externalId": "d", "sourceUpdatedAt": "2026-06-03"}]
    first = delete(crm, *rows, idempotencyKey="k")
    assert first == ["DELETED", "REJECTED", "DELETED"]
    upsert(crm, "c")
    before = dump()
    assert delete(crm, *rows, idempotencyKey="k") == first
    assert delete(crm, *rows[:2], idempotencyKey="k") == [{"code": "IDEMPOTENCY_MISMATCH"}]
    assert dump() == before
