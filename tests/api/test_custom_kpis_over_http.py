"""KPIs of a workspace over HTTP: defined, asked for, aimed at, deleted; every mistake is told and stores nothing."""

import pytest

MINE = {
    "key": "PROMOTER_SHARE",
    "name": {"en": "Promoters", "zh": "推荐者占比"},
    "about": {"en": "Of a hundred answers.", "zh": "每百份回答。"},
    "formula": "100 * promoters / nps_answers",
    "unit": "PERCENT",
    "direction": "HIGHER_IS_BETTER",
    "stage": "EXPAND",
    "minimum": 0,
    "maximum": 100,
}
SHOWN = 'outcome userErrors { code message path } definition { id key isCustom written formula unit direction stage minimum maximum name zh: name(locale: "zh") about dimensions isReady inputs { key kind count } variants { key isDefault } }'  # noqa: E501 - one selection
ASKED = 'key: CUSTOM, custom: "PROMOTER_SHARE", period: {named: LAST_MONTH}'


def define(caller, **changed):
    return caller.write("kpiDefine", MINE | changed, SHOWN)


@pytest.fixture
def told(alice):
    """Eight answers of May, five of them promoters, on two channels."""
    alice.channel("web")
    alice.channel("shop")
    alice.feedback(
        *(
            {
                "externalId": f"f{n}",
                "kind": "NPS",
                "score": 10 if n < 5 else 3,
                "occurredAt": f"2026-05-{1 + n:02}",
                "channel": {"externalId": "web" if n % 2 else "shop"},
            }
            for n in range(8)
        )
    )
    assert define(alice)["outcome"] == "CREATED"
    return alice


def test_what_is_defined_describes_itself(told):
    assert define(told) == {
        "outcome": "UNCHANGED",
        "userErrors": [],
        "definition": {
            "id": told.one('{ kpiDefinition(key: "PROMOTER_SHARE") { id } }')["id"],
            "key": "PROMOTER_SHARE",
            "isCustom": True,
            "written": MINE["formula"],
            "formula": "100 × promoters ÷ nps_answers",
            "unit": "PERCENT",
            "direction": "HIGHER_IS_BETTER",
            "stage": "EXPAND",
            "minimum": 0,
            "maximum": 100,
            "name": "Promoters",
            "zh": "推荐者占比",
            "about": "Of a hundred answers.",
            "dimensions": told.one('{ kpiDefinition(key: "NPS") { dimensions } }')["dimensions"],
            "isReady": True,
            "inputs": [{"key": "FEEDBACK", "kind": "NPS", "count": 8}],
            "variants": [{"key": "default", "isDefault": True}],
        },
    }
    listed = {one["key"]: one for one in told.one("{ kpiDefinitions { key isCustom written } }")}
    assert listed["PROMOTER_SHARE"] == {"key": "PROMOTER_SHARE", "isCustom": True, "written": MINE["formula"]}
    assert listed["NPS"] == {"key": "NPS", "isCustom": False, "written": None}
    assert "PROMOTER_SHARE" in {
        one["key"] for one in told.one("{ kpiDefinitions(stage: EXPAND, ready: true) { key } }")
    }
    assert "PROMOTER_SHARE" not in {one["key"] for one in told.one("{ kpiDefinitions(stage: RETAIN) { key } }")}
    assert told.one('{ kpiDefinitions(industry: "BANKING") { key } }')[-1] == {"key": "PROMOTER_SHARE"}


def test_it_answers_like_any_other(told):
    selection = """
        value numerator denominator sampleSize display variant isProvisional leftOut { count }
        definition { key isCustom name }
        series(grain: MONTH) { value period { from } }
        breakdown(by: CHANNEL) { slices { key label value share result { value comparison { change } } } }
        comparison(to: {filter: [{by: CHANNEL, anyOf: ["web"]}]}) { change baseline { value } }
    """
    mine = told.one(f"{{ kpi({ASKED}) {{ {selection} }} }}")
    same = told.one(f"{{ kpi(key: REFERRAL_INTENT, period: {{named: LAST_MONTH}}) {{ {selection} }} }}")
    assert mine.pop("definition") == {"key": "PROMOTER_SHARE", "isCustom": True, "name": "Promoters"}
    assert same.pop("definition")["key"] == "REFERRAL_INTENT"
    assert mine == same
    assert (mine["value"], mine["numerator"], mine["denominator"], mine["display"]) == (62.5, 5, 8, "62.5%")
    of_definition = told.one(
        '{ kpiDefinition(key: "PROMOTER_SHARE") { result(period: {named: LAST_MONTH}) { value } } }'
    )
    assert of_definition == {"result": {"value": 62.5}}
    several = (
        f"{{ kpis(ask: [{{{ASKED}}}, {{key: NPS, period: {{named: LAST_MONTH}}}}]) {{ value definition {{ key }} }} }}"
    )
    assert [one["value"] for one in told.one(several)] == [62.5, 25]


