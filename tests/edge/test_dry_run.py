"""A dry run prices an operation, however dear, and executes nothing of it but `rateLimit`."""

# ruff: noqa: E501 - a query stands on one line

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

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
    assert cost["actualQueryCost"] == (1 if "free" not in query else 2)
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
    ],
)
def test_a_run_that_is_not_dry_is_priced_and_executed(alice, query, variables):
    assert alice.post({"query": query, "variables": variables}).data == {"rateLimit": {"cost": 2}, **NAME}


@pytest.mark.parametrize(
    "query",
    [
        "{ ...F workspace { name } } fragment F on Query { rateLimit(dryRun: true) { cost } }",
        "{ ... on Query { rateLimit(dryRun: true) { cost } } workspace { name } }",
        "query($dry: Boolean! = true) { rateLimit(dryRun: $dry) { cost } workspace { name } }",
    ],
)
def test_a_dry_run_is_dry_wherever_it_is_asked_for(alice, query):
    assert alice.post({"query": query}).data == {"rateLimit": {"cost": 2}}


