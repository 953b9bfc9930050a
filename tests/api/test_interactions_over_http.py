"""Conversations over HTTP: recorded, read, listed and measured, in both languages; and whatever may come in wrong."""

# ruff: noqa: E501 - a row, or a query, stands on one line

import re
from datetime import UTC, datetime

import pytest
from asking import BATCH
from conversing import event, record, talk

from app.kpis import service

MAY = 'range: {from: "2026-05-01", before: "2026-06-01"}'


def at(kind, when, staff=None):
    return {"kind": kind, "at": when} | ({"staff": {"externalId": staff}} if staff else {})


def ref(name):
    return {"externalId": name}


ASKS, REPLIES, RESOLVED, CONFIRMED = "CUSTOMER_MESSAGE", "STAFF_REPLY", "RESOLVED", "CONFIRMED"
SLOW = {
    "externalId": "i1",
    "kind": "COMPLAINT",
    "customer": ref("ann"),
    "channel": ref("mail"),
    "staff": ref("eva"),
    "product": "tea",
    "campaign": "spring",
    "journeyStage": "use",
    "reason": "billing",
    "occurredAt": "2026-05-04T08:00:00Z",
    # in no order, and one of them twice
    "events": [
        at(RESOLVED, "2026-05-05T20:00:00Z", "max"),
        at(ASKS, "2026-05-04T08:00:00Z"),
        at(REPLIES, "2026-05-04T10:30:00Z", "eva"),
        at(CONFIRMED, "2026-05-05T21:00:00Z"),
        at(ASKS, "2026-05-04T08:00:00Z"),
    ],
}
QUICK = {
    "externalId": "i2",
    "kind": "QUESTION",
    "customer": ref("bob"),
    "channel": ref("chat"),
    "occurredAt": "2026-05-06T08:00:00Z",
    "events": [at(ASKS, "2026-05-06T08:00:00Z"), at(REPLIES, "2026-05-06T08:30:00Z", "max")],
}
OPEN = {
    "externalId": "i3",
    "kind": "REQUEST",
    "standing": "DUPLICATE",
    "occurredAt": "2026-05-07T22:00:00Z",
    "events": [at(ASKS, "2026-05-07T22:30:00Z")],
}
ROWS = (SLOW, QUICK, OPEN)


def write(caller, *rows, **options):
    return caller.write("interactionRecordBatch", {"rows": list(rows), "createMissing": True, **options}, BATCH)


def outcomes(payload):
    return [result["outcome"] for result in payload["results"]]


def told(problems):
    return [(problem["code"], " ".join(problem["path"])) for problem in problems]


@pytest.fixture
def desk(alice):
    """Alice, who has recorded the three, one after the other."""
    alice.channel("ads")
    traits = {"segment": "gold", "region": "north", "acquisitionChannel": ref("ads")}
    alice.customer("ann", **traits)
    alice.customer("bob")
    for row in ROWS:
        assert outcomes(write(alice, row)) == ["CREATED"]
    return alice


# what is read