def test_it_is_found_again_by_its_ids(told, charlie):
    found = told.one(
        f'{{ kpi({ASKED}, filter: [{{by: CHANNEL, anyOf: ["web"]}}]) {{ id value definition {{ id }} }} }}'
    )
    query = "query($id: ID!) { node(id: $id) { __typename ... on KpiResult { value } ... on KpiDefinition { key } } }"
    assert told.one(query, {"id": found["id"]}) == {"__typename": "KpiResult", "value": found["value"]}
    assert told.one(query, {"id": found["definition"]["id"]}) == {"__typename": "KpiDefinition", "key": MINE["key"]}
    for id_ in (found["id"], found["definition"]["id"]):
        assert charlie.one(query, {"id": id_}) is None
    other = told.one("{ kpi(key: REFERRAL_INTENT, period: {named: LAST_MONTH}) { id } }")
    assert told.one(f"{{ kpi({ASKED}) {{ id }} }}") != other


def test_another_workspace_has_none_of_it(told, charlie):
    assert charlie.one('{ kpiDefinition(key: "PROMOTER_SHARE") { key } }') is None
    assert "PROMOTER_SHARE" not in str(charlie.one("{ kpiDefinitions { key } }"))
    error = charlie.refusal(f"{{ kpi({ASKED}) {{ value }} }}")
    assert error["message"].startswith("This workspace defines no KPI 'PROMOTER_SHARE'")
    gone = charlie.write("kpiDefinitionDelete", {"key": "PROMOTER_SHARE"}, "outcome userErrors { code path }")
    assert gone == {"outcome": "REJECTED", "userErrors": [{"code": "NOT_FOUND", "path": ["key"]}]}
    assert told.one(f"{{ kpi({ASKED}) {{ value }} }}") == {"value": 62.5}


