"""What the GraphQL library says of a bad document is said in Chinese to who reads it: it says so itself, here and now."""

# ruff: noqa: E501 - a document stands on one line

import re
from functools import cache

import pytest
from graphql import GraphQLError, execute_sync, parse, validate

from app.edge.rows import RULES
from app.schema import messages
from app.schema.build import build
from app.schema.errors import presented

CHINESE = re.compile("[\u4e00-\u9fff]")
KPI = "query($p: PeriodInput!) { kpi(key: CSAT, period: $p) { value } }"

# Documents of which the library says something, by what is wrong with them, and the variables of those that are valid.

DEEP = "{a" * 3_000
ONE_OPERATION = "query A { workspace { name } }"
SAID = {
    "no document": [("",), ("{",), ("}",), ("{ a(: 1) }",), ("{ workspace",), ("query ($a: Int = $b) { a }",), ("foo { a }",), ("enum A { true }",), ("fragment on on A { a }",)],
    "an odd character": [("{ é }",), ("{ a ? }",), ("{ a & }",), ("{ a\0 }",), ("{ .. }",)],
    "a bad number": [("{ a(b: 01) }",), ("{ a(b: 1.) }",), ("{ a(b: .5) }",), ("{ a(b: 1a) }",)],
    "a bad string": [('{ a(b: "x) }',), ('{ a(b: "\\q") }',), ('{ a(b: "\\uD800") }',), ('{ a(b: """x) }',)],
    "a description": [('"x" { a }',), ('"x" extend type A { a: Int }',)],
    "nested without end": [(DEEP,)],
    "an unknown field": [("{ nope }",), ("{ workspace { nam } }",), ('{ node(id: "x") { name } }',), ("mutation { nope }",)],
    "an unknown argument": [("{ kpi(keyy: CSAT, key: CSAT, period: {named: TODAY}) { value } }",), ("{ workspace { name @skip(iff: true, if: true) } }",)],
    "an unknown directive": [("{ workspace @nope { name } }",), ("{ ... @defer { workspace { name } } }",)],
    "an unknown fragment": [("{ ...F }",)],
    "an unknown type": [("{ workspace { ... on Workspac { name } } }",), ("query($a: Nope) { workspace { name } }",)],
    "an operation that is not there": [(ONE_OPERATION, {}, "B")],
    "a fragment that nothing spreads": [("fragment F on Workspace { name } { workspace { name } }",)],
    "a circle of fragments": [("{ workspace { ...F } } fragment F on Workspace { ...F }",), ("{ workspace { ...F } } fragment F on Workspace { ...G } fragment G on Workspace { ...F }",)],
    "a variable that nothing uses": [("query($a: Int) { workspace { name } }",), ("query Q($a: Int) { workspace { name } }",)],
    "a variable that is not defined": [("{ kpiDefinition(key: $a) { key } }",), ("query Q { kpiDefinition(key: $a) { key } }",)],
    "a variable in a place of another type": [("query($a: Int!) { kpiDefinition(key: $a) { key } }",), ("query($a: [String]) { kpiDefinition(key: $a) { key } }",)],
    "a variable of no input type": [("query($a: Workspace) { kpiDefinition(key: $a) { key } }",)],
    "a variable that is missing": [("query($a: String!) { kpiDefinition(key: $a) { key } }", {}), ("query($a: String!) { kpiDefinition(key: $a) { key } }", {"a": None})],
    "a variable that does not fit": [
        ("query($a: String!) { kpiDefinition(key: $a) { key } }", {"a": 5}), ("query($a: KpiKey!) { kpi(key: $a, period: {named: TODAY}) { value } }", {"a": "NOPE"}),
        ("query($a: Int) { customers(first: $a) { nodes { id } } }", {"a": 2**40}), ("query($a: ID!) { node(id: $a) { id } }", {"a": True}),
        (KPI, {"p": 5}), (KPI, {"p": {"name": "TODAY"}}),
    ],
    "subfields of a scalar, or none": [("{ workspace { name { x } } }",), ("{ workspace }",)],
    "fields that conflict": [("{ workspace { name: id name } }",), ('{ channel(by: {id: "a"}) { name } channel(by: {id: "b"}) { name } }',), ("{ a: workspace { x: name } a: workspace { x: id } }",), ('{ node(id: "x") { ... on Channel { a: name } ... on Survey { a: id } } }',)],
    "no value of an enum": [("{ kpi(key: CSATT, period: {named: TODAY}) { value } }",), ('{ kpi(key: "CSAT", period: {named: TODAY}) { value } }',)],
    "a literal of another type": [
        ('{ customers(first: "x") { nodes { id } } }',), ("{ customers(first: 99999999999) { nodes { id } } }",), ("{ kpiDefinition(key: 5) { key } }",),
        ("{ node(id: true) { id } }",), ("{ rateLimit(dryRun: 5) { cost } }",),
    ],
    "a name that comes twice": [
        ("query A { workspace { name } } query A { workspace { name } }",), ("query($a: String!, $a: String!) { kpiDefinition(key: $a) { key } }",),
        ("fragment F on Workspace { name } fragment F on Workspace { id } { workspace { ...F } }",), ('{ kpiDefinition(key: "a", key: "b") { key } }',),
        ("{ kpi(key: CSAT, period: {named: TODAY, named: TODAY}) { value } }",),
    ],
    "a second operation beside an anonymous one": [("{ workspace { name } } query A { workspace { name } }",)],
    "a definition that is not executable": [("type A { a: Int } { workspace { name } }",), ("schema { query: Query } { workspace { name } }",)],
    "a directive that comes twice": [("{ workspace { name @skip(if: true) @skip(if: true) } }",)],
    "a directive in the wrong place": [("query @skip(if: true) { workspace { name } }",), ("{ workspace @deprecated { name } }",)],
    "more errors than are told": [("{ " + " ".join(f"nope{i}" for i in range(10)) + " }",)],
    "a subscription with several fields": [(f"subscription {name} {{ a: changes {{ type }} b: changes {{ type }} }}",) for name in ("", "A")],
    "a subscription with a field that may be left out": [(f"subscription {name} {{ changes @skip(if: false) {{ type }} }}",) for name in ("", "A")],
    "a subscription to the schema": [(f"subscription {name} {{ __typename }}",) for name in ("", "A")],
    "introspection without end": [("{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + " } } }",)],
    "a value that only we can read": [(KPI, {"p": {"range": {"from": "2026-02-30", "before": "2026-03-01"}}}), ('{ feedback(filter: {occurredAt: {gte: "x"}}) { nodes { id } } }',)],
    "a required argument": [("{ kpiDefinition { key } }",), ("{ workspace { name @skip } }",), ("mutation { channelUpsert { outcome } }",)],
    "an input object that is none": [("{ kpi(key: CSAT, period: 5) { value } }",)],
    "a field that an input has not": [("{ customers(filter: {nope: 1}) { nodes { id } } }",)],
    "a field that an input needs": [("{ kpi(key: CSAT, period: {last: {count: 1}}) { value } }",), ('mutation { channelUpsert(input: {name: "X"}) { outcome } }',)],
    "null where it cannot be": [("{ rateLimit(dryRun: null) { cost } }",)],
    "a fragment that can never be": [("{ workspace { ... on Channel { name } } }",), ("{ workspace { ...F } } fragment F on Channel { name }",)],
    "a fragment on a scalar or enum": [("{ workspace { ... on KpiUnit { name } } }",), ("{ workspace { ...F } } fragment F on KpiUnit { name }",)],
    "something inside a variable": [(KPI, {"p": {"named": "NOPE"}}), (KPI, {"p": {"last": {"count": "x", "grain": "DAY"}}}), ("query($a: [ID!]!) { nodes(ids: $a) { id } }", {"a": [None]})],
    "a variable that is null in a place that cannot be": [("query($a: Boolean) { rateLimit(dryRun: $a) { cost } }", {"a": None})],
    "a choice of one of which none or two are taken": [(KPI, {"p": {}}), (KPI, {"p": {"named": "TODAY", "last": None}}), (KPI, {"p": {"named": None}}), ("{ kpi(key: CSAT, period: {}) { value } }",), ("{ kpi(key: CSAT, period: {named: TODAY, last: null}) { value } }",), ("query($n: NamedPeriod) { kpi(key: CSAT, period: {named: $n}) { value } }", {}), ('mutation($v: Float) { targetSet(input: {externalId: "t", kpi: CSAT, kind: ABSOLUTE, value: 1, from: "2026-01-01", before: "2026-02-01", baseline: {value: $v}}) { outcome } }',)],
}  # fmt: skip


