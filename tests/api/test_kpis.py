"""The main job: feedback goes in, KPIs come out, with everything that they rest on. Each number is counted again here."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count, groupby
from math import sqrt

import pytest

Z = 1.959964
FIGURE = """
    value numerator denominator sampleSize interval { low high level } nullReason flags isProvisional amount
    period { from before lastDay isComplete }
"""


@dataclass(frozen=True)
class Said:
    """One answer to a satisfaction question, and who gave it where."""

    day: date
    score: int | None
    channel: str | None
    segment: str
    customer: str


SEGMENTS = {"ann": "gold", "ben": "gold", "cem": "gold", "dan": "gold", "eva": "gold", "fay": "iron", "gus": "iron"}


def story() -> list[Said]:
    """Answers of two years; more than one in the same month, at its edges, without a channel, and skipped ones."""
    people = [*SEGMENTS]
    plan = [
        ("2025-06-01", "web", (5, 1)),
        ("2025-06-15", "web", (4, 4, 2, 1, 5, 3)),
        ("2025-06-20", "app", (5,)),
        ("2025-12-31", "web", (4, 1)),
        ("2026-01-01", "app", (5, 5)),
        ("2026-03-30", "web", (1, 2)),
        ("2026-05-01", "web", (5, 4, 4, 1)),
        ("2026-05-15", "web", (4, 4, 1, 5)),
        ("2026-05-15", "app", (3, 4)),
        ("2026-05-16", "web", (5, 5)),
        ("2026-05-31", "app", (4, 1, 4)),
        ("2026-06-01", "web", (5, 4, 5, 2, 4)),
        ("2026-06-03", "web", (None, 5, 4)),
        ("2026-06-07", "app", (1, 2)),
        ("2026-06-08", "app", (5, 3)),
        ("2026-06-09", None, (5, 4)),
        ("2026-06-15", "web", (4, 5, 5)),
    ]
    number = count()
    return [
        Said(date.fromisoformat(day), score, channel, SEGMENTS[who], who)
        for day, channel, scores in plan
        for score in scores
        for who in (people[next(number) * 3 % len(people)],)
    ]


STORY = story()


def satisfied(answers: Iterable[Said]) -> tuple[int, int]:
    """How many satisfy (4 and 5 of 5), of how many that count."""
    scores = [one.score for one in answers if one.score is not None]
    return sum(score >= 4 for score in scores), len(scores)


def between(start: str | date, end: str | date, **fixed: str | None) -> list[Said]:
    """The answers from `start` to before `end`, narrowed."""
    return [
        one
        for one in STORY
        if str(start) <= str(one.day) < str(end) and all(getattr(one, name) == value for name, value in fixed.items())
    ]


def percent(answers: Iterable[Said]) -> float | None:
    good, n = satisfied(answers)
    return None if n == 0 else 100 * good / n


def wilson(good: int, n: int) -> tuple[float, float]:
    """The roots of (p − good/n)² = Z² p (1 − p) / n, in percent."""
    a, b, c = 1 + Z * Z / n, -(2 * good / n + Z * Z / n), (good / n) ** 2
    root = sqrt(b * b - 4 * a * c)
    return 100 * (-b - root) / (2 * a), 100 * (-b + root) / (2 * a)


def buckets(start: date, end: date, grain: str) -> Iterator[tuple[date, date]]:
    """The days from `start` to before `end`, in runs of the same week, month, …"""
    name = {
        "DAY": lambda day: day,
        "WEEK": lambda day: day.isocalendar()[:2],
        "MONTH": lambda day: (day.year, day.month),
        "QUARTER": lambda day: (day.year, (day.month - 1) // 3),
        "YEAR": lambda day: day.year,
    }[grain]
    days = [start + timedelta(days=place) for place in range((end - start).days)]
    for _, run in groupby(days, name):
        first, *rest = run
        yield first, (rest[-1] if rest else first) + timedelta(days=1)


def rows(said: Iterable[Said], prefix: str = "f") -> list[dict]:
    return [
        {
            "externalId": f"{prefix}{number}",
            "kind": "CSAT",
            "score": one.score,
            "occurredAt": f"{one.day}T12:00:00+02:00",
            "customer": {"externalId": one.customer},
            "channel": None if one.channel is None else {"externalId": one.channel},
        }
        for number, one in enumerate(said)
    ]


@pytest.fixture
def told(alice):
    """Alice, after she has told the whole story."""
    for key in ("web", "app", "store"):
        alice.channel(key)
    alice.customers(
        {"externalId": name, "name": name.title(), "segment": segment, "joinedOn": "2025-01-01"}
        for name, segment in SEGMENTS.items()
    )
    alice.feedback(*rows(STORY))
    return alice


def assert_is(figure: dict, answers: list[Said]) -> None:
    """The figure is what counting the answers gives."""
    good, n = satisfied(answers)
    assert (figure["numerator"], figure["denominator"]) == (good, n)
    assert figure["value"] == (None if n == 0 else pytest.approx(100 * good / n, abs=1e-9))


JUNE = 'range: {from: "2026-06-01", before: "2026-07-01"}'
MAY = 'range: {from: "2026-05-01", before: "2026-06-01"}'


def test_a_result_carries_all_that_it_rests_on(told):
    found = told.kpi(
        "CSAT",
        JUNE,
        FIGURE
        + "id variant knownOn currency dataThrough filters { by } definition { key direction unit formula } __typename",
    )
    june = between("2026-06-01", "2026-07-01")
    good, n = satisfied(june)
    low, high = wilson(good, n)
    assert_is(found, june)
    assert found["sampleSize"] == n
    assert found["interval"]["low"] == pytest.approx(low, abs=1e-9)
    assert found["interval"]["high"] == pytest.approx(high, abs=1e-9)
    assert found["interval"]["level"] == 0.95
    assert found["nullReason"] is None
    assert found["flags"] == ["LOW_SAMPLE"]
    assert found["isProvisional"] is True
    assert found["period"] == {
        "from": "2026-06-01",
        "before": "2026-07-01",
        "lastDay": "2026-06-30",
        "isComplete": False,
    }
    assert found["variant"] == "default"
    assert (found["knownOn"], found["currency"], found["amount"], found["filters"]) == (None, None, None, [])
    assert found["dataThrough"] == "2026-06-15T10:00:00Z"
    assert found["definition"] == {
        "key": "CSAT",
        "direction": "HIGHER_IS_BETTER",
        "unit": "PERCENT",
        "formula": "100 × satisfied ÷ csat_answers",
    }


def test_a_complete_period_is_not_provisional(told):
    found = told.kpi("CSAT", MAY, FIGURE)
    assert_is(found, between("2026-05-01", "2026-06-01"))
    assert found["isProvisional"] is False
    assert found["period"]["isComplete"] is True


def test_from_thirty_answers_on_the_sample_is_not_low(alice):
    def record(start, end):
        alice.feedback(
            *(
                {"externalId": f"n{i}", "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02"}
                for i in range(start, end)
            )
        )

    record(0, 29)
    assert alice.kpi("CSAT", MAY, "flags sampleSize") == {"flags": ["LOW_SAMPLE"], "sampleSize": 29}
    record(29, 30)
    assert alice.kpi("CSAT", MAY, "flags sampleSize") == {"flags": [], "sampleSize": 30}


def test_a_result_is_found_again_by_its_id(told):
    asked = told.kpi("CSAT", MAY, "id value", 'filter: [{by: CHANNEL, anyOf: ["web", ""]}]')
    again = told.one("query($id: ID!) { node(id: $id) { id ... on KpiResult { value } } }", {"id": asked["id"]})
    assert again == asked
    assert asked["value"] == percent(between("2026-05-01", "2026-06-01", channel="web"))


NEWCOMBE = """
    comparison(to: %s) {
        baseline { value numerator denominator period { from before } filters { by anyOf noneOf } }
        change relativeChange interval { low high level } isImprovement isSignificant display
    }