def test_an_interaction_comes_back_with_what_follows_from_it(desk):
    query = """{ interaction(by: {externalId: "i1"}) { id kind standing source externalId product campaign journeyStage reason segment region
        askedAt dueAt repliedAt responseSeconds isInTime resolvedAt resolutionSeconds isConfirmed waitingSeconds occurredAt day
        events { kind at staff { externalId } } customer { name } channel { externalId } acquisitionChannel { externalId }
        staff { externalId } responder { externalId } } }"""
    found = desk.one(query)
    node = desk.one("query($id: ID!) { node(id: $id) { id ... on Interaction { externalId } } }", {"id": found["id"]})
    assert node == {"id": found.pop("id"), "externalId": "i1"}
    assert found == {
        "kind": "COMPLAINT",
        "standing": "VALID",
        "source": "default",
        "externalId": "i1",
        "product": "tea",
        "campaign": "spring",
        "journeyStage": "use",
        "reason": "billing",
        "segment": "gold",
        "region": "north",
        "askedAt": "2026-05-04T08:00:00Z",
        "dueAt": "2026-05-04T09:00:00Z",
        "repliedAt": "2026-05-04T10:30:00Z",
        "responseSeconds": 9000,
        "isInTime": False,
        "resolvedAt": "2026-05-05T20:00:00Z",
        "resolutionSeconds": 129600,
        "isConfirmed": True,
        "waitingSeconds": 9000,
        "occurredAt": "2026-05-04T08:00:00Z",
        "day": "2026-05-04",
        "events": [
            {"kind": ASKS, "at": "2026-05-04T08:00:00Z", "staff": None},
            {"kind": REPLIES, "at": "2026-05-04T10:30:00Z", "staff": ref("eva")},
            {"kind": RESOLVED, "at": "2026-05-05T20:00:00Z", "staff": ref("max")},
            {"kind": CONFIRMED, "at": "2026-05-05T21:00:00Z", "staff": None},
        ],
        "customer": {"name": None},
        "channel": ref("mail"),
        "acquisitionChannel": ref("ads"),
        "staff": ref("eva"),
        "responder": ref("eva"),
    }


def test_one_that_nobody_has_answered_is_late_and_open(desk):
    found = desk.one(
        '{ interaction(by: {externalId: "i3"}) { dueAt repliedAt responseSeconds isInTime resolvedAt waitingSeconds customer { id } } }'
    )
    assert found.pop("dueAt") == "2026-05-07T23:30:00Z"
    assert found.pop("isInTime") is False
    assert set(found.values()) == {None}


FOUND = {
    # of each field of a filter: a condition, and the numbers of the rows that meet it
    "kind": ("{in: [COMPLAINT, REQUEST]}", "13"),
    "standing": ("{eq: DUPLICATE}", "3"),
    "source": ('{eq: "default"}', "123"),
    "externalId": ('{in: ["i2", "i3"]}', "23"),
    "product": ('{eq: "tea"}', "1"),
    "campaign": ("{isNull: true}", "23"),
    "journeyStage": ('{eq: "use"}', "1"),
    "reason": ('{contains: "bill"}', "1"),
    "segment": ('{eq: "gold"}', "1"),
    "region": ('{eq: "north"}', "1"),
    "isConfirmed": ("{eq: true}", "1"),
    "askedAt": ('{gte: "2026-05-06T08:00:00Z"}', "23"),
    "dueAt": ('{lt: "2026-05-06T09:00:00Z"}', "1"),
    "repliedAt": ("{isNull: true}", "3"),
    "resolvedAt": ("{isNull: false}", "1"),
    "occurredAt": ('{lte: "2026-05-06T08:00:00Z"}', "12"),
    "day": ('{eq: "2026-05-08"}', "3"),  # in Berlin it is past midnight
    "recordedAt": ('{gte: "2026-06-15"}', "123"),
    "customerId": ("{isNull: true}", "3"),
    "channelId": ("{isNull: false}", "12"),
    "acquisitionChannelId": ("{isNull: false}", "1"),
    "staffId": ("{isNull: false}", "1"),
    "responderId": ("{isNull: false}", "12"),
}


def numbers(nodes):
    return "".join(node["externalId"][1:] for node in nodes)


def test_a_list_can_be_narrowed_by_each_field_of_its_filter(desk):
    query = '{ __type(name: "InteractionFilterInput") { inputFields { name } } }'
    fields = {field["name"] for field in desk.one(query)["inputFields"]}
    assert fields == {*FOUND, "and", "or", "not"}
    for field, (condition, expected) in FOUND.items():
        page = desk.one(f"{{ interactions(filter: {{{field}: {condition}}}) {{ nodes {{ externalId }} totalCount }} }}")
        assert "".join(sorted(numbers(page["nodes"]))) == expected, field
        assert page["totalCount"] == len(expected)


