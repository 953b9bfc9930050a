"""Segments, stages and attributes as clients meet them."""

# ruff: noqa: E501 - a query stands on one line

import pytest
from asking import BATCH

from app.actor import Scope
from app.services import segment
from app.services import workspace as workspaces
from app.worker import Worker

ORDER = {"currency": "EUR", "occurredAt": "2026-06-10"}
RULE = {
    "any": [
        {"all": [{"revenue": {"lastDays": 30, "atLeast": "10.50"}}, {"kind": ["PERSON"]}]},
        {"not": {"rank": {"by": "ORDERS", "topPercent": 50}}},
        {"rfv": {"recency": {"atLeast": 4}, "classes": ["CHAMPIONS", "NEW"]}},
        {"attribute": {"name": "plan", "anyOf": ["gold"], "atLeast": 2.5}},
        {"region": {"noneOf": [""], "contains": "x"}},
        {"score": {"kind": "NPS", "lastDays": 90, "atMost": 6}},
    ]
}
NUMBERS = "lastDays atLeast atMost"
SHOWN = f"""
    not {{ rank {{ by lastDays top topPercent topShare }} }} all {{ revenue {{ {NUMBERS} }} kind }}
    rfv {{ recency {{ atLeast atMost }} classes }} attribute {{ name anyOf noneOf atLeast }}
    region {{ anyOf noneOf contains }} score {{ kind {NUMBERS} }} orders {{ {NUMBERS} }}
"""
FATE = "outcome userErrors { code message path }"
MAKE = (
    f"segment {{ id externalId kind memberCount refreshedAt rule {{ any {{ {SHOWN} }} orders {{ atLeast }} }} }} {FATE}"
)


def given(shown):
    """What was given, of what is shown: without what was not."""
    if isinstance(shown, dict):
        return {name: given(one) for name, one in shown.items() if one is not None}
    return [given(one) for one in shown] if isinstance(shown, list) else shown


@pytest.fixture
def told(alice):
    """Ann bought for 30, bob for 5, cat nothing; ann and bob have plans."""
    rows = [
        {"externalId": "ann", "name": "Ann", "attributes": {"plan": "gold"}},
        {"externalId": "bob", "attributes": {"plan": "tin"}},
        {"externalId": "cat"},
    ]
    alice.customers(rows)
    for name, who, amount in (("o1", "ann", "20"), ("o2", "ann", "10"), ("o3", "bob", "5")):
        row = ORDER | {"externalId": name, "customer": {"externalId": who}, "amount": amount}
        assert alice.write("orderRecord", row, FATE)["userErrors"] == []
    return alice


def test_a_rule_is_shown_as_it_was_given(told):
    payload = told.write("segmentUpsert", {"externalId": "s", "name": "S", "rule": RULE}, MAKE)
    assert (payload["outcome"], payload["userErrors"]) == ("CREATED", [])
    assert given(payload["segment"]["rule"]) == RULE
    assert payload["segment"]["refreshedAt"]
    assert told.write("segmentUpsert", {"externalId": "s", "name": "S", "rule": RULE}, MAKE)["outcome"] == "UNCHANGED"
    ordered = told.write("segmentUpsert", {"externalId": "s", "name": "S", "rule": {"orders": {"atLeast": 2}}}, MAKE)
    assert (ordered["outcome"], ordered["segment"]["memberCount"]) == ("UPDATED", 1)


def test_a_preview_says_how_many_and_who_before_anything_is_stored(told, dump):
    before = dump()
    query = "query($rule: SegmentRuleInput!) { segmentPreview(rule: $rule) { memberCount customers { externalIds { externalId } } } }"
    found = told.one(query, {"rule": {"revenue": {"atLeast": "5"}}})
    assert found["memberCount"] == 2
    assert [one["externalIds"][0]["externalId"] for one in found["customers"]] == ["ann", "bob"]
    error = told.refusal(query, {"rule": {"orders": {"lastDays": 4}}})
    assert error["extensions"]["userErrors"][0]["path"] == ["rule", "orders"]
    assert (
        "exactly one"
        in told.answer(query, {"rule": {"orders": {"atLeast": 1}, "uses": {"atLeast": 1}}})["errors"][0][
            "message"
        ].lower()
    )
    assert dump() == before


