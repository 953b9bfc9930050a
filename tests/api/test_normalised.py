"""What a client's normalising cache relies on: an object is its type and its id, whoever asked for it and how."""

import itertools
import json

import pytest
from generated import published
from graphql import GraphQLObjectType, get_named_type, is_composite_type

from app.uow import Scope


@pytest.fixture
def database(sqlite):
    return sqlite


def reachable(start):
    """The object types that an object of type `start` leads to, itself included."""
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            named = (get_named_type(field.type) for field in published().type_map[name].fields.values())
            waiting += [one.name for one in named if isinstance(one, GraphQLObjectType)]
            assert not any(is_composite_type(one) and not isinstance(one, GraphQLObjectType) for one in named)
    return seen


def test_everything_that_a_result_leads_to_has_an_id():
    found = reachable("KpiResult")
    assert found >= {"KpiResult", "KpiPoint", "KpiBreakdown", "KpiSlice", "KpiComparison", "TargetProgress", "Period"}
    for name in found:
        assert str(published().type_map[name].fields["id"].type) == "ID!", name


# -- A workspace with slices of many sizes, targets, departures, and corrections that came later

KPIS = ("CSAT", "NPS", "CSAT_MEAN", "FEEDBACK_COUNT", "ACTIVE_CUSTOMERS", "RETENTION_RATE", "NEW_CUSTOMERS")
DIMENSIONS = {"CSAT": "CHANNEL", "NPS": "SEGMENT", "FEEDBACK_COUNT": "TAG", "ACTIVE_CUSTOMERS": "REGION"}


@pytest.fixture
def told(api, workspace, clock):
    """Makes somebody who sees the workspace with the scopes given; it was told in May and mended in June."""
    alice = api.caller(workspace, Scope, name="alice")
    now = clock.now
    clock.set(now.replace(month=5, day=20))
    for key in ("web", "shop", "phone"):
        alice.channel(key)
    alice.customers(
        {
            "externalId": f"c{n}",
            "segment": "abc"[n % 3],
            "region": ("north", "south", None)[n % 3],
            "joinedOn": f"2026-0{1 + n % 4}-0{1 + n % 7}",
        }
        | ({"churnedOn": "2026-05-02"} if n % 4 == 0 else {})
        for n in range(24)
    )
    alice.feedback(*(said(n) for n in range(90)))
    clock.set(now)
    alice.feedback(*(said(n) | {"score": 1} for n in range(10)))
    for key, scope in (("CSAT", []), ("CSAT", [{"by": "CHANNEL", "anyOf": ["web"]}]), ("ACTIVE_CUSTOMERS", [])):
        goal = {"kpi": key, "kind": "ABSOLUTE", "value": 70, "from": "2026-06-01", "before": "2026-07-01"}
        alice.write("targetSet", goal | {"externalId": f"{key}{len(scope)}", "scope": scope}, "outcome")
    return lambda *without: api.caller(workspace, set(Scope) - set(without), name="reader")


def said(n):
    kind = ("CSAT", "NPS")[n % 2]
    return {
        "externalId": f"f{n}",
        "kind": kind,
        "score": 1 + n * 7 % 5,
        "customer": {"externalId": f"c{n % 24}"},
        "channel": {"externalId": ("web", "web", "web", "shop", "shop", "phone")[n % 6]},
        "tags": ["new", "gold", "loud"][: n % 4],
        "occurredAt": f"2026-0{2 + n % 4}-{1 + n % 19:02}",
    }


PERIODS = [
    "named: LAST_MONTH",
    'range: {from: "2026-05-01", before: "2026-06-01"}',
    "last: {count: 1, grain: MONTH, complete: true}",
    "last: {count: 3, grain: MONTH}",
    "last: {count: 5, grain: MONTH}",
    "named: THIS_MONTH",
    "named: THIS_YEAR",
    'range: {from: "2026-05-01", before: "2027-01-01"}',
    "named: ALL_TIME",
]
FILTERS = {
    "CSAT": ["", '{by: CHANNEL, anyOf: ["web"]}', '{by: CHANNEL, noneOf: ["web"]}', '{by: CHANNEL, anyOf: ["web", "shop"]}'],
    "NPS": ["", '{by: SEGMENT, anyOf: ["a"]}', '{by: SEGMENT, anyOf: [""]}'],
    "FEEDBACK_COUNT": ["", '{by: TAG, anyOf: ["gold"]}'],
    "ACTIVE_CUSTOMERS": ["", '{by: REGION, anyOf: ["north"]}'],
}  # fmt: skip

FIGURE = "__typename id value amount nullReason numerator denominator sampleSize flags isProvisional display interval { __typename id low high level }"
PERIOD = "period { __typename id from before lastDay isComplete label }"
RESULT = f"{FIGURE} {PERIOD} variant knownOn currency dataThrough filters {{ __typename id by anyOf noneOf }}"
DEFINITION = "definition { __typename id key name unit variants { __typename id key name isDefault } inputs { __typename id key isAvailable since } }"
POINT = f"{FIGURE} {PERIOD} target"
SLICE = f"{FIGURE} key label weight share result {{ {RESULT} }}"
PROGRESS = "__typename id state attainment expected required target { __typename id goal baseline version scope { __typename id by anyOf } baselinePeriod { __typename id label } revisions { __typename id version } progress { __typename id state } }"