def test_a_list_comes_in_each_of_its_orders_and_in_pages(desk):
    fields = desk.one('{ __type(name: "InteractionOrderField") { enumValues { name } } }')["enumValues"]
    assert {field["name"] for field in fields} == {"OCCURRED_AT", "RECORDED_AT"}
    assert numbers(desk.one("{ interactions { nodes { externalId } } }")["nodes"]) == "321"
    for field in fields:
        for direction, expected in (("ASC", "123"), ("DESC", "321")):
            query = f"query($after: String) {{ interactions(first: 1, after: $after, orderBy: [{{field: {field['name']}, direction: {direction}}}]) {{ nodes {{ externalId }} pageInfo {{ endCursor hasNextPage }} }} }}"
            got, after, more = "", None, True
            while more:
                page = desk.one(query, {"after": after})
                got, after = got + numbers(page["nodes"]), page["pageInfo"]["endCursor"]
                more = page["pageInfo"]["hasNextPage"]
            assert got == expected, (field, direction)


def test_it_stands_on_its_customers_timeline(desk):
    query = '{ customer(by: {externalId: "ann"}) { timeline(kinds: [INTERACTION]) { nodes { __typename occurredAt ... on Interaction { externalId reason } } totalCount } } }'
    assert desk.one(query)["timeline"] == {
        "nodes": [
            {
                "__typename": "Interaction",
                "occurredAt": "2026-05-04T08:00:00Z",
                "externalId": "i1",
                "reason": "billing",
            }
        ],
        "totalCount": 1,
    }


def test_what_was_deleted_is_gone_everywhere(desk):
    id_ = desk.one('{ interaction(by: {externalId: "i2"}) { id } }')["id"]
    rows = [{"externalId": "i2"}, {"externalId": "none"}]
    payload = desk.write("interactionDeleteBatch", {"rows": rows}, BATCH)
    assert outcomes(payload) == ["DELETED", "REJECTED"]
    assert told(payload["results"][1]["userErrors"]) == [("NOT_FOUND", "rows 1 externalId")]
    assert outcomes(desk.write("interactionDeleteBatch", {"rows": rows[:1]}, BATCH)) == ["UNCHANGED"]
    assert numbers(desk.one("{ interactions { nodes { externalId } } }")["nodes"]) == "31"
    assert desk.one('{ interaction(by: {externalId: "i2"}) { id } }') is None
    assert desk.one("query($id: ID!) { node(id: $id) { id } }", {"id": id_}) is None
    assert desk.one('{ customer(by: {externalId: "bob"}) { timeline { totalCount } } }')["timeline"]["totalCount"] == 0
    assert desk.kpi("RESPONSE_TIME", MAY, "value sampleSize", 'variant: "mean"') == {"value": 9000, "sampleSize": 1}


# what is measured


def test_the_median_says_what_it_rests_on_and_what_it_leaves_out(desk):
    found = desk.kpi(
        "RESPONSE_TIME",
        MAY,
        """value nullReason numerator denominator sampleSize unansweredCount display zh: display(locale: "zh-CN") isProvisional
        leftOut { reason count label zh: label(locale: "zh-CN") } definition { unit direction }""",
    )
    assert found.pop("value") == pytest.approx(5400, rel=0.008)
    assert found == {
        "nullReason": None,
        "numerator": None,
        "denominator": None,
        "sampleSize": 2,
        "unansweredCount": 1,
        "display": "1.5 hr",
        "zh": "1.5小时",
        "isProvisional": False,
        "leftOut": [
            {"reason": "UNANSWERED", "count": 1, "label": "nobody has replied yet", "zh": "尚无人回复"},
        ],
        "definition": {"unit": "SECONDS", "direction": "LOWER_IS_BETTER"},
    }


