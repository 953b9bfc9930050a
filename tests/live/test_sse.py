"""Server-sent events: to the byte, for whoever prefers them, resumed where a reader says, ended when they have gone."""

import json

import pytest
from listening import readers

CHANGES = "subscription { changes { type } }"
HERE = "{ workspace { name } }"
EVENTS = "text/event-stream"
NOTHING_YET = b'event: next\ndata: {"data":{"kpiChanged":{"value":null}}}\n\n'
TODAY = "subscription { kpiChanged(key: CSAT, period: {named: TODAY}) { value } }"
DONE = b"event: complete\ndata:\n\n"


def beats_aside(events):
    while (block := events.block()) == b":\n\n":
        pass
    return block


def test_every_byte_of_it(house, olga, wait):
    with house.events(TODAY, by=olga) as events:
        assert events.response.status_code == 200
        assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert events.response.headers["cache-control"] == "no-store"
        assert events.response.headers["x-accel-buffering"] == "no"
        assert "content-length" not in events.response.headers
        assert events.block() == b":\n\n"  # at once, so that a client knows that it is open
        assert beats_aside(events) == NOTHING_YET
        assert events.block() == b":\n\n"  # there is nothing to tell
    with house.events(CHANGES, by=olga) as events:
        wait(lambda: house.tells(1))
        olga.channel("byte")
        block = beats_aside(events)
        cursor = olga.one("{ changesHead }")
        head, place, data = block.removesuffix(b"\n\n").split(b"\n")
        assert head == b"event: next"
        assert place == b"id: " + cursor.encode()
        assert data == b'data: {"data":{"changes":{"type":"CHANNEL"}}}'
        assert b"\r" not in block


def test_a_query_is_an_event_too(house, olga):
    for query in (HERE, 'mutation { channelUpsert(input: {externalId: "e", name: "E"}) { outcome } }'):
        with house.events(query, by=olga) as events:
            told = events.next()
            assert told["event"] == "next"
            assert "id" not in told
            assert set(told["data"]) == {"data", "extensions"}
            assert events.block() == DONE
            assert events.block() is None


@pytest.mark.parametrize("query", ["{ nope }", "{", "subscription { nope }", "subscription { changes { nope } }"])
def test_what_is_not_executed_is_one_event(house, olga, query):
    with house.events(query, by=olga) as events:
        assert events.response.status_code == 200
        told = events.next()
        assert told["event"] == "next"
        assert set(told["data"]) == {"errors"}
        assert events.block() == DONE
        assert events.block() is None


def test_what_a_subscription_cannot_begin_with_is_one_event(house, olga):
    with house.events('subscription { changes(after: "nothing") { type } }', by=olga) as events:
        (error,) = events.next()["data"]["errors"]
        assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["changes"])
        assert events.block() == DONE


ACCEPTED = [
    # Accept, of a query, of a subscription (None: refused)
    (None, "application/json", EVENTS),
    ("*/*", "application/json", EVENTS),
    (EVENTS, EVENTS, EVENTS),
    (f"application/json, {EVENTS}", "application/json", EVENTS),
    (f"application/graphql-response+json, application/json, {EVENTS}", "application/graphql-response+json", EVENTS),
    (f"application/json;q=0.5, {EVENTS}", EVENTS, EVENTS),
    (f"application/json, {EVENTS};q=0.5", "application/json", EVENTS),
    (f"{EVENTS};q=0, */*", "application/json", "multipart/mixed"),
    ('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/graphql-response+json,application/json',
     "application/graphql-response+json", "multipart/mixed"),
    ("multipart/mixed;subscriptionSpec=1.0, application/json", "application/json", "multipart/mixed"),
    ("application/json", "application/json", None),
    ("application/graphql-response+json", "application/graphql-response+json", None),
    ("text/html", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "of_a_query", "of_a_subscription"), ACCEPTED)
