"""What is deprecated and still used: found in documents, counted by element and token."""

# ruff: noqa: E501 - a query stands on one line

import re

import pytest
from graphql import build_schema, parse, validate
from uuid_utils.compat import uuid7
from wire import Wire

from app.actor import Actor
from app.edge import documents, usage
from app.metrics import DEPRECATED

ASK = "{ workspace { name } }"


class Old:
    """A schema with something deprecated of each kind, as the code under test takes one."""

    core = build_schema("""
        directive @note(text: String) on FIELD
        type Query {
            old: String @deprecated
            fresh(way: Way, old: Int @deprecated, with: With, all: [With!]): Thing
            same: Thing
        }
        type Thing { name: String old: Int @deprecated(reason: "No more.") inner(old: Way @deprecated): Thing }
        input With { name: String old: Int @deprecated inner: With way: Way ways: [Way!] }
        enum Way { NEW OLD @deprecated }
        type Unused { old: Int @deprecated }
    """)


OLD = Old()
USES = [
    ("{ fresh { name } same { name } }", ()),
    ("{ old }", ("Query.old",)),
    ("{ new: old }", ("Query.old",)),
    ("{ fresh { old name } }", ("Thing.old",)),
    ("{ fresh { ...F } } fragment F on Thing { old }", ("Thing.old",)),
    ("{ fresh { ... on Thing { old } } }", ("Thing.old",)),
    ("{ fresh(old: 1) { name } }", ("Query.fresh(old:)",)),
    ("query($v: Int) { fresh(old: $v) { name } }", ("Query.fresh(old:)",)),
    ("{ fresh { inner(old: NEW) { name } } }", ("Thing.inner(old:)",)),
    ("{ fresh { inner { name } inner2: inner(old: OLD) { old } } }", ("Thing.inner(old:)", "Thing.old", "Way.OLD")),
    ('{ fresh(with: {name: "x", way: NEW}) { name } }', ()),
    ("{ fresh(with: {old: 1}) { name } }", ("With.old",)),
    ("{ fresh(with: {inner: {inner: {old: 1}}}) { name } }", ("With.old",)),
    ("{ fresh(all: [{}, {old: 1}]) { name } }", ("With.old",)),
    ("query($w: With = {old: 1}) { fresh(with: $w) { name } }", ("With.old",)),
    ("{ fresh(way: OLD) { name } }", ("Way.OLD",)),
    ("{ fresh(with: {way: OLD, ways: [NEW]}) { name } }", ("Way.OLD",)),
    ("{ fresh(with: {ways: [NEW, OLD, OLD]}) { name } }", ("Way.OLD",)),
    ("query($w: Way = OLD) { fresh(way: $w) { name } }", ("Way.OLD",)),
    ("{ old again: old fresh(old: 1, way: OLD) { old } }", ("Query.fresh(old:)", "Query.old", "Thing.old", "Way.OLD")),
    ('{ fresh { name @note(text: "old") } }', ()),
    ("{ __schema { types { name } } __typename }", ()),
]  # fmt: skip


@pytest.mark.parametrize(("query", "elements"), USES)
def test_what_a_document_uses_that_is_deprecated_is_found_by_its_coordinates(query, elements):
    document = parse(query)
    assert validate(OLD.core, document) == []
    assert usage.deprecated(OLD, document) == elements


class Fresh:
    core = build_schema("type Query { old: Int }")


def test_where_nothing_is_deprecated_nothing_is_found():
    assert usage.deprecated(Fresh(), parse("{ old }")) == ()


def counted(element, caller):
    return DEPRECATED.labels(element, str(caller))._value.get()


def test_uses_are_counted_by_element_and_token():
    tenant, first, second = uuid7(), uuid7(), uuid7()
    for token_id in (first, first, second):
        usage.count(("Query.old", "Way.OLD"), Actor(tenant, "x", token_id=token_id))
    usage.count(("Way.OLD",), None)
    usage.count((), Actor(tenant, "x", token_id=second))
    assert [counted("Query.old", one) for one in (first, second)] == [2, 1]
    assert [counted("Way.OLD", one) for one in (first, second, "none")] == [2, 1, 1]


def test_a_use_is_counted_whenever_a_document_runs_and_only_then(serve, token, monkeypatch):
    monkeypatch.setattr(documents, "deprecated", lambda _schema, _document: ("Query.aged",))
    alice = Wire(serve(), token)

    def uses():
        return sum(
            sample.value
            for metric in DEPRECATED.collect()
            for sample in metric.samples
            if sample.name.endswith("_total") and sample.labels["element"] == "Query.aged"
        )

    for _ in range(3):
        alice.post({"query": ASK})
    assert uses() == 3
    alice.post({"query": "{ nope }"})
    alice.get({"query": "mutation { __typename }"})
    assert uses() == 3
    (labels,) = {
        sample.labels["token"] for metric in DEPRECATED.collect() for sample in metric.samples if sample.labels["element"] == "Query.aged"
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f-]{36}", labels)
    metrics = alice.send("GET", path="/metrics").body.decode()
    assert f'custograph_graphql_deprecated_total{{element="Query.aged",token="{labels}"}} 3.0' in metrics