DISPLAYED = [
    # KPI, variant, value, in English, in Chinese
    ("RESPONSE_TIME", "mean", 5400, "1.5 hr", "1.5小时"),
    ("RESPONSE_TIME", "p90", 8280, "2.3 hr", "2.3小时"),  # nine tenths of the way from 1,800 to 9,000
    ("RESPONSE_TIME", "every_response", 5400, "1.5 hr", "1.5小时"),
    ("WAITING_TIME", "mean", 5400, "1.5 hr", "1.5小时"),
    ("RESOLUTION_TIME", "mean", 129600, "1.5 days", "1.5天"),
    ("RESPONSE_WITHIN_TARGET", "default", 100 / 3, "33.3%", "33.3%"),
    ("COMPLAINT_RESOLUTION_RATE", "in_time", 100, "100.0%", "100.0%"),
    ("COMPLAINT_RESOLUTION_RATE", "throughput", 100, "100.0%", "100.0%"),
    ("COMPLAINT_RESOLUTION_RATE", "confirmed", 100, "100.0%", "100.0%"),
    ("INTERACTIONS", "default", 3, "3", "3"),
    ("COMPLAINTS", "default", 1, "1", "1"),
]


@pytest.mark.some(4)
@pytest.mark.parametrize(("key", "variant", "value", "english", "chinese"), DISPLAYED)
def test_a_value_is_displayed_in_two_languages(desk, key, variant, value, english, chinese):
    found = desk.kpi(key, MAY, 'value display zh: display(locale: "zh-CN")', f'variant: "{variant}"')
    assert found["value"] == pytest.approx(value, rel=0.008)
    assert (found["display"].replace("\u202f", " ").replace("\xa0", " "), found["zh"]) == (english, chinese)


def test_what_is_short_is_told_in_minutes_and_seconds(alice):
    write(alice, QUICK)
    assert alice.kpi("RESPONSE_TIME", MAY, "display", 'variant: "mean"')["display"] == "30.0 min"
    events = [at(ASKS, "2026-05-06T08:00:00Z"), at(REPLIES, "2026-05-06T08:00:12Z")]
    write(alice, QUICK | {"events": events})
    assert alice.kpi("RESPONSE_TIME", MAY, "display", 'variant: "mean"')["display"] == "12.0 sec"
    write(alice, QUICK | {"events": [events[0], at(REPLIES, "2026-05-06T08:00:00Z")]})
    assert alice.kpi("RESPONSE_TIME", MAY, "value display")["value"] == 0


def test_what_is_not_resolved_yet_waits_for_no_answer(desk):
    found = desk.kpi("RESOLUTION_TIME", MAY, "sampleSize unansweredCount leftOut { reason count }")
    assert found == {
        "sampleSize": 1,
        "unansweredCount": None,
        "leftOut": [{"reason": "UNRESOLVED", "count": 2}],
    }
    assert desk.kpi("INTERACTIONS", MAY, "unansweredCount leftOut { count }") == {
        "unansweredCount": None,
        "leftOut": [],
    }


def test_complaints_are_provisional_until_their_limit_has_passed(desk, clock):
    asked = 'kpi(key: COMPLAINT_RESOLUTION_RATE, period: {range: {from: "2026-05-01", before: "2026-06-10"}}) { isProvisional }'
    assert desk.one(f"{{ {asked} }}")["isProvisional"] is True  # it is the 15th, and a complaint has 7 days
    clock.advance(days=2)
    assert desk.one(f"{{ {asked} }}")["isProvisional"] is False


def test_the_distribution_of_a_median_is_shown_in_bars(desk):
    query = "histogram(most: 4) { from before count } one: histogram(most: 1) { count }"
    found = desk.kpi("RESPONSE_TIME", MAY, query)
    bars = found["histogram"]
    assert 1 < len(bars) <= 4
    assert bars[0]["from"] <= 1800 < bars[0]["before"]
    assert bars[-1]["from"] <= 9000 < bars[-1]["before"]
    assert [bar["before"] for bar in bars[:-1]] == [bar["from"] for bar in bars[1:]]
    assert sum(bar["count"] for bar in bars) == 2
    assert found["one"] == [{"count": 2}]
    narrow = 'filter: [{by: CHANNEL, anyOf: ["chat"]}, {by: SEGMENT, noneOf: ["gold"]}]'
    (bar,) = desk.kpi("RESPONSE_TIME", MAY, "histogram { count }", narrow)["histogram"]
    assert bar == {"count": 1}
    assert desk.kpi("RESPONSE_TIME", MAY, "histogram { count }", 'variant: "mean"')["histogram"] is None
    assert desk.kpi("INTERACTIONS", MAY, "histogram { count }")["histogram"] is None
    assert desk.kpi("RESPONSE_TIME", "named: THIS_MONTH", "histogram { count }")["histogram"] is None
    for most in (0, 101, -1):
        query = f"{{ kpi(key: RESPONSE_TIME, period: {{{MAY}}}) {{ histogram(most: {most}) {{ count }} }} }}"
        error = desk.answer(query)["errors"][0]
        assert error["extensions"]["code"] == "BAD_USER_INPUT", error


