"""Documents that clients name instead of sending them: by their hash as Apollo's clients do, or from a manifest."""

import hashlib

import pytest
from wire import Wire

from app.edge import persisted

GRAPHQL = "application/graphql-response+json"
ASK = "{ workspace { name } }"
NAME = {"workspace": {"name": "Workshop"}}
MUTATE = 'mutation { channelUpsert(input: {externalId: "web", name: "Web"}) { outcome } }'
SEVERAL = "query Who { workspace { name } } query Which($key: String!) { kpiDefinition(key: $key) { key } }"
MISSING = '{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}'


def digest(query):
    return hashlib.sha256(query.encode()).hexdigest()


def named(query, **more):
    """What Apollo's clients send as extensions."""
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(query), **more}}


def hashed(query, **more):
    """A request that names its document by its hash alone."""
    return {"extensions": named(query), **more}


def is_missing(answer):
    """Whether the answer says that the document is not known, and nothing else."""
    return answer.body.decode() == MISSING


def is_known(wire, query):
    """Whether a document is known by its hash."""
    return not is_missing(wire.post(hashed(query)))


# -- Automatic persisted queries


def test_a_hash_that_is_not_known_is_told_as_apollos_clients_read_it(alice):
    for ask in (alice.post, alice.get):
        for accept, status in (("application/json", 200), ("*/*", 200), (GRAPHQL, 400)):
            answer = ask(hashed("{ never { sent } }"), accept=accept)
            assert (answer.status, answer.body.decode()) == (status, MISSING)
            assert "no-store" in answer.headers["cache-control"]


def test_a_hash_that_is_not_known_is_told_the_same_in_every_language(alice):
    assert alice.post(hashed("{ never { sent } }"), accept_language="zh-CN").body.decode() == MISSING


@pytest.mark.parametrize("method", ["post", "get"])
def test_a_document_sent_with_its_hash_is_known_by_it_from_then_on(serve, token, method):
    alice = Wire(serve(), token)
    for query in (ASK, "{ workspace { name } } # é 很"):
        assert is_missing(alice.get(hashed(query)))
        assert getattr(alice, method)({"query": query, "extensions": named(query)}).data == NAME
        assert alice.get(hashed(query)).data == NAME
        assert alice.post(hashed(query)).data == NAME
        # a hash is a hash in capitals, too
        assert alice.post({"extensions": named(query, sha256Hash=digest(query).upper())}).data == NAME
        # and is the document's id by the specification's appendix
        assert alice.post({"documentId": f"sha256:{digest(query)}"}).data == NAME


def test_a_document_known_by_its_hash_takes_variables_and_an_operation(serve, token):
    alice = Wire(serve(), token)
    with_both = {"operationName": "Which", "variables": {"key": "NPS"}}
    for ask in ({"query": SEVERAL, "extensions": named(SEVERAL)}, hashed(SEVERAL)):
        assert alice.post(ask | with_both).data == {"kpiDefinition": {"key": "NPS"}}
        assert alice.get(ask | with_both).data == {"kpiDefinition": {"key": "NPS"}}
        assert alice.get(ask | {"operationName": "Who"}).data == NAME


def test_a_mutation_known_by_its_hash_is_still_not_for_get(serve, token):
    alice = Wire(serve(), token)
    assert alice.post({"query": MUTATE, "extensions": named(MUTATE)}).data == {"channelUpsert": {"outcome": "CREATED"}}
    answer = alice.get(hashed(MUTATE))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert alice.post(hashed(MUTATE)).data == {"channelUpsert": {"outcome": "UNCHANGED"}}


@pytest.mark.parametrize("given", [digest(ASK), digest(ASK + " ") + "0", "", "x" * 100_000])
def test_a_hash_that_does_not_fit_is_refused_and_learns_nothing(serve, token, given):
    alice, query = Wire(serve(), token), "{ workspace { name timeZone } }"
    answer = alice.post({"query": query, "extensions": named(query, sha256Hash=given)})
    assert (answer.status, answer.code) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert answer.error["message"] == "provided sha does not match query"
    assert is_missing(alice.post({"extensions": named(query, sha256Hash=given or "0")}))
    assert is_missing(alice.post(hashed(query)))


@pytest.mark.parametrize(
    "given",
    [
        {"version": 2, "sha256Hash": digest(ASK)},
        {"version": "1", "sha256Hash": digest(ASK)},
        {"version": None, "sha256Hash": digest(ASK)},
        {"sha256Hash": digest(ASK)},
        {"version": 1},
        {"version": 1, "sha256Hash": 5},
        {"version": 1, "md5Hash": "x"},
        {},
        [],
        "x",
        1,
    ],
)
def test_another_version_is_refused(alice, given):
    for query in ({}, {"query": ASK}):
        answer = alice.post({**query, "extensions": {"persistedQuery": given}})
        assert answer.status == 400
        assert answer.error["message"].startswith("Unsupported persisted query version")