def test_members_on_a_day_in_pages_and_the_segments_of_a_customer(told):
    told.write(
        "segmentUpsert",
        {"externalId": "buyers", "name": "Buyers", "rule": {"orders": {"atLeast": 1}}, "membersFrom": "2026-01-01"},
        FATE,
    )
    asked = 'segment(by: {externalId: "buyers"}) { memberCount now: members(first: 1) { nodes { name } totalCount pageInfo { hasNextPage endCursor } } then: members(on: "2025-12-31") { nodes { id } totalCount } }'
    found = told.one("{ " + asked + " }")
    assert (found["memberCount"], found["now"]["totalCount"], found["then"]) == (2, 2, {"nodes": [], "totalCount": 0})
    assert found["now"]["nodes"] == [{"name": "Ann"}]
    after = found["now"]["pageInfo"]["endCursor"]
    rest = told.one(
        'query($a: String) { segment(by: {externalId: "buyers"}) { members(after: $a) { nodes { externalIds { externalId } } pageInfo { hasNextPage } } } }',
        {"a": after},
    )
    last = told.one(
        '{ segment(by: {externalId: "buyers"}) { members(last: 1) { nodes { externalIds { externalId } } pageInfo { hasPreviousPage hasNextPage startCursor } } } }'
    )
    assert last["members"]["nodes"] == rest["members"]["nodes"]
    assert (last["members"]["pageInfo"]["hasPreviousPage"], last["members"]["pageInfo"]["hasNextPage"]) == (True, False)
    back = told.one(
        'query($b: String) { segment(by: {externalId: "buyers"}) { members(last: 5, before: $b) { nodes { name } pageInfo { hasPreviousPage hasNextPage } } } }',
        {"b": last["members"]["pageInfo"]["startCursor"]},
    )
    assert back["members"] == {"nodes": [{"name": "Ann"}], "pageInfo": {"hasPreviousPage": False, "hasNextPage": True}}
    assert (
        told.refusal('{ segment(by: {externalId: "buyers"}) { members(after: "x") { nodes { id } } } }')["extensions"][
            "code"
        ]
        == "BAD_USER_INPUT"
    )
    assert rest["members"] == {"nodes": [{"externalIds": [{"externalId": "bob"}]}], "pageInfo": {"hasNextPage": False}}
    query = '{ customer(by: {externalId: "ann"}) { segments { from before segment { externalId } } lifecycleStage stageHistory { stage from before } rfv { recency frequency value key name(locale: "zh") orders revenue } } }'
    assert told.one(query) == {
        "segments": [{"from": "2026-01-01", "before": None, "segment": {"externalId": "buyers"}}],
        "lifecycleStage": "EXPAND",
        "stageHistory": [
            {"stage": "ACQUIRE", "from": None, "before": "2026-06-10"},
            {"stage": "EXPAND", "from": "2026-06-10", "before": None},
        ],
        # of two who bought on the same day ann bought more often and for more: the second of two is past two fifths
        "rfv": {
            "recency": 1,
            "frequency": 3,
            "value": 3,
            "key": "AT_RISK",
            "name": "流失风险客户",
            "orders": 2,
            "revenue": "30.00",
        },
    }


def test_customers_are_added_and_taken_out_by_hand(told, dump):
    told.write("segmentUpsert", {"externalId": "vip", "name": "VIP", "kind": "MANUAL"}, FATE)
    who = {"segment": {"externalId": "vip"}, "customers": [{"externalId": "ann"}, {"externalId": "nobody"}]}
    shown = f"outcome results {{ index outcome userErrors {{ code path }} }} counts {{ created deleted unchanged rejected }} segment {{ memberCount }} {FATE}"
    payload = told.write("segmentMembersAdd", who | {"from": "2026-05-01"}, shown)
    assert payload["outcome"] == "UPDATED"
    assert payload["results"][1]["userErrors"] == [{"code": "NOT_FOUND", "path": ["customers", "1"]}]
    assert payload["counts"] == {"created": 1, "deleted": 0, "unchanged": 0, "rejected": 1}
    assert payload["segment"] == {"memberCount": 1}
    before = dump()
    refused = told.write("segmentMembersRemove", who | {"before": "2027-01-01"}, shown)
    assert [error["path"] for error in refused["userErrors"]] == [["before"]]
    assert told.write("segmentMembersAdd", {"segment": {"externalId": "no"}, "customers": []}, shown)["userErrors"][0][
        "path"
    ] == ["segment"]
    assert dump() == before
    payload = told.write("segmentMembersRemove", who, shown)
    assert (payload["outcome"], payload["segment"]) == ("UPDATED", {"memberCount": 0})
    assert told.write("segmentDelete", {"externalId": "vip"}, FATE)["outcome"] == "DELETED"
    assert told.write("segmentDelete", {"externalId": "vip"}, FATE)["userErrors"][0]["code"] == "NOT_FOUND"