def test_a_series_and_a_breakdown_by_staff(desk):
    found = desk.kpi(
        "RESPONSE_TIME",
        'range: {from: "2026-04-01", before: "2026-07-01"}',
        """series(grain: MONTH) { value nullReason sampleSize leftOut { count } }
        breakdown(by: STAFF) { isAdditive totalCount slices { key label value nullReason sampleSize weight share leftOut { count } result { value } } }""",
        'variant: "mean"',
    )
    nothing = {"value": None, "nullReason": "NO_DATA", "sampleSize": 0, "leftOut": [{"count": 0}]}
    may = {"value": 5400, "nullReason": None, "sampleSize": 2, "leftOut": [{"count": 1}]}
    assert found["series"] == [nothing, may, nothing]
    slices = {one.pop("key"): one for one in found["breakdown"]["slices"]}
    one = {"nullReason": None, "sampleSize": 1, "weight": 1, "share": 0.5, "leftOut": [{"count": 0}]}
    assert slices["eva"] == {**one, "label": "eva", "value": 9000, "result": {"value": 9000}}
    assert slices["max"] == {**one, "label": "max", "value": 1800, "result": {"value": 1800}}
    # whoever has not been given to anybody waits for nobody in particular
    assert slices[""] | {"label": ""} == {
        "label": "",
        "value": None,
        "nullReason": "NO_DATA",
        "sampleSize": 0,
        "weight": 0,
        "share": 0,
        "leftOut": [{"count": 1}],
        "result": {"value": None},
    }
    assert found["breakdown"]["totalCount"] == 3
    assert found["breakdown"]["isAdditive"] is True


def test_the_rest_of_a_breakdown_is_one_distribution(desk):
    found = desk.kpi(
        "RESPONSE_TIME",
        MAY,
        "breakdown(by: STAFF, first: 0) { slices { key } other { value sampleSize share leftOut { count } } }",
    )["breakdown"]
    assert found["slices"] == []
    assert found["other"].pop("value") == pytest.approx(5400, rel=0.008)
    assert found["other"] == {"sampleSize": 2, "share": 1, "leftOut": [{"count": 1}]}


def test_a_comparison_of_durations_reads_as_one(desk):
    write(
        desk,
        QUICK
        | {
            "externalId": "i4",
            "occurredAt": "2026-04-06T08:00:00Z",
            "events": [at(ASKS, "2026-04-06T08:00:00Z"), at(REPLIES, "2026-04-06T08:30:00Z")],
        },
    )
    found = desk.kpi(
        "RESPONSE_TIME", MAY, "comparison { change display isImprovement baseline { value } }", 'variant: "mean"'
    )
    assert found["comparison"] == {
        "change": 3600,
        "display": "+1.0 hr",
        "isImprovement": False,
        "baseline": {"value": 1800},
    }


# what comes in wrong

