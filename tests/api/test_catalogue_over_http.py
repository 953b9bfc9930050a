"""The catalogue over HTTP: what each KPI needs, whether it is there, and which KPIs a company should watch."""

import re

import pytest
from graphql import build_schema
from sqlalchemy import event

from app.kpis import CATALOGUE
from app.kpis.source import SOURCES, sources
from app.services import readiness

INPUTS = "inputs { key kind name isAvailable isOptional count isCountCapped since until missing mutation }"
ORDER = {"amount": "20", "currency": "EUR", "customer": {"externalId": "c1"}}


def definition(caller, key, selection=f"isReady {INPUTS}", **headers):
    return caller.one(f'{{ kpiDefinition(key: "{key}") {{ {selection} }} }}', **headers)


def keys(caller, arguments):
    return [one["key"] for one in caller.one(f"{{ kpiDefinitions({arguments}) {{ key }} }}")]


def order(caller, name, day, **more):
    row = {"externalId": name, "occurredAt": day, **ORDER, **more}
    assert caller.write("orderRecordBatch", {"rows": [row], "createMissing": True}, "counts { rejected }") == {
        "counts": {"rejected": 0}
    }


# readiness


def test_what_is_missing_is_said_with_the_mutation_that_brings_it(alice):
    found = definition(alice, "CSAT")
    assert found == {
        "isReady": False,
        "inputs": [
            {
                "key": "FEEDBACK",
                "kind": "CSAT",
                "name": "answers to satisfaction surveys",
                "isAvailable": False,
                "isOptional": False,
                "count": 0,
                "isCountCapped": False,
                "since": None,
                "until": None,
                "missing": "There are no answers to satisfaction surveys yet: bring them with feedbackRecordBatch "
                "(kind CSAT).",
                "mutation": "feedbackRecordBatch",
            }
        ],
    }
    (said,) = definition(alice, "CSAT", Accept_Language="zh")["inputs"]
    assert said["missing"] == "还没有满意度调查回答：请用 feedbackRecordBatch（kind CSAT） 写入。"
    (said,) = definition(alice, "CSAT", 'inputs { name(locale: "zh-CN") missing(locale: "zh-CN") }')["inputs"]
    assert said["name"] == "满意度调查回答"


def test_what_is_there_is_told_with_how_much_and_between_which_days(alice):
    row = {"kind": "CSAT", "score": 4}
    alice.feedback(*(row | {"externalId": f"f{n}", "occurredAt": f"2026-0{n}-0{n}"} for n in (2, 3, 4)))
    alice.feedback({"externalId": "n1", "kind": "NPS", "score": 9, "occurredAt": "2026-06-01"})
    alice.write("feedbackDeleteBatch", {"rows": [{"externalId": "f4"}]}, "counts { deleted }")
    (csat,) = definition(alice, "CSAT")["inputs"]
    assert (csat["count"], csat["since"], csat["until"], csat["missing"]) == (2, "2026-02-02", "2026-03-03", None)
    (nps,) = definition(alice, "NPS")["inputs"]
    assert (nps["count"], nps["since"], nps["until"]) == (1, "2026-06-01", "2026-06-01")
    (both,) = definition(alice, "FEEDBACK_COUNT")["inputs"]
    assert (both["kind"], both["count"], both["since"], both["until"]) == (None, 3, "2026-02-02", "2026-06-01")
    assert definition(alice, "CES")["isReady"] is False
    assert definition(alice, "CSAT")["isReady"] is True


