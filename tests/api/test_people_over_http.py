"""Referrals and events of use over HTTP: every mistake is told with its place, in both languages, and stores nothing."""

# ruff: noqa: E501 - a case of a table stands on one line

import re

import pytest
from asking import BATCH

ANN, BOB, CY = ({"externalId": name} for name in ("ann", "bob", "cy"))
REFERRAL = {"externalId": "w1", "customer": ANN, "referred": CY, "occurredAt": "2026-05-04T12:00:00Z"}
ENGAGEMENT = {"externalId": "u1", "customer": ANN, "type": "login", "occurredAt": "2026-05-04"}
GOOD = {"referral": REFERRAL, "engagement": ENGAGEMENT}
WRONG = [
    # noun, what is wrong, code, path
    ("referral", {"referred": ANN}, "CONFLICT", "referred"),
    ("referral", {"referred": {"external": {"source": "default", "externalId": "ann"}}}, "CONFLICT", "referred"),
    ("referral", {"customer": CY, "referred": BOB}, "CONFLICT", "referred"),  # who brought Ann, who brought Cy
    ("referral", {"referred": {"externalId": "nobody"}}, "NOT_FOUND", "referred"),
    ("referral", {"customer": {"externalId": "nobody"}}, "NOT_FOUND", "customer"),
    ("referral", {"referred": {"id": "nonsense"}}, "NOT_FOUND", "referred"),
    ("referral", {"channel": {"externalId": "nowhere"}}, "NOT_FOUND", "channel"),
    ("referral", {"convertedAt": "2026-05-04T11:59:59Z"}, "OUT_OF_RANGE", "convertedAt"),
    ("referral", {"convertedAt": "2026-05-03"}, "OUT_OF_RANGE", "convertedAt"),
    ("referral", {"convertedAt": "2026-06-17"}, "OUT_OF_RANGE", "convertedAt"),
    ("referral", {"convertedAt": "2026-02-30"}, "INVALID", "convertedAt"),
    ("referral", {"occurredAt": "2026-06-17"}, "OUT_OF_RANGE", "occurredAt"),
    ("referral", {"occurredAt": "1899-12-31"}, "OUT_OF_RANGE", "occurredAt"),
    ("referral", {"externalId": ""}, "REQUIRED", "externalId"),
    ("referral", {"product": "x" * 201}, "TOO_LONG", "product"),
    ("referral", {"campaign": "\0"}, "INVALID", "campaign"),
    ("engagement", {"type": ""}, "REQUIRED", "type"),
    ("engagement", {"type": "x" * 201}, "TOO_LONG", "type"),
    ("engagement", {"type": "\0"}, "INVALID", "type"),
    ("engagement", {"customer": {"externalId": "nobody"}}, "NOT_FOUND", "customer"),
    ("engagement", {"channel": {"externalId": "nowhere"}}, "NOT_FOUND", "channel"),
    ("engagement", {"occurredAt": "2026-06-17"}, "OUT_OF_RANGE", "occurredAt"),
    ("engagement", {"occurredAt": "2026-02-30"}, "INVALID", "occurredAt"),
    ("engagement", {"externalId": "x" * 201}, "TOO_LONG", "externalId"),
]


@pytest.fixture
def town(alice):
    """Alice, and three customers: Bob brought Ann, who brought Cy."""
    for name in ("ann", "bob", "cy"):
        alice.customer(name, joinedOn="2026-05-05")
    for name, who, whom in (("k1", BOB, ANN), ("k2", ANN, CY)):
        row = REFERRAL | {"externalId": name, "customer": who, "referred": whom}
        assert write(alice, "referral", row)["counts"]["created"] == 1
    return alice


def write(caller, noun, *rows, **options):
    return caller.write(f"{noun}RecordBatch", {"rows": list(rows), **options}, BATCH)


@pytest.mark.parametrize("noun", GOOD)
def test_what_is_right_is_stored(town, noun):
    payload = town.write(f"{noun}Record", GOOD[noun], f"outcome userErrors {{ code path }} {noun} {{ externalId }}")
    assert payload == {"outcome": "CREATED", "userErrors": [], noun: {"externalId": GOOD[noun]["externalId"]}}


