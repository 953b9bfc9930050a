"""Surveys, invitations and answers counted by hand."""

from datetime import date

import pytest
import stored
from surveying import answer, ask, at, invite, invited, record, refusals, said, take_back
from trading import MAY, assert_a_rebuild_changes_nothing, meet, slices, value
from trading import ask as figure_of

from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.services import merge, question
from app.services.period import Span
from app.services.row import Options, Ref
from app.services.slices import Filter

HOUR = 3600
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
SEVEN = {"key": "q", "kind": "CSAT", "scale_best": 7}


def facts(database, people, table="feedback"):
    return {row["external_id"]: row for row in stored.rows(database, table, people.id)}


def counted(database, people):
    """The answers that count."""
    return sorted(
        name for name, row in facts(database, people).items() if not row["is_replaced"] and row["deleted_at"] is None
    )


# -- Questions and editions


def test_questions_that_differ_make_another_edition_and_the_same_do_not(workspace, database):
    assert ask(workspace, "s").edition == 0
    first = ask(workspace, "s", SEVEN)
    assert (first.edition, first.version) == (1, 2)
    assert ask(workspace, "s", SEVEN | {"scale_worst": 1, "texts": []}).version == 2
    assert ask(workspace, "s", SEVEN | {"scale_best": 5}).edition == 2
    assert ask(workspace, "s", SEVEN).edition == 3
    assert ask(workspace, "s").edition == 4
    assert ask(workspace, "s").edition == 4
    told = sorted((row["number"], len(row["questions"])) for row in stored.rows(database, "survey_edition"))
    assert told == [(1, 1), (2, 1), (3, 1), (4, 0)]
    assert {row["created_at"] for row in stored.rows(database, "survey_edition")} == {workspace.door.clock()}


def test_an_answer_to_a_question_has_its_kind_scale_and_threshold(workspace, database):
    ask(workspace, "s", SEVEN | {"threshold": 4}, {"key": "n", "kind": "NPS"}, {"key": "c", "kind": "COMMENT"})
    rows = [
        said("f1", None, 4, question="q", survey="s"),
        said("f2", None, 9, question="n", survey="s"),
        said("f3", None, question="c", survey="s", comment="fine"),
        said("f4", None, 7, question="q", survey="s", kind="CSAT", scale_worst=1, scale_best=7),
    ]
    answer(workspace, *rows)
    names = ("kind", "scale_worst", "scale_best", "position", "threshold", "edition")
    assert {name: tuple(row[one] for one in names) for name, row in facts(database, workspace).items()} == {
        "f1": ("CSAT", 1, 7, 500_000, 500_000, 1),
        "f2": ("NPS", 0, 10, 900_000, None, 1),
        "f3": ("COMMENT", 1, 5, None, None, 1),
        "f4": ("CSAT", 1, 7, 1_000_000, 500_000, 1),
    }
    assert answer(workspace, *rows) == ["UNCHANGED"] * 4


def test_an_answer_satisfies_from_the_threshold_of_its_question(workspace, database):
    ask(
        workspace,
        "s",
        {"key": "low", "kind": "CSAT", "threshold": 3},
        {"key": "high", "kind": "CSAT", "threshold": 5},
        {"key": "plain", "kind": "CSAT"},
        {"key": "back", "kind": "CSAT", "scale_worst": 5, "scale_best": 1, "threshold": 4},
        {"key": "review", "kind": "REVIEW", "threshold": 2},
    )
    for key, satisfied in (("low", 3), ("high", 1), ("plain", 2), ("back", 4), ("review", 4)):
        answer(workspace, *(said(f"{key}{n}", None, n, question=key, survey="s", product=key) for n in range(1, 6)))
        kpi = "REVIEW_SCORE" if key == "review" else "CSAT"
        assert slices(workspace, kpi, Dimension.PRODUCT)[key] == 20 * satisfied
    assert value(workspace, "CSAT") == 50
    assert_a_rebuild_changes_nothing(database, workspace)


