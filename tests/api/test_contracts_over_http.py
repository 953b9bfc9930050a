"""Contracts over HTTP: every mistake is told with its place, in both languages, and stores nothing; and who is active."""

# ruff: noqa: E501 - a case of a table stands on one line

import re

import pytest
from asking import BATCH

from app.actor import Scope
from app.worker import Worker

ANN = {"externalId": "ann"}
TERM = {"from": "2026-01-01", "amount": "120"}
CONTRACT = {
    "externalId": "k1",
    "customer": ANN,
    "currency": "EUR",
    "from": "2026-01-01",
    "interval": "YEAR",
    "terms": [TERM],
}
WRONG = [
    # what is wrong, code, path
    ({"before": "2026-01-01", "terms": []}, "OUT_OF_RANGE", ["before"]),
    ({"before": "2026-02-30"}, "INVALID", ["before"]),
    ({"from": "1899-12-31"}, "OUT_OF_RANGE", ["from"]),
    ({"currency": "ABC"}, "INVALID", ["currency"]),
    ({"interval": "WEEK"}, "INVALID", ["interval"]),
    ({"status": "SIGNED"}, "INVALID", ["status"]),
    ({"terms": [TERM | {"amount": "0.001"}]}, "INVALID", ["terms", "0", "amount"]),
    ({"terms": [TERM | {"amount": "many"}]}, "INVALID", ["terms", "0", "amount"]),
    ({"terms": [TERM | {"amount": "-1"}]}, "OUT_OF_RANGE", ["terms", "0", "amount"]),
    ({"terms": [TERM | {"from": "2025-12-31"}]}, "OUT_OF_RANGE", ["terms", "0", "from"]),
    ({"terms": [TERM, TERM]}, "CONFLICT", ["terms", "1", "from"]),
    ({"terms": [TERM] * 501}, "TOO_MANY", ["terms"]),
    ({"reason": "price"}, "INVALID", ["reason"]),
    ({"churnKind": "VOLUNTARY"}, "INVALID", ["churnKind"]),
    ({"customer": {"externalId": "nobody"}}, "NOT_FOUND", ["customer"]),
    ({"staff": {"externalId": "nobody"}}, "NOT_FOUND", ["staff"]),
    ({"channel": {"externalId": "nowhere"}}, "NOT_FOUND", ["channel"]),
]


def write(caller, *rows, **options):
    return caller.write("contractRecordBatch", {"rows": list(rows), **options}, BATCH)


@pytest.fixture
def shop(alice):
    alice.customer("ann")
    return alice


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_mistake_is_told_with_its_place_and_stores_nothing(shop, dump, language):
    before = dump()
    rows = [CONTRACT | {"externalId": f"w{n}"} | change for n, (change, *_) in enumerate(WRONG)]
    query = f"mutation($input: ContractRecordBatchInput!) {{ contractRecordBatch(input: $input) {{ {BATCH} }} }}"
    results = shop.one(query, {"input": {"rows": rows}}, accept_language=language)["results"]
    found = [[(one["code"], one["path"]) for one in row["userErrors"]] for row in results]
    assert found == [[(code, ["rows", str(n), *path])] for n, (_, code, path) in enumerate(WRONG)]
    for message in (one["message"] for row in results for one in row["userErrors"]):
        assert bool(re.search("[\u4e00-\u9fff]", message)) is (language != "en"), message
    assert dump() == before


def test_a_contract_is_shown_as_it_was_recorded(shop):
    ended = {"before": "2026-06-01", "reason": "price", "churnKind": "INVOLUNTARY"}
    row = CONTRACT | ended | {"product": "tea", "terms": [TERM, {"from": "2026-03-01", "amount": "90.5"}]}
    shown = "externalId status from before currency interval reason churnKind product terms { from amount } customer { externalIds { externalId } } day"
    one = f"contract {{ {shown} }} outcome userErrors {{ code path }}"
    assert shop.write("contractRecord", row, one) == {
        "contract": {
            **{
                name: row[name]
                for name in ("externalId", "from", "before", "currency", "interval", "reason", "churnKind", "product")
            },
            "status": "ACTIVE",
            "terms": [TERM | {"amount": "120.00"}, {"from": "2026-03-01", "amount": "90.50"}],
            "customer": {"externalIds": [ANN]},
            "day": "2026-01-01",
        },
        "outcome": "CREATED",
        "userErrors": [],
    }
    assert shop.write("contractRecord", row, "outcome")["outcome"] == "UNCHANGED"
    chosen = '{ contracts(filter: {churnKind: {eq: INVOLUNTARY}, before: {gte: "2026-06-01"}}, orderBy: [{field: FROM, direction: ASC}]) { nodes { externalId } } }'
    assert shop.one(chosen)["nodes"] == [{"externalId": "k1"}]
    timeline = (
        '{ customer(by: {externalId: "ann"}) { timeline(kinds: [CONTRACT]) { nodes { __typename externalId } } } }'
    )
    assert shop.one(timeline)["timeline"]["nodes"] == [{"__typename": "Contract", "externalId": "k1"}]
    gone = shop.write("contractDeleteBatch", {"rows": [{"externalId": "k1"}]}, "counts { deleted }")
    assert gone == {"counts": {"deleted": 1}}
    assert shop.one("{ contracts { totalCount } }")["totalCount"] == 0


