"""A retry under one idempotency key: whatever it wrote, it has one effect and is told one outcome."""

import pytest

from app.actor import ORDINARY, Scope
from app.schema.build import build

FIELDS = build().core.mutation_type.fields
OWN = {"name": {"en": "Mine"}, "formula": "orders", "unit": "COUNT", "direction": "HIGHER_IS_BETTER", "stage": "RETAIN"}
GOAL = {"kpi": "NPS", "kind": "ABSOLUTE", "value": 50, "from": "2026-07-01", "before": "2026-08-01"}
PICKED, HOOK, HQ = {"externalId": "picked"}, {"webhook": {"externalId": "hook"}}, [{"externalId": "hq"}]

WITHOUT = {
    # mutations that have no key: why
    "tokenCreate": "it tells a secret once, which no retry could be told",
    "tokenRotate": "it tells a secret once",
    "workspaceCreate": "it tells a secret once",
    "webhookUpsert": "it tells the secret of a new one once; what it sets, it sets however often it comes",
    "webhookRotateSecret": "it tells a secret once",
    "answerRecord": "its id is its key: under one that is there nothing is changed, and nothing told",
}
CASES = {
    # mutations that have the key beside their input: (an input, another one, the outcome)
    "targetSet": ({"externalId": "t", **GOAL}, {"externalId": "t", **GOAL, "value": 60}, "CREATED"),
    "targetDelete": ({"externalId": "t"}, {"externalId": "u"}, "DELETED"),
    "kpiDefine": ({"key": "MINE", **OWN}, {"key": "MINE", **OWN, "formula": "leads"}, "CREATED"),
    "kpiDefinitionDelete": ({"key": "MINE"}, {"key": "OTHER"}, "DELETED"),
    "workspaceUpdate": ({"smallCellK": 7}, {"smallCellK": 8}, "UPDATED"),
    "segmentRefresh": ({"segment": {"externalId": "ruled"}}, {"segment": PICKED}, "UPDATED"),
    "segmentMembersAdd": ({"segment": PICKED, "customers": HQ}, {"segment": PICKED, "customers": []}, "UPDATED"),
    "segmentMembersRemove": ({"segment": PICKED, "customers": HQ}, {"segment": PICKED, "customers": []}, "UPDATED"),
    "segmentDelete": (PICKED, {"externalId": "ruled"}, "DELETED"),
    "memberAdd": (
        {"role": "OWNER", "email": "olga@example.com"},
        {"role": "OWNER", "email": "otto@example.com"},
        "CREATED",
    ),
    "memberUpdate": ({"id": "@member", "name": "Olga"}, {"id": "@member", "name": "Otto"}, "UPDATED"),
    "memberRemove": ({"id": "@spare"}, {"id": "@member"}, "DELETED"),
    "predictionRefit": ({}, {"runAt": "2026-06-16"}, "CREATED"),
    "mirrorStart": ({"type": "ORDERS"}, {"type": "LEADS"}, "CREATED"),
    "mirrorFinish": ({"mirror": "@mirror"}, {"mirror": "@mirror", "atMost": 3}, "UPDATED"),
    "importRun": ({"id": "@import"}, {"id": "@import", "parts": 1}, "UPDATED"),
    "importCancel": ({"id": "@import"}, {"id": "@export"}, "UPDATED"),
    "importUndo": ({"id": "@import"}, {"id": "@export"}, "UPDATED"),
    "exportStart": ({"type": "ORDERS", "format": "CSV"}, {"type": "ORDERS", "format": "JSONL"}, "CREATED"),
    "tokenRevoke": ({"id": "@token"}, {"id": "@export"}, "UPDATED"),
    "webhookDisable": (HOOK, {"webhook": {"externalId": "off"}}, "UPDATED"),
    "webhookEnable": (HOOK, {"webhook": {"externalId": "off"}}, "UPDATED"),
    "webhookTest": (HOOK, {"webhook": {"externalId": "off"}}, "CREATED"),
    "webhookReplay": (HOOK | {"since": "2026-06-01"}, HOOK | {"since": "2026-06-02"}, "UPDATED"),
    "webhookDelete": ({"externalId": "hook"}, {"externalId": "off"}, "DELETED"),
    "sandboxReset": ({"name": "Box"}, {"name": "Other"}, "UPDATED"),
}
"""In the order in which they are tried: each may need what those before it have left."""


