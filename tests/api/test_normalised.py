"""What a client's normalising cache relies on: an object is its type and its id, whoever asked for it and how."""

# ruff: noqa: E501 - an operation stands on one line

import itertools
import json

import pytest
from generated import published
from graphql import GraphQLObjectType, get_named_type, is_composite_type

from app.actor import Scope
from app.kpis import CUBES
from app.services import rebuild


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


def test_the_tables_and_lines_have_ids_too():
    for name in ("TopCustomers", "TopCustomer", "ChannelEffectiveness", "ChannelEffect", "ChannelFigure", "OrderLine"):
        assert str(published().type_map[name].fields["id"].type) == "ID!", name


# -- A workspace with slices of many sizes, targets, departures, and corrections that came later

KPIS = ("CSAT", "NPS", "CSAT_MEAN", "FEEDBACK_COUNT", "ACTIVE_CUSTOMERS", "RETENTION_RATE", "NEW_CUSTOMERS")
KPIS += (
    "RESPONSE_TIME",
    "REVENUE",
    "REVENUE_GROWTH",
    "REPEAT_PURCHASE_RATE",
    "RETURN_RATE",
    "CAC",
    "CLV",
    "CAC_PAYBACK_MONTHS",
)
DIMENSIONS = {"CSAT": "CHANNEL", "NPS": "SEGMENT", "FEEDBACK_COUNT": "TAG", "ACTIVE_CUSTOMERS": "REGION"}
DIMENSIONS |= {"RESPONSE_TIME": "CHANNEL", "REVENUE": "PRODUCT", "REPEAT_PURCHASE_RATE": "CHANNEL", "CLV": "SEGMENT"}
DIMENSIONS |= {"RETENTION_RATE": "REGION", "LOYALTY_INDEX": "REGION"}


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
    # six people of three segments: together enough to be told, of each segment too few
    alice.feedback(
        *(
            said(2 * n + 1) | {"externalId": f"few{n}", "customer": {"externalId": f"c{n}"}, "occurredAt": "2026-01-05"}
            for n in range(6)
        )
    )
    for field, rows in SPENT.items():
        alice.write(field, {"rows": rows}, "counts { created }")
    bought(alice, range(60))
    talked(alice, range(40))
    clock.set(now)
    alice.feedback(*(said(n) | {"score": 1} for n in range(10)))
    bought(alice, range(10), amount="3")
    for key, scope in (("CSAT", []), ("CSAT", [{"by": "CHANNEL", "anyOf": ["web"]}]), ("ACTIVE_CUSTOMERS", [])):
        goal = {"kpi": key, "kind": "ABSOLUTE", "from": "2026-06-01", "before": "2026-07-01"}
        for value in (60, 70):
            alice.write(
                "targetSet", goal | {"value": value, "externalId": key + str(len(scope)), "scope": scope}, "outcome"
            )
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
        "occurredAt": f"2026-0{2 + n // 2 % 4}-{1 + n % 19:02}",
    }


SPENT = {
    "costRecordBatch": [
        {"externalId": f"k{n}", "category": "MEDIA", "amount": "90", "currency": "EUR"}
        | {"from": f"2026-0{n}-05", "before": f"2026-0{n + 1}-05", "channel": {"externalId": "web"}}
        for n in range(1, 5)
    ],
    "exchangeRateRecordBatch": [
        {"externalId": f"x{n}{day}", "from": "USD", "rate": "0.9", "date": f"2026-0{n}-{day:02}"}
        for n in range(2, 5)
        for day in range(1, 20)
    ],
}
"""Costs, and the rates of all months but May."""


def bought(alice, numbers, **more):
    """Orders, every other one in a currency that has no rate in May; each third one was partly given back."""
    rows = [
        {
            "externalId": f"o{n}",
            "amount": str(20 + n),
            "currency": ("EUR", "USD")[n % 2],
            "customer": {"externalId": f"c{n % 24}"},
            "channel": {"externalId": ("web", "shop")[n % 2]},
            "product": ("tea", "coffee", "cups")[n % 3],
            "occurredAt": f"2026-0{2 + n % 4}-{1 + n % 19:02}",
            **more,
        }
        for n in numbers
    ]
    assert not alice.write("orderRecordBatch", {"rows": rows}, "counts { rejected }")["counts"]["rejected"]
    back = [
        {"externalId": f"r{n}", "order": {"externalId": f"o{n}"}, "amount": "2", "occurredAt": "2026-05-19"}
        for n in numbers
        if n % 3 == 0
    ]
    assert not alice.write("refundRecordBatch", {"rows": back}, "counts { rejected }")["counts"]["rejected"]


