"""Documents and requests that were made to hurt are sent away before they cost anything, and learn nothing."""

# ruff: noqa: E501 - a document stands on one line

import json

import pytest

VALIDATE, EXECUTE = "app.edge.documents.validate", "app.edge.runner.execute"
CHECK = "app.edge.documents.check_document"


def levels(count, inside):
    """Fragments, each of which spreads the next one as often as `inside` has a place for it."""
    spread = (f"fragment F{n} on KpiResult {{ {inside.replace('*', f'...F{n + 1}')} }} " for n in range(count))
    return f"{{ kpi(key: CSAT, period: {{named: LAST_MONTH}}) {{ ...F0 }} }} {''.join(spread)} fragment F{count} on KpiResult {{ id }}"


TWICE = "comparison { baseline { * } } breakdown(by: CHANNEL) { slices { result { * } } other { result { * } } }"
CIRCLE = "fragment A on Customer { parent { ...B } } fragment B on Customer { parent { ...A } }"

TOO_COMPLEX = {
    "alias overloading": "{" + "".join(f" alias{n}: __typename" for n in range(101)) + " }",
    "alias overloading of a dear field": "{" + "".join(f" a{n}: kpi(key: CSAT, period: {{named: LAST_MONTH}}) {{ id }}" for n in range(61)) + " }",
    "field duplication": "{" + " __typename" * 500 + " }",
    "duplication of what has selections": "{" + " workspace { id }" * 100 + " }",
    "duplication from fragments": "{ ...A ...B }" + "".join(f" fragment {name} on Query {{ {'workspace { id } ' * 50} }}" for name in "AB"),
    "directive overloading": "query cop { __typename " + "@aa" * 10 + " }",
    "directive overloading in many places": "{" + " __typename @a @b" * 30 + " }",
    "circular introspection": "query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }",
    "circular introspection by a fragment": "{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...T } } }",
    "circular introspection by interfaces": "{ __schema { types { interfaces { possibleTypes { interfaces { name } } } } } }",
    "a circle of fragments": '{ customer(by: {externalId: "x"}) { ...A } } ' + CIRCLE,
    "a wide circle of fragments": '{ customer(by: {externalId: "x"}) { ...A } } fragment A on Customer { a: parent { ...A } b: parent { ...A } }',
    "exponential fragments with aliases": '{ customer(by: {externalId: "x"}) { ...F0 } }' + "".join(f" fragment F{n} on Customer {{ a: parent {{ ...F{n + 1} }} b: parent {{ ...F{n + 1} }} }}" for n in range(40)) + " fragment F40 on Customer { id }",
    "exponential fragments without any": levels(6, TWICE),
    "exponential fragments of names unknown": levels(12, "a { * } b { * } c { * }"),
    "deep nesting": "{ customers { nodes {" + " parent {" * 30 + " id " + "} " * 32 + "}",
    "many operations": " ".join(f"query Q{n} {{ __typename }}" for n in range(101)),
    "many fragments": "{ __typename }" + "".join(f" fragment F{n} on Query {{ __typename }}" for n in range(100)),
    "a long list": "{ nodes(ids: [" + '"x" ' * 1_001 + "]) { id } }",
    "a long list far inside": "{ kpis(ask: [{filter: [{anyOf: [" + '"x" ' * 1_001 + "]}]}]) { id } }",
    "a long list as a default": "query($ids: [ID!]! = [" + '"x" ' * 1_001 + "]) { nodes(ids: $ids) { id } }",
    "a long list in a directive": "{ __typename @x(y: [" + "1 " * 1_001 + "]) }",
    "more root fields than one may ask": "{" + "".join(f" f{n}" for n in range(51)) + " }",
    "more mutations than one may send": "mutation {" + "".join(f' m{n}: customerUpsert(input: {{externalId: "{n}"}}) {{ outcome }}' for n in range(11)) + " }",
}  # fmt: skip


@pytest.mark.parametrize("document", TOO_COMPLEX.values(), ids=TOO_COMPLEX)
def test_what_the_syntax_tells_is_refused_before_anything_is_validated(served, stored, unreached, document):
    alice, before = served(), stored()
    unreached(VALIDATE, EXECUTE)
    error = alice.refusal(document, operation_name="Q0")
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "at most" in error["message"]
    assert stored() == before


TOO_LONG = {
    "tokens": "{" + " a" * 3_999 + " }",
    "punctuation": "{" * 4_001,
    "comments": "#\n" * 4_000 + "{ __typename }",
    "a block of text": '{ customer(by: {externalId: """' + "x" * 80_000 + '"""}) { id } }',
    "blanks": " " * 80_000 + "{ __typename }",
}


@pytest.mark.parametrize("document", TOO_LONG.values(), ids=TOO_LONG)
def test_what_is_too_long_is_refused_before_it_is_a_tree(served, unreached, document):
    alice = served()
    unreached(CHECK, VALIDATE, EXECUTE)
    error = alice.refusal(document)
    if document.startswith("{{"):  # no document: where it stops being one comes before its end
        assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    else:
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert error["message"].startswith("The document is longer than 4,000 tokens")


NESTED = {
    "selections": "{a" * 1_200 + "}" * 1_200,
    "lists": "{a(x:" + "[" * 1_500 + "]" * 1_500 + ")}",
    "objects": "{a(x:" + "{a:" * 900 + "1" + "}" * 900 + ")}",
    "types": "query($a:" + "[" * 1_500 + "Int" + "]" * 1_500 + "){a}",
    "inline fragments": "{" + "...{" * 1_200 + "a" + "}" * 1_200 + "}",
}