def write(caller, field, data, key=None, more=""):
    """What a mutation answers, under a key."""
    kind = FIELDS[field].args["input"].type
    told = f"outcome userErrors {{ code path }} {more}"
    query = f"mutation($i: {kind}, $k: String) {{ {field}(input: $i, idempotencyKey: $k) {{ {told} }} }}"
    return caller.one(query, {"i": data, "k": key})


def filled(data, ids):
    return {name: ids[value[1:]] if str(value).startswith("@") else value for name, value in data.items()}


@pytest.fixture
def box(make_workspace):
    return make_workspace("Box", is_sandbox=True)


@pytest.fixture
def admin(api, box):
    return api.caller(box, Scope)


def world(admin):
    """What the cases name; its ids."""
    admin.customer("hq")
    for key, more in (("picked", {"kind": "MANUAL"}), ("ruled", {"rule": {"orders": {"atLeast": 1}}})):
        admin.write("segmentUpsert", {"externalId": key, "name": key, **more}, "outcome")
    for key in ("hook", "off"):
        admin.write("webhookUpsert", {"externalId": key, "name": key, "url": "https://hooks.example.com/"}, "outcome")
    member, spare = (
        admin.write("memberAdd", {"role": "OWNER", "email": f"{name}@example.com"}, "member { id }")["member"]["id"]
        for name in ("ann", "bob")
    )
    mirror = admin.write("mirrorStart", {"type": "ORDERS"}, "mirror { id }")["mirror"]["id"]
    begun = admin.write("importStart", {"type": "CUSTOMERS", "format": "JSONL"}, "import { id partPath }")["import"]
    admin.api.request("PUT", f"{begun['partPath']}1", content=b"{}\n", headers=admin.headers())
    exported = admin.write("exportStart", {"type": "ORDERS", "format": "CSV"}, "export { id }")["export"]["id"]
    made = admin.write("tokenCreate", {"name": "given", "scopes": []}, "token { id }")["token"]["id"]
    ids = {"member": member, "spare": spare, "mirror": mirror, "import": begun["id"], "export": exported}
    return ids | {"token": made}


def test_every_mutation_has_a_key_or_says_why_not():
    beside = {name for name, field in FIELDS.items() if "idempotencyKey" in field.args}
    inside = {name for name, field in FIELDS.items() if "idempotencyKey" in field.args["input"].type.of_type.fields}
    assert beside.isdisjoint(inside)
    assert set(FIELDS) - beside - inside == set(WITHOUT)
    alike = {name for name in beside if "mode" in FIELDS[name].args}  # tried in test_modes.py
    assert beside - alike == set(CASES)


def test_what_comes_again_has_one_effect_and_one_outcome(admin, clock, dump):
    ids = world(admin)
    for field, (data, other, outcome) in CASES.items():
        this, that = filled(data, ids), filled(other, ids)
        assert write(admin, field, this, field) == {"outcome": outcome, "userErrors": []}, field
        clock.advance(minutes=5)
        before = dump()
        assert write(admin, field, this, field) == {"outcome": outcome, "userErrors": []}, field
        assert write(admin, field, that, field) == {
            "outcome": "REJECTED",
            "userErrors": [{"code": "IDEMPOTENCY_MISMATCH", "path": ["idempotencyKey"]}],
        }, field
        assert dump() == before, field


def test_a_retry_is_shown_what_there_is_now(admin):
    ids, told = world(admin), "target { value } advice { criterion }"
    first = write(admin, "targetSet", CASES["targetSet"][0], "set", told)
    assert first["target"] == {"value": 50}
    assert write(admin, "targetSet", CASES["targetSet"][0], "set", told) == first
    write(admin, "targetSet", CASES["targetSet"][1])
    assert write(admin, "targetSet", CASES["targetSet"][0], "set", told)["target"] == {"value": 60}
    gone = [write(admin, "targetDelete", {"externalId": "t"}, "delete", "target { value }") for _ in range(2)]
    assert [one["target"] for one in gone] == [{"value": 60}, None]
    again = write(admin, "targetSet", CASES["targetSet"][0], "set", told)
    assert (again["outcome"], again["target"], again["advice"]) == ("CREATED", None, [])
    moved = "segment { memberCount } counts { created unchanged rejected } results { index outcome }"
    who = {"segment": PICKED, "customers": [*HQ, {"externalId": "nobody"}, *HQ]}
    added = write(admin, "segmentMembersAdd", who, "add", moved)
    assert [one["outcome"] for one in added["results"]] == ["CREATED", "REJECTED", "UNCHANGED"]
    assert write(admin, "segmentMembersAdd", who, "add", moved) == added
    runs = [write(admin, "predictionRefit", {}, "fit", "runAt") for _ in range(2)]
    assert runs[0] == runs[1]
    revoked = [write(admin, "tokenRevoke", {"id": ids["token"]}, "end", "token { id isActive }") for _ in range(2)]
    assert revoked[0] == revoked[1]
    assert revoked[0]["token"] == {"id": ids["token"], "isActive": False}


