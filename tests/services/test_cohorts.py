"""Cohort tables by hand: who stays, who buys again, what they bring, and what of it can be told on 15 June 2026."""

from datetime import date

import pytest
import stored
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from trading import assert_a_rebuild_changes_nothing, back, meet, put, slices, sold, take_back, worth

from app import migrate
from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.services import cohort_table, merge, rebuild, rollup
from app.services.cohort_count import CohortMeasure
from app.services.cohort_table import Wanted
from app.services.days import Last
from app.services.period import Grain, NamedPeriod, Span
from app.services.row import Ref
from app.services.slices import Filter

SPRING = Span(date(2026, 3, 1), date(2026, 6, 1))
LATER = "PERIOD_NOT_STARTED"


def draw(people, of, period=SPRING, months=4, *filters, by=None):
    (table,) = people.read(cohort_table.tables, [Wanted(CohortMeasure(of), period, months, filters)], by=by)
    if isinstance(table, Exception):
        raise table
    return table


def said(figure):
    return figure.reason.value if figure.reason else figure.numerator


def grid(people, of, *asked):
    """By cohort its size and what it comes to, month by month."""
    rows = draw(people, of, *asked).rows
    return {f"{row.span.start:%b}": (row.size, [said(cell.figure) for cell in row.cells]) for row in rows}


def so_far(people, *asked):
    rows = draw(people, "REVENUE", *asked).rows
    return {f"{row.span.start:%b}": [said(cell.so_far) for cell in row.cells] for row in rows}


@pytest.fixture
def told(workspace):
    """Three came in March, one of whom left and came back; one in April; two in May, one of whom leaves today."""
    stays = {
        "ann": [(3, 1, None)],
        "ben": [(3, 31, (4, 30)), (6, 2, None)],
        "cy": [(3, 9, (5, 1))],
        "di": [(4, 1, (5, 31))],
        "eve": [(5, 4, None)],
        "flo": [(5, 31, (6, 15))],
    }
    for who, times in stays.items():
        history = [{"from_": date(2026, month, day), "before": end and date(2026, *end)} for month, day, end in times]
        meet(workspace, {"external_id": who, "segment": "new" if who in ("ann", "di") else "old", "history": history})
    meet(workspace, {"external_id": "tester", "is_test": True, "joined_on": date(2026, 3, 3)})
    return workspace


def test_who_is_a_customer_at_the_end_of_each_month(told):
    assert grid(told, "CUSTOMERS") == {
        "Mar": (3, [3, 2, 1, 2]),  # who leaves on the first of a month is there at the end of the one before
        "Apr": (1, [1, 0, 0, LATER]),
        "May": (2, [2, 1, LATER, LATER]),
    }
    (march, *_, may) = draw(told, "CUSTOMERS").rows
    assert [cell.figure.value for cell in march.cells] == [100, pytest.approx(200 / 3), pytest.approx(100 / 3), 200 / 3]
    assert [cell.is_provisional for cell in march.cells] == [False, False, False, True]
    assert {flag for cell in march.cells for flag in cell.figure.flags} == {"LOW_SAMPLE"} == set(march.flags)
    assert not may.is_provisional


def test_together_parts_are_summed_and_then_divided_over_months_that_are_over(told):
    table = draw(told, "CUSTOMERS")
    found = [(one.figure.numerator, one.figure.denominator, one.figure.reason) for one in table.averages]
    assert found == [(6, 6, None), (2, 4, None), (1, 3, None), (0, 0, "NO_DATA")]
    assert [one.figure.value for one in table.averages] == [100, 50, pytest.approx(100 / 3), None]


def test_customers_are_chosen_by_what_they_were_when_they_came(told):
    meet(told, {"external_id": "ben", "segment": "new"})  # what he is now does not matter
    assert grid(told, "CUSTOMERS", SPRING, 3, Filter(Dimension.SEGMENT, ("new",))) == {
        "Mar": (1, [1, 1, 1]),
        "Apr": (1, [1, 0, 0]),
        "May": (0, ["NO_DATA", "NO_DATA", LATER]),
    }
    assert grid(told, "CUSTOMERS", SPRING, 1, Filter(Dimension.SEGMENT, None, ("new",)))["Mar"] == (2, [2])


