"""GraphQL over HTTP, clause by clause: https://graphql.github.io/graphql-over-http/draft/."""

# ruff: noqa: E501 - a case of a table stands on one line

import json
from urllib.parse import urlencode

import pytest
from wire import Wire

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
KINDS = (JSON, GRAPHQL)

ASK = {"query": "{ workspace { name } }"}
NAME = {"workspace": {"name": "Workshop"}}
UPSERT = 'mutation { channelUpsert(input: {externalId: "refused", name: "Refused"}) { outcome } }'
REFUSED = '{ channel(by: {externalId: "refused"}) { name } }'


def refused(answer, status):
    """Whether the answer has this status, says why, and has no data."""
    assert answer.status == status, answer.body
    found = answer.json()
    assert "data" not in found
    assert all(len(error["message"]) > 10 for error in found["errors"]), found
    return True


# -- Media types of the answer


ACCEPTED = [
    # Accept, and the media type of the answer
    (None, JSON),
    ("", JSON),
    (JSON, JSON),
    (GRAPHQL, GRAPHQL),
    ("*/*", JSON),
    ("application/*", JSON),
    (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
    (f"{JSON};q=0.9,{GRAPHQL}", GRAPHQL),
    (f"{JSON};q=0.9, {GRAPHQL};q=0.2", JSON),
    (f"{GRAPHQL};q=0.001, text/html", GRAPHQL),
    (f"{GRAPHQL};q=0, {JSON}", JSON),
    (f"{JSON};q=0, */*", GRAPHQL),
    (f"{GRAPHQL};q=0, */*", JSON),
    (f"{JSON};q=0.5, application/*;q=0.9", GRAPHQL),
    (f"*/*;q=0.1, {GRAPHQL};q=0.05", JSON),
    ("text/html, */*;q=0.1", JSON),
    ("Application/GraphQL-Response+JSON", GRAPHQL),
    (f"{JSON};charset=utf-8", JSON),
    (f"{GRAPHQL}; charset=utf-8 ; q=0.5 , {JSON} ; q=0.4", GRAPHQL),
    # as Apollo's, urql's and browsers' clients send it
    ("application/graphql-response+json,application/json;q=0.9", GRAPHQL),
    ("multipart/mixed;deferSpec=20220824,application/json", JSON),
    ("application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed", GRAPHQL),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", JSON),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "kind"), ACCEPTED)
def test_the_answer_comes_in_the_media_type_that_is_wanted_most_in_utf_8(alice, accept, kind):
    answer = alice.post(ASK, accept=accept)
    assert (answer.status, answer.data) == (200, NAME)
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    ["text/html", "image/*", "application/graphql+json", f"{JSON};q=0", f"{JSON};q=0, {GRAPHQL};q=0.0", "*/*;q=0", "application/*;q=0.000", f"{JSON};q=high"],
)  # fmt: skip
def test_a_client_that_takes_neither_media_type_is_told_406_and_nothing_is_executed(alice, accept):
    assert refused(alice.post({"query": UPSERT}, accept=accept), 406)
    assert alice.post({"query": REFUSED}).data == {"channel": None}


def test_a_header_in_several_lines_is_one_list(alice):
    lines = [("content-type", JSON), ("accept", "text/html"), ("accept", GRAPHQL)]
    assert alice.send("POST", lines, json.dumps(ASK).encode()).kind == GRAPHQL


# -- Media types of the request


@pytest.mark.parametrize(
    "kind",
    [JSON, f"{JSON};charset=utf-8", f"{JSON}; charset=UTF-8", f'{JSON}; charset="utf-8"', "Application/JSON", f"{JSON} ; profile=x"],
)  # fmt: skip
def test_json_in_utf_8_is_taken_and_utf_8_assumed_where_nothing_is_said(alice, kind):
    query = '{ channel(by: {externalId: "很 é 👍"}) { name } workspace { name } }'
    body = json.dumps({"query": query}, ensure_ascii=False).encode()
    assert alice.send("POST", {"content_type": kind}, body).data == NAME | {"channel": None}


@pytest.mark.parametrize(
    "kind",
    [
        None, "", "json", "text/plain", "text/json", "application/jsonx", "application/graphql", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", f"{JSON}; charset=utf-16", f"{JSON};charset=ISO-8859-1", f"{JSON}, text/plain",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", KINDS)
def test_a_body_of_another_kind_or_of_none_is_told_415(alice, kind, accept):
    for body in (json.dumps(ASK).encode(), b""):
        assert refused(alice.send("POST", {"content_type": kind, "accept": accept}, body), 415)


@pytest.mark.parametrize("charset", ["charset=cutf-8", "charset = utf-16"])
def test_another_charset_is_told_415_however_it_is_written(alice, charset):
    assert refused(alice.send("POST", {"content_type": f"{JSON}; {charset}"}, json.dumps(ASK).encode()), 415)


# -- Parameters


MAPS = ("variables", "extensions")
OTHERS = {"an object": {"a": 1}, "a number": 0, "a boolean": False, "a list": ["x"], "a string": "x"}
WRONG = [(name, kind) for name in ("query", "operationName", "documentId") for kind in OTHERS if kind != "a string"] + [
    (name, kind) for name in MAPS for kind in OTHERS if kind != "an object"
]


@pytest.mark.parametrize(("name", "kind"), WRONG)
@pytest.mark.parametrize("accept", KINDS)
def test_a_parameter_of_the_wrong_type_is_told_400(alice, name, kind, accept):
    answer = alice.post(ASK | {name: OTHERS[kind]}, accept=accept)
    assert refused(answer, 400)
    assert name in answer.error["message"]


@pytest.mark.parametrize("body", [{}, {"query": None}, {"query": ""}, {"qeury": "{ workspace { name } }"}])
@pytest.mark.parametrize("accept", KINDS)
def test_a_request_without_a_query_is_told_400(alice, body, accept):
    answer = alice.post(body, accept=accept)
    assert refused(answer, 400)
    assert '"query"' in answer.error["message"]


@pytest.mark.parametrize("accept", KINDS)
def test_optional_parameters_may_be_null_or_left_out(alice, accept):
    for name in ("operationName", *MAPS):
        assert alice.post(ASK | {name: None}, accept=accept).data == NAME
    assert alice.post(ASK | dict.fromkeys(("operationName", *MAPS)), accept=accept).data == NAME
    assert alice.post(ASK, accept=accept).data == NAME


def test_parameters_of_the_right_type_are_taken(alice):
    query = "query One($key: String!) { kpiDefinition(key: $key) { key } } query Two { workspace { name } }"
    body = {"query": query, "operationName": "One", "variables": {"key": "CSAT"}, "extensions": {"some": "value"}}
    assert alice.post(body).data == {"kpiDefinition": {"key": "CSAT"}}
    assert alice.post(body | {"operationName": "Two"}).data == NAME


def test_parameters_that_are_unknown_are_ignored(alice):
    assert alice.post(ASK | {"id": 7, "batch": [{}], "Query": "{"}).data == NAME
    assert alice.get(ASK | {"id": "7", "access_token": "x"}).data == NAME


def test_parameters_that_come_twice_are_taken_once(alice):
    twice = '{"query": "{ workspace { name } }", "query": "{ workspace { name } }"}'
    assert alice.send("POST", {"content_type": JSON}, twice.encode()).data == NAME
    assert alice.get([*ASK.items(), *ASK.items()]).data == NAME


@pytest.mark.parametrize("name", MAPS)
def test_a_get_has_variables_and_extensions_as_json_text(alice, name):
    query = {"query": 'query($key: String = null) { workspace { name } kpiDefinition(key: "CSAT") { key } }'}
    for text in ("", "null", "{}", '{"key": "CSAT"}'):
        assert alice.get(query | {name: text}).status == 200, text
    for text in ("{", "nope", "[]", "5", '"x"', "true", "{'key': 1}", "[" * 100_000):
        for accept in KINDS:
            answer = alice.get(query | {name: text}, accept=accept)
            assert refused(answer, 400), text
            assert name in answer.error["message"]


def test_the_variables_of_a_get_are_used(alice):
    query = "query($key: String!) { kpiDefinition(key: $key) { key } }"
    found = alice.get({"query": query, "variables": {"key": "NPS"}})
    assert (found.status, found.data) == (200, {"kpiDefinition": {"key": "NPS"}})


def test_in_a_get_the_empty_operation_name_is_none_and_null_is_a_name(alice):
    assert alice.get(ASK | {"operationName": ""}).data == NAME
    several = 'query null { workspace { name } } query other { kpiDefinition(key: "CSAT") { key } }'
    assert alice.get({"query": several, "operationName": "null"}).data == NAME
    assert refused(alice.get(ASK | {"operationName": "null"}, accept=GRAPHQL), 400)


def test_a_get_is_read_as_a_form(alice):
    query = b"query=query+%24Q(%24k%3AString!)%7Bkpi%44efinition(key%3A%24k)%7Bkey%7D%7D".replace(b"%24Q", b"Q")
    found = alice.send("GET", {}, query=query + b"&variables=%7B%22k%22+%3A+%22CSAT%22%7D")
    assert found.data == {"kpiDefinition": {"key": "CSAT"}}


# -- Bodies


BODIES = {
    "nothing": b"", "spaces": b"  ", "no JSON": b"NONSENSE", "half of it": b'{"query":', "a number": b"5", "a string": b'"{ workspace { name } }"',
    "null": b"null", "true": b"true", "not UTF-8": b'{"query": "\xff"}', "half a surrogate": b'{"query": "\\ud800"}',
    "another encoding": json.dumps(ASK).encode("utf-16"), "a mark before it": b"\xef\xbb\xbf" + json.dumps(ASK).encode(),
    "a NUL": b'{"query": "{ workspace { name } }\0"}', "only NULs": b"\0\0\0", "not a number": b'{"query": "{ workspace { name } }", "variables": {"a": NaN}}',
    "two of them": json.dumps(ASK).encode() * 2, "nested lists": b"[" * 100_000 + b"]" * 100_000, "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nested variables": b'{"query": "{ workspace { name } }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
}  # fmt: skip


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize("accept", KINDS)
def test_a_body_that_is_no_request_is_told_400(alice, what, accept):
    assert refused(alice.send("POST", {"content_type": JSON, "accept": accept}, BODIES[what]), 400)


def test_a_batch_is_refused_and_told_to_send_one_by_one(alice):
    for batch in ([], [ASK], [ASK, {"query": UPSERT}]):
        answer = alice.post(batch)
        assert refused(answer, 400)
        assert "one by one" in answer.error["message"]
    assert alice.post({"query": REFUSED}).data == {"channel": None}


def test_a_body_may_come_in_parts(alice):
    body = json.dumps(ASK).encode()
    assert alice.send("POST", {"content_type": JSON}, *(body[at : at + 1] for at in range(len(body)))).data == NAME


def test_a_body_that_is_too_large_is_told_413_whether_its_length_is_declared_or_not(serve, token):
    most = 2_000
    alice = Wire(serve(max_body_bytes=most), token)
    fits = json.dumps(ASK).encode().ljust(most)
    for length in (None, str(most)):
        assert alice.send("POST", {"content_type": JSON, "content_length": length}, fits).data == NAME
    for parts in ((fits + b" ",), (fits[:1_000], fits[1_000:], b" ")):
        for length in (None, str(most + 1), "10"):
            for accept in KINDS:
                answer = alice.send("POST", {"content_type": JSON, "content_length": length, "accept": accept}, *parts)
                assert refused(answer, 413)
                assert "2000 bytes" in answer.error["message"]
    # by what is declared alone, before anything is sent
    assert refused(alice.send("POST", {"content_type": JSON, "content_length": str(10**12)}, b""), 413)


@pytest.mark.parametrize("length", ["²", "9" * 5_000])
def test_a_length_that_is_none_is_no_fault_of_ours(alice, length):
    assert alice.send("POST", {"content_type": JSON, "content_length": length}, json.dumps(ASK).encode()).status < 500


# -- Methods


@pytest.mark.parametrize("accept", KINDS)
def test_queries_are_taken_by_post_and_get(alice, accept):
    for answer in (alice.post(ASK, accept=accept), alice.get(ASK, accept=accept)):
        assert (answer.status, answer.kind, answer.data) == (200, accept, NAME)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "post"])
