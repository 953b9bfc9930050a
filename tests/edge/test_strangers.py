"""Callers without a token: they may ask for the schema, in short, a few at a time, and take nothing from anybody else."""

# ruff: noqa: E501 - a query stands on one line

import asyncio
import threading

import pytest
from graphql import build_client_schema, get_introspection_query
from wire import Wire

from app.edge import documents, runner
from app.edge.documents import Documents
from app.edge.quota import STRANGERS_AT_ONCE
from app.schema.build import build
from app.settings import Settings

ASK = "{ __schema { queryType { name } } }"
QUERY = {"__schema": {"queryType": {"name": "Query"}}}
EVERY_OPTION = {
    "descriptions": True, "specified_by_url": True, "directive_is_repeatable": True, "schema_description": True,
    "input_value_deprecation": True, "one_of": True,
}  # fmt: skip


@pytest.fixture
def kept():
    """A cache of documents."""
    return Documents(build(), Settings())


# -- What they may ask


@pytest.mark.some(1)
@pytest.mark.parametrize(
    "options",
    [{}, EVERY_OPTION, {"input_value_deprecation": True, "schema_description": True}, {"descriptions": False}],
    ids=["plain", "every option", "GraphiQL's", "without descriptions"],
)
def test_the_whole_schema_is_told_to_everybody(alice, nobody, options):
    query = get_introspection_query(**options)
    for ask in (nobody.post, nobody.get):
        found = ask({"query": query, "operationName": "IntrospectionQuery"}).data
    assert found == alice.post({"query": query}).data
    assert build_client_schema(found).query_type.name == "Query"


def test_the_whole_schema_and_a_quarter_more_is_the_most(kept):
    whole = kept.get(get_introspection_query(**EVERY_OPTION)).operation(None).cost({})
    most = kept.strangers_cost
    assert whole <= most <= whole * 5 / 4
    assert most < 2 * whole


def test_what_is_dearer_than_the_whole_schema_is_refused(kept, alice, nobody, unreached):
    types = "{ fields { args { type { name } } } } }"
    dear = "{" + "".join(f" a{n}: __schema {{ types {types}" for n in range(12)) + " }"
    estimate = kept.get(dear, stranger=True).operation(None).cost({})
    assert kept.strangers_cost < estimate < Settings().max_cost
    assert set(alice.post({"query": dear}).data) == {f"a{n}" for n in range(12)}  # with a token it may be asked
    unreached("app.edge.runner.execute")
    answer = nobody.post({"query": dear})
    assert (answer.status, answer.code) == (200, "QUERY_TOO_COMPLEX")
    assert f"may cost {kept.strangers_cost:,}" in answer.error["message"]
    assert answer.json()["extensions"]["cost"] == {"requestedQueryCost": estimate, "actualQueryCost": None}
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "query",
    [
        "{ workspace { name } }",
        "{ __schema { queryType { name } } workspace { name } }",
        "{ ... { workspace { name } } }",
        "mutation { __typename channelUpsert(input: {}) { outcome } }",
    ],
)
def test_what_is_not_the_schema_needs_a_token(nobody, query):
    assert (nobody.post({"query": query}).status, nobody.post({"query": query}).code) == (401, "UNAUTHENTICATED")


@pytest.mark.slow
def test_a_long_document_is_not_read(kept, nobody):
    most = documents.STRANGERS_TOKENS
    assert most < Settings().max_query_tokens
    fits, longer = ("{" + " __typename" * count + " }" for count in (200, most - 1))
    assert nobody.post({"query": fits}).data == {"__typename": "Query"}
    assert not kept.get(fits, stranger=True).errors
    for text in (longer, ASK.ljust(20 * most + 1)):
        (error,) = kept.get(text, stranger=True).errors
        assert error.message.startswith(f"The document is longer than {most:,} tokens of 20 characters")
        assert nobody.post({"query": text}).status == 401
    assert not kept.get(ASK.ljust(20 * most), stranger=True).errors


SETTINGS = [{"max_query_tokens": 100}, {"max_depth": 8}, {"max_fields": 50}, {"max_definitions": 3}]


@pytest.mark.parametrize("changed", SETTINGS, ids=str)
def test_where_less_is_taken_the_schema_is_still_answered(serve, changed):
    assert Wire(serve(**changed), None).post({"query": ASK}).data == QUERY


def test_nobody_may_send_a_longer_document_than_who_has_a_token():
    kept = Documents(build(), Settings(max_query_tokens=100))
    text = "{" + " __typename" * 99 + " }"
    assert kept.get(text).errors
    assert kept.get(text, stranger=True).errors


# -- What is kept of it