SOUND = SLOW | {"customer": None, "channel": None, "staff": None, "events": [at(ASKS, "2026-05-04T08:00:00Z")]}
EARLY = [at(ASKS, "2026-05-04T08:00:00Z"), at(REPLIES, "2026-05-04T07:59:59Z")]
WRONG = [
    # what is wrong, code, path
    ({"events": EARLY}, "OUT_OF_RANGE", "events 1 at"),
    ({"events": [at(ASKS, "2026-05-04T08:00:00Z", "nobody")]}, "NOT_FOUND", "events 0 staff"),
    ({"events": [at(ASKS, "2026-06-16T10:00:00Z")]}, "OUT_OF_RANGE", "events 0 at"),
    ({"events": [at(ASKS, "1899-12-31")]}, "OUT_OF_RANGE", "events 0 at"),
    ({"events": [at("LAUGHTER", "2026-05-04T08:00:00Z")]}, "INVALID", "events 0 kind"),
    ({"kind": "PRAISE"}, "INVALID", "kind"),
    ({"standing": "FORGOTTEN"}, "INVALID", "standing"),
    ({"externalId": ""}, "REQUIRED", "externalId"),
    ({"occurredAt": "2026-06-17"}, "OUT_OF_RANGE", "occurredAt"),
    ({"customer": ref("nobody")}, "NOT_FOUND", "customer"),
    ({"channel": ref("nowhere")}, "NOT_FOUND", "channel"),
    ({"staff": ref("nobody")}, "NOT_FOUND", "staff"),
    ({"staff": {"id": "nonsense"}}, "NOT_FOUND", "staff"),
    ({"product": ""}, "REQUIRED", "product"),
    ({"reason": "x" * 201}, "TOO_LONG", "reason"),
]  # fmt: skip


def test_each_mistake_is_told_with_its_place_and_stores_nothing(alice, dump):
    before, differing = dump(), []
    for wrong, code, path in WRONG:
        payload = alice.write(
            "interactionRecord", SOUND | wrong, "outcome userErrors { code path message } interaction { id }"
        )
        assert (payload["outcome"], payload["interaction"]) == ("REJECTED", None), (wrong, payload)
        assert all(len(problem["message"]) > 10 for problem in payload["userErrors"])
        problems = told(payload["userErrors"])
        if path == "occurredAt":  # which every event lies before then
            problems = [one for one in problems if not one[1].startswith("events")]
        if problems != [(code, path)]:
            differing.append((str(wrong)[:60], told(payload["userErrors"])))
    assert not differing, "\n".join(map(str, differing))
    assert dump() == before


def test_each_mistake_is_told_in_chinese_to_those_who_ask_for_it(alice):
    for wrong, *_ in WRONG:
        row = SOUND | wrong
        query = (
            "mutation($input: InteractionRecordInput!) { interactionRecord(input: $input) { userErrors { message } } }"
        )
        payload = alice.one(query, {"input": row}, accept_language="zh-CN")
        for problem in payload["userErrors"]:
            assert re.search("[\u4e00-\u9fff]", problem["message"]), (wrong, problem)
            assert not re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", problem["message"]), (wrong, problem)


