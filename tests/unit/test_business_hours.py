"""Working time by hand, and against an oracle that asks at every minute what the clock on the wall shows."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.services import public_holidays
from app.services.business_calendar import BusinessCalendarRow
from app.services.business_hours import AllHours
from app.services.calendar_version import VersionRow, stored, under
from app.services.row import parse

HOUR = 3600
WEEK = [1, 2, 3, 4, 5]


def weekly(since="09:00", before="18:00", weekdays=WEEK):
    return {"weekdays": list(weekdays), "from_": since, "before": before}


NINE_TO_SIX = [weekly()]
ROUND_THE_CLOCK = [weekly("00:00", "24:00", range(1, 8))]


def version(zone, hours, **more):
    return {"time_zone": zone, "weekly_hours": hours, **more}


def calendar(*versions):
    return under(stored([VersionRow(**one) for one in versions]))


def at(text, zone="UTC"):
    """An instant by the clock on a wall, which shows it once only."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


BERLIN = calendar(version("Europe/Berlin", NINE_TO_SIX))


# -- By hand


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-06-05 17:00", "2026-06-08 09:30", 5_400),  # from Friday to Monday
        ("2026-06-06 10:00", "2026-06-06 10:30", 0),  # on Saturday
        ("2026-06-05 17:59:59", "2026-06-08 09:00:01", 2),
        ("2026-06-05 09:00", "2026-06-05 09:00", 0),
        ("2026-06-05 08:00", "2026-06-05 20:00", 9 * HOUR),
        ("2026-06-01 00:00", "2026-06-08 00:00", 45 * HOUR),
        ("2026-06-08 09:30", "2026-06-05 17:00", -5_400),
        ("2024-01-01 00:00", "2027-01-01 00:00", (262 + 261 + 261) * 9 * HOUR),  # the weekdays of these years
    ],
)
def test_nine_to_six_on_weekdays(start, end, seconds):
    assert BERLIN.seconds(at(start, "Europe/Berlin"), at(end, "Europe/Berlin")) == seconds


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/New_York", "2026-11-02", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Pacific/Chatham", "2026-04-05", 25),
        ("Pacific/Chatham", "2026-09-27", 23),
        ("America/Havana", "2026-11-01", 25),  # from one o'clock to midnight of the same day
        ("Asia/Beirut", "2026-03-29", 23),  # which begins at one o'clock
        ("Pacific/Apia", "2011-12-30", 0),  # which there was not
    ],
)
def test_a_day_is_as_long_as_its_zone_has_it(zone, day, hours):
    (told,) = calendar(version(zone, ROUND_THE_CLOCK)).days(
        date.fromisoformat(day), date.fromisoformat(day) + timedelta(days=1)
    )
    assert told.seconds == hours * HOUR


@pytest.mark.parametrize(
    ("day", "since", "before", "hours"),
    [
        ("2026-03-29", "02:15", "02:45", 0),  # skipped
        ("2026-03-29", "01:00", "02:30", 1),
        ("2026-03-29", "02:30", "04:00", 1),
        ("2026-10-25", "02:15", "02:45", 1),  # shown twice
        ("2026-10-25", "01:00", "02:30", 2),
        ("2026-10-25", "02:30", "04:00", 2),
    ],
)
def test_times_that_are_skipped_are_not_worked_and_those_that_come_twice_are_twice(day, since, before, hours):
    day = date.fromisoformat(day)
    told = calendar(version("Europe/Berlin", [weekly(since, before, [7])])).days(day, day + timedelta(days=1))
    assert [one.seconds for one in told] == [hours * HOUR]


@pytest.mark.parametrize(
    ("start", "seconds", "end"),
    [
        ("2026-06-05 17:00", 0, "2026-06-05 17:00"),
        ("2026-06-06 10:00", 0, "2026-06-06 10:00"),
        ("2026-06-05 17:00", 3_600, "2026-06-05 18:00"),  # done as work ends, not when it begins again
        ("2026-06-05 17:00", 3_601, "2026-06-08 09:00:01"),
        ("2026-06-05 17:00", 5_400, "2026-06-08 09:30"),
        ("2026-06-06 10:00", 60, "2026-06-08 09:01"),
        ("2026-06-01 00:00", 45 * HOUR, "2026-06-05 18:00"),
        ("2024-01-01 00:00", (262 + 261) * 9 * HOUR, "2025-12-31 18:00"),
    ],
)
def test_when_so_much_is_worked(start, seconds, end):
    assert BERLIN.after(at(start, "Europe/Berlin"), seconds) == at(end, "Europe/Berlin")


