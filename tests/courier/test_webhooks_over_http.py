"""Webhooks as callers see them: made, shown, tried and replayed over the API, with what is wrong and where."""

import json

from receiving import RESET

from app.actor import Scope

ROW = {"externalId": "crm", "name": "CRM", "url": "https://hooks.example.com/x"}
REF = {"webhook": {"externalId": "crm"}}
STATUS = "query($id: ID!) { node(id: $id) { ... on Customer { status name } } }"
SAID = "outcome userErrors { code path message }"


def made(caller, **more):
    payload = caller.write("webhookUpsert", ROW | more, f"secret webhook {{ id }} {SAID}")
    assert payload["userErrors"] == []
    return payload


def refused(caller, field, row):
    """The codes and paths of what has to be mended; nothing was done."""
    payload = caller.write(field, row, SAID)
    assert payload["outcome"] == "REJECTED"
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


def sent(caller):
    """The log, the latest first."""
    selection = (
        "id messageId state type action recordId recordVersion fields sequence dueAt deliveredAt "
        "webhook { externalId } attempts { at status durationMs error }"
    )
    return caller.one(f"{{ webhookDeliveries {{ nodes {{ {selection} }} }} }}")["nodes"]


def test_a_webhook_is_made_once_and_its_secret_told_once(alice):
    first = made(alice, types=["CUSTOMER", "ORDER"], actions=["CREATED"])
    assert first["outcome"] == "CREATED"
    assert first["secret"].startswith("whsec_")
    again = made(alice)
    assert (again["outcome"], again["secret"], again["webhook"]) == ("UNCHANGED", None, first["webhook"])
    changed = made(alice, name="New", types=None)
    assert (changed["outcome"], changed["secret"]) == ("UPDATED", None)
    shown = alice.one(
        '{ webhook(by: {externalId: "crm"}) { name url types actions fields document madeBy scopes isEnabled '
        "disabledAt disabledReason failingSince version } }"
    )
    scopes = shown.pop("scopes")
    assert shown == {
        "name": "New",
        "url": ROW["url"],
        "types": [],
        "actions": ["CREATED"],
        "fields": [],
        "document": None,
        "madeBy": "alice",
        "isEnabled": True,
        "disabledAt": None,
        "disabledReason": None,
        "failingSince": None,
        "version": 2,
    }
    assert "customer:read" in scopes
    assert "workspace:admin" not in scopes
    assert first["secret"] not in json.dumps(alice.one("{ webhooks { nodes { name url } totalCount } }"))


def test_what_is_wrong_is_told_with_its_place(alice, dump):
    before = dump()
    wrong = [
        ({"url": None}, [("REQUIRED", ["url"])]),
        ({"url": "http://hooks.example.com:x/"}, [("INVALID", ["url"])]),
        ({"url": "https://10.0.0.1/"}, [("INVALID", ["url"])]),
        ({"types": ["CUSTOMER", "MIRROR"]}, [("INVALID", ["types", "1"])]),
        ({"types": ["CUSTOMER"], "fields": ["status", "colour"]}, [("NOT_FOUND", ["fields", "1"])]),
        (
            {"url": "x", "types": ["MIRROR", "KPI_DEFINITION"]},
            [("INVALID", ["url"]), ("INVALID", ["types", "0"]), ("INVALID", ["types", "1"])],
        ),
        ({"name": ""}, [("REQUIRED", ["name"])]),
        ({"document": ""}, [("INVALID", ["document"])]),
    ]
    for more, expected in wrong:
        assert refused(alice, "webhookUpsert", ROW | more) == expected, more
    for field, row, path in (
        ("webhookDelete", {"externalId": "none"}, ["webhook"]),
        ("webhookEnable", REF, ["webhook"]),
        ("webhookDisable", REF, ["webhook"]),
        ("webhookTest", REF, ["webhook"]),
        ("webhookRotateSecret", REF, ["webhook"]),
        ("webhookReplay", REF | {"since": "2026-06-01"}, ["webhook"]),
        ("webhookReplay", {"deliveries": ["x", "y"]}, ["deliveries", "0"]),
    ):
        assert refused(alice, field, row)[0] == ("NOT_FOUND", path), field
    assert refused(alice, "webhookReplay", {}) == [("REQUIRED", ["deliveries"])]
    assert refused(alice, "webhookReplay", REF | {"since": "2026-06-01", "deliveries": ["x"]})
    assert dump() == before


