"""What writing does: outcomes, merging and replacing, order, retries, deletions, and rows that are wrong among good ones."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

from concurrent.futures import ThreadPoolExecutor

from asking import BATCH

from app.services import feedback
from app.services.row import Options

PAYLOAD = "outcome userErrors { code message path }"
MAY = 'range: {from: "2026-05-01", before: "2026-06-01"}'


def answer(number, **more):
    """A row of feedback."""
    return {"externalId": f"f{number}", "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02T10:00:00Z"} | more


def outcomes(payload):
    return [result["outcome"] for result in payload["results"]]


def batch(caller, *rows, **options):
    return caller.write("feedbackRecordBatch", {"rows": list(rows), **options}, BATCH)


def test_one_record_is_a_batch_of_one(alice, dump):
    alone = alice.write("feedbackRecord", answer(1), PAYLOAD + " feedback { id version externalId score }")
    assert (alone["outcome"], alone["userErrors"]) == ("CREATED", [])
    assert alone["feedback"]["version"] == 1
    before = dump()
    together = batch(alice, answer(1))
    assert outcomes(together) == ["UNCHANGED"]
    assert dump() == before
    wrong = answer(1, score=6)
    alone, together = alice.write("feedbackRecord", wrong, PAYLOAD), batch(alice, wrong)["results"][0]
    assert alone["outcome"] == together["outcome"] == "REJECTED"
    (one,), (other,) = alone["userErrors"], together["userErrors"]
    assert other == one | {"path": ["rows", "0", *one["path"]]}


def test_every_outcome_is_counted_in_the_order_of_the_rows(alice):
    alice.feedback(answer(1), answer(2, sourceUpdatedAt="2026-05-05T00:00:00Z"), answer(3))
    payload = batch(
        alice,
        answer(3),
        answer(4, score=9),
        answer(1, score=2),
        answer(2, score=1, sourceUpdatedAt="2026-05-04T00:00:00Z"),
        answer(5),
        answer(5, score=1),
    )
    assert outcomes(payload) == ["UNCHANGED", "REJECTED", "UPDATED", "STALE", "CREATED", "UPDATED"]
    assert [result["index"] for result in payload["results"]] == list(range(6))
    assert payload["counts"] == {"created": 1, "updated": 2, "unchanged": 1, "stale": 1, "deleted": 0, "rejected": 1}
    stored = {
        one["externalId"]: one["score"] for one in alice.one("{ feedback { nodes { externalId score } } }")["nodes"]
    }
    assert stored == {"f1": 2, "f2": 5, "f3": 5, "f5": 1}
    payload = alice.write("feedbackDeleteBatch", {"rows": [{"externalId": f"f{i}"} for i in (1, 1, 9)]}, BATCH)
    assert outcomes(payload) == ["DELETED", "UNCHANGED", "REJECTED"]
    assert payload["counts"]["deleted"] == payload["counts"]["unchanged"] == payload["counts"]["rejected"] == 1
    assert payload["results"][2]["userErrors"][0]["code"] == "NOT_FOUND"
    assert payload["results"][2]["userErrors"][0]["path"] == ["rows", "2", "externalId"]


CUSTOMER = (
    "name segment region email status joinedOn churnedOn churnReason isTest attributes version kind parent { id }"
)


def test_an_upsert_keeps_what_is_absent_and_clears_what_is_null(alice):
    parent = alice.customer("hq", kind="ACCOUNT")
    alice.channel("web")
    whole = {
        "name": "Ann", "segment": "gold", "region": "BE", "email": "ann@example.org", "joinedOn": "2026-01-05", "kind": "PERSON",
        "attributes": {"a": [1, {"b": None}]}, "isTest": True, "parent": {"externalId": "hq"}, "acquisitionChannel": {"externalId": "web"},
    }  # fmt: skip
    alice.customer("ann", **whole)

    def now(selection=CUSTOMER):
        return alice.one(
            f'{{ customer(by: {{externalId: "ann"}}) {{ {selection} acquisitionChannel {{ externalId }} }} }}'
        )

    first = now()
    assert first["attributes"] == {"a": [1, {"b": None}]}
    assert (first["status"], first["isTest"], first["kind"], first["parent"]) == (
        "ACTIVE",
        True,
        "PERSON",
        {"id": parent},
    )
    assert alice.write("customerUpsert", {"externalId": "ann"}, PAYLOAD)["outcome"] == "UNCHANGED"
    assert alice.write("customerUpsert", {"externalId": "ann", "region": "ZH"}, PAYLOAD)["outcome"] == "UPDATED"
    assert now() == first | {"region": "ZH", "version": 2}
    nulls = dict.fromkeys(
        (
            "name",
            "segment",
            "region",
            "email",
            "kind",
            "attributes",
            "parent",
            "acquisitionChannel",
            "isTest",
            "joinedOn",
        )
    )
    assert alice.write("customerUpsert", {"externalId": "ann", **nulls}, PAYLOAD)["outcome"] == "UPDATED"
    assert now() == dict.fromkeys(first) | {"attributes": {}, "isTest": False, "status": "PROSPECT", "version": 3}
    channel = {"externalId": "web", "name": "Web", "kind": "ONLINE", "medium": "DIRECT"}
    read = '{ channel(by: {externalId: "web"}) { name kind medium } }'
    alice.write("channelUpsert", channel, PAYLOAD)
    alice.write("channelUpsert", {"externalId": "web", "name": "Shop"}, PAYLOAD)
    assert alice.one(read) == {"name": "Shop", "kind": "ONLINE", "medium": "DIRECT"}
    alice.write("channelUpsert", {"externalId": "web", "name": "Shop", "medium": None}, PAYLOAD)
    assert alice.one(read) == {"name": "Shop", "kind": "ONLINE", "medium": None}


def test_a_record_replaces_the_whole_fact(alice):
    alice.channel("web")
    alice.customer("ann")
    alice.feedback(
        answer(
            1,
            comment="Nice",
            tags=["a"],
            channel={"externalId": "web"},
            customer={"externalId": "ann"},
            product="p",
            origin="WIDGET",
            scaleBest=10,
        )
    )
    alice.feedback(answer(1, score=4))
    found = alice.one(
        '{ feedbackItem(by: {externalId: "f1"}) { score scaleBest comment tags product origin version channel { id } customer { id } } }'
    )
    assert found == {
        "score": 4, "scaleBest": 5, "comment": None, "tags": [], "product": None, "origin": None, "version": 2, "channel": None, "customer": None,
    }  # fmt: skip


def test_the_same_instant_of_the_source_is_decided_by_content(alice):
    at = {"sourceUpdatedAt": "2026-05-05T10:00:00+02:00"}
    alice.feedback(answer(1, **at))
    assert outcomes(batch(alice, answer(1, sourceUpdatedAt="2026-05-05T08:00:00Z"))) == ["UNCHANGED"]
    assert outcomes(batch(alice, answer(1, score=4, **at))) == ["UPDATED"]
    assert outcomes(batch(alice, answer(1, score=3, sourceUpdatedAt="2026-05-05T07:59:59Z"))) == ["STALE"]
    # newer with the same content raises the bar for what is stale
    assert outcomes(batch(alice, answer(1, score=4, sourceUpdatedAt="2026-05-06T00:00:00Z"))) == ["UNCHANGED"]
    assert outcomes(batch(alice, answer(1, score=1, sourceUpdatedAt="2026-05-05T12:00:00Z"))) == ["STALE"]
    for name, row in (("customer", {"name": "A"}), ("later", {"name": "B"})):
        del name
        alice.write("customerUpsert", {"externalId": "c", **row, "sourceUpdatedAt": "2026-05-05T00:00:00Z"}, PAYLOAD)
    assert alice.one('{ customer(by: {externalId: "c"}) { name } }') == {"name": "B"}
    stale = alice.write(
        "customerUpsert",
        {"externalId": "c", "name": "C", "sourceUpdatedAt": "2026-05-04"},
        PAYLOAD + " customer { name }",
    )
    assert (stale["outcome"], stale["customer"]) == ("STALE", {"name": "B"})


def test_each_answer_of_one_operation_shows_what_its_own_write_left(alice):
    found = alice.ask(
        """mutation { a: customerUpsert(input: {externalId: "c", name: "A"}) { outcome customer { name version } }
        b: customerUpsert(input: {externalId: "c", name: "B"}) { outcome customer { name version } }
        c: feedbackRecord(input: {externalId: "f", kind: CSAT, score: 1, occurredAt: "2026-05-02", customer: {externalId: "c"}})
        { feedback { score customer { name } } }
        d: customerUpsert(input: {externalId: "c", name: "D"}) { outcome customer { name version } }
        e: feedbackRecord(input: {externalId: "f", kind: CSAT, score: 2, occurredAt: "2026-05-02", customer: {externalId: "c"}})
        { feedback { score customer { name } } } }"""
    )
    assert found["a"]["customer"] == {"name": "A", "version": 1}
    assert found["b"] == {"outcome": "UPDATED", "customer": {"name": "B", "version": 2}}
    assert found["c"]["feedback"] == {"score": 1, "customer": {"name": "B"}}
    assert found["d"]["customer"]["name"] == "D"
    assert found["e"]["feedback"] == {"score": 2, "customer": {"name": "D"}}


def test_the_expected_version_must_be_there(alice, dump):
    assert (
        alice.write("customerUpsert", {"externalId": "c", "expectedVersion": 0, "name": "A"}, PAYLOAD)["outcome"]
        == "CREATED"
    )
    before = dump()
    for version in (0, 2, 99):
        payload = alice.write("customerUpsert", {"externalId": "c", "expectedVersion": version, "name": "B"}, PAYLOAD)
        assert payload["outcome"] == "REJECTED"
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == ("CONFLICT", ["expectedVersion"])
        assert "version 1" in error["message"]
    assert dump() == before
    assert (
        alice.write("customerUpsert", {"externalId": "c", "expectedVersion": 1, "name": "B"}, PAYLOAD)["outcome"]
        == "UPDATED"
    )


def test_one_wrong_row_may_refuse_all_of_them(alice, dump):
    before = dump()
    payload = batch(alice, answer(1), answer(2, score=6), answer(3), errorPolicy="REJECT_ALL", createMissing=True)
    assert outcomes(payload) == ["REJECTED"] * 3
    assert payload["counts"]["rejected"] == 3
    assert [error["path"] for error in payload["results"][1]["userErrors"]] == [["rows", "1", "score"]]
    for index in (0, 2):
        assert "another row" in payload["results"][index]["userErrors"][0]["message"]
    assert dump() == before
    assert outcomes(batch(alice, answer(1), answer(3), errorPolicy="REJECT_ALL")) == ["CREATED"] * 2
    customers = {"rows": [{"externalId": "a"}, {"externalId": ""}], "errorPolicy": "REJECT_ALL"}
    before = dump()
    assert outcomes(alice.write("customerUpsertBatch", customers, BATCH)) == ["REJECTED"] * 2
    assert dump() == before


def test_a_dry_run_answers_as_if_and_stores_nothing(alice, dump):
    alice.feedback(answer(1), answer(2))
    before = dump()
    rows = [answer(1), answer(2, score=1), answer(3, customer={"externalId": "new"}), answer(4, score=7)]
    dry = batch(alice, *rows, dryRun=True, createMissing=True)
    assert dump() == before
    assert outcomes(dry) == ["UNCHANGED", "UPDATED", "CREATED", "REJECTED"]
    wet = batch(alice, *rows, createMissing=True)
    assert outcomes(wet) == outcomes(dry)
    assert wet["counts"] == dry["counts"]
    before = dump()
    customers = {"rows": [{"externalId": "a", "joinedOn": "2026-01-01"}], "dryRun": True}
    payload = alice.write("customerUpsertBatch", customers, "results { outcome customer { id } } counts { created }")
    assert payload == {"results": [{"outcome": "CREATED", "customer": None}], "counts": {"created": 1}}
    assert dump() == before


def test_a_retry_with_its_key_has_one_effect_and_one_answer(alice, dump, clock):
    rows = [answer(1), answer(2, score=8), answer(3, customer={"externalId": "ann"})]
    first = batch(alice, *rows, idempotencyKey="k1", createMissing=True)
    assert outcomes(first) == ["CREATED", "REJECTED", "CREATED"]
    alice.feedback(answer(1, score=1))
    before = dump()
    clock.advance(hours=23)
    assert batch(alice, *rows, idempotencyKey="k1", createMissing=True) == first
    assert dump() == before
    other = batch(alice, answer(1), idempotencyKey="k1")
    assert other["results"] == []
    assert [(error["code"], error["path"]) for error in other["userErrors"]] == [
        ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    ]
    assert "new one" in other["userErrors"][0]["message"]
    assert dump() == before
    clock.advance(hours=2)
    assert outcomes(batch(alice, answer(1), idempotencyKey="k1")) == ["UPDATED"]
    # the keys of deletions and customers are their own too
    assert (
        alice.write("feedbackDeleteBatch", {"rows": [{"externalId": "f1"}], "idempotencyKey": "d"}, BATCH)["counts"][
            "deleted"
        ]
        == 1
    )
    assert (
        alice.write("feedbackDeleteBatch", {"rows": [{"externalId": "f1"}], "idempotencyKey": "d"}, BATCH)["counts"][
            "deleted"
        ]
        == 1
    )
    for _ in range(2):
        assert outcomes(
            alice.write("customerUpsertBatch", {"rows": [{"externalId": "z"}], "idempotencyKey": "c"}, BATCH)
        ) == ["CREATED"]


def test_retries_at_once_have_one_effect(api, alice, workspace, open_door):
    query = f"mutation($input: FeedbackRecordBatchInput!) {{ feedbackRecordBatch(input: $input) {{ {BATCH} }} }}"
    body = {"query": query, "variables": {"input": {"rows": [answer(1), answer(2)], "idempotencyKey": "k"}}}
    replies = api.at_once(*[{"json": body, "headers": alice.headers()}] * 8)
    assert {str(reply.json()) for reply in replies} == {str(replies[0].json())}
    assert outcomes(replies[0].json()["data"]["feedbackRecordBatch"]) == ["CREATED", "CREATED"]
    # and through several processes, as it were
    doors = [open_door() for _ in range(4)]
    rows = [{"external_id": "g", "kind": "CSAT", "score": 5.0, "occurred_at": workspace.door.clock()}]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda door: door.write(workspace.alice, feedback.record_batch, rows, Options(idempotency_key="p")),
                doors,
            )
        )
    assert {(result.outcome, result.id) for (result,) in found} == {(found[0][0].outcome, found[0][0].id)}
    assert alice.kpi("FEEDBACK_COUNT", "named: ALL_TIME", "value") == {"value": 3}


def test_unknown_names_become_stubs_that_are_filled_later(alice):
    row = answer(
        1,
        customer={"externalId": "ann"},
        channel={"externalId": "web"},
        staff={"externalId": "sue"},
        survey={"externalId": "q"},
    )
    refused = batch(alice, row)
    assert sorted(error["path"][2] for error in refused["results"][0]["userErrors"]) == [
        "channel",
        "customer",
        "staff",
        "survey",
    ]
    assert {error["code"] for error in refused["results"][0]["userErrors"]} == {"NOT_FOUND"}
    assert all("createMissing" in error["message"] for error in refused["results"][0]["userErrors"])
    assert outcomes(batch(alice, row, answer(2, customer={"externalId": "ann"}), createMissing=True)) == ["CREATED"] * 2
    stubs = """{ customer(by: {externalId: "ann"}) { isStub name } channel(by: {externalId: "web"}) { isStub name }
    staffMember(by: {externalId: "sue"}) { isStub name } survey(by: {externalId: "q"}) { isStub name } }"""
    assert [one["isStub"] for one in alice.ask(stubs).values()] == [True] * 4
    assert alice.one("{ customers { totalCount } }") == {"totalCount": 1}
    assert alice.kpi("CSAT", MAY, "value", 'filter: [{by: SEGMENT, anyOf: ["gold"]}]') == {"value": None}
    alice.customer("ann", name="Ann", segment="gold")
    for field, key in (("channelUpsert", "web"), ("staffUpsert", "sue"), ("surveyUpsert", "q")):
        assert alice.write(field, {"externalId": key, "name": key.title()}, PAYLOAD)["outcome"] == "UPDATED"
    filled = alice.ask(stubs)
    assert [one["isStub"] for one in filled.values()] == [False] * 4
    assert [one["name"] for one in filled.values()] == ["Ann", "Web", "Sue", "Q"]
    assert alice.kpi("CSAT", MAY, "sampleSize", 'filter: [{by: SEGMENT, anyOf: ["gold"]}]') == {"sampleSize": 2}


def test_a_row_that_changes_nothing_makes_no_stubs(alice, dump):
    alice.feedback(answer(1, sourceUpdatedAt="2026-05-05"))
    before = dump()
    stale = answer(1, sourceUpdatedAt="2026-05-04", customer={"externalId": "ghost"}, channel={"externalId": "ghost"})
    assert outcomes(batch(alice, stale, createMissing=True)) == ["STALE"]
    assert dump() == before


def test_what_was_deleted_stays_dead_for_older_versions(alice):
    def counted():
        return alice.kpi("FEEDBACK_COUNT", MAY, "value")["value"]

    def delete(*rows):
        return outcomes(alice.write("feedbackDeleteBatch", {"rows": list(rows)}, BATCH))

    alice.feedback(answer(1, sourceUpdatedAt="2026-05-05T00:00:00Z", comment="secret"), answer(2))
    assert counted() == 2
    assert delete({"externalId": "f1", "sourceUpdatedAt": "2026-05-04"}) == ["STALE"]
    assert delete({"externalId": "f1", "sourceUpdatedAt": "2026-05-07"}) == ["DELETED"]
    assert delete({"externalId": "f1", "sourceUpdatedAt": "2026-05-07"}) == ["UNCHANGED"]
    assert counted() == 1
    assert alice.one('{ feedbackItem(by: {externalId: "f1"}) { id } }') is None
    assert outcomes(batch(alice, answer(1, sourceUpdatedAt="2026-05-06T00:00:00Z"))) == ["STALE"]
    assert counted() == 1
    assert outcomes(batch(alice, answer(1, sourceUpdatedAt="2026-05-08T00:00:00Z"))) == ["CREATED"]
    assert counted() == 2
    # a deletion that overtakes its record
    assert delete({"externalId": "f9", "sourceUpdatedAt": "2026-05-07"}) == ["DELETED"]
    assert delete({"externalId": "f9", "sourceUpdatedAt": "2026-05-06T00:00:00+02:00"}) == ["DELETED"]
    assert outcomes(batch(alice, answer(9, sourceUpdatedAt="2026-05-06T23:00:00+02:00"))) == ["STALE"]
    # of the same instant the deletion wins, whichever came first
    assert outcomes(batch(alice, answer(9, sourceUpdatedAt="2026-05-07T00:00:00+02:00"))) == ["STALE"]
    assert outcomes(batch(alice, answer(9, sourceUpdatedAt="2026-05-07T00:00:01+02:00"))) == ["CREATED"]


WRONG = [
    ("score", '"five"', "five"),
    ("score", "true", True),
    ("kind", "CSTA", "CSTA"),
    ("kind", "5", 5),
    ("occurredAt", '"2026-02-30"', "2026-02-30"),
    ("occurredAt", '"yesterday"', "yesterday"),
    ("occurredAt", '"2026-05-02T10:00:00"', "2026-05-02T10:00:00"),
    ("occurredAt", "20260502", 20260502),
    ("sourceUpdatedAt", '"2026-13-01T00:00:00Z"', "2026-13-01T00:00:00Z"),
    ("comment", "7", 7),
    ("tags", "[7]", [7]),
    ("origin", "PIGEON", "PIGEON"),
    ("externalId", "12", 12),
    ("customer", "{externalId: 12}", {"externalId": 12}),
]


def test_a_wrong_scalar_rejects_its_row_alone(alice):
    plain = {"externalId": '"x"', "kind": "CSAT", "occurredAt": '"2026-05-02"'}
    for number, (name, literal, value) in enumerate(WRONG):
        good, bad = answer(f"g{number}"), answer(f"b{number}") | {name: value}
        by_variables = batch(alice, good, bad)
        rows = ", ".join(
            "{" + ", ".join(f"{field}: {given}" for field, given in row.items()) + "}"
            for row in (plain | {"externalId": f'"i{number}"'}, plain | {name: literal})
        )
        in_line = alice.one(f"mutation {{ feedbackRecordBatch(input: {{rows: [{rows}]}}) {{ {BATCH} }} }}")
        for payload in (by_variables, in_line):
            assert outcomes(payload) == ["CREATED", "REJECTED"], (name, value, payload)
            (error,) = payload["results"][1]["userErrors"]
            assert error["code"] == "INVALID"
            assert error["path"][:3] == ["rows", "1", name]
            assert len(error["message"]) > 10


SHAPES = ["x", 5, [None], [5], [{"externalId": "x"}], [answer(1) | {"nope": 1}], [answer(1, customer={})]]


def test_a_wrong_shape_refuses_the_request(alice, dump):
    before = dump()
    query = f"mutation($input: FeedbackRecordBatchInput!) {{ feedbackRecordBatch(input: $input) {{ {BATCH} }} }}"
    for rows in SHAPES:
        response = alice.post(query, {"input": {"rows": rows}})
        assert response.status_code == 200
        assert "data" not in response.json()
        assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_USER_INPUT"}
    assert dump() == before


def test_a_target_is_replaced_with_its_history_and_deleted(alice):
    target = {
        "externalId": "t",
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "value": 90,
        "from": "2026-06-01",
        "before": "2026-07-01",
    }
    fields = PAYLOAD + " target { id version goal revisions { version value } }"
    made = alice.write("targetSet", target, fields)
    assert made["outcome"] == "CREATED"
    assert alice.write("targetSet", target, fields)["outcome"] == "UNCHANGED"
    changed = alice.write("targetSet", target | {"value": 95}, fields)
    assert (changed["outcome"], changed["target"]["id"]) == ("UPDATED", made["target"]["id"])
    assert changed["target"]["revisions"] == [{"version": 1, "value": 90}]
    clash = alice.write("targetSet", target | {"externalId": "u", "from": "2026-06-02"}, fields)
    assert clash["outcome"] == "CREATED"
    refused = alice.write("targetSet", target | {"externalId": "u"}, fields)
    assert (refused["outcome"], refused["userErrors"][0]["code"]) == ("REJECTED", "CONFLICT")
    gone = alice.write("targetDelete", {"externalId": "t"}, fields)
    assert gone["outcome"] == "DELETED"
    assert alice.one('{ target(by: {externalId: "t"}) { id } }') is None
    again = alice.write("targetDelete", {"externalId": "t"}, fields)
    assert (again["outcome"], again["userErrors"][0]["code"]) == ("REJECTED", "NOT_FOUND")


def test_sources_do_not_touch_each_others_records(api, workspace, alice):
    other = api.caller(workspace, source="crm")
    alice.feedback(answer(1))
    other.feedback(answer(1, score=1))
    assert alice.kpi("CSAT", MAY, "value sampleSize") == {"value": 50, "sampleSize": 2}
    assert outcomes(other.write("feedbackDeleteBatch", {"rows": [{"externalId": "f1"}]}, BATCH)) == ["DELETED"]
    assert alice.kpi("CSAT", MAY, "value sampleSize") == {"value": 100, "sampleSize": 1}
    alice.customer("ann", name="Ann")
    assert other.one('{ customer(by: {externalId: "ann"}) { id } }') is None
    assert other.one('{ customer(by: {external: {source: "default", externalId: "ann"}}) { name } }') == {"name": "Ann"}
