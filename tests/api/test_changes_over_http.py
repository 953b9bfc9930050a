"""The feed of changes and the audit as partners and auditors meet them: over HTTP."""

# ruff: noqa: E501 - a query stands on one line

from datetime import timedelta

import pytest

from app import ids
from app.actor import ORDINARY, Scope
from app.schema.build import build
from app.services import change

PAGE = """query($after: String, $first: Int! = 100, $types: [RecordType!]) {
  changes(after: $after, first: $first, types: $types) { endCursor hasMore behind nodes {
    id cursor action type recordId version fields at actor tokenId requestId mergedInto externalIds { source externalId }
    record { __typename id ... on Customer { name email region } ... on Order { amount } } } } }"""
BOUGHT = {"externalId": "o", "amount": "20", "currency": "EUR", "occurredAt": "2026-06-01"}


@pytest.fixture
def crm(api, workspace):
    """A partner who writes for the source `crm`, and may all that a token may by default."""
    return api.caller(workspace, name="partner", source="crm")


@pytest.fixture
def seal(workspace):
    return lambda: workspace.write(change.seal)


def told(caller, **variables):
    return caller.one(PAGE, variables)


def test_a_partner_follows_what_happens(crm, seal, clock):
    seal()
    start = crm.one("{ changesHead }")
    id_ = crm.customer("c1", name="Ann")
    crm.write("orderRecord", BOUGHT | {"customer": {"externalId": "c1"}}, "outcome")
    clock.advance(hours=1)
    crm.one(
        'mutation { customerUpsert(input: {externalId: "c1", region: "north", email: "a@example.org"}) { outcome } }',
        x_request_id="r-77",
    )
    seal()
    page = told(crm, after=start)
    assert (page["hasMore"], page["behind"]) == (False, 0)
    assert page["endCursor"] == page["nodes"][-1]["cursor"]
    customer, order, update = page["nodes"]
    assert customer["action"] == order["action"] == "CREATED"
    assert [one["type"] for one in page["nodes"]] == ["CUSTOMER", "ORDER", "CUSTOMER"]
    assert customer["recordId"] == update["recordId"] == id_
    assert customer["externalIds"] == [{"source": "crm", "externalId": "c1"}]
    assert order["externalIds"] == [{"source": "crm", "externalId": "o"}]
    assert (customer["version"], update["version"]) == (1, 2)
    assert (customer["fields"], sorted(update["fields"])) == ([], ["email", "region"])
    assert (update["actor"], update["requestId"]) == ("partner", "r-77")
    assert ids.decode(update["tokenId"])[0] == "Token"
    assert update["at"] == "2026-06-15T10:30:00Z"
    now = {"__typename": "Customer", "id": id_, "name": "Ann", "email": "a@example.org", "region": "north"}
    assert customer["record"] == update["record"] == now  # as it is now
    assert order["record"] == {"__typename": "Order", "id": order["recordId"], "amount": "20.00"}


def test_pages_lead_to_the_end(crm, seal):
    for number in range(7):
        crm.channel(f"c{number}")
    seal()
    whole = told(crm)["nodes"]
    assert len(whole) == 8  # the workspace itself was made first
    seen, cursor, more = [], None, True
    while more:
        page = told(crm, after=cursor, first=3)
        seen, cursor, more = seen + page["nodes"], page["endCursor"], page["hasMore"]
        assert page["behind"] == len(whole) - len(seen)
    assert seen == whole


