"""What operations cost: estimates by hand, answers by the published schema, and the first never below the second."""

# ruff: noqa: E501 - a document stands on one line

import pytest
from charged import charge, declared, published
from graphql import (
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from app.edge.documents import Documents
from app.schema.build import build
from app.settings import Settings

KPIS = 44
"""How many there are."""
ASK = "key: CSAT, period: {named: LAST_MONTH}"
ITEM = {"key": "CSAT", "period": {"named": "LAST_MONTH"}}
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
SIZED = "query($n: Int%s) { customers(first: $n) { nodes { id } } }"
CUT = f"query($n: Int! = 7) {{ kpi({ASK}) {{ breakdown(by: CHANNEL, first: $n) {{ slices {{ id }} }} }} }}"
BATCH = "mutation($rows: [CustomerUpsertInput!]!) { customerUpsertBatch(input: {rows: $rows}) { results { outcome } } }"
WHOLE = "mutation($input: CustomerUpsertBatchInput!) { customerUpsertBatch(input: $input) { counts { created } results { index } } }"
ROW = '{externalId: "a"}'

ESTIMATES = [
    # the document, its variables, what it is estimated at: an object 1, a scalar 0, a list as long as it is said to be
    ("{ __typename }", None, 1),  # nothing is free
    ("{ workspace { id name timeZone } }", None, 1),
    ("{ workspace { id } a: workspace { id } }", None, 1 + 1),
    ("{ workspace { id } workspace { name } ...F } fragment F on Query { workspace { timeZone } }", None, 1),
    ("{ rateLimit { cost remaining } }", None, 1),
    ("{ customers { totalCount } }", None, 1),
    ("{ customers { pageInfo { hasNextPage } } }", None, 1 + 1),
    ("{ customers { nodes { id } } }", None, 1 + 20),
    ("{ customers(first: 5) { nodes { id } } }", None, 1 + 5),
    ("{ customers(last: 5) { nodes { id } } }", None, 1 + 5),
    ("{ customers(first: 0) { nodes { id } } }", None, 1),
    ("{ customers(first: null) { nodes { id } } }", None, 1 + 20),
    ("{ customers(first: 5) { edges { cursor } } }", None, 1 + 5),
    ("{ customers(first: 5) { edges { node { id } } } }", None, 1 + 5 * (1 + 1)),
    ("{ customers(first: 5) { nodes { id } edges { node { id } } } }", None, 1 + 5 + 5 * (1 + 1)),
    ("{ customers(first: 5) { nodes { parent { acquisitionChannel { id } } } } }", None, 1 + 5 * (1 + 1 + 1)),
    ("{ customers(first: 5) { nodes { ...C } } } fragment C on Customer { parent { ...D } } fragment D on Customer { id parent { id } }", None, 1 + 5 * (1 + 1 + 1)),
    ("{ customers(first: 5) { nodes { parent { id } ... on Customer { parent { name } } } } }", None, 1 + 5 * (1 + 1)),
    ("{ customers(first: 5) { nodes { parent @include(if: false) { id } } } }", None, 1 + 5 * (1 + 1)),
    (SIZED % "", {"n": 7}, 1 + 7),
    (SIZED % "", {}, 1 + 20),
    (SIZED % "", {"n": None}, 1 + 20),
    (SIZED % " = 7", {}, 1 + 7),
    (SIZED % " = 7", {"n": 3}, 1 + 3),
    (SIZED % " = 7", {"n": None}, 1 + 20),
    (SIZED % "", {"n": 100.0}, 1 + 100),  # a whole number to GraphQL
    (f"{{ kpi({ASK}) {{ value }} }}", None, 10 + 1),
    (f"{{ kpi({ASK}) {{ value interval {{ low }} definition {{ id }} }} }}", None, 10 + 1 + 1 + 1),
    (f"{{ kpi({ASK}) {{ series(grain: DAY) {{ value }} }} }}", None, 10 + 1 + 24),
    (f"{{ kpi({ASK}) {{ series(grain: DAY) {{ value period {{ label }} }} }} }}", None, 10 + 1 + 24 * 2),
    (f"{{ kpi({ASK}) {{ breakdown(by: CHANNEL) {{ totalCount }} }} }}", None, 10 + 1 + 1 + 1),
    (f"{{ kpi({ASK}) {{ breakdown(by: CHANNEL) {{ slices {{ id }} other {{ id }} }} }} }}", None, 10 + 1 + 1 + 1 + 20 + 1),
    (f"{{ kpi({ASK}) {{ breakdown(by: CHANNEL, first: 3) {{ slices {{ result {{ series(grain: DAY) {{ id }} }} }} }} }} }}", None, 10 + 1 + 1 + 1 + 3 * (1 + 1 + 24)),
    (f"{{ kpi({ASK}) {{ breakdown(by: CHANNEL, first: 3) {{ slices {{ result {{ breakdown(by: SEGMENT, first: 2) {{ slices {{ id }} }} }} }} }} }} }}", None, 10 + 1 + 1 + 1 + 3 * (1 + 1 + 1 + 1 + 2)),
    (CUT, {}, 10 + 1 + 1 + 1 + 7),
    (CUT, {"n": 500}, 10 + 1 + 1 + 1 + 500),
    (f"{{ kpi({ASK}) {{ comparison {{ change baseline {{ value }} }} }} }}", None, 10 + 1 + 1 + 1 + 1),
    (f"{{ kpi({ASK}) {{ chart(kind: LINE) }} }}", None, 10 + 1 + 40),
    (f"{{ kpi({ASK}) {{ chartLink(kind: LINE) {{ url }} }} }}", None, 10 + 1 + 40 + 1),
    (f"{{ kpi({ASK}) {{ target {{ id }} }} }}", None, 10 + 1 + 5 + 1),
    (f"{{ kpi({ASK}) {{ targets {{ id }} }} }}", None, 10 + 1 + 3 * (5 + 1)),
    (f"{{ kpi({ASK}) {{ targets {{ target {{ revisions {{ id }} }} }} }} }}", None, 10 + 1 + 3 * (5 + 1 + 1 + 3)),
    ("{ kpiDefinitions { inputs { __typename } } }", None, KPIS * (1 + 3)),
    ('{ kpiDefinition(key: "CSAT") { result(period: {named: LAST_MONTH}) { value } } }', None, 1 + 10 + 1),
    ("{ kpiDefinitions { result(period: {named: LAST_MONTH}) { series(grain: DAY) { id } } } }", None, KPIS * (1 + 10 + 1 + 24)),
    (f"{{ kpis(ask: [{{{ASK}}}, {{{ASK}}}, {{{ASK}}}]) {{ value }} }}", None, 3 * (10 + 1)),
    (f"{{ kpis(ask: [{{{ASK}}}, {{{ASK}}}]) {{ series(grain: DAY) {{ id }} }} }}", None, 2 * (10 + 1 + 24)),
    ("query($a: [KpiInput!]!) { kpis(ask: $a) { value } }", {"a": [ITEM] * 4}, 4 * (10 + 1)),
    ("query($a: [KpiInput!]!) { kpis(ask: $a) { value } }", {"a": []}, 1),  # nothing is free
    ("query($a: [KpiInput!]!) { kpis(ask: $a) { value } }", {"a": ITEM}, 10 + 1),
    ("query($a: KpiInput!) { kpis(ask: [$a, $a]) { value } }", {"a": ITEM}, 2 * (10 + 1)),
    (f"query($a: [KpiInput!]! = [{{{ASK}}}]) {{ kpis(ask: $a) {{ value }} }}", {}, 10 + 1),
    ('{ node(id: "x") { id } }', None, 10 + 1),
    ('{ nodes(ids: ["x", "y"]) { id } }', None, 2 * (10 + 1)),
    (NODES, {"ids": ["x"] * 5}, 5 * (10 + 1)),
    (NODES, {"ids": "x"}, 10 + 1),
    ('{ nodes(ids: ["x", "y"]) { ... on Customer { parent { id } } } }', None, 2 * (10 + 1 + 1)),
    ('{ node(id: "x") { ... on KpiFigure { interval { low } } ... on Customer { acquisitionChannel { id } } } }', None, 10 + 1 + 1 + 1),
    ('{ node(id: "x") { ... on KpiResult { breakdown(by: CHANNEL, first: 4) { slices { id } } } } }', None, 10 + 1 + 1 + 1 + 4),
    (f"mutation {{ customerUpsert(input: {ROW}) {{ outcome }} }}", None, 10 + 1),
    (f"mutation {{ customerUpsert(input: {ROW}) {{ customer {{ id parent {{ id }} }} }} }}", None, 10 + 1 + 1 + 1),
    (f"mutation {{ customerUpsertBatch(input: {{rows: [{ROW}, {ROW}, {ROW}]}}) {{ results {{ outcome }} }} }}", None, 10 + 1 + 3),
    (BATCH, {"rows": [{"externalId": str(n)} for n in range(500)]}, 10 + 1 + 500),
    (WHOLE, {"input": {"rows": [{"externalId": str(n)} for n in range(9)]}}, 10 + 1 + 1 + 9),
    ("{ __schema { queryType { name } } }", None, 1),  # two tenths
    ("{" + " ".join(f"a{n}: __schema {{ queryType {{ name }} }}" for n in range(8)) + "}", None, 2),  # 16 tenths
    ("{ __schema { queryType { name } } workspace { id } }", None, 2),  # 1 and 2 tenths
]  # fmt: skip


@pytest.fixture(scope="module")
def prepared():
    documents = Documents(build(), Settings())

    def prepared_(document, name=None):
        found = documents.get(document)
        assert not found.errors, (document, found.errors)
        return found.operation(name)

    return prepared_


@pytest.mark.parametrize(("document", "variables", "points"), ESTIMATES)
def test_an_estimate_is_what_is_counted_by_hand(prepared, document, variables, points):
    assert prepared(document).cost(variables or {}) == points


def test_a_list_that_says_nothing_of_itself_is_taken_to_have_ten(prepared):
    assert prepared(f"{{ kpi({ASK}) {{ filters {{ __typename }} }} }}").cost({}) == 10 + 1 + 10
    assert prepared(f"mutation {{ customerUpsert(input: {ROW}) {{ userErrors {{ code }} }} }}").cost({}) == 10 + 1 + 10


def test_the_whole_catalogue_counts_as_long_as_it_is(prepared, alice):
    document = "{ kpiDefinitions { key } }"
    assert prepared(document).cost({}) == len(alice.post({"query": document}).data["kpiDefinitions"])


def test_introspection_costs_a_tenth_and_knows_how_many_types_there_are(prepared):
    # the object __schema, and each type
    assert prepared("{ __schema { types { name } } }").cost({}) == -(-(1 + len(published().type_map)) // 10)


def test_each_operation_of_a_document_has_its_own_cost(prepared):
    document = "query A { workspace { id } } query B { customers(first: 50) { nodes { id } } }"
    assert prepared(document, "A").cost({}) == 1
    assert prepared(document, "B").cost({}) == 51


def test_forty_tenths_are_four(prepared):
    document = "{" + " ".join(f"a{n}: __schema {{ queryType {{ name }} }}" for n in range(20)) + "}"
    assert prepared(document).cost({}) == 4


def test_a_list_written_as_its_only_entry_has_one(prepared):
    assert prepared(f"{{ kpis(ask: {{{ASK}}}) {{ value }} }}").cost({}) == 10 + 1
    assert prepared('{ nodes(ids: "x") { id } }').cost({}) == 10 + 1
    assert (
        prepared(f"mutation {{ customerUpsertBatch(input: {{rows: {ROW}}}) {{ results {{ outcome }} }} }}").cost({})
        == 12
    )


@pytest.mark.parametrize("id_", [0, -3, 7, 100_000])
def test_a_list_whose_only_entry_is_a_number_has_one_too(prepared, id_):
    assert prepared(f"{{ nodes(ids: {id_}) {{ id }} }}").cost({}) == 10 + 1
    assert prepared(NODES).cost({"ids": id_}) == 10 + 1


def test_fields_of_two_types_under_one_name_are_all_estimated_and_the_dearest_is_counted(prepared):
    small = "... on Customer { x: parent { id } }"
    large = "... on KpiResult { x: breakdown(by: CHANNEL, first: 500) { id slices { result { value } } } }"
    found = {"node": {"x": {"slices": [{"result": {}}, {"result": None}, {}]}}}
    for inside in (f"{large} {small}", f"{small} {large}"):
        operation = prepared(f'{{ node(id: "x") {{ {inside} }} }}')
        assert operation.cost({}) == 10 + 1 + (1 + 1 + 500 * 2) + 1
        # the answer need not tell of which type it was: a breakdown of three slices, of which one has its result
        assert operation.count(found) == 10 + 1 + (1 + 1 + 3 + 1)
        assert operation.count({"node": {"x": None}}) == 10 + 1 + 1  # a breakdown weighs 1 where it is asked for
        assert operation.count({"node": None}) == 10


def test_one_field_with_other_arguments_under_one_name_is_another_field(prepared):
    first, second = (
        f"... on {kind} {{ x: {name} }}"
        for kind, name in (
            ("KpiResult", "breakdown(by: CHANNEL, first: 2) { slices { id } }"),
            ("KpiDefinition", "result(period: {named: TODAY}) { id }"),
        )
    )
    assert prepared(f'{{ node(id: "x") {{ {first} {second} }} }}').cost({}) == 10 + 1 + (1 + 1 + 2) + (10 + 1)
    # the same field twice is one
    assert prepared(f'{{ node(id: "x") {{ {first} {first} }} }}').cost({}) == 10 + 1 + (1 + 1 + 2)


@pytest.fixture(scope="module")
def filled(api, token):
    """Somebody who has customers, some of them below another, and feedback; and ids that `node` takes."""
    from asking import Caller

    alice = Caller(api, token)
    alice.channel("web")
    alice.customers({"externalId": f"c{n}", "parent": {"externalId": "c0"} if n else None} for n in range(6))
    alice.feedback(
        *({"externalId": f"f{n}", "kind": "CSAT", "score": 1 + n % 5, "occurredAt": f"2026-0{1 + n % 4}-02", "customer": {"externalId": f"c{n % 6}"}, "channel": {"externalId": "web"}} for n in range(40))
    )  # fmt: skip
    period = '{range: {from: "2026-01-01", before: "2026-05-01"}}'
    ids = alice.ask(f'{{ kpi(key: CSAT, period: {period}) {{ id }} customer(by: {{externalId: "c1"}}) {{ id }} }}')
    return alice, period, [one["id"] for one in ids.values()]


ANSWERS = [
    "{ workspace { name } }",
    "{ customers(first: 4) { totalCount nodes { name parent { id } } edges { node { externalIds { source } spells { from } } } pageInfo { endCursor } } }",
    '{ customers(first: 4, filter: {name: {eq: "nobody"}}) { nodes { id } } }',
    '{ customer(by: {externalId: "nobody"}) { id parent { id } } }',
    "{ kpi(key: CSAT, period: PERIOD) { value interval { low } definition { id } series(grain: MONTH) { value period { label } } } }",
    "{ kpi(key: CSAT, period: PERIOD) { breakdown(by: CHANNEL) { slices { id result { id comparison { baseline { id } } } } other { id } } targets { id } target { id } } }",
    "{ kpis(ask: [{key: CSAT, period: PERIOD}, {key: NPS, period: PERIOD}]) { value comparison { change } } }",
    "{ a: kpi(key: NPS, period: PERIOD) { ...F } b: kpi(key: CSAT, period: PERIOD) { ...F ... on KpiFigure { interval { low } } } } fragment F on KpiResult { value period { label } }",
    "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Customer { parent { id } } ... on KpiResult { definition { id } series(grain: MONTH) { id } } ... on KpiFigure { period: interval { low } } } }",
    "{ __schema { queryType { name fields { name args { name type { name } } } } } }",
    'mutation { customerUpsert(input: {externalId: "c1"}) { outcome customer { parent { id } } userErrors { message } } }',
    'mutation { customerUpsertBatch(input: {rows: [{externalId: "c1"}, {externalId: ""}]}) { counts { created } results { outcome userErrors { message } } userErrors { code } } }',
]


@pytest.mark.parametrize("document", ANSWERS)
def test_an_answer_costs_what_the_published_schema_says(filled, document):
    alice, period, ids = filled
    document = document.replace("PERIOD", period)
    response = alice.post(document, {"ids": [*ids, "nope"]} if "$ids" in document else None)
    answer = response.json()
    cost = answer["extensions"]["cost"]
    assert cost["actualQueryCost"] == charge(document, answer["data"])
    if "__schema" not in document:  # of introspection the mean is taken
        assert cost["requestedQueryCost"] >= cost["actualQueryCost"]


def test_what_is_not_there_was_looked_for_and_costs_no_object(filled):
    alice, _, ids = filled
    answer = alice.answer("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [*ids, "nope", "nope"]})
    assert answer["data"]["nodes"][2:] == [None, None]
    assert answer["extensions"]["cost"]["actualQueryCost"] == 4 * 10 + 2
    answer = alice.answer('{ node(id: "nope") { id } customer(by: {externalId: "nope"}) { id } }')
    assert answer["extensions"]["cost"]["actualQueryCost"] == 10


def test_the_cost_is_told_as_shopify_tells_it(filled):
    alice = filled[0]
    cost = alice.answer("{ customers(first: 50) { nodes { id } } }")["extensions"]["cost"]
    throttle = cost.pop("throttleStatus")
    assert cost == {"requestedQueryCost": 51, "actualQueryCost": 1 + 6}
    assert set(throttle) == {"maximumAvailable", "currentlyAvailable", "restoreRate"}
    assert (throttle["maximumAvailable"], throttle["restoreRate"]) == (1_000_000, 100_000)
    assert 0 <= throttle["currentlyAvailable"] <= 1_000_000


def test_without_a_limit_there_is_no_throttle(served):
    cost = served().answer("{ workspace { id } }")["extensions"]["cost"]
    assert cost == {"requestedQueryCost": 1, "actualQueryCost": 1}


def test_what_was_stopped_for_its_lists_costs_at_least_their_entries(filled, served):
    _, period, _ = filled
    days = 31 + 28 + 31 + 30
    document = f"{{ kpi(key: CSAT, period: {period}) {{ series(grain: DAY) {{ value }} }} }}"
    cost = served(max_cost=days - 1).answer(document)["extensions"]["cost"]
    assert cost == {"requestedQueryCost": 10 + 1 + 24, "actualQueryCost": days}


def test_an_answer_with_longer_lists_than_one_operation_may_cost_is_stopped(filled, served):
    _, period, _ = filled
    document = f"{{ kpi(key: CSAT, period: {period}) {{ series(grain: DAY) {{ value }} }} }}"
    days = 31 + 28 + 31 + 30
    assert len(served(max_cost=days).one(document)["series"]) == days
    answer = served(max_cost=days - 1).answer(document)
    assert answer["data"] == {"kpi": None}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["message"].startswith(
        f"The lists in this answer come to more than {days - 1} entries; ask for shorter"
    )
    error = served(max_cost=days - 1).refusal(document, accept_language="zh")
    assert f"超过 {days - 1} 项；请缩短" in error["message"]


def test_all_lists_of_an_answer_count_together(filled, served):
    _, period, _ = filled
    document = f"{{ kpi(key: CSAT, period: {period}) {{ a: series(grain: MONTH) {{ id }} breakdown(by: CHANNEL) {{ slices {{ id }} }} b: series(grain: WEEK) {{ id }} }} }}"
    kpi = filled[0].one(document)
    entries = len(kpi["a"]) + len(kpi["b"]) + len(kpi["breakdown"]["slices"])
    estimate = filled[0].answer(document)["extensions"]["cost"]["requestedQueryCost"]
    assert entries < estimate  # so that the answer alone decides
    for most, stopped in ((entries, False), (entries - 1, True)):
        alice = served()
        alice.api.door.settings = alice.api.door.settings.model_copy(update={"max_cost": most})
        answer = alice.answer(document)
        assert ("errors" in answer) is stopped, (most, entries)


# what may come of a random question: a document over the published schema, and an answer whose lists are as long at
# most as the schema says


@st.composite
def asked(draw, type_, depth, sizes):
    """Selections of an object type, and what is answered; `sizes` are those of its lists."""
    names = sorted(type_.fields)
    composite = [name for name in names if depth and is_composite_type(get_named_type(type_.fields[name].type))]
    usable = [
        n
        for n in composite
        if is_object_type(get_named_type(type_.fields[n].type))
        and (n in FILLED or not any(is_required_argument(a) for a in type_.fields[n].args.values()))
    ]
    leaves = [n for n in names if is_leaf_type(get_named_type(type_.fields[n].type)) and not type_.fields[n].args]
    words, data = ["__typename"], {"__typename": type_.name}
    for name in draw(st.lists(st.sampled_from(usable), max_size=3, unique=True)) if usable else ():
        field = type_.fields[name]
        text, most, inside = draw(arguments(name, field))
        inner = get_named_type(field.type)
        answers = st.none()
        selection, one = draw(asked(inner, depth - 1, inside))
        if isinstance(get_nullable_type(field.type), GraphQLList):
            longest = sizes.get(name, most)
            answers = st.integers(0, longest).map(lambda count, one=one: [one] * count)
        else:
            answers = st.sampled_from([one, None])
        words.append(f"{name}{text} {{ {selection} }}")
        data[name] = draw(answers)
    if leaves:
        words.append(draw(st.sampled_from(leaves)))
        data[words[-1]] = None
    return " ".join(words), data


FILLED = {
    "kpi": [ASK],
    "kpis": [f"ask: [{{{ASK}}}, {{{ASK}}}]"],
    "result": ["period: {named: TODAY}"],
    "series": ["grain: DAY"],
    "breakdown": ["by: CHANNEL"],
    "customer": ['by: {externalId: "x"}'],
    "kpiDefinition": ['key: "x"'],
}


@st.composite
def arguments(draw, name, field):
    """A field's arguments as text, how long its list may be, and those of the object that it gives."""
    size = declared(field.ast_node, "listSize") or {}
    required = any(is_required_argument(argument) for argument in field.args.values())
    given, most = list(FILLED[name] if required else ()), 2 if name == "kpis" else size.get("assumedSize", 10)
    slicing = [one for one in size.get("slicingArguments", ()) if one in ("first", "last")]
    if slicing and draw(st.booleans()):
        most = draw(st.integers(0, 40))
        given.append(f"{draw(st.sampled_from(slicing))}: {most}")
    return f"({', '.join(given)})" if given else "", most, dict.fromkeys(size.get("sizedFields", ()), most)


@settings(max_examples=40)
@given(st.data())
def test_no_answer_within_its_sizes_costs_more_than_it_was_estimated_at(prepared, data):
    selection, answer = data.draw(asked(published().query_type, 5, {}))
    document = f"{{ {selection} }}"
    operation = prepared(document)
    assert charge(document, answer) == operation.count(answer) <= operation.cost({})