def test_the_running_month_is_counted_up_to_today(told):
    meet(
        told,
        {"external_id": "gus", "joined_on": date(2026, 6, 15)},
        {"external_id": "hal", "joined_on": date(2026, 6, 16)},
    )
    table = draw(told, "CUSTOMERS", Last(1, Grain.MONTH), 2)
    assert [(row.size, row.is_provisional) for row in table.rows] == [(1, True)]
    assert [said(cell.figure) for cell in table.rows[0].cells] == [1, LATER]
    assert [one.figure.reason for one in table.averages] == ["NO_DATA", "NO_DATA"]


def test_an_earlier_first_time_moves_somebody_to_another_cohort(told, database):
    meet(told, {"external_id": "eve", "joined_on": date(2026, 4, 20), "churned_on": date(2026, 4, 25)})
    assert grid(told, "CUSTOMERS", SPRING, 2) == {
        "Mar": (3, [3, 2]),
        "Apr": (2, [1, 1]),
        "May": (1, [1, 0]),
    }
    told.write(merge.merge, Ref(external_id="eve"), Ref(external_id="cy"))
    assert grid(told, "CUSTOMERS", SPRING, 3)["Mar"] == (3, [3, 2, 2])
    assert_a_rebuild_changes_nothing(database, told)


# what people buy


@pytest.fixture
def shop(workspace):
    """Ann and Ben first buy in March, Cy in April; nobody knows who bought o9."""
    put(
        workspace,
        "order",
        sold("o1", "100", date(2026, 3, 2), "ann"),
        sold("o2", "40", date(2026, 5, 5), "ann"),
        sold("o3", "20", date(2026, 5, 6), "ann"),
        sold("o4", "60", date(2026, 3, 31), "ben"),
        sold("o5", "10", date(2026, 4, 1), "cy"),
        sold("o6", "30", date(2026, 6, 1), "cy"),
        sold("o9", "999", date(2026, 4, 1)),
    )
    return workspace


def test_who_buys_again_and_what_they_bring(shop):
    assert grid(shop, "BUYERS") == {
        "Mar": (2, [2, 0, 1, 0]),
        "Apr": (1, [1, 0, 1, LATER]),
        "May": (0, ["NO_DATA", "NO_DATA", LATER, LATER]),
    }
    assert grid(shop, "REVENUE")["Mar"] == (2, [160, 0, 60, 0])
    assert so_far(shop)["Mar"] == [160, 160, 220, 220]
    assert so_far(shop)["Apr"] == [10, 10, 40, LATER]
    (march, *_) = draw(shop, "REVENUE").rows
    assert [cell.figure.value for cell in march.cells] == [80, 0, 30, 0]
    assert [cell.so_far.value for cell in march.cells] == [80, 80, 110, 110]
    means = draw(shop, "REVENUE").averages
    assert [(one.figure.numerator, one.figure.denominator, one.so_far.numerator) for one in means] == [
        (170, 3, 170),
        (0, 3, 170),
        (60, 2, 220),  # of the cohort of April that month is not over
        (0, 0, 0),
    ]


def test_a_first_purchase_that_was_none_moves_what_came_after(shop, database):
    put(shop, "refund", back("r1", "o1", "100", date(2026, 6, 3)))  # given back whole: no purchase
    assert grid(shop, "REVENUE") == {
        "Mar": (1, [60, 0, 0, 0]),
        "Apr": (1, [10, 0, 30, LATER]),
        "May": (1, [60, 0, LATER, LATER]),
    }
    put(shop, "order", sold("o0", "5", date(2026, 4, 3), "ann"))  # told late
    assert grid(shop, "REVENUE", SPRING, 2)["Apr"] == (2, [15, 60])
    take_back(shop, "refund", "r1")
    assert grid(shop, "REVENUE", SPRING, 3)["Mar"] == (2, [160, 5, 60])
    take_back(shop, "order", "o1")
    put(shop, "order", sold("o4", "60", date(2026, 3, 31), "ben", status="CANCELLED"))
    assert grid(shop, "BUYERS", SPRING, 2) == {
        "Mar": (0, ["NO_DATA"] * 2),
        "Apr": (2, [2, 1]),
        "May": (0, ["NO_DATA"] * 2),
    }
    assert_a_rebuild_changes_nothing(database, shop)