def test_what_recurs_comes_out_as_money(shop):
    write(
        shop,
        CONTRACT,
        CONTRACT
        | {
            "externalId": "k2",
            "interval": "MONTH",
            "from": "2026-05-10",
            "terms": [TERM | {"from": "2026-05-10", "amount": "5"}],
        },
    )
    may = 'range: {from: "2026-05-01", before: "2026-06-01"}'
    mrr = shop.kpi(
        "MRR",
        may,
        'value amount currency numerator display(locale: "en") definition { formula unit inputs { key isAvailable } }',
    )
    assert (mrr["value"], mrr["amount"], mrr["currency"], mrr["display"]) == (15, "15.00", "EUR", "€15.00")
    assert mrr["definition"]["inputs"] == [{"key": "CONTRACT", "isAvailable": True}]
    net = shop.kpi("NET_REVENUE_RETENTION", may, "value numerator denominator intraPeriodChurn reactivated")
    assert net == {"value": 150, "numerator": 15, "denominator": 10, "intraPeriodChurn": None, "reactivated": None}


def test_who_is_active_is_a_choice_of_the_workspace(api, workspace, shop):
    admin = api.caller(workspace, set(Scope))
    history = [
        {"from": "2026-01-01", "before": "2026-05-10", "reason": "price", "churnKind": "VOLUNTARY"},
        {"from": "2026-05-20"},
    ]
    shop.customer("ann", history=history)
    shop.customer("bob", history=[{"from": "2026-05-02", "before": "2026-05-03"}])
    write(shop, CONTRACT | {"before": "2026-05-25", "reason": "moved"})
    may = 'range: {from: "2026-05-01", before: "2026-06-01"}'
    beside = "value nullReason isProvisional intraPeriodChurn reactivated"
    rate = {"value": 0, "nullReason": None, "isProvisional": False, "intraPeriodChurn": 1, "reactivated": 1}
    assert shop.kpi("CHURN_RATE", may, beside) == rate
    told = '{ customer(by: {externalId: "ann"}) { churnKind spells { id from before churnKind } countedSpells { id from before reason } } }'
    before = shop.one(told)
    assert [one["churnKind"] for one in before["spells"]] == ["VOLUNTARY", None]
    assert [one["from"] for one in before["countedSpells"]] == ["2026-01-01", "2026-05-20"]

    def choose(**settings):
        shown = "workspace { activeBy inactivityWindowDays } userErrors { path }"
        return admin.write("workspaceUpdate", settings, shown)

    assert choose(activeBy="CONTRACT")["workspace"] == {"activeBy": "CONTRACT", "inactivityWindowDays": 90}
    assert shop.kpi("CHURN_RATE", may, beside) == dict.fromkeys(rate) | {
        "nullReason": "PREPARING",
        "isProvisional": False,
    }
    Worker(workspace.door).drain()
    assert shop.kpi("CHURN_RATE", may, beside) == rate | {"value": 100, "intraPeriodChurn": 0, "reactivated": 0}
    after = shop.one(told)
    assert after["spells"] == before["spells"]
    assert [(one["from"], one["before"], one["reason"]) for one in after["countedSpells"]] == [
        ("2026-01-01", "2026-05-25", "moved")
    ]
    choose(activeBy="ACTIVITY", inactivityWindowDays=30)
    Worker(workspace.door).drain()
    assert shop.kpi("CHURN_RATE", may, beside)["nullReason"] == "INPUT_NOT_CONFIGURED"
    shop.write(
        "engagementRecord", {"externalId": "u", "customer": ANN, "type": "x", "occurredAt": "2026-04-20"}, "outcome"
    )
    # the 20th of May is the first day without; until the end of June it may still turn out otherwise
    assert shop.kpi("CHURN_RATE", may, beside) == rate | {
        "value": 100,
        "isProvisional": True,
        "intraPeriodChurn": 0,
        "reactivated": 0,
    }
    assert choose(activeBy="NOBODY")["userErrors"] == [{"path": ["activeBy"]}]