def test_what_became_of_what_is_gone(crm, seal):
    ann, bob = crm.customer("ann", name="Ann"), crm.customer("bob")
    crm.write("orderRecord", BOUGHT, "outcome")
    crm.write("segmentUpsert", {"externalId": "best", "name": "Best", "kind": "MANUAL"}, "outcome")
    own = {"key": "MINE", "name": {"en": "Mine"}, "formula": "orders", "unit": "COUNT", "stage": "RETAIN"}
    crm.write("kpiDefine", own | {"direction": "HIGHER_IS_BETTER"}, "outcome")
    mine = crm.one('{ kpiDefinition(key: "MINE") { id } }')["id"]
    seal()
    (defined,) = (one for one in told(crm)["nodes"] if one["type"] == "KPI_DEFINITION")
    assert defined["record"] == {"__typename": "KpiDefinition", "id": mine}
    cursor = crm.one("{ changesHead }")
    crm.write("orderDeleteBatch", {"rows": [{"externalId": "o"}]}, "counts { deleted }")
    crm.write("segmentDelete", {"externalId": "best"}, "outcome")
    crm.write("kpiDefinitionDelete", {"key": "MINE"}, "outcome")
    crm.write("customerMerge", {"from": {"externalId": "ann"}, "into": {"externalId": "bob"}}, "outcome")
    seal()
    *gone, kept = told(crm, after=cursor)["nodes"]
    assert [(one["type"], one["action"], one["record"]) for one in gone] == [
        (type_, "DELETED", None) for type_ in ("ORDER", "SEGMENT", "KPI_DEFINITION", "CUSTOMER")
    ]
    assert [one["externalIds"] for one in gone] == [
        [{"source": "crm", "externalId": "o"}],
        [{"source": None, "externalId": "best"}],
        [{"source": None, "externalId": "MINE"}],
        [],
    ]
    assert gone[2]["recordId"] == mine
    assert (gone[3]["recordId"], gone[3]["mergedInto"], gone[3]["fields"]) == (ann, bob, ["mergedInto"])
    assert (kept["recordId"], kept["action"], kept["fields"]) == (bob, "UPDATED", ["externalIds", "name"])
    assert [one["externalId"] for one in kept["externalIds"]] == ["ann", "bob"]
    assert kept["record"]["name"] == "Ann"


def test_without_personal_read_it_is_masked(api, workspace, crm, seal):
    crm.customer("ann", name="Ann", email="ann@example.org", region="north")
    seal()
    reader = api.caller(workspace, ORDINARY - {Scope.PERSONAL_READ})
    (node,) = told(reader, types=["CUSTOMER"])["nodes"]
    assert node["record"] == {
        "__typename": "Customer",
        "id": node["recordId"],
        "name": None,
        "email": None,
        "region": "north",
    }
    assert "Ann" not in str(told(reader))


def test_what_may_not_be_read_is_left_out(api, workspace, crm, seal):
    crm.customer("ann")
    crm.channel("web")
    seal()
    reader = api.caller(workspace, {Scope.CHANGE_READ, Scope.CHANNEL_READ})
    assert [one["type"] for one in told(reader)["nodes"]] == ["CHANNEL"]
    error = reader.refusal(PAGE, {"types": ["CUSTOMER"]})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "customer:read" in error["message"]


def test_a_page_takes_as_many_statements_however_long_it_is(crm, seal, statements):
    crm.customers({"externalId": f"c{n}"} for n in range(40))
    for number in range(4):
        crm.channel(f"c{number}")
    crm.write("orderRecord", BOUGHT, "outcome")
    seal()
    told(crm)
    counts = []
    for first in (46, 500):
        with statements() as few:
            assert len(told(crm, first=first)["nodes"]) == 46
        counts.append(len(few))
    with statements() as one:
        told(crm, first=5)
    # a type: one statement for its records, up to two for its names; and the page itself, the token and the quota
    assert counts[0] == counts[1] < 30
    assert len(one) <= counts[0]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [("first: 501", "first"), ("first: -1", "first"), ('after: "x"', "after")],
)
def test_what_cannot_be_asked_is_refused(crm, arguments, path):
    error = crm.refusal(f"{{ changes({arguments}) {{ endCursor }} }}")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["userErrors"][0]["path"] == [path]


def test_it_costs_what_it_holds(crm, seal):
    seal()
    query = "query($n: Int!) { rateLimit(dryRun: true) { cost } changes(first: $n) { nodes { id } } }"
    costs = [crm.ask(query, {"n": n})["rateLimit"]["cost"] for n in (0, 100, 500)]
    assert (costs[1] - costs[0], costs[2] - costs[0]) == (100, 500)


# the audit

LOG = """query($filter: AuditFilterInput, $after: String, $first: Int, $direction: OrderDirection! = DESC) {
  auditLog(filter: $filter, after: $after, first: $first, direction: $direction) {
    nodes { id seq hash action type recordId version fields at actor tokenId requestId }
    pageInfo { hasNextPage endCursor } totalCount } }"""


@pytest.fixture
def auditor(api, workspace):
    """Somebody who may look into the audit, and at nothing else."""
    return api.caller(workspace, {Scope.AUDIT_READ}, name="auditor")


def found(auditor, **filter_):
    return auditor.one(LOG, {"filter": filter_})["nodes"]