def test_an_answer_keeps_its_edition_when_the_survey_moves_on(workspace, database):
    ask(workspace, "s", SEVEN)
    row = said("f1", None, 6, question="q", survey="s")
    answer(workspace, row)
    ask(workspace, "s", {"key": "q", "kind": "CSAT"}, {"key": "r", "kind": "NPS"})
    assert answer(workspace, row) == ["UNCHANGED"]
    assert answer(workspace, row | {"score": 7}) == ["UPDATED"]
    assert facts(database, workspace)["f1"]["edition"] == 1
    assert refusals(workspace, "feedback", said("f2", None, 7, question="q", survey="s")) == [("OUT_OF_RANGE", "score")]
    answer(workspace, said("f2", None, 7, question="q", survey="s", survey_edition=1))
    answer(workspace, said("f3", None, 5, question="q", survey="s"))
    assert {name: one["edition"] for name, one in facts(database, workspace).items()} == {"f1": 1, "f2": 1, "f3": 2}
    assert answer(workspace, row | {"survey_edition": 2, "score": 5}) == ["UPDATED"]
    assert answer(workspace, row | {"score": 5}) == ["UNCHANGED"]
    take_back(workspace, "feedback", "f1")
    ask(workspace, "s", {"key": "q", "kind": "CSAT", "threshold": 2})
    answer(workspace, row | {"score": 5})
    assert facts(database, workspace)["f1"]["edition"] == 2
    # of another survey it is first recorded
    ask(workspace, "t", {"key": "q", "kind": "CES"})
    answer(workspace, row | {"survey": "t", "score": 5})
    assert (facts(database, workspace)["f1"]["edition"], facts(database, workspace)["f1"]["kind"]) == (1, "CES")


def test_within_one_batch_too_the_stored_edition_is_kept(workspace, database):
    ask(workspace, "s", SEVEN)
    ask(workspace, "s", {"key": "q", "kind": "CSAT"})
    row = said("f1", None, 5, question="q", survey="s")
    assert answer(workspace, row | {"survey_edition": 1}, row) == ["CREATED", "UNCHANGED"]
    assert facts(database, workspace)["f1"]["edition"] == 1


def test_an_answer_to_a_survey_without_a_question_is_of_an_edition_too(workspace, database):
    answer(workspace, said("f0", None, 5, survey="s"))
    ask(workspace, "s", SEVEN)
    answer(workspace, said("f1", None, 5, survey="s"), said("f0", None, 4, survey="s"))
    assert {name: one["edition"] for name, one in facts(database, workspace).items()} == {"f0": None, "f1": 1}


def test_what_contradicts_a_question_is_refused_with_its_path(workspace, database):
    ask(workspace, "s", SEVEN, {"key": "n", "kind": "NPS"})
    before = stored.everything(database)
    to = {"question": "q", "survey": "s"}
    for wrong, expected in (
        ({"kind": "CES"}, [("CONFLICT", "kind")]),
        ({"scale_best": 5}, [("CONFLICT", "scaleBest")]),
        ({"scale_worst": 0, "kind": "NPS"}, [("CONFLICT", "kind"), ("CONFLICT", "scaleWorst")]),
        ({"score": 8}, [("OUT_OF_RANGE", "score")]),
        ({"score": 4.5, "question": "n"}, [("OUT_OF_RANGE", "score")]),
        ({"question": "x"}, [("NOT_FOUND", "question")]),
        ({"survey_edition": 2}, [("NOT_FOUND", "surveyEdition")]),
        ({"survey_edition": 0}, [("OUT_OF_RANGE", "surveyEdition")]),
        ({"survey": None}, [("REQUIRED", "survey")]),
        ({"survey": "new"}, [("NOT_FOUND", "question")]),
        ({"survey": None, "question": None, "survey_edition": 1, "kind": "CSAT"}, [("REQUIRED", "survey")]),
        ({"question": None}, [("REQUIRED", "kind")]),
        ({"survey": None, "invitation": "new"}, [("REQUIRED", "survey")]),
    ):
        assert refusals(workspace, "feedback", said("f1", None, 5, **to) | wrong) == expected, wrong
        assert stored.everything(database) == before


