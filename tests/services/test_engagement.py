"""Engagement by hand: who uses the product, on how many days, what counts, and what no period needs to scan."""

from datetime import UTC, date, datetime
from itertools import count
from random import Random

import pytest
import stored
from trading import (
    MAY,
    ask,
    assert_a_rebuild_changes_nothing,
    cells,
    finish_rebuild,
    may,
    meet,
    put,
    slices,
    take_back,
    used,
    value,
)

from app.errors import Limited
from app.kpis import CUBES
from app.kpis.dimension import Dimension
from app.services import counting, kpi, rebuild, rollup
from app.services import merge as merging
from app.services import workspace as workspaces
from app.services.days import Last
from app.services.period import Grain, NamedPeriod, Span
from app.services.row import Ref
from app.services.slices import Filter
from app.worker import Worker

RATE = "ENGAGEMENT_RATE"
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
WEEK = Span(may(4), may(11))


def parts(people, variant=None, period=None, **more):
    """Numerator and denominator."""
    figure = ask(people, RATE, *([period] if period else []), variant=variant, **more).figure
    return figure.numerator, figure.denominator


def change(people, **settings):
    return people.write(workspaces.update, settings)[1].value


@pytest.fixture
def busy(workspace):
    """Four customers of old and one newcomer of May; three of them and a passer-by use the product."""
    old = date(2026, 1, 1)
    meet(
        workspace,
        {"external_id": "ann", "joined_on": old, "segment": "gold"},
        {"external_id": "bob", "joined_on": old, "segment": "gold"},
        {"external_id": "cy", "joined_on": old, "segment": "new"},
        {"external_id": "di", "joined_on": old},
        {"external_id": "eva", "joined_on": may(20), "segment": "new"},
        {"external_id": "tester", "joined_on": old, "is_test": True},
    )
    put(
        workspace,
        "engagement",
        used("u1", "ann", may(4), channel="web"),
        used("u2", "ann", datetime(2026, 5, 4, 12, tzinfo=UTC), channel="app"),
        used("u3", "ann", may(5), "view", channel="web"),
        used("u4", "bob", may(5), channel="app", product="chat"),
        used("u5", "eva", may(28), channel="web"),
        used("u6", "passer-by", may(28), channel="web"),
        used("u7", "tester", may(28), channel="web"),
        used("u8", "cy", date(2026, 4, 30), "view"),
        used("u9", "bob", date(2026, 6, 2)),
    )
    return workspace


# what counts


def test_how_many_of_the_customers_use_it(busy, database):
    assert parts(busy) == (4, 5)  # Ann, Bob, Eva and one who is no customer; of four and a newcomer
    assert value(busy, RATE) == 80
    assert value(busy, "ACTIVE_USERS") == 4
    assert parts(busy, period=Span(date(2026, 4, 1), may(1))) == (1, 4)
    assert parts(busy, period=Span(date(2026, 3, 1), date(2026, 4, 1))) == (0, 4)
    # one on the 4th, two on the 5th and on the 28th: five in 31 days, of four people
    assert parts(busy, "stickiness") == (pytest.approx(5 / 31), 4)
    assert value(busy, RATE, variant="stickiness") == pytest.approx(100 * 5 / 31 / 4)
    assert value(busy, RATE, WEEK, "stickiness") == pytest.approx(100 * 3 / 7 / 2)
    assert_a_rebuild_changes_nothing(database, busy)


def test_without_events_there_is_nothing_to_say_and_then_there_is_nothing(workspace):
    meet(workspace, {"external_id": "ann", "joined_on": date(2026, 1, 1)})
    keys = [(RATE, None), (RATE, "stickiness"), ("ACTIVE_USERS", None)]
    assert {value(workspace, key, variant=variant) for key, variant in keys} == {"INPUT_NOT_CONFIGURED"}
    put(workspace, "engagement", used("u1", "ann", date(2026, 3, 1)))
    assert [value(workspace, key, variant=variant) for key, variant in keys] == [0, "NO_DATA", 0]


def test_a_running_period_is_divided_by_the_days_that_have_begun(busy):
    """It is the 15th of June; Bob came on the 2nd, and somebody's clock is ahead."""
    put(busy, "engagement", used("u10", "di", date(2026, 6, 16)))
    for period in (NamedPeriod.THIS_MONTH, JUNE):
        assert parts(busy, "stickiness", period) == (pytest.approx(1 / 15), 1)
    assert parts(busy, "stickiness", Last(3, Grain.DAY)) == (0, 0)
    assert parts(busy, "stickiness", Last(1, Grain.QUARTER)) == (pytest.approx((1 + 5 + 1) / (30 + 31 + 15)), 5)
    assert value(busy, RATE, Span(date(2026, 7, 1), date(2026, 8, 1)), "stickiness") == "PERIOD_NOT_STARTED"