def test_what_is_never_worked_comes_never():
    start = at("2026-06-05 17:00")
    assert calendar(version("UTC", [])).after(start, 1) is None
    ends = calendar(version("UTC", NINE_TO_SIX, before=date(2026, 6, 9)))
    assert ends.after(start, 10 * HOUR) == at("2026-06-08 18:00")
    assert ends.after(start, 10 * HOUR + 1) is None
    later = calendar(version("UTC", NINE_TO_SIX, from_=date(2036, 1, 1)))
    assert later.after(start, 1) == at("2036-01-01 09:00:01")
    one_day = {"date": date(2060, 2, 3), "from_": "10:00", "before": "11:00"}
    assert calendar(version("UTC", [], open=[one_day])).after(start, 1800) == at("2060-02-03 10:30")
    with pytest.raises(ValueError, match="forward"):
        BERLIN.after(start, -1)


def test_fractions_of_a_second_are_cut_off():
    start, end = at("2026-06-05 10:00:00.900"), at("2026-06-05 10:00:02.100")
    assert BERLIN.seconds(start, end) == 2
    assert AllHours().seconds(start, end) == 2
    assert BERLIN.after(start, 10) == AllHours().after(start, 10) == at("2026-06-05 10:00:10")
    before = at("1969-12-31 23:59:59.500")
    assert AllHours().seconds(before, at("1970-01-01 00:00:00")) == 1


def test_without_a_calendar_every_second_counts():
    start = at("2026-03-08 00:00", "America/New_York")
    assert AllHours().seconds(start, at("2026-03-09 00:00", "America/New_York")) == 23 * HOUR
    assert AllHours().after(start, 23 * HOUR) == at("2026-03-09 00:00", "America/New_York")
    assert AllHours().after(start, 10**15) is None


# -- Holidays, written down from the governments' own lists