QUESTIONS = [
    ([SEVEN, {"key": "p", "kind": "NPS"}, SEVEN], [("CONFLICT", "questions.2.key")]),
    ([SEVEN | {"threshold": 8}], [("OUT_OF_RANGE", "questions.0.threshold")]),
    ([SEVEN | {"threshold": 0.5}], [("OUT_OF_RANGE", "questions.0.threshold")]),
    ([{"key": "n", "kind": "NPS", "threshold": 9}], [("INVALID", "questions.0.threshold")]),
    ([{"key": "n", "kind": "CES", "threshold": 3}], [("INVALID", "questions.0.threshold")]),
    ([{"key": "n", "kind": "NPS", "scale_best": 5}], [("OUT_OF_RANGE", "questions.0.scaleBest")]),
    ([SEVEN | {"scale_worst": 7}], [("INVALID", "questions.0.scaleBest")]),
    ([{"key": "", "kind": "CSAT"}], [("REQUIRED", "questions.0.key")]),
    ([SEVEN | {"texts": [{"language": "english", "text": "x"}]}], [("INVALID", "questions.0.texts.0.language")]),
    ([SEVEN | {"texts": [{"language": "en", "text": ""}]}], [("REQUIRED", "questions.0.texts.0.text")]),
    ([SEVEN | {"texts": [{"language": "en", "text": "x" * 2001}]}], [("TOO_LONG", "questions.0.texts.0.text")]),
    (
        [SEVEN | {"texts": [{"language": one, "text": "x"} for one in ("en", "zh-cn", "ZH-CN")]}],
        [("CONFLICT", "questions.0.texts.2.language")],
    ),
    (
        [SEVEN | {"texts": [{"language": f"en-x-{n}", "text": "x"} for n in range(51)]}],
        [("TOO_MANY", "questions.0.texts")],
    ),
    ([{"key": f"q{n}", "kind": "NPS"} for n in range(101)], [("TOO_MANY", "questions")]),
    (
        [SEVEN | {"threshold": 9}, {"key": "n", "kind": "NPS", "scale_best": 7}, SEVEN | {"threshold": 9}],
        [
            ("OUT_OF_RANGE", "questions.0.threshold"),
            ("OUT_OF_RANGE", "questions.1.scaleBest"),
            ("CONFLICT", "questions.2.key"),
            ("OUT_OF_RANGE", "questions.2.threshold"),
        ],
    ),
]  # fmt: skip


@pytest.mark.some(2)
@pytest.mark.parametrize(("questions", "expected"), QUESTIONS)
def test_questions_that_cannot_be_are_refused_with_their_paths(workspace, database, questions, expected):
    ask(workspace, "s", SEVEN)
    before = stored.everything(database)
    with pytest.raises(Invalid) as refused:
        ask(workspace, "s", *questions)
    assert [(one.code.value, ".".join(one.path)) for one in refused.value.problems] == expected
    assert stored.everything(database) == before


def test_a_survey_may_ask_a_hundred_questions(workspace):
    assert ask(workspace, "s", *({"key": f"q{n}", "kind": "NPS"} for n in range(100))).edition == 1