@cache
def told(what):
    """What the library says of the documents, as errors."""
    found = []
    for source, *more in SAID[what]:
        variables, operation = (*more, None, None)[:2]
        found += said_of(source, variables, operation)
    return found


def said_of(source, variables, operation):
    schema, found = build().core, []
    try:
        document = parse(source)
    except GraphQLError as error:
        return [error]
    for hide in (True, False):
        errors = validate(schema, document, RULES, max_errors=5, hide_suggestions=hide)
        if not errors and variables is not None:
            errors = execute_sync(schema, document, variable_values=variables, operation_name=operation).errors
        assert errors, source
        found += errors
    return found


@pytest.mark.parametrize("what", SAID)
def test_what_the_library_says_is_said_in_chinese(what):
    for error in told(what):
        shown = presented(error, "zh-CN").message
        assert CHINESE.search(shown), shown
        assert not CHINESE.search(presented(error, "en").message)


def names_in(message):
    """The names that a message quotes."""
    return set(re.findall(r"['\"]@?([^'\" ]+)['\"]", re.sub(r"Did you mean.*|, found: .*", "", message)))


@pytest.mark.parametrize("what", SAID)
def test_the_names_that_are_quoted_are_kept(what):
    for error in told(what):
        english, chinese = (presented(error, locale).message for locale in ("en", "zh"))
        if "in operation" in english or "by operation" in english:  # which is told by its place
            continue
        for name in names_in(english):
            assert name in chinese, (english, chinese)


