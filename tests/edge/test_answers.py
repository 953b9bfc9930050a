"""What an answer says beside its body: whose it is, what it depends on, how it is packed, how long it may be kept."""

# ruff: noqa: E501 - a case of a table stands on one line

import gzip
import json
import re
import threading

import pytest
from wire import Wire

from app.edge import response

GRAPHQL = "application/graphql-response+json"
ASK = {"query": "{ workspace { name } }"}
MANY = {"query": "{ kpiDefinitions { key name formula unit dimensions } }"}
LOCAL = {"query": '{ kpiDefinition(key: "CSAT") { name } }'}
CHANNEL = {"query": '{ channel(by: {externalId: "web"}) { name } }'}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def upsert(alice, name):
    """A channel of this name."""
    query = f'mutation {{ channelUpsert(input: {{externalId: "web", name: "{name}"}}) {{ userErrors {{ code }} }} }}'
    assert alice.post({"query": query}).data == {"channelUpsert": {"userErrors": []}}


def every_kind_of_answer(alice, nobody, **headers):
    """An answer of each status that a caller may meet."""
    found = [
        alice.post(ASK, **headers),
        alice.get(ASK, **headers),
        alice.get(ASK, if_none_match="*", **headers),
        alice.post([], **headers),
        alice.post({"query": "{"}, **{"accept": GRAPHQL, **headers}),
        nobody.post(ASK, **headers),
        alice.get({"query": "mutation { __typename }"}, **headers),
        alice.post(ASK, **{"accept": "text/html", **headers}),
        alice.send("POST", {"content_type": "application/json", "content_length": "9999999", **headers}),
        alice.send("POST", {"content_type": "text/plain", **headers}),
    ]
    assert [answer.status for answer in found] == [200, 200, 304, 400, 400, 401, 405, 406, 413, 415]
    return found


# -- Whose it is


@pytest.mark.parametrize("name", ["a", "my-request_1", "01JD9ZQK6V", "x" * 64])
def test_a_request_id_comes_back_with_every_answer(alice, nobody, name):
    assert {answer.headers["x-request-id"] for answer in every_kind_of_answer(alice, nobody, x_request_id=name)} == {
        name
    }


@pytest.mark.parametrize("name", [None, "", " ", "x" * 65, "a b", "é", "<script>", "a,b", "a\tb", '"a"', "a:b"])
def test_a_request_id_that_is_missing_or_cannot_be_repeated_is_made_anew(alice, nobody, name):
    found = [answer.headers["x-request-id"] for answer in every_kind_of_answer(alice, nobody, x_request_id=name)]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found)


def test_a_trace_context_comes_back_with_every_answer(alice, nobody):
    assert {answer.headers["traceparent"] for answer in every_kind_of_answer(alice, nobody, traceparent=TRACE)} == {
        TRACE
    }
    assert alice.post(ASK, traceparent=TRACE.removesuffix("01") + "00").headers["traceparent"].endswith("-00")


NOT_VALID = [
    None, "", "x", TRACE.upper(), TRACE + "-", TRACE + "0", TRACE[1:], f" {TRACE}{TRACE}", TRACE.replace("-", "_"), TRACE.replace("b7", "g7"),
]  # fmt: skip
NOTHING = [TRACE.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32), TRACE.replace("b7ad6b7169203331", "0" * 16)]


@pytest.mark.parametrize("given", NOT_VALID)
def test_a_trace_context_that_is_not_valid_is_dropped(alice, given):
    answer = alice.post(ASK, traceparent=given)
    assert answer.status == 200
    assert "traceparent" not in answer.headers


@pytest.mark.parametrize("given", [*NOTHING, "ff" + TRACE[2:]])
def test_a_trace_context_of_nothing_is_dropped(alice, given):
    assert "traceparent" not in alice.post(ASK, traceparent=given).headers


# -- What it depends on


def test_every_answer_says_what_it_depends_on(alice, nobody):
    for answer in every_kind_of_answer(alice, nobody):
        named = {one.strip().lower() for one in answer.headers["vary"].split(",")}
        assert {"accept", "accept-encoding", "accept-language", "authorization"} <= named, answer.status