def test_nothing_is_learnt_without_a_token(serve, token):
    api = serve()
    alice, nobody = Wire(api, token), Wire(api, None)
    schema = "{ __schema { queryType { name } } }"
    assert nobody.post({"query": schema, "extensions": named(schema)}).status == 200
    assert nobody.post({"query": ASK, "extensions": named(ASK)}).status == 401
    liar = {"authorization": "Bearer nope"}
    assert nobody.post({"query": ASK, "extensions": named(ASK)}, **liar).status == 401
    for query in (schema, ASK):
        assert is_missing(alice.post(hashed(query)))


FAULTY = {
    "no document": "{ workspace",
    "not of this schema": "{ nope }",
    "beyond a limit": "{" + "".join(f" a{i}: __typename" for i in range(61)) + " }",
    "too long": "{" + " __typename" * 4_000 + " }",
    "without an operation": "fragment F on Query { __typename }",
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_document_that_is_not_valid_is_not_learnt(serve, token, what):
    alice, query = Wire(serve(), token), FAULTY[what]
    answers = [alice.post({"query": query, "extensions": named(query)}) for _ in range(2)]
    assert "errors" in answers[0].json()
    assert answers[0].body == answers[1].body
    assert is_missing(alice.post(hashed(query)))
    assert is_missing(alice.post({"documentId": f"sha256:{digest(query)}"}))


def test_a_document_is_learnt_whether_or_not_it_can_be_run_this_time(serve, token):
    dear = "{ customers(first: 50) { nodes { id } } }"
    alice = Wire(serve(max_cost=50), token)
    asks = (
        ({"query": dear}, "QUERY_TOO_COMPLEX"),
        ({"query": SEVERAL, "operationName": "Nope"}, "BAD_USER_INPUT"),
        ({"query": SEVERAL, "operationName": "Which"}, "BAD_USER_INPUT"),  # its variable is missing
    )
    for ask, code in asks:
        for more in ({"extensions": named(ask["query"])}, {"extensions": named(ask["query"]), "query": None}):
            assert alice.post(ask | more).code == code


def test_what_is_known_is_not_told_without_a_token(serve, token, write):
    """Known or not, learnt or of the manifest: the answer is the same, byte for byte."""
    schema, never = "{ __schema { queryType { name } } }", "{ never { sent } }"
    api = serve(trusted_documents=write({"who": ASK, "schema": schema}))
    alice, nobody = Wire(api, token), Wire(api, None)
    for query in (MUTATE, schema):
        assert alice.post({"query": query, "extensions": named(query)}).status == 200
    asks = [hashed(query) for query in (ASK, MUTATE, schema, never)]
    asks += [{"documentId": one} for one in ("who", "schema", "nope", f"sha256:{digest(schema)}", "sha256:nope")]
    for ask in (nobody.post, nobody.get):
        for accept in ("application/json", GRAPHQL):
            answers = [ask(one, accept=accept) for one in asks]
            assert {one.status for one in answers} == {401}
            assert len({one.body for one in answers}) == 1
            assert answers[0].code == "UNAUTHENTICATED"
            assert answers[0].headers["www-authenticate"].startswith("Bearer")


def test_what_is_learnt_is_bounded_and_the_one_not_asked_for_longest_is_forgotten(serve, token, monkeypatch):
    texts = [f"{{ workspace {{ name }} }} # {i}".ljust(100) for i in range(5)]
    monkeypatch.setattr(persisted, "MOST_CHARACTERS", 300)
    alice = Wire(serve(), token)
    for text in texts[:3]:
        alice.post({"query": text, "extensions": named(text)})
    alice.post({"query": texts[2], "extensions": named(texts[2])})  # the same again takes no room
    assert alice.post(hashed(texts[0])).data == NAME  # so that the second was not asked for longest
    alice.post({"query": texts[3], "extensions": named(texts[3])})
    assert [not is_known(alice, text) for text in texts] == [False, True, False, False, True]


def test_a_document_longer_than_all_that_is_remembered_is_run_and_forgotten(serve, token, monkeypatch):
    monkeypatch.setattr(persisted, "MOST_CHARACTERS", 10)
    alice = Wire(serve(), token)
    assert alice.post({"query": ASK, "extensions": named(ASK)}).data == NAME
    assert not is_known(alice, ASK)


# -- Trusted documents


IDS = {"who": ASK, digest(SEVERAL): SEVERAL}
MANIFESTS = {
    "texts by id": IDS,
    "texts by id, some with a prefix": {"who": ASK, f"sha256:{digest(SEVERAL)}": SEVERAL},
    "Apollo's": {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": id_, "body": text, "name": "Any", "type": "query"} for id_, text in IDS.items()],
    },
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_document_of_the_manifest_is_run_by_its_id(serve, token, write, what):
    alice = Wire(serve(trusted_documents=write(MANIFESTS[what])), token)
    both = {"operationName": "Which", "variables": {"key": "NPS"}}
    for ask in (alice.post, alice.get):
        assert ask({"documentId": "who"}).data == NAME
        for id_ in (digest(SEVERAL), f"sha256:{digest(SEVERAL)}"):
            assert ask({"documentId": id_, **both}).data == {"kpiDefinition": {"key": "NPS"}}
        # clients that speak of hashes find it by its own
        assert ask(hashed(SEVERAL, **both)).data == {"kpiDefinition": {"key": "NPS"}}
        for id_ in ("Who", "nobody", "sha256:nobody", ASK):
            assert is_missing(ask({"documentId": id_}))
    assert alice.post({"query": '{ kpiDefinition(key: "CSAT") { key } }'}).data == {"kpiDefinition": {"key": "CSAT"}}


def test_without_a_manifest_no_id_is_known(alice):
    assert is_missing(alice.post({"documentId": "who"}))


INTROSPECTION = "query IntrospectionQuery { __schema { queryType { name } } }"


def test_where_only_trusted_documents_run_every_other_is_refused(serve, token, write):
    manifest = write(IDS | {"write": MUTATE})
    alice = Wire(serve(trusted_documents=manifest, only_trusted_documents=True, graphiql=True), token)
    for query in ("{ workspace { name timeZone } }", ASK + " ", MUTATE.replace("Web", "Evil"), INTROSPECTION, "{"):
        for extensions in (None, named(query)):
            for wire in (alice, Wire(alice.api, None)):
                answer = wire.post({"query": query, "extensions": extensions})
                assert (answer.status, answer.code) == (403, "QUERY_NOT_TRUSTED")
                assert "data" not in answer.json()
        assert not is_known(alice, query)
    assert alice.post({"documentId": "who"}).data == NAME
    assert alice.post({"query": ASK}).data == NAME  # word for word as in the manifest
    assert alice.post({"query": ASK, "extensions": named(ASK)}).data == NAME
    assert alice.post({"documentId": "write"}).data["channelUpsert"]["outcome"] in ("CREATED", "UNCHANGED")
    assert alice.post({"query": '{ channel(by: {externalId: "web"}) { name } }'}).status == 403


# -- The same answer


SAME = {
    "data": {"query": "{ kpiDefinitions { key name formula } workspace { name } }"},
    "variables": {"query": SEVERAL, "operationName": "Which", "variables": {"key": "CSAT"}},
    "partial data": {"query": "{ workspace { name } customers(first: 101) { nodes { id } } }"},
    "a variable that does not fit": {"query": SEVERAL, "operationName": "Which", "variables": {"key": [1]}},
    "an operation that is not there": {"query": SEVERAL, "operationName": "Nope"},
}
NEVER_LEARNT = {
    "a document that is not valid": {"query": "{ nope }"},
    "a document that is none": {"query": "{ workspace"},
}


@pytest.mark.parametrize("what", [*SAME, *NEVER_LEARNT])
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
def test_however_the_document_is_named_the_answer_is_the_same_byte_for_byte(serve, token, write, what, accept):
    ask = dict((SAME | NEVER_LEARNT)[what])
    query, rest = ask["query"], {name: value for name, value in ask.items() if name != "query"}
    # without points, of which every answer says how many are left
    alice = Wire(serve(trusted_documents=write({"it": query}), rate_limit_points=0), token)
    plain = alice.post(ask, accept=accept)
    by_hash = ({"extensions": named(query)}, {"documentId": f"sha256:{digest(query)}"}) if what in SAME else ()
    for other in (
        {"query": query, "extensions": named(query)},
        *by_hash,
        {"documentId": "it"},
        {"query": query},
    ):
        found = alice.post(other | rest, accept=accept)
        assert (found.status, found.kind, found.body) == (plain.status, plain.kind, plain.body)
    assert alice.get({"documentId": "it"} | rest, accept=accept).body == plain.body