def test_a_kpi_is_ready_when_all_that_it_needs_is_there(alice):
    order(alice, "o1", "2026-05-01")
    assert definition(alice, "CAC", "isReady")["isReady"] is False
    spent = {"externalId": "k", "category": "MEDIA", "amount": "9", "currency": "EUR"}
    alice.write("costRecord", spent | {"from": "2026-05-01", "before": "2026-05-04"}, "outcome")
    cost, status = definition(alice, "CAC")["inputs"]
    assert (cost["key"], cost["count"], cost["since"], cost["until"]) == ("COST", 1, "2026-05-01", "2026-05-03")
    assert (status["key"], status["isAvailable"]) == ("CUSTOMER_STATUS", False)
    assert definition(alice, "CAC", "isReady")["isReady"] is False
    alice.customer("c1", joinedOn="2026-05-02")
    assert definition(alice, "CAC", "isReady")["isReady"] is True
    alice.customer("c1", joinedOn=None)  # was taken back: there is nobody any more
    (_, status) = definition(alice, "CAC")["inputs"]
    assert (status["count"], status["since"]) == (0, None)
    # the simple lifetime value can do without what is known of who left
    told = {one["key"]: (one["isOptional"], one["isAvailable"]) for one in definition(alice, "CLV")["inputs"]}
    assert told == {"ORDER": (False, True), "CUSTOMER_STATUS": (True, False)}
    assert definition(alice, "CLV", "isReady")["isReady"] is True
    variants = definition(alice, "LTV_CAC_RATIO", "variants { key isReady inputs { key } dimensions }")["variants"]
    assert {one["key"]: one["isReady"] for one in variants} == {"simple": True, "retention": True, "historic": False}


def test_an_index_is_ready_when_one_of_its_parts_is(alice):
    assert definition(alice, "LOYALTY_INDEX", "isReady")["isReady"] is False
    alice.customer("c1", joinedOn="2026-05-02")  # half of what the referral rate needs
    assert definition(alice, "LOYALTY_INDEX", "isReady")["isReady"] is False
    order(alice, "o1", "2026-05-01")
    found = definition(alice, "LOYALTY_INDEX")
    assert found["isReady"] is True
    assert {one["isOptional"] for one in found["inputs"]} == {True}
    assert {one["key"]: one["isAvailable"] for one in found["inputs"]} == {
        "ORDER": True,
        "CUSTOMER_STATUS": True,
        "FEEDBACK": False,
        "REFERRAL": False,
    }


def words(caller):
    """Of every reading of every KPI, whether it is ready and whether its figure says that its input is not there."""
    asked = [(kpi.key, variant.key) for kpi in CATALOGUE.values() for variant in kpi.variants]
    ask = [{"key": key, "variant": variant, "period": {"named": "THIS_YEAR"}} for key, variant in asked]
    told = caller.one("query($ask: [KpiInput!]!) { kpis(ask: $ask) { nullReason } }", {"ask": ask})
    kpis = caller.one("{ kpiDefinitions { key variants { key isReady } } }")
    ready = {(kpi["key"], one["key"]): one["isReady"] for kpi in kpis for one in kpi["variants"]}
    return {
        name: (ready[name], figure["nullReason"] != "INPUT_NOT_CONFIGURED")
        for name, figure in zip(asked, told, strict=True)
    }


@pytest.mark.slow
def test_figures_and_readiness_use_one_word(alice):
    """One answer of each kind, an order, a customer and a cost come, and all but the cost go again."""
    ready = {
        "": set(),
        "CSAT": {"CSAT", "CSAT_MEAN", "FEEDBACK_COUNT"},
        "NPS": {"CSAT", "CSAT_MEAN", "FEEDBACK_COUNT", "NPS", "REFERRAL_INTENT", "LOYALTY_INDEX"},
        "without CSAT": {"FEEDBACK_COUNT", "NPS", "REFERRAL_INTENT", "LOYALTY_INDEX"},
        "without": set(),
    }

    def check(step):
        told = words(alice)
        assert {name: both for name, both in told.items() if both[0] is not both[1]} == {}, step
        if step in ready:
            assert {key for (key, _), (is_ready, _) in told.items() if is_ready} == ready[step], step
        return {variant for (key, variant), (is_ready, _) in told.items() if is_ready and key in ("CSAT", "NPS")}

    def answer(kind, score):
        alice.feedback({"externalId": kind, "kind": kind, "score": score, "occurredAt": "2026-05-01"})

    def gone(noun, name):
        alice.write(f"{noun}DeleteBatch", {"rows": [{"externalId": name}]}, "counts { deleted }")

    check("")
    answer("CSAT", 4)
    # weighed with revenue they need orders too
    assert check("CSAT") == {"default", "account_average", "key_contact"}
    answer("NPS", 9)
    check("NPS")
    gone("feedback", "CSAT")
    assert "default" not in check("without CSAT")
    order(alice, "o", "2026-05-02", status="PENDING")
    assert "revenue_weighted" in check("order")
    gone("order", "o")
    alice.customer("c", joinedOn="2026-05-02")
    check("customer")
    spent = {"externalId": "k", "category": "MEDIA", "amount": "9", "currency": "EUR"}
    alice.write("costRecord", spent | {"from": "2026-05-01", "before": "2026-05-04"}, "outcome")
    check("cost")
    alice.customer("c", joinedOn=None)
    gone("feedback", "NPS")
    check("without")


