"""Reading rows: everything wrong with one is said at once, with a path into the input."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from app.errors import Code, Invalid, Undone
from app.services.calendar_version import WeeklyHoursRow
from app.services.customer_row import CustomerRow
from app.services.feedback import FeedbackRow
from app.services.row import (
    MAX_ROWS,
    Batch,
    ErrorPolicy,
    Options,
    Outcome,
    Ref,
    Wrong,
    camel,
    check_size,
    moment,
    parse,
    waves,
)
from app.services.workspace import WorkspaceRow
from app.text import Text

DAY = date(2026, 6, 1)
NO_DAY = Wrong(Text("2026-02-30 is not a day.", "2026-02-30 不是日历中的一天。"))
NO_NUMBER = Wrong(Text("No number.", "不是数字。"))
NO_TEXT = Wrong(Text("5 is no text.", "5 不是文本。"))
PLAIN = {"external_id": "f1", "kind": "CSAT", "occurred_at": DAY}


def problems(kind, data):
    """What is wrong with a row: (path, code) of every problem."""
    with pytest.raises(Invalid) as refused:
        parse(kind, data)
    assert all(problem.message.en.endswith(".") for problem in refused.value.problems)
    assert all(problem.message.zh.endswith("。") for problem in refused.value.problems)
    return {(".".join(problem.path), problem.code) for problem in refused.value.problems}


def feedback(**changed):
    return problems(FeedbackRow, PLAIN | changed)


def test_a_row_with_nothing_wrong_is_read():
    row = parse(FeedbackRow, PLAIN | {"external_id": "  f1 ", "comment": "好 \U0001f600", "tags": ["a", "b"]})
    assert (row.external_id, row.comment, row.tags) == ("f1", "好 \U0001f600", ["a", "b"])
    assert row.model_fields_set == {*PLAIN, "comment", "tags"}


def test_what_is_missing_is_named():
    assert problems(FeedbackRow, {}) == {
        ("externalId", Code.REQUIRED),
        ("occurredAt", Code.REQUIRED),  # a kind is required where no question says it, which is seen later
    }


WORKSPACE = {"name": "W", "time_zone": "Europe/Berlin", "currency": "EUR"}
MESSAGES = [
    (CustomerRow, {}, "externalId is required.", "externalId 必须填写。"),
    (CustomerRow, {"external_id": ""}, "externalId must not be empty.", "externalId 不能为空。"),
    (
        CustomerRow,
        {"external_id": "c", "segment": "x" * 201},
        "segment is too long: at most 200 characters.",
        "segment 过长：最多 200 个字符。",
    ),
    (
        CustomerRow,
        {"external_id": "c", "joined_on": date(1899, 12, 31)},
        "joinedOn must be 1900-01-01 or more.",
        "joinedOn 必须大于或等于 1900-01-01。",
    ),
    (
        WeeklyHoursRow,
        {"weekdays": [1, 8], "from_": "09:00", "before": "10:00"},
        "weekdays must be 7 or less.",
        "weekdays 必须小于或等于 7。",
    ),
    (CustomerRow, {"external_id": "c", "attributes": [1]}, "attributes must be an object.", "attributes 必须是对象。"),
    (
        CustomerRow,
        {"external_id": "c", "is_test": "{perhaps}"},
        "isTest cannot be read: Input should be a valid boolean, unable to interpret input.",
        "isTest 无法读取：Input should be a valid boolean, unable to interpret input。",
    ),
    (
        CustomerRow,
        {"external_id": "c", "attributes": {"n": 2**63}},
        "n holds a number beyond 64 bits; write it as text.",
        "n 含有超出 64 位的数字；请写成文本。",
    ),
    (
        WorkspaceRow,
        WORKSPACE | {"currency": "{EUR}"},
        "There is no currency '{EUR}'; use an ISO 4217 code such as EUR or CNY.",
        "没有货币 '{EUR}'；请使用 ISO 4217 代码，例如 EUR 或 CNY。",
    ),
    (
        WorkspaceRow,
        WORKSPACE | {"locale": "%s"},
        "There is no locale '%s'; use a tag such as en or zh-CN.",
        "没有语言区域 '%s'；请使用 en 或 zh-CN 这样的标签。",
    ),
]


@pytest.mark.parametrize(("kind", "data", "english", "chinese"), MESSAGES)
def test_a_problem_is_told_in_both_languages(kind, data, english, chinese):
    with pytest.raises(Invalid) as refused:
        parse(kind, data)
    assert [problem.message for problem in refused.value.problems] == [Text(english, chinese)]
    assert (str(refused.value), refused.value.text.zh) == (english, chinese)


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_what_is_empty_is_missing(empty):
    assert feedback(external_id=empty, product=empty) == {("externalId", Code.REQUIRED), ("product", Code.REQUIRED)}


def test_everything_wrong_is_said_at_once():
    found = feedback(external_id="x" * 201, kind="NICE", score="many", tags=["ok", "t" * 201], comment="c" * 10_001)
    assert found == {
        ("externalId", Code.TOO_LONG),
        ("kind", Code.INVALID),
        ("score", Code.INVALID),
        ("tags.1", Code.TOO_LONG),
        ("comment", Code.TOO_LONG),
    }


@pytest.mark.parametrize(
    ("field", "longest"),
    [("external_id", 200), ("product", 200), ("campaign", 200), ("journey_stage", 200), ("comment", 10_000)],
)
def test_text_may_be_as_long_as_its_column_and_no_longer(field, longest):
    assert len(getattr(parse(FeedbackRow, PLAIN | {field: "好" * longest}), field)) == longest
    assert feedback(**{field: "好" * (longest + 1)}) == {(camel(field), Code.TOO_LONG)}


def test_limits_are_told_in_the_message():
    with pytest.raises(Invalid, match="at most 200 characters"):
        parse(FeedbackRow, PLAIN | {"product": "x" * 201})
    with pytest.raises(Invalid, match="at most 50"):
        parse(FeedbackRow, PLAIN | {"tags": ["t"] * 51})


def test_too_many_tags_are_too_many():
    assert len(parse(FeedbackRow, PLAIN | {"tags": ["t"] * 50}).tags) == 50
    assert feedback(tags=["t"] * 51) == {("tags", Code.TOO_MANY)}


@pytest.mark.parametrize("letter", ["\0", *map(chr, (0xD800, 0xDFFF)), chr(0xDC00) + chr(0xD800)])
@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"external_id": "a{}b"}, "externalId"),
        ({"comment": "{}"}, "comment"),
        ({"tags": ["fine", "{}"]}, "tags.1"),
        ({"customer": Ref(external_id="{}")}, "customer.externalId"),
        ({"customer": Ref(external_id="c1", source="{}")}, "customer.source"),
        ({"channel": Ref(id="{}")}, "channel.id"),
    ],
)
def test_characters_that_text_cannot_have_are_refused_where_they_stand(letter, row, path):
    def put(value):
        if isinstance(value, Ref):
            return Ref(**{name: put(getattr(value, name)) for name in ("id", "external_id", "source")})
        if isinstance(value, list):
            return [put(one) for one in value]
        return value and value.replace("{}", letter)

    assert feedback(**{name: put(value) for name, value in row.items()}) == {(path, Code.INVALID)}


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"plan": "a\0"}, "attributes.plan"),
        ({"a\0": 1}, "attributes"),
        ({"plans": [{"name": "ok"}, {"name": "\ud800"}]}, "attributes.plans.1.name"),
    ],
)
def test_they_are_found_deep_inside_json_too(attributes, path):
    assert problems(CustomerRow, {"external_id": "c1", "attributes": attributes}) == {(path, Code.INVALID)}


def test_a_scalar_that_could_not_be_read_rejects_its_row_with_its_message():
    with pytest.raises(Invalid, match="is not a day") as refused:
        parse(FeedbackRow, {**PLAIN, "occurred_at": NO_DAY, "score": NO_NUMBER})
    assert [(p.code, p.path) for p in refused.value.problems] == [
        (Code.INVALID, ("occurredAt",)),
        (Code.INVALID, ("score",)),
    ]


@pytest.mark.parametrize("inside", [Ref(external_id=NO_TEXT), [NO_TEXT]])
def test_a_scalar_that_could_not_be_read_is_found_inside_references_and_lists(inside):
    name = "customer" if isinstance(inside, Ref) else "tags"
    with pytest.raises(Invalid, match=r"^5 is no text\.$"):
        parse(FeedbackRow, PLAIN | {name: inside})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["score", "scale_worst", "scale_best"])
def test_a_number_is_finite(name, number):
    assert {path for path, _ in feedback(**{name: number})} == {camel(name)}


def test_references_are_as_long_as_external_ids():
    row = parse(FeedbackRow, PLAIN | {"customer": Ref(external_id=" c1 ", source="crm")})
    assert row.customer == Ref(external_id="c1", source="crm")
    assert feedback(customer=Ref(external_id="x" * 201)) == {("customer.externalId", Code.TOO_LONG)}
    assert feedback(customer=Ref(external_id="")) == {("customer.externalId", Code.REQUIRED)}
    assert feedback(customer=Ref(external_id="c1", source="s" * 101)) == {("customer.source", Code.TOO_LONG)}


def test_unknown_names_are_refused():
    assert feedback(colour="red") == {("colour", Code.INVALID)}


@pytest.mark.parametrize("email", ["no address", "a@", "@b", "a b@c", "a@b@c"])
def test_an_address_is_an_address(email):
    assert problems(CustomerRow, {"external_id": "c1", "email": email}) == {("email", Code.INVALID)}


@pytest.mark.parametrize(
    ("snake", "shown"),
    [("source_updated_at", "sourceUpdatedAt"), ("score", "score"), ("from_", "from"), ("joined_on", "joinedOn")],
)
def test_paths_are_spelt_as_in_the_schema(snake, shown):
    assert camel(snake) == shown


# instants

BERLIN = SimpleNamespace(zone=ZoneInfo("Europe/Berlin"), now=datetime(2026, 6, 15, 9, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (date(2026, 6, 1), datetime(2026, 5, 31, 22, tzinfo=UTC)),
        (date(2026, 1, 1), datetime(2025, 12, 31, 23, tzinfo=UTC)),
        (
            datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai")),
            datetime(2026, 6, 1, 4, tzinfo=UTC),
        ),
        (datetime(2026, 6, 1, 12), datetime(2026, 6, 1, 10, tzinfo=UTC)),  # noqa: DTZ001 - it is about one without a zone
        (datetime(2026, 6, 16, 9, 30, tzinfo=UTC), datetime(2026, 6, 16, 9, 30, tzinfo=UTC)),
        (datetime(1900, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_kept_in_utc(value, expected):
    found = moment(BERLIN, value, "occurredAt")
    assert found == expected
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 6, 16, 9, 30, 0, 1, tzinfo=UTC),
        date(2026, 6, 17),
        datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC),
        date(1899, 12, 31),
        date(1, 1, 1),
        date(9999, 12, 31),
        datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/New_York")),
        datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    ],
)
def test_an_instant_before_1900_or_more_than_a_day_ahead_is_refused(value):
    with pytest.raises(Invalid) as refused:
        moment(BERLIN, value, "occurredAt")
    assert [(p.path, p.code) for p in refused.value.problems] == [(("occurredAt",), Code.OUT_OF_RANGE)]


def test_a_version_from_the_first_day_of_the_calendar_is_no_version_of_its_last():
    # in UTC it lies before the calendar begins; taken for the last one, it would make every later version stale
    for first in (date(1, 1, 1), datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))):
        with pytest.raises(Invalid, match="before 1900"):
            moment(BERLIN, first, "sourceUpdatedAt", past=False)


def test_a_version_may_be_of_the_future():
    ahead = datetime(2027, 1, 1, tzinfo=UTC)
    assert moment(BERLIN, ahead, "sourceUpdatedAt", past=False) == ahead


# batches


def test_a_batch_has_at_most_five_hundred_rows():
    assert MAX_ROWS == 500
    check_size([{}] * 500)
    with pytest.raises(Invalid, match="at most 500 rows; this one has 501") as refused:
        Batch.read(FeedbackRow, [{}] * 501)
    assert [(p.path, p.code) for p in refused.value.problems] == [(("rows",), Code.TOO_MANY)]


def test_rows_of_one_name_wait_for_each_other():
    rows = dict(enumerate("abacab"))
    assert waves(rows, str) == [{0: "a", 1: "b", 3: "c"}, {2: "a", 5: "b"}, {4: "a"}]
    assert waves({}, str) == []


def batch():
    """Three rows, of which the second is wrong."""
    made = Batch.read(FeedbackRow, [PLAIN, {"external_id": "f2"}, PLAIN | {"external_id": "f3"}])
    made.settle(0, Outcome.CREATED, None)
    made.settle(2, Outcome.UNCHANGED, None)
    return made


def test_the_answers_stand_in_the_order_of_the_rows():
    results = batch().done(Options())
    assert [(r.index, r.outcome) for r in results] == [
        (0, Outcome.CREATED),
        (1, Outcome.REJECTED),
        (2, Outcome.UNCHANGED),
    ]
    assert {problem.path for problem in results[1].problems} == {("occurredAt",)}


def test_one_wrong_row_may_forbid_the_others():
    with pytest.raises(Undone) as undone:
        batch().done(Options(ErrorPolicy.REJECT_ALL))
    assert [result.outcome for result in undone.value.answer] == [Outcome.REJECTED] * 3
    assert "another row was rejected" in undone.value.answer[0].problems[0].message.en


def test_a_dry_run_takes_everything_back():
    with pytest.raises(Undone) as undone:
        batch().done(Options(dry_run=True))
    assert [r.outcome for r in undone.value.answer] == [Outcome.CREATED, Outcome.REJECTED, Outcome.UNCHANGED]
    assert undone.value.answer[0].id is None
