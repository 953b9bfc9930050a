"""Leads over HTTP: what is right and wrong with them, what their lists, timelines and funnel say."""

# ruff: noqa: E501 - a row, or a case of a table, stands on one line

import re

import pytest
from asking import BATCH

LEAD = {"externalId": "l1", "occurredAt": "2026-05-04"}
WRONG = [
    # what is wrong, code, path
    ({"wonAt": "2026-05-05", "lostAt": "2026-05-06"}, "INVALID", "lostAt"),
    ({"lostReason": "price"}, "INVALID", "lostReason"),
    ({"lostReason": "price", "wonAt": "2026-05-05"}, "INVALID", "lostReason"),
    ({"lostReason": "", "lostAt": "2026-05-05"}, "REQUIRED", "lostReason"),
    ({"lostReason": "x" * 201, "lostAt": "2026-05-05"}, "TOO_LONG", "lostReason"),
    ({"wonAt": "2026-06-17"}, "OUT_OF_RANGE", "wonAt"),
    ({"qualifiedAt": "2026-06-17"}, "OUT_OF_RANGE", "qualifiedAt"),
    ({"lostAt": "2026-06-17"}, "OUT_OF_RANGE", "lostAt"),
    ({"wonAt": "1899-06-17"}, "OUT_OF_RANGE", "wonAt"),
    ({"wonAt": "2026-02-30"}, "INVALID", "wonAt"),
    ({"wonAt": "soon"}, "INVALID", "wonAt"),
    ({"occurredAt": "2026-06-17"}, "OUT_OF_RANGE", "occurredAt"),
    ({"occurredAt": "1899-12-31"}, "OUT_OF_RANGE", "occurredAt"),
    ({"type": "OLD"}, "INVALID", "type"),
    ({"externalId": ""}, "REQUIRED", "externalId"),
    ({"customer": {"externalId": "nobody"}}, "NOT_FOUND", "customer"),
    ({"channel": {"externalId": "nowhere"}}, "NOT_FOUND", "channel"),
    ({"staff": {"externalId": "nobody"}}, "NOT_FOUND", "staff"),
    ({"journeyStage": "\u0000"}, "INVALID", "journeyStage"),
]


def told(problems):
    return [(problem["code"], " ".join(problem["path"])) for problem in problems]


def write(caller, *rows, **options):
    payload = caller.write("leadRecordBatch", {"rows": list(rows), **options}, BATCH)
    assert payload["userErrors"] == []
    return payload


def test_what_is_right_is_stored_and_shown(alice):
    alice.channel("web")
    alice.customer("ann", segment="gold", region="north", acquisitionChannel={"externalId": "web"})
    alice.write("staffUpsert", {"externalId": "eva", "name": "Eva"}, "outcome")
    row = LEAD | {
        "type": "EXPANSION",
        **{name: {"externalId": key} for name, key in (("customer", "ann"), ("channel", "web"), ("staff", "eva"))},
        **{name: name for name in ("product", "campaign", "journeyStage")},
        "qualifiedAt": "2026-05-05T10:00:00Z",
        "wonAt": "2026-05-06T00:00:01+02:00",
        "sourceUpdatedAt": "2026-05-07T00:00:00Z",
    }
    shown = """outcome userErrors { message } lead {
        externalId type qualifiedAt wonAt lostAt lostReason isQualifiedInTime isWonInTime cycleSeconds product campaign
        journeyStage segment region occurredAt day sourceUpdatedAt version
        customer { name } channel { externalId } acquisitionChannel { externalId } staff { name } } """
    payload = alice.write("leadRecord", row, shown)
    assert payload == {
        "outcome": "CREATED",
        "userErrors": [],
        "lead": {
            **{name: name for name in ("product", "campaign", "journeyStage")},
            "externalId": "l1",
            "type": "EXPANSION",
            "qualifiedAt": "2026-05-05T10:00:00Z",
            "wonAt": "2026-05-05T22:00:01Z",
            "lostAt": None,
            "lostReason": None,
            "isQualifiedInTime": True,
            "isWonInTime": True,
            "cycleSeconds": 2 * 86_400 + 1,
            "segment": "gold",
            "region": "north",
            "occurredAt": "2026-05-03T22:00:00Z",
            "day": "2026-05-04",
            "sourceUpdatedAt": "2026-05-07T00:00:00Z",
            "version": 1,
            "customer": {"name": None},
            "channel": {"externalId": "web"},
            "acquisitionChannel": {"externalId": "web"},
            "staff": {"name": "Eva"},
        },
    }
    # a record replaces the whole
    payload = alice.write("leadRecord", LEAD | {"lostAt": "2026-05-09", "lostReason": "price"}, shown)
    found = payload["lead"]
    assert (payload["outcome"], found["type"], found["wonAt"], found["isWonInTime"]) == ("UPDATED", "NEW", None, False)
    assert (found["lostReason"], found["cycleSeconds"], found["staff"], found["version"]) == ("price", None, None, 2)


