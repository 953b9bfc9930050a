"""Each limit from both sides: what reaches it is answered, what is one beyond is told how far and what to do."""

# ruff: noqa: E501 - a document stands on one line

import asyncio
import json
import re
from types import SimpleNamespace

import pytest
from asking import Caller
from graphql import parse

from app.edge import runner
from app.edge.limits import TooComplex, check_document
from app.services import token as tokens
from app.settings import Settings

IDS = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
KPI = 'kpi(key: CSAT, period: {named: LAST_MONTH}, filter: [{by: CHANNEL, anyOf: ["a", "b", "c", "d"]}]) { value }'


def nested(levels):
    """Objects in one another, `levels` deep."""
    return {} if levels == 1 else {"a": nested(levels - 1)}


REACHED = [
    # the setting, what it must be for the document to pass, the document, its variables
    ("max_definitions", 3, "{ ...A ...B } fragment A on Query { workspace { name } } fragment B on Query { workspace { id } }", None),
    ("max_definitions", 2, "query A { workspace { id } } query B { workspace { name } }", None),
    ("max_fields", 7, "{ customers { nodes { id name } pageInfo { hasNextPage } totalCount } }", None),
    ("max_fields", 10, "{ customers { nodes { ...F } edges { node { ...F } } } } fragment F on Customer { id parent { name } }", None),
    ("max_fields", 3, "{ workspace { id ... on Workspace { id name } } }", None),
    ("max_fields", 4, "{ workspace { id } ...R } fragment R on Query { workspace { id name } }", None),  # and a pair of twins
    ("max_fields", 2, "{ __typename __typename __typename __typename __typename }", None),  # ten pairs, of leaves
    ("max_depth", 5, "{ customers { nodes { parent { parent { id } } } } }", None),
    ("max_depth", 3, "{ customers { ...C } } fragment C on CustomerConnection { nodes { ...D } } fragment D on Customer { ... on Node { id } }", None),
    ("max_root_fields", 3, "{ a: __typename workspace { id } ...R } fragment R on Query { workspace { name } rateLimit { cost } }", None),
    ("max_mutations", 2, 'mutation { a: customerUpsert(input: {externalId: "a"}) { outcome } b: customerUpsert(input: {externalId: "b"}) { outcome } }', None),
    ("max_aliases", 3, "{ a: workspace { b: id c: name } }", None),
    ("max_aliases", 2, "{ customers { nodes { ...F } edges { node { ...F } } } } fragment F on Customer { x: id }", None),
    ("max_directives", 5, "{ workspace @include(if: true) @skip(if: false) { id @include(if: true) ...F @include(if: true) } } fragment F on Workspace { name @skip(if: false) }", None),
    ("max_fields", 4, "query A { workspace { id } } query B { workspace { id } }", None),  # of all operations together
    ("max_aliases", 3, "query A { a: __typename } query B { a: __typename b: __typename }", None),
    ("max_directives", 3, "query A { __typename @skip(if: false) } query B { __typename @skip(if: false) @include(if: true) }", None),
    ("max_introspection_depth", 2, '{ __type(name: "Query") { fields { type { fields { name } } } } }', None),
    ("max_introspection_depth", 2, '{ __type(name: "Node") { possibleTypes { interfaces { name } } } }', None),
    ("max_introspection_depth", 2, '{ __type(name: "PeriodInput") { inputFields { type { inputFields { name } } } } }', None),
    ("max_list_length", 3, '{ nodes(ids: ["a", "b", "c"]) { id } }', None),
    ("max_list_length", 4, f"{{ {KPI} }}", None),
    ("max_list_length", 3, 'query($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { id } }', None),
    ("max_list_length", 3, IDS, {"ids": ["a", "b", "c"]}),
    ("max_list_length", 3, IDS, {"ids": ["a"], "unused": {"deep": [{"in": [1, 2, 3]}]}}),
    ("max_cost", 4, "{ customers(first: 3) { nodes { id } } }", None),
    ("max_cost", 6, "query($n: Int) { customers(first: $n) { edges { cursor } } }", {"n": 5}),
]  # fmt: skip


DEFAULTS = Settings()
VALIDATE, EXECUTE = "app.edge.documents.validate", "app.edge.runner.execute"


