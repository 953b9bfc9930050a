"""Surveys, invitations and answers over HTTP: what is asked in which language, and what is wrong with an input."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

import re

import pytest

CHINESE = re.compile("[\u4e00-\u9fff]")
TEXTS = [{"language": "zh-cn", "text": "您满意吗？"}, {"language": "en", "text": "Are you satisfied?"}]
ASKED = {"key": "q", "kind": "CSAT", "scaleBest": 7, "threshold": 5, "texts": TEXTS}
SURVEY = {"externalId": "s", "name": "Service", "questions": [ASKED, {"key": "n", "kind": "NPS"}]}
SENT = {
    "externalId": "i1",
    "survey": {"externalId": "s"},
    "customer": {"externalId": "ann"},
    "channel": {"externalId": "web"},
    "occurredAt": "2026-05-01T08:00:00Z",
}
SAID = {
    "externalId": "f1",
    "invitation": {"externalId": "i1"},
    "question": "q",
    "score": 5,
    "occurredAt": "2026-05-01T09:30:00Z",
}
WHY = "outcome userErrors { code path message }"
SHOWN = "key kind text language texts { language text } scaleWorst scaleBest threshold"


@pytest.fixture
def told(alice):
    """Alice, with a survey of which an invitation was sent to Ann and answered."""
    alice.channel("web")
    alice.customer("ann", name="Ann")
    assert alice.write("surveyUpsert", SURVEY, WHY)["userErrors"] == []
    assert alice.write("invitationRecord", SENT, WHY) == {"outcome": "CREATED", "userErrors": []}
    assert alice.write("feedbackRecord", SAID, WHY) == {"outcome": "CREATED", "userErrors": []}
    return alice


def read(caller, fields, **headers):
    return caller.one(f'{{ survey(by: {{externalId: "s"}}) {{ {fields} }} }}', **headers)


def test_a_survey_shows_its_questions_in_the_readers_language(told):
    first, second = read(told, f"questions {{ {SHOWN} }}")["questions"]
    texts = [{"language": "zh-CN", "text": "您满意吗？"}, {"language": "en", "text": "Are you satisfied?"}]
    plain = {"key": "q", "kind": "CSAT", "texts": texts, "scaleWorst": 1, "scaleBest": 7, "threshold": 5}
    assert first == plain | {"text": "Are you satisfied?", "language": "en"}
    assert second == {
        "key": "n",
        "kind": "NPS",
        "text": None,
        "language": None,
        "texts": [],
        "scaleWorst": 0,
        "scaleBest": 10,
        "threshold": None,
    }
    for locale, expected in (("zh", "zh-CN"), ("zh-Hant", "zh-CN"), ("en-GB", "en"), ("fr", "zh-CN")):
        found = read(told, f'questions(locale: "{locale}") {{ id language }}')["questions"]
        assert found[0]["language"] == expected
    both = read(told, 'a: questions(locale: "zh") { id text } b: questions(locale: "en") { id text }')
    assert both["a"][0]["id"] != both["b"][0]["id"]  # a cache must not mistake one for the other
    assert read(told, "questions { text }", Accept_Language="zh-CN")["questions"][0]["text"] == "您满意吗？"


def test_each_edition_stays_readable(told, clock):
    clock.advance(hours=1)
    payload = told.write(
        "surveyUpsert", SURVEY | {"questions": [ASKED | {"threshold": 6}]}, f"survey {{ edition version }} {WHY}"
    )
    assert payload == {"survey": {"edition": 2, "version": 2}, "outcome": "UPDATED", "userErrors": []}
    payload = told.write("surveyUpsert", {"externalId": "s", "name": "Service"}, f"survey {{ edition }} {WHY}")
    assert payload == {"survey": {"edition": 2}, "outcome": "UNCHANGED", "userErrors": []}
    shown = read(told, "edition editions { number createdAt questions { key threshold } } questions { threshold }")
    assert shown == {
        "edition": 2,
        "editions": [
            {
                "number": 1,
                "createdAt": "2026-06-15T09:30:00Z",
                "questions": [{"key": "q", "threshold": 5}, {"key": "n", "threshold": None}],
            },
            {"number": 2, "createdAt": "2026-06-15T10:30:00Z", "questions": [{"key": "q", "threshold": 6}]},
        ],
        "questions": [{"threshold": 6}],
    }
    answer = told.write("feedbackRecord", SAID, "outcome feedback { surveyEdition threshold }")
    assert answer == {
        "outcome": "UNCHANGED",
        "feedback": {"surveyEdition": 1, "threshold": pytest.approx(200 / 3, abs=1e-4)},
    }
    answer = told.write(
        "feedbackRecord", SAID | {"externalId": "f2", "surveyEdition": 2}, "feedback { surveyEdition isReplaced }"
    )
    assert answer["feedback"] == {"surveyEdition": 2, "isReplaced": False}
    assert told.write("surveyUpsert", SURVEY | {"questions": None}, "survey { edition questions { key } }")[
        "survey"
    ] == {"edition": 3, "questions": []}


def test_an_invitation_knows_its_answer_and_the_answer_its_invitation(told):
    asked = "isStub occurredAt answeredAt answeredOn answerSeconds survey { externalId } customer { name } channel { externalId }"
    expected = {
        "isStub": False,
        "occurredAt": "2026-05-01T08:00:00Z",
        "answeredAt": "2026-05-01T09:30:00Z",
        "answeredOn": "2026-05-01",
        "answerSeconds": 5400,
        "survey": {"externalId": "s"},
        "customer": {"name": "Ann"},
        "channel": {"externalId": "web"},
    }
    assert told.one(f'{{ invitation(by: {{externalId: "i1"}}) {{ {asked} }} }}') == expected
    item = told.one(
        f'{{ feedbackItem(by: {{externalId: "f1"}}) {{ question kind scaleBest isReplaced customer {{ name }} survey {{ externalId }} invitation {{ {asked} }} }} }}'
    )
    assert item == {
        "question": "q",
        "kind": "CSAT",
        "scaleBest": 7,
        "isReplaced": False,
        "customer": {"name": "Ann"},
        "survey": {"externalId": "s"},
        "invitation": expected,
    }
    told.feedback(SAID | {"externalId": "f2", "score": 6, "occurredAt": "2026-05-02"})
    listed = told.one("{ feedback(filter: {isReplaced: {eq: true}}) { nodes { externalId } totalCount } }")
    assert listed == {"nodes": [{"externalId": "f1"}], "totalCount": 1}


def test_the_timeline_tells_what_was_asked_and_what_was_said(told):
    query = '{ customer(by: {externalId: "ann"}) { timeline%s { nodes { __typename externalId } totalCount } } }'
    nodes = [{"__typename": "Feedback", "externalId": "f1"}, {"__typename": "Invitation", "externalId": "i1"}]
    assert told.one(query % "")["timeline"] == {"nodes": nodes, "totalCount": 2}
    assert told.one(query % "(kinds: [INVITATION])")["timeline"] == {"nodes": nodes[1:], "totalCount": 1}
    told.write("invitationDeleteBatch", {"rows": [{"externalId": "i1"}]}, "counts { deleted }")
    assert told.one(query % "")["timeline"] == {"nodes": nodes[:1], "totalCount": 1}
    assert told.one('{ feedbackItem(by: {externalId: "f1"}) { customer { name } invitation { id } } }') == {
        "customer": {"name": "Ann"},
        "invitation": None,
    }


WRONG = [
    # a mutation, its input, and the code, the path and a part of what is said of it
    ("surveyUpsert", SURVEY | {"questions": [ASKED, ASKED]}, "CONFLICT", "questions 1 key", "Two questions have the key 'q'"),
    ("surveyUpsert", SURVEY | {"questions": [ASKED | {"threshold": 7.5}]}, "OUT_OF_RANGE", "questions 0 threshold", "scale 1–7"),
    ("surveyUpsert", SURVEY | {"questions": [ASKED | {"kind": "NPS", "scaleBest": 10}]}, "INVALID", "questions 0 threshold", "CSAT and REVIEW"),
    ("surveyUpsert", SURVEY | {"questions": [ASKED | {"texts": [{"language": "Deutsch!", "text": "x"}]}]}, "INVALID", "questions 0 texts 0 language", "BCP 47"),
    ("surveyUpsert", SURVEY | {"questions": [ASKED | {"texts": [TEXTS[0], TEXTS[0]]}]}, "CONFLICT", "questions 0 texts 1 language", "two texts in zh-CN"),
    ("surveyUpsert", SURVEY | {"questions": [ASKED | {"key": f"q{n}"} for n in range(101)]}, "TOO_MANY", "questions", "at most 100"),
    ("surveyUpsert", SURVEY | {"questions": [ASKED | {"texts": TEXTS * 26}]}, "TOO_MANY", "questions 0 texts", "at most 50"),
    ("feedbackRecord", SAID | {"question": "x"}, "NOT_FOUND", "question", "no question 'x'"),
    ("feedbackRecord", SAID | {"surveyEdition": 9}, "NOT_FOUND", "surveyEdition", "no edition 9"),
    ("feedbackRecord", SAID | {"kind": "NPS"}, "CONFLICT", "kind", "has the kind CSAT"),
    ("feedbackRecord", SAID | {"scaleBest": 5}, "CONFLICT", "scaleBest", "has the scaleBest 7"),
    ("feedbackRecord", SAID | {"score": 8}, "OUT_OF_RANGE", "score", "question's scale 1–7"),
    ("feedbackRecord", SAID | {"invitation": None}, "REQUIRED", "survey", "or an invitation that has one"),
    ("feedbackRecord", SAID | {"question": None}, "REQUIRED", "kind", "kind is required"),
    ("feedbackRecord", SAID | {"occurredAt": "2026-05-01T07:59:59Z"}, "OUT_OF_RANGE", "occurredAt", "was sent at 2026-05-01T08:00:00"),
    ("feedbackRecord", SAID | {"invitation": {"externalId": "nope"}}, "NOT_FOUND", "invitation", "no invitation 'nope'"),
    ("feedbackRecord", SAID | {"invitation": {"id": "nonsense"}}, "NOT_FOUND", "invitation", "no invitation with this id"),
    ("feedbackRecord", SAID | {"customer": {"externalId": "bob"}}, "CONFLICT", "customer", "another customer"),
    ("feedbackRecord", SAID | {"survey": {"externalId": "t"}}, "CONFLICT", "survey", "another survey"),
    ("invitationRecord", SENT | {"occurredAt": "2026-05-01T09:30:01Z"}, "OUT_OF_RANGE", "occurredAt", "is of 2026-05-01T09:30:00"),
    ("invitationRecord", SENT | {"survey": {"externalId": "t"}}, "CONFLICT", "survey", "questions of another survey"),
    ("invitationRecord", SENT | {"survey": {"externalId": "nope"}}, "NOT_FOUND", "survey", "no survey 'nope'"),
    ("invitationRecord", SENT | {"occurredAt": "2026-02-30"}, "INVALID", "occurredAt", "not a day of the calendar"),
]  # fmt: skip


def test_what_is_wrong_says_where_and_why_in_both_languages_and_stores_nothing(told, dump):
    told.customer("bob")
    told.write("surveyUpsert", {"externalId": "t", "name": "T"}, "outcome")
    before = dump()
    for field, row, code, path, hint in WRONG:
        payload = told.write(field, row, WHY)
        (error,) = payload["userErrors"]
        assert (payload["outcome"], error["code"], " ".join(error["path"])) == ("REJECTED", code, path), (row, error)
        assert hint in error["message"], error["message"]
        kind = field[0].upper() + field[1:] + "Input!"
        chinese = told.one(
            f"mutation($input: {kind}) {{ {field}(input: $input) {{ {WHY} }} }}",
            {"input": row},
            Accept_Language="zh-CN",
        )
        (other,) = chinese["userErrors"]
        assert (other["code"], other["path"]) == (error["code"], error["path"])
        assert CHINESE.search(other["message"]), other
    assert dump() == before


def test_a_wrong_row_leaves_the_others(told):
    rows = [SAID | {"externalId": "a", "question": "x"}, SAID | {"externalId": "b"}]
    payload = told.write("feedbackRecordBatch", {"rows": rows}, "results { outcome userErrors { path } }")
    assert payload["results"] == [
        {"outcome": "REJECTED", "userErrors": [{"path": ["rows", "0", "question"]}]},
        {"outcome": "CREATED", "userErrors": []},
    ]


def test_a_stub_is_made_where_that_is_wanted_and_a_dry_run_makes_none(told, dump):
    row = {
        "externalId": "f9",
        "kind": "CSAT",
        "score": 1,
        "occurredAt": "2026-05-03",
        "invitation": {"externalId": "later"},
    }
    before = dump()
    told.write("feedbackRecordBatch", {"rows": [row], "createMissing": True, "dryRun": True}, "counts { created }")
    assert dump() == before
    told.feedback(row, createMissing=True)
    assert told.one('{ invitation(by: {externalId: "later"}) { isStub answeredAt answerSeconds } }') == {
        "isStub": True,
        "answeredAt": "2026-05-02T22:00:00Z",
        "answerSeconds": None,
    }


def test_the_times_speak_for_people_too(told):
    found = told.kpi(
        "SURVEY_ANSWER_TIME",
        "named: ALL_TIME",
        'value display(locale: "en") sampleSize leftOut { reason count label(locale: "zh") } definition { unit direction variants { key } }',
        'variant: "mean"',
    )
    assert found == {
        "value": 5400,
        "display": "1.5 hr",
        "sampleSize": 1,
        "leftOut": [{"reason": "UNANSWERED", "count": 0, "label": "期内已发送、尚未回答"}],
        "definition": {
            "unit": "SECONDS",
            "direction": "LOWER_IS_BETTER",
            "variants": [{"key": "median"}, {"key": "mean"}, {"key": "p90"}],
        },
    }
    rate = told.kpi("RESPONSE_RATE", "named: ALL_TIME", "value numerator denominator definition { dimensions }")
    dimensions = [
        "CHANNEL",
        "ACQUISITION_CHANNEL",
        "SEGMENT",
        "CUSTOMER_KIND",
        "REGION",
        "SURVEY",
        "PRODUCT",
        "CAMPAIGN",
        "JOURNEY_STAGE",
        "LIFECYCLE_STAGE",
        "CUSTOMER",
        "ATTRIBUTE",
    ]
    assert rate == {"value": 100, "numerator": 1, "denominator": 1, "definition": {"dimensions": dimensions}}


def test_a_survey_moves_here_with_all_its_editions(alice):
    def moved(*editions):
        *earlier, now = ([{"key": key, "kind": "NPS"} for key in keys] for keys in editions)
        data = {
            "externalId": "s",
            "name": "S",
            "questions": now,
            "earlierEditions": [{"questions": one} for one in earlier],
        }
        return alice.write("surveyUpsert", data, WHY)

    assert moved("a", "ab", "b")["outcome"] == "CREATED"
    assert moved("a", "ab", "b")["outcome"] == "UNCHANGED"
    assert moved("a", "ab")["outcome"] == "UNCHANGED"  # as of before
    assert moved("a", "ab", "b", "c")["outcome"] == "UPDATED"
    found = read(alice, "edition editions { number questions { key } }")
    assert found["edition"] == 4
    assert [[one["key"] for one in each["questions"]] for each in found["editions"]] == [
        ["a"],
        ["a", "b"],
        ["b"],
        ["c"],
    ]
    before = read(alice, "version edition editions { id }")
    for editions, path in ((("b", "ab"), ["earlierEditions", "0", "questions"]), (("a", "x"), ["questions"])):
        refused = moved(*editions)
        assert [(one["code"], one["path"]) for one in refused["userErrors"]] == [("CONFLICT", path)]
    lacking = alice.write("surveyUpsert", {"externalId": "s", "name": "S", "earlierEditions": [{"questions": []}]}, WHY)
    assert [(one["code"], one["path"]) for one in lacking["userErrors"]] == [("REQUIRED", ["questions"])]
    wrong = [{"questions": [{"key": "q", "kind": "NPS", "threshold": 1}]}]
    refused = alice.write(
        "surveyUpsert", {"externalId": "s", "name": "S", "questions": [], "earlierEditions": wrong}, WHY
    )
    assert [one["path"] for one in refused["userErrors"]] == [["earlierEditions", "0", "questions", "0", "threshold"]]
    assert read(alice, "version edition editions { id }") == before