def test_events_are_for_whoever_prefers_them(house, olga, accept, of_a_query, of_a_subscription):
    for query, expected in ((HERE, of_a_query), (CHANGES, of_a_subscription)):
        headers = olga.headers() | ({} if accept is None else {"accept": accept})
        if accept is None:  # httpx would say one of its own
            headers["accept"] = ""
        with house.streaming("POST", json={"query": query}, headers=headers) as response:
            if expected is None:
                assert response.status_code == 406
                assert json.loads(response.read())["errors"][0]["message"]
            else:
                assert response.status_code == 200
                assert response.headers["content-type"].split(";")[0] == expected


def test_by_get_as_a_browser_s_event_source_asks(house, olga):
    query = "subscription($n: NamedPeriod!) { kpiChanged(key: CSAT, period: {named: $n}) { value } }"
    params = {"query": query, "variables": '{"n": "TODAY"}'}
    with house.streaming("GET", params=params, headers=olga.headers() | {"accept": EVENTS}) as response:
        parts = response.iter_raw()
        told = b""
        while NOTHING_YET not in told:
            told += next(parts)


def test_a_mutation_is_not_sent_by_get(house, olga):
    params = {"query": 'mutation { channelUpsert(input: {externalId: "get", name: "G"}) { outcome } }'}
    with house.streaming("GET", params=params, headers=olga.headers() | {"accept": EVENTS}) as response:
        assert response.status_code == 405


def test_whoever_comes_back_is_told_what_they_missed(house, olga, wait):
    with house.events(CHANGES, by=olga) as events:
        wait(lambda: house.tells(1))
        olga.channel("before")
        last = events.next()["id"]
    wait(lambda: readers() == 0)  # the stream ends with its reader
    olga.customer("meanwhile")
    olga.channel("meanwhile")
    for resumed in (
        house.events(CHANGES, by=olga, headers={"last-event-id": last}),
        house.events("subscription($a: String) { changes(after: $a) { type } }", {"a": last}, by=olga),
    ):
        with resumed as events:
            told = [events.next() for _ in range(2)]
            assert [one["data"]["data"]["changes"]["type"] for one in told] == ["CUSTOMER", "CHANNEL"]
        wait(lambda: readers() == 0)
    # what it had last goes before what it asked for first
    with house.events(
        "subscription($a: String) { changes(after: $a) { type } }",
        {"a": last},
        by=olga,
        headers={"last-event-id": told[0]["id"]},
    ) as events:
        assert events.next()["data"] == {"data": {"changes": {"type": "CHANNEL"}}}
    wait(lambda: readers() == 0)


def test_nobody_unknown_listens_and_no_publishable_key(house, olga):
    key = house.token(olga.people, publishable={"origins": []})
    for secret, status in ((None, 401), ("Bearer nobody", 401), (f"Bearer {key}", 403)):
        headers = {"accept": EVENTS} | ({"authorization": secret} if secret else {})
        with house.streaming("POST", json={"query": CHANGES}, headers=headers) as response:
            assert response.status_code == status
            assert json.loads(response.read())["errors"]
    assert readers() == 0


def test_pages_are_let_in_as_everywhere(house, olga):
    for origin, allowed in (("https://a.example", "https://a.example"), ("https://b.example", None)):
        with house.events(TODAY, by=olga, headers={"origin": origin}) as events:
            assert events.response.headers.get("access-control-allow-origin") == allowed
            assert "X-Request-Id" in events.response.headers.get("access-control-expose-headers", "") or not allowed


def test_an_answer_that_is_too_large_is_none_in_events_either(serve, make_workspace):
    server = serve(max_answer_bytes=1_000)
    caller = server.caller(make_workspace())
    for query, is_too_large in (("{ kpiDefinitions { about } }", True), ("{ workspace { name } }", False)):
        with server.events(query, by=caller) as events:
            told = events.next()["data"]
            assert ("data" not in told) == is_too_large
            assert [one["extensions"]["code"] for one in told.get("errors", [])] == ["QUERY_TOO_COMPLEX"] * is_too_large