def test_what_came_after_a_sandbox_was_emptied_stays(admin):
    write(admin, "sandboxReset", {"name": "Box"}, "k")
    admin.customer("after")
    assert write(admin, "sandboxReset", {"name": "Box"}, "k")["outcome"] == "UPDATED"
    assert admin.one('{ customer(by: {externalId: "after"}) { isStub } }') == {"isStub": False}


def test_what_was_refused_is_tried_again(admin, dump):
    world(admin)
    before = dump()
    refused = write(admin, "targetDelete", {"externalId": "t"}, "k")
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_FOUND"]
    assert dump() == before
    write(admin, "targetSet", CASES["targetSet"][0])
    assert write(admin, "targetDelete", {"externalId": "t"}, "k")["outcome"] == "DELETED"


def test_a_mirror_that_lacked_too_much_may_be_finished_under_the_same_key(admin):
    admin.channel("web")
    sold = {"externalId": "o", "amount": "20", "currency": "EUR", "occurredAt": "2026-06-01"}
    admin.write("orderRecord", sold, "outcome")
    mirror = admin.write("mirrorStart", {"type": "ORDERS"}, "mirror { id }")["mirror"]["id"]
    refused = write(admin, "mirrorFinish", {"mirror": mirror}, "k")
    assert (refused["outcome"], refused["userErrors"][0]["code"]) == ("REJECTED", "TOO_MANY")
    tried = {"mirror": mirror, "atMost": 1, "dryRun": True}
    assert write(admin, "mirrorFinish", tried, "k")["outcome"] == "UNCHANGED"
    done = [write(admin, "mirrorFinish", {"mirror": mirror, "atMost": 1}, "k") for _ in range(2)]
    assert done == [{"outcome": "UPDATED", "userErrors": []}] * 2


def test_after_a_day_a_key_is_new(admin, clock):
    write(admin, "targetSet", CASES["targetSet"][0])
    assert write(admin, "targetDelete", {"externalId": "t"}, "k")["outcome"] == "DELETED"
    clock.advance(hours=25)
    again = write(admin, "targetDelete", {"externalId": "t"}, "k")
    assert [error["code"] for error in again["userErrors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("field", ["channelUpsert", "targetDelete"])
def test_a_key_that_is_none_is_refused(admin, dump, field):
    before = dump()
    given = {"externalId": "t", **({"name": "T"} if field == "channelUpsert" else {})}
    for key in ("", "x" * 201):
        error = {"code": "INVALID", "path": ["idempotencyKey"]}
        assert write(admin, field, given, key) == {"outcome": "REJECTED", "userErrors": [error]}
    for key in (5, "\0"):
        query = (
            f"mutation($i: {FIELDS[field].args['input'].type}, $k: String) {{ {field}(input: $i, idempotencyKey: $k)"
        )
        error = admin.refusal(f"{query} {{ outcome }} }}", {"i": given, "k": key})
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert dump() == before


def test_nobody_is_told_by_a_retry_what_they_may_not_do(api, box, admin, dump):
    write(admin, "targetSet", CASES["targetSet"][0], "k")
    before = dump()
    for lacking in (Scope.TARGET_WRITE, Scope.KPI_READ):
        other, query = api.caller(box, ORDINARY - {lacking}), "mutation($i: TargetSetInput!) "
        query += '{ targetSet(input: $i, idempotencyKey: "k") { target { baseline } } }'
        before = dump()
        error = other.refusal(query, {"i": CASES["targetSet"][0]})
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert dump() == before