@pytest.mark.parametrize("document", NESTED.values(), ids=NESTED)
def test_what_is_nested_without_end_is_no_document(served, unreached, document):
    alice = served()
    unreached(CHECK, VALIDATE, EXECUTE)
    error = alice.refusal(document)
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert "nested too deeply" in error["message"]


COSTLY = {
    "pages in pages": "{" + "".join(f" a{n}: customers(first: 100) {{ nodes {{ externalIds {{ source }} spells {{ from }} parent {{ externalIds {{ source }} }} }} }}" for n in range(45)) + " }",
    "a page of a billion": "{ customers(first: 1000000000) { nodes { id } } }",
    "breakdowns of breakdowns": "{ kpi(key: CSAT, period: {named: LAST_MONTH}) { breakdown(by: CHANNEL, first: 500) { slices { result { breakdown(by: SEGMENT, first: 500) { slices { id } } } } } } }",
    "introspection over and over": "{" + "".join(f" a{n}: __schema {{ types {{ fields {{ args {{ type {{ name }} }} }} }} }}" for n in range(30)) + " }",
}  # fmt: skip


@pytest.mark.parametrize("document", COSTLY.values(), ids=COSTLY)
def test_what_would_cost_too_much_is_not_executed(served, unreached, document):
    alice = served()
    unreached(EXECUTE)
    answer = alice.answer(document)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "points" in error["message"]
    assert answer["extensions"]["cost"]["requestedQueryCost"] > 40_000
    assert answer["extensions"]["cost"]["actualQueryCost"] is None


def test_a_circle_without_fields_is_named(served, unreached):
    alice = served()
    unreached(EXECUTE)
    error = alice.refusal("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "within itself" in error["message"]


def test_a_batch_of_requests_is_no_request(alice, unreached):
    unreached(EXECUTE)
    answer = alice.post([{"query": "query cop { __typename }"}] * 10)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert "one by one" in answer.error["message"]


def test_a_form_is_not_taken_so_that_no_page_can_post_for_its_reader(alice, unreached):
    unreached(EXECUTE)
    sent = b"query=query+cop+%7B+__typename+%7D"
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None):
        answer = alice.send("POST", {"content_type": kind}, sent)
        assert (answer.status, answer.code) == (415, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "TRACE"])
def test_other_methods_are_not_taken(alice, unreached, method):
    unreached(EXECUTE)
    answer = alice.send(method, {"content_type": "application/json"}, b'{"query": "{ __typename }"}')
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"


def test_a_mutation_is_not_taken_by_get(alice, stored, unreached):
    unreached(EXECUTE)
    before = stored()
    for document in (
        "mutation cop { __typename }",
        'mutation { customerUpsert(input: {externalId: "x"}) { outcome } }',
    ):
        answer = alice.get({"query": document})
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"
    assert stored() == before


def test_a_query_by_get_is_answered_to_who_has_a_token(alice, nobody):
    assert alice.get({"query": "query cop { workspace { name } }"}).data == {"workspace": {"name": "Workshop"}}
    assert nobody.get({"query": "query cop { workspace { name } }"}).status == 401


@pytest.mark.parametrize(
    "document",
    [
        "query cop { __schema { directive } }",
        "{ custmers { nodes { id } } }",
        '{ customer(by: {externlId: "x"}) { id } }',
    ],
)
def test_no_name_is_suggested_to_who_guesses(served, document):
    (error,) = served(graphiql=False).answer(document)["errors"][:1]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "did you mean" not in error["message"].lower()
    (error,) = served(graphiql=True).answer(document)["errors"][:1]
    assert "did you mean" in error["message"].lower()


def test_nothing_is_told_of_how_it_works(alice, nobody):
    for document in ("qwerty cop { abc }", "{ nope }", "query cop { __typename }", '{ node(id: "x") { nope } }'):
        answer = alice.post({"query": document, "extensions": {"tracing": True}}, apollo_tracing="1").json()
        assert set(answer.get("extensions", {})) <= {"cost"}
        for error in answer.get("errors", ()):
            assert set(error["extensions"]) == {"code"}
        text = json.dumps(answer).lower()
        assert not any(word in text for word in ("traceback", "exception", "stack", ".py", "graphql.error"))


def test_what_a_stranger_sends_is_refused_before_it_is_validated(nobody, unreached):
    unreached(VALIDATE, EXECUTE)
    for document in ("{" + " __typename" * 1_499 + " }", "{" + " __typename" * 1_000 + " }", *TOO_COMPLEX.values()):
        assert nobody.post({"query": document}).status == 401


UNUSED = "{ __typename } fragment F on Query {" + " workspace { id }" * 900 + " }"


def test_a_fragment_that_nothing_spreads_is_measured_too(served, unreached):
    alice = served()
    unreached(VALIDATE, EXECUTE)
    assert alice.refusal(UNUSED)["extensions"]["code"] == "QUERY_TOO_COMPLEX"


def test_fragments_of_one_name_are_all_measured(served, unreached):
    alice = served()
    unreached(VALIDATE, EXECUTE)
    twice = "{ ...F } " + UNUSED.partition("} ")[2] + " fragment F on Query { __typename }"
    assert alice.refusal(twice)["extensions"]["code"] == "QUERY_TOO_COMPLEX"


def test_all_operations_of_a_document_share_its_limits(served, unreached):
    alice = served()
    unreached(VALIDATE, EXECUTE)
    expanding = levels(5, TWICE).replace("{ kpi", "query Q0 { kpi", 1)
    again = " ".join(
        f"query Q{n} {{ kpi(key: CSAT, period: {{named: LAST_MONTH}}) {{ ...F0 }} }}" for n in range(1, 90)
    )
    answer = alice.post(expanding + again, operation="Q0").json()
    assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