def test_more_than_are_counted_are_said_to_be_more(alice, monkeypatch):
    monkeypatch.setattr(readiness, "MOST_COUNTED", 2)
    readiness._statement.cache_clear()
    row = {"kind": "CSAT", "score": 4}
    alice.feedback(*(row | {"externalId": f"f{n}", "occurredAt": f"2026-05-0{n}"} for n in (1, 2)))
    (two,) = definition(alice, "CSAT")["inputs"]
    assert (two["count"], two["isCountCapped"]) == (2, False)
    alice.feedback(row | {"externalId": "f3", "occurredAt": "2026-05-03"})
    (many,) = definition(alice, "CSAT")["inputs"]
    assert (many["count"], many["isCountCapped"], many["until"]) == (2, True, "2026-05-03")
    readiness._statement.cache_clear()


def test_the_catalogue_can_be_asked_for_what_is_ready(alice, charlie):
    assert keys(alice, "ready: true") == []
    everything = keys(alice, "ready: false")
    alice.feedback({"externalId": "f", "kind": "NPS", "score": 9, "occurredAt": "2026-05-01"})
    ready = {"NPS", "REFERRAL_INTENT", "FEEDBACK_COUNT", "LOYALTY_INDEX"}
    assert set(keys(alice, "ready: true")) == ready
    assert set(keys(alice, "ready: false")) == set(everything) - ready
    assert keys(charlie, "ready: true") == []


