"""Documents: kept once they are good; and those that we hand out ourselves."""

# ruff: noqa: E501 - a query stands on one line

import ast
import re
from pathlib import Path

import pytest
from wire import Wire

from app.actor import ORDINARY, Scope
from app.edge import documents
from app.edge.cost import plan
from app.edge.documents import Documents
from app.edge.graphiql import QUERIES
from app.schema.build import build
from app.services import token as tokens
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


def test_the_cache_is_bounded_and_the_document_not_asked_for_longest_is_forgotten(monkeypatch):
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 300)
    kept = Documents(build(), Settings())
    texts = [f"{ASK} # {i}".ljust(100) for i in range(50)]
    for text in texts[:3]:
        kept.get(text)
    assert kept.known(texts[0])  # so that the second was not asked for longest
    kept.get(texts[3])
    assert [kept.known(text) is not None for text in texts[:4]] == [True, False, True, True]
    for text in texts:
        kept.get(text)
    assert [kept.known(text) is not None for text in texts] == [False] * 47 + [True] * 3


def test_a_document_longer_than_the_cache_is_run_and_forgotten(monkeypatch):
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 30)
    kept = Documents(build(), Settings())
    for _ in range(3):
        assert not kept.get(ASK.ljust(31)).errors
        assert kept.known(ASK.ljust(31)) is None
    kept.get(ASK)
    assert kept.known(ASK) is not None  # nothing is counted twice or for ever


def test_what_a_document_costs_is_planned_when_it_is_asked_for(kept, monkeypatch):
    planned = []
    monkeypatch.setattr(documents, "plan", lambda *args: planned.append(1) or plan(*args))
    found = kept.get("query A { workspace { id } } query B { customers(first: 3) { nodes { id } } }")
    assert planned == []
    assert [found.operation("B").cost({}) for _ in range(2)] == [4, 4]
    assert len(planned) == 1


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
    assert "Did you mean 'workspace' or 'workspaces'?" in alice.post({"query": MISSPELT[0]}).body.decode()
    assert "Did you mean" in alice.post(WRONG).body.decode()


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
    assert len([name for name in EXAMPLES if name.startswith("README.md")]) == 12
    assert len([name for name in EXAMPLES if name.startswith("examples") and ".md" in name]) >= 1
    assert len([name for name in EXAMPLES if ".py" in name]) == 14


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
def test_every_example_that_can_be_pasted_is_answered(serve, api, token, name):
    scopes = [*ORDINARY, Scope.WORKSPACE_ADMIN]  # some administer
    secret = tokens.create(api.door, tokens.authenticate(api.door, token).tenant_id, "root", scopes=scopes)
    found = Wire(serve(), secret).post({"query": EXAMPLES[name]})
    assert (found.status, "errors" in found.json()) == (200, False), found.body