def test_the_log_can_be_searched(api, workspace, crm, auditor, seal, clock):
    start = clock.now
    web = crm.channel("web")
    clock.advance(days=1)
    mallory = api.caller(workspace, name="mallory")
    mallory.one('mutation { channelUpsert(input: {externalId: "web", name: "X"}) { outcome } }', x_request_id="r-9")
    mallory.write("segmentUpsert", {"externalId": "s", "name": "S", "kind": "MANUAL"}, "outcome")
    mallory.write("segmentDelete", {"externalId": "s"}, "outcome")
    seal()
    whole = auditor.one(LOG)
    # the workspace, two tokens, the channel, a third token, and what was done with it
    assert whole["totalCount"] == 8
    assert [one["seq"] for one in whole["nodes"]] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert [one["seq"] for one in auditor.one(LOG, {"direction": "ASC"})["nodes"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    (change_,) = found(auditor, requestId="r-9")
    assert (change_["actor"], change_["action"], change_["type"], change_["fields"]) == (
        "mallory",
        "UPDATED",
        "CHANNEL",
        ["name"],
    )
    by = {
        (8, 7, 6): {"actor": "mallory"},
        (6, 4): {"recordId": web},
        (7,): {"action": "CREATED", "type": "SEGMENT"},
        (8,): {"action": "DELETED"},
        (5, 3, 2): {"type": "TOKEN"},
        (4, 3, 2, 1): {"before": (start + timedelta(days=1)).isoformat()},
        (5, 4, 3, 2): {"from": start.isoformat(), "tokenId": None, "actor": None, "action": None} | {},
    }
    assert [one["seq"] for one in found(auditor, **by.pop((5, 4, 3, 2)))] == [8, 7, 6, 5, 4, 3, 2, 1]  # all since then
    for seqs, filter_ in by.items():
        assert tuple(one["seq"] for one in found(auditor, **filter_)) == seqs, filter_
        assert auditor.one(LOG, {"filter": filter_})["totalCount"] == len(seqs)
    assert [one["seq"] for one in found(auditor, tokenId=change_["tokenId"])] == [8, 7, 6]
    assert found(auditor, actor="nobody") == []


def test_it_comes_in_pages(crm, auditor, seal):
    for number in range(9):
        crm.channel(f"c{number}")
    seal()
    seen, after = [], None
    while True:
        page = auditor.one(LOG, {"first": 4, "after": after})
        seen += [one["seq"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == list(range(12, 0, -1))


@pytest.mark.parametrize("name", ["tokenId", "recordId"])
@pytest.mark.parametrize("value", ["", "x", ids.encode("Job", "1"), ids.encode("Order", "x")])
def test_an_id_that_is_none_is_refused(auditor, name, value):
    error = auditor.refusal(LOG, {"filter": {name: value}})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["userErrors"][0]["path"] == ["filter", name]


VERIFY = """query($head: AuditHeadInput, $since: Boolean! = false) {
  auditVerification(head: $head, sinceHead: $since) { isIntact sealed unsealed head { seq hash } brokenAt reason words } }"""


def test_it_is_verified(crm, auditor, seal, database):
    crm.channel("web")
    seal()
    crm.channel("late")
    found_ = auditor.one(VERIFY)
    last = auditor.one(LOG)["nodes"][0]
    head = {"seq": last["seq"], "hash": last["hash"]}
    whole = {"isIntact": True, "brokenAt": None, "reason": None, "words": None}
    assert found_ == whole | {"sealed": 4, "unsealed": 1, "head": head}
    for since in (False, True):
        assert auditor.one(VERIFY, {"head": head, "since": since})["isIntact"]
    forged = auditor.one(VERIFY, {"head": head | {"hash": "0" * 64}}, accept_language="zh")
    assert (forged["isIntact"], forged["brokenAt"], forged["reason"]) == (False, 4, "REWRITTEN")
    assert "链头" in forged["words"]


@pytest.mark.parametrize("seq", [0, -1, 1.5, 1e300])
def test_a_head_that_is_none_is_refused(auditor, seq):
    error = auditor.refusal(VERIFY, {"head": {"seq": seq, "hash": "0" * 64}, "since": True})
    assert error["extensions"]["userErrors"][0]["path"] == ["head"]


def test_the_audit_needs_its_scope_by_name(crm):
    for query in (LOG, VERIFY):
        assert crm.refusal(query)["extensions"]["code"] == "FORBIDDEN"


def test_the_audit_holds_no_values():
    """But for names of tokens: what it tells of a record is what it is, and what of it changed."""
    core = build().core
    fields = {name: str(one.type) for name, one in core.type_map["AuditEntry"].fields.items()}
    assert set(fields) == {
        "id", "seq", "hash", "action", "type", "recordId", "version", "fields", "at", "actor", "tokenId", "requestId",
    }  # fmt: skip