def test_templates_and_classes_speak_both_languages(told):
    found = told.one(
        '{ segmentTemplates { key name zh: name(locale: "zh") about rule { rank { by topPercent lastDays } } } }'
    )
    assert found[0] == {
        "key": "HIGH_VALUE",
        "name": "High-value customers",
        "zh": "高价值客户",
        "about": "The tenth of those who bought in the last 365 days that brought most.",
        "rule": {"rank": {"by": "REVENUE", "topPercent": 10, "lastDays": 365}},
    }
    payload = told.write("segmentUpsert", {"externalId": "best", "name": "Best", "template": "HIGH_VALUE"}, MAKE)
    assert payload["segment"]["memberCount"] == 1
    classes = told.one("{ rfvClasses { key name customers customerShare revenue revenueShare currency } }")
    assert [one["key"] for one in classes] == ["CHAMPIONS", "LOYAL", "NEW", "PROMISING", "AT_RISK", "DORMANT", "LOST"]
    assert [(one["customers"], one["revenue"]) for one in classes if one["customers"]] == [(1, "30.00"), (1, "5.00")]
    assert sum(one["revenueShare"] for one in classes) == 1


def test_kpis_name_the_segment_and_the_attribute_to_which_they_are_narrowed(told, api, workspace):
    told.write(
        "segmentUpsert",
        {
            "externalId": "buyers",
            "name": "Those who buy",
            "rule": {"orders": {"atLeast": 2}},
            "membersFrom": "2026-01-01",
        },
        FATE,
    )
    workspace.write(workspaces.update, {"attribute_dimensions": ["plan"]})
    period = "period: {named: THIS_MONTH}"
    found = told.one(
        f"{{ kpi(key: REVENUE, {period}) {{ value breakdown(by: SEGMENT) {{ isAdditive slices {{ key label value share result {{ id value filters {{ by anyOf attribute }} series(grain: MONTH) {{ value }} }} }} }} }} }}"
    )
    assert found["breakdown"]["isAdditive"] is False
    (buyers,) = [one for one in found["breakdown"]["slices"] if one["key"] == "buyers"]
    assert (buyers["label"], buyers["value"], buyers["share"]) == ("Those who buy", 30, None)
    assert buyers["result"]["filters"] == [{"by": "SEGMENT", "anyOf": ["buyers"], "attribute": None}]
    assert buyers["result"]["series"] == [{"value": 30}]
    found = told.one(
        f'{{ kpi(key: REVENUE, {period}) {{ breakdown(by: ATTRIBUTE, attribute: "plan") {{ isAdditive slices {{ key value result {{ id filters {{ by anyOf attribute }} }} }} }} }} }}'
    )
    assert found["breakdown"]["isAdditive"] is True
    gold = found["breakdown"]["slices"][0]
    assert (gold["key"], gold["value"]) == ("gold", 30)
    assert gold["result"]["filters"] == [{"by": "ATTRIBUTE", "anyOf": ["gold"], "attribute": "plan"}]
    for result in (buyers["result"], gold["result"]):
        query = "query($id: ID!) { node(id: $id) { ... on KpiResult { value filters { by anyOf attribute } } } }"
        assert told.one(query, {"id": result["id"]}) == {"value": 30, "filters": result["filters"]}
    ask = "query($f: [KpiFilterInput!]) { kpi(key: REVENUE, period: {named: THIS_MONTH}, filter: $f) { value } }"
    error = told.refusal(ask, {"f": [{"by": "ATTRIBUTE", "attribute": "other", "anyOf": ["1"]}]})
    assert error["extensions"]["userErrors"][0]["path"] == ["filter", "0", "attribute"]
    reader = api.caller(workspace, {Scope.KPI_READ})
    assert reader.one(ask, {"f": [{"by": "ATTRIBUTE", "attribute": "plan", "anyOf": ["gold"]}]}) == {"value": 30}


