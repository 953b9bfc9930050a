"""Settings of a workspace: what follows from changing them, at once or when the worker has been there."""

from datetime import date

import pytest
import stored
from trading import (
    MAY,
    ask,
    assert_a_rebuild_changes_nothing,
    back,
    cells,
    finish_rebuild,
    may,
    meet,
    put,
    sold,
    spent,
    value,
    worth,
)

from app.actor import Scope
from app.errors import Forbidden, Invalid
from app.kpis.figure import KpiFlag
from app.services import pricing, rebuild
from app.services import workspace as workspaces
from app.services.period import Grain, Span
from app.worker import Worker


def change(people, **settings):
    """Set settings; what became of it."""
    return people.write(workspaces.update, settings)[1].value


def work(people):
    """Let the worker do what is to be done; how many jobs that were."""
    return Worker(people.door).drain()


@pytest.fixture
def traded(workspace):
    """A workspace in euros with orders in euros and dollars, a refund and a cost in each of May's halves.

    A euro was 1.25 dollars on the 4th and 1.60 dollars on the 20th.
    """
    meet(workspace, {"external_id": "ann", "joined_on": may(4)}, {"external_id": "bob", "joined_on": may(20)})
    put(workspace, "rate", worth("a", "USD", "0.8", may(4)), worth("b", "USD", "0.625", may(20)))
    put(workspace, "order", sold("o1", "100", may(4), "ann"), sold("o2", "100", may(4), "ann", currency="USD"))
    put(workspace, "order", sold("o3", "200", may(20), "bob", currency="USD", cost="80"))
    put(workspace, "refund", back("r1", "o1", "20", may(20)))
    put(workspace, "cost", spent("k1", "MEDIA", "60", may(4), may(7)), _dollars("k2"))
    return workspace


def _dollars(name):
    return spent(name, "SERVICE", "40", may(20), may(27), currency="USD")


MONEY = ["REVENUE", "AVERAGE_ORDER_VALUE", "CAC", "COST_TO_SERVE"]


def money(people):
    return {key: value(people, key) for key in MONEY}


IN_EUROS = {
    "REVENUE": 80 + 80 + 125,  # 100 − 20; 100 × 0.8; 200 × 0.625
    "AVERAGE_ORDER_VALUE": 95,
    "CAC": 30,  # 60 for two
    "COST_TO_SERVE": 12.5,  # 40 × 0.625 for two
}
IN_DOLLARS = {
    "REVENUE": 100 + 100 + 200,  # 80 ÷ 0.8
    "AVERAGE_ORDER_VALUE": pytest.approx(400 / 3),
    "CAC": 37.5,  # 60 ÷ 0.8 for two
    "COST_TO_SERVE": 20,
}


@pytest.mark.slow
def test_another_currency_is_prepared_and_then_right(traded, database):
    assert money(traded) == IN_EUROS
    assert change(traded, currency="USD") == "UPDATED"
    assert money(traded) == dict.fromkeys(MONEY, "PREPARING")
    assert value(traded, "NEW_CUSTOMERS") == 2  # which is no money
    assert work(traded)
    assert money(traded) == IN_DOLLARS
    assert ask(traded, "REVENUE").figure.flags == ()
    assert ask(traded, "REVENUE").currency == "USD"
    assert sorted(row["value"] for row in stored.rows(database, "buyer", traded.id)) == [20_000, 20_000]
    assert_a_rebuild_changes_nothing(database, traded)
    assert money(traded) == IN_DOLLARS


@pytest.mark.slow
def test_there_and_back_again_nothing_has_changed(traded, database):
    before = cells(database, traded)
    facts = {name: _derived(database, traded, name) for name in ("customer_order", "refund", "cost", "buyer")}
    for currency in ("USD", "JPY", "EUR"):
        change(traded, currency=currency)
        work(traded)
    assert cells(database, traded) == before
    assert {name: _derived(database, traded, name) for name in facts} == facts
    assert money(traded) == IN_EUROS


def _derived(database, people, table):
    names = ("external_id", "customer_id", "gross", "net", "outlay", "value", "refunded", "orders")
    rows = stored.rows(database, table, people.id)
    return sorted(repr({name: row[name] for name in names if name in row}) for row in rows)