def test_what_comes_in_order_is_counted_but_once(shop, database):
    put(shop, "order", sold("o10", "3", date(2026, 6, 2), "ann"), sold("o11", "4", date(2026, 6, 3), "new"))
    put(shop, "order", sold("o12", "5", date(2026, 6, 1), "late"), sold("o13", "5", date(2026, 5, 31), "late"))
    counted = [row["a0"] for row in stored.rows(database, "rollup_entry") if row["cube"] == "order"]
    assert counted
    assert min(counted) >= 0  # nothing was taken back


def test_refunds_follow_the_cohort_of_their_order(shop):
    put(shop, "refund", back("r1", "o2", "15", date(2026, 5, 20)))
    may = Span(date(2026, 5, 1), date(2026, 6, 1))
    by = Dimension.PURCHASE_COHORT
    assert slices(shop, "REVENUE", by, "refund_date", may) == {"2026-03": 45}
    put(shop, "order", sold("o0", "5", date(2026, 1, 3), "ann"))
    assert slices(shop, "REVENUE", by, "refund_date", may) == {"2026-01": 45}
    assert slices(shop, "REPEAT_PURCHASE_RATE", by, None, may) == {"2026-01": 100}


def test_people_who_buy_are_chosen_by_their_first_purchase(workspace):
    meet(workspace, {"external_id": "ann", "region": "north"}, {"external_id": "ben", "region": "south"})
    put(workspace, "order", sold("o1", "10", date(2026, 3, 2), "ann"), sold("o2", "20", date(2026, 3, 2), "ben"))
    meet(workspace, {"external_id": "ann", "region": "south"})
    put(workspace, "order", sold("o3", "7", date(2026, 4, 2), "ann"))
    north = Filter(Dimension.REGION, ("north",))
    assert grid(workspace, "REVENUE", SPRING, 2, north)["Mar"] == (1, [10, 7])
    assert grid(workspace, "BUYERS", SPRING, 2, north)["Mar"] == (1, [1, 1])


def test_without_a_rate_there_is_no_sum_from_then_on(shop):
    put(shop, "order", sold("o7", "9", date(2026, 4, 9), "ann", currency="USD"))
    assert grid(shop, "REVENUE")["Mar"] == (2, [160, "MISSING_FX", 60, 0])
    assert so_far(shop)["Mar"] == [160, "MISSING_FX", "MISSING_FX", "MISSING_FX"]
    assert [said(one.figure) for one in draw(shop, "REVENUE").averages] == [170, "MISSING_FX", 60, "NO_DATA"]
    north = Filter(Dimension.REGION, ("",))
    assert grid(shop, "REVENUE", SPRING, 4, north)["Mar"] == (2, [160, "MISSING_FX", 60, 0])
    put(shop, "rate", worth("x1", "USD", "2", date(2026, 4, 9)))
    shop.write(rebuild.start, ["order"])
    while shop.write(rebuild.step):
        pass
    assert grid(shop, "REVENUE")["Mar"] == (2, [160, 18, 60, 0])


# what is asked


def test_without_facts_there_is_nothing_to_say(workspace):
    assert grid(workspace, "CUSTOMERS", SPRING, 1) == dict.fromkeys(
        ("Mar", "Apr", "May"), (None, ["INPUT_NOT_CONFIGURED"])
    )
    put(workspace, "order", sold("o1", "1", date(2026, 3, 1)))
    assert grid(workspace, "REVENUE", SPRING, 1) == dict.fromkeys(("Mar", "Apr", "May"), (0, ["NO_DATA"]))