@pytest.mark.parametrize("accept", KINDS)
def test_another_method_is_told_405_and_which_are_allowed(alice, method, accept):
    body, query = json.dumps({"query": UPSERT}).encode(), urlencode({"query": UPSERT}).encode()
    answer = alice.send(method, {"content_type": JSON, "accept": accept}, body, query=query)
    assert refused(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
    assert alice.post({"query": REFUSED}).data == {"channel": None}


@pytest.mark.parametrize("accept", KINDS)
def test_a_mutation_by_get_is_told_405_and_nothing_is_executed(alice, accept):
    both = f"query Ask {{ workspace {{ name }} }} {UPSERT.replace('mutation', 'mutation Write')}"
    for ask in ({"query": UPSERT}, {"query": both, "operationName": "Write"}, {"query": "mutation { __typename }"}):
        answer = alice.get(ask, accept=accept)
        assert refused(answer, 405)
        assert answer.headers["allow"] == "POST"
    assert alice.get({"query": both, "operationName": "Ask"}).data == NAME
    assert alice.post({"query": REFUSED}).data == {"channel": None}


# -- Status codes


REQUEST_ERRORS = {
    "the document cannot be parsed": {"query": "{"},
    "the document is not valid": {"query": "{ nope }"},
    "the operation is not clear": {"query": "query A { workspace { name } } query B { workspace { name } }"},
    "the operation is not there": {"query": "query A { workspace { name } }", "operationName": "B"},
    "there is no operation": {"query": "fragment F on Query { workspace { name } }"},
    "a variable is missing": {"query": "query($key: String!) { kpiDefinition(key: $key) { key } }"},
    "a variable is of another type": {"query": "query($key: String!) { kpiDefinition(key: $key) { key } }", "variables": {"key": [1]}},
    "a limit is passed": {"query": "{" + " ".join(f"a{i}: workspace {{ name }}" for i in range(61)) + "}"},
}  # fmt: skip


@pytest.mark.parametrize("what", REQUEST_ERRORS)
def test_when_nothing_is_executed_it_is_400_for_the_new_media_type_and_200_for_the_old(alice, what):
    for ask in (alice.post, alice.get):
        assert refused(ask(REQUEST_ERRORS[what], accept=GRAPHQL), 400)
        assert refused(ask(REQUEST_ERRORS[what], accept=JSON), 200)


@pytest.mark.parametrize(
    "query", ["{}", "mutation {}", "{ workspace {} }", "{ ... {} }", "{ ...F } fragment F on Query {}"]
)
def test_braces_with_nothing_in_them_cannot_be_parsed(alice, query):
    assert refused(alice.post({"query": query}, accept=GRAPHQL), 400)


WIDE = " ".join(["{key: CSAT, period: {named: TODAY}}"] * 101)
FIELD_ERRORS = [
    # what is asked, and the data beside the error
    ("{ workspace { name } customers(first: 101) { nodes { id } } }", NAME | {"customers": None}),
    ("{ customers(first: 101) { nodes { id } } }", {"customers": None}),
    (f"{{ workspace {{ name }} kpis(ask: [{WIDE}]) {{ value }} }}", None),
]


@pytest.mark.parametrize(("query", "data"), FIELD_ERRORS)
@pytest.mark.parametrize("accept", KINDS)
def test_when_a_field_fails_it_is_200_and_there_is_data(alice, query, data, accept):
    for ask in (alice.post, alice.get):
        answer = ask({"query": query}, accept=accept)
        assert (answer.status, answer.kind) == (200, accept)
        assert answer.json()["data"] == data
        assert len(answer.error["path"]) == 1


@pytest.mark.parametrize("accept", KINDS)
def test_without_a_token_it_is_401_and_the_challenge_says_which_scheme(nobody, token, accept):
    for ask in (nobody.post, nobody.get):
        for query in (ASK, {"query": UPSERT}, {"query": "{ nope }"}, {"query": "{"}):
            answer = ask(query, accept=accept)
            assert refused(answer, 401)
            assert answer.headers["www-authenticate"].split()[0] == "Bearer"
    for header in ("", "Bearer", "Bearer ", "Bearer nope", f"Basic {token}", f"Token {token}", token, f"Bearer{token}"):
        answer = nobody.post(ASK, accept=accept, authorization=header)
        assert refused(answer, 401)
        assert answer.headers["www-authenticate"].split()[0] == "Bearer"
    for header in (f"bearer {token}", f"BEARER  {token}"):  # RFC 9110: the scheme in any case
        assert nobody.post(ASK, accept=accept, authorization=header).data == NAME
    # the schema is no secret
    assert nobody.post({"query": "{ __schema { queryType { name } } }"}).status == 200
