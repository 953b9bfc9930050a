"""Apollo's multipart subscriptions, read by Python's own parser of mail."""

import json
from email.parser import BytesFeedParser

import pytest
from listening import readers

from app import ids
from app.actor import system
from app.services import token

ACCEPT = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/graphql-response+json,application/json'
CHANGES = "subscription { changes { type } }"
TODAY = "subscription { kpiChanged(key: CSAT, period: {named: TODAY}) { value } }"


@pytest.fixture
def streaming(house, olga):
    def streaming_(query, **headers):
        asked = {"json": {"query": query}, "headers": olga.headers() | {"accept": ACCEPT} | headers}
        return house.streaming("POST", **asked)

    return streaming_


def parsed(response, raw):
    """The parts, as somebody reads them who knows nothing of GraphQL; each has a boundary behind it from the first."""
    if not raw.endswith(b"\r\n--graphql--\r\n"):
        assert raw.endswith(b"\r\n--graphql"), "clients take up a part at the boundary behind it"
        raw += b"--\r\n"
    parser = BytesFeedParser()
    parser.feed(b"Content-Type: " + response.headers["content-type"].encode() + b"\r\n\r\n" + raw)
    message = parser.close()
    assert message.is_multipart()
    return [(part.get_content_type(), json.loads(part.get_payload(decode=True))) for part in message.get_payload()]


def read(response, until):
    """What comes until it holds so much of something."""
    raw, (what, times) = b"", until
    for part in response.iter_raw():
        raw += part
        if raw.count(what) >= times:
            return raw
    return raw


def test_parts_hold_payloads_and_heartbeats_none(streaming):
    with streaming(TODAY) as response:
        assert response.status_code == 200
        kind = response.headers["content-type"]
        assert kind.startswith("multipart/mixed;")
        assert 'boundary="graphql"' in kind
        assert 'subscriptionSpec="1.0"' in kind or "subscriptionSpec=1.0" in kind
        assert response.headers["cache-control"] == "no-store"
        raw = read(response, (b"{}", 2))
    found = parsed(response, raw)
    assert [kind for kind, _ in found] == ["application/json"] * len(found)
    assert [body for _, body in found if body] == [{"payload": {"data": {"kpiChanged": {"value": None}}}}]
    assert [body for _, body in found].count({}) == 2


def test_each_event_is_a_part(house, streaming, olga, wait):
    with streaming(CHANGES) as response:
        wait(lambda: house.tells(1))
        for name in ("x", "y", "z"):
            olga.channel(name)
        raw = read(response, (b"CHANNEL", 3))
    bodies = [body for _, body in parsed(response, raw) if body]
    assert bodies == [{"payload": {"data": {"changes": {"type": "CHANNEL"}}}}] * 3
    wait(lambda: readers() == 0)


def test_it_ends_with_the_last_boundary(streaming):
    with streaming('subscription { changes(after: "nothing") { type } }') as response:
        raw = response.read()
    assert raw.endswith(b"\r\n--graphql--\r\n")
    ((_, body),) = parsed(response, raw)
    assert body["payload"]["errors"][0]["path"] == ["changes"]


def test_who_may_no_more_is_told_why(streaming, house, olga, wait):
    people = system(olga.people.id)
    row, secret = house.door.write(people, token.issue, {"name": "gone"})
    with streaming(CHANGES, Authorization=f"Bearer {secret}") as response:
        wait(lambda: house.tells(1))
        house.door.write(people, token.revoke, ids.encode("Token", row.id))
        bodies = [body for _, body in parsed(response, response.read()) if body]
    assert bodies[-1]["payload"] is None
    assert bodies[-1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert bodies[:-1] == []
