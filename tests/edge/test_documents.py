"""Documents: kept once they are good, priced without being executed; and those that we hand out ourselves."""

# ruff: noqa: E501 - a query stands on one line

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from wire import Wire

from app.edge import documents
from app.edge.documents import Documents
from app.edge.graphiql import QUERIES
from app.schema.build import build
from app.settings import Settings

ROOT = Path(__file__).parents[2]
ASK = "{ workspace { name } }"
NAME = {"workspace": {"name": "Workshop"}}


@pytest.fixture
def kept():
    """A cache of documents."""
    return Documents(build(), Settings())


# -- The cache


def test_the_same_text_gives_the_same_object_again(kept):
    first = kept.get(ASK)
    assert not first.errors
    assert kept.get(str(ASK)) is first
    assert kept.known(ASK) is first


def test_documents_are_kept_apart_by_their_text(kept):
    texts = [ASK, ASK + " ", "{workspace{name}}", "{ workspace { id } }", "query A { workspace { name } }", "query B { workspace { name } }"]  # fmt: skip
    found = [kept.get(text) for text in texts]
    assert len({id(one) for one in found}) == len(texts)
    assert [kept.known(text) for text in texts] == found
    assert found[4].operation("A") is not None
    assert found[4].operation("B") is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "{ nope }", "{ ...F }", "query A { workspace { name } } query A { workspace { name } }", "{" + "a{" * 4_000, "{" + "workspace{name}" * 1_000 + "}", "x" * 100_000],
)  # fmt: skip
def test_a_faulty_document_is_never_kept(kept, text):
    first = kept.get(text)
    assert first.errors
    assert kept.known(text) is None
    assert [error.message for error in kept.get(text).errors] == [error.message for error in first.errors]


def test_an_unknown_text_is_not_known(kept):
    assert kept.known(ASK) is None


def test_what_somebody_unknown_sends_is_not_kept(kept):
    assert not kept.introspection(ASK).errors
    assert kept.known(ASK) is None


def test_the_cache_is_bounded_and_the_document_not_asked_for_longest_is_forgotten(kept, monkeypatch):
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 300)
    texts = [f"{ASK} # {i}".ljust(100) for i in range(50)]
    for text in texts[:3]:
        kept.get(text)
    assert kept.known(texts[0])  # so that the second was not asked for longest
    kept.get(texts[3])
    assert [kept.known(text) is not None for text in texts[:4]] == [True, False, True, True]
    for text in texts:
        kept.get(text)
    assert [kept.known(text) is not None for text in texts] == [False] * 47 + [True] * 3


def test_a_document_longer_than_the_cache_is_run_and_forgotten(kept, monkeypatch):
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 10)
    assert not kept.get(ASK).errors
    assert kept.known(ASK) is None
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 1_000)
    kept.get(ASK)
    assert kept.known(ASK) is not None  # nothing is counted twice or for ever


def test_a_document_from_the_cache_is_answered_as_before(serve, token):
    alice = Wire(serve(), token)
    query = "query($key: String!, $is: Boolean!) { kpiDefinition(key: $key) { key @include(if: $is) unit } }"
    for key, is_ in (("CSAT", True), ("NPS", False), ("NPS", True), ("CSAT", True)):
        found = alice.post({"query": query, "variables": {"key": key, "is": is_}}).data["kpiDefinition"]
        assert found.get("key") == (key if is_ else None)
        assert found["unit"]


# -- Suggestions

MISSPELT = ["{ workspac { name } }", "{ workspace { nam } }", "{ kpi(keyy: CSAT) { value } }", "{ kpi(key: CSATT, period: {named: TODAY}) { value } }", "query($a: Strin) { workspace { name } }"]  # fmt: skip
WRONG = {"query": "query($p: PeriodInput!) { kpi(key: CSAT, period: $p) { value } }", "variables": {"p": {"name": "TODAY"}}}  # fmt: skip


def test_what_might_have_been_meant_is_not_told(alice):
    for query in MISSPELT:
        assert "Did you mean" not in alice.post({"query": query}).body.decode(), query
    assert "Did you mean" not in alice.post(WRONG).body.decode()


def test_with_graphiql_it_is(serve, token):
    alice = Wire(serve(graphiql=True), token)
    for query in MISSPELT:
        assert "Did you mean" in alice.post({"query": query}).body.decode(), query
    assert "Did you mean 'workspace'?" in alice.post({"query": MISSPELT[0]}).body.decode()
    assert "Did you mean" in alice.post(WRONG).body.decode()


# -- The dry run


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


# -- The limits leave room for what we ask ourselves


def of_markdown():
    for path in (*ROOT.glob("*.md"), *(ROOT / "examples").rglob("*.md"), *(ROOT / "docs").glob("*.md")):
        for i, text in enumerate(re.findall(r"```graphql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)):
            yield f"{path.relative_to(ROOT)} {i}", text


def of_scripts():
    """The documents that stand as constants in the examples' modules."""
    for path in (ROOT / "examples").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                text = node.value.value
                if isinstance(text, str) and re.match(r"\s*(query|mutation|subscription|\{)", text):
                    yield f"{path.relative_to(ROOT)} {ast.unparse(node.targets[0])}", text


EXAMPLES = dict([*of_markdown(), *of_scripts(), *((f"GraphiQL {i}", text) for i, text in enumerate(QUERIES))])


def test_examples_are_found():
    assert len([name for name in EXAMPLES if name.startswith("README.md")]) == 2
    assert len([name for name in EXAMPLES if name.startswith("examples") and ".md" in name]) >= 1
    assert len([name for name in EXAMPLES if ".py" in name]) == 3


SHARES = {
    # how many times what an example uses must fit into each limit
    "max_cost": 4, "max_fields": 4, "max_root_fields": 4, "max_aliases": 4, "max_directives": 4, "max_definitions": 4,
    "max_mutations": 4, "max_query_tokens": 2, "max_depth": 2,
}  # fmt: skip


def tight(**less):
    """The settings that nobody has touched, each limit divided by its share."""
    plain = Settings()
    return plain.model_copy(update={name: getattr(plain, name) // share for name, share in (SHARES | less).items()})


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_comes_near_a_limit(name):
    # a batch is as large as it may be
    settings, rows = tight(max_cost=3 if ".py" in name else 4), {"input": {"rows": [{}] * 500}}
    prepared = Documents(build(), settings).get(EXAMPLES[name])
    assert prepared.errors == ()
    for operation in prepared.operations.values():
        assert 1 <= operation.cost(rows if ".py" in name else {}) <= settings.max_cost


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("README.md 0", "max_cost"), ("README.md 0", "max_fields"), ("README.md 0", "max_root_fields"), ("README.md 0", "max_depth"),
        ("README.md 0", "max_query_tokens"), ("README.md 0", "max_aliases"), ("GraphiQL 0", "max_definitions"),
    ],
)  # fmt: skip
def test_an_example_that_came_near_a_limit_would_be_noticed(name, limit):
    settings = tight(**{limit: 1_000_000})  # no room at all
    prepared = Documents(build(), settings).get(EXAMPLES[name])
    assert prepared.errors or any(one.cost({}) > settings.max_cost for one in prepared.operations.values())


@pytest.mark.parametrize("name", [name for name in EXAMPLES if ".py" not in name])
def test_every_example_that_can_be_pasted_is_answered(serve, token, name):
    found = Wire(serve(), token).post({"query": EXAMPLES[name]})
    assert (found.status, "errors" in found.json()) == (200, False), found.body