def test_by_who_they_are_and_by_where_it_was(busy):
    assert slices(busy, RATE, Dimension.SEGMENT) == {"gold": 100, "new": 50, "": 100}  # Di, and who passed by
    assert slices(busy, RATE, Dimension.CHANNEL) == {"web": 60, "app": 40}
    assert slices(busy, RATE, Dimension.PRODUCT) == {"chat": 20, "": 60}
    sticky = slices(busy, RATE, Dimension.CHANNEL, "stickiness")
    assert sticky == {"web": pytest.approx(100 * 4 / 31 / 3), "app": pytest.approx(100 * 2 / 31 / 2)}
    web, app = (Filter(Dimension.CHANNEL, (key,)) for key in ("web", "app"))
    gold = Filter(Dimension.SEGMENT, ("gold",))
    assert parts(busy, "stickiness", filters=(web,)) == (pytest.approx(4 / 31), 3)
    either = (Filter(Dimension.CHANNEL, ("web", "app")),)
    assert parts(busy, "stickiness", filters=either) == (pytest.approx(5 / 31), 4)  # Ann on the 4th is one
    assert parts(busy, "stickiness", filters=(app, gold)) == (pytest.approx(2 / 31), 2)
    assert parts(busy, filters=(web, gold)) == (1, 2)
    answer = ask(busy, RATE, variant="stickiness", by=Dimension.CHANNEL, filters=(gold,))
    shown = {answer.slices[key].key: row[0].numerator for key, row in answer.figures.items()}
    assert shown == {"web": pytest.approx(2 / 31), "app": pytest.approx(2 / 31)}


def test_a_day_is_the_workspaces_and_passes_from_week_to_week(busy, database):
    put(busy, "engagement", used("u10", "ann", datetime(2026, 5, 10, 21, 59, tzinfo=UTC)))  # Sunday, in Berlin
    put(busy, "engagement", used("u11", "ann", datetime(2026, 5, 10, 22, 0, tzinfo=UTC)))  # Monday
    weeks = ask(busy, RATE, Span(may(4), may(18)), "stickiness", grain=Grain.WEEK).figures[""]
    assert [(one.numerator, one.denominator) for one in weeks] == [(pytest.approx(4 / 7), 2), (pytest.approx(1 / 7), 1)]
    days = ask(busy, RATE, Span(may(4), may(7)), "stickiness", grain=Grain.DAY).figures[""]
    assert [one.value for one in days] == [100, 100, None]
    assert_a_rebuild_changes_nothing(database, busy)


def test_late_news_corrections_and_merges(busy, clock, database):
    clock.advance(days=1)
    put(
        busy,
        "engagement",
        used("u10", "cy", may(4)),
        used("u11", "cy", may(4)),
        used("u4", "bob", may(4), channel="app"),
    )
    assert (parts(busy), parts(busy, "stickiness")) == ((5, 5), (pytest.approx(6 / 31), 5))
    take_back(busy, "engagement", "u5", "u10")
    assert (parts(busy), parts(busy, "stickiness")) == ((4, 5), (pytest.approx(5 / 31), 4))
    busy.write(merging.merge, Ref(external_id="passer-by"), Ref(external_id="eva"))
    busy.write(merging.merge, Ref(external_id="cy"), Ref(external_id="bob"))
    # of the 4th Ann and Bob, of the 5th Ann, of the 28th Eva; Bob is one of three customers of old
    assert (parts(busy), parts(busy, "stickiness")) == ((3, 4), (pytest.approx(4 / 31), 3))
    assert parts(busy, "stickiness", known_on=date(2026, 6, 15)) == (pytest.approx(5 / 31), 4)
    assert_a_rebuild_changes_nothing(database, busy)


# which types count


def test_only_the_types_count_that_the_workspace_names(busy, database):
    before = cells(database, busy)
    assert change(busy, engagement_types=["login", "login"]) == "UPDATED"
    assert (value(busy, RATE), value(busy, "ACTIVE_USERS"), value(busy, "RETENTION_RATE")) == (
        "PREPARING",
        "PREPARING",
        100,
    )
    Worker(busy.door).drain()
    assert parts(busy, "stickiness") == (pytest.approx(4 / 31), 4)  # Ann's view of the 5th is none
    assert parts(busy, period=Span(date(2026, 4, 1), may(1))) == (0, 4)
    put(busy, "engagement", used("u10", "di", may(6), "view"), used("u11", "di", may(7)))
    assert parts(busy, "stickiness") == (pytest.approx(5 / 31), 5)
    assert change(busy, engagement_types=["login"]) == "UNCHANGED"
    assert_a_rebuild_changes_nothing(database, busy)
    change(busy, engagement_types=["view"])
    finish_rebuild(busy)
    assert parts(busy, "stickiness") == (pytest.approx(2 / 31), 2)  # Ann's and Di's
    take_back(busy, "engagement", "u10", "u11")
    change(busy, engagement_types=None)
    finish_rebuild(busy)
    assert cells(database, busy) == before
    assert all(row["is_qualifying"] for row in stored.rows(database, "engagement", busy.id) if not row["deleted_at"])


