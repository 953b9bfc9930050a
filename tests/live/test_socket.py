"""GraphQL over WebSocket as graphql-transport-ws has it: its messages, and each code that it closes with."""

import asyncio
import json

import pytest
from listening import PROTOCOL, ended, readers
from starlette.websockets import WebSocket

CHANGES = "subscription { changes { type } }"
HERE = "{ workspace { name } }"


@pytest.fixture
def socket(house, olga):
    with house.socket(olga.secret) as socket:
        yield socket


@pytest.fixture
def stranger(house):
    with house.socket() as socket:
        yield socket


NO_MESSAGES = {
    "not JSON": "{",
    "nested without end": "[" * 10_000,
    "binary": b'{"type":"ping"}',
    "no object": "[]",
    "no type": "{}",
    "a type that is no string": '{"type": 1}',
    "an unknown type": '{"type": "start"}',
    "complete without an id": '{"type": "complete"}',
    "an init whose payload is no object": '{"type": "connection_init", "payload": "token"}',
}


@pytest.mark.parametrize("what", NO_MESSAGES)
def test_what_is_no_message_ends_with_4400(stranger, what):
    stranger.wire.send(NO_MESSAGES[what])
    code, reason = stranger.closed()
    assert code == 4400
    assert reason.startswith("Invalid message: ")


NO_SUBSCRIBES = {
    "no id": {"payload": {"query": HERE}},
    "an empty id": {"id": "", "payload": {"query": HERE}},
    "an id that is no string": {"id": 1, "payload": {"query": HERE}},
    "no payload": {"id": "a"},
    "a payload that is a list": {"id": "a", "payload": []},
    "no query": {"id": "a", "payload": {}},
    "a query that is no string": {"id": "a", "payload": {"query": 1}},
    "variables that are a list": {"id": "a", "payload": {"query": HERE, "variables": []}},
    "an operation name that is no string": {"id": "a", "payload": {"query": HERE, "operationName": 1}},
    "extensions that are a string": {"id": "a", "payload": {"query": HERE, "extensions": "x"}},
}


@pytest.mark.parametrize("what", NO_SUBSCRIBES)
def test_a_subscribe_of_the_wrong_shape_ends_with_4400(socket, what):
    socket.say(type="subscribe", **NO_SUBSCRIBES[what])
    assert socket.closed()[0] == 4400


def test_without_init_nothing_is_answered(stranger):
    stranger.subscribe("a", HERE)
    assert stranger.closed() == (4401, "Unauthorized")


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic x"}, {"Authorization": 7}, {"token": "x"}],
)
def test_without_a_good_credential_it_is_forbidden(stranger, payload):
    stranger.say(type="connection_init", **({} if payload is None else {"payload": payload}))
    code, reason = stranger.closed()
    assert code == 4403
    assert reason


def test_an_init_says_who_asks_and_in_which_language(house, olga):
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        with house.socket() as socket:
            socket.say(type="connection_init", payload={name: f"bearer {olga.secret}", "Accept-Language": "zh"})
            assert socket.hear() == {"type": "connection_ack"}
            socket.subscribe("a", "{ nope }")
            (error,) = socket.hear()["payload"]
            assert error["message"].isascii() is False


def test_a_credential_may_come_with_the_handshake(house, olga):
    with house.socket(additional_headers=olga.headers()) as socket:
        socket.say(type="connection_init")
        assert socket.hear() == {"type": "connection_ack"}


def test_a_second_init_is_too_many(socket, olga):
    socket.say(type="connection_init", payload={"Authorization": f"Bearer {olga.secret}"})
    assert socket.closed() == (4429, "Too many initialisation requests")


def test_who_never_says_who_they_are_is_sent_away(house, monkeypatch):
    monkeypatch.setattr("app.edge.live.socket.INIT_S", 0.05)
    with house.socket() as socket:
        assert socket.closed() == (4408, "Connection initialisation timeout")


def test_who_has_said_it_in_time_stays(house, olga, monkeypatch):
    monkeypatch.setattr("app.edge.live.socket.INIT_S", 0.1)
    with house.socket(olga.secret) as socket:
        assert [socket.hear(beats=True) for _ in range(2)] == [{"type": "ping"}] * 2  # 0.2 s apart