@pytest.mark.some(3)
@pytest.mark.parametrize(
    ("changed", "code", "path", "en", "zh"),
    [
        (
            {"formula": "100 * (promotors - detractors) / nps_answers"},
            "INVALID",
            ["formula"],
            "At character 8: there is no measure promotors; did you mean promoters?",
            "第 8 个字符处：没有度量 promotors；是否指 promoters？",
        ),
        (
            {"formula": "revenue + reply_seconds"},
            "INVALID",
            ["formula"],
            "At character 9: money and seconds do not add up.",
            "第 9 个字符处：金额与秒不能相加减。",
        ),
        ({"formula": "\0"}, "INVALID", ["formula"], None, None),
        ({"key": "NPS"}, "CONFLICT", ["key"], None, None),
        ({"key": "a b"}, "INVALID", ["key"], None, None),
        ({"name": {}}, "REQUIRED", ["name"], None, None),
        ({"name": {"zh": ""}}, "REQUIRED", ["name", "zh"], None, None),
        ({"maximum": None}, "OUT_OF_RANGE", ["minimum"], None, None),
    ],
)
def test_a_mistake_is_told_with_its_place_in_the_readers_language_and_stores_nothing(
    alice, dump, changed, code, path, en, zh
):
    before = dump()
    found = define(alice, **changed)
    assert (found["outcome"], found["definition"]) == ("REJECTED", None)
    (error,) = found["userErrors"]
    assert (error["code"], error["path"]) == (code, path)
    query = "mutation($input: KpiDefineInput!) { kpiDefine(input: $input) { userErrors { message } } }"
    told = alice.one(query, {"input": MINE | changed}, Accept_Language="zh")["userErrors"]
    if en:
        assert (error["message"], told) == (en, [{"message": zh}])
    assert dump() == before


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("key: CUSTOM, ", "`custom` names a KPI"),
        ('key: CSAT, custom: "PROMOTER_SHARE", ', "`custom` names a KPI"),
        ('key: CUSTOM, custom: "NO", ', "defines no KPI 'NO'"),
        ('key: CUSTOM, custom: "", ', "defines no KPI ''"),
        ('key: CUSTOM, custom: "PROMOTER_SHARE", variant: "no", ', "has no variant 'no'"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(told, asked, message):
    error = told.refusal(f"{{ kpi({asked} period: {{named: LAST_MONTH}}) {{ value }} }}")
    assert message in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_target_can_be_set_for_it_which_keeps_it(told):
    goal = {"externalId": "t", "kpi": "CUSTOM", "custom": MINE["key"], "kind": "DELTA_POINTS", "value": 5}
    goal |= {"from": "2026-06-01", "before": "2026-07-01", "baseline": {"value": 62.5}}
    made = told.write("targetSet", goal, "outcome userErrors { message } target { kpi custom variant goal }")
    assert made == {
        "outcome": "CREATED",
        "userErrors": [],
        "target": {"kpi": "CUSTOM", "custom": MINE["key"], "variant": "default", "goal": 67.5},
    }
    plain = {**goal, "externalId": "u", "kpi": "NPS"}
    assert told.write("targetSet", plain, "userErrors { path }") == {"userErrors": [{"path": ["custom"]}]}
    del plain["custom"]
    assert told.write("targetSet", plain, "target { custom }") == {"target": {"custom": None}}
    this = ASKED.replace("LAST_MONTH", "THIS_MONTH")
    found = told.one(
        f"{{ kpi({this}) {{ target {{ state target {{ goal custom }} }} series(grain: MONTH) {{ target }} }} }}"
    )
    assert found["target"] == {"state": "NO_DATA", "target": {"goal": 67.5, "custom": MINE["key"]}}
    assert found["series"] == [{"target": 67.5}]
    assert told.one('{ targets(filter: {kpi: {eq: "CUSTOM"}}) { nodes { externalId } } }')["nodes"] == [
        {"externalId": "t"}
    ]
    selection = "outcome userErrors { code message path } definition { key }"
    kept = told.write("kpiDefinitionDelete", {"key": MINE["key"]}, selection)
    assert (kept["outcome"], kept["userErrors"][0]["code"]) == ("REJECTED", "CONFLICT")
    assert "'t'" in kept["userErrors"][0]["message"]
    told.write("targetDelete", {"externalId": "t"}, "outcome")
    gone = told.write("kpiDefinitionDelete", {"key": MINE["key"]}, selection)
    assert gone == {"outcome": "DELETED", "userErrors": [], "definition": {"key": MINE["key"]}}
    assert told.one('{ kpiDefinition(key: "PROMOTER_SHARE") { key } }') is None


def test_measures_are_listed_with_what_they_add_up(alice):
    found = {one["name"]: one for one in alice.one("{ kpiMeasures { id name about unit dimensions } }")}
    assert found["promoters"]["about"] == "Answers of 9 or 10 to the recommendation question."
    assert found["promoters"]["unit"] == "COUNT"
    assert "CHANNEL" in found["promoters"]["dimensions"]
    assert (found["revenue"]["unit"], found["reply_seconds"]["unit"]) == ("MONEY", "SECONDS")
    assert found["opening(m)"]["unit"] is None
    assert len({one["id"] for one in found.values()}) == len(found)
    assert alice.one('{ kpiMeasures { about(locale: "zh") } }')[0]["about"].endswith("。")


def test_however_many_are_asked_for_they_are_looked_up_at_once(told, statements):
    for number in range(3):
        define(told, key=f"K{number}")

    def sent(keys):
        tiles = (
            f'a{n}: kpi(key: CUSTOM, custom: "{key}", period: {{named: LAST_MONTH}}) {{ value }}'
            for n, key in enumerate(keys)
        )
        query = f"{{ {' '.join(tiles)} }}"
        told.ask(query)
        with statements() as found:
            told.ask(query)
        return len(found)

    assert sent(["K0"]) == sent(["K0", "K1", "K2", "PROMOTER_SHARE"])