def test_a_deal_won_before_its_first_contact_is_kept_as_won(alice):
    payload = alice.write(
        "leadRecord", LEAD | {"wonAt": "2026-05-01"}, "outcome lead { isWonInTime cycleSeconds day wonAt }"
    )
    assert payload["outcome"] == "CREATED"
    assert payload["lead"] == {
        "isWonInTime": True,
        "cycleSeconds": None,
        "day": "2026-05-04",
        "wonAt": "2026-04-30T22:00:00Z",
    }
    figure = alice.kpi(
        "SALES_CYCLE", "named: ALL_TIME", 'value nullReason sampleSize leftOut { reason count label zh: label(locale: "zh") }'
    )  # fmt: skip
    words = {"label": "Won before the first contact", "zh": "早于首次接触赢单"}
    assert figure == {
        "value": None,
        "nullReason": "NO_DATA",
        "sampleSize": 0,
        "leftOut": [{"reason": "WON_BEFORE_FIRST_CONTACT", "count": 1, **words}],
    }


def test_each_mistake_is_told_with_its_place_in_both_languages_and_stores_nothing(alice, dump):
    before = dump()
    query = "mutation($input: LeadRecordInput!) { leadRecord(input: $input) { outcome lead { id } userErrors { code path message } } }"
    for wrong, code, path in WRONG:
        payload = alice.one(query, {"input": LEAD | wrong})
        assert (payload["outcome"], payload["lead"]) == ("REJECTED", None), wrong
        assert told(payload["userErrors"]) == [(code, path)], wrong
        chinese = alice.one(query, {"input": LEAD | wrong}, accept_language="zh-CN")["userErrors"]
        assert told(chinese) == [(code, path)]
        for english, other in zip(payload["userErrors"], chinese, strict=True):
            assert len(english["message"]) > 10
            assert re.search("[\u4e00-\u9fff]", other["message"]), (wrong, other)
    assert dump() == before


def test_several_mistakes_of_one_row_are_told_together(alice):
    row = LEAD | {"wonAt": "2027-01-01", "lostAt": "2027-01-01", "staff": {"externalId": "nobody"}}
    payload = alice.write("leadRecord", row, "userErrors { code path }")
    assert sorted(told(payload["userErrors"])) == [
        ("INVALID", "lostAt"),
        ("NOT_FOUND", "staff"),
        ("OUT_OF_RANGE", "lostAt"),
        ("OUT_OF_RANGE", "wonAt"),
    ]


def test_beside_a_wrong_row_the_right_ones_are_stored_or_none_is(alice, dump):
    rows = [
        LEAD | wrong | {"externalId": f"wrong {n}"} for n, (wrong, *_) in enumerate(WRONG) if "externalId" not in wrong
    ]
    rows.insert(1, LEAD)
    before = dump()
    payload = write(alice, *rows, errorPolicy="REJECT_ALL")
    assert {result["outcome"] for result in payload["results"]} == {"REJECTED"}
    assert dump() == before
    payload = write(alice, *rows)
    assert payload["counts"] | {"rejected": 0} == dict.fromkeys(payload["counts"], 0) | {"created": 1}
    wanted = [(code, path) for wrong, code, path in WRONG if "externalId" not in wrong]
    found = [told(one["userErrors"]) for one in payload["results"] if one["outcome"] == "REJECTED"]
    places = [place for place in range(len(rows)) if place != 1]
    assert found == [[(code, f"rows {n} {path}")] for n, (code, path) in zip(places, wanted, strict=True)]


def test_unknown_names_are_made_as_stubs_where_that_is_wanted(alice):
    row = LEAD | {name: {"externalId": "new"} for name in ("customer", "channel", "staff")}
    assert write(alice, row)["counts"]["rejected"] == 1
    assert write(alice, row, createMissing=True)["counts"]["created"] == 1
    found = alice.one('{ lead(by: {externalId: "l1"}) { customer { isStub } channel { isStub } staff { isStub } } }')
    assert found == {name: {"isStub": True} for name in ("customer", "channel", "staff")}