def test_a_currency_without_rates_has_nothing_to_say(traded):
    change(traded, currency="JPY")
    work(traded)
    assert money(traded) == dict.fromkeys(MONEY, "MISSING_FX")
    # of the 4th the rate of the euro, of the 20th that of the dollar; the dollar of the 4th is missing still
    put(traded, "rate", worth("c", "EUR", "160", may(4)), worth("d", "USD", "100", may(20)))
    assert money(traded) == {
        "REVENUE": "MISSING_FX",
        "AVERAGE_ORDER_VALUE": "MISSING_FX",
        "CAC": 4800,
        "COST_TO_SERVE": 2000,
    }
    put(traded, "rate", worth("e", "USD", "128", may(4)))
    assert value(traded, "REVENUE") == 80 * 160 + 100 * 128 + 200 * 100


@pytest.mark.slow
def test_what_is_written_while_another_currency_is_prepared_is_in_it(traded, database):
    change(traded, currency="USD")
    traded.write(rebuild.step, 2)
    put(traded, "order", sold("o4", "8", may(4), "ann"), sold("o5", "5", may(20), currency="USD"))
    traded.write(rebuild.step, 1)
    put(traded, "refund", back("r2", "o3", "50", may(20)))
    put(traded, "cost", spent("k3", "MEDIA", "80", may(4), may(8)))
    traded.write(rebuild.step, 2)
    put(traded, "order", sold("o1", "120", may(4), "ann"))
    put(traded, "rate", worth("a", "USD", "0.5", may(4), to="EUR"))
    change(traded, currency="USD", rate_carry_days=3)  # and it begins again
    finish_rebuild(traded)
    # (120 − 20) ÷ 0.5 + 100 + (200 − 50) + 8 ÷ 0.5 + 5
    assert value(traded, "REVENUE") == 200 + 100 + 150 + 16 + 5
    assert value(traded, "CAC") == (60 + 80) / 0.5 / 2
    assert_a_rebuild_changes_nothing(database, traded)


def test_the_days_that_a_rate_is_carried_are_counted_anew(traded):
    put(traded, "order", sold("o4", "10", may(6), currency="USD"))
    assert value(traded, "REVENUE") == "MISSING_FX"
    change(traded, rate_carry_days=2)
    assert value(traded, "REVENUE") == "PREPARING"
    work(traded)
    assert value(traded, "REVENUE") == IN_EUROS["REVENUE"] + 8
    change(traded, rate_carry_days=1)
    work(traded)
    assert value(traded, "REVENUE") == "MISSING_FX"


def test_a_window_of_days_is_held_against_second_purchases_anew(workspace, database):
    march = Span(date(2026, 3, 1), date(2026, 4, 1))
    put(workspace, "order", sold("a1", "1", date(2026, 3, 1), "ann"), sold("a2", "1", date(2026, 3, 31), "ann"))
    put(workspace, "order", sold("b1", "1", date(2026, 3, 2), "bob"), sold("b2", "1", date(2026, 5, 31), "bob"))
    put(workspace, "order", sold("c1", "1", date(2026, 3, 3), "cy"), sold("c2", "1", date(2026, 6, 2), "cy"))
    put(workspace, "order", sold("d1", "1", date(2026, 3, 4), "di"))
    # they came back after 30, 90 and 91 days, and never
    for days, percent in ((90, 50), (89, 25), (30, 25), (29, 0), (91, 75)):
        change(workspace, repeat_window_days=days)
        work(workspace)
        assert value(workspace, "REPEAT_PURCHASE_RATE", march, "cohort") == percent
    assert_a_rebuild_changes_nothing(database, workspace)


def test_weeks_that_begin_on_another_day_have_other_people_in_them(workspace, database):
    """Ann buys on Sunday and Monday: two in one week where it begins on Sunday."""
    put(workspace, "order", sold("a1", "1", may(10), "ann"), sold("a2", "1", may(11), "ann"))
    weeks = Span(may(3), may(18))

    def rates():
        figures = ask(workspace, "REPEAT_PURCHASE_RATE", weeks, grain=Grain.WEEK).figures[""]
        return [figure.value for figure in figures]

    assert rates() == [None, 0, 0]
    change(workspace, first_weekday=7)
    work(workspace)
    assert rates() == [None, 100, None]
    assert_a_rebuild_changes_nothing(database, workspace)