def talked(alice, numbers):
    """Conversations, of which each fifth waits for an answer."""
    rows = [
        {
            "externalId": f"i{n}",
            "kind": "QUESTION",
            "customer": {"externalId": f"c{n % 24}"},
            "channel": {"externalId": ("web", "shop")[n % 2]},
            "occurredAt": f"2026-0{2 + n % 4}-{1 + n % 19:02}T08:00:00Z",
            "events": [
                {"kind": kind, "at": f"2026-0{2 + n % 4}-{1 + n % 19:02}T{hour:02}:00:00Z"}
                for kind, hour in (("CUSTOMER_MESSAGE", 8), ("STAFF_REPLY", 9 + n % 7))[: 2 if n % 5 else 1]
            ],
        }
        for n in numbers
    ]
    assert not alice.write("interactionRecordBatch", {"rows": rows}, "counts { rejected }")["counts"]["rejected"]


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
    "REVENUE": ["", '{by: CHANNEL, anyOf: ["web"]}', '{by: PRODUCT, noneOf: ["tea"]}'],
    "REPEAT_PURCHASE_RATE": ["", '{by: CHANNEL, anyOf: ["web"]}'],
    "CLV": ["", '{by: SEGMENT, anyOf: ["a"]}'],
    "RETENTION_RATE": [""],
    "LOYALTY_INDEX": [""],
}  # fmt: skip

FIGURE = "__typename id value amount nullReason numerator denominator sampleSize flags isProvisional display interval { __typename id low high level } leftOut { __typename id reason count label } unansweredCount components { __typename id key value label }"
PERIOD = "period { __typename id from before lastDay isComplete label }"
RESULT = f"{FIGURE} {PERIOD} variant knownOn currency dataThrough filters {{ __typename id by anyOf noneOf }} histogram(most: 4) {{ __typename id from before count }} compounded(per: YEAR) {{ __typename id per value nullReason isProvisional display }}"
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
    lambda _: f"__typename id value {DEFINITION} chartLink(kind: LINE) {{ __typename id url expiresAt }}",
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
            for offset in (0, 6):
                select = SELECTIONS[(number + offset) % len(SELECTIONS)](key)
                yield f"{{ kpi(key: {key}, period: {{{period}}}{more}) {{ {select} }} }}"
    for key in KPIS:
        yield f"{{ kpis(ask: [{{key: {key}, period: {{named: LAST_MONTH}}}}]) {{ {RESULT} {DEFINITION} }} }}"
        yield f'{{ kpiDefinition(key: "{key}") {{ __typename id key result(period: {{named: LAST_MONTH}}) {{ {RESULT} }} }} }}'


TABLES = (
    "topCustomers({PERIOD}, first: {N}, by: {BY}) {{ __typename id totalCount currency period {{ __typename id label }} nodes {{ __typename id rank revenue orders share customer {{ __typename id }} }} }}",
    "channelEffectiveness({PERIOD}, first: {N}, orderBy: {{field: {BY}}}, attribution: {RULE}) {{ __typename id totalCount attribution period {{ __typename id label }} rows {{ __typename id isUnattributed channel {{ __typename id }} {FIGURES} }} }}",
)


def tables():
    """Operations that ask for the tables of the best customers and of the channels, in parts and orders of all kinds."""
    figures = " ".join(
        f"{name} {{ {FIGURE} }}" for name in ("spend", "customers", "cac", "revenue", "clv", "ltvCac", "csat")
    )
    orders = (("REVENUE", "ORDERS"), ("REVENUE", "CAC"))
    for document, columns in zip(TABLES, orders, strict=True):
        for period, number, column, rule in itertools.product(
            PERIODS[:4], (1, 2, 50), columns, ("FIRST_TOUCH", "LINEAR")
        ):
            values = {"PERIOD": f"period: {{{period}}}", "N": number, "BY": column, "RULE": rule, "FIGURES": figures}
            yield f"{{ {document.format(**values)} }}"


def objects(value):
    """Every object in some data but what stands for the rest of a breakdown, which has tests of its own."""
    if isinstance(value, list):
        for one in value:
            yield from objects(one)
    elif isinstance(value, dict):
        if "id" in value:
            yield value
        for name, one in value.items():
            if name != "other":
                yield from objects(one)


def links(value):
    """The value as a cache keeps it: objects that have ids as their names alone."""
    if isinstance(value, list):
        return [links(one) for one in value]
    return {"__ref": (value["__typename"], value["id"])} if isinstance(value, dict) else value


ALIASED = {"breakdown", "compounded", "comparison", "series", "year"}
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


