"""On whatever day a demonstration is made: its figures are exact, it lies in the past, and it looks like life."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from told import Told, told

from app.demo.answers import line
from app.demo.chance import apportion
from app.demo.load import COMPANIES, _target
from app.services.period import Span

pytestmark = pytest.mark.neutral

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
DAYS = {
    "today": datetime.now(UTC),
    "leap day": datetime(2028, 2, 29, 12, tzinfo=UTC),
    "new year in Berlin": datetime(2027, 1, 1, 0, 0, 1, tzinfo=BERLIN).astimezone(UTC),
    "new year in Shanghai only": datetime(2026, 12, 31, 20, tzinfo=UTC),
    "midnight of a first": datetime(2026, 3, 1, tzinfo=SHANGHAI).astimezone(UTC),
    "the clock goes back": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
}


@pytest.fixture(params=DAYS, scope="module")
def now(request):
    return DAYS[request.param]


@pytest.fixture(params=[company.key for company in COMPANIES], scope="module")
def company(request):
    (one,) = (each for each in COMPANIES if each.key == request.param)
    return one


@pytest.fixture
def here(company, now) -> Told:
    return told(company.key, now)


def test_both_ranges_give_what_is_promised(company, here):
    for kpi, figures in company.promised.items():
        assert tuple(here.value(kpi, span) for span in here.timeline.ranges) == figures


def test_the_ranges_are_the_last_two_times_twelve_complete_months(here, now):
    first = now.astimezone(here.timeline.zone).date().replace(day=1)
    one, two = here.timeline.ranges
    assert (one.start, one.end, two.start, two.end) == (
        date(first.year - 2, first.month, 1),
        date(first.year - 1, first.month, 1),
        date(first.year - 1, first.month, 1),
        first,
    )


def test_months_follow_one_another_up_to_today(here):
    months = here.timeline.months
    assert len(months) == 25
    assert all(month.end == after.start for month, after in pairwise(months))
    assert months[-1].end - timedelta(days=1) == here.timeline.today


def test_nothing_lies_in_the_future(here, now):
    for row in (*here.mistakes.first, *here.mistakes.corrections):
        assert row["occurred_at"] <= now
        assert row.get("source_updated_at", now) <= now
    assert all(row["source_updated_at"] <= now for row in (*here.mistakes.deletions, *here.population.moves()))
    for row in here.customers.values():
        assert row["first_contact_at"] < row["history"][0]["from_"]
        for stay in row["history"]:
            assert stay["from_"] <= here.timeline.today
            assert stay["before"] is None or stay["from_"] < stay["before"] <= here.timeline.today


def test_stays_of_a_customer_do_not_overlap(here):
    for row in here.customers.values():
        for stay, after in pairwise(row["history"]):
            assert stay["before"] <= after["from_"]


def test_months_differ_and_stay_believable(company, here):
    for kpi in company.promised:
        values = [here.value(kpi, month) for month in here.timeline.months[:-1]]
        assert len(set(values)) > 6
        assert all(0 <= value <= 100 for value in values)
        assert values[0] != values[-1]


def test_those_who_speak_were_customers_at_the_time(here):
    for row in here.standing.values():
        if "customer" in row:
            day = row["occurred_at"].astimezone(here.timeline.zone).date()
            history = here.customers[row["customer"].external_id]["history"]
            assert any(stay["from_"] <= day < (stay["before"] or date.max) for stay in history)


def test_there_is_something_of_everything(company, here):
    rows = here.standing.values()
    assert any("customer" not in row for row in rows)
    assert any("score" in row and row["score"] is None for row in rows)
    assert {row["channel"].external_id for row in rows} == {place.key for place in company.channels if place.used}
    assert {row["staff"].external_id for row in rows if "staff" in row} == set(company.staff)
    assert {row["survey"].external_id for row in rows if "survey" in row} == set(company.surveys)
    assert {tag for row in rows for tag in row.get("tags", [])} == {topic.tag for topic in company.topics}
    comments = {row["comment"] for row in rows if "comment" in row}
    assert any(comment.isascii() for comment in comments - {"Test"})
    assert any(not comment.isascii() for comment in comments)
    assert here.mistakes.corrections
    assert here.mistakes.deletions
    people = here.customers.values()
    assert {row["segment"] for row in people} == set(company.segments)
    assert {row["region"] for row in people} == set(company.regions)
    assert any(len(row["history"]) > 1 for row in people)
    assert {stay["reason"] for row in people for stay in row["history"]} == {None, *company.reasons}
    assert sum(row.get("is_test", False) for row in people) == 4


def test_some_come_and_go_inside_a_year_and_some_come_back_after_one(here):
    one, two = here.timeline.ranges

    def inside(span: Span, day: date | None) -> bool:
        return day is not None and span.start <= day < span.end

    histories = [row["history"] for row in here.customers.values()]
    for span in (one, two):
        assert any(inside(span, stays[0]["from_"]) and inside(span, stays[0]["before"]) for stays in histories)
        assert any(len(s) > 1 and inside(span, s[0]["before"]) and inside(span, s[1]["from_"]) for s in histories)
    assert any(len(s) > 1 and inside(one, s[0]["before"]) and inside(two, s[-1]["from_"]) for s in histories)


def test_the_running_month_fills_up_as_it_passes(here):
    begun = [row for row in here.standing.values() if row["occurred_at"] >= _start(here)]
    due = len(here.standing) / 24 * here.timeline.elapsed
    assert due / 2 - 3 <= len(begun) <= due * 2 + 3


def _start(here: Told) -> datetime:
    return datetime.combine(here.timeline.ranges[1].end, datetime.min.time(), here.timeline.zone)


def test_a_relative_target_stays_within_reach(company, here):
    for goal in company.goals:
        row = _target(goal, here.timeline)
        assert row["from_"] <= here.timeline.today
        if goal.kind == "DELTA_RELATIVE":
            quarter = Span(_months_before(row["from_"], 3), row["from_"])
            assert here.value(goal.kpi, quarter) * (1 + goal.value) <= 100


def _months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def test_the_same_time_gives_the_same_rows(company, now, here):
    again = Told(company, now)
    assert again.mistakes == here.mistakes
    assert again.customers == here.customers
    assert again.population.moves() == here.population.moves()


def test_shares_add_up_and_keep_their_caps():
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(10, [8, 1, 1], [5, 5, 5]) == [5, 3, 2]
    assert apportion(0, [1, 2]) == [0, 0]
    assert apportion(6, [5, 1], [3, 3]) == [3, 3]


def test_the_line_runs_through_the_middles_of_both_years():
    assert line(80, 90, 5) + line(80, 90, 6) == 160
    assert line(80, 90, 17) + line(80, 90, 18) == 180
    assert line(12, 2, 23) == 0