def test_a_thousand_and_one_events_are_too_many(alice, workspace, dump):
    row = SOUND | {"events": [at(ASKS, "2026-05-04T08:00:00Z")] * 1_001}
    query = "mutation($input: InteractionRecordInput!) { interactionRecord(input: $input) { outcome } }"
    before = dump()
    for language, words in (("en", "at most 1,000"), ("zh-CN", "最多允许 1,000")):
        (error,) = alice.answer(query, {"input": row}, accept_language=language)["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert words in error["message"]
    # and those who do not come over HTTP
    events = [event("asks", datetime(2026, 5, 4, 8, tzinfo=UTC))] * 1_001
    (result,) = record(workspace, talk("i1", *events))
    assert [(problem.code.value, problem.path) for problem in result.problems] == [("TOO_MANY", ("events",))]
    assert dump() == before


def test_a_thousand_events_are_not_too_many(alice):
    events = [at("NOTE", f"2026-05-04T{8 + n // 60:02}:{n % 60:02}:00Z") for n in range(840)]
    events += [at(ASKS, f"2026-05-04T08:00:{n % 60:02}Z") for n in range(160)]
    assert outcomes(write(alice, SOUND | {"events": events})) == ["CREATED"]
    found = alice.one('{ interaction(by: {externalId: "i1"}) { events { id } } }')["events"]
    assert len({event["id"] for event in found}) == len(found) == 900  # sixty messages, each of them once


def test_beside_a_wrong_row_the_right_ones_are_stored_or_none_is(alice, dump):
    rows = [SOUND | WRONG[0][0] | {"externalId": "wrong"}, SOUND]
    before = dump()
    payload = write(alice, *rows, errorPolicy="REJECT_ALL")
    assert outcomes(payload) == ["REJECTED", "REJECTED"]
    assert payload["results"][1]["userErrors"][0]["path"] == ["rows", "1"]
    assert dump() == before
    payload = write(alice, *rows)
    assert outcomes(payload) == ["REJECTED", "CREATED"]
    assert told(payload["results"][0]["userErrors"]) == [("OUT_OF_RANGE", "rows 0 events 1 at")]
    assert numbers(alice.one("{ interactions { nodes { externalId } } }")["nodes"]) == "1"


def test_several_mistakes_of_one_row_are_told_together(alice):
    row = SOUND | {"kind": "COMPLAINT", "customer": ref("nobody")}
    row |= {"events": [*EARLY, at(ASKS, "2027-01-01"), at(REPLIES, "2026-05-04T09:00:00Z", "nobody")]}
    payload = alice.write("interactionRecord", row, "userErrors { code path }")
    assert sorted(told(payload["userErrors"])) == [
        ("NOT_FOUND", "customer"),
        ("NOT_FOUND", "events 3 staff"),
        ("OUT_OF_RANGE", "events 1 at"),
        ("OUT_OF_RANGE", "events 2 at"),
    ]


def test_a_dry_run_answers_as_if_and_stores_nothing(desk, dump):
    before = dump()
    new = SOUND | {"externalId": "i9", "staff": ref("new"), "events": [at(ASKS, "2026-05-04T08:00:00Z", "newer")]}
    payload = write(desk, SLOW, QUICK | {"reason": "late"}, new, SOUND | WRONG[0][0], dryRun=True)
    assert outcomes(payload) == ["UNCHANGED", "UPDATED", "CREATED", "REJECTED"]
    assert dump() == before


def test_the_same_key_has_one_effect(desk, dump):
    change = QUICK | {"reason": "late"}
    first = write(desk, change, idempotencyKey="once")
    assert outcomes(first) == ["UPDATED"]
    before = dump()
    assert write(desk, change, idempotencyKey="once") == first
    assert dump() == before
    assert outcomes(write(desk, change)) == ["UNCHANGED"]


def test_what_was_sent_before_in_another_order_is_the_same(desk, dump):
    before = dump()
    events = [*reversed(SLOW["events"]), SLOW["events"][2]]
    assert outcomes(write(desk, SLOW | {"events": events})) == ["UNCHANGED"]
    after = dump()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


# who may


def test_bob_may_read_interactions_and_write_none(desk, bob, dump):
    before = dump()
    assert bob.one("{ interactions { totalCount nodes { reason events { staff { name } } } } }")["totalCount"] == 3
    query = "mutation($input: %s!) { %s(input: $input) { __typename } }"
    for field, data in (
        ("interactionRecord", QUICK | {"reason": "late"}),
        ("interactionRecordBatch", {"rows": [QUICK]}),
        ("interactionDeleteBatch", {"rows": [{"externalId": "i2"}]}),
    ):
        kind = "DeleteBatchInput" if "Delete" in field else f"{field[0].upper()}{field[1:]}Input"
        assert bob.refusal(query % (kind, field), {"input": data})["extensions"]["code"] == "FORBIDDEN"
    assert dump() == before


@pytest.mark.slow
def test_charlie_sees_none_of_it_and_what_he_writes_is_his(desk, charlie, workspace, dump):
    id_ = desk.one('{ interaction(by: {externalId: "i1"}) { id } }')["id"]
    assert charlie.one("{ interactions { totalCount } }")["totalCount"] == 0
    assert charlie.one("query($id: ID!) { node(id: $id) { id } }", {"id": id_}) is None
    assert charlie.one("query($id: ID!) { interaction(by: {id: $id}) { id } }", {"id": id_}) is None
    assert charlie.kpi("RESPONSE_TIME", MAY, "value nullReason")["nullReason"] == "INPUT_NOT_CONFIGURED"
    before = dump(of=workspace)
    assert outcomes(write(charlie, SLOW)) == ["CREATED"]
    assert outcomes(
        charlie.write("interactionDeleteBatch", {"rows": [{"externalId": "i1"}, {"externalId": "i2"}]}, BATCH)
    ) == ["DELETED", "REJECTED"]
    assert dump(of=workspace) == before


# what it costs

PAGE = "{ interactions(first: %d) { nodes { events { kind staff { name } } customer { name } channel { name } acquisitionChannel { name } staff { name } responder { name } } edges { node { id } } pageInfo { endCursor } totalCount } }"
LAST = "period: {last: {count: %d, grain: MONTH}}"
TILE = (
    "%s: kpi(key: %s, "
    + LAST
    + ") { value leftOut { count } series(grain: MONTH) { value } breakdown(by: STAFF) { slices { label value result { value series(grain: MONTH) { value } } } } }"
)
KEYS = [kpi.key for kpi in service.KPIS]


def many(first, last):
    return [
        {
            "externalId": f"i{n}",
            "kind": "COMPLAINT" if n % 3 else "QUESTION",
            "customer": ref(f"c{n}"),
            "channel": ref(f"ch{n % 5}"),
            "staff": ref(f"s{n % 7}"),
            "occurredAt": f"2026-0{4 + n % 2}-{1 + n % 14:02}T08:00:00Z",
            "events": [
                at(ASKS, f"2026-0{4 + n % 2}-{1 + n % 14:02}T08:00:00Z"),
                at(REPLIES, f"2026-0{4 + n % 2}-{1 + n % 14:02}T08:{n % 60:02}:00Z", f"s{n % 11}"),
                at(RESOLVED, f"2026-0{4 + n % 2}-{1 + n % 14:02}T12:{n % 60:02}:00Z", f"s{n % 5}"),
            ],
        }
        for n in range(first, last)
    ]


def dashboard(keys, months):
    return "{ " + " ".join(TILE % (key, key, months) for key in keys) + " }"


@pytest.mark.slow
def test_a_page_and_a_dashboard_cost_as_many_statements_whatever_they_show(api, workspace, statements):
    caller = api.caller(workspace)
    write(caller, *many(0, 60))

    def sent(query):
        caller.ask(query)
        with statements() as found:
            caller.ask(query)
        return found

    few, more = sent(PAGE % 5), sent(PAGE % 60)
    assert 0 < len(few) == len(more), more
    assert len(KEYS) == 7
    one, all_ = sent(dashboard(KEYS[:1], 12)), sent(dashboard(KEYS, 12))
    assert 0 < len(one) == len(all_), all_
    assert len(sent(dashboard(KEYS, 2))) == len(all_)
    write(caller, *many(60, 200))
    assert len(sent(PAGE % 60)) == len(more)
    assert len(sent(dashboard(KEYS, 12))) == len(all_)


def test_a_batch_of_a_hundred_costs_as_many_statements_as_one_of_ten(alice, statements):
    def sent(field, rows):
        with statements() as found:
            payload = alice.write(field, {"rows": rows}, BATCH)
        assert not payload["counts"]["rejected"]
        assert not payload["counts"]["unchanged"]
        return found

    def reopened(kind):
        return [row | {"events": [*row["events"], at(kind, "2026-06-01T12:00:00Z")]} for row in many(0, 100)]

    write(alice, *many(0, 100))
    first, second, third = reopened("REOPENED"), reopened(ASKS), reopened(REPLIES)
    sent("interactionRecordBatch", first)
    ten, hundred = sent("interactionRecordBatch", second[:10]), sent("interactionRecordBatch", third)
    assert 0 < len(ten) == len(hundred), hundred
    gone = [{"externalId": row["externalId"]} for row in first]
    ten, hundred = sent("interactionDeleteBatch", gone[:10]), sent("interactionDeleteBatch", gone[10:])
    assert 0 < len(ten) == len(hundred), hundred