@pytest.mark.parametrize("offered", [["graphql-ws"], None, ["graphql-ws", "else"]])
def test_another_protocol_is_not_acceptable(house, offered):
    with house.socket(subprotocols=offered) as socket:
        assert socket.wire.subprotocol is None
        assert socket.closed() == (4406, "Subprotocol not acceptable")


def test_of_several_protocols_ours_is_chosen(house):
    with house.socket(subprotocols=["graphql-ws", PROTOCOL]) as socket:
        assert socket.wire.subprotocol == PROTOCOL


def test_one_id_names_one_operation(socket):
    socket.subscribe("a", CHANGES)
    socket.subscribe("a", CHANGES)
    assert socket.closed() == (4409, "Subscriber for a already exists")


@pytest.mark.parametrize("document", [HERE, "{ nothing }"])
def test_an_id_is_free_as_soon_as_the_client_reads_that_it_is_over(socket, monkeypatch, document):
    plain = WebSocket.send_text

    async def slow(self, data):
        await plain(self, data)
        await asyncio.sleep(0.05)  # meanwhile the client has read it and goes on

    monkeypatch.setattr(WebSocket, "send_text", slow)
    for _ in range(3):
        socket.subscribe("a", document)
        while socket.hear()["type"] == "next":
            pass
    socket.subscribe("b", HERE)
    assert socket.hear()["id"] == "b"


def test_a_message_that_is_too_large_ends_with_1009(socket):
    padding = " " * 20_000
    socket.subscribe("a", HERE + padding)
    assert socket.closed()[0] == 1009


def test_pings_are_answered_with_what_they_carry(stranger):
    stranger.say(type="ping")
    assert stranger.hear() == {"type": "pong"}
    stranger.say(type="ping", payload={"a": [1, "é"]})
    assert stranger.hear() == {"type": "pong", "payload": {"a": [1, "é"]}}
    stranger.say(type="pong")
    stranger.say(type="ping", payload={"still": "here"})
    assert stranger.hear() == {"type": "pong", "payload": {"still": "here"}}


def test_the_server_shows_that_it_lives(socket):
    assert [socket.hear(timeout=5, beats=True) for _ in range(3)] == [{"type": "ping"}] * 3


def test_queries_and_mutations_are_answered_with_what_they_cost(socket, olga):
    socket.subscribe("q", "query($first: Int!) { channels(first: $first) { totalCount } }", {"first": 3})
    over_http = olga.answer("{ channels(first: 3) { totalCount } }")
    payload = socket.next("q")
    assert payload["data"] == over_http["data"]
    cost = payload["extensions"]["cost"]
    names = ("requestedQueryCost", "actualQueryCost")
    assert [cost[name] for name in names] == [over_http["extensions"]["cost"][name] for name in names]
    assert socket.hear() == {"id": "q", "type": "complete"}
    document = (
        'query A { workspace { name } } mutation B { channelUpsert(input: {externalId: "s", name: "S"}) { outcome } }'
    )
    socket.subscribe("m", document, operationName="B")
    payload = socket.next("m")
    assert payload["data"] == {"channelUpsert": {"outcome": "CREATED"}}
    assert payload["extensions"]["cost"]["actualQueryCost"] > 0
    assert socket.hear() == {"id": "m", "type": "complete"}
    assert olga.one('{ channel(by: {externalId: "s"}) { id } }') is not None


def test_what_is_not_executed_is_an_error_and_nothing_after(socket):
    for query, code in (
        ("{ nope }", None),
        ("{", None),
        ("query A { workspace { name } } query B { workspace { name } }", "BAD_USER_INPUT"),
        ("subscription { nope }", None),
        ("subscription { a: changes { type } b: changes { type } }", None),
        ('subscription { changes(after: "nothing") { type } }', "BAD_USER_INPUT"),
        ('subscription { kpiChanged(key: CSAT, period: {named: TODAY}, variant: "no") { value } }', None),
    ):
        socket.subscribe("a", query)
        message = socket.hear()
        assert (message["id"], message["type"]) == ("a", "error"), (query, message)
        assert message["payload"][0]["message"]
        assert code in (None, message["payload"][0]["extensions"]["code"]), message
    socket.subscribe("a", HERE)  # under the same id, which is free
    assert socket.next("a")["data"] == {"workspace": {"name": "Workshop"}}
    assert socket.hear() == {"id": "a", "type": "complete"}