def test_a_deleted_lead_is_gone_from_lists_timelines_and_kpis(alice):
    alice.customer("ann")
    write(alice, LEAD | {"customer": {"externalId": "ann"}}, LEAD | {"externalId": "l2"})
    query = """{ leads { totalCount } kpi(key: LEADS, period: {named: ALL_TIME}) { value }
        customer(by: {externalId: "ann"}) { timeline(kinds: [LEAD]) { totalCount nodes { ... on Lead { externalId } } } } }"""
    whole = alice.ask(query)
    assert (whole["leads"]["totalCount"], whole["kpi"]["value"]) == (2, 2)
    assert whole["customer"]["timeline"] == {"totalCount": 1, "nodes": [{"externalId": "l1"}]}
    done = alice.write("leadDeleteBatch", {"rows": [{"externalId": "l1"}, {"externalId": "none"}]}, BATCH)
    assert [one["outcome"] for one in done["results"]] == ["DELETED", "REJECTED"]
    assert "no lead 'none'" in done["results"][1]["userErrors"][0]["message"]
    gone = alice.ask(query)
    assert (gone["leads"]["totalCount"], gone["kpi"]["value"]) == (1, 1)
    assert gone["customer"]["timeline"] == {"totalCount": 0, "nodes": []}


@pytest.fixture
def some(alice):
    """Three leads: won, lost and open."""
    alice.channel("web")
    ids = {"@ann": alice.customer("ann", segment="gold"), "@web": alice.channel("web")}
    ann = {"customer": {"externalId": "ann"}, "channel": {"externalId": "web"}}
    write(
        alice,
        LEAD | ann | {"externalId": "1", "wonAt": "2026-05-20", "qualifiedAt": "2026-05-05", "product": "tea"},
        LEAD | {"externalId": "2", "occurredAt": "2026-05-06", "lostAt": "2026-05-21", "lostReason": "price", "type": "RENEWAL"},
        LEAD | {"externalId": "3", "occurredAt": "2026-05-05", "campaign": "spring", "journeyStage": "trial"},
    )  # fmt: skip
    return alice, ids


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ("type: {eq: RENEWAL}", "2"),
        ('lostReason: {eq: "price"}', "2"),
        ("qualifiedAt: {isNull: false}", "1"),
        ('wonAt: {gte: "2026-05-19T00:00:00Z"}', "1"),
        ("lostAt: {isNull: true}", "31"),
        ('product: {eq: "tea"}', "1"),
        ("campaign: {isNull: true}", "21"),
        ('journeyStage: {eq: "trial"}', "3"),
        ('segment: {eq: "gold"}', "1"),
        ("region: {isNull: true}", "231"),
        ('occurredAt: {lt: "2026-05-05T00:00:00Z"}', "31"),
        ('day: {gte: "2026-05-05"}', "23"),
        ('customerId: {eq: "@ann"}', "1"),
        ('channelId: {eq: "@web"}', "1"),
        ("acquisitionChannelId: {isNull: false}", ""),
        ("staffId: {isNull: true}", "231"),
        ('source: {eq: "elsewhere"}', ""),
        ('externalId: {in: ["1", "3"]}', "31"),
        ("not: {type: {eq: NEW}}", "2"),
    ],
)  # fmt: skip
@pytest.mark.some(3)
def test_leads_are_listed_by_whatever_they_can_be_narrowed(some, filter_, names):
    alice, ids = some
    for name, id_ in ids.items():
        filter_ = filter_.replace(name, id_)
    found = alice.one(f"{{ leads(filter: {{{filter_}}}) {{ nodes {{ externalId }} totalCount }} }}")
    assert "".join(node["externalId"] for node in found["nodes"]) == names
    assert found["totalCount"] == len(names)


@pytest.mark.parametrize(
    ("order", "names"),
    [("OCCURRED_AT", "132"), ("OCCURRED_AT, direction: DESC", "231"), ("WON_AT", "123"), ("RECORDED_AT", "123")],
)
def test_leads_are_listed_in_every_order_a_page_at_a_time(some, order, names):
    alice, _ = some
    told_, after = "", None
    for _ in names:
        query = f"query($a: String) {{ leads(first: 1, after: $a, orderBy: [{{field: {order}}}]) {{ nodes {{ externalId }} pageInfo {{ endCursor }} }} }}"
        page = alice.one(query, {"a": after})
        told_, after = told_ + page["nodes"][0]["externalId"], page["pageInfo"]["endCursor"]
    assert told_ == names