def test_the_readiness_of_the_whole_catalogue_is_one_statement(alice, statements):
    few, many = (
        "{ kpiDefinitions(stage: ACQUIRE) { isReady } }",
        f"{{ kpiDefinitions(ready: true) {{ isReady {INPUTS} variants {{ isReady {INPUTS} }} }} }}",
    )
    for query in (few, many):
        alice.ask(query)
        with statements() as sent:
            alice.ask(query)
        asked = [one for one in sent if "feedback" in one or "customer_order" in one or "accrual" in one]
        assert len(asked) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_readiness_goes_along_indexes_and_reads_no_table_from_end_to_end(workspace, door):
    plans = []

    def explain(_connection, cursor, statement, parameters, *_):
        plans.extend(row[-1] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    known = dict.fromkeys(one for kpi in CATALOGUE.values() for variant in kpi.variants for one in sources(variant))
    event.listen(door.db.reader, "before_cursor_execute", explain)
    try:
        workspace.read(readiness.statuses, [*known, *SOURCES.values()])
    finally:
        event.remove(door.db.reader, "before_cursor_execute", explain)
    tables = {source.model.__table__.name for source in SOURCES.values()}
    assert {table for plan in plans for table in tables if f"SEARCH {table} " in plan} == tables
    assert not [plan for plan in plans if any(plan.startswith(f"SCAN {table}") for table in tables)]
    assert not [plan for plan in plans if "TEMP B-TREE" in plan]


def test_every_kind_of_facts_has_a_mutation_and_every_kpi_knows_its_own(api):
    core = build_schema(api.request("GET", "/schema.graphql").text)
    for source in SOURCES.values():
        assert source.mutation in core.mutation_type.fields
        assert not re.search("[\u4e00-\u9fff]", source.name.en)
        assert re.search("[\u4e00-\u9fff]", source.name.zh)
    for kpi in CATALOGUE.values():
        for variant in kpi.variants:
            assert sources(variant), (kpi.key, variant.key)
            assert {cube.input for cube in variant.cubes} == {source.key for source in sources(variant)}


def test_every_reading_of_every_kpi_answers(alice):
    asked = [(kpi.key, variant.key) for kpi in CATALOGUE.values() for variant in kpi.variants]
    ask = [{"key": key, "variant": variant, "period": {"named": "LAST_MONTH"}} for key, variant in asked]
    query = "query($ask: [KpiInput!]!) { kpis(ask: $ask) { variant value nullReason definition { key } } }"
    told = alice.one(query, {"ask": ask})
    assert [(one["definition"]["key"], one["variant"]) for one in told] == asked
    assert {(one["value"], one["nullReason"]) for one in told} == {(None, "INPUT_NOT_CONFIGURED")}


# which KPIs a company should watch


def test_a_bank_that_sells_to_businesses(alice):
    told = keys(alice, 'industry: "BANKING", model: B2B')
    assert told[:4] == ["CSAT", "NPS", "CHURN_RATE", "RETENTION_RATE"]
    assert {"RESPONSE_TIME", "COMPLAINT_RESOLUTION_RATE", "SALES_CYCLE", "COST_TO_SERVE"} <= set(told)
    assert not {"REPEAT_PURCHASE_RATE", "RETURN_RATE", "REVIEW_SCORE"} & set(told)
    acquired = keys(alice, 'industry: "BANKING", model: B2B, stage: ACQUIRE')
    assert acquired == [key for key in told if CATALOGUE[key].stage == "ACQUIRE"]
    assert acquired[0] == "CAC"


def test_every_industry_is_named_in_two_languages_and_lists_what_there_is(alice):
    told = alice.one('{ industries { id key name zh: name(locale: "zh") kpis } }')
    assert {"RETAIL", "BANKING"} <= {one["key"] for one in told}
    assert len({one["id"] for one in told}) == len(told)
    for one in told:
        assert re.fullmatch("[A-Z]+", one["key"])
        assert re.search("[\u4e00-\u9fff]", one["zh"])
        assert len(one["kpis"]) == len(set(one["kpis"]))
        assert set(one["kpis"]) <= set(CATALOGUE)
        assert keys(alice, f'industry: "{one["key"]}"')[: len(one["kpis"])] == one["kpis"]
    listed = {key for one in told for key in one["kpis"]}
    for kpi in alice.one("{ kpiDefinitions { key industries models } }"):
        assert kpi["industries"] == [one["key"] for one in told if kpi["key"] in one["kpis"]]
        assert (kpi["key"] in listed) == bool(kpi["industries"])
        assert kpi["models"]


def test_an_industry_that_there_is_not_is_refused_with_those_that_there_are(alice):
    error = alice.refusal('{ kpiDefinitions(industry: "MOON") { key } }')
    assert error["message"].startswith("There is no industry 'MOON'; there are RETAIL, BANKING")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_variant_says_by_what_it_can_be_cut(alice):
    (default, latest) = definition(alice, "REVENUE", "dimensions variants { key dimensions }")["variants"]
    assert "CHANNEL" in default["dimensions"]
    assert latest["key"] == "refund_date"
    churn = definition(alice, "CHURN_RATE", "dimensions variants { dimensions }")
    assert "REASON" in churn["dimensions"]
    assert churn["variants"][0]["dimensions"] == churn["dimensions"]
    cycle = definition(alice, "REFERRAL_RATE", "variants { key dimensions }")["variants"]
    assert {one["key"]: "CHANNEL" in one["dimensions"] for one in cycle} == {
        "default": False,
        "per_base": False,
        "referrers": True,
        "invitations_converted": True,
    }