def test_what_they_send_is_kept_for_themselves_alone(kept):
    first = kept.get(ASK, stranger=True)
    assert kept.known(ASK, stranger=True) is kept.get(ASK, stranger=True) is first
    assert kept.known(ASK) is None
    own = kept.get(ASK + " ")
    assert kept.known(ASK + " ") is own
    assert kept.known(ASK + " ", stranger=True) is None


def test_what_is_kept_for_them_is_bounded_and_pushes_nobody_elses_out(monkeypatch):
    monkeypatch.setattr(documents, "STRANGERS_CHARACTERS", 300)
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 300)
    kept = Documents(build(), Settings())
    texts = [f"{ASK} # {i}".ljust(100) for i in range(20)]
    mine = [kept.get(text) for text in texts[:3]]
    for text in texts:
        kept.get(text, stranger=True)
    assert [kept.known(text, stranger=True) is not None for text in texts] == [False] * 17 + [True] * 3
    assert [kept.known(text) for text in texts[:3]] == mine


@pytest.mark.parametrize("text", ["", "{", "{ nope }", "{" + " __typename" * 2_000 + " }"])
def test_a_faulty_document_is_never_kept(kept, text):
    assert kept.get(text, stranger=True).errors
    assert kept.known(text, stranger=True) is None


def test_over_http_they_share_nothing_with_who_has_a_token(serve, token, monkeypatch):
    api, seen = serve(), []

    def parse(*args, **options):
        seen.append(threading.current_thread().name.partition("_")[0])
        return plain(*args, **options)

    plain = documents.parse
    monkeypatch.setattr(documents, "parse", parse)
    alice, nobody = Wire(api, token), Wire(api, None)
    nobody.post({"query": ASK})
    assert seen[0] == "stranger"  # on a thread of their own, for which nobody else waits
    seen.clear()
    for wire, thread in ((nobody, []), (alice, ["reader"]), (nobody, []), (alice, [])):
        assert wire.post({"query": ASK}).data == QUERY
        assert seen == thread
        seen.clear()


def test_while_one_of_them_is_read_others_are_answered(serve, token, monkeypatch):
    api, read, go_on = serve(pool_size=1), threading.Event(), threading.Event()
    alice = Wire(api, token)
    assert alice.post({"query": ASK}).data == QUERY
    plain = documents.parse

    def parse(source, **options):
        if "slow" in source:
            read.set()
            assert go_on.wait(5)
        return plain(source, **options)

    monkeypatch.setattr(documents, "parse", parse)

    async def ask():
        stranger = asyncio.create_task(api._client.post("/graphql", json={"query": f"{ASK} # slow"}))
        assert await asyncio.to_thread(read.wait, 5)
        query = {"query": "{ workspace { name } } # not known before"}
        other = await api._client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token}"})
        assert not stranger.done()
        go_on.set()
        return other, await stranger

    other, stranger = api._runner.run(ask())
    assert other.json()["data"] == {"workspace": {"name": "Workshop"}}
    assert stranger.json()["data"] == QUERY


# -- How many at once


def test_a_few_of_them_are_answered_at_once_and_the_places_come_back(serve, token, monkeypatch):
    api, go_on = serve(), threading.Event()
    nobody = Wire(api, None)
    assert nobody.post({"query": ASK}).data == QUERY
    execute = runner.execute

    def held(*args, **options):
        if threading.current_thread() is not threading.main_thread():
            assert go_on.wait(5)
        return execute(*args, **options)

    monkeypatch.setattr(runner, "execute", held)

    async def ask():
        headers = [{"Accept-Language": "zh" if n % 2 else "en"} for n in range(STRANGERS_AT_ONCE + 4)]
        asked = [asyncio.create_task(api._client.post("/graphql", json={"query": ASK}, headers=one)) for one in headers]
        for _, one in zip(range(4), asyncio.as_completed(asked, timeout=5), strict=False):
            assert (await one).status_code == 429  # nobody else is answered before
        # who has a token has places of their own
        query = {"query": "{ workspace { name } }"}
        other = await api._client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token}"})
        go_on.set()
        return other, await asyncio.gather(*asked)

    other, answers = api._runner.run(ask())
    assert other.json()["data"] == {"workspace": {"name": "Workshop"}}
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in refused] == [429] * 4
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    errors = [answer.json()["errors"][0] for answer in refused]
    assert {error["extensions"]["code"] for error in errors} == {"RATE_LIMITED"}
    assert {error["message"] for error in errors} == {
        "Too many ask for the schema without a token at the moment; try again, or send a token.",
        "当前未带令牌查询模式的请求过多；请稍后重试，或提供令牌。",
    }
    assert [nobody.post({"query": ASK}).status for _ in range(STRANGERS_AT_ONCE + 1)] == [200] * (STRANGERS_AT_ONCE + 1)