ASK = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id ... on KpiResult {{ {RESULT} }} }} }}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "without"),
    [
        ("as it was", ()),
        pytest.param("being rebuilt", (Scope.PERSONAL_READ,), marks=pytest.mark.slow),
        pytest.param("as it was", (Scope.PERSONAL_READ,), marks=pytest.mark.slow),
        pytest.param("being rebuilt", (), marks=pytest.mark.slow),
        pytest.param("rebuilt", (), marks=pytest.mark.slow),
        pytest.param("rebuilt", (Scope.PERSONAL_READ,), marks=pytest.mark.slow),
    ],
)
def test_equal_objects_have_equal_fields_in_all_answers(told, workspace, without, state):
    reader, cache, found = told(*without), Cache(), []
    if state != "as it was":
        workspace.write(rebuild.start, list(CUBES))
    while state == "rebuilt" and workspace.write(rebuild.step):
        pass
    for document in questions() if state == "as it was" else itertools.islice(questions(), 0, None, 3):
        answer = reader.answer(document)
        assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= {"BAD_USER_INPUT"}, answer
        found += cache.merge(document, answer.get("data"))
    # the same results once more, each by itself and by its id
    ids = [id_ for kind, id_ in cache.kept if kind == "KpiResult"]
    for at in range(0, len(ids), 100):
        nodes = reader.one(ASK, {"ids": ids[at : at + 100]})
        assert [node and node["id"] for node in nodes] == ids[at : at + 100]
        found += cache.merge("nodes", nodes)
    assert not found, "\n".join(map(str, found))
    if state == "as it was":
        assert {kind for kind, _ in cache.kept} == reachable("KpiResult")
    assert cache.shared > 4 * len(cache.kept)


@pytest.mark.slow
def test_the_tables_of_customers_and_channels_agree_in_all_their_parts(told):
    reader, cache, found = told(), Cache(), []
    for document in tables():
        found += cache.merge(document, reader.ask(document))
    assert not found, "\n".join(map(str, found))
    assert {kind for kind, _ in cache.kept} >= {"TopCustomers", "TopCustomer", "ChannelEffect", "ChannelFigure"}
    assert cache.shared > 4 * len(cache.kept)


@pytest.mark.slow
def test_the_rest_of_a_breakdown_is_not_the_slice_that_it_consists_of(told):
    sliced = "breakdown(by: CHANNEL, first: %d) { slices { id key label } other { id key label } }"
    reader = told()
    slices = reader.kpi("CSAT", "named: ALL_TIME", sliced % 100)["breakdown"]["slices"]
    rest = reader.kpi("CSAT", "named: ALL_TIME", sliced % (len(slices) - 1))["breakdown"]["other"]
    known = {one["id"]: one for one in slices}
    assert known.get(rest["id"], rest) == rest


REST = "breakdown(by: %s, first: 0) { other { result { __typename id value flags } } }"


def rest_and_itself(reader, key, by, period="named: LAST_MONTH"):
    """The rest of a breakdown that has nothing else, and the result of the same id when it is asked for by that."""
    rest = reader.kpi(key, period, REST % by)["breakdown"]["other"]["result"]
    asked = "query($id: ID!) { node(id: $id) { __typename id ... on KpiResult { value flags } } }"
    return rest, reader.one(asked, {"id": rest["id"]})


def test_the_rest_of_a_breakdown_is_the_result_of_that_id(told):
    rest, itself = rest_and_itself(told(), "NPS", "SEGMENT")
    assert rest == itself
    assert itself["value"] is not None


@pytest.mark.slow
def test_the_rest_of_a_breakdown_is_the_result_of_that_id_while_it_is_rebuilt(told, workspace):
    reader = told()
    workspace.write(rebuild.start, list(CUBES))
    rest, itself = rest_and_itself(reader, "NPS", "SEGMENT")
    assert rest == itself


def test_the_rest_of_a_breakdown_is_the_result_of_that_id_where_small_cells_are_hidden(told):
    january = 'range: {from: "2026-01-01", before: "2026-02-01"}'
    rest, itself = rest_and_itself(told(Scope.PERSONAL_READ), "NPS", "SEGMENT", january)
    assert rest == itself