"""


LIKE = [
    ("{kind: PREVIOUS_PERIOD}", "2026-05-01", "2026-05-16"),
    ("{kind: SAME_PERIOD_LAST_YEAR}", "2025-06-01", "2025-06-16"),
    ('{period: {range: {from: "2025-06-01", before: "2025-07-01"}}}', "2025-06-01", "2025-07-01"),
    ("{period: {named: LAST_MONTH}}", "2026-05-01", "2026-06-01"),
]


def test_a_running_month_is_compared_with_the_like_part_of_another(told):
    for to, start, end in LIKE:
        assert_compares(told, to, start, end)


def assert_compares(told, to, start, end):
    found = told.kpi("CSAT", "named: THIS_MONTH", "value " + NEWCOMBE % to)
    new, old = between("2026-06-01", "2026-07-01"), between(start, end)
    compared = found["comparison"]
    assert compared["baseline"]["period"] == {"from": start, "before": end}
    assert_is(compared["baseline"], old)
    change = percent(new) - percent(old)
    assert compared["change"] == pytest.approx(change, abs=1e-9)
    assert compared["relativeChange"] == pytest.approx(change / percent(old), abs=1e-9)
    (low1, high1), (low0, high0) = wilson(*satisfied(new)), wilson(*satisfied(old))
    down = sqrt((percent(new) - low1) ** 2 + (high0 - percent(old)) ** 2)
    up = sqrt((high1 - percent(new)) ** 2 + (percent(old) - low0) ** 2)
    assert compared["interval"]["low"] == pytest.approx(change - down, abs=1e-9)
    assert compared["interval"]["high"] == pytest.approx(change + up, abs=1e-9)
    assert compared["isImprovement"] is (change > 0)
    assert compared["isSignificant"] is (change - down > 0 or change + up < 0)
    assert compared["display"] == f"{change:+.1f} points"


def test_the_previous_period_is_the_default_and_of_equal_calendar_length(told):
    found = told.kpi("CSAT", MAY, "comparison { baseline { period { from before } nullReason } change relativeChange }")
    assert found["comparison"]["baseline"] == {
        "period": {"from": "2026-04-01", "before": "2026-05-01"},
        "nullReason": "NO_DATA",
    }
    assert found["comparison"]["change"] is None
    assert found["comparison"]["relativeChange"] is None
    days = told.kpi(
        "CSAT",
        'range: {from: "2026-06-02", before: "2026-06-09"}',
        "comparison { baseline { period { from before } } }",
    )
    assert days["comparison"]["baseline"]["period"] == {"from": "2026-05-26", "before": "2026-06-02"}


def test_a_change_from_nothing_has_no_relative_size(told):
    assert percent(between("2026-03-01", "2026-04-01")) == 0
    to = '{period: {range: {from: "2026-03-01", before: "2026-04-01"}}}'
    found = told.kpi("CSAT", MAY, f"value comparison(to: {to}) {{ change relativeChange isImprovement }}")
    assert found["comparison"] == {"change": found["value"], "relativeChange": None, "isImprovement": True}


def test_a_comparison_with_other_filters_keeps_the_days(told):
    for filters, fixed in (('[{by: CHANNEL, anyOf: ["app"]}]', {"channel": "app"}), ("[]", {})):
        found = told.kpi(
            "CSAT", MAY, "value " + NEWCOMBE % f"{{filter: {filters}}}", 'filter: [{by: CHANNEL, anyOf: ["web"]}]'
        )
        baseline = found["comparison"]["baseline"]
        assert baseline["period"] == {"from": "2026-05-01", "before": "2026-06-01"}
        assert_is(baseline, between("2026-05-01", "2026-06-01", **fixed))
        assert found["value"] == percent(between("2026-05-01", "2026-06-01", channel="web"))


def test_fewer_departures_are_an_improvement(alice):
    alice.customers(
        {
            "externalId": f"c{i}",
            "joinedOn": "2026-01-01",
            "churnedOn": "2026-04-10" if i < 4 else "2026-05-10" if i < 5 else None,
        }
        for i in range(10)
    )
    found = alice.kpi("CHURN_RATE", MAY, "value comparison { change isImprovement baseline { value } }")
    assert found["value"] == pytest.approx(100 / 6)
    assert found["comparison"]["baseline"]["value"] == 40
    assert found["comparison"]["isImprovement"] is True


def test_a_series_is_the_period_cut_at_calendar_edges(told):
    for grain in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR"):
        for start, end in (("2025-06-04", "2026-06-10"), ("2026-05-27", "2026-06-10")):
            assert_cut(told, grain, start, end)


def assert_cut(told, grain, start, end):
    points = told.kpi(
        "CSAT", f'range: {{from: "{start}", before: "{end}"}}', f"series(grain: {grain}) {{ {FIGURE} target }}"
    )["series"]
    cut = list(buckets(date.fromisoformat(start), date.fromisoformat(end), grain))
    assert [(point["period"]["from"], point["period"]["before"]) for point in points] == [
        (str(first), str(last)) for first, last in cut
    ]
    for point, (first, last) in zip(points, cut, strict=True):
        answers = between(first, last)
        assert_is(point, answers)
        if not answers:
            assert point["nullReason"] == "NO_DATA"
        else:
            assert point["interval"]["low"] == pytest.approx(wilson(*satisfied(answers))[0], abs=1e-9)
    assert sum(point["denominator"] for point in points) == satisfied(between(start, end))[1]


SLICE = "key label value numerator denominator weight share nullReason"
EVER = 'range: {from: "2025-01-01", before: "2026-07-01"}'


def test_a_breakdown_adds_up_and_knows_the_rest(told):
    parts = f"isAdditive totalCount slices {{ {SLICE} }} other {{ {SLICE} }}"
    found = told.kpi(
        "CSAT",
        EVER,
        f"all: breakdown(by: CHANNEL) {{ {parts} }} one: breakdown(by: CHANNEL, first: 1) {{ {parts} }}"
        f"none: breakdown(by: CHANNEL, first: 0) {{ {parts} }}",
    )
    whole = satisfied(STORY)
    assert (found["all"]["isAdditive"], found["all"]["totalCount"], found["all"]["other"]) == (True, 3, None)
    by_channel = {channel: [one for one in STORY if one.channel == channel] for channel in ("web", "app", None)}
    assert [one["key"] for one in found["all"]["slices"]] == ["web", "app", ""]
    assert [one["label"] for one in found["all"]["slices"]] == ["Web", "App", "Unknown"]
    for one in found["all"]["slices"]:
        answers = by_channel[one["key"] or None]
        assert_is(one, answers)
        assert one["weight"] == satisfied(answers)[1]
        assert one["share"] == pytest.approx(satisfied(answers)[1] / whole[1])
    for name, cut in (("one", ("app", None)), ("none", ("web", "app", None))):
        rest = [answer for channel in cut for answer in by_channel[channel]]
        assert found[name]["totalCount"] == 3
        assert_is(found[name]["other"], rest)
        assert (found[name]["other"]["key"], found[name]["other"]["label"]) == ("", "Other")
        parts_ = [*found[name]["slices"], found[name]["other"]]
        assert sum(one["numerator"] for one in parts_) == whole[0]
        assert sum(one["share"] for one in parts_) == pytest.approx(1)


def test_slices_come_in_the_order_asked_for(told):
    values = {key: percent([one for one in STORY if one.channel == (key or None)]) for key in ("web", "app", "")}
    weights = {key: satisfied([one for one in STORY if one.channel == (key or None)])[1] for key in ("web", "app", "")}
    assert len(set(values.values())) == len(set(weights.values())) == 3
    for field, measure in (("WEIGHT", weights.get), ("VALUE", values.get), ("KEY", str)):
        for direction, reverse in (("ASC", False), ("DESC", True)):
            order = f"orderBy: {{field: {field}, direction: {direction}}}"
            found = told.kpi("CSAT", EVER, f"breakdown(by: CHANNEL, {order}) {{ slices {{ key }} }}")
            keys = [one["key"] for one in found["breakdown"]["slices"]]
            assert keys == sorted(values, key=measure, reverse=reverse), (field, direction)


def test_a_slice_without_a_value_comes_last_whichever_way(told):
    told.feedback(
        {"externalId": "s1", "kind": "CSAT", "occurredAt": "2026-02-01", "channel": {"externalId": "store"}},
        {"externalId": "s2", "kind": "CSAT", "score": 1, "occurredAt": "2026-02-01", "channel": {"externalId": "web"}},
        {"externalId": "s3", "kind": "CSAT", "score": 5, "occurredAt": "2026-02-01", "channel": {"externalId": "app"}},
    )
    period = 'range: {from: "2026-02-01", before: "2026-03-01"}'
    for direction, first in (("ASC", ["web", "app"]), ("DESC", ["app", "web"])):
        order = f"orderBy: {{field: VALUE, direction: {direction}}}"
        found = told.kpi("CSAT", period, f"breakdown(by: CHANNEL, {order}) {{ slices {{ key nullReason }} }}")
        slices = found["breakdown"]["slices"]
        assert [one["key"] for one in slices] == [*first, "store"]
        assert slices[-1]["nullReason"] == "ZERO_DENOMINATOR"


def test_slices_are_labelled_in_the_readers_language(told):
    query = 'breakdown(by: CHANNEL, first: 1) { other { label zh: label(locale: "zh-CN") } slices { label } }'
    found = told.one(f"{{ kpi(key: CSAT, period: {{{EVER}}}) {{ {query} }} }}", accept_language="zh-CN,zh;q=0.9")
    assert found["breakdown"]["other"] == {"label": "其他", "zh": "其他"}
    unknown = told.kpi(
        "CSAT",
        EVER,
        'breakdown(by: CHANNEL, orderBy: {field: KEY, direction: ASC}) { slices { label zh: label(locale: "zh") } }',
    )
    assert unknown["breakdown"]["slices"][0] == {"label": "Unknown", "zh": "未知"}


def test_each_slice_has_a_series_a_breakdown_and_comparisons_of_its_own(told):
    found = told.kpi(
        "CSAT",
        MAY,
        """breakdown(by: CHANNEL) { slices { key result {
            value filters { by anyOf }
            series(grain: WEEK) { value numerator denominator period { from before } }
            breakdown(by: SEGMENT) { slices { key value numerator denominator } }
            comparison(to: {filter: []}) { baseline { numerator denominator value } }
        } } }""",
    )
    slices = found["breakdown"]["slices"]
    assert {one["key"] for one in slices} == {"web", "app"}
    for one in slices:
        answers = between("2026-05-01", "2026-06-01", channel=one["key"])
        assert one["result"]["value"] == percent(answers)
        assert one["result"]["filters"] == [{"by": "CHANNEL", "anyOf": [one["key"]]}]
        for point in one["result"]["series"]:
            assert_is(point, between(point["period"]["from"], point["period"]["before"], channel=one["key"]))
        segments = {inner["key"]: inner for inner in one["result"]["breakdown"]["slices"]}
        assert set(segments) == {answer.segment for answer in answers}
        for segment, inner in segments.items():
            assert_is(inner, between("2026-05-01", "2026-06-01", channel=one["key"], segment=segment))
        assert_is(one["result"]["comparison"]["baseline"], between("2026-05-01", "2026-06-01"))


def test_the_rest_of_a_breakdown_can_be_looked_into(told):
    found = told.kpi(
        "CSAT",
        EVER,
        "breakdown(by: CHANNEL, first: 1) { other { result { value series(grain: YEAR) { numerator denominator value period { from before } } } } }",
    )
    result = found["breakdown"]["other"]["result"]
    rest = [one for one in STORY if one.channel != "web"]
    assert result["value"] == percent(rest)
    for point in result["series"]:
        assert_is(
            point, [one for one in between(point["period"]["from"], point["period"]["before"]) if one.channel != "web"]
        )


FILTERS = [
    ('[{by: CHANNEL, anyOf: ["web"]}]', lambda one: one.channel == "web"),
    ('[{by: CHANNEL, anyOf: ["web", "app"]}]', lambda one: one.channel in ("web", "app")),
    ('[{by: CHANNEL, anyOf: [""]}]', lambda one: one.channel is None),
    ('[{by: CHANNEL, anyOf: ["", "app"]}]', lambda one: one.channel in (None, "app")),
    ('[{by: CHANNEL, noneOf: ["web"]}]', lambda one: one.channel != "web"),
    ('[{by: CHANNEL, noneOf: [""]}]', lambda one: one.channel is not None),
    ('[{by: CHANNEL, anyOf: ["web", "app"], noneOf: ["app"]}]', lambda one: one.channel == "web"),
    ('[{by: SEGMENT, anyOf: ["gold"]}]', lambda one: one.segment == "gold"),
    ('[{by: SEGMENT, noneOf: ["gold"]}, {by: CHANNEL, anyOf: ["web"]}]', lambda one: (one.segment, one.channel) == ("iron", "web")),
    ('[{by: SEGMENT, anyOf: ["gold"]}, {by: SEGMENT, anyOf: ["iron"]}]', lambda one: False),
    ('[{by: SEGMENT, anyOf: ["never heard of"]}]', lambda one: False),
    ('[{by: CHANNEL, anyOf: ["store"]}]', lambda one: False),
]  # fmt: skip


def test_filters_narrow_and_their_list_is_an_and(told):
    for filters, meant in FILTERS:
        found = told.kpi("CSAT", EVER, "value numerator denominator", f"filter: {filters}")
        assert_is(found, [one for one in STORY if meant(one)])


def test_a_tag_may_overlap_so_its_slices_have_no_share_and_no_rest(alice):
    alice.feedback(
        {"externalId": "t1", "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02", "tags": ["late", "rude"]},
        {"externalId": "t2", "kind": "CSAT", "score": 1, "occurredAt": "2026-05-02", "tags": ["late"]},
        {"externalId": "t3", "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02"},
    )
    found = alice.kpi(
        "CSAT", MAY, "breakdown(by: TAG, first: 1) { isAdditive totalCount other { value } slices { key value share } }"
    )
    assert found["breakdown"] == {
        "isAdditive": False,
        "totalCount": 3,
        "other": None,
        "slices": [{"key": "late", "value": 50, "share": None}],
    }
    assert alice.kpi("CSAT", MAY, "value", 'filter: [{by: TAG, anyOf: [""]}]')["value"] == 100
    assert alice.kpi("CSAT", MAY, "value", 'filter: [{by: TAG, noneOf: ["rude"]}]')["value"] == 50


def reason(caller, key, period, arguments=""):
    found = caller.kpi(
        key, period, "value nullReason numerator denominator sampleSize interval { low } flags", arguments
    )
    assert found["value"] is None
    assert found["interval"] is None
    return found


AUTUMN = 'range: {from: "2026-09-01", before: "2026-10-01"}'


def test_an_input_that_was_never_used_is_not_a_zero(alice):
    for key in ("CSAT", "NPS", "FEEDBACK_COUNT", "RETENTION_RATE", "ACTIVE_CUSTOMERS"):
        for period in (MAY, AUTUMN):
            found = reason(alice, key, period)
            assert found["nullReason"] == "INPUT_NOT_CONFIGURED"
            assert found["numerator"] is None
    assert alice.kpi("CSAT", MAY, "breakdown(by: CHANNEL) { totalCount slices { key } other { key } }")[
        "breakdown"
    ] == {
        "totalCount": 0,
        "slices": [],
        "other": None,
    }
    assert (
        alice.kpi("CSAT", MAY, "series(grain: WEEK) { nullReason }")["series"]
        == [{"nullReason": "INPUT_NOT_CONFIGURED"}] * 5
    )


def test_a_future_period_has_not_started_and_an_empty_one_has_no_data(told):
    assert reason(told, "CSAT", AUTUMN)["nullReason"] == "PERIOD_NOT_STARTED"
    empty = reason(told, "CSAT", 'range: {from: "2026-04-01", before: "2026-05-01"}')
    assert (empty["nullReason"], empty["numerator"], empty["denominator"]) == ("NO_DATA", 0, 0)
    # the facts are in use, so a count of nothing is a zero; NPS has none of its kind
    assert told.kpi("FEEDBACK_COUNT", 'range: {from: "2026-04-01", before: "2026-05-01"}', "value nullReason") == {
        "value": 0,
        "nullReason": None,
    }
    assert reason(told, "NPS", MAY)["nullReason"] == "INPUT_NOT_CONFIGURED"


def test_skipped_answers_alone_leave_nothing_to_divide_by(told):
    told.feedback({"externalId": "skip", "kind": "CSAT", "occurredAt": "2026-04-05"})
    found = reason(told, "CSAT", 'range: {from: "2026-04-01", before: "2026-05-01"}')
    assert (found["nullReason"], found["denominator"]) == ("ZERO_DENOMINATOR", 0)


def test_answers_on_several_scales_have_no_plain_mean(told):
    assert told.kpi("CSAT_MEAN", MAY, "value variant", 'variant: "raw"')["value"] == pytest.approx(
        sum(one.score for one in between("2026-05-01", "2026-06-01")) / len(between("2026-05-01", "2026-06-01"))
    )
    told.feedback(
        {"externalId": "ten", "kind": "CSAT", "score": 8, "scaleWorst": 1, "scaleBest": 10, "occurredAt": "2026-05-09"}
    )
    assert reason(told, "CSAT_MEAN", MAY, 'variant: "raw"')["nullReason"] == "MIXED_SCALES"
    positions = [(one.score - 1) / 4 for one in between("2026-05-01", "2026-06-01")] + [7 / 9]
    assert told.kpi("CSAT_MEAN", MAY, "value")["value"] == pytest.approx(
        100 * sum(positions) / len(positions), abs=1e-4
    )


def test_small_cells_are_hidden_from_those_who_may_not_see_persons(told, bob):
    # iron are two people: too few for Bob, whatever is asked of them
    for period, why in ((MAY, "SUPPRESSED_SMALL_CELL"), (AUTUMN, "PERIOD_NOT_STARTED")):
        found = reason(bob, "CSAT", period, 'filter: [{by: SEGMENT, anyOf: ["iron"]}]')
        assert found["nullReason"] == why
        assert (found["numerator"], found["denominator"], found["sampleSize"]) == (None, None, None)
    empty = 'range: {from: "2026-04-01", before: "2026-05-01"}'
    assert reason(bob, "CSAT", empty, 'filter: [{by: SEGMENT, anyOf: ["iron"]}]')["nullReason"] == "NO_DATA"
    assert bob.kpi("CSAT", MAY, "value")["value"] == percent(between("2026-05-01", "2026-06-01"))
    assert told.kpi("CSAT", MAY, "value", 'filter: [{by: SEGMENT, anyOf: ["iron"]}]')["value"] is not None
    # where one slice is hidden its neighbour is too, or the total would give it away
    cells = bob.kpi("CSAT", EVER, f"breakdown(by: SEGMENT) {{ slices {{ {SLICE} }} }}")["breakdown"]["slices"]
    assert {(one["key"], one["value"], one["nullReason"], one["numerator"], one["weight"]) for one in cells} == {
        ("iron", None, "SUPPRESSED_SMALL_CELL", None, None),
        ("gold", None, "SUPPRESSED_SMALL_CELL", None, None),
    }
    seen = told.kpi("CSAT", EVER, f"breakdown(by: SEGMENT) {{ slices {{ {SLICE} }} }}")["breakdown"]["slices"]
    assert all(one["value"] is not None for one in seen)


def test_what_is_hidden_in_a_slice_is_hidden_in_all_that_is_asked_of_it(told, bob):
    found = bob.kpi(
        "CSAT",
        MAY,
        """breakdown(by: SEGMENT, first: 1) { slices { result { value series(grain: MONTH) { value nullReason }
        comparison { change baseline { value } } } } other { value result { value series(grain: MONTH) { value } } } }""",
    )["breakdown"]
    (one,) = found["slices"]
    assert one["result"]["value"] is None
    assert one["result"]["comparison"]["change"] is None
    assert found["other"]["value"] is None
    assert found["other"]["result"]["value"] is None


def test_a_rollup_that_is_being_prepared_says_so_before_anything_else(told, bob, clock, door):
    from sqlalchemy import text

    with door.db.writer.begin() as connection:
        if not door.db.is_sqlite:
            connection.execute(text("SELECT set_config('app.tenant', :id, true)"), {"id": str(told.people.id)})
        connection.execute(text("UPDATE rollup_state SET fingerprint = 'old' WHERE cube = 'feedback'"))
    for period in (MAY, AUTUMN):
        assert reason(told, "CSAT", period)["nullReason"] == "PREPARING"
    assert reason(bob, "CSAT", MAY, 'filter: [{by: SEGMENT, anyOf: ["iron"]}]')["nullReason"] == "PREPARING"
    assert told.kpi("CSAT", MAY, 'display zh: display(locale: "zh")') == {
        "display": "– (being prepared)",
        "zh": "– (准备中)",
    }
    assert told.kpi("ACTIVE_CUSTOMERS", MAY, "value")["value"] == len(SEGMENTS)


def test_values_are_displayed_in_two_languages(told):
    value = percent(between("2026-05-01", "2026-06-01"))
    fields = 'display zh: display(locale: "zh-CN") period { label zh: label(locale: "zh") }'
    assert told.kpi("CSAT", MAY, fields) == {
        "display": f"{value:.1f}%",
        "zh": f"{value:.1f}%",
        "period": {"label": "May 2026", "zh": "2026年5月"},
    }
    assert told.kpi(
        "CSAT", 'range: {from: "2026-04-01", before: "2026-05-01"}', 'display zh: display(locale: "zh")'
    ) == {
        "display": "– (no data)",
        "zh": "– (无数据)",
    }
    assert told.one(
        f"{{ kpi(key: CSAT, period: {{{MAY}}}) {{ comparison {{ display }} definition {{ name }} }} }}",
        accept_language="zh",
    ) == {
        "comparison": {"display": "–"},
        "definition": {"name": "客户满意度"},
    }
    change = told.kpi(
        "CSAT",
        "named: THIS_MONTH",
        'comparison(to: {period: {named: LAST_MONTH}}) { change display zh: display(locale: "zh") }',
    )
    points = f"{change['comparison']['change']:+.1f}"
    assert change["comparison"]["display"] == f"{points} points"
    assert change["comparison"]["zh"] == f"{points} 个百分点"
    assert told.kpi("FEEDBACK_COUNT", EVER, "display")["display"] == str(len(STORY))


def test_kpis_of_customers(told):
    told.customers(
        [
            {"externalId": "ann", "churnedOn": "2026-05-10", "churnReason": "price"},
            {"externalId": "hal", "joinedOn": "2026-05-20"},
        ]
    )
    asked = "\n".join(
        f"{key}: kpi(key: {key}, period: {{{MAY}}}) {{ value numerator denominator }}"
        for key in ("NEW_CUSTOMERS", "CHURNED_CUSTOMERS", "ACTIVE_CUSTOMERS", "RETENTION_RATE", "CHURN_RATE")
    )
    found = told.ask(f"{{ {asked} }}")
    assert {key: one["value"] for key, one in found.items()} == {
        "NEW_CUSTOMERS": 1,
        "CHURNED_CUSTOMERS": 1,
        "ACTIVE_CUSTOMERS": 7,
        "RETENTION_RATE": pytest.approx(600 / 7),
        "CHURN_RATE": pytest.approx(100 / 7),
    }
    assert (found["CHURN_RATE"]["numerator"], found["CHURN_RATE"]["denominator"]) == (1, 7)


def test_nps_counts_promoters_and_detractors(alice):
    scores = [10] * 20 + [9] * 12 + [7] * 6 + [8] * 7 + [6] * 3 + [0] * 3
    alice.feedback(
        *(
            {"externalId": f"n{i}", "kind": "NPS", "score": score, "occurredAt": "2026-05-02"}
            for i, score in enumerate(scores)
        )
    )
    alice.feedback(*({"externalId": f"x{i}", "kind": "NPS", "occurredAt": "2026-05-02"} for i in range(20)))
    found = alice.kpi("NPS", MAY, "value numerator denominator sampleSize interval { low high } display variant")
    assert Counter(scores)[10] == 20
    assert found["value"] == pytest.approx(50.9804, abs=1e-4)
    assert (found["numerator"], found["denominator"], found["sampleSize"]) == (26, 51, 51)
    assert found["interval"] == {"low": pytest.approx(29.2949, abs=1e-4), "high": pytest.approx(67.0014, abs=1e-4)}
    assert (found["display"], found["variant"]) == ("51.0", "every_response")


def test_nps_says_where_it_pools_surveys_of_two_sorts(alice):
    for key, occasion in (("yearly", "RELATIONSHIP"), ("purchase", "TRANSACTIONAL")):
        input_ = {"externalId": key, "name": key, "occasion": occasion}
        assert alice.write("surveyUpsert", input_, "userErrors { code }")["userErrors"] == []
    told = (("2026-04-02", "yearly"), ("2026-04-03", "purchase"), ("2026-05-02", "yearly"), ("2026-05-03", "yearly"))
    alice.feedback(
        *(
            {"externalId": f"n{i}", "kind": "NPS", "score": 9, "occurredAt": day, "survey": {"externalId": key}}
            for i, (day, key) in enumerate(told)
        )
    )
    found = alice.kpi("NPS", MAY, "flags comparison { baseline { flags } }")
    assert found == {
        "flags": ["LOW_SAMPLE"],
        "comparison": {"baseline": {"flags": ["LOW_SAMPLE", "MIXED_SURVEYS"]}},
    }


def test_a_target_is_paced_by_what_is_still_to_come(alice, clock):
    # on the 19th of 30 days 190 have answered: at that pace 110 are to come, and they must run at 96.36 %
    clock.set(datetime.fromisoformat("2026-06-19T20:00:00+00:00"))
    alice.channel("web")
    alice.channel("app")
    alice.feedback(
        *(
            {
                "externalId": f"f{i}",
                "kind": "CSAT",
                "score": 5 if i < 170 else 1,
                "occurredAt": f"2026-06-{1 + i % 19:02}T10:00:00Z",
                "channel": {"externalId": "web" if i % 2 else "app"},
            }
            for i in range(190)
        )
    )
    target = {
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "from": "2026-06-01",
        "before": "2026-07-01",
        "owner": "Alice",
        "rationale": "Loyalty",
    }
    payload = alice.write(
        "targetSet",
        {"externalId": "all", "value": 92, **target},
        "outcome target { id goal baseline progress { state attainment expected required } } advice { criterion } userErrors { message }",
    )
    assert (payload["outcome"], payload["userErrors"]) == ("CREATED", [])
    assert payload["target"]["progress"] == {
        "state": "AT_RISK",
        "attainment": pytest.approx(170 / 190 * 100 / 92),
        "expected": 92,
        "required": pytest.approx(96.3636, abs=1e-4),
    }
    assert payload["advice"] == [{"criterion": "MEASURABLE"}]
    for key, value in (("web", 80), ("app", 99)):
        alice.write(
            "targetSet",
            {"externalId": key, "value": value, "scope": [{"by": "CHANNEL", "anyOf": [key]}], **target},
            "outcome",
        )
    progress = "state target { externalId goal scope { by anyOf } }"
    found = alice.kpi(
        "CSAT",
        "named: THIS_MONTH",
        f"target {{ {progress} }} targets {{ {progress} }} series(grain: WEEK) {{ target }}"
        f"breakdown(by: CHANNEL) {{ slices {{ key result {{ value target {{ {progress} }} targets {{ target {{ externalId }} }} }} }} }}",
    )
    assert found["target"]["target"]["externalId"] == "all"
    assert [one["target"]["externalId"] for one in found["targets"]] == ["all"]
    assert [one["target"] for one in found["series"]] == [92] * 5
    for one in found["breakdown"]["slices"]:
        assert one["result"]["target"]["target"] == {
            "externalId": one["key"],
            "goal": {"web": 80, "app": 99}[one["key"]],
            "scope": [{"by": "CHANNEL", "anyOf": [one["key"]]}],
        }
        assert one["result"]["target"]["state"] == {"web": "ON_TRACK", "app": "AT_RISK"}[one["key"]]
        assert [each["target"]["externalId"] for each in one["result"]["targets"]] == [one["key"], "all"]


def test_the_catalogue_describes_itself_in_two_languages(told):
    found = told.one(
        """{ kpiDefinition(key: "CSAT") { id key name zh: name(locale: "zh-CN") about(locale: "zh") unit direction stage
        minimum maximum formula dimensions variants { key isDefault name formula } inputs { key isAvailable since }
        result(period: {named: LAST_MONTH}) { value } } }"""
    )
    assert (found["name"], found["zh"]) == ("Customer satisfaction", "客户满意度")
    assert "70 %" in found["about"]
    assert "CHANNEL" in found["dimensions"]
    assert (found["minimum"], found["maximum"]) == (0, 100)
    first, *others = found["variants"]
    assert first == {"key": "default", "isDefault": True, "name": "Customer satisfaction", "formula": found["formula"]}
    assert [(one["key"], one["isDefault"], one["formula"]) for one in others] == [
        ("account_average", False, "100 × csat_account_means ÷ csat_account_count"),
        ("revenue_weighted", False, "100 × csat_weighted_account_means ÷ csat_weighted_account_revenue"),
        ("key_contact", False, "100 × satisfied ÷ csat_answers"),
    ]
    assert found["inputs"] == [{"key": "FEEDBACK", "isAvailable": True, "since": "2025-06-01"}]
    assert found["result"]["value"] == percent(between("2026-05-01", "2026-06-01"))
    assert told.one("query($id: ID!) { node(id: $id) { ... on KpiDefinition { key } } }", {"id": found["id"]}) == {
        "key": "CSAT"
    }
    assert told.one('{ kpiDefinition(key: "NOPE") { key } }') is None
    keys = {one["key"] for one in told.one('{ __type(name: "KpiKey") { enumValues { key: name } } }')["enumValues"]}
    everything = told.one("{ kpiDefinitions { key stage inputs { isAvailable } } }")
    assert {one["key"] for one in everything} == keys - {"CUSTOM"}
    expand = told.one("{ kpiDefinitions(stage: EXPAND) { key } }")
    assert {one["key"] for one in expand} == {one["key"] for one in everything if one["stage"] == "EXPAND"}
    assert "NPS" in {one["key"] for one in expand}


def test_inputs_say_what_the_workspace_has_not(alice):
    found = alice.one("{ kpiDefinitions { inputs { isAvailable since } } }")
    assert {(one["isAvailable"], one["since"]) for kpi in found for one in kpi["inputs"]} == {(False, None)}


def test_a_value_can_be_told_as_it_was_known(alice, clock):
    def known(day, selection="value"):
        return alice.kpi("CSAT", MAY, selection, "" if day is None else f'knownOn: "{day}"')

    clock.set(datetime.fromisoformat("2026-06-02T10:00:00+00:00"))
    alice.feedback(*({"externalId": f"f{i}", "kind": "CSAT", "score": 5, "occurredAt": "2026-05-02"} for i in range(4)))
    clock.set(datetime.fromisoformat("2026-06-05T10:00:00+00:00"))
    alice.feedback({"externalId": "f0", "kind": "CSAT", "score": 1, "occurredAt": "2026-05-02"})
    clock.set(datetime.fromisoformat("2026-06-08T10:00:00+00:00"))
    alice.write("feedbackDeleteBatch", {"rows": [{"externalId": "f1"}, {"externalId": "f2"}]}, "counts { deleted }")
    told = {
        "2026-06-01": None,
        "2026-06-02": 100,
        "2026-06-04": 100,
        "2026-06-05": 75,
        "2026-06-07": 75,
        "2026-06-08": 50,
        None: 50,
    }
    assert {day: known(day)["value"] for day in told} == told
    found = known("2026-06-06", "knownOn series(grain: MONTH) { value } id")
    assert (found["knownOn"], found["series"]) == ("2026-06-06", [{"value": 75}])
    assert alice.one(
        "query($id: ID!) { node(id: $id) { ... on KpiResult { value knownOn } } }", {"id": found["id"]}
    ) == {
        "value": 75,
        "knownOn": "2026-06-06",
    }
    (one,) = alice.one('{ kpis(ask: [{key: CSAT, period: {named: LAST_MONTH}, knownOn: "2026-06-03"}]) { value } }')
    assert one == {"value": 100}


def test_one_kpi_that_cannot_be_answered_leaves_the_others_alone(told):
    answer = told.answer(
        """{ kpis(ask: [{key: CSAT, period: {named: LAST_MONTH}}, {key: CSAT, period: {named: LAST_MONTH}, variant: "nope"},
        {key: FEEDBACK_COUNT, period: {named: LAST_MONTH}}]) { definition { key } value }
        bad: kpi(key: CSAT, period: {range: {from: "2026-02-01", before: "2026-02-01"}}) { value }
        good: kpi(key: CSAT, period: {named: LAST_MONTH}) { value } }"""
    )
    csat = percent(between("2026-05-01", "2026-06-01"))
    assert answer["data"]["kpis"] == [
        {"definition": {"key": "CSAT"}, "value": csat},
        None,
        {"definition": {"key": "FEEDBACK_COUNT"}, "value": len(between("2026-05-01", "2026-06-01"))},
    ]
    assert answer["data"]["good"] == {"value": csat}
    assert answer["data"]["bad"] is None
    assert sorted(map(str, (error["path"] for error in answer["errors"]))) == ["['bad']", "['kpis', 1]"]


KEYS = ("CSAT", "CSAT_MEAN", "NPS", "REFERRAL_INTENT", "CES", "REVIEW_SCORE", "FEEDBACK_COUNT", "NEW_CUSTOMERS", "CHURNED_CUSTOMERS", "ACTIVE_CUSTOMERS")  # fmt: skip


SELECTIONS = [
    "value interval { low } display",
    "value series(grain: MONTH) { value target }",
    "breakdown(by: SEGMENT) { slices { key value share } other { value } }",
    "comparison { change baseline { value } }",
    "target { state } targets { state }",
    "breakdown(by: SEGMENT) { slices { result { value series(grain: MONTH) { value target } target { state } } } }",
]


def test_ten_kpis_cost_no_more_statements_than_two(told, statements):
    period = f"period: {{{EVER}}}"
    for key in ("CSAT", "FEEDBACK_COUNT"):
        told.write(
            "targetSet",
            {
                "externalId": key,
                "kpi": key,
                "kind": "ABSOLUTE",
                "value": 50,
                "from": "2026-06-01",
                "before": "2026-07-01",
            },
            "outcome",
        )

    def cost(selection, keys):
        fields = "\n".join(f"k{i}: kpi(key: {key}, {period}) {{ {selection} }}" for i, key in enumerate(keys))
        with statements() as sent:
            told.ask(f"{{ {fields} }}")
        return sent

    for selection in SELECTIONS:
        # a feedback KPI and a customer KPI, so that both kinds of facts are read in the small question too
        two, ten = cost(selection, ("CSAT", "ACTIVE_CUSTOMERS")), cost(selection, KEYS)
        assert 2 <= len(ten) <= len(two), "\n".join(ten)
        assert len(cost(selection, ("CSAT", "CSAT"))) <= len(cost(selection, ("CSAT",)))