@pytest.mark.parametrize(("setting", "number", "document", "variables"), REACHED)
def test_what_reaches_a_limit_passes_and_what_is_beyond_is_told_how_far(
    served, stored, unreached, setting, number, document, variables
):
    operation = "A" if "query A" in document else None
    answer = served(**{setting: number}).post(document, variables, operation).json()
    assert "errors" not in answer or answer["data"], answer
    assert not any(e["extensions"]["code"] == "QUERY_TOO_COMPLEX" for e in answer.get("errors", ())), answer
    before = stored()
    stricter = served(**{setting: number - 1})
    unreached(EXECUTE)
    answer = stricter.post(document, variables, operation).json()
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert re.findall(r"\d+", error["message"])[:2] == [str(number), str(number - 1)], error["message"]
    assert re.search("Ask for less, or in several requests|ask for smaller pages", error["message"])
    answer = stricter.post(document, variables, operation, accept_language="zh-CN").json()
    (error,) = answer["errors"]
    assert re.findall(r"\d+", error["message"])[:2] == [str(number), str(number - 1)], error["message"]
    assert "请减" in error["message"]
    assert stored() == before


def test_a_large_number_is_written_so_that_it_can_be_read(served):
    error = served().refusal(IDS, {"ids": ["a"] * 1_001})
    assert error["message"].startswith("The request has 1,001 entries in one list, at most 1,000 are taken.")


def test_a_limit_is_that_of_one_operation_however_often_it_is_asked(served):
    alice = served(max_aliases=2)
    for _ in range(3):
        assert alice.ask("{ a: __typename b: __typename }") == {"a": "Query", "b": "Query"}


def test_a_document_may_have_so_many_tokens_and_twenty_characters_for_each(served, unreached):
    alice = served(max_query_tokens=100)
    exactly = "{" + " __typename" * 98 + " }"
    assert alice.ask(exactly) == {"__typename": "Query"}
    assert alice.ask(exactly.ljust(2_000)) == {"__typename": "Query"}
    unreached(VALIDATE)
    for longer in ("{" + " __typename" * 99 + " }", exactly + "# a comment is one", exactly.ljust(2_001)):
        error = alice.refusal(longer)
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert error["message"].startswith("The document is longer than 100 tokens of 20 characters; send values as")
        error = alice.refusal(longer, accept_language="zh")
        assert error["message"].startswith("文档超过 100 个词法单元（每个 20 个字符）；请")


def test_the_lists_and_objects_in_variables_are_counted_together(served, unreached):
    alice = served(max_list_length=1)
    for variables in (nested(20), {f"v{i}": {} for i in range(19)}, {f"v{i}": [] for i in range(19)}):
        assert alice.ask("{ __typename }", variables) == {"__typename": "Query"}
    unreached(EXECUTE)
    for variables in (nested(21), {f"v{i}": {} for i in range(20)}, {f"v{i}": [] for i in range(20)}):
        error = alice.refusal("{ __typename }", variables)
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert re.findall(r"\d+", error["message"]) == ["21", "20"]


def test_one_place_carries_five_directives_at_most(served, unreached):
    places = (
        "query {} {{ __typename }}",
        "{{ workspace {} {{ id }} }}",
        "{{ ... {} {{ __typename }} }}",
        "{{ ...F {} }} fragment F on Query {{ __typename }}",
    )
    alice = served(max_directives=10)
    for place in places:
        errors = alice.answer(place.format("@nope " * 5))["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_VALIDATION_FAILED"}
    unreached(VALIDATE)
    for place in places:
        error = alice.refusal(place.format("@nope " * 6))
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert error["message"].startswith("The request has 6 directives in one place, at most 5")


UNSPREAD = [
    ("max_fields", 4, "{ __typename } fragment F on Query { workspace { id name } }"),
    (
        "max_fields",
        5,
        "{ ...F } fragment F on Query { __typename } fragment G on Query { workspace { id } ...H } fragment H on Query { workspace { id name } }",
    ),
    ("max_aliases", 2, "{ a: __typename } fragment F on Query { a: __typename }"),
    ("max_directives", 3, "{ __typename @skip(if: false) } fragment F on Query @x { __typename @skip(if: false) }"),
    ("max_depth", 3, "{ __typename } fragment F on Customer { parent { parent { id } } }"),
    ("max_introspection_depth", 1, "{ __typename } fragment F on __Type { fields { name } }"),
]


@pytest.mark.parametrize(("setting", "number", "document"), UNSPREAD)
def test_what_nobody_spreads_counts_like_the_rest(setting, number, document):
    parsed = parse(document)
    check_document(parsed, DEFAULTS.model_copy(update={setting: number}))
    with pytest.raises(TooComplex) as beyond:
        check_document(parsed, DEFAULTS.model_copy(update={setting: number - 1}))
    assert re.findall(r"\d+", str(beyond.value.text.en))[:2] == [str(number), str(number - 1)]