def test_errors_of_fields_come_with_what_was_found(socket):
    socket.subscribe("a", '{ workspace { name } member(by: {id: "x"}) { id } }')
    payload = socket.next("a")
    assert payload["data"] == {"workspace": {"name": "Workshop"}, "member": None}
    assert payload["errors"][0]["path"] == ["member"]
    assert socket.hear()["type"] == "complete"


def test_complete_ends_it_and_frees_the_id(house, socket, olga, wait):
    assert readers() == 0
    socket.subscribe("a", CHANGES)
    wait(lambda: house.tells(1))
    done = ended("done")
    socket.say(id="a", type="complete")
    wait(lambda: readers() == 0)
    assert ended("done") == done + 1
    olga.channel("between")
    socket.say(id="a", type="complete")  # of what is over: it crossed the last message
    socket.subscribe("a", "subscription { kpiChanged(key: CSAT, period: {named: TODAY}) { value } }")
    assert socket.next("a") == {"data": {"kpiChanged": {"value": None}}}


def test_whoever_leaves_ends_what_they_had_open(house, olga, wait):
    with house.socket(olga.secret) as socket:
        for name in "abc":
            socket.subscribe(name, CHANGES)
        wait(lambda: house.tells(3))
    wait(lambda: readers() == 0)


def test_several_go_on_beside_one_another(house, socket, olga, wait):
    socket.subscribe("all", CHANGES)
    socket.subscribe("some", "subscription { changes(types: [CUSTOMER]) { type } }")
    wait(lambda: house.tells(2))
    socket.subscribe("q", HERE)
    assert socket.next("q")["data"] == {"workspace": {"name": "Workshop"}}
    assert socket.hear()["type"] == "complete"
    olga.channel("beside")
    olga.customer("ann")
    told = []
    while len(told) < 3:
        if (message := socket.hear())["type"] == "next":
            told.append((message["id"], message["payload"]["data"]["changes"]["type"]))
            assert isinstance(message["payload"]["extensions"]["eventId"], str)
    assert sorted(told) == [("all", "CHANNEL"), ("all", "CUSTOMER"), ("some", "CUSTOMER")]


def test_it_is_resumed_after_the_last_event(house, olga, wait):
    with house.socket(olga.secret) as socket:
        socket.subscribe("a", CHANGES)
        wait(lambda: house.tells(1))
        olga.channel("seen")
        last = socket.next("a")["extensions"]["eventId"]
    wait(lambda: readers() == 0)
    olga.customer("missed")
    olga.channel("missed")
    with house.socket(olga.secret) as socket:
        socket.subscribe("a", CHANGES, extensions={"lastEventId": last})
        assert [socket.next("a")["data"]["changes"]["type"] for _ in range(2)] == ["CUSTOMER", "CHANNEL"]


def test_a_publishable_key_subscribes_to_nothing_and_comes_from_its_pages_only(house, olga):
    key = house.token(olga.people, publishable={"origins": ["https://shop.example"]})
    with house.socket(key, origin="https://shop.example") as socket:
        socket.subscribe("a", CHANGES)
        assert socket.hear()["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    for origin in ("https://evil.example", None):
        with house.socket(origin=origin) as socket:
            socket.say(type="connection_init", payload={"Authorization": f"Bearer {key}"})
            assert socket.closed()[0] == 4403


def test_what_is_told_is_json_in_one_text_message(house, olga):
    with house.socket(olga.secret) as socket:
        socket.subscribe('"é\n', HERE)
        told = socket.wire.recv(timeout=5)
        assert isinstance(told, str)
        assert json.loads(told)["id"] == '"é\n'