def test_what_comes_while_types_are_counted_anew_is_among_them(busy, database):
    change(busy, engagement_types=["view"])
    people = sorted({row["customer_id"] for row in stored.rows(database, "engagement", busy.id)})
    for number in range(len(people)):
        busy.write(rebuild.step, 1)
        day = may(10 + number)
        put(busy, "engagement", *(used(f"{who}{number}", who, day, "view") for who in ("ann", "bob", "cy", "eva")))
    finish_rebuild(busy)
    assert parts(busy, "stickiness") == (pytest.approx((1 + 4 * len(people)) / 31), 4)
    assert_a_rebuild_changes_nothing(database, busy)


# what it costs


@pytest.fixture
def unread(busy, monkeypatch):
    """The same, where facts are not to be read."""

    def refuse(*_, **__):
        raise AssertionError("facts were read")

    monkeypatch.setattr(counting, "_crowd", refuse)
    monkeypatch.setattr(counting, "_daily", refuse)
    monkeypatch.setattr(counting, "_flows", refuse)
    return busy


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR])
def test_no_calendar_period_reads_facts(unread, grain):
    variants = [(RATE, None), (RATE, "stickiness"), ("ACTIVE_USERS", None)]
    for key, variant in variants:
        for period in (Last(1, grain), Last(1, grain, complete=True)):
            ask(unread, key, period, variant)
            ask(unread, key, period, variant, by=Dimension.SEGMENT)
        ask(unread, key, Last(5, grain), variant, grain=grain)
    web = (Filter(Dimension.CHANNEL, ("web",)),)
    assert parts(unread, "stickiness", filters=web) == (pytest.approx(4 / 31), 3)


def test_the_days_of_any_range_are_added_up_without_reading_facts(unread, monkeypatch):
    """Only who there was in all of an odd range must be read."""
    odd = Span(may(3), may(29))
    monkeypatch.undo()
    expected = parts(unread, "stickiness", odd)
    assert expected == (pytest.approx(5 / 26), 4)
    read = []
    crowd = counting._crowd
    monkeypatch.setattr(counting, "_crowd", lambda *given: read.append(1) or crowd(*given))
    monkeypatch.setattr(counting, "_daily", lambda *_: pytest.fail("the days were read from facts"))
    assert parts(unread, "stickiness", odd) == expected
    assert read == [1]
    unread.write(rollup.compact)
    assert parts(unread, "stickiness", odd) == expected


def test_other_ranges_and_cuts_are_bounded(open_door, busy):
    narrow = open_door(max_scan_rows=3)
    both = (Filter(Dimension.CHANNEL, ("web",)), Filter(Dimension.SEGMENT, ("gold",)))
    for question in (kpi.Question(RATE, Span(may(3), may(29))), kpi.Question(RATE, MAY, "stickiness", both)):
        with pytest.raises(Limited):
            narrow.read(busy.system, kpi.answer, [question])
    assert narrow.read(busy.system, kpi.answer, [kpi.Question(RATE, MAY, "stickiness")])[0].figure.denominator == 4


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_of_many_on_a_day_the_first_two_of_a_kind_tell_all(workspace, database, seed):
    """What is left unread counts nothing: the same as if everything were read."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    told, names = {}, count()

    def some():
        at = datetime(2026, rng.choice((4, 5, 5)), rng.choice((4, 5)), rng.randrange(20), rng.randrange(60), tzinfo=UTC)
        name = rng.choice(sorted(told)) if told and rng.random() < 0.1 else f"u{next(names)}"
        told[name] = used(
            name,
            rng.choice(("ann", "bob")),
            at,
            channel=rng.choice(("web", "app")),
            product=rng.choice(("a", "a", None)),
        )
        return told[name]

    for _ in range(20):
        rows = [some() for _ in range(rng.choice((1, 1, 2, 5)))]
        put(workspace, "engagement", *rows)
        if rng.random() < 0.4:
            gone = rng.sample(sorted(told), min(len(told), rng.randint(1, 3)))
            take_back(workspace, "engagement", *gone)
            for name in gone:
                del told[name]
    days = {(row["customer"], row["occurred_at"].date()) for row in told.values()}
    may_days = {(who, day) for who, day in days if day.month == 5}
    assert parts(workspace, "stickiness") == (pytest.approx(len(may_days) / 31), len({who for who, _ in may_days}))
    before = assert_a_rebuild_changes_nothing(database, workspace)
    object.__setattr__(CUBES["user"], "is_busy", False)
    try:
        assert assert_a_rebuild_changes_nothing(database, workspace) == before
    finally:
        object.__setattr__(CUBES["user"], "is_busy", True)