DOCUMENTS = {
    "{": "Syntax Error",
    "{ nothing }": "Cannot query field 'nothing'",
    'mutation { webhookTest(input: {webhook: {externalId: "crm"}}) { outcome } }': "must hold one query",
    "query A { rateLimit { cost } } query B { rateLimit { cost } }": "must hold one query",
    "query($name: String!) { customer(by: {externalId: $name}) { id } }": "one variable, `$id: ID!`",
    "query($id: String!) { customer(by: {externalId: $id}) { id } }": "one variable, `$id: ID!`",
    "query($id: ID!) { node(id: $id) { ... on Customer { status { x } } } }": "must not have a selection",
    "{ customers(first: 100) { nodes { timeline(first: 100) { nodes { id } } } } }": "estimated at",
    "query($id: ID!) { node(id: $id) { id } "
    + " ".join(f"a{n}: node(id: $id) {{ id }}" for n in range(70))
    + " }": "at most",
}


def test_a_document_that_cannot_be_answered_is_refused(alice, dump):
    before = dump()
    query = f"mutation($input: WebhookUpsertInput!) {{ webhookUpsert(input: $input) {{ {SAID} }} }}"
    for document, said in DOCUMENTS.items():
        given = {"input": ROW | {"document": document}}
        payload = alice.one(query, given)
        assert payload["outcome"] == "REJECTED", document
        assert {tuple(error["path"]) for error in payload["userErrors"]} == {("document",)}
        assert said in payload["userErrors"][0]["message"], document
        told = alice.one(query, given, accept_language="zh")["userErrors"][0]["message"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in told), document
    assert dump() == before


def test_somebody_without_the_scope_hears_nothing_about_documents(api, workspace, dump):
    reader = api.caller(workspace, {Scope.WEBHOOK_READ})
    before = dump()
    query = "mutation($input: WebhookUpsertInput!) { webhookUpsert(input: $input) { outcome } }"
    error = reader.refusal(query, {"input": ROW | {"document": "{"}})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert dump() == before


def test_a_type_that_the_token_may_not_read_is_refused(api, workspace):
    writer = api.caller(workspace, {Scope.WEBHOOK_WRITE, Scope.ORDER_READ})
    assert refused(writer, "webhookUpsert", ROW | {"types": ["ORDER", "CUSTOMER"]}) == [("INVALID", ["types", "1"])]


def test_a_document_is_answered_with_the_scopes_of_who_said_so(api, workspace, alice, receive, settle):
    """With and without personal:read; and whoever changes it is told no more than they may read themselves."""
    blind = api.caller(workspace, frozenset(Scope) - {Scope.PERSONAL_READ}, name="blind")
    receiver = receive()
    for caller, key in ((alice, "seeing"), (blind, "blind")):
        row = ROW | {"externalId": key, "url": f"http://127.0.0.1:{receiver.port}/{key}", "document": STATUS}
        made(caller, **row, types=["CUSTOMER"])
    id_ = alice.customer("ann", name="Ann", status="ACTIVE")
    settle()
    found = {got.path: got.json["data"] for got in receiver.taken}
    assert found == {
        "/seeing": {"node": {"status": "ACTIVE", "name": "Ann"}},
        "/blind": {"node": {"status": "ACTIVE", "name": None}},
    }
    assert {got.json["change"]["id"] for got in receiver.taken} == {id_}
    receiver.taken.clear()
    made(blind, externalId="seeing", url=f"http://127.0.0.1:{receiver.port}/mine", types=["CUSTOMER"])
    alice.customer("ann", name="Anna")
    settle()
    assert {got.path: got.json["data"]["node"]["name"] for got in receiver.taken} == {"/mine": None, "/blind": None}