FUNNEL = """stages { stage leads shareOfAll conversionFromPrevious medianDays } wonLate open
    lost { leads reasons { reason leads } } nullReason isProvisional period { from before } filters { by anyOf }"""
MAY = 'period: {range: {from: "2026-05-01", before: "2026-06-01"}}'


def test_the_funnel(some):
    alice, _ = some
    found = alice.one(f"{{ leadFunnel({MAY}) {{ {FUNNEL} }} }}")
    assert found == {
        "stages": [
            {"stage": "CREATED", "leads": 3, "shareOfAll": 1, "conversionFromPrevious": None, "medianDays": None},
            {
                "stage": "QUALIFIED",
                "leads": 1,
                "shareOfAll": pytest.approx(1 / 3),
                "conversionFromPrevious": pytest.approx(1 / 3),
                "medianDays": pytest.approx(1, rel=0.008),
            },
            {
                "stage": "WON",
                "leads": 1,
                "shareOfAll": pytest.approx(1 / 3),
                "conversionFromPrevious": 1,
                "medianDays": pytest.approx(16, rel=0.008),
            },
        ],
        "wonLate": 0,
        "open": 1,
        "lost": {"leads": 1, "reasons": [{"reason": "price", "leads": 1}]},
        "nullReason": None,
        "isProvisional": True,
        "period": {"from": "2026-05-01", "before": "2026-06-01"},
        "filters": [],
    }
    web = 'filter: [{by: CHANNEL, anyOf: ["web"]}]'
    found = alice.one(f"{{ leadFunnel({MAY}, {web}) {{ {FUNNEL} }} }}")
    assert [stage["leads"] for stage in found["stages"]] == [1, 1, 1]
    assert (found["lost"], found["filters"]) == ({"leads": 0, "reasons": []}, [{"by": "CHANNEL", "anyOf": ["web"]}])


def test_what_a_funnel_cannot_be_asked(some):
    alice, _ = some
    for arguments, words in (
        (MAY + ', filter: [{by: SURVEY, anyOf: [""]}]', "cannot be cut by SURVEY"),
        (MAY + ', filter: [{by: CHANNEL, anyOf: ["nowhere"]}]', "no CHANNEL 'nowhere'"),
        (MAY + ', filter: [{by: ATTRIBUTE, attribute: "size", anyOf: ["1"]}]', "does not declare the attribute"),
        ('period: {range: {from: "2026-05-02", before: "2026-05-01"}}', "before"),
    ):
        error = alice.refusal(f"{{ leadFunnel({arguments}) {{ open }} }}")
        assert words in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        error = alice.refusal(f"{{ leadFunnel({arguments}) {{ open }} }}", accept_language="zh")
        assert re.search("[\u4e00-\u9fff]", error["message"])
    answer = alice.answer(f"{{ leadFunnel({MAY}) {{ open lost {{ leads reasons(first: 501) {{ leads }} }} }} }}")
    assert answer["data"]["leadFunnel"] == {"open": 1, "lost": {"leads": 1, "reasons": None}}
    assert answer["errors"][0]["extensions"]["userErrors"][0]["path"] == ["first"]


def test_channels_can_be_ordered_by_leads_and_conversion(some):
    alice, _ = some
    for field, order in (("LEADS", [None, "web"]), ("CONVERSION", ["web", None])):
        query = f"{{ channelEffectiveness({MAY}, orderBy: {{field: {field}}}) {{ rows {{ isUnattributed channel {{ externalId }} leads {{ value display }} conversion {{ value numerator denominator display isProvisional }} csat {{ isProvisional }} }} }} }}"
        rows = alice.one(query)["rows"]
        assert [row["channel"] and row["channel"]["externalId"] for row in rows] == order
    web, rest = rows
    assert (web["leads"]["display"], web["conversion"]["display"]) == ("1", "100.0%")
    assert (rest["isUnattributed"], rest["leads"]["value"], rest["conversion"]["value"]) == (True, 2, 0)
    assert (web["conversion"]["isProvisional"], web["csat"]["isProvisional"]) == (True, False)
    assert (rest["conversion"]["numerator"], rest["conversion"]["denominator"]) == (0, 2)


def test_a_funnel_without_numbers_tells_nothing_else(alice):
    found = alice.one(f"{{ leadFunnel({MAY}) {{ {FUNNEL} }} }}")
    assert {value for stage in found["stages"] for name, value in stage.items() if name != "stage"} == {None}
    assert (found["nullReason"], found["open"]) == ("INPUT_NOT_CONFIGURED", None)
    assert found["lost"] == {"leads": None, "reasons": None}