def breakdown(key, arguments="", inner=SLICE):
    by = DIMENSIONS[key]
    return f"breakdown(by: {by}{arguments}) {{ __typename id totalCount isAdditive slices {{ {inner} }} other {{ {inner} }} }}"


def comparison(to="", inner=RESULT):
    return f"comparison{to} {{ __typename id change relativeChange isImprovement isSignificant display interval {{ __typename id low high level }} baseline {{ {inner} }} }}"


SELECTIONS = [
    lambda _: RESULT,
    lambda _: f"__typename id value {DEFINITION}",
    lambda _: f"__typename id {PERIOD} series(grain: MONTH) {{ {POINT} }}",
    lambda _: f"__typename id series(grain: WEEK) {{ {POINT} }} year: series(grain: YEAR) {{ {POINT} }} {comparison()}",
    lambda key: f"__typename id {breakdown(key)}",
    lambda key: f"__typename id {breakdown(key, ', first: 1')}",
    lambda key: f"__typename id {breakdown(key, ', first: 0')}",
    lambda key: f"__typename id {breakdown(key, ', first: 2, orderBy: {field: KEY, direction: ASC}')}",
    lambda key: f"__typename id {breakdown(key, ', first: 1, orderBy: {field: VALUE}')}",
    lambda key: f"__typename id {breakdown(key, '', f'__typename id result {{ {RESULT} {comparison()} series(grain: MONTH) {{ {POINT} }} }}')}",
    lambda _: f"__typename id {comparison('(to: {kind: SAME_PERIOD_LAST_YEAR})')}",
    lambda _: f"__typename id {comparison('(to: {filter: []})')} targets {{ {PROGRESS} }}",
    lambda _: f"__typename id {comparison('(to: {period: {named: LAST_MONTH}})', f'{RESULT} {comparison()}')} target {{ {PROGRESS} }}",
]  # fmt: skip


def questions():
    """Operations about overlapping things, by every way of asking."""
    for key, narrowed in FILTERS.items():
        for number, (period, filter_) in enumerate(itertools.product(PERIODS, narrowed)):
            more = f", filter: [{filter_}]" if filter_ else ""
            if number % 3 == 2:
                more += ', knownOn: "2026-05-31"'
            for offset in (0, 5, 9):
                select = SELECTIONS[(number + offset) % len(SELECTIONS)](key)
                yield f"{{ kpi(key: {key}, period: {{{period}}}{more}) {{ {select} }} }}"
    for key in KPIS:
        yield f"{{ kpis(ask: [{{key: {key}, period: {{named: LAST_MONTH}}}}]) {{ {RESULT} {DEFINITION} }} }}"
        yield f'{{ kpiDefinition(key: "{key}") {{ __typename id key result(period: {{named: LAST_MONTH}}) {{ {RESULT} }} }} }}'


def objects(value):
    """Every object in some data."""
    if isinstance(value, list):
        for one in value:
            yield from objects(one)
    elif isinstance(value, dict):
        if "id" in value:
            yield value
        for one in value.values():
            yield from objects(one)


def links(value):
    """The value as a cache keeps it: objects that have ids as their names alone."""
    if isinstance(value, list):
        return [links(one) for one in value]
    return {"__ref": (value["__typename"], value["id"])} if isinstance(value, dict) else value


ALIASED = {"breakdown", "comparison", "series", "year"}
"""Fields with arguments; a cache keeps each under its arguments."""


class Cache:
    """What a normalising client keeps: the fields of every object that it has seen, and who told it."""

    def __init__(self):
        self.kept, self.shared = {}, 0

    def merge(self, document, data):
        """Takes an answer in; what of it contradicts what is kept."""
        for one in objects(data):
            name = (one["__typename"], one["id"])
            fields = self.kept.setdefault(name, {})
            for field, value in one.items():
                if field in ALIASED:
                    continue
                if field in fields:
                    self.shared += 1
                    kept, by = fields[field]
                    if kept != links(value):
                        yield name, field, kept, links(value), by, document
                fields.setdefault(field, (links(value), document))


BUT = [
    # without these scopes
    (),
    (Scope.PERSONAL_READ,),
    (Scope.TARGET_READ,),
]


@pytest.mark.parametrize("without", BUT)
def test_equal_objects_have_equal_fields_in_all_answers(told, without):
    reader, cache, found = told(*without), Cache(), []
    for document in questions():
        answer = reader.answer(document)
        assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= {"BAD_USER_INPUT", "FORBIDDEN"}
        found += cache.merge(document, answer.get("data"))
    assert not found, "\n".join(map(str, found))
    assert {kind for kind, _ in cache.kept} >= reachable("KpiResult") - {"Target", "TargetProgress", "TargetRevision"}
    assert cache.shared > 5 * len(cache.kept)
