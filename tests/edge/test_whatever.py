"""Whatever is sent, it is answered in JSON, and the fault is never ours."""

# ruff: noqa: E501 - a strategy stands on one line

import gzip
import json
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
KINDS = (JSON, GRAPHQL)


def json_values(**more):
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    return st.recursive(leaves, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3), max_leaves=8, **more)  # fmt: skip


SOURCES = st.sampled_from(
    ["{", "{ nope }", "{ workspace { name } }", "query Q($a: Int!, $b: [PeriodInput]) { nodes(ids: [$a]) { id } }", "mutation { __typename }", "\0", "fragment F on Query { a }", "{ ...F }"]
) | st.text('{}()[]:$@!"#.,& abcq\\\n', max_size=30)  # fmt: skip
ODD = st.sampled_from([0, -1, 2.5, True, "x", "", [], {}, [{}], {"a": None}, None]) | json_values()
MAPS = st.dictionaries(st.text("ab", max_size=2), ODD, max_size=3)
HASHES = st.fixed_dictionaries({"version": st.just(1) | ODD, "sha256Hash": st.text("0aF", max_size=64) | ODD})
MEANT = {
    "variables": MAPS,
    "operationName": st.sampled_from(["", "Q", "\0"]),
    "documentId": st.text(max_size=9),
    "extensions": MAPS,
}
REQUESTS = st.one_of(
    st.fixed_dictionaries({"query": SOURCES}, optional=MEANT),
    st.fixed_dictionaries({"extensions": st.fixed_dictionaries({"persistedQuery": ODD})}, optional={"query": SOURCES}),
    st.fixed_dictionaries(
        {"extensions": st.fixed_dictionaries({"persistedQuery": HASHES})}, optional={"query": SOURCES}
    ),
    st.fixed_dictionaries({}, optional=dict.fromkeys((*MEANT, "query", "a"), ODD)),
)
BODIES = st.binary(max_size=60) | (json_values() | REQUESTS).map(lambda one: json.dumps(one).encode())
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
LISTS = st.lists(st.sampled_from([JSON, GRAPHQL, "*/*", "gzip", "zh", "q=0", ";q=1", ";q=", "*", ";", ",", "=", '"', "-", "é"]), max_size=6).map("".join)  # fmt: skip
NAMES = (
    "accept",
    "accept_encoding",
    "accept_language",
    "if_none_match",
    "traceparent",
    "x_request_id",
    "origin",
    "cookie",
)
HEADERS = st.fixed_dictionaries(
    {"content_type": st.just(JSON) | LISTS | LINES},
    optional=dict.fromkeys(NAMES, LISTS | LINES) | {"authorization": LINES},
)  # fmt: skip


def is_told(answer):
    """Whether the answer is one of GraphQL, and whatever is wrong is told with a code, as the caller's fault."""
    assert answer.status < 500, answer.body
    assert answer.kind in KINDS
    assert answer.headers["x-request-id"]
    is_packed = "content-encoding" in answer.headers
    found = json.loads(gzip.decompress(answer.body) if is_packed else answer.body)
    assert found.get("errors") or "data" in found
    for error in found.get("errors", ()):
        assert error["message"]
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
    return True


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["POST", "POST", "GET", "HEAD", "DELETE"]), HEADERS, BODIES)
def test_whatever_a_caller_sends_the_fault_is_never_ours(alice, method, headers, body):
    query = urlencode({"query": body.decode("latin-1")}).encode() if body[:1] == b"{" else body
    assert is_told(alice.send(method, headers, body, query=query))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REQUESTS)
def test_whatever_a_request_asks_the_fault_is_never_ours(alice, nobody, ask):
    for wire in (alice, nobody):
        assert is_told(wire.post(ask))
        assert is_told(wire.get(ask))
