"""What comes of leads, counted by hand: conversion, the sales cycle, what was lost, the funnel, what restates them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import stored
from trading import (
    MAY,
    asked,
    assert_a_rebuild_changes_nothing,
    finish_rebuild,
    may,
    meet,
    put,
    record,
    slices,
    take_back,
    value,
)
from trading import ask as question

from app.actor import Scope
from app.errors import Forbidden, Invalid, Limited
from app.kpis.dimension import Dimension
from app.services import channel_effectiveness, lead_funnel, merge, rebuild, rollup
from app.services.attribution import Attribution
from app.services.lead_funnel import LeadStage, Wanted
from app.services.period import NamedPeriod, Span
from app.services.row import Ref
from app.services.slices import Filter
from app.uow import writes

JANUARY = Span(date(2026, 1, 1), date(2026, 2, 1))
FEBRUARY = Span(date(2026, 2, 1), date(2026, 3, 1))
HALF = Span(date(2026, 1, 1), date(2026, 7, 1))
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


@writes(Scope.WORKSPACE_ADMIN)
def set_window(uow, days):
    """What a change of the setting comes to."""
    uow.workspace.conversion_window_days = days
    rebuild.start(uow, ["lead"], afresh=True)


def january(day, hour=12):
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def days(number):
    return timedelta(days=number)


@pytest.fixture
def told(workspace):
    """Nine leads of January: three won in time and after their first contact, one before it, one of another type.

    One was won a second late, two were lost, one is open. And one is a tester's, one of February here.
    """
    meet(workspace, {"external_id": "tester", "is_test": True})
    first, second = january(5), NOON
    put(
        workspace,
        "lead",
        asked("won", first, qualified_at=first + days(1), won_at=first + days(30), channel="web", staff="eva"),
        asked("just", second, qualified_at=second + days(10), won_at=second + days(90), channel="web", staff="tom"),
        asked("late", second, won_at=second + days(90) + timedelta(seconds=1), channel="shop", staff="eva"),
        asked("before", january(20), won_at=january(18), channel="shop"),
        asked("lost", january(21), lost_at=datetime(2026, 2, 10, tzinfo=UTC), lost_reason="price", channel="web"),
        asked("gone", january(22), lost_at=datetime(2026, 2, 12, tzinfo=UTC)),
        asked("open", january(23), qualified_at=january(23) + days(91)),
        asked("more", january(24), won_at=january(24), type="EXPANSION"),
        asked("at once", january(25), won_at=january(25), channel="web", staff="eva"),
        asked("test", january(25), "tester", won_at=january(26), channel="web"),
        asked("of february", datetime(2026, 1, 31, 23, 30, tzinfo=UTC), channel="web"),
    )
    return workspace


def parts(people, key, variant=None, period=JANUARY, **more):
    figure = question(people, key, period, variant, **more).figure
    return figure.numerator, figure.denominator


def left_out(people, variant=None, period=HALF):
    figure = question(people, "SALES_CYCLE", period, variant).figure
    return [(one.key, count) for one, count in figure.left_out]


def test_leads_that_were_won_in_time_over_all_leads(told):
    assert parts(told, "CONVERSION_RATE") == (5, 9)  # won, just, before, more, at once
    assert value(told, "CONVERSION_RATE", JANUARY) == pytest.approx(100 * 5 / 9)
    assert parts(told, "CONVERSION_RATE", "qualified") == (2, 9)
    assert parts(told, "CONVERSION_RATE", "won_of_qualified") == (2, 2)
    assert parts(told, "CONVERSION_RATE", "period") == (3, 9)  # before, more, at once
    assert parts(told, "CONVERSION_RATE", "period", FEBRUARY) == (1, 1)  # won
    assert parts(told, "CONVERSION_RATE", None, FEBRUARY) == (0, 1)
    assert value(told, "CONVERSION_RATE", FEBRUARY, "won_of_qualified") == "ZERO_DENOMINATOR"
    assert value(told, "CONVERSION_RATE", Span(date(2025, 1, 1), date(2026, 1, 1))) == "NO_DATA"


def test_what_became_of_the_leads_of_a_month_adds_up(told):
    counts = {variant: value(told, "LEADS", JANUARY, variant) for variant in (None, "won_late", "lost", "open")}
    assert counts == {None: 9, "won_late": 1, "lost": 2, "open": 1}
    assert value(told, "LEADS", FEBRUARY) == 1


def test_lost_leads_count_on_the_day_of_their_loss_and_have_reasons(told):
    assert value(told, "LOST_LEADS", JANUARY) == 0
    assert value(told, "LOST_LEADS", FEBRUARY) == 2
    assert slices(told, "LOST_LEADS", Dimension.REASON, period=FEBRUARY) == {"price": 1, "": 1}
    assert slices(told, "LOST_LEADS", Dimension.CHANNEL, period=FEBRUARY) == {"web": 1, "": 1}


def test_the_sales_cycle_is_of_new_deals_that_have_one(told):
    """0, 30 and twice 90 days, of deals of the type NEW won in the half-year."""
    figure = question(told, "SALES_CYCLE", HALF).figure
    assert (figure.value, figure.sample) == (pytest.approx(60, rel=0.008), 4)
    assert value(told, "SALES_CYCLE", HALF, "p75") == pytest.approx(90, rel=0.008)
    mean = question(told, "SALES_CYCLE", HALF, "mean").figure
    assert mean.value == pytest.approx((0 + 30 + 90 + 90 + 1 / 86_400) / 4, rel=1e-12)
    assert (mean.numerator, mean.denominator) == (pytest.approx(210 + 1 / 86_400), 4)
    assert value(told, "SALES_CYCLE", JANUARY) == 0  # a cycle of nothing is one
    assert value(told, "SALES_CYCLE", Span(date(2026, 3, 1), date(2026, 4, 1))) == "NO_DATA"


def test_a_deal_won_before_its_first_contact_is_shown_as_left_out(told):
    for variant in (None, "mean", "p75"):
        assert left_out(told, variant) == [("WON_BEFORE_FIRST_CONTACT", 1)]
        assert left_out(told, variant, FEBRUARY) == [("WON_BEFORE_FIRST_CONTACT", 0)]


def test_cuts_from_rollups_and_from_facts_say_the_same(told):
    assert slices(told, "CONVERSION_RATE", Dimension.CHANNEL, period=JANUARY) == {
        "web": 75,  # won, just and at once of four
        "shop": 50,
        "": pytest.approx(100 / 3),
    }
    assert slices(told, "SALES_CYCLE", Dimension.STAFF, period=HALF) == {
        "eva": pytest.approx(30, rel=0.008),  # 0, 30, 90
        "tom": pytest.approx(90, rel=0.008),
        "": "NO_DATA",
    }
    web = (Filter(Dimension.CHANNEL, ("web",)),)
    assert value(told, "SALES_CYCLE", HALF, filters=web) == pytest.approx(30, rel=0.008)  # 0, 30, 90
    both = (*web, Filter(Dimension.STAFF, ("eva",)))  # which no rollup holds
    assert value(told, "SALES_CYCLE", HALF, filters=both) == pytest.approx(15, rel=0.008)
    assert parts(told, "CONVERSION_RATE", filters=both) == (2, 2)


def test_a_cohort_is_provisional_until_the_window_of_its_last_day_is_over(told):
    for variant, window in ((None, 90), ("qualified", 90), ("won_of_qualified", 90), ("period", 0)):
        assert question(told, "CONVERSION_RATE", JANUARY, variant).settles_in == window


def test_another_window_counts_the_same_leads_afresh(told, database):
    cycles = value(told, "SALES_CYCLE", HALF)
    told.write(set_window, 30)
    assert value(told, "CONVERSION_RATE", JANUARY) == "PREPARING"
    assert value(told, "SALES_CYCLE", HALF) == cycles  # which does not rest on it
    finish_rebuild(told)
    assert parts(told, "CONVERSION_RATE") == (4, 9)  # without just
    assert value(told, "LEADS", JANUARY, "won_late") == 2
    told.write(set_window, 29)
    put(told, "lead", asked("won", january(5), won_at=january(5) + days(30)))  # mended while it is counted
    finish_rebuild(told)
    assert parts(told, "CONVERSION_RATE") == (3, 9)
    assert question(told, "CONVERSION_RATE", JANUARY).settles_in == 29
    told.write(set_window, 92)
    finish_rebuild(told)
    assert parts(told, "CONVERSION_RATE") == (6, 9)
    assert parts(told, "CONVERSION_RATE", "qualified") == (2, 9)  # just, and open after 91 days
    assert_a_rebuild_changes_nothing(database, told)


def test_a_correction_and_a_deletion_count_at_once(told, database):
    put(told, "lead", asked("open", january(23), won_at=january(24), type="NEW"))
    assert parts(told, "CONVERSION_RATE") == (6, 9)
    assert value(told, "SALES_CYCLE", HALF) == pytest.approx(30, rel=0.008)  # 0, 1, 30, 90, 90
    take_back(told, "lead", "open", "before")
    assert parts(told, "CONVERSION_RATE") == (4, 7)
    assert left_out(told) == [("WON_BEFORE_FIRST_CONTACT", 0)]
    told.write(rollup.compact)
    assert_a_rebuild_changes_nothing(database, told)


def test_an_older_version_is_skipped_whenever_it_comes(workspace):
    new = asked("l", january(5), won_at=january(7), source_updated_at=january(9))
    old = asked("l", january(5), lost_at=january(6), source_updated_at=january(8))
    assert put(workspace, "lead", new, old) == ["CREATED", "STALE"]
    assert parts(workspace, "CONVERSION_RATE") == (1, 1)


def test_whoever_becomes_a_test_or_another_takes_their_leads_along(told, database):
    put(told, "lead", asked("ann's", january(5), "ann", won_at=january(6)))
    assert parts(told, "CONVERSION_RATE") == (6, 10)
    meet(told, {"external_id": "bob", "segment": "gold"})
    told.write(merge.merge, Ref(external_id="ann"), Ref(external_id="bob"))
    assert slices(told, "LEADS", Dimension.SEGMENT, period=JANUARY) == {"gold": 1, "": 9}
    assert_a_rebuild_changes_nothing(database, told)
    meet(told, {"external_id": "bob", "is_test": True})
    assert parts(told, "CONVERSION_RATE") == (5, 9)
    assert_a_rebuild_changes_nothing(database, told)


def test_days_are_the_workspace_s(told, database):
    rows = {row["external_id"]: row for row in stored.rows(database, "lead")}
    assert rows["of february"]["day"] == date(2026, 2, 1)
    assert (rows["lost"]["lost_on"], rows["gone"]["won_on"]) == (date(2026, 2, 10), None)
    assert (rows["open"]["qualified_on"], rows["won"]["qualifying_seconds"]) == (date(2026, 4, 24), 86_400)
    assert (rows["won"]["cycle_seconds"], rows["before"]["cycle_seconds"]) == (30 * 86_400, None)
    assert (rows["before"]["won_on"], rows["before"]["is_won_in_time"]) == (date(2026, 1, 18), True)


def test_what_cannot_be_is_refused(workspace):
    for more, path in (
        ({"won_at": may(5), "lost_at": may(6)}, "lostAt"),
        ({"lost_reason": "price"}, "lostReason"),
        ({"won_at": may(5), "lost_reason": "price"}, "lostReason"),
        ({"won_at": date(2026, 6, 17)}, "wonAt"),
        ({"qualified_at": date(2026, 6, 17)}, "qualifiedAt"),
        ({"lost_at": date(2026, 6, 17)}, "lostAt"),
        ({"won_at": date(1899, 6, 17)}, "wonAt"),
    ):
        (result,) = record(workspace, "lead", asked("l", may(4), **more))
        assert [problem.path for problem in result.problems] == [(path,)], more
    assert value(workspace, "LEADS") == "INPUT_NOT_CONFIGURED"


# the funnel


def funnel(people, period=JANUARY, *filters, by=None):
    (found,) = people.read(lead_funnel.funnels, [Wanted(period, filters)], by=by)
    if isinstance(found, Exception):
        raise found
    return found


def test_the_funnel_of_a_month(told):
    found = funnel(told)
    assert [(step.stage, step.leads, step.of_all, step.of_previous) for step in found.steps] == [
        ("CREATED", 9, 1, None),
        ("QUALIFIED", 2, 2 / 9, 2 / 9),
        ("WON", 5, 5 / 9, 1),
    ]
    assert (found.won_late, found.lost, found.open, found.reason) == (1, 2, 1, None)
    assert found.is_provisional is False  # it is the 15th of June
    assert funnel(told, Span(date(2026, 3, 1), date(2026, 3, 18))).is_provisional is True
    assert funnel(told, Span(date(2026, 3, 1), date(2026, 3, 17))).is_provisional is False


def test_the_funnel_of_some_leads_and_of_none(told):
    web = Filter(Dimension.CHANNEL, ("web",))
    assert [step.leads for step in funnel(told, JANUARY, web).steps] == [4, 2, 3]
    eva = Filter(Dimension.STAFF, ("eva",))
    assert [step.leads for step in funnel(told, JANUARY, web, eva).steps] == [2, 1, 2]
    nobody = funnel(told, Span(date(2025, 1, 1), date(2025, 2, 1)))
    assert [(step.leads, step.of_all, step.of_previous) for step in nobody.steps] == [(0, None, None)] * 3
    with pytest.raises(Invalid, match="cannot be cut by SURVEY"):
        funnel(told, JANUARY, Filter(Dimension.SURVEY, ("",)))


def test_a_funnel_without_numbers_says_why(workspace):
    empty = funnel(workspace)
    assert (empty.reason, empty.lost, empty.open) == ("INPUT_NOT_CONFIGURED", None, None)
    assert [(step.leads, step.of_all, step.of_previous) for step in empty.steps] == [(None, None, None)] * 3
    put(workspace, "lead", asked("l", january(5)))
    assert funnel(workspace, Span(date(2027, 1, 1), date(2027, 2, 1))).reason == "PERIOD_NOT_STARTED"
    workspace.write(set_window, 30)
    assert funnel(workspace).reason == "PREPARING"


def test_the_reasons_and_the_medians_of_the_funnel(told):
    wanted = [Wanted(JANUARY), Wanted(JANUARY, (Filter(Dimension.CHANNEL, ("web",)),))]
    all_, web = told.read(lead_funnel.reasons, wanted)
    assert (all_.counts, web.counts) == ([("price", 1), (None, 1)], [("price", 1)])
    all_, web = told.read(lead_funnel.medians, wanted)
    assert all_ == {
        LeadStage.CREATED: None,
        LeadStage.QUALIFIED: pytest.approx(5.5, rel=0.008),  # 1, 10
        LeadStage.WON: pytest.approx(15, rel=0.008),  # 0, 0, 30, 90
    }
    assert web[LeadStage.WON] == pytest.approx(30, rel=0.008)


def test_the_scans_of_the_funnel_have_a_bound(told, open_door):
    few = type(told)(open_door(max_scan_rows=8), told.id)
    for read in (lead_funnel.reasons, lead_funnel.medians):
        far, near = few.read(read, [Wanted(JANUARY), Wanted(FEBRUARY)])
        assert isinstance(far, Limited)
        assert not isinstance(near, Exception)
        (wrong,) = few.read(read, [Wanted(FEBRUARY, (Filter(Dimension.SURVEY, ("",)),))])
        assert isinstance(wrong, Invalid)
    assert funnel(few).steps[0].leads == 9


def test_the_funnel_is_for_those_who_may_see_kpis(told):
    for read in (lead_funnel.funnels, lead_funnel.reasons, lead_funnel.medians):
        with pytest.raises(Forbidden):
            told.read(read, [Wanted(JANUARY)], by=told.actor(()))


# channels


def effects(people, period=JANUARY):
    found = people.read(channel_effectiveness.effects, period, Attribution.FIRST_TOUCH)
    return {
        row.channel.key if row.channel else "": tuple(
            figure.reason.value if figure.reason else figure.value
            for figure in (row.figures["leads"], row.figures["conversion"])
        )
        for row in found.rows
    }


def test_leads_and_conversion_of_each_channel(told):
    assert effects(told) == {"web": (4, 75), "shop": (2, 50), "": (3, pytest.approx(100 / 3))}
    assert effects(told, FEBRUARY) == {"web": (1, 0), "shop": (0, "NO_DATA"), "": (0, "NO_DATA")}
    assert effects(told, NamedPeriod.ALL_TIME)["web"] == (5, 60)


def test_without_leads_channels_have_no_conversion(workspace):
    assert effects(workspace, MAY) == {"": ("INPUT_NOT_CONFIGURED", "INPUT_NOT_CONFIGURED")}