LANGUAGES = [
    # Accept-Language, and whether the answer is Chinese
    (None, False), ("", False), ("en", False), ("zh", True), ("zh-CN", True), ("ZH-hant-tw", True), ("de", False), ("*", False),
    ("zh-CN,zh;q=0.9,en;q=0.8", True), ("en-US,en;q=0.9,zh;q=0.8", False), ("en;q=0.5, zh;q=0.6", True), ("zh;q=0.5, en;q=0.6", False),
    ("zh;q=0", False), ("zh;q=0, en", False), ("en;q=0, zh;q=0.1", True), ("zh ; q=0.3 , en ; q=0.2", True), ("zh;q=high", False),
]  # fmt: skip


@pytest.mark.parametrize(("language", "is_chinese"), LANGUAGES)
def test_the_answer_comes_in_the_language_that_is_wanted_most(alice, language, is_chinese):
    answer = alice.post(LOCAL, accept_language=language)
    assert answer.data == {"kpiDefinition": {"name": "客户满意度" if is_chinese else "Customer satisfaction"}}
    refused = alice.post([], accept_language=language).error["message"]
    assert bool(re.search("[\u4e00-\u9fff]", refused)) == is_chinese


@pytest.mark.parametrize("language", ["de,zh;q=0.8", "fr-CA,fr;q=0.9,zh-CN;q=0.8,en;q=0.5"])
def test_of_the_languages_that_are_spoken_it_is_the_one_that_is_wanted_most(alice, language):
    assert alice.post(LOCAL, accept_language=language).data == {"kpiDefinition": {"name": "客户满意度"}}


def test_every_answer_says_in_which_language_it_is(alice, nobody):
    for language, told in (
        (None, "en"),
        ("de", "en"),
        ("en-GB", "en"),
        ("zh-Hant-TW", "zh"),
        ("de,zh;q=0.5", "zh"),
        ("zh;q=0.1, en", "en"),
    ):
        found = every_kind_of_answer(alice, nobody, accept_language=language)
        assert {answer.headers["content-language"] for answer in found} == {told}, language


# -- How it is packed


TAKES = [
    ("gzip", True), ("GZIP", True), ("gzip, deflate, br", True), ("br;q=1, gzip;q=0.1", True), ("*", True), ("*;q=0, gzip", True), ("br, *;q=0.5", True),
    (None, False), ("", False), ("identity", False), ("br", False), ("gzip;q=0", False), ("gzip;q=0.000", False), ("*, gzip;q=0", False), ("*;q=0", False),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "is_packed"), TAKES)
def test_a_long_answer_is_packed_where_the_client_takes_it(alice, encoding, is_packed):
    plain, found = alice.post(MANY), alice.post(MANY, accept_encoding=encoding)
    assert len(plain.body) > 2_000
    assert found.headers.get("content-encoding") == ("gzip" if is_packed else None)
    assert found.headers["content-length"] == str(len(found.body))
    body = gzip.decompress(found.body) if is_packed else found.body
    assert json.loads(body)["data"] == plain.data
    if is_packed:
        assert len(found.body) < len(plain.body) / 2


def test_a_short_answer_is_left_as_it_is(alice, nobody):
    for answer in every_kind_of_answer(alice, nobody, accept_encoding="gzip"):
        assert "content-encoding" not in answer.headers


def test_a_packed_get_is_the_same_and_has_the_same_tag(alice):
    plain, packed = alice.get(MANY), alice.get(MANY, accept_encoding="gzip")
    assert json.loads(gzip.decompress(packed.body))["data"] == plain.data
    assert packed.headers["etag"] == plain.headers["etag"]
    assert packed.headers["etag"].startswith("W/")