GERMANY = ["01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "10-03", "12-25", "12-26"]
AMERICA = ["01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "07-04", "09-07", "10-12", "11-11", "11-26", "12-25"]
CHINA = ["01-01", "02-16", "02-17", "02-18", "02-19", "04-05", "05-01", "05-02", "06-19", "09-25"]  # by law
CHINA += ["10-01", "10-02", "10-03", "04-06", "05-04", "10-05"]  # by law, and for those of a weekend
CHINA += ["01-02", "02-20", "02-23", "05-05", "10-06", "10-07"]  # in exchange
MADE_UP = {"01-04": 5, "02-14": 5, "02-28": 1, "05-09": 2, "09-20": 2, "10-10": 3}
"""The weekends that are worked in China in 2026, and the weekday that each stands in for."""
YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]


def hours_of(country, *, subdivision=None, **more):
    hours = [weekly(f"0{day}:00", "18:00", [day]) for day in WEEK]  # a length of its own for each weekday
    return calendar(version("UTC", hours, country=country, subdivision=subdivision, **more)).days(
        YEAR[0], date(2027, 1, 1)
    )


@pytest.mark.parametrize(
    ("country", "subdivision", "free"),
    [
        ("DE", None, GERMANY),
        ("DE", "SN", [*GERMANY, "10-31", "11-18"]),
        ("US", None, AMERICA),
        ("US", "DC", [*AMERICA, "04-16"]),  # Emancipation Day
    ],
)
def test_public_holidays_are_free(country, subdivision, free):
    told = hours_of(country, subdivision=subdivision)
    assert [day.date for day in told] == YEAR
    for day in told:
        is_free = f"{day.date:%m-%d}" in free
        worked = not is_free and day.date.isoweekday() in WEEK
        assert day.is_holiday is is_free, day.date
        assert day.seconds == (18 - day.date.isoweekday()) * HOUR * worked, day.date


def test_in_china_weekends_are_worked_in_exchange():
    for day in hours_of("CN"):
        name = f"{day.date:%m-%d}"
        weekday = None if name in CHINA else MADE_UP.get(name, day.date.isoweekday())
        assert day.seconds == ((18 - weekday) * HOUR if weekday in WEEK else 0), day.date
        assert day.is_holiday is (name in CHINA), day.date


def test_what_is_said_of_a_day_itself_comes_first():
    opened = [
        {"date": date(2026, 12, 25), "from_": "10:00", "before": "12:00"},
        {"date": date(2026, 12, 25), "from_": "13:30", "before": "14:00"},
        {"date": date(2026, 12, 27), "from_": "22:00", "before": "24:00"},
    ]
    told = {
        f"{day.date:%m-%d}": day for day in hours_of("DE", closed=[date(2026, 12, 24), date(2026, 12, 24)], open=opened)
    }
    assert told["12-24"].seconds == 0
    assert not told["12-24"].is_holiday
    assert told["12-25"].seconds == 2.5 * HOUR
    assert told["12-25"].is_holiday
    assert told["12-27"].seconds == 2 * HOUR
    assert told["12-28"].seconds == 17 * HOUR


@pytest.mark.parametrize(
    ("country", "day", "names"),
    [
        ("DE", date(2026, 10, 3), {"de": "Tag der Deutschen Einheit", "en": "German Unity Day"}),
        ("CN", date(2026, 5, 1), {"zh-CN": "劳动节", "zh": "劳动节", "en-GB": "Labor Day", "fr": "劳动节"}),
        ("US", date(2026, 12, 25), {"en": "Christmas Day", "zh": "Christmas Day"}),
    ],
)
def test_holidays_are_called_what_the_reader_calls_them(country, day, names):
    (told,) = calendar(version("UTC", NINE_TO_SIX, country=country)).days(day, day + timedelta(days=1))
    assert {locale: told.holiday(locale) for locale in names} == names
    (other,) = BERLIN.days(day, day + timedelta(days=1))
    assert (other.is_holiday, other.holiday("en")) == (False, None)


@pytest.mark.parametrize(
    ("country", "day", "weekday"),
    [
        ("CN", date(2018, 12, 29), 1),  # a Saturday for the Monday before New Year
        ("CN", date(2024, 2, 4), 4),  # a Sunday for a Thursday
        ("HU", date(2024, 8, 3), 1),  # a Saturday for Monday, 19 August
        ("RU", date(2024, 4, 27), 1),  # a Saturday for Monday, 29 April
    ],
)
def test_a_day_of_a_weekend_stands_in_for_a_weekday(country, day, weekday):
    year = public_holidays.year(country, None, day.year)
    assert year.worked[day] == weekday
    assert day not in year.free


@pytest.mark.slow
@pytest.mark.parametrize("country", sorted(public_holidays.countries()))
def test_every_country_has_its_years(country):
    for subdivision in (None, *public_holidays.subdivisions(country)):
        for number in (1900, 2026, 2199):
            found = public_holidays.year(country, subdivision, number)
            assert {day.year for day in (*found.free, *found.worked)} <= {number}
            assert set(public_holidays.names(country, subdivision, number, "en")) == found.free


# -- Versions


def test_each_day_has_the_hours_of_its_version():
    moved = calendar(
        version("Europe/Berlin", NINE_TO_SIX, before=date(2026, 6, 3)),
        version("Europe/Berlin", [weekly("08:00", "12:00")], from_=date(2026, 6, 3), before=date(2026, 6, 4)),
        version("Europe/Berlin", [weekly("10:00", "11:00")], from_=date(2026, 6, 8)),
    )
    told = moved.days(date(2026, 6, 1), date(2026, 6, 10))
    assert [day.seconds / HOUR for day in told] == [9, 9, 4, 0, 0, 0, 0, 1, 1]
    assert [day.version is None for day in told] == [False, False, False, True, True, True, True, False, False]
    assert moved.seconds(at("2026-06-02 17:00", "Europe/Berlin"), at("2026-06-08 10:30", "Europe/Berlin")) == 5.5 * HOUR


def test_a_company_that_moves_west_rests_and_one_that_moves_east_works_no_hour_twice():
    for first, second, hours in (
        ("Europe/Berlin", "America/New_York", 48 - 6),  # six hours after the last day of the one the other one begins
        ("America/New_York", "Europe/Berlin", 48 + 6 - 6),  # and here six hours before it ends
    ):
        moved = calendar(
            version(first, ROUND_THE_CLOCK, before=date(2026, 6, 3)),
            version(second, ROUND_THE_CLOCK, from_=date(2026, 6, 3)),
        )
        start = at("2026-06-02", first)
        assert moved.seconds(start, start + timedelta(hours=48)) == hours * HOUR
    told = moved.days(date(2026, 6, 1), date(2026, 6, 5))
    assert [day.seconds / HOUR for day in told] == [24, 18, 24, 24]


# -- Against the oracle


def works(versions, instant):
    """Whether the clock on the wall shows a time at which work is done, by the version that began last."""
    for one in reversed(versions):
        local = instant.astimezone(ZoneInfo(one["time_zone"]))
        if (one.get("from_") or date.min) <= local.date() < (one.get("before") or date.max):
            shown = local.strftime("%H:%M")
            opened = [each for each in one.get("open", ()) if each["date"] == local.date()]
            name = f"{local:%m-%d}"
            weekday = local.isoweekday()
            if not opened and one.get("country") and local.year == 2026:
                weekday = None if name in FREE[one["country"]] else MADE_UP_IN[one["country"]].get(name, weekday)
            hours = opened or [each for each in one["weekly_hours"] if weekday in each["weekdays"]]
            is_closed = not opened and local.date() in one.get("closed", ())
            return not is_closed and any(each["from_"] <= shown < each["before"] for each in hours)
    return False


FREE = {"DE": GERMANY, "US": AMERICA, "CN": CHINA}
MADE_UP_IN = {"DE": {}, "US": {}, "CN": MADE_UP}


def counted(versions, start, end):
    """Seconds of the minutes that are worked from `start` until `end`, which are whole minutes."""
    minutes = int((end - start).total_seconds()) // 60
    return 60 * sum(works(versions, start + timedelta(minutes=number)) for number in range(minutes))


ZONES = [
    "America/Havana",
    "America/New_York",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Chatham",
    "UTC",
]
CHANGES = [
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 9, 27),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
]
HOLIDAYS = [date(2026, 2, 14), date(2026, 5, 1), date(2026, 10, 3), date(2026, 10, 10), date(2026, 7, 3)]
days = st.one_of(st.sampled_from(CHANGES + HOLIDAYS), st.dates(date(2026, 1, 3), date(2026, 12, 28)))
minutes = st.integers(0, 24 * 60)