def test_tables_of_a_segment_say_like_kpis_that_its_members_are_being_found(told, door, monkeypatch):
    """Ann is the only one with two orders, for 20 and 10, and has one of the two leads."""
    for name, who in (("l1", "ann"), ("l2", "bob")):
        row = {"externalId": name, "customer": {"externalId": who}, "occurredAt": "2026-06-10", "lostAt": "2026-06-11"}
        assert told.write("leadRecord", row, FATE)["userErrors"] == []
    monkeypatch.setattr(segment, "AT_ONCE", 1)  # of more customers the worker finds the members
    made = {"externalId": "s", "name": "S", "rule": {"orders": {"atLeast": 2}}, "membersFrom": "2026-01-01"}
    told.write("segmentUpsert", made, FATE)

    def tables(filter_):
        of = f"period: {{named: THIS_MONTH}}, filter: [{{by: SEGMENT, {filter_}}}]"
        return told.ask(
            f"""{{
                kpi(key: REVENUE, {of}) {{ value nullReason }}
                topCustomers({of}) {{ nullReason totalCount currency period {{ from }} nodes {{ revenue }} }}
                leadFunnel({of}) {{
                    nullReason wonLate open stages {{ leads medianDays shareOfAll }} lost {{ leads reasons {{ leads }} }}
                }}
            }}"""
        )

    for filter_ in ('anyOf: ["s"]', 'noneOf: ["s"]', 'anyOf: ["s", "text"]'):
        found = tables(filter_)
        assert found["kpi"] == {"value": None, "nullReason": "PREPARING"}
        assert found["topCustomers"] == {
            "nullReason": "PREPARING",
            "totalCount": None,
            "currency": "EUR",
            "period": {"from": "2026-06-01"},
            "nodes": [],
        }
        assert found["leadFunnel"] == {
            "nullReason": "PREPARING",
            "wonLate": None,
            "open": None,
            "stages": [{"leads": None, "medianDays": None, "shareOfAll": None}] * 3,
            "lost": {"leads": None, "reasons": None},
        }
    other = tables('anyOf: ["text"]')  # a text that sources send waits for nothing
    assert (other["topCustomers"]["nullReason"], other["topCustomers"]["totalCount"]) == (None, 0)
    Worker(door).drain()
    found = tables('anyOf: ["s"]')
    assert (found["topCustomers"]["nullReason"], found["topCustomers"]["totalCount"]) == (None, 1)
    assert found["topCustomers"]["nodes"] == [{"revenue": "30.00"}]
    assert (found["leadFunnel"]["nullReason"], found["leadFunnel"]["open"]) == (None, 0)
    assert found["leadFunnel"]["lost"] == {"leads": 1, "reasons": [{"leads": 1}]}
    left = tables('noneOf: ["s"]')
    assert (left["topCustomers"]["totalCount"], left["topCustomers"]["nodes"]) == (1, [{"revenue": "5.00"}])


def test_many_segments_and_members_take_as_many_statements_as_few(told, statements):
    query = "{ segments(first: 20) { nodes { memberCount rule { orders { atMost } } members(first: 2) { nodes { name } totalCount } } } customers { nodes { lifecycleStage stageHistory { stage } segments { segment { name } } rfv { key } } } }"
    narrowed = " ".join(
        f'k{n}: kpi(key: REVENUE, period: {{named: THIS_YEAR}}, filter: [{{by: SEGMENT, anyOf: ["s{n}"]}}]) {{ value }}'
        for n in range(2)
    )
    broken = "kpi(key: REVENUE, period: {named: THIS_YEAR}) { breakdown(by: SEGMENT) { slices { value label } } }"

    def sent(numbers):
        for n in numbers:
            row = {"externalId": f"s{n}", "name": f"S{n}", "rule": {"orders": {"atMost": n}}}
            told.write("segmentUpsert", row, FATE)
        for document in (query, f"{{ {narrowed} {broken} }}"):
            told.ask(document)
            with statements() as found:
                told.ask(document)
            yield found

    few, many = list(sent(range(2))), list(sent(range(2, 12)))
    assert [len(some) for some in few] == [len(some) for some in many], many
    assert [sum("FROM segment" in one for one in some) for some in many] == [5, 3], many


def test_a_stage_is_stated_with_the_customer(told):
    rows = [
        {"externalId": "cat", "lifecycleStage": "CONVERT", "lifecycleStageFrom": "2026-03-01"},
        {"externalId": "bob", "lifecycleStage": "EXPAND", "lifecycleStageFrom": "2027-01-01"},
    ]
    payload = told.write("customerUpsertBatch", {"rows": rows}, BATCH)
    assert [one["outcome"] for one in payload["results"]] == ["UPDATED", "REJECTED"]
    assert payload["results"][1]["userErrors"][0]["path"] == ["rows", "1", "lifecycleStageFrom"]
    found = told.one('{ customer(by: {externalId: "cat"}) { lifecycleStage stageHistory { stage from } } }')
    assert found == {
        "lifecycleStage": "CONVERT",
        "stageHistory": [{"stage": "ACQUIRE", "from": None}, {"stage": "CONVERT", "from": "2026-03-01"}],
    }
