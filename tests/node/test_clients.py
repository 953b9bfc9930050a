"""Clients as they are used: one that only asks, and two that send a hash in place of a query that is known."""

import hashlib

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.node]

QUERY = """
query Satisfaction($key: KpiKey!) {
  kpi(key: $key, period: {last: {count: 24, grain: MONTH}}) {
    display
  }
}
"""
CSAT = {"query": QUERY, "variables": {"key": "CSAT"}}
REVERSED = {"query": '{ kpi(key: CSAT, period: {range: {from: "2026-02-01", before: "2026-01-01"}}) { id } }'}


def hashed(request):
    """How the request names its query."""
    persisted = request["extensions"]["persistedQuery"]
    assert persisted["version"] == 1
    if request.get("query"):
        assert persisted["sha256Hash"] == hashlib.sha256(request["query"].encode()).hexdigest()
    return persisted["sha256Hash"]


@pytest.mark.parametrize("get", [False, True], ids=["by POST", "by GET"])
@pytest.mark.parametrize("client", ["apollo", "urql"])
def test_a_query_is_sent_once_and_then_named_by_its_hash(run, server, answers, client, get):
    first, another = run("persisted.mjs", **server, client=client, get=get, **CSAT)
    assert (first["error"], another["error"]) == (None, None)
    assert first["data"]["kpi"]["display"] == another["data"]["kpi"]["display"] == "75.0%"

    unknown, told = first["requests"]
    (known,) = another["requests"]
    assert hashed(unknown) == hashed(told) == hashed(known)
    assert [bool(one.get("query")) for one in (unknown, told, known)] == [False, True, False]
    assert {one["variables"]["key"] for one in (unknown, told, known)} == {"CSAT"}
    assert [one["method"] for one in (unknown, known)] == ["GET" if get else "POST"] * 2

    (error,) = unknown["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    assert [(one["status"], one["errors"]) for one in (told, known)] == [(200, [])] * 2


def test_a_plain_client_gets_answers_and_errors(run, server, answers):
    questions = [CSAT, {"query": "{ workspace { nam } }"}, REVERSED, {"query": QUERY, "variables": {"key": "NONE"}}]
    assert run("plain.mjs", **server, asked=questions) == [
        {"data": {"kpi": {"display": "75.0%"}}},
        {"status": 400, "codes": ["GRAPHQL_VALIDATION_FAILED"]},
        {"status": 200, "codes": ["BAD_USER_INPUT"]},
        {"status": 400, "codes": ["BAD_USER_INPUT"]},
    ]