def test_what_takes_long_to_pack_is_packed_on_a_thread(alice, monkeypatch):
    plain, threads = gzip.compress, []

    def compress(*args, **options):
        threads.append(threading.current_thread() is threading.main_thread())
        return plain(*args, **options)

    monkeypatch.setattr(gzip, "compress", compress)
    size = len(alice.post(MANY).body)
    for long, is_here in ((size + 1_000, True), (size - 1_000, False)):
        monkeypatch.setattr(response, "LONG", long)
        found = alice.post(MANY, accept_encoding="gzip")
        assert found.headers["content-length"] == str(len(found.body))
        assert json.loads(gzip.decompress(found.body))["data"] == alice.post(MANY).data
        assert threads == [is_here]
        threads.clear()


# -- How long it may be kept


def test_a_get_has_a_tag_and_may_be_kept_by_its_reader_who_asks_again_each_time(alice):
    answer = alice.get(ASK)
    assert re.fullmatch(r'W/"[\x21\x23-\x7e]+"', answer.headers["etag"])
    assert {one.strip() for one in answer.headers["cache-control"].split(",")} == {"private", "no-cache"}


def test_a_get_without_a_tag_is_not_kept(alice, nobody):
    untagged = (
        nobody.get(ASK),
        alice.get({"query": "{"}),
        alice.get({"query": "{ nope }"}, accept=GRAPHQL),
        alice.get({"query": "mutation { __typename }"}),
        alice.get(ASK | {"variables": "["}),
        alice.get({"documentId": "nobody"}),
        alice.get(ASK, accept="text/html"),
    )
    assert [answer.status for answer in untagged] == [401, 200, 400, 405, 400, 200, 406]
    for answer in untagged:
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("known", ["{tag}", "*", '"x", {tag}', 'W/"x",{tag},"y"', " {tag} "])
def test_what_the_client_has_is_not_sent_again(alice, known):
    first = alice.get(ASK)
    again = alice.get(ASK, if_none_match=known.replace("{tag}", first.headers["etag"]))
    assert (again.status, again.body) == (304, b"")
    # RFC 9110: what the 200 would have said of these
    for name in ("etag", "cache-control", "vary"):
        assert again.headers[name] == first.headers[name]
    assert "content-type" not in again.headers
    assert "content-length" not in again.headers


@pytest.mark.parametrize("known", ["", "x", '"x"', 'W/"x"', "W/*", "{bare}"])
def test_what_the_client_does_not_have_is_sent(alice, known):
    bare = alice.get(ASK).headers["etag"].removeprefix('W/"').removesuffix('"')
    assert alice.get(ASK, if_none_match=known.replace("{bare}", bare)).status == 200


def test_a_tag_is_compared_weakly(alice):
    assert alice.get(ASK, if_none_match=alice.get(ASK).headers["etag"].removeprefix("W/")).status == 304


def test_a_changed_answer_has_another_tag(alice):
    upsert(alice, "Web")
    first = alice.get(CHANNEL).headers["etag"]
    assert alice.get(CHANNEL, if_none_match=first).status == 304
    upsert(alice, "Website")
    changed = alice.get(CHANNEL, if_none_match=first)
    assert (changed.status, changed.data) == (200, {"channel": {"name": "Website"}})
    assert changed.headers["etag"] != first
    upsert(alice, "Web")
    assert alice.get(CHANNEL).headers["etag"] == first


def test_what_asking_cost_has_no_say_in_the_tag(serve, token):
    alice = Wire(serve(rate_limit_per_s=1), token)
    found = [alice.get(ASK) for _ in range(3)]
    left = {one.json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] for one in found}
    assert len(left) > 1
    assert len({one.headers["etag"] for one in found}) == 1


def test_another_language_another_question_and_another_error_have_other_tags(alice):
    failed = {"query": "{ workspace { name } customers(first: 101) { nodes { id } } }"}
    asked = [(LOCAL, "en"), (LOCAL, "zh"), (ASK, "en"), (failed, "en"), (failed, "zh")]
    tags = [alice.get(ask, accept_language=language).headers["etag"] for ask, language in asked]
    assert len(set(tags)) == len(asked)
    assert alice.get(LOCAL, accept_language="zh", if_none_match=tags[0]).status == 200