def test_what_no_rollup_rests_on_is_set_at_once(traded, database):
    jobs = len(stored.rows(database, "job"))
    said = {"name": "Shop", "locale": "zh-CN", "small_cell_k": 9}
    assert change(traded, **said, expected_lifespan_months=24, lifespan_cap_months=60) == "UPDATED"
    assert money(traded) == IN_EUROS
    assert len(stored.rows(database, "job")) <= jobs + 1  # the change itself is to be numbered
    (row,) = stored.rows(database, "workspace", traded.id)
    assert {name: row[name] for name in said} == said
    assert change(traded, lifespan_cap_months=None) == "UPDATED"
    (row,) = stored.rows(database, "workspace", traded.id)
    assert (row["expected_lifespan_months"], row["lifespan_cap_months"]) == (24, None)


def test_the_same_again_is_unchanged_and_begins_nothing(traded, database):
    while work(traded):
        pass
    before = stored.everything(database)
    assert change(traded, currency="EUR", rate_carry_days=0, name="Workshop", repeat_window_days=90) == "UNCHANGED"
    assert change(traded) == "UNCHANGED"
    assert stored.everything(database) == before


@pytest.mark.some(3)
@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"currency": "EURO"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": None}, "currency"),
        ({"time_zone": "Asia/Tokyo"}, "timeZone"),
        ({"name": ""}, "name"),
        ({"locale": "klingon"}, "locale"),
        ({"first_weekday": 0}, "firstWeekday"),
        ({"first_weekday": 8}, "firstWeekday"),
        ({"fiscal_year_start": 13}, "fiscalYearStart"),
        ({"small_cell_k": 0}, "smallCellK"),
        ({"repeat_window_days": 0}, "repeatWindowDays"),
        ({"rate_carry_days": -1}, "rateCarryDays"),
        ({"rate_carry_days": 32}, "rateCarryDays"),
        ({"expected_lifespan_months": 0}, "expectedLifespanMonths"),
        ({"lifespan_cap_months": 0}, "lifespanCapMonths"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_is_stored(traded, database, said, path):
    before = stored.everything(database)
    with pytest.raises(Invalid) as refused:
        change(traded, name="Other", **said) if "name" not in said else change(traded, **said)
    assert [problem.path for problem in refused.value.problems] == [(path,)]
    assert stored.everything(database) == before


def test_settings_are_for_administrators(workspace):
    for actor in (workspace.alice, workspace.bob, workspace.actor(set(Scope) - {Scope.WORKSPACE_ADMIN})):
        with pytest.raises(Forbidden):
            workspace.write(workspaces.update, {"name": "Mine"}, by=actor)


def test_more_facts_than_are_priced_at_once_wait_for_the_worker(workspace, database, monkeypatch):
    monkeypatch.setattr(pricing, "AT_ONCE", 3)
    put(workspace, "order", *(sold(f"o{n}", "10", may(4), "ann", currency="USD") for n in range(8)))
    put(workspace, "cost", *(_dollars(f"k{n}") for n in range(3)))
    while work(workspace):
        pass
    put(workspace, "rate", worth("a", "USD", "0.5", may(4)), worth("b", "USD", "0.25", may(20)))
    assert value(workspace, "REVENUE") == "MISSING_FX"
    put(workspace, "rate", worth("a", "USD", "0.6", may(4)))  # mended before the rest was priced
    while work(workspace):
        pass
    assert value(workspace, "REVENUE") == 8 * 6
    assert [row["value"] for row in stored.rows(database, "buyer", workspace.id)] == [4800]
    assert {row["value"] for row in stored.rows(database, "cost", workspace.id)} == {1000}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_old_measures_answer_while_they_are_filled_anew(traded):
    traded.write(rebuild.start, ["order"])
    figure = ask(traded, "REVENUE", MAY).figure
    assert (figure.value, figure.flags) == (IN_EUROS["REVENUE"], (KpiFlag.REBUILDING,))
