"""Periods by the calendar on the wall: every expected day was counted by hand or by a loop over days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid, Limited
from app.services.period import (
    Calendar,
    ComparisonKind,
    Grain,
    NamedPeriod,
    Span,
    add_months,
    before,
    checked,
    is_whole_months,
    last_complete,
    start_of_day,
)

PREVIOUS, LAST_YEAR = ComparisonKind.PREVIOUS_PERIOD, ComparisonKind.SAME_PERIOD_LAST_YEAR
MONDAY_15_JUNE = date(2026, 6, 15)

days = st.dates(date(1950, 1, 1), date(2100, 1, 1))
grains = st.sampled_from(Grain)
calendars = st.builds(Calendar, days, st.integers(1, 7), st.integers(1, 12))


def span(text):
    """`2026-01-01..2026-02-01` as a span."""
    return Span(*map(date.fromisoformat, text.split("..")))


def calendar(today, first_weekday=1, fiscal_year_start=1):
    return Calendar(date.fromisoformat(today), first_weekday, fiscal_year_start)


# the shape of a period


def test_a_span_is_half_open():
    june = span("2026-06-01..2026-07-01")
    assert june.days == 30
    assert span("2026-06-01..2026-06-02").days == 1


@pytest.mark.parametrize(
    ("start", "end", "path", "words"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), "before", "empty"),
        (date(2026, 1, 2), date(2026, 1, 1), "before", "reversed"),
        (date(1899, 12, 31), date(2026, 1, 1), "from", "between"),
        (date(2026, 1, 1), date(2200, 1, 2), "before", "between"),
    ],
)
def test_a_range_that_is_none_is_refused_where_it_is_wrong(start, end, path, words):
    with pytest.raises(Invalid, match=words) as refused:
        checked(start, end)
    assert refused.value.problems[0].path == (path,)


def test_the_widest_and_the_shortest_range_are_taken():
    assert checked(date(1900, 1, 1), date(2200, 1, 1)) == span("1900-01-01..2200-01-01")
    assert checked(date(2026, 2, 28), date(2026, 3, 1)).days == 1


# grains


@pytest.mark.parametrize(
    ("day", "grain", "first_weekday", "fiscal", "expected"),
    [
        ("2026-06-15", Grain.DAY, 1, 1, "2026-06-15..2026-06-16"),
        ("2026-06-15", Grain.WEEK, 1, 1, "2026-06-15..2026-06-22"),  # a Monday
        ("2026-06-21", Grain.WEEK, 1, 1, "2026-06-15..2026-06-22"),  # a Sunday
        ("2026-06-21", Grain.WEEK, 7, 1, "2026-06-21..2026-06-28"),
        ("2026-06-20", Grain.WEEK, 7, 1, "2026-06-14..2026-06-21"),
        ("2026-06-15", Grain.WEEK, 6, 1, "2026-06-13..2026-06-20"),  # weeks from Saturday
        ("2026-01-01", Grain.WEEK, 1, 1, "2025-12-29..2026-01-05"),
        ("2026-06-15", Grain.MONTH, 1, 1, "2026-06-01..2026-07-01"),
        ("2024-02-29", Grain.MONTH, 1, 1, "2024-02-01..2024-03-01"),
        ("2026-12-31", Grain.MONTH, 1, 4, "2026-12-01..2027-01-01"),
        ("2026-06-15", Grain.QUARTER, 1, 1, "2026-04-01..2026-07-01"),
        ("2026-06-30", Grain.QUARTER, 1, 1, "2026-04-01..2026-07-01"),
        ("2026-06-15", Grain.QUARTER, 1, 2, "2026-05-01..2026-08-01"),  # a year from February
        ("2026-01-31", Grain.QUARTER, 1, 2, "2025-11-01..2026-02-01"),
        ("2026-06-15", Grain.YEAR, 1, 1, "2026-01-01..2027-01-01"),
        ("2026-03-31", Grain.YEAR, 1, 4, "2025-04-01..2026-04-01"),  # a year from April
        ("2026-04-01", Grain.YEAR, 1, 4, "2026-04-01..2027-04-01"),
        ("2026-11-30", Grain.YEAR, 1, 12, "2025-12-01..2026-12-01"),
    ],
)
def test_the_bucket_of_a_day(day, grain, first_weekday, fiscal, expected):
    days_ = calendar("2026-06-15", first_weekday, fiscal)
    start = days_.floor(date.fromisoformat(day), grain)
    assert Span(start, days_.next(start, grain)) == span(expected)


@given(calendars, days, grains)
def test_every_day_lies_in_its_bucket_and_in_no_other(days_, day, grain):
    start = days_.floor(day, grain)
    end = days_.next(start, grain)
    assert start <= day < end
    assert days_.floor(start, grain) == days_.floor(end - timedelta(days=1), grain) == start
    assert days_.floor(end, grain) == end


@given(calendars, days, st.integers(1, 500), grains)
def test_buckets_cover_a_period_without_gap_or_overlap(days_, start, length, grain):
    whole = Span(start, start + timedelta(days=length))
    cut = days_.buckets(whole, grain, 1_100)
    assert (cut[0].start, cut[-1].end) == (whole.start, whole.end)
    assert all(one.end == two.start for one, two in pairwise(cut))
    assert all(days_.floor(one.start, grain) == days_.floor(one.end - timedelta(days=1), grain) for one in cut)
    assert all(days_.floor(two.start, grain) == two.start for two in cut[1:])
    by_day = {days_.floor(start + timedelta(days=number), grain) for number in range(length)}
    assert len(cut) == len(by_day)


def test_buckets_at_the_edges_are_clipped():
    cut = calendar("2026-06-15").buckets(span("2026-01-30..2026-03-02"), Grain.MONTH, 10)
    assert cut == tuple(map(span, ("2026-01-30..2026-02-01", "2026-02-01..2026-03-01", "2026-03-01..2026-03-02")))


def test_a_period_inside_one_bucket_is_one_bucket():
    whole = span("2026-06-16..2026-06-18")
    assert calendar("2026-06-15").buckets(whole, Grain.YEAR, 1) == (whole,)


@pytest.mark.parametrize("grain", Grain)
def test_a_series_has_at_most_as_many_points_as_the_limit_says(grain):
    days_ = calendar("2026-06-15")
    start = date(2026, 1, 15)  # not the beginning of any bucket but its own day's
    full = Span(start, days_.next(days_.floor(start, grain), grain, 12))
    assert len(days_.buckets(full, grain, 12)) == 12
    with pytest.raises(Limited, match="at most 12 points"):
        days_.buckets(Span(start, full.end + timedelta(days=1)), grain, 12)
    with pytest.raises(Limited, match="at most 11 points"):
        days_.buckets(full, grain, 11)


def test_a_long_period_is_refused_before_it_is_cut():
    with pytest.raises(Limited):
        calendar("2026-06-15").buckets(span("1900-01-01..2200-01-01"), Grain.DAY, 1_100)


# periods by name, and the last so many


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NamedPeriod.TODAY, "2026-06-15..2026-06-16"),
        (NamedPeriod.YESTERDAY, "2026-06-14..2026-06-15"),
        (NamedPeriod.THIS_WEEK, "2026-06-15..2026-06-22"),
        (NamedPeriod.LAST_WEEK, "2026-06-08..2026-06-15"),
        (NamedPeriod.THIS_MONTH, "2026-06-01..2026-07-01"),
        (NamedPeriod.LAST_MONTH, "2026-05-01..2026-06-01"),
        (NamedPeriod.THIS_QUARTER, "2026-04-01..2026-07-01"),
        (NamedPeriod.LAST_QUARTER, "2026-01-01..2026-04-01"),
        (NamedPeriod.THIS_YEAR, "2026-01-01..2027-01-01"),
        (NamedPeriod.LAST_YEAR, "2025-01-01..2026-01-01"),
        (NamedPeriod.ALL_TIME, "1900-01-01..2200-01-01"),
    ],
)
def test_named_periods_on_a_monday_in_june(name, expected):
    assert calendar("2026-06-15").named(name) == span(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NamedPeriod.THIS_WEEK, "2025-12-28..2026-01-04"),
        (NamedPeriod.LAST_WEEK, "2025-12-21..2025-12-28"),
        (NamedPeriod.YESTERDAY, "2025-12-31..2026-01-01"),
        (NamedPeriod.LAST_MONTH, "2025-12-01..2026-01-01"),
        (NamedPeriod.THIS_QUARTER, "2025-10-01..2026-01-01"),
        (NamedPeriod.LAST_QUARTER, "2025-07-01..2025-10-01"),
        (NamedPeriod.THIS_YEAR, "2025-04-01..2026-04-01"),
        (NamedPeriod.LAST_YEAR, "2024-04-01..2025-04-01"),
    ],
)
def test_named_periods_on_new_years_day_with_weeks_from_sunday_and_years_from_april(name, expected):
    if name is NamedPeriod.THIS_QUARTER:
        expected = "2026-01-01..2026-04-01"
    elif name is NamedPeriod.LAST_QUARTER:
        expected = "2025-10-01..2026-01-01"
    assert calendar("2026-01-01", 7, 4).named(name) == span(expected)


def test_every_named_period_has_a_meaning():
    for name in NamedPeriod:
        assert calendar("2026-06-15").named(name).days > 0


@pytest.mark.parametrize(
    ("count", "grain", "complete", "expected"),
    [
        (1, Grain.DAY, False, "2026-06-15..2026-06-16"),
        (7, Grain.DAY, False, "2026-06-09..2026-06-16"),
        (7, Grain.DAY, True, "2026-06-08..2026-06-15"),
        (1, Grain.WEEK, True, "2026-06-08..2026-06-15"),
        (2, Grain.WEEK, False, "2026-06-08..2026-06-22"),
        (12, Grain.MONTH, False, "2025-07-01..2026-07-01"),
        (12, Grain.MONTH, True, "2025-06-01..2026-06-01"),
        (2, Grain.QUARTER, True, "2025-10-01..2026-04-01"),
        (3, Grain.YEAR, False, "2024-01-01..2027-01-01"),
        (3, Grain.YEAR, True, "2023-01-01..2026-01-01"),
    ],
)
def test_the_last_buckets_count_the_running_one_unless_complete_is_asked(count, grain, complete, expected):
    assert calendar("2026-06-15").last(count, grain, complete=complete) == span(expected)


def test_more_years_than_the_calendar_holds_are_refused():
    with pytest.raises(Invalid):
        calendar("2026-06-15").last(200, Grain.YEAR, complete=False)


# what a period is compared with


@pytest.mark.parametrize(
    ("today", "period", "kind", "expected"),
    [
        # done: the whole of the other
        ("2026-06-15", "2026-05-01..2026-06-01", PREVIOUS, "2026-04-01..2026-05-01"),
        ("2026-06-15", "2026-03-01..2026-04-01", PREVIOUS, "2026-02-01..2026-03-01"),
        ("2026-06-15", "2026-01-01..2026-04-01", PREVIOUS, "2025-10-01..2026-01-01"),
        ("2026-06-15", "2025-01-01..2026-01-01", PREVIOUS, "2024-01-01..2025-01-01"),
        ("2026-06-15", "2026-06-01..2026-06-08", PREVIOUS, "2026-05-25..2026-06-01"),
        ("2026-06-15", "2026-05-10..2026-05-20", PREVIOUS, "2026-04-30..2026-05-10"),
        ("2026-06-15", "2026-05-01..2026-06-01", LAST_YEAR, "2025-05-01..2025-06-01"),
        ("2026-06-15", "2026-02-01..2026-03-01", LAST_YEAR, "2025-02-01..2025-03-01"),
        ("2026-06-15", "2024-02-01..2024-03-01", LAST_YEAR, "2023-02-01..2023-03-01"),
        ("2026-06-15", "2024-02-29..2024-03-01", LAST_YEAR, "2023-02-28..2023-03-01"),
        ("2026-06-15", "2024-02-28..2024-02-29", LAST_YEAR, "2023-02-28..2023-03-01"),
        ("2026-06-15", "2025-02-28..2025-03-01", LAST_YEAR, "2024-02-28..2024-03-01"),
        # running: the like-for-like part, today included
        ("2026-06-15", "2026-06-01..2026-07-01", PREVIOUS, "2026-05-01..2026-05-16"),
        ("2026-06-15", "2026-06-01..2026-07-01", LAST_YEAR, "2025-06-01..2025-06-16"),
        ("2026-06-01", "2026-06-01..2026-07-01", PREVIOUS, "2026-05-01..2026-05-02"),
        ("2026-06-30", "2026-06-01..2026-07-01", PREVIOUS, "2026-05-01..2026-06-01"),
        ("2026-06-15", "2026-04-01..2026-07-01", PREVIOUS, "2026-01-01..2026-03-16"),
        ("2026-06-15", "2026-01-01..2027-01-01", PREVIOUS, "2025-01-01..2025-06-16"),
        ("2026-06-17", "2026-06-15..2026-06-22", PREVIOUS, "2026-06-08..2026-06-11"),
        # a longer month runs against a shorter one: day by day, then the shorter one's last day
        ("2026-03-27", "2026-03-01..2026-04-01", PREVIOUS, "2026-02-01..2026-02-28"),
        ("2026-03-28", "2026-03-01..2026-04-01", PREVIOUS, "2026-02-01..2026-03-01"),
        ("2026-03-29", "2026-03-01..2026-04-01", PREVIOUS, "2026-02-01..2026-03-01"),
        ("2026-03-30", "2026-03-01..2026-04-01", PREVIOUS, "2026-02-01..2026-03-01"),
        ("2026-03-31", "2026-03-01..2026-04-01", PREVIOUS, "2026-02-01..2026-03-01"),
        ("2026-05-30", "2026-05-01..2026-06-01", PREVIOUS, "2026-04-01..2026-05-01"),
        # 29 February
        ("2024-02-28", "2024-01-01..2025-01-01", LAST_YEAR, "2023-01-01..2023-03-01"),
        ("2024-02-29", "2024-01-01..2025-01-01", LAST_YEAR, "2023-01-01..2023-03-01"),
        ("2024-02-29", "2024-02-01..2024-03-01", LAST_YEAR, "2023-02-01..2023-03-01"),
        ("2024-02-28", "2024-02-01..2024-03-01", LAST_YEAR, "2023-02-01..2023-03-01"),
        ("2025-02-28", "2025-01-01..2026-01-01", LAST_YEAR, "2024-01-01..2024-03-01"),  # two whole months
        ("2025-02-27", "2025-01-01..2026-01-01", LAST_YEAR, "2024-01-01..2024-02-28"),
        # 31 days that are no month: as many days as have gone by
        ("2026-05-05", "2026-04-10..2026-05-11", PREVIOUS, "2026-03-10..2026-04-05"),
    ],
)
def test_what_a_period_is_compared_with(today, period, kind, expected):
    assert calendar(today).compared(span(period), kind) == span(expected)


@given(days)
def test_a_running_month_is_compared_with_as_many_days_or_all_there_are(today):
    days_ = Calendar(today)
    month = days_.named(NamedPeriod.THIS_MONTH)
    found = days_.compared(month, PREVIOUS)
    length = (month.start - add_months(month.start, -1)).days
    assert found.start == add_months(month.start, -1)
    assert found.days == (length if today + timedelta(days=1) == month.end else min(today.day, length))


@given(days, days, st.integers(1, 400), st.sampled_from(ComparisonKind))
def test_what_is_compared_never_begins_later_nor_is_empty(today, start, length, kind):
    period = Span(start, start + timedelta(days=length))
    found = Calendar(today).compared(period, kind)
    assert found.start < period.start
    assert found.days >= 1
    if kind is PREVIOUS:
        assert found.end <= period.start


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-05-31", "2026-06-01..2026-07-01"),
        ("2026-06-01", "2026-06-01..2026-06-02"),
        ("2026-06-30", "2026-06-01..2026-07-01"),
        ("2026-07-01", "2026-06-01..2026-07-01"),
    ],
)
def test_what_has_elapsed_of_june(today, expected):
    assert calendar(today).elapsed(span("2026-06-01..2026-07-01")) == span(expected)


@pytest.mark.parametrize(
    ("period", "end", "expected"),
    [
        ("2026-03-01..2026-04-01", None, "2026-02-01..2026-03-01"),
        ("2026-01-01..2026-03-01", None, "2025-11-01..2026-01-01"),
        ("2026-03-02..2026-04-02", None, "2026-01-30..2026-03-02"),
        ("2026-01-01..2027-01-01", "2026-06-01", "2025-06-01..2026-06-01"),
        ("2026-01-01..2026-02-01", "2026-06-15", "2026-05-15..2026-06-15"),
    ],
)
def test_the_previous_period_of_whole_months_is_whole_months(period, end, expected):
    assert before(span(period), end and date.fromisoformat(end)) == span(expected)


@pytest.mark.parametrize(
    ("today", "period", "expected"),
    [
        ("2026-06-15", "2026-04-01..2026-07-01", "2026-01-01..2026-04-01"),  # running
        ("2026-06-15", "2026-06-15..2026-06-22", "2026-06-08..2026-06-15"),  # starts today
        ("2026-06-15", "2026-07-01..2026-10-01", "2026-03-01..2026-06-01"),  # to come, in whole months
        ("2026-06-15", "2027-01-01..2028-01-01", "2025-06-01..2026-06-01"),
        ("2026-06-15", "2026-07-06..2026-07-13", "2026-06-08..2026-06-15"),  # to come, a week
    ],
)
def test_the_last_complete_period_before_a_target_starts(today, period, expected):
    assert last_complete(span(period), date.fromisoformat(today)) == span(expected)


@given(days, days, st.integers(1, 400))
def test_the_last_complete_period_is_over_and_as_long(today, start, length):
    period = Span(start, start + timedelta(days=length))
    found = last_complete(period, today)
    assert found.end <= period.start
    assert found.end <= today
    if not is_whole_months(period):
        assert found.days == period.days


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-01-01", -1, "2025-12-01"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("9999-12-01", 1, "9999-01-01"),
    ],
)
def test_months_are_added_by_the_calendar(day, months, expected):
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


# days in zones


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/New_York", "2026-03-09", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Asia/Shanghai", "2026-03-29", 24),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),  # half an hour of daylight saving
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Havana", "2026-11-01", 25),  # 01:00 goes back to 00:00: midnight twice
        ("Pacific/Apia", "2011-12-30", 0),  # a day that Samoa never had
        ("UTC", "2026-03-29", 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(zone, day, hours):
    start = date.fromisoformat(day)
    length = start_of_day(start + timedelta(days=1), ZoneInfo(zone)) - start_of_day(start, ZoneInfo(zone))
    assert length == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        # 00:00 does not exist: the clock goes from 23:59:59 to 01:00
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),
        ("Asia/Beirut", "2025-03-30", "2025-03-29T22:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00"),
        ("America/Asuncion", "2024-10-06", "2024-10-06T04:00"),
        # 00:00 happens twice: the first
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),
        ("Asia/Shanghai", "2026-06-15", "2026-06-14T16:00"),
        ("Asia/Kathmandu", "2026-06-15", "2026-06-14T18:15"),
        ("Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone, day, instant):
    start = start_of_day(date.fromisoformat(day), ZoneInfo(zone))
    assert start == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert start.astimezone(ZoneInfo(zone)).date() == date.fromisoformat(day)
    just_before = (start - timedelta(microseconds=1)).astimezone(ZoneInfo(zone))
    assert just_before.date() < date.fromisoformat(day)


@given(
    st.dates(date(1975, 1, 1), date(2037, 12, 31)),
    st.sampled_from(["America/Sao_Paulo", "Asia/Beirut", "America/New_York", "Africa/Cairo", "Europe/Lisbon"]),
)
def test_what_happens_as_a_day_begins_is_of_that_day(day, zone):
    assert start_of_day(day, ZoneInfo(zone)).astimezone(ZoneInfo(zone)).date() == day
