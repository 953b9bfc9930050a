"""Messages come in the language of whoever reads them: Chinese where it is asked for, otherwise English."""

import re

import pytest

from app.actor import Scope

BROWSER = "zh-CN,zh;q=0.9,en;q=0.5"
CHINESE = re.compile("[\u4e00-\u9fff]")
BATCH = """
    mutation($input: FeedbackRecordBatchInput!) {
        feedbackRecordBatch(input: $input) {
            results { outcome userErrors { code message path } }
            userErrors { code message path }
        }
    }
"""
SET = """
    mutation($input: TargetSetInput!) {
        targetSet(input: $input) { advice { criterion message } userErrors { code message path } }
    }
"""


def said(name, **more):
    return {"externalId": name, "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02T10:00:00Z", **more}


ROWS = [
    # the row, what is said of it in English, and in Chinese
    (
        said(""),
        "externalId must not be empty.",
        "externalId 不能为空。",
    ),
    (
        said("x" * 201),
        "externalId is too long: at most 200 characters.",
        "externalId 过长：最多 200 个字符。",
    ),
    (
        said("f1", score=9),
        "The score 9 lies outside its scale 1–5; give scaleWorst and scaleBest if it has another.",
        "分数 9 超出其量表 1–5；如果使用其他量表，请提供 scaleWorst 和 scaleBest。",
    ),
    (
        said("f2", channel={"externalId": "nope"}),
        "There is no channel 'nope'; send it first, or set createMissing.",
        "没有渠道 'nope'；请先发送它，或设置 createMissing。",
    ),
    (
        said("f3", occurredAt="2026-02-30"),
        "2026-02-30 is not a day of the calendar.",
        "2026-02-30 不是日历中的一天。",
    ),
    (
        said("f4", occurredAt="yesterday"),
        "'yesterday' is not an instant; write it as 2026-01-31T09:30:00+01:00, or as a date for its start.",
        "'yesterday' 不是时刻；请写成 2026-01-31T09:30:00+01:00，或只写日期以表示当天开始。",
    ),
    (
        said("f5", comment="a\0"),
        "The text holds a NUL character, which text cannot have.",
        "文本中不允许出现 NUL 字符。",
    ),
]
LANGUAGES = [(BROWSER, 2), ("zh", 2), ("zh-Hant-TW", 2), ("en", 1), ("en-GB,zh;q=0.1", 1), ("de", 1)]


def rows_of(answer):
    """What the answer to a batch says of each row."""
    payload = answer["data"]["feedbackRecordBatch"]
    assert payload["userErrors"] == []
    return [[error["message"] for error in result["userErrors"]] for result in payload["results"]]


@pytest.mark.parametrize(("language", "place"), LANGUAGES)
def test_what_is_wrong_with_a_row_is_said_in_the_readers_language(alice, language, place):
    variables = {"input": {"rows": [case[0] for case in ROWS]}}
    answer = alice.answer(BATCH, variables, Accept_Language=language)
    assert rows_of(answer) == [[case[place]] for case in ROWS]


def test_what_the_library_says_of_a_value_is_translated(alice):
    variables = {"input": {"rows": [said("f", kind="NOPE")]}}
    english, chinese = (
        rows_of(alice.answer(BATCH, variables, Accept_Language=language))[0][0] for language in ("en", BROWSER)
    )
    assert "NOPE" in english
    assert not CHINESE.search(english)
    assert "NOPE" in chinese
    assert CHINESE.search(chinese)


def test_without_a_language_it_is_english(alice):
    assert rows_of(alice.answer(BATCH, {"input": {"rows": [ROWS[0][0]]}})) == [[ROWS[0][1]]]