def test_a_page_holds_a_hundred_rows_at_most(served):
    alice = served()
    for argument in ("first", "last"):
        assert alice.ask(f"{{ customers({argument}: 100) {{ nodes {{ id }} }} }}")["customers"] is not None
        for size in (101, -1):
            answer = alice.answer(f"{{ customers({argument}: {size}) {{ nodes {{ id }} }} }}")
            assert answer["data"] == {"customers": None}
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
            assert answer["errors"][0]["message"].startswith(f"{argument} must be between 0 and 100")


def body(size):
    """A request of exactly so many bytes."""
    sent = json.dumps({"query": "{ __typename }", "variables": {"x": ""}}).encode()
    return sent[:-3] + b"x" * (size - len(sent)) + sent[-3:]


def test_a_body_may_be_so_large_whether_or_not_it_says_its_length(served):
    alice = served(max_body_bytes=1_000)

    async def parts(whole):
        for place in range(0, len(whole), 300):
            yield whole[place : place + 300]

    for content in (body, lambda size: parts(body(size))):
        for size, status in ((1_000, 200), (1_001, 413)):
            headers = alice.headers() | {"content-type": "application/json"}
            response = alice.api.request("POST", "/graphql", content=content(size), headers=headers)
            assert response.status_code == status
    assert "larger than 1000 bytes; send it in parts" in response.json()["errors"][0]["message"]


def test_a_batch_of_500_rows_of_realistic_size_is_taken(served):
    rows = [
        {
            "externalId": f"ticket-2026-05-{number:06}", "kind": "CSAT", "score": 4, "occurredAt": "2026-05-02T10:00:00+02:00",
            "comment": "The delivery came a day late, but the driver called ahead. 送货晚了一天。 " * 5,
            "customer": {"externalId": f"customer-{number % 50:06}"}, "channel": {"externalId": "web-shop"},
            "tags": ["delivery", "delay", "driver"], "product": "Espresso machine",
        }
        for number in range(500)
    ]  # fmt: skip
    payload = served().write(
        "feedbackRecordBatch", {"rows": rows, "createMissing": True}, "counts { created rejected }"
    )
    assert payload["counts"] == {"created": 500, "rejected": 0}


def test_500_orders_of_five_lines_are_below_every_limit_of_a_body(served):
    line = {
        "externalId": "line-0000001",
        "product": {"externalId": "product-000001"},
        "name": "Espresso machine",
        "quantity": 2,
        "unitPrice": "249.90",
        "discount": "0.00",
        "tax": "39.90",
        "categories": ["kitchen", "coffee"],
    }
    order = {
        "externalId": "order-2026-000001", "customer": {"externalId": "customer-000001"}, "channel": {"externalId": "web"},
        "orderedAt": "2026-05-02T10:00:00+02:00", "paidAt": "2026-05-02T10:01:00+02:00", "currency": "EUR", "lines": [line] * 5,
    }  # fmt: skip
    variables = {"input": {"rows": [order] * 500}}
    assert 500_000 < len(json.dumps({"query": IDS, "variables": variables})) < DEFAULTS.max_body_bytes
    assert served().ask("{ __typename }", variables) == {"__typename": "Query"}


def test_too_many_operations_of_one_caller_at_once_are_sent_away_and_the_places_come_back(served, monkeypatch):
    alice = served(max_concurrency=2)
    answers = at_once(alice, 3, monkeypatch)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[2]
    assert refused.headers["retry-after"] == "1"
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["message"] == "2 operations of this token are under way already; send fewer at once."
    assert [answer.status_code for answer in at_once(alice, 2, monkeypatch)] == [200, 200]


def test_one_callers_places_are_not_anothers(served, api, token, monkeypatch):
    alice = served(max_concurrency=1)
    bob = Caller(
        alice.api, api.token(SimpleNamespace(id=tokens.authenticate(api.door, token, "x").tenant_id), name="bob")
    )
    answers = at_once(alice, 2, monkeypatch, bob)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]


def at_once(caller, times, monkeypatch, *others):
    """The answers to requests none of which is executed before all have come or been sent away, in that order."""
    execute, count, all_here = runner.execute, 0, asyncio.Event()
    wanted = min(times, caller.api.door.settings.max_concurrency) + len(others)

    async def later(args, options):
        nonlocal count
        count += 1
        if count == wanted:
            await asyncio.sleep(0.05)
            all_here.set()
        await all_here.wait()
        return await execute(*args, **options)

    monkeypatch.setattr(runner, "execute", lambda *args, **options: later(args, options))
    try:
        asked = {"json": {"query": "{ workspace { id } }"}}
        callers = [caller] * times + list(others)
        answers = caller.api.at_once(*(asked | {"headers": one.headers()} for one in callers))
    finally:
        monkeypatch.setattr(runner, "execute", execute)
    return sorted(answers, key=lambda answer: answer.status_code)