ASKED = 'kpi(key: CSAT, period: {range: {from: "2026-05-01", before: "2026-06-01"}}%s) { %s }'
EQUAL = [
    # ways to ask one question; what is selected beside the id differs
    ["kpi(key: CSAT, period: {named: LAST_MONTH}) { %s }", ASKED % ("", "value %s"), ASKED % (", variant: null", "%s"), ASKED % (', variant: "default"', "%s display"), ASKED % (", filter: []", "series(grain: DAY) { value } %s"), "kpi(key: CSAT, period: {last: {count: 1, grain: MONTH, complete: true}}) { %s }", "kpis(ask: [{key: CSAT, period: {named: LAST_MONTH}}]) { %s }", 'kpiDefinition(key: "CSAT") { result(period: {named: LAST_MONTH}) { %s } }', "kpi(key: CSAT, period: {named: THIS_MONTH}) { comparison(to: {period: {named: LAST_MONTH}}) { baseline { %s } } }"],
    [ASKED % (', filter: [{by: CHANNEL, anyOf: ["web"]}]', "%s"), ASKED % (', filter: [{by: CHANNEL, anyOf: ["web"], noneOf: []}]', "value %s"), ASKED % ("", "breakdown(by: CHANNEL, first: 1) { slices { result { %s } } }"), ASKED % ("", 'comparison(to: {filter: [{by: CHANNEL, anyOf: ["web"]}]}) { baseline { %s } }')],
    [ASKED % ("", "breakdown(by: CHANNEL) { %s }"), ASKED % ("", "breakdown(by: CHANNEL, first: 20, orderBy: {field: WEIGHT}) { %s totalCount }")],
    [ASKED % ("", "breakdown(by: CHANNEL, first: 1) { slices { %s } }"), ASKED % ("", "breakdown(by: CHANNEL, first: 1, orderBy: {field: KEY}) { slices { %s label } }")],
    [ASKED % ("", "comparison { %s }"), ASKED % ("", 'comparison(to: {period: {range: {from: "2026-04-01", before: "2026-05-01"}}}) { %s change }')],
    [ASKED % ("", "series(grain: MONTH) { %s }"), ASKED % ("", "series(grain: YEAR) { %s target }")],
]  # fmt: skip
DIFFERENT = [
    # questions of one type, each another one
    [ASKED % (more, "%s") for more in ("", ', knownOn: "2026-05-31"', ', knownOn: "2026-05-30"', ', filter: [{by: CHANNEL, anyOf: ["web"]}]', ', filter: [{by: CHANNEL, noneOf: ["web"]}]', ', filter: [{by: CHANNEL, anyOf: [""]}]', ', filter: [{by: CHANNEL, anyOf: ["web"]}], knownOn: "2026-05-31"')] + ["kpi(key: CSAT, period: {named: THIS_MONTH}) { %s }", "kpi(key: CSAT, period: {last: {count: 2, grain: MONTH}}) { %s }", "kpi(key: CSAT_MEAN, period: {named: LAST_MONTH}) { %s }"],
    [ASKED % (more, f"breakdown(by: {how}) {{ %s }}") for more in ("", ', knownOn: "2026-05-31"') for how in ("CHANNEL", "SEGMENT", "CHANNEL, first: 1", "CHANNEL, first: 0", "CHANNEL, orderBy: {field: KEY}", "CHANNEL, orderBy: {field: WEIGHT, direction: ASC}")],
    [ASKED % (more, f"comparison(to: {to}) {{ %s }}") for more in ("", ', knownOn: "2026-05-31"', ', filter: [{by: CHANNEL, anyOf: ["web"]}]') for to in ("{kind: PREVIOUS_PERIOD}", "{kind: SAME_PERIOD_LAST_YEAR}", "{period: {named: THIS_MONTH}}", '{filter: [{by: CHANNEL, anyOf: ["shop"]}]}')],
    [f"kpi(key: NPS, period: {{named: LAST_MONTH}}{more}) {{ %s }}" for more in ("", ', variant: "latest_per_customer"')],
    [ASKED % (more, "series(grain: MONTH) { %s }") for more in ("", ', knownOn: "2026-05-31"', ', filter: [{by: CHANNEL, anyOf: ["web"]}]')],
    [ASKED % (more, f"breakdown(by: {by}, first: 1) {{ slices {{ %s }} }}") for more in ("", ', knownOn: "2026-05-31"') for by in ("CHANNEL", "SEGMENT", "REGION")],
]  # fmt: skip


def ids_of(reader, asked):
    """The id that each way of asking gives, of the object in which %s stands."""
    found = []
    for one in asked:
        data = reader.ask(f"{{ {one % 'chosen: id'} }}")
        text = json.dumps(data)
        found.append(text.split('"chosen": "')[1].split('"')[0])
    return found


@pytest.mark.some(1)
@pytest.mark.parametrize("asked", EQUAL)
def test_equal_questions_have_one_id_whatever_else_is_selected(told, asked):
    assert len(set(ids_of(told(), asked))) == 1


@pytest.mark.slow
@pytest.mark.some(1)
@pytest.mark.parametrize("asked", DIFFERENT)
def test_different_questions_have_different_ids(told, asked):
    found = ids_of(told(), asked)
    assert len(set(found)) == len(asked), found
