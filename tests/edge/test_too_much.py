"""Answers that are too much: how many errors are told, how many bytes are sent."""

# ruff: noqa: E501 - a document stands on one line

import json

import pytest
from graphql import get_introspection_query
from wire import Wire

from app.edge.operations import MOST_ERRORS

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
KPIS = "query($ask: [KpiInput!]!) { kpis(ask: $ask) { value } }"
DEFINITIONS = "{ kpiDefinitions { key name formula } }"
UPSERT = "mutation($input: CustomerUpsertBatchInput!) { customerUpsertBatch(input: $input) { results { outcome customer { name } } } }"


def backwards(times):
    """So many questions, none of which can be answered."""
    period = {"range": {"from": "2026-02-01", "before": "2026-01-01"}}
    return {"ask": [{"key": "CSAT", "period": period}] * times}


@pytest.mark.parametrize(
    ("times", "told"), [(1, 1), (MOST_ERRORS, MOST_ERRORS), (MOST_ERRORS + 1, MOST_ERRORS), (100, MOST_ERRORS)]
)
def test_fifty_errors_are_told_at_most(alice, times, told):
    answer = alice.post({"query": KPIS, "variables": backwards(times)}).json()
    assert answer["data"] == {"kpis": [None] * times}
    assert [error["path"] for error in answer["errors"]] == [["kpis", place] for place in range(told)]


def test_fifty_is_what_is_written():
    assert MOST_ERRORS == 50


ONE_OF = "{ __type(name: %s) { kind isOneOf fields { type { kind isOneOf ofType { kind isOneOf ofType { kind isOneOf } } } } inputFields { type { kind isOneOf } } } }"


def kinds(found):
    """Each type of an answer of introspection, with whatever it is made of."""
    if isinstance(found, list):
        for one in found:
            yield from kinds(one)
    elif isinstance(found, dict):
        if "isOneOf" in found:
            yield found["kind"], found["isOneOf"]
        for one in found.values():
            yield from kinds(one)


@pytest.mark.parametrize(
    ("name", "is_one_of"),
    [
        ("PeriodInput", True),
        ("CustomerUpsertInput", False),
        ("Query", None),
        ("Node", None),
        ("KpiKey", None),
        ("Int", None),
    ],
)
def test_introspection_tells_of_which_input_one_field_is_taken(alice, name, is_one_of):
    found = alice.post({"query": ONE_OF % json.dumps(name)}).data["__type"]
    assert found["isOneOf"] is is_one_of
    assert all((value is None) == (kind != "INPUT_OBJECT") for kind, value in kinds(found))


def test_lists_and_non_nulls_are_no_choice(alice):
    found = list(kinds(alice.post({"query": ONE_OF % '"CustomerConnection"'}).data))
    assert {"LIST", "NON_NULL"} <= {kind for kind, _ in found}
    assert all(value is None for kind, value in found if kind in ("LIST", "NON_NULL"))


# -- Bytes


def test_an_answer_may_be_so_large_and_no_larger(serve, token):
    size = len(Wire(serve(rate_limit_points=0), token).post({"query": DEFINITIONS}).body)
    fits = Wire(serve(rate_limit_points=0, max_answer_bytes=size), token)
    for ask in (fits.post, fits.get):
        assert len(ask({"query": DEFINITIONS}).data["kpiDefinitions"]) == 44
    beyond = Wire(serve(rate_limit_points=0, max_answer_bytes=size - 1), token)
    for ask in (beyond.post, beyond.get):
        for kind, status in ((JSON, 200), (GRAPHQL, 400)):
            answer = ask({"query": DEFINITIONS}, accept=kind)
            assert (answer.status, answer.kind, answer.code) == (status, kind, "QUERY_TOO_COMPLEX")
            assert (
                answer.error["message"]
                == f"The answer has {size:,} bytes, at most {size - 1:,} are sent; ask for fewer rows or fields."
            )
            assert "data" not in answer.json()
            assert "etag" not in answer.headers
            # it was executed
            assert answer.json()["extensions"]["cost"] == {"requestedQueryCost": 44, "actualQueryCost": 44}
    assert beyond.get({"query": DEFINITIONS}).headers["cache-control"] == "no-store"
    assert beyond.post({"query": "{ kpiDefinitions { key } }"}).data["kpiDefinitions"]


def test_what_a_mutation_did_is_told_however_long_that_is(serve, token):
    alice = Wire(serve(max_answer_bytes=1_000), token)
    rows = [{"externalId": f"c{n}", "name": "x" * 100} for n in range(20)]
    answer = alice.post({"query": UPSERT, "variables": {"input": {"rows": rows}}})
    assert len(answer.body) > 2_000
    assert [one["outcome"] for one in answer.data["customerUpsertBatch"]["results"]] == ["CREATED"] * 20
    assert alice.post({"query": "{ customers { nodes { name } } }"}).code == "QUERY_TOO_COMPLEX"


def test_a_refused_answer_says_why_and_how_many_points_are_left(serve, token):
    alice = Wire(serve(max_answer_bytes=1_000), token)
    answer = alice.post({"query": DEFINITIONS})
    assert answer.code == "QUERY_TOO_COMPLEX"
    chinese = alice.post({"query": DEFINITIONS}, accept_language="zh").error["message"]
    assert "最多发送 1,000 字节；请减少行数或字段" in chinese
    assert answer.json()["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 1_000_000


def test_strangers_get_no_larger_answers(serve):
    nobody = Wire(serve(max_answer_bytes=1_000), None)
    assert nobody.post({"query": get_introspection_query()}).code == "QUERY_TOO_COMPLEX"
    assert nobody.post({"query": "{ __schema { queryType { name } } }"}).status == 200