def test_of_all_time_whole_months_are_meant(shop):
    assert list(grid(shop, "BUYERS", NamedPeriod.ALL_TIME, 1)) == ["Mar", "Apr", "May", "Jun"]


@pytest.mark.parametrize(
    ("period", "months", "filters", "path"),
    [
        (Span(date(2026, 3, 2), date(2026, 5, 1)), 3, (), ("period",)),
        (NamedPeriod.TODAY, 3, (), ("period",)),
        (Span(date(2021, 1, 1), date(2026, 2, 1)), 3, (), ("period",)),  # 61 months
        (SPRING, 0, (), ("months",)),
        (SPRING, 61, (), ("months",)),
        (SPRING, 3, (Filter(Dimension.CHANNEL, ("",)),), ("filter", "0", "by")),
        (SPRING, 3, (Filter(Dimension.SEGMENT, ()),), ("filter", "0", "anyOf")),
        (SPRING, 3, (Filter(Dimension.COHORT, ("May",)),), ("filter", "0")),
    ],
)
def test_what_cannot_be_drawn_says_why(told, period, months, filters, path):
    with pytest.raises(Invalid) as refused:
        draw(told, "CUSTOMERS", period, months, *filters)
    assert [problem.path for problem in refused.value.problems] == [path]


def test_sixty_cohorts_may_be_followed_for_sixty_months(told):
    table = draw(told, "CUSTOMERS", Span(date(2021, 7, 1), date(2026, 7, 1)), 60)
    assert {len(row.cells) for row in table.rows} == {60} == {len(table.rows), len(table.averages)}
    assert sum(row.size for row in table.rows) == 6


def test_however_many_there_are_it_takes_as_many_statements(told, shop, database):
    counts = []

    def count(*_):
        counts[-1] += 1

    event.listen(told.door.db.reader, "before_cursor_execute", count)
    for of in ("CUSTOMERS", "BUYERS", "REVENUE"):
        for months in (1, 30):
            counts.append(0)
            draw(told, of, SPRING, months)
    event.remove(told.door.db.reader, "before_cursor_execute", count)
    assert counts[0::2] == counts[1::2]
    told.write(rollup.compact)
    before = grid(told, "CUSTOMERS"), grid(told, "REVENUE")
    assert before[1]["Mar"] == (2, [160, 0, 60, 0])


def test_customers_are_cut_by_the_month_in_which_they_came(told):
    may = Span(date(2026, 5, 1), date(2026, 6, 1))
    assert slices(told, "RETENTION_RATE", Dimension.COHORT, None, may) == {
        "2026-03": 50,
        "2026-04": 0,
        "2026-05": "ZERO_DENOMINATOR",
    }
    assert slices(told, "NEW_CUSTOMERS", Dimension.COHORT, None, may) == {"2026-05": 2}


def test_what_was_there_before_there_were_cohorts_has_them_too(told, shop, database):
    put(shop, "refund", back("r1", "o2", "15", date(2026, 5, 20)))
    meet(told, {"external_id": "eve", "joined_on": date(2026, 4, 20), "churned_on": date(2026, 4, 25)})

    def kept():
        rows = {name: stored.rows(database, name) for name in ("spell", "buyer", "customer_order", "refund")}
        in_force = {}
        for row in rows.pop("spell"):
            place = (row["customer_id"], row["starts_on"], row["ends_on"], row["cohort"])
            in_force[place] = in_force.get(place, 0) + row["sign"]
        found = {name: {row["id"]: row["cohort"] for row in some} for name, some in rows.items()}
        return found | {"spell": {place: sign for place, sign in in_force.items() if sign}}

    before = kept()
    (step,) = [one for one in ScriptDirectory.from_config(migrate._config()).walk_revisions() if one.revision == "0009"]
    told.door.db.dispose()
    engine = migrate.owner_engine(database)
    with engine.connect() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.downgrade(config, str(step.down_revision))
        command.upgrade(config, "head")
        assert connection.execute(text("SELECT count(*) FROM customer WHERE is_key_contact IS NULL")).scalar_one() == 0
        connection.commit()
    engine.dispose()
    assert kept() == before
