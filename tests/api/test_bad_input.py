"""Whatever is wrong gets an error of its own that says what to do, and nothing is stored."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

import json

import pytest
from asking import BATCH, GRAPHQL, Caller

from app.actor import Scope
from app.services import feedback as feedbacks
from app.services import page as pages

MAY = 'range: {from: "2026-05-01", before: "2026-06-01"}'


def answer(**more):
    return {"externalId": "f", "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02T10:00:00Z"} | more


ROWS = [
    # what is wrong, code, path inside the row, what the message says
    (answer(kind="NPS", score=11), "OUT_OF_RANGE", "score", "0–10"),
    (answer(kind="NPS", score=4.5), "OUT_OF_RANGE", "score", "whole number from 0 to 10"),
    (answer(kind="NPS", score=4, scaleWorst=1, scaleBest=5), "OUT_OF_RANGE", "scaleWorst", "record answers on another scale as CSAT"),
    (answer(kind="NPS", score=-1), "OUT_OF_RANGE", "score", "0–10"),
    (answer(score=6), "OUT_OF_RANGE", "score", "give scaleWorst and scaleBest"),
    (answer(score=0), "OUT_OF_RANGE", "score", "1–5"),
    (answer(score=3, scaleWorst=5, scaleBest=5), "INVALID", "scaleBest", "must differ"),
    (answer(score=3, scaleBest=10_000), "OUT_OF_RANGE", "scaleBest", "between"),
    (answer(score=3, scaleBest=5.5), "OUT_OF_RANGE", "scaleBest", "whole number"),
    (answer(channel={"externalId": "nope"}), "NOT_FOUND", "channel", "send it first, or set createMissing"),
    (answer(customer={"externalId": "nope"}), "NOT_FOUND", "customer", "send it first, or set createMissing"),
    (answer(customer={"external": {"source": "crm", "externalId": "nope"}}), "NOT_FOUND", "customer", "send it first"),
    (answer(staff={"externalId": "nope"}), "NOT_FOUND", "staff", "send it first, or set createMissing"),
    (answer(survey={"externalId": "nope"}), "NOT_FOUND", "survey", "send it first, or set createMissing"),
    (answer(customer={"id": "bm90aGluZw"}), "NOT_FOUND", "customer", "There is no customer with this id"),
    (answer(occurredAt="2026-02-30"), "INVALID", "occurredAt", "not a day of the calendar"),
    (answer(occurredAt="2026-06-16T09:31:00Z"), "OUT_OF_RANGE", "occurredAt", "more than a day in the future"),
    (answer(occurredAt="1899-12-31T00:00:00Z"), "OUT_OF_RANGE", "occurredAt", "before 1900"),
    (answer(occurredAt="0001-01-01"), "OUT_OF_RANGE", "occurredAt", "before 1900"),
    (answer(occurredAt="9999-12-31T23:59:59-12:00"), "OUT_OF_RANGE", "occurredAt", "future"),
    (answer(externalId=""), "REQUIRED", "externalId", "must not be empty"),
    (answer(externalId=" "), "REQUIRED", "externalId", "must not be empty"),
    (answer(externalId="x" * 201), "TOO_LONG", "externalId", "at most 200"),
    (answer(comment="x" * 1_000_000), "TOO_LONG", "comment", "at most 10000"),
    (answer(product="x" * 1_000_000), "TOO_LONG", "product", "at most 200"),
    (answer(tags=["x"] * 51), "TOO_MANY", "tags", "at most 50"),
    (answer(tags=["x" * 201]), "TOO_LONG", "tags", "at most 200"),
    (answer(comment="a\0b"), "INVALID", "comment", "NUL"),
    (answer(externalId="\0"), "INVALID", "externalId", "NUL"),
    (answer(customer={"externalId": "\0"}), "INVALID", "customer", "NUL"),
    (answer(tags=["\0"]), "INVALID", "tags", "NUL"),
]  # fmt: skip


def test_a_wrong_row_says_what_to_mend_and_stores_nothing(alice, dump):
    before = dump()
    for row, code, path, hint in ROWS:
        payload = alice.write("feedbackRecordBatch", {"rows": [row]}, BATCH)
        (result,) = payload["results"]
        assert result["outcome"] == "REJECTED", row
        (error,) = result["userErrors"]
        assert error["code"] == code, (str(row)[:200], error)
        assert error["path"][:3] == ["rows", "0", path]
        assert hint in error["message"], (error["message"][:300], hint)
        assert len(error["message"]) < 500
    assert dump() == before


NOT_KNOWN = {
    # what has no createMissing, and what it names that is not known
    "feedbackRecord": (answer(channel={"externalId": "nope"}), "channel"),
    "channelUpsert": ({"externalId": "web", "name": "Web", "parent": {"externalId": "nope"}}, "channel"),
    "customerMerge": ({"from": {"externalId": "nope"}, "into": {"externalId": "c"}}, "customer"),
}


@pytest.mark.parametrize("field", NOT_KNOWN)
def test_nobody_is_told_to_set_what_there_is_not(alice, dump, field):
    alice.customer("c")
    given, noun = NOT_KNOWN[field]
    before = dump()
    payload = alice.write(field, given, "userErrors { code message }")
    told = [{"code": "NOT_FOUND", "message": f"There is no {noun} 'nope'; send it first."}]
    assert (payload["userErrors"], dump()) == (told, before)


def test_a_timestamp_within_a_day_ahead_is_a_clock_that_is_fast(alice):
    alice.feedback(answer(occurredAt="2026-06-16T09:29:00Z"))


def test_text_of_any_script_comes_back_as_it_was(alice):
    text = "很满意 👍🏽 naïve ﷽ \u202e 😀 'x\"; DROP TABLE feedback; -- \\u0000 %s \n\t"
    alice.feedback(answer(comment=text, tags=["很", "'"], product="%"))
    found = alice.one('{ feedbackItem(by: {externalId: "f"}) { comment tags product } }')
    assert found == {"comment": text.strip(), "tags": ["很", "'"], "product": "%"}
    assert alice.one('{ feedback(filter: {comment: {contains: "DROP TABLE"}}) { totalCount } }') == {"totalCount": 1}
    assert alice.one('{ feedback(filter: {comment: {contains: "%x%"}}) { totalCount } }') == {"totalCount": 0}


CUSTOMERS = [
    ({"externalId": "c", "email": "nobody"}, "INVALID", ["email"]),
    ({"externalId": "c", "joinedOn": "2026-02-30"}, "INVALID", ["joinedOn"]),
    ({"externalId": "c", "churnedOn": "2026-02-03"}, "INVALID", ["churnedOn"]),
    ({"externalId": "c", "joinedOn": "2026-03-01", "churnedOn": "2026-02-03"}, "OUT_OF_RANGE", ["churnedOn"]),
    ({"externalId": "c", "status": "GONE"}, "INVALID", ["status"]),
    ({"externalId": "c", "attributes": [1]}, "INVALID", ["attributes"]),
    ({"externalId": "c", "attributes": {"a": "\0"}}, "INVALID", ["attributes", "a"]),
    ({"externalId": "c", "attributes": {"\0": 1}}, "INVALID", ["attributes"]),
    ({"externalId": "c", "parent": {"externalId": "nope"}}, "NOT_FOUND", ["parent"]),
    ({"externalId": "c", "acquisitionChannel": {"externalId": "nope"}}, "NOT_FOUND", ["acquisitionChannel"]),
    ({"externalId": "c", "name": "x" * 1_000_000}, "TOO_LONG", ["name"]),
    ({"externalId": "c", "history": [{"from": "2026-01-01"}, {"from": "2026-02-01"}]}, "CONFLICT", ["joinedOn"]),
]


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_a_wrong_customer_says_what_to_mend_and_stores_nothing(alice, dump):
    before = dump()
    deep = [({"externalId": "c", "attributes": nested(depth)}, "INVALID", ["attributes"]) for depth in (60, 300, 900)]
    for row, code, path in [*CUSTOMERS, *deep]:
        payload = alice.write("customerUpsert", row, "outcome userErrors { code message path }")
        assert payload["outcome"] == "REJECTED", str(row)[:200]
        error = payload["userErrors"][0]
        assert (error["code"], error["path"]) == (code, path), str(row)[:200]
        assert 10 < len(error["message"]) < 300
    found = alice.one(
        'mutation { customerUpsert(input: {externalId: "c", attributes: {n: 9999999999999999999999}}) { userErrors { code path } } }'
    )
    assert found["userErrors"] == [{"code": "OUT_OF_RANGE", "path": ["attributes", "n"]}]
    assert dump() == before


def test_a_circle_of_accounts_is_refused(alice):
    alice.customer("a")
    alice.customer("b", parent={"externalId": "a"})
    payload = alice.write(
        "customerUpsert", {"externalId": "a", "parent": {"externalId": "b"}}, "userErrors { code path }"
    )
    assert payload["userErrors"] == [{"code": "CONFLICT", "path": ["parent"]}]
    alice.channel("x")
    payload = alice.write(
        "channelUpsert", {"externalId": "x", "name": "X", "parent": {"externalId": "x"}}, "userErrors { code path }"
    )
    assert payload["userErrors"] == [{"code": "CONFLICT", "path": ["parent"]}]


TARGET = {
    "externalId": "t",
    "kpi": "CSAT",
    "kind": "ABSOLUTE",
    "value": 90,
    "from": "2026-06-01",
    "before": "2026-07-01",
}
TARGETS = [
    ({"kpi": "NOPE"}, "INVALID", ["kpi"]),
    ({"value": "x"}, "INVALID", ["value"]),
    ({"value": 101}, "OUT_OF_RANGE", ["value"]),
    ({"stretch": -1}, "OUT_OF_RANGE", ["stretch"]),
    ({"from": "2026-07-01"}, "INVALID", ["before"]),
    ({"from": "2026-08-01"}, "INVALID", ["before"]),
    ({"from": "2026-06-31"}, "INVALID", ["from"]),
    ({"kind": "DELTA_POINTS"}, "REQUIRED", ["baseline"]),
    ({"kind": "DELTA_RELATIVE", "value": 10, "baseline": {"value": 80}}, "OUT_OF_RANGE", ["value"]),
    ({"variant": "nope"}, "INVALID", ["variant"]),
    ({"scope": [{"by": "NOPE", "anyOf": ["x"]}]}, "INVALID", ["scope", "0", "by"]),
    ({"scope": [{"by": "ATTRIBUTE", "anyOf": ["x"]}]}, "REQUIRED", ["scope", "0", "attribute"]),
    ({"scope": [{"by": "SEGMENT", "anyOf": [3]}]}, "INVALID", ["scope", "0", "anyOf", "0"]),
    ({"scope": [{"by": "SEGMENT", "anyOf": ["\0"]}]}, "INVALID", ["scope", "0", "anyOf", "0"]),
    ({"scope": [{"by": "SEGMENT"}]}, "INVALID", ["scope", "0"]),
    ({"scope": [{"by": "CHANNEL", "anyOf": ["nope"]}]}, "NOT_FOUND", ["scope", "0"]),
    ({"baseline": {"value": "x"}}, "INVALID", ["baseline", "value"]),
    ({"baseline": {"period": {"range": {"from": "2026-02-30", "before": "2026-04-01"}}}}, "INVALID", ["baseline", "period", "range", "from"]),
    ({"baseline": {"period": {"range": {"from": "2026-04-30", "before": "2026-04-01"}}}}, "INVALID", ["baseline", "period", "range", "before"]),
    ({"baseline": {"period": {"named": "SOMETIME"}}}, "INVALID", ["baseline", "period", "named"]),
    ({"baseline": {"period": {"last": {"count": "x", "grain": "DAY"}}}}, "INVALID", ["baseline", "period", "last", "count"]),
    ({"baseline": {"period": {"last": {"count": 1, "grain": "ERA"}}}}, "INVALID", ["baseline", "period", "last", "grain"]),
]  # fmt: skip


def test_a_wrong_target_says_what_to_mend_and_stores_nothing(alice, dump):
    before = dump()
    for change, code, path in TARGETS:
        payload = alice.write("targetSet", TARGET | change, "outcome target { id } userErrors { code message path }")
        assert (payload["outcome"], payload["target"]) == ("REJECTED", None), change
        error = payload["userErrors"][0]
        assert (error["code"], error["path"]) == (code, path), change
        assert len(error["message"]) > 10
    for name in (3, "\0"):
        (error,) = alice.write("targetDelete", {"externalId": name}, "userErrors { path }")["userErrors"]
        assert error["path"] == ["externalId"]
    assert dump() == before


def test_a_target_set_before_there_was_a_baseline_cannot_become_a_change_of_it(alice, dump):
    asked = "outcome userErrors { code path }"
    assert alice.write("targetSet", TARGET, asked) == {"outcome": "CREATED", "userErrors": []}
    before = dump()
    payload = alice.write("targetSet", TARGET | {"kind": "DELTA_POINTS", "value": 5}, asked)
    assert payload == {"outcome": "REJECTED", "userErrors": [{"code": "REQUIRED", "path": ["baseline"]}]}
    assert dump() == before


def test_a_batch_has_at_most_500_rows(alice, dump):
    before = dump()
    for field, rows in (
        ("feedbackRecordBatch", [answer(externalId=str(i)) for i in range(501)]),
        ("customerUpsertBatch", [{"externalId": str(i)} for i in range(501)]),
        *(
            (f"{noun}DeleteBatch", [{"externalId": str(i)} for i in range(501)])
            for noun in (
                "feedback",
                "order",
                "refund",
                "cost",
                "touchpoint",
                "lead",
                "exchangeRate",
                "referral",
                "engagement",
            )
        ),
    ):
        payload = alice.write(field, {"rows": rows}, BATCH)
        assert payload["results"] == []
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == ("TOO_MANY", ["rows"])
        assert "at most 500" in error["message"]
        assert "parts" in error["message"]
    assert dump() == before
    assert alice.write("feedbackRecordBatch", {"rows": []}, BATCH)["results"] == []


def test_an_option_that_cannot_be_read_refuses_the_batch(alice, dump):
    before = dump()
    for name, value in (
        ("errorPolicy", "MAYBE"),
        ("createMissing", "yes"),
        ("dryRun", 3),
        ("idempotencyKey", 5),
        ("idempotencyKey", ""),
        ("idempotencyKey", "x" * 201),
    ):
        payload = alice.write("feedbackRecordBatch", {"rows": [answer()], name: value}, BATCH)
        assert payload["results"] == []
        (error,) = payload["userErrors"]
        assert error["path"] == [name]
    assert dump() == before


QUESTIONS = [
    # the field, the code, the path in the input, what the message says
    (f"kpi(key: CSAT, period: {{range: {{from: {f!r}, before: {b!r}}}}}) {{ value }}".replace("'", '"'), code, path, hint)
    for f, b, code, path, hint in [
        ("2026-05-01", "2026-05-01", "BAD_USER_INPUT", ["period", "range", "before"], "empty"),
        ("2026-06-01", "2026-05-01", "BAD_USER_INPUT", ["period", "range", "before"], "reversed"),
        ("0001-01-01", "2738-11-28", "BAD_USER_INPUT", ["period", "range", "from"], "1900"),
        ("2026-01-01", "4763-11-30", "BAD_USER_INPUT", ["period", "range", "before"], "2200"),
    ]
] + [
    ('kpi(key: CSAT, period: {range: {from: "1950-01-01", before: "2150-01-01"}}) { series(grain: DAY) { value } }', "QUERY_TOO_COMPLEX", None, "coarser grain"),
    ("kpi(key: CSAT, period: {last: {count: 0, grain: DAY}}) { value }", "BAD_USER_INPUT", ["period", "last", "count"], "between 1 and"),
    ("kpi(key: CSAT, period: {last: {count: 1000000, grain: DAY}}) { value }", "BAD_USER_INPUT", ["period", "last", "count"], "between 1 and"),
    ('kpi(key: CSAT, period: {named: TODAY}, variant: "nope") { value }', "BAD_USER_INPUT", ["variant"], "it has default"),
    ('kpi(key: CSAT, period: {named: TODAY}, filter: [{by: REASON, anyOf: ["x"]}]) { value }', "BAD_USER_INPUT", ["filter"], "it can by CHANNEL"),
    ('kpi(key: CSAT, period: {named: TODAY}, filter: [{by: CHANNEL, anyOf: ["nope"]}]) { value }', "BAD_USER_INPUT", ["filter", "0"], "There is no CHANNEL 'nope'"),
    ("kpi(key: CSAT, period: {named: TODAY}, filter: [{by: CHANNEL, anyOf: []}]) { value }", "BAD_USER_INPUT", ["filter", "0", "anyOf"], "leave it out"),
    ("kpi(key: CSAT, period: {named: TODAY}, filter: [{by: CHANNEL}]) { value }", "BAD_USER_INPUT", ["filter", "0"], "anyOf or noneOf"),
    ("kpi(key: CSAT, period: {named: TODAY}) { breakdown(by: REASON) { totalCount } }", "BAD_USER_INPUT", ["by"], "it can by CHANNEL"),
    ("kpi(key: CSAT, period: {named: TODAY}) { breakdown(by: CHANNEL, first: 501) { totalCount } }", "BAD_USER_INPUT", ["first"], "between 0 and 500"),
    ("customers(first: 101) { nodes { id } }", "BAD_USER_INPUT", ["first"], "between 0 and 100"),
    ("customers(last: -1) { nodes { id } }", "BAD_USER_INPUT", ["last"], "between 0 and 100"),
    ("customers(first: 1, last: 1) { nodes { id } }", "BAD_USER_INPUT", ["last"], "not both"),
    ('customers(filter: {parentId: {eq: "nope"}}) { nodes { id } }', "BAD_USER_INPUT", ["filter", "parentId"], "not the id of a customer"),
    ("customers(filter: {segment: {eq: null}}) { nodes { id } }", "BAD_USER_INPUT", ["filter", "segment", "eq"], "isNull"),
    ('feedback(filter: {occurredAt: {gte: "0001-01-01T00:00:00+14:00"}}) { nodes { id } }', "BAD_USER_INPUT", ["filter", "occurredAt", "gte"], "1900"),
    (f"nodes(ids: {json.dumps(['x'] * 101)}) {{ id }}", "BAD_USER_INPUT", ["ids"], "at most 100"),
    (f"kpis(ask: [{'{key: CSAT, period: {named: TODAY}} ' * 101}]) {{ value }}", "BAD_USER_INPUT", ["ask"], "at most 100"),
]  # fmt: skip


def test_a_wrong_question_says_what_to_mend(alice):
    for field, code, path, hint in QUESTIONS:
        error = alice.refusal(f"{{ {field} }}")
        assert error["extensions"]["code"] == code, field
        assert hint in error["message"], (field, error["message"])
        if path is not None:
            (problem,) = error["extensions"]["userErrors"]
            assert problem["path"] == path, field
        assert error["path"][0] == field.split("(")[0]


REQUESTS = [
    ("{ kpi(key: NOPE, period: {named: TODAY}) { value } }", "GRAPHQL_VALIDATION_FAILED", "NOPE"),
    ('{ kpi(key: CSAT, period: {range: {from: "2026-02-30", before: "2026-03-01"}}) { value } }', "GRAPHQL_VALIDATION_FAILED", "not a day of the calendar"),
    ('{ customer(by: {externalId: "a\\u0000"}) { id } }', "GRAPHQL_VALIDATION_FAILED", "NUL"),
    ('{ customer(by: {externalId: "\\uD800"}) { id } }', "GRAPHQL_PARSE_FAILED", "nicode"),
    ("{ nope }", "GRAPHQL_VALIDATION_FAILED", "nope"),
    ("{ workspace ", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    ("{" + "a{" * 4_000 + "b" + "}" * 4_001, "GRAPHQL_PARSE_FAILED", "nested too deeply"),
    ("{" + "a " * 10_000 + "}", "QUERY_TOO_COMPLEX", "tokens"),
    ("{" + "workspace{name}" * 500 + "}", "QUERY_TOO_COMPLEX", "twins"),
]  # fmt: skip


def test_a_request_that_cannot_be_run_says_why(alice, dump):
    before = dump()
    for query, code, hint in REQUESTS:
        response = alice.post(query)
        assert response.status_code == 200
        assert "data" not in response.json()
        error = response.json()["errors"][0]
        assert error["extensions"]["code"] == code, query[:100]
        assert hint in error["message"], (query[:100], error["message"])
        # a client of the newer media type sees it in the status
        assert alice.post(query, accept=GRAPHQL).status_code == 400
    assert dump() == before


def test_a_choice_of_one_takes_one(alice):
    for period in ("{named: TODAY, last: {count: 1, grain: DAY}}", "{}", "{named: null}"):
        answer_ = alice.post(f"{{ kpi(key: CSAT, period: {period}) {{ value }} }}").json()
        assert not (answer_.get("data") or {}).get("kpi")
        (error,) = answer_["errors"]
        assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
        assert "PeriodInput" in error["message"] or "must be non-null" in error["message"]


VARIABLES = [
    ('query($v: Date!) { kpi(key: CSAT, period: {range: {from: $v, before: "2027-01-01"}}) { value } }', "2026-02-30", "not a day"),
    ("query($v: KpiKey!) { kpi(key: $v, period: {named: TODAY}) { value } }", "NOPE", "NOPE"),
    ("query($v: String!) { customer(by: {externalId: $v}) { id } }", "\0", "NUL"),
    ("query($v: String!) { customers(filter: {segment: {contains: $v}}) { nodes { id } } }", "\0", "NUL"),
    ("query($v: ID!) { node(id: $v) { id } }", "\0", "NUL"),
    ("query($v: CustomerFilterInput!) { customers(filter: $v) { nodes { id } } }", nested(0), "CustomerFilterInput"),
    ("query($v: Int!) { kpi(key: CSAT, period: {last: {count: $v, grain: DAY}}) { value } }", 2**31, "Int"),
]  # fmt: skip


def test_a_variable_that_does_not_fit_says_why(alice):
    for query, value, hint in VARIABLES:
        response = alice.post(query, {"v": value})
        assert "data" not in response.json()
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert hint in error["message"]
        assert alice.post(query, {"v": value}, accept=GRAPHQL).status_code == 400


def test_a_filter_is_bounded_in_depth_and_breadth(alice):
    query = "query($f: CustomerFilterInput) { customers(filter: $f) { nodes { id } } }"

    def nots(depth):
        value = {"segment": {"eq": "x"}}
        for _ in range(depth):
            value = {"not": value}
        return value

    assert alice.one(query, {"f": nots(20)}) == {"nodes": []}
    for value in (nots(250), nots(900), {"or": [{"segment": {"eq": "x"}}] * 500}, {"segment": {"in": ["x"] * 70_000}}):
        code = alice.refusal(query, {"f": value})["extensions"]["code"]
        assert code in ("BAD_USER_INPUT", "QUERY_TOO_COMPLEX")
    for by in ("CHANNEL", "SEGMENT"):
        kpi = "query($f: [KpiFilterInput!]) { kpi(key: CSAT, period: {named: TODAY}, filter: $f) { value } }"
        both = [{"by": by, "anyOf": [f"{i}" for i in range(70_000)]}, {"by": "REGION", "anyOf": ["x"]}]
        answer_ = alice.answer(kpi, {"f": both})
        assert len(str(answer_)) < 2_000
        assert "INTERNAL" not in str(answer_)
        assert "UNAVAILABLE" not in str(answer_)


def test_a_bare_date_in_a_filter_is_the_start_of_that_day(alice):
    alice.feedback(
        answer(externalId="a", occurredAt="2026-05-01T21:59:59Z"),
        answer(externalId="b", occurredAt="2026-05-01T22:00:00Z"),
    )
    found = alice.one('{ feedback(filter: {occurredAt: {gte: "2026-05-02"}}) { nodes { externalId day } } }')
    assert found["nodes"] == [{"externalId": "b", "day": "2026-05-02"}]
    assert alice.one('{ customers(filter: {createdAt: {gt: "2026-01-01"}}) { totalCount } }') == {"totalCount": 0}


def test_ids_that_nobody_gave_find_nothing(alice):
    from app import ids

    forged = [
        "", "x", "é", "=" * 50, "W10", ids.encode("Nope", "x"), ids.encode("Customer"), ids.encode("Customer", "x"), ids.encode("Query"),
        ids.encode("KpiResult"), ids.encode("KpiDefinition"), ids.encode("KpiDefinition", "x"), "x" * 100_000,
    ]  # fmt: skip
    asked = [
        ("2026-07-01", "2026-06-01", "[]"),
        ("0001-01-01", "9999-12-31", "[]"),
        ("2026-06-01", "2026-07-01", '[["CHANNEL",[1],[]]]'),
        ("2026-06-01", "2026-07-01", '[["SEGMENT",[null],[[1]]]]'),
        ("2026-06-01", "2026-07-01", '[["SEGMENT",[],[]]]'),
        ("2026-06-01", "2026-07-01", "{}x"),
        ("2026-06-01", "2026-07-32", "[]"),
    ]
    forged += [ids.encode("KpiResult", "CSAT", "default", *parts, "") for parts in asked]
    fields = "id ... on KpiResult { value series(grain: DAY) { value } comparison { change } }"
    for id_ in forged:
        assert alice.one(f"query($id: ID!) {{ node(id: $id) {{ {fields} }} }}", {"id": id_}) is None, id_[:80]


@pytest.fixture
def post(api, alice):
    """POSTs any body to the endpoint."""

    def post_(content, **headers):
        named = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return api.request("POST", "/graphql", content=content, headers=alice.headers() | named)

    return post_


BODIES = [
    (b"", 400), (b"nope", 400), (b"5", 400), (b"null", 400), (b'"x"', 400), (b"true", 400), (b"[]", 400), (b"{}", 400), (b'{"query": 5}', 400),
    (b'{"query": ""}', 400), (b'{"query": "{a}", "variables": 5}', 400), (b'{"query": "{a}", "variables": "x"}', 400),
    (b'{"query": "{a}", "operationName": 5}', 400), (b'{"query": "{a}", "extensions": 5}', 400), (b'{"query": "\xff"}', 400),
    (b'{"query": "\\ud800"}', 400), (b"\xef\xbb\xbf{}", 400), (b"[" * 100_000 + b"]" * 100_000, 400),
    (b'{"query": "{a}", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", 400), (b" " * 2_000_001, 413),
]  # fmt: skip


def test_a_body_that_is_no_request_is_refused_with_a_sentence(post):
    for body, status in BODIES:
        response = post(body)
        assert response.status_code == status, body[:60]
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert len(error["message"]) > 10
    assert "2000000 bytes" in post(b" " * 2_000_001).json()["errors"][0]["message"]


def test_a_body_of_another_kind_is_refused(post, api, alice):
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "",
    ):
        assert post(b'{"query": "{ workspace { name } }"}', content_type=kind).status_code == 415
    assert (
        post(b'{"query": "{ workspace { name } }"}', content_type="Application/JSON; charset=utf-8").status_code == 200
    )

    async def chunks():
        for _ in range(30):
            yield b" " * 100_000

    response = api.request(
        "POST", "/graphql", content=chunks(), headers=alice.headers() | {"content-type": "application/json"}
    )
    assert response.status_code == 413


def test_the_method_and_the_operation_must_fit(api, alice, dump):
    before = dump()
    mutation = 'mutation { channelUpsert(input: {externalId: "x", name: "X"}) { outcome } }'
    response = api.request("GET", "/graphql", params={"query": mutation}, headers=alice.headers())
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "POST" in response.json()["errors"][0]["message"]
    both = "query Q { workspace { name } } " + mutation.replace("mutation", "mutation M", 1)
    named = api.request("GET", "/graphql", params={"query": both, "operationName": "M"}, headers=alice.headers())
    assert named.status_code == 405
    assert dump() == before
    read = api.request("GET", "/graphql", params={"query": both, "operationName": "Q"}, headers=alice.headers())
    assert read.json()["data"] == {"workspace": {"name": "Workshop"}}
    for method in ("PUT", "DELETE", "PATCH"):
        response = api.request(method, "/graphql", headers=alice.headers())
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    for operation in ("Nope", None):
        (error,) = alice.post(both, None, operation).json()["errors"]
        assert "operation" in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    variables = api.request(
        "GET", "/graphql", params={"query": "{ workspace { name } }", "variables": "{"}, headers=alice.headers()
    )
    assert variables.status_code == 400


def test_the_answer_comes_in_the_media_type_that_is_wanted(alice, api):
    good, bad = "{ workspace { name } }", "{ nope }"
    for accept, kind in (
        ("application/json", "application/json"), ("*/*", "application/json"), ("application/*", "application/json"), ("", "application/json"),
        (GRAPHQL, GRAPHQL), (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL), (f"{GRAPHQL};q=0.5, application/json", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
    ):  # fmt: skip
        response = alice.post(good, accept=accept)
        assert response.headers["content-type"] == f"{kind}; charset=utf-8", accept
        assert response.status_code == 200
        assert alice.post(bad, accept=accept).status_code == (400 if kind == GRAPHQL else 200)
    assert alice.post(good, accept="text/html").status_code == 406
    assert alice.post(good, accept="application/json;q=0").status_code == 406


TOKENS = ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer nope", "Bearer cgt_x_y", "Token x", "Bearer " + "x" * 50_000]


def test_without_a_good_token_nothing_is_answered(api, alice, workspace, clock, door, dump):
    from datetime import timedelta

    from sqlalchemy import update

    from app.models.token import Token

    query = {"query": "{ workspace { name } }"}
    mistyped = alice.secret[:-1] + ("0" if alice.secret[-1] != "0" else "1")
    expired = api.token(workspace, expires_in=timedelta(days=1))
    revoked = api.token(workspace, name="revoked")
    with door.gate() as session:
        session.execute(update(Token).where(Token.name == "revoked").values(revoked_at=clock.now))
    clock.advance(days=1)
    before = dump()
    for header in (*TOKENS, f"Bearer {mistyped}", f"Bearer {expired}", f"Bearer {revoked}"):
        response = api.request("POST", "/graphql", json=query, headers={"authorization": header})
        assert response.status_code == 401, header[:50]
        assert response.headers["www-authenticate"].startswith("Bearer")
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert alice.secret not in response.text
    response = api.request("POST", "/graphql", json=query)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert "Authorization: Bearer" in response.json()["errors"][0]["message"]
    assert "expired" in Caller(api, expired).post("{ workspace { name } }").text
    assert "revoked" in Caller(api, revoked).post("{ workspace { name } }").text
    assert dump() == before
    assert alice.one("{ workspace { name } }") == {"name": "Workshop"}
    # the schema is no secret
    assert Caller(api, None).one("{ __schema { queryType { name } } }") == {"queryType": {"name": "Query"}}


def test_a_scope_that_is_missing_is_named(api, workspace):
    reader = api.caller(workspace, {Scope.CHANNEL_READ})
    error = reader.refusal("{ customers { nodes { id } } }")
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "customer:read" in error["message"]


def test_our_own_faults_are_masked_and_found_in_the_log(alice, monkeypatch, dump):
    from structlog.testing import capture_logs

    def fails(*_args, **_kwargs):
        msg = "the secret of ann@example.org"
        raise ZeroDivisionError(msg)

    before = dump()
    monkeypatch.setattr(feedbacks.fact, "ingest", fails)
    monkeypatch.setattr(pages, "page", fails)
    for query in (
        "{ feedback { nodes { id } } }",
        'mutation { feedbackRecord(input: {externalId: "f", kind: CSAT, occurredAt: "2026-05-02", comment: "private"}) { outcome } }',
    ):
        with capture_logs() as logs:
            response = alice.post(query, x_request_id="my-request")
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        (entry,) = [log for log in logs if log.get("error_id")]
        assert entry["error_id"] == error["extensions"]["errorId"]
        assert entry["error_id"] in error["message"]
        assert (entry["request_id"], response.headers["x-request-id"]) == ("my-request", "my-request")
        assert entry["error"] == "ZeroDivisionError"
        for text in (response.text, str(logs)):
            for secret in ("ann@example.org", "private", "the secret"):
                assert secret not in text
        assert "ZeroDivision" not in response.text
    assert dump() == before