def test_a_post_has_no_tag_and_is_answered_each_time(alice):
    tag = alice.get(ASK).headers["etag"]
    for known in (tag, "*"):
        answer = alice.post(ASK, if_none_match=known)
        assert (answer.status, answer.headers.get("etag")) == (200, None)


def test_an_error_is_told_each_time(alice, nobody):
    bad = {"query": "{"}
    for answer in (
        alice.get(bad, if_none_match="*"),
        alice.get(bad, if_none_match="*", accept=GRAPHQL),
        nobody.get(ASK, if_none_match="*"),
        alice.get({"query": "mutation { __typename }"}, if_none_match="*"),
    ):
        assert answer.status != 304
        assert answer.json()["errors"]


# -- Pages of other origins


OURS, THEIRS = "https://dash.example", "https://evil.example"
APOLLOS = ("apollo-require-preflight", "apollographql-client-name", "apollographql-client-version")
PREFLIGHT = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,content-type"}


def allowed(answer):
    """What pages may do, by their browser's reading of the answer."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_without_the_setting_pages_of_other_origins_get_nothing(alice):
    assert allowed(alice.post(ASK, origin=OURS)) == {}
    preflight = alice.send("OPTIONS", {"origin": OURS, **PREFLIGHT})
    assert (preflight.status, allowed(preflight)) == (405, {})


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
def test_an_origin_of_the_setting_may_ask_and_read_the_headers(serve, token, origin):
    alice = Wire(serve(cors_origins=f"{OURS}, http://localhost:3000"), token)
    for method in ("GET", "POST"):
        preflight = alice.send("OPTIONS", {"origin": origin, **PREFLIGHT, "access_control_request_method": method})
        assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, origin)
        assert method in preflight.headers["access-control-allow-methods"]
        taken = {one.strip().lower() for one in preflight.headers["access-control-allow-headers"].split(",")}
        assert {"authorization", "content-type", "traceparent", "x-request-id", "accept-language"} <= taken
        assert {"if-none-match", *APOLLOS} <= taken
        sent = ",".join(["authorization", "content-type", "if-none-match", *APOLLOS])
        asked = {**PREFLIGHT, "access_control_request_method": method, "access_control_request_headers": sent}
        assert alice.send("OPTIONS", {"origin": origin, **asked}).status == 200
        assert int(preflight.headers["access-control-max-age"]) > 0
    for answer in (alice.post(ASK, origin=origin), alice.get(ASK, origin=origin), alice.post([], origin=origin)):
        assert answer.headers["access-control-allow-origin"] == origin
        shown = {one.strip().lower() for one in answer.headers["access-control-expose-headers"].split(",")}
        assert {"etag", "ratelimit", "ratelimit-policy", "retry-after", "traceparent", "x-request-id"} <= shown
        assert "access-control-allow-credentials" not in answer.headers
        assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin", [THEIRS, OURS + ".evil.example", OURS.replace("https", "http"), OURS + ":8443", "null"]
)
def test_another_origin_gets_nothing(serve, token, origin):
    alice = Wire(serve(cors_origins=OURS), token)
    assert "access-control-allow-origin" not in alice.post(ASK, origin=origin).headers
    preflight = alice.send("OPTIONS", {"origin": origin, **PREFLIGHT})
    assert preflight.status == 400
    assert "access-control-allow-origin" not in preflight.headers
    # a cache must not give it what was meant for another
    assert "origin" in alice.get(ASK, origin=origin).headers["vary"].lower()
    assert "origin" in alice.get(ASK).headers["vary"].lower()


def test_a_method_or_header_that_is_not_taken_is_refused_beforehand(serve, token):
    alice = Wire(serve(cors_origins=OURS), token)
    for changed in ({"access_control_request_method": "DELETE"}, {"access_control_request_headers": "x-evil"}):
        assert alice.send("OPTIONS", {"origin": OURS, **PREFLIGHT, **changed}).status == 400


def test_a_star_lets_any_page_ask_that_has_a_token(serve, token):
    api = serve(cors_origins="*")
    for origin in (OURS, THEIRS):
        answer = Wire(api, token).post(ASK, origin=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert Wire(api, None).post(ASK, origin=origin).status == 401