def clock_face(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def day_hours(draw):
    """Hours of one day, in order, that do not overlap; they may touch."""
    bounds = sorted(draw(st.lists(minutes, min_size=2, max_size=6)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return [{"from_": clock_face(a), "before": clock_face(b)} for a, b in pairs if a < b]


@st.composite
def versions_of(draw):
    """Up to three versions that follow one another, with or without gaps."""
    count = draw(st.integers(1, 3))
    bounds = sorted(draw(st.lists(days, min_size=2 * count - 2, max_size=2 * count - 2)))
    bounds = [None, *bounds, None]
    found = []
    for first, last in zip(bounds[::2], bounds[1::2], strict=True):
        if first is not None and last is not None and first >= last:
            continue
        week = [
            {"weekdays": [day], **hours} for day in range(1, 8) if draw(st.booleans()) for hours in draw(day_hours())
        ]
        opened = draw(st.lists(days, max_size=3, unique=True))
        found.append(
            {
                "from_": first,
                "before": last,
                "time_zone": draw(st.sampled_from(ZONES)),
                "weekly_hours": week,
                "country": draw(st.sampled_from([None, "CN", "DE", "US"])),
                "closed": [day for day in draw(st.lists(days, max_size=3)) if day not in opened],
                "open": [{"date": day, **hours} for day in opened for hours in draw(day_hours())],
            }
        )
    return found


instants = st.builds(
    lambda day, minute: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute),
    days,
    st.integers(-24 * 60, 2 * 24 * 60),
)


@given(versions_of(), instants, st.integers(0, 3 * 24 * 60))
def test_it_counts_what_the_oracle_counts(versions, start, minutes):
    end = start + timedelta(minutes=minutes)
    assert calendar(*versions).seconds(start, end) == counted(versions, start, end)


@pytest.mark.slow
@given(versions_of(), days)
def test_its_days_are_those_of_the_oracle(versions, day):
    (told,) = calendar(*versions).days(day, day + timedelta(days=1))
    one = next(
        (one for one in versions if (one["from_"] or date.min) <= day < (one["before"] or date.max)),
        None,
    )
    if one is None:
        assert (told.seconds, told.version, told.is_holiday) == (0, None, False)
        return
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    around = [noon + timedelta(minutes=number) for number in range(-36 * 60, 36 * 60)]
    zone = ZoneInfo(one["time_zone"])
    # an instant of the day is worked on it unless a later version has begun elsewhere
    found = sum(
        works(versions, instant)
        for instant in around
        if instant.astimezone(zone).date() == day and in_force(versions, instant) is one
    )
    assert told.seconds == 60 * found
    assert told.is_holiday is bool(one["country"] and is_holiday(one["country"], day))


def in_force(versions, instant):
    for one in reversed(versions):
        local = instant.astimezone(ZoneInfo(one["time_zone"])).date()
        if (one["from_"] or date.min) <= local < (one["before"] or date.max):
            return one
    return None


def is_holiday(country, day):
    return f"{day:%m-%d}" in FREE[country]


@given(versions_of(), st.lists(instants, min_size=3, max_size=3))
def test_times_add_up(versions, three):
    hours = calendar(*versions)
    a, b, c = three
    assert hours.seconds(a, c) == hours.seconds(a, b) + hours.seconds(b, c)
    assert hours.seconds(b, a) == -hours.seconds(a, b)


@given(versions_of(), instants, st.integers(1, 400_000))
def test_what_is_worked_after_is_worked_by_then_and_not_a_second_earlier(versions, start, seconds):
    hours = calendar(*versions)
    end = hours.after(start, seconds)
    if end is None:
        assert hours.seconds(start, start + timedelta(days=20_000)) < seconds
    else:
        assert hours.seconds(start, end) == seconds
        assert hours.seconds(start, end - timedelta(seconds=1)) == seconds - 1


def test_every_second_around_a_change_of_the_clock():
    versions = [version("Australia/Lord_Howe", [weekly("01:40", "02:10", [7]), weekly("00:00", "00:01", [7])])]
    hours = calendar(*versions)
    for day in (date(2026, 4, 4), date(2026, 10, 3)):
        start = datetime(day.year, day.month, day.day, 13, tzinfo=UTC)
        worked = 0
        for number in range(4 * HOUR):
            instant = start + timedelta(seconds=number)
            assert hours.seconds(start, instant) == worked
            worked += works(versions, instant)
        assert worked


def test_a_question_costs_microseconds():
    start = at("2016-01-01")
    asked = [(start + timedelta(minutes=97 * n), start + timedelta(minutes=97 * n + 4_000)) for n in range(50_000)]
    hours = calendar(version("Europe/Berlin", NINE_TO_SIX, country="DE"))
    hours.seconds(asked[0][0], asked[-1][1])
    began = perf_counter()
    for since, until in asked:
        hours.seconds(since, until)
    assert (perf_counter() - began) / len(asked) < 50e-6  # some three on a machine that does nothing else
    assert len(hours._stretches) < 15


# -- What cannot be

MANY = [weekly(f"{n // 6:02}:{n % 6}0", f"{n // 6:02}:{n % 6}5") for n in range(101)]
WRONG = [
    ([version("Mars/Olympus", NINE_TO_SIX)], "versions.0.timeZone"),
    ([version("UTC", NINE_TO_SIX, country="XX")], "versions.0.country"),
    ([version("UTC", NINE_TO_SIX, country="DEU")], "versions.0.country"),
    ([version("UTC", NINE_TO_SIX, country="DE", subdivision="XX")], "versions.0.subdivision"),
    ([version("UTC", NINE_TO_SIX, country="VA", subdivision="XX")], "versions.0.subdivision"),
    ([version("UTC", NINE_TO_SIX, subdivision="BY")], "versions.0.country"),
    ([version("UTC", [weekly("18:00", "09:00")])], "versions.0.weeklyHours.0.before"),
    ([version("UTC", [weekly("09:00", "09:00")])], "versions.0.weeklyHours.0.before"),
    ([version("UTC", [weekly("24:00", "24:00")])], "versions.0.weeklyHours.0.before"),
    ([version("UTC", [weekly("9:00", "18:00")])], "versions.0.weeklyHours.0.from"),
    ([version("UTC", [weekly("09:00", "24:01")])], "versions.0.weeklyHours.0.before"),
    ([version("UTC", [weekly("09:00", "18:00\n")])], None),
    ([version("UTC", [weekly(weekdays=[0])])], "versions.0.weeklyHours.0.weekdays.0"),
    ([version("UTC", [weekly(weekdays=[1, 8])])], "versions.0.weeklyHours.0.weekdays.1"),
    ([version("UTC", [weekly(weekdays=[])])], "versions.0.weeklyHours.0.weekdays"),
    ([version("UTC", [weekly(), weekly("17:59", "19:00", [5])])], "versions.0.weeklyHours.1.from"),
    ([version("UTC", [weekly("17:59", "19:00", [5]), weekly()])], "versions.0.weeklyHours.0.from"),
    ([version("UTC", [weekly(weekdays=[3, 3])])], "versions.0.weeklyHours.0.from"),
    ([version("UTC", MANY)], "versions.0.weeklyHours"),
    ([version("UTC", [], from_=date(2026, 2, 1), before=date(2026, 2, 1))], "versions.0.before"),
    ([version("UTC", [], from_=date(1899, 12, 31))], "versions.0.from"),
    ([version("UTC", [], before=date(2026, 2, 2)), version("UTC", [], from_=date(2026, 2, 1))], "versions.1.from"),
    ([version("UTC", [], from_=date(2026, 2, 1)), version("UTC", [], before=date(2026, 2, 2))], "versions.0.from"),
    ([version("UTC", []), version("UTC", [])], "versions.1.from"),
    ([version("UTC", [], before=date(1900 + n, 1, 1), from_=date(1899 + n, 1, 1)) for n in range(1, 52)], "versions"),
    ([], "versions"),
    (None, "versions"),
    ([version("UTC", [], closed=[date(2026, 1, 1)] * 1001)], "versions.0.closed"),
    (
        [version("UTC", [], open=[{"date": date(2026, 1, 1), "from_": "10:00", "before": "09:00"}])],
        "versions.0.open.0.before",
    ),
    (
        [
            version(
                "UTC",
                [],
                open=[
                    {"date": date(2026, 1, 1), "from_": "10:00", "before": "12:00"},
                    {"date": date(2026, 1, 1), "from_": "11:00", "before": "13:00"},
                ],
            )
        ],
        "versions.0.open.1.from",
    ),
    (
        [
            version(
                "UTC",
                [],
                closed=[date(2026, 1, 2), date(2026, 1, 1)],
                open=[{"date": date(2026, 1, 1), "from_": "10:00", "before": "12:00"}],
            )
        ],
        "versions.0.closed.1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("versions", "path"), WRONG)
def test_what_cannot_be_says_where(versions, path):
    data = {"external_id": "office", "name": "Office", "versions": versions}
    if path is None:  # space around a text is no part of it
        assert stored(parse(BusinessCalendarRow, data).versions)
        return
    with pytest.raises(Invalid) as refused:
        stored(parse(BusinessCalendarRow, data).versions)
    assert [".".join(problem.path) for problem in refused.value.problems] == [path]


def test_several_mistakes_are_told_at_once():
    versions = [
        version("UTC", [weekly("18:00", "09:00"), weekly(), weekly()], before=date(2026, 2, 1)),
        version("UTC", [], from_=date(2026, 1, 1), before=date(2025, 1, 1)),
    ]
    with pytest.raises(Invalid) as refused:
        stored([VersionRow(**one) for one in versions])
    assert [".".join(problem.path) for problem in refused.value.problems] == [
        "versions.0.weeklyHours.0.before",
        "versions.0.weeklyHours.2.from",
        "versions.1.before",
        "versions.1.from",
    ]


def test_the_same_hours_are_written_in_one_way():
    one = [
        version("UTC", [weekly(weekdays=[5, 1]), weekly(weekdays=[2, 3, 4])], from_=date(2026, 1, 1)),
        version("UTC", [], before=date(2026, 1, 1), closed=[date(2025, 2, 2), date(2025, 1, 1), date(2025, 2, 2)]),
    ]
    other = [
        version("UTC", [], before=date(2026, 1, 1), closed=[date(2025, 1, 1), date(2025, 2, 2)], open=[]),
        version("UTC", NINE_TO_SIX, from_=date(2026, 1, 1), closed=None),
    ]
    assert stored([VersionRow(**each) for each in one]) == stored([VersionRow(**each) for each in other])