@pytest.mark.some(1)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_each_mistake_is_told_with_its_place_and_stores_nothing(town, dump, language):
    before, differing = dump(), []
    for noun, wrong, code, path in WRONG:
        kind = f"{noun.title()}RecordInput!"
        query = f"mutation($input: {kind}) {{ {noun}Record(input: $input) {{ outcome userErrors {{ code path message }} {noun} {{ id }} }} }}"
        payload = town.one(query, {"input": GOOD[noun] | wrong}, accept_language=language)
        told = [(problem["code"], " ".join(problem["path"])) for problem in payload["userErrors"]]
        if (payload["outcome"], payload[noun], told) != ("REJECTED", None, [(code, path)]):
            differing.append((noun, wrong, payload))
        for problem in payload["userErrors"]:
            assert bool(re.search("[\u4e00-\u9fff]", problem["message"])) is (language != "en"), problem
            assert language == "en" or not re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", problem["message"]), problem
    assert differing == []
    assert dump() == before


@pytest.mark.some(1)
@pytest.mark.parametrize(
    ("noun", "missing"),
    [("referral", "customer"), ("referral", "referred"), ("engagement", "customer"), ("engagement", "type")],
)
def test_what_a_row_cannot_do_without_is_in_the_schema(town, noun, missing):
    row = {name: value for name, value in GOOD[noun].items() if name != missing}
    kind = f"{noun.title()}RecordInput!"
    answer = town.answer(f"mutation($input: {kind}) {{ {noun}Record(input: $input) {{ outcome }} }}", {"input": row})
    assert missing in answer["errors"][0]["message"]


def test_of_a_batch_the_right_rows_are_stored_and_the_wrong_ones_say_why(town):
    rows = [
        REFERRAL
        | {"externalId": f"x{n}", "customer": {"externalId": f"n{n}"}, "referred": {"externalId": f"n{(n + 1) % 3}"}}
        for n in range(3)
    ]
    payload = write(
        town, "referral", *rows, rows[0] | {"externalId": "x3", "convertedAt": "2026-05-05"}, createMissing=True
    )
    assert [row["outcome"] for row in payload["results"]] == ["CREATED", "CREATED", "REJECTED", "CREATED"]
    assert [problem["path"] for problem in payload["results"][2]["userErrors"]] == [["rows", "2", "referred"]]
    read = '{ referrals(filter: {externalId: {contains: "x"}}) { nodes { externalId isCounted convertedOn } } }'
    assert sorted(map(tuple, (node.values() for node in town.one(read)["nodes"]))) == [
        ("x0", True, "2026-05-05"),
        ("x1", True, None),
        ("x3", False, "2026-05-05"),
    ]
    nothing = write(town, "referral", *rows[::-1], errorPolicy="REJECT_ALL")
    assert {row["outcome"] for row in nothing["results"]} == {"REJECTED"}


def test_a_referral_stands_on_the_timeline_of_who_made_it(town):
    write(town, "engagement", ENGAGEMENT)
    query = "query($by: CustomerRefInput!) { customer(by: $by) { timeline { nodes { __typename ... on Referral { referred { externalIds { externalId } } } ... on Engagement { type } } } } }"
    found = {name: town.one(query, {"by": {"externalId": name}})["timeline"]["nodes"] for name in ("ann", "bob", "cy")}
    brought = {
        name: {"__typename": "Referral", "referred": {"externalIds": [{"externalId": name}]}} for name in ("ann", "cy")
    }
    assert found == {
        "ann": [brought["cy"], {"__typename": "Engagement", "type": "login"}],
        "bob": [brought["ann"]],
        "cy": [],
    }


def test_what_goes_in_comes_out_as_figures(town):
    write(
        town,
        "engagement",
        ENGAGEMENT | {"occurredAt": "2026-05-06"},
        ENGAGEMENT | {"externalId": "u2", "customer": BOB, "type": "view"},
    )
    shown = "value numerator denominator definition { unit inputs { key isAvailable } }"
    may = 'range: {from: "2026-05-01", before: "2026-06-01"}'
    rate = town.kpi("REFERRAL_RATE", may, shown)
    assert (rate["numerator"], rate["denominator"]) == (2, 3)  # Ann and Cy; Bob came by himself
    assert rate["definition"]["inputs"] == [
        {"key": key, "isAvailable": True} for key in ("CUSTOMER_STATUS", "REFERRAL")
    ]
    assert town.kpi("ENGAGEMENT_RATE", may, "numerator denominator") == {"numerator": 2, "denominator": 3}
    assert town.kpi("ENGAGEMENT_RATE", may, "value", ', variant: "stickiness"') == {
        "value": pytest.approx(100 * 2 / 31 / 2)
    }
    page = town.kpi(
        "ENGAGEMENT_RATE", may, "breakdown(by: CHANNEL) { isAdditive slices { key value share } other { value } }"
    )
    assert page["breakdown"] == {
        "isAdditive": False,
        "slices": [{"key": "", "value": pytest.approx(200 / 3), "share": None}],
        "other": None,
    }