@pytest.mark.parametrize(
    ("tag", "spelt"),
    [
        ("EN", "en"),
        ("yue", "yue"),
        ("zh-cn", "zh-CN"),
        ("ZH-hans-cn", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("de-CH-1901", "de-CH-1901"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("en-US-u-CA-gregory", "en-US-u-ca-gregory"),
    ],
)
def test_language_tags_are_spelt_one_way(tag, spelt):
    assert question.language(tag) == spelt


@pytest.mark.parametrize(
    "tag", ["", "e", "english", "en_US", "en-", "-en", "en--US", "12", "中文", "en-US-" + "a" * 40, "en us"]
)
def test_what_is_no_language_tag_is_refused(tag):
    with pytest.raises(Exception, match="not a language tag"):
        question.language(tag)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh-CN", "zh-CN"),
        ("zh", "zh-TW"),
        ("zh-Hant-TW", "zh-TW"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("fr", "de"),
        ("de_AT", "de"),
    ],
)
def test_a_question_speaks_the_readers_language_or_what_is_near(locale, expected):
    texts = [{"language": one, "text": one} for one in ("de", "zh-TW", "zh-CN", "en")]
    assert question.worded(texts, locale)["text"] == expected
    assert question.worded([], locale) is None


# -- Invitations and answers


def test_how_many_answer_and_how_soon(workspace, database):
    """Six are sent in May: answered after 1, 2, 4 and 10 hours, once skipped, once not at all; one of April in May."""
    invite(workspace, *(invited(f"i{n}", channel="mail" if n < 3 else "sms") for n in range(6)))
    invite(workspace, invited("old", -24 * 15))
    hours = (1, 2, 4, 10)
    answer(workspace, *(said(f"f{n}", f"i{n}", 4, hour) for n, hour in enumerate(hours)))
    answer(workspace, said("f4", "i4", None, 3), said("late", "old", 4, 0, kind="NPS"))
    figure = figure_of(workspace, "RESPONSE_RATE").figure
    assert (figure.value, figure.numerator, figure.denominator) == (pytest.approx(100 * 4 / 6), 4, 6)
    assert slices(workspace, "RESPONSE_RATE", Dimension.CHANNEL) == {
        "mail": 100,
        "sms": pytest.approx(100 / 3),
    }
    seconds = [hour * HOUR for hour in (*hours, 24 * 15)]
    median = figure_of(workspace, "SURVEY_ANSWER_TIME").figure
    assert median.value == pytest.approx(4 * HOUR, rel=0.008)
    assert (median.sample, [(one.key, n) for one, n in median.left_out]) == (5, [("UNANSWERED", 2.0)])
    mean = figure_of(workspace, "SURVEY_ANSWER_TIME", variant="mean").figure
    assert (mean.value, mean.numerator, mean.denominator) == (sum(seconds) / 5, sum(seconds), 5)
    # rank (5 − 1) × 0.9 = 3.6: between 10 hours and 15 days
    p90 = value(workspace, "SURVEY_ANSWER_TIME", variant="p90")
    assert p90 == pytest.approx((10 + 0.6 * (24 * 15 - 10)) * HOUR, rel=0.008)
    assert value(
        workspace, "SURVEY_ANSWER_TIME", variant="median", filters=(Filter(Dimension.CHANNEL, ("mail",)),)
    ) == (pytest.approx(2 * HOUR, rel=0.008))
    assert_a_rebuild_changes_nothing(database, workspace)


def test_where_nobody_was_asked_there_is_no_rate(workspace):
    assert value(workspace, "RESPONSE_RATE") == "INPUT_NOT_CONFIGURED"
    invite(workspace, invited("i1", -24 * 60))
    assert value(workspace, "RESPONSE_RATE") == "NO_DATA"
    for variant in ("median", "mean", "p90"):
        assert value(workspace, "SURVEY_ANSWER_TIME", variant=variant) == "NO_DATA"


def test_what_was_taken_back_was_never_answered(workspace, database):
    invite(workspace, invited("i1"))
    answer(workspace, said("f1", "i1", 5, 2), said("f2", "i1", 4, 5, kind="NPS"))
    assert value(workspace, "SURVEY_ANSWER_TIME", variant="mean") == 2 * HOUR
    take_back(workspace, "feedback", "f1")
    assert value(workspace, "SURVEY_ANSWER_TIME", variant="mean") == 5 * HOUR
    take_back(workspace, "feedback", "f2")
    assert value(workspace, "RESPONSE_RATE") == 0
    answer(workspace, said("f1", "i1", 5, 2))
    assert value(workspace, "RESPONSE_RATE") == 100
    assert answer(workspace, said("f1", "i1", None, 2)) == ["UPDATED"]
    assert value(workspace, "RESPONSE_RATE") == 0
    answer(workspace, said("f1", "i1", 5, 2))
    take_back(workspace, "invitation", "i1")
    assert value(workspace, "RESPONSE_RATE") == "INPUT_NOT_CONFIGURED"
    assert value(workspace, "CSAT") == 100
    assert invite(workspace, invited("i1", 1)) == ["CREATED"]
    assert value(workspace, "SURVEY_ANSWER_TIME", variant="mean") == HOUR
    assert_a_rebuild_changes_nothing(database, workspace)


def test_an_answer_that_goes_to_another_invitation_leaves_the_first(workspace, database):
    invite(workspace, invited("i1"), invited("i2", -1))
    answer(workspace, said("f1", "i1", 5, 2))
    assert answer(workspace, said("f1", "i2", 5, 2)) == ["UPDATED"]
    told = facts(database, workspace, "invitation")
    assert {name: one["answer_seconds"] for name, one in told.items()} == {"i1": None, "i2": 3 * HOUR}
    answer(workspace, said("f1", None, 5, 2))
    assert value(workspace, "RESPONSE_RATE") == 0


def test_an_answer_may_come_before_its_invitation_is_known(workspace, database):
    assert refusals(workspace, "feedback", said("f1", "i1", 5), options=Options()) == [("NOT_FOUND", "invitation")]
    answer(workspace, said("f1", "i1", 5, 3), said("f2", "i1", 4, 2))
    stub = facts(database, workspace, "invitation")["i1"]
    assert (stub["is_stub"], stub["answered_at"], stub["answer_seconds"]) == (True, at(2), None)
    assert value(workspace, "RESPONSE_RATE") == "INPUT_NOT_CONFIGURED"
    assert invite(workspace, invited("i1", channel="mail")) == ["UPDATED"]
    told = facts(database, workspace, "invitation")["i1"]
    assert (told["is_stub"], told["answered_on"], told["answer_seconds"]) == (False, date(2026, 5, 10), 2 * HOUR)
    assert value(workspace, "RESPONSE_RATE") == 100
    assert len(facts(database, workspace, "invitation")) == 1
    assert_a_rebuild_changes_nothing(database, workspace)


def test_nothing_is_answered_before_it_is_asked(workspace, database):
    invite(workspace, invited("i1", 5))
    before = stored.everything(database)
    assert refusals(workspace, "feedback", said("f1", "i1", 5, 4.99)) == [("OUT_OF_RANGE", "occurredAt")]
    assert stored.everything(database) == before
    answer(workspace, said("f1", "i1", 5, 5), said("f2", "i2", None, 5), said("f3", "i2", 5, 9))
    assert facts(database, workspace, "invitation")["i1"]["answer_seconds"] == 0
    before = stored.everything(database)
    for name in ("i1", "i2"):
        assert refusals(workspace, "invitation", invited(name, 5.01)) == [("OUT_OF_RANGE", "occurredAt")]
        assert stored.everything(database) == before
    take_back(workspace, "feedback", "f2")
    assert invite(workspace, invited("i2", 5.01)) == ["UPDATED"]


@pytest.mark.parametrize("first", ["invitation", "feedback"])
def test_an_answer_takes_customer_and_survey_from_its_invitation(workspace, database, first):
    meet(workspace, {"external_id": "ann", "region": "north"})
    sent, given = invited("i1", customer="ann", survey="s"), said("f1", "i1", 5)
    for noun in (first, {"invitation": "feedback", "feedback": "invitation"}[first]):
        record(workspace, noun, sent if noun == "invitation" else given)
    told, asked = facts(database, workspace)["f1"], facts(database, workspace, "invitation")["i1"]
    assert told["customer_id"] == asked["customer_id"] is not None
    assert told["survey_id"] == asked["survey_id"] is not None
    assert (told["region"], asked["region"]) == ("north", "north")
    assert slices(workspace, "CSAT", Dimension.REGION) == {"north": 100}
    assert slices(workspace, "CSAT", Dimension.SURVEY) == {"s": 100}
    assert answer(workspace, given) == ["UNCHANGED"]
    assert_a_rebuild_changes_nothing(database, workspace)


def test_what_was_taken_follows_and_what_was_said_stays(workspace, database):
    meet(workspace, {"external_id": "ann", "region": "north"}, {"external_id": "bob", "region": "south"})
    invite(workspace, invited("i1", customer="ann", survey="s"))
    answer(workspace, said("took", "i1", 5), said("own", "i1", 9, kind="NPS", customer="ann", survey="s"))
    refused = refusals(workspace, "invitation", invited("i1", customer="bob", survey="t"))
    assert refused == [("CONFLICT", "customer"), ("CONFLICT", "survey")]
    assert invite(workspace, invited("i1")) == ["UPDATED"]
    told = facts(database, workspace)
    assert (told["took"]["customer_id"], told["took"]["survey_id"]) == (None, None)
    assert None not in (told["own"]["customer_id"], told["own"]["survey_id"])
    take_back(workspace, "feedback", "own")
    invite(workspace, invited("i1", customer="bob", survey="t"))
    assert slices(workspace, "CSAT", Dimension.REGION) == {"south": 100}
    assert slices(workspace, "CSAT", Dimension.SURVEY) == {"t": 100}
    for wrong, path in (
        ({"customer": "ann"}, "customer"),
        ({"customer": "new"}, "customer"),
        ({"survey": "s"}, "survey"),
    ):
        assert refusals(workspace, "feedback", said("f3", "i1", 5, **wrong)) == [("CONFLICT", path)]
    assert answer(workspace, said("took", "i1", 5, customer="bob")) == ["UPDATED"]
    assert refusals(workspace, "invitation", invited("i1", customer="ann")) == [("CONFLICT", "customer")]
    assert_a_rebuild_changes_nothing(database, workspace)


def test_an_invitation_that_comes_late_must_fit_what_was_answered(workspace, database):
    answer(workspace, said("f1", "i1", 5, customer="ann", survey="s"))
    refused = refusals(workspace, "invitation", invited("i1", 2, customer="bob", survey="t"))
    assert refused == [("OUT_OF_RANGE", "occurredAt"), ("CONFLICT", "customer"), ("CONFLICT", "survey")]
    assert facts(database, workspace, "invitation")["i1"]["is_stub"]
    assert invite(workspace, invited("i1", customer="ann")) == ["UPDATED"]


def test_an_answer_to_a_question_of_the_survey_that_it_took_holds_the_invitation_to_it(workspace, database):
    ask(workspace, "s", SEVEN)
    ask(workspace, "t", SEVEN)
    invite(workspace, invited("i1", survey="s"))
    answer(workspace, said("f1", "i1", 7, question="q"))
    told = facts(database, workspace)["f1"]
    assert (told["kind"], told["scale_best"], told["edition"]) == ("CSAT", 7, 1)
    for survey in ("t", None):
        assert refusals(workspace, "invitation", invited("i1", survey=survey)) == [("CONFLICT", "survey")]
    take_back(workspace, "feedback", "f1")
    assert invite(workspace, invited("i1", survey="t")) == ["UPDATED"]


def test_an_answer_that_takes_its_survey_late_is_of_its_present_edition(workspace, database):
    ask(workspace, "s", SEVEN)
    answer(workspace, said("f1", "i1", 5))
    invite(workspace, invited("i1", survey="s"))
    assert facts(database, workspace)["f1"]["edition"] == 1


# -- Answered twice


def test_a_later_answer_to_the_same_question_takes_the_place_of_the_earlier_one(workspace, database):
    ask(workspace, "s", SEVEN, {"key": "n", "kind": "NPS"})
    invite(workspace, invited("i1", survey="s"))
    q, n = {"question": "q"}, {"question": "n"}
    answer(workspace, said("f2", "i1", 7, 2, **q), said("n1", "i1", 9, 1, **n), said("f1", "i1", 1, 1, **q))
    answer(workspace, said("else", "i2", 1, 1, kind="CSAT"))
    assert counted(database, workspace) == ["else", "f2", "n1"]
    assert value(workspace, "CSAT") == 50
    assert value(workspace, "FEEDBACK_COUNT") == 3
    assert value(workspace, "SURVEY_ANSWER_TIME", variant="mean") == HOUR  # when it was answered first
    answer(workspace, said("f3", "i1", 1, 3, **q))
    assert counted(database, workspace) == ["else", "f3", "n1"]
    assert value(workspace, "CSAT") == 0
    take_back(workspace, "feedback", "f3")
    assert counted(database, workspace) == ["else", "f2", "n1"]
    assert value(workspace, "CSAT") == 50
    answer(workspace, said("f2", "i1", 7, 0.5, **q))
    assert counted(database, workspace) == ["else", "f1", "n1"]
    assert value(workspace, "CSAT") == 0
    assert_a_rebuild_changes_nothing(database, workspace)


def test_of_two_answers_of_one_moment_the_greater_id_counts_whichever_came_first(workspace, database):
    invite(workspace, invited("i1"), invited("i2"))
    answer(workspace, said("a", "i1", 5), said("b", "i1", 1))
    answer(workspace, said("d", "i2", 1), said("c", "i2", 5))
    assert counted(database, workspace) == ["b", "d"]


def test_answers_of_different_kinds_are_to_different_questions(workspace, database):
    answer(workspace, said("a", "i1", 5), said("b", "i1", 9, 2, kind="NPS"), said("c", "i1", None, 3, kind="COMMENT"))
    assert counted(database, workspace) == ["a", "b", "c"]
    answer(workspace, said("d", "i1", None, 4, kind="COMMENT"))
    assert counted(database, workspace) == ["a", "b", "d"]


def test_what_was_skipped_replaces_nothing_and_is_replaced_by_an_answer(workspace, database):
    answer(workspace, said("a", "i1", 5, 1), said("skip", "i1", None, 2))
    assert counted(database, workspace) == ["a", "skip"]
    answer(workspace, said("b", "i1", 1, 3))
    assert counted(database, workspace) == ["b"]
    assert value(workspace, "CSAT") == 0


def test_coverage_counts_customers_who_answered_over_those_there_were(workspace, database):
    """Four at the start (one leaves), one newcomer; three of the five answer, and one who is no customer."""
    meet(
        workspace,
        *({"external_id": f"c{n}", "joined_on": date(2026, 1, 1), "region": "north"} for n in range(3)),
        {"external_id": "c3", "joined_on": date(2026, 1, 1), "churned_on": date(2026, 5, 5), "region": "south"},
        {"external_id": "c4", "joined_on": date(2026, 5, 20), "region": "south"},
        {"external_id": "gone", "joined_on": date(2026, 1, 1), "churned_on": date(2026, 4, 30)},
    )
    invite(workspace, invited("i0", customer="c0", survey="s"))
    answer(workspace, said("a", "i0", 9, kind="NPS"), said("b", "i0", 3, 2, kind="NPS"))
    answer(workspace, *(said(f"x{n}", None, 9, kind="NPS", customer="c3", channel="web") for n in range(3)))
    answer(workspace, said("c", None, None, kind="NPS", customer="c1"), said("d", None, 5, customer="c2"))
    answer(workspace, said("e", None, 9, kind="NPS", customer="c4"), said("f", None, 9, kind="NPS"))
    figure = figure_of(workspace, "SURVEY_COVERAGE").figure
    assert (figure.value, figure.numerator, figure.denominator) == (60, 3, 5)
    answer(workspace, said("g", None, 0, kind="NPS", customer="lead"))
    assert value(workspace, "SURVEY_COVERAGE") == 80
    assert slices(workspace, "SURVEY_COVERAGE", Dimension.REGION)["north"] == pytest.approx(100 / 3)
    assert slices(workspace, "SURVEY_COVERAGE", Dimension.REGION)["south"] == 100
    assert slices(workspace, "SURVEY_COVERAGE", Dimension.SURVEY)["s"] == 20  # one over all
    assert slices(workspace, "SURVEY_COVERAGE", Dimension.CHANNEL)["web"] == 20
    take_back(workspace, "feedback", "a", "b")
    assert value(workspace, "SURVEY_COVERAGE") == 60
    assert_a_rebuild_changes_nothing(database, workspace)


def test_test_customers_are_not_asked(workspace, database):
    meet(workspace, {"external_id": "t", "is_test": True})
    invite(workspace, invited("i1", customer="t"), invited("i2"))
    answer(workspace, said("f1", "i1", 5))
    assert figure_of(workspace, "RESPONSE_RATE").figure.denominator == 1
    meet(workspace, {"external_id": "t", "is_test": False})
    assert value(workspace, "RESPONSE_RATE") == 50
    assert_a_rebuild_changes_nothing(database, workspace)


def test_the_same_again_writes_nothing(workspace, database):
    ask(workspace, "s", SEVEN)
    sent = invited("i1", customer="ann", survey="s", channel="mail", campaign="x", product="p", journey_stage="j")
    given = [
        said("f1", "i1", 5, question="q"),
        said("f2", "i1", 6, 2, question="q"),
        said("f3", "i1", None, kind="NPS"),
    ]
    invite(workspace, sent)
    answer(workspace, *given)
    before = stored.everything(database)
    assert invite(workspace, sent, sent) == ["UNCHANGED"] * 2
    assert answer(workspace, *given) == ["UNCHANGED"] * 3
    assert take_back(workspace, "feedback", "nope") == ["REJECTED"]
    assert stored.everything(database) == before


def test_merged_customers_keep_what_they_were_asked_and_said(workspace, database):
    meet(workspace, {"external_id": "ann"}, {"external_id": "bob"})
    invite(workspace, invited("i1", customer="ann"), invited("i2", customer="bob"))
    answer(
        workspace,
        said("f1", "i1", 9, kind="NPS"),
        said("f2", "i2", 9, kind="NPS"),
        said("own", "i1", 5, customer="ann"),
    )
    workspace.write(merge.merge, Ref(external_id="bob"), Ref(external_id="ann"))
    both = [*facts(database, workspace).values(), *facts(database, workspace, "invitation").values()]
    assert len({row["customer_id"] for row in both}) == 1
    assert answer(workspace, said("f2", "i2", 9, kind="NPS")) == ["UNCHANGED"]
    assert answer(workspace, said("f2", "i2", 9, kind="NPS", customer="ann")) == ["UPDATED"]
    assert invite(workspace, invited("i1", customer="bob")) == ["UNCHANGED"]
    assert value(workspace, "RESPONSE_RATE") == 100
    assert_a_rebuild_changes_nothing(database, workspace)


def test_nobody_is_asked_twice_in_the_figures_of_a_month(workspace):
    """What is sent on the last of May and answered in June counts in May's rate and in June's time."""
    invite(workspace, invited("i1", 24 * 21), invited("i2", 0))
    answer(workspace, said("f1", "i1", 5, 24 * 23))
    assert value(workspace, "RESPONSE_RATE", MAY) == 50
    assert value(workspace, "SURVEY_ANSWER_TIME", MAY) == "NO_DATA"
    assert value(workspace, "SURVEY_ANSWER_TIME", JUNE, variant="mean") == 48 * HOUR
