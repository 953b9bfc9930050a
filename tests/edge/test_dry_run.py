"""A dry run prices an operation, however dear, and executes nothing of it but `rateLimit`."""

# ruff: noqa: E501 - a query stands on one line

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from wire import Wire

NAME = {"workspace": {"name": "Workshop"}}


@pytest.fixture
def statements(alice):
    """Opens a count of the SQL statements that are sent but for the token's and the quota's."""
    engines = {alice.api.door.db.reader, alice.api.door.db.writer}

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection, _cursor, statement, *_):
            if not re.search(r"^(BEGIN|SAVEPOINT|RELEASE|ROLLBACK)|\b(token|quota)\b", statement):
                sent.append(statement)

        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        yield sent
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)

    return counting


DEAR = "workspace { name } channels(first: 50) { nodes { name } totalCount } kpi(key: CSAT, period: {named: TODAY}) { value }"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (f"{{ rateLimit(dryRun: true) {{ cost }} {DEAR} }}", None),
        (f"{{ {DEAR} rateLimit(dryRun: true) {{ cost }} }}", None),
        (f"{{ price: rateLimit(dryRun: true) {{ cost }} {DEAR} }}", None),
        (f"query Q($dry: Boolean!) {{ rateLimit(dryRun: $dry) {{ cost }} {DEAR} }}", {"dry": True}),
        (f"{{ rateLimit(dryRun: true) {{ ...F }} {DEAR} }} fragment F on RateLimit {{ cost }}", None),
        (f"{{ free: rateLimit {{ limit }} rateLimit(dryRun: true) {{ cost }} {DEAR} }}", None),
    ],
)
def test_a_dry_run_prices_and_executes_nothing_else(alice, statements, query, variables):
    alice.post({"query": query, "variables": variables})  # the first of all leases points
    with statements() as sent:
        answer = alice.post({"query": query, "variables": variables})
    assert sent == []
    (price,) = [value for name, value in answer.data.items() if name != "free"]
    # workspace 1, the channels' connection 1 and its 50 nodes, the KPI 10 and 1, the rate limit 1
    assert price == {"cost": 64 if "free" not in query else 65}
    cost = answer.json()["extensions"]["cost"]
    assert cost["requestedQueryCost"] == price["cost"]
    assert cost["actualQueryCost"] == 1
    with statements() as sent:
        assert set(alice.post({"query": f"{{ {DEAR} }}"}).data) == {"workspace", "channels", "kpi"}
    assert len(sent) > 3


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ rateLimit { cost } workspace { name } }", None),
        ("{ rateLimit(dryRun: false) { cost } workspace { name } }", None),
        ("query($dry: Boolean!) { rateLimit(dryRun: $dry) { cost } workspace { name } }", {"dry": False}),
        ("query($dry: Boolean! = false) { rateLimit(dryRun: $dry) { cost } workspace { name } }", {}),
        ("query($dry: Boolean! = true) { rateLimit(dryRun: $dry) { cost } workspace { name } }", {"dry": False}),
        ("{ ...F workspace { name } } fragment F on Query { rateLimit(dryRun: false) { cost } }", None),
    ],
)
def test_a_run_that_is_not_dry_is_priced_and_executed(alice, query, variables):
    assert alice.post({"query": query, "variables": variables}).data == {"rateLimit": {"cost": 2}, **NAME}


@pytest.mark.parametrize(
    "query",
    [
        "{ ...F workspace { name } } fragment F on Query { rateLimit(dryRun: true) { cost } }",
        "{ ... on Query { rateLimit(dryRun: true) { cost } } workspace { name } }",
        "{ ...F workspace { name } } fragment F on Query { ...G } fragment G on Query { ... { rateLimit(dryRun: true) { cost } } }",
        "query($dry: Boolean! = true) { rateLimit(dryRun: $dry) { cost } workspace { name } }",
        "query($dry: Boolean = true) { ...F workspace { name } } fragment F on Query { rateLimit(dryRun: $dry) { cost } }",
    ],
)
def test_a_dry_run_is_dry_wherever_it_is_asked_for(alice, query):
    assert alice.post({"query": query}).data == {"rateLimit": {"cost": 2}}


def test_a_dry_run_that_is_left_out_is_none(alice):
    query = "query($dry: Boolean!) { ...F @include(if: $dry) workspace { name } } fragment F on Query { rateLimit(dryRun: true) { cost } }"
    assert alice.post({"query": query, "variables": {"dry": True}}).data == {"rateLimit": {"cost": 2}}
    assert alice.post({"query": query, "variables": {"dry": False}}).data == NAME


TOO_DEAR = "channels(first: 50) { nodes { id } } rateLimit(dryRun: %s) { cost }"
"""Is estimated at 52: the connection, its 50 nodes, the rate limit."""


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (f"{{ {TOO_DEAR % 'true'} }}", None),
        (f"{{ ...F }} fragment F on Query {{ {TOO_DEAR % 'true'} }}", None),
        (f"query($dry: Boolean! = true) {{ {TOO_DEAR % '$dry'} }}", None),
        (f"query($dry: Boolean!) {{ {TOO_DEAR % '$dry'} }}", {"dry": True}),
    ],
)
def test_an_operation_beyond_the_limit_is_priced_too(serve, token, query, variables):
    alice, left = Wire(serve(max_cost=51, rate_limit_per_s=1), token), []
    for _ in range(3):
        answer = alice.post({"query": query, "variables": variables})
        assert answer.data == {"rateLimit": {"cost": 52}}
        cost = answer.json()["extensions"]["cost"]
        left.append(cost.pop("throttleStatus")["currentlyAvailable"])
        assert cost == {"requestedQueryCost": 52, "actualQueryCost": 1}
    assert 0 <= left[0] - left[2] <= 2  # of which some may have come back
    wet = query.replace("true", "false")
    answer = alice.post({"query": wet, "variables": {"dry": False} if variables else None})
    assert answer.code == "QUERY_TOO_COMPLEX"
    assert answer.json()["extensions"]["cost"] == {"requestedQueryCost": 52, "actualQueryCost": None}


def test_a_dry_run_is_within_every_other_limit(serve, token):
    alice = Wire(serve(max_root_fields=2, max_list_length=3), token)
    assert (
        alice.post({"query": "{ rateLimit(dryRun: true) { cost } a: __typename b: __typename }"}).code
        == "QUERY_TOO_COMPLEX"
    )
    ask = {"query": "query($ids: [ID!]!) { rateLimit(dryRun: true) { cost } nodes(ids: $ids) { id } }"}
    assert alice.post(ask | {"variables": {"ids": ["a"] * 3}}).data == {"rateLimit": {"cost": 1 + 3 * (10 + 1)}}
    assert alice.post(ask | {"variables": {"ids": ["a"] * 4}}).code == "QUERY_TOO_COMPLEX"


def test_a_dry_run_needs_a_token(nobody):
    for query in (
        "{ rateLimit(dryRun: true) { cost } }",
        "{ __schema { queryType { name } } rateLimit(dryRun: true) { cost } }",
    ):
        assert nobody.post({"query": query}).status == 401