def test_no_english_sentence_is_left_in_it():
    left = set()
    for what in SAID:
        for error in told(what):
            shown = re.sub(r"'[^']*'|\"[^\"]*\"", "", presented(error, "zh").message)
            left |= set(re.findall(r"[A-Za-z]+ [a-z]+ [a-z]+", shown))
    assert left == set()


def test_every_pattern_is_of_something_that_the_library_says(monkeypatch):
    used = set()

    class Noted:
        """A pattern that notes what it matched."""

        def __init__(self, pattern):
            self.pattern = pattern

        def fullmatch(self, message):
            found = self.pattern.fullmatch(message)
            if found:
                used.add(self.pattern.pattern)
            return found

    monkeypatch.setattr(messages, "_COMPILED", [(Noted(one), chinese) for one, chinese in messages._COMPILED])
    for what in SAID:
        for error in told(what):
            messages.said(error.message)
    for error in execute_sync(
        build().core, parse("{ kpiDefinition { key } }")
    ).errors:  # said of what was not validated
        messages.said(error.message)
    assert [one.pattern.pattern for one, _ in messages._COMPILED if one.pattern.pattern not in used] == []


def test_patterns_keep_what_they_find():
    for pattern, chinese in messages._COMPILED:
        places = [int(one) for one in re.findall(r"\{(\d)\}", chinese)]
        assert len(set(places)) == len(places)
        assert all(place < pattern.groups for place in places), chinese
        assert CHINESE.search(chinese)


@pytest.mark.parametrize("message", ["", "Nobody has said this before.", "Unexpected.", "类型"])
def test_what_has_no_translation_is_told_as_it_is(message):
    assert messages.said(message) == (message, message)


# -- Over HTTP


OVER_HTTP = [
    {"query": "{"},
    {"query": "{ nope }"},
    {"query": "{ workspace { name { x } } }"},
    {"query": "query($a: Int) { workspace { name } }"},
    {"query": "{ kpi(key: CSATT, period: {named: TODAY}) { value } }"},
    {"query": "query($a: String!) { kpiDefinition(key: $a) { key } }"},
    {"query": "query($a: String!) { kpiDefinition(key: $a) { key } }", "variables": {"a": 5}},
    {"query": "{ " + " ".join(f"nope{i}" for i in range(10)) + " }"},
    {"query": "query A { workspace { name } }", "operationName": "B"},
    {"query": "query A { workspace { name } } query B { workspace { name } }"},
    {"query": "{" + "a" * 100_000 + "}"},
    {"query": "{" + "workspace{name}" * 1_000 + "}"},
    {"query": "{ customers(first: 101) { nodes { id } } }"},
    {"query": ""},
    {"query": 5},
    {"query": "mutation { channelUpsert(input: {externalId: 5, name: 6}) { outcome } ", "variables": []},
    [],
]


@pytest.mark.parametrize("ask", OVER_HTTP)
def test_errors_over_http_come_in_chinese_to_who_reads_it_and_differ_in_nothing_else(alice, nobody, ask):
    for wire in (alice, nobody):
        english, chinese = (
            wire.post(ask, accept_language=language).json()["errors"] for language in ("en", "zh-CN,zh;q=0.9")
        )
        assert not any(CHINESE.search(error["message"]) for error in english)
        assert all(CHINESE.search(error["message"]) for error in chinese), chinese
        for one, other in zip(english, chinese, strict=True):
            one["extensions"].pop("userErrors", None)
            other["extensions"].pop("userErrors", None)
            assert one | {"message": ""} == other | {"message": ""}


def test_the_challenge_the_method_and_the_media_types_are_told_in_chinese(alice, nobody):
    body = b"{}"
    for answer in (
        nobody.post({"query": "{ workspace { name } }"}, accept_language="zh"),
        nobody.post({"query": "{ workspace { name } }"}, accept_language="zh", authorization="Bearer nope"),
        nobody.post({"query": "{ workspace { name } }"}, accept_language="zh", authorization="Basic YTpi"),
        alice.send("PUT", {"accept_language": "zh"}, body),
        alice.send("POST", {"accept_language": "zh", "content_type": "text/plain"}, body),
        alice.send("POST", {"accept_language": "zh", "content_type": "application/json"}, b"{"),
        alice.post({"query": "{ a }"}, accept_language="zh", accept="text/html"),
        alice.post({"query": "{ a }"}, accept_language="zh", content_length="9999999"),
        alice.get({"query": "mutation { __typename }"}, accept_language="zh"),
        alice.get({"query": "{ a }", "variables": "{"}, accept_language="zh"),
        alice.post({"query": "{ a }", "extensions": {"persistedQuery": {"version": 2}}}, accept_language="zh"),
    ):
        assert CHINESE.search(answer.error["message"]), answer.body
        assert 400 <= answer.status < 500