@pytest.mark.parametrize(("language", "place"), LANGUAGES)
def test_what_is_wrong_with_a_batch_is_said_in_the_readers_language(alice, language, place):
    variables = {"input": {"rows": [said("f1")], "idempotencyKey": "x" * 201}}
    payload = alice.answer(BATCH, variables, Accept_Language=language)["data"]["feedbackRecordBatch"]
    (error,) = payload["userErrors"]
    assert (
        error["message"]
        == (
            "",
            "idempotencyKey must have 1 to 200 characters.",
            "idempotencyKey 必须有 1 到 200 个字符。",
        )[place]
    )


@pytest.mark.parametrize(("language", "place"), LANGUAGES)
def test_an_error_at_the_top_is_said_in_the_readers_language(alice, language, place):
    error = alice.refusal("{ customers(first: 101) { nodes { id } } }", Accept_Language=language)
    expected = (
        "",
        "first must be between 0 and 100; ask for what follows with after or before.",
        "first 必须在 0 与 100 之间；后续内容请用 after 或 before 查询。",
    )[place]
    assert error["message"] == expected
    assert [one["message"] for one in error["extensions"]["userErrors"]] == [expected]


def test_every_problem_of_a_row_is_said_in_the_readers_language(alice):
    rows = [said("f1", score=9, channel={"externalId": "nope"})]
    english, chinese = (
        rows_of(alice.answer(BATCH, {"input": {"rows": rows}}, Accept_Language=language))[0]
        for language in ("en", BROWSER)
    )
    assert english == [ROWS[2][1], ROWS[3][1]]
    assert chinese == [ROWS[2][2], ROWS[3][2]]


def test_a_missing_scope_is_named_in_the_readers_language(api, workspace):
    reader = api.caller(workspace, {Scope.CHANNEL_READ})
    error = reader.refusal("{ customers { nodes { id } } }", Accept_Language=BROWSER)
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "这需要权限范围 customer:read，而此令牌没有。"


def test_an_answer_that_is_repeated_is_said_in_the_language_of_who_asks_again(alice, dump):
    variables = {"input": {"rows": [said("f0"), *(case[0] for case in ROWS[:4])], "idempotencyKey": "k1"}}
    first = alice.answer(BATCH, variables, Accept_Language="en")
    assert rows_of(first) == [[], *([case[1]] for case in ROWS[:4])]
    before = dump()
    assert rows_of(alice.answer(BATCH, variables, Accept_Language=BROWSER)) == [[], *([case[2]] for case in ROWS[:4])]
    assert alice.answer(BATCH, variables, Accept_Language="de") == first
    assert dump() == before


def test_advice_is_given_in_the_readers_language(alice):
    target = {"externalId": "t", "kpi": "CSAT", "kind": "ABSOLUTE", "value": 90}
    target |= {"from": "2026-06-01", "before": "2026-07-01"}
    told = {}
    for language in ("en", BROWSER):
        payload = alice.answer(SET, {"input": target}, Accept_Language=language)["data"]["targetSet"]
        assert payload["userErrors"] == []
        told[language] = [(one["criterion"], one["message"]) for one in payload["advice"]]
    assert [criterion for criterion, _ in told["en"]] == ["MEASURABLE", "RELEVANT", "RELEVANT"]
    assert [criterion for criterion, _ in told[BROWSER]] == ["MEASURABLE", "RELEVANT", "RELEVANT"]
    assert told["en"][1][1] == "Nobody owns this target; name an owner."
    assert told[BROWSER][1][1] == "此目标没有负责人；请指定一位。"
    assert not any(CHINESE.search(message) for _, message in told["en"])
    assert all(CHINESE.search(message) for _, message in told[BROWSER])


def test_two_who_ask_at_once_are_each_told_in_their_language(api, alice):
    variables = {"input": {"rows": [case[0] for case in ROWS]}}
    body = {"query": BATCH, "variables": variables}
    languages = [language for language, _ in LANGUAGES] * 3
    answers = api.at_once(
        *({"json": body, "headers": alice.headers() | {"Accept-Language": language}} for language in languages)
    )
    for answer, (_, place) in zip(answers, LANGUAGES * 3, strict=True):
        assert rows_of(answer.json()) == [[case[place]] for case in ROWS]