def test_what_a_document_may_not_read_is_an_error_beside_the_rest(api, workspace, alice, receiver, settle):
    writer = api.caller(workspace, {Scope.WEBHOOK_WRITE, Scope.CHANNEL_READ})
    document = "query($id: ID!) { node(id: $id) { id } customers { totalCount } }"
    made(writer, url=receiver.url, types=["CHANNEL"], document=document)
    id_ = alice.channel("web")
    settle()
    (got,) = receiver.taken
    assert got.json["data"] == {"node": {"id": id_}, "customers": None}
    (error,) = got.json["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["customers"], "FORBIDDEN")


def test_a_document_is_answered_as_of_delivery(alice, receive, settle, clock):
    receiver = receive(lambda _got: 500 if len(receiver.got) == 1 else 204)
    made(alice, url=receiver.url, types=["CUSTOMER"], document=STATUS, actions=["CREATED"])
    alice.customer("ann", name="Ann")
    settle()
    alice.customer("ann", name="Anna")
    clock.advance(minutes=1)
    settle()
    assert [got.json["data"]["node"]["name"] for got in receiver.got] == ["Ann", "Anna"]
    assert [got.json["change"]["version"] for got in receiver.got] == [1, 1]


def test_the_log_tells_what_was_sent_and_no_value(alice, receive, settle):
    receiver = receive(lambda _got: RESET if len(receiver.got) == 1 else 204)
    made(alice, url=receiver.url, types=["CUSTOMER"], document=STATUS)
    id_ = alice.customer("ann", name="Ann Secret", email="ann@secret.example")
    settle()
    (delivery,) = sent(alice)
    (attempt,) = delivery.pop("attempts")
    assert attempt.pop("at").startswith("2026-06-15T09:30")
    assert attempt.pop("durationMs") >= 0
    assert attempt == {"status": None, "error": "BROKEN"}
    assert delivery.pop("dueAt")
    assert delivery.pop("sequence") > 1
    assert delivery == {
        "id": delivery["id"],
        "messageId": receiver.got[0].id,
        "state": "PENDING",
        "type": "Customer",
        "action": "CREATED",
        "recordId": id_,
        "recordVersion": 1,
        "fields": [],
        "deliveredAt": None,
        "webhook": {"externalId": "crm"},
    }
    assert alice.write("webhookReplay", {"deliveries": [delivery["id"]]}, SAID) == {
        "outcome": "UPDATED",
        "userErrors": [],
    }
    settle()
    (delivery,) = sent(alice)
    assert (delivery["state"], delivery["dueAt"]) == ("DELIVERED", None)
    assert [one["status"] for one in delivery["attempts"]] == [None, 204]


def test_the_log_is_filtered(alice, receive, settle):
    good, bad = receive(), receive(lambda _got: 500)
    ids = {}
    for key, one in (("good", good), ("bad", bad)):
        ids[key] = made(alice, externalId=key, url=one.url, types=["CHANNEL", "STAFF"])["webhook"]["id"]
    alice.channel("web")
    settle()
    count = "{{ webhookDeliveries(filter: {{{}}}) {{ totalCount nodes {{ webhook {{ externalId }} }} }} }}"
    for filter_, expected in (
        (f'webhookId: {{eq: "{ids["good"]}"}}', ["good"]),
        ("state: {eq: PENDING}", ["bad"]),
        ("state: {eq: DELIVERED}", ["good"]),
        ("state: {in: [PENDING, DELIVERED]}, action: {eq: CREATED}", ["bad", "good"]),
        ('type: {eq: "Staff"}', []),
    ):
        found = alice.one(count.format(filter_))
        assert sorted(node["webhook"]["externalId"] for node in found["nodes"]) == expected, filter_
        assert found["totalCount"] == len(expected)


def test_it_is_disabled_enabled_tried_and_deleted(alice, receiver, settle):
    made(alice, url=receiver.url, types=["CHANNEL"])
    assert alice.write("webhookDisable", REF, "outcome webhook { isEnabled disabledReason }") == {
        "outcome": "UPDATED",
        "webhook": {"isEnabled": False, "disabledReason": "REQUESTED"},
    }
    assert refused(alice, "webhookTest", REF) == [("CONFLICT", ["webhook"])]
    assert refused(alice, "webhookReplay", REF | {"since": "2026-06-01"}) == [("CONFLICT", ["webhook"])]
    alice.channel("web")
    settle()
    assert receiver.got == []
    assert alice.write("webhookEnable", REF, "outcome webhook { isEnabled }")["webhook"] == {"isEnabled": True}
    assert alice.write("webhookTest", REF, "outcome delivery { state type }") == {
        "outcome": "CREATED",
        "delivery": {"state": "PENDING", "type": "Webhook"},
    }
    settle()
    assert [got.json["type"] for got in receiver.taken] == ["Webhook.test"]
    old = made(alice)["secret"]
    new = alice.write("webhookRotateSecret", REF | {"overlapHours": 1.5}, f"secret {SAID}")
    assert old is None
    assert new["secret"].startswith("whsec_")
    assert refused(alice, "webhookRotateSecret", REF | {"overlapHours": 721}) == [("OUT_OF_RANGE", ["overlapHours"])]
    assert alice.write("webhookDelete", REF["webhook"], "outcome webhook { name }")["webhook"] == {"name": "CRM"}
    assert alice.one('{ webhook(by: {externalId: "crm"}) { id } }') is None
    assert sent(alice) == []


def test_no_log_line_holds_what_was_sent_or_where(alice, receive, settle, capsys, caplog):
    receiver = receive(lambda _got: RESET)
    made(alice, url=f"{receiver.url}/s3cret", types=["CUSTOMER"], document=STATUS)
    alice.customer("ann", name="Ann Secret", email="ann@secret.example")
    settle()
    assert receiver.got
    written = capsys.readouterr()
    for text in (written.out, written.err, caplog.text):
        for secret in ("s3cret", "Ann", "secret.example", "127.0.0.1", "whsec_"):
            assert secret not in text
