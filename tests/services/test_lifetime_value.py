"""What customers cost and are worth, by hand: costs day by day, acquisition, lifetimes, what serving takes."""

from datetime import date

import pytest
import stored
from trading import MAY, ask, back, may, meet, put, slices, sold, spent, take_back, value

from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.models.channel import ChannelMedium
from app.services import channel
from app.services import workspace as workspaces
from app.services.period import Grain, Span
from app.services.slices import Filter

YEAR = Span(date(2025, 1, 1), date(2026, 1, 1))
TEN_DAYS = Span(may(1), may(11))


def joined(people, count, day, **more):
    meet(people, *({"external_id": f"{day}-{n}", "joined_on": day, **more} for n in range(count)))


def settle(people, **settings):
    people.write(workspaces.update, settings)


# costs, day by day


def shares(database, people):
    """What each day's part of the costs is, in cents, in order."""
    rows = sorted(stored.rows(database, "accrual", people.id), key=lambda row: row["day"])
    return [row["value"] for row in rows]


@pytest.mark.parametrize(
    ("days", "parts"),
    [
        (1, [10_000]),
        (3, [3334, 3333, 3333]),  # 100.00 ÷ 3 = 33.33 and a cent, which the first day has
        (7, [1429] * 4 + [1428] * 3),  # 14.28 and four cents
        (31, [323] * 18 + [322] * 13),  # 3.22 and eighteen cents
    ],
)
def test_a_cost_accrues_to_the_cent_and_the_first_days_have_what_is_left(workspace, database, days, parts):
    put(workspace, "cost", spent("k1", "MEDIA", "100", may(1), may(1).replace(day=1 + days) if days < 31 else MAY.end))
    assert shares(database, workspace) == parts
    assert sum(parts) == 10_000
    joined(workspace, 1, may(1))
    daily = ask(workspace, "CAC", Span(may(1), may(2)), grain=Grain.DAY).figure
    assert daily.value == parts[0] / 100
    assert value(workspace, "CAC") == 100
    assert value(workspace, "CAC", Span(date(2026, 4, 1), may(2))) == parts[0] / 100


def test_a_cost_is_split_after_it_is_converted(workspace, database):
    put(workspace, "rate", {"external_id": "x", "from_": "JPY", "rate": "0.0061", "date": may(1)})
    put(workspace, "cost", spent("k1", "MEDIA", "1000", may(1), may(4), currency="JPY"))
    assert shares(database, workspace) == [204, 203, 203]  # 6.10 €


def test_a_cost_of_less_than_a_cent_a_day_is_spent_on_the_first_days(workspace, database):
    put(workspace, "cost", spent("k1", "MEDIA", "0.02", may(1), may(5)))
    assert shares(database, workspace) == [1, 1, 0, 0]


# acquisition


def test_golden_thirty_and_twenty_thousand_over_a_hundred_customers(workspace):
    joined(workspace, 100, may(20))
    put(workspace, "cost", spent("k1", "MEDIA", "30000", may(1), MAY.end))
    put(workspace, "cost", spent("k2", "SALARIES", "20000", may(1), MAY.end))
    figure = ask(workspace, "CAC").figure
    assert (figure.value, figure.numerator, figure.denominator) == (500, 50_000, 100)


def test_seven_categories_win_customers_two_serve_them_and_one_counts_nowhere(workspace):
    winning = ["MARKETING", "SALES", "MEDIA", "SALARIES", "TOOLS", "AGENCIES", "INCENTIVES"]
    others = ["SERVICE", "RETENTION", "OTHER"]
    joined(workspace, 1, may(1))
    for place, category in enumerate(winning + others):
        put(workspace, "cost", spent(category, category, str(2**place), may(1), may(2)))
    assert value(workspace, "CAC") == 1 + 2 + 4 + 8 + 16 + 32 + 64
    assert value(workspace, "COST_TO_SERVE") == 128 + 256
    figure = ask(workspace, "CAC", variant="paid").figure
    assert (figure.numerator, figure.denominator) == (4, 0)


@pytest.mark.some(4)
@pytest.mark.parametrize("medium", list(ChannelMedium))
def test_paid_acquisition_is_media_over_those_who_came_through_a_paid_channel(workspace, medium):
    workspace.write(channel.upsert, {"external_id": "ads", "name": "Ads", "medium": medium})
    joined(workspace, 4, may(4), acquisition_channel="ads")
    joined(workspace, 5, may(5))
    put(workspace, "cost", spent("k1", "MEDIA", "80", may(1), may(5)), spent("k2", "TOOLS", "10", may(1), may(5)))
    is_paid = medium in ("PAID_SEARCH", "DISPLAY", "AFFILIATE")
    assert value(workspace, "CAC", variant="paid") == (20 if is_paid else "ZERO_DENOMINATOR")
    assert value(workspace, "CAC") == 10


def test_a_channel_costs_what_was_spent_on_it_over_those_who_came_through_it(workspace):
    joined(workspace, 2, may(4), acquisition_channel="ads")
    joined(workspace, 5, may(5), acquisition_channel="fair")
    joined(workspace, 3, may(6))
    put(workspace, "cost", spent("k1", "MEDIA", "80", may(1), may(5), channel="ads"))
    put(workspace, "cost", spent("k2", "MEDIA", "60", may(1), may(5)))
    put(workspace, "cost", spent("k3", "SERVICE", "500", may(1), may(5), channel="fair"))
    assert slices(workspace, "CAC", Dimension.ACQUISITION_CHANNEL) == {"ads": 40, "fair": 0, "": 20}
    ads = (Filter(Dimension.ACQUISITION_CHANNEL, ("ads",)),)
    assert value(workspace, "CAC", filters=ads) == 40


def test_what_was_spent_on_test_customers_counts_nothing(workspace):
    meet(workspace, {"external_id": "tester", "is_test": True}, {"external_id": "ann", "joined_on": may(4)})
    put(workspace, "cost", spent("k1", "MEDIA", "80", may(1), may(5)))
    put(workspace, "cost", spent("k2", "MEDIA", "1000", may(1), may(5), customer="tester"))
    put(workspace, "cost", spent("k3", "MEDIA", "20", may(1), may(5), customer="ann"))
    assert value(workspace, "CAC") == 100
    meet(workspace, {"external_id": "tester", "is_test": False})
    assert value(workspace, "CAC") == 1100
    meet(workspace, {"external_id": "tester", "is_test": True})
    assert value(workspace, "CAC") == 100


def test_acquisition_needs_costs_and_customers(workspace):
    put(workspace, "cost", spent("k1", "MEDIA", "80", may(1), may(5)))
    assert value(workspace, "CAC") == "INPUT_NOT_CONFIGURED"
    joined(workspace, 1, date(2026, 4, 4))
    assert value(workspace, "CAC") == "ZERO_DENOMINATOR"
    joined(workspace, 1, may(4))
    assert value(workspace, "CAC") == 80
    take_back(workspace, "cost", "k1")
    assert value(workspace, "CAC") in (0, "INPUT_NOT_CONFIGURED")


def test_what_serving_takes_is_over_those_who_are_there_at_the_end(workspace):
    joined(workspace, 3, date(2026, 1, 4))
    joined(workspace, 1, may(30))
    meet(workspace, {"external_id": "gone", "joined_on": date(2026, 1, 4), "churned_on": may(20)})
    put(
        workspace,
        "cost",
        spent("k1", "SERVICE", "310", may(1), MAY.end),
        spent("k2", "RETENTION", "90", may(1), MAY.end),
    )
    assert value(workspace, "COST_TO_SERVE") == 100
    # ten days of 10.00, and of 2.91: 90.00 over 31 days leaves ten cents, which the first ten days have
    assert value(workspace, "COST_TO_SERVE", TEN_DAYS) == (100 + 29.1) / 4


# lifetime value


def three_a_year(people, *, lost=0):
    """Three customers of 2025 who each buy six times for 80 euros; so many of them leave in the year."""
    for who in range(3):
        left = {"churned_on": date(2025, 12, 31)} if who < lost else {}
        meet(people, {"external_id": f"c{who}", "joined_on": date(2024, 6, 1), **left})
        put(people, "order", *(sold(f"o{who}-{n}", "80", date(2025, 1 + 2 * n, 5), f"c{who}") for n in range(6)))


def test_golden_eighty_times_six_times_three(workspace):
    three_a_year(workspace, lost=1)
    assert value(workspace, "CLV", YEAR) == 1440  # one of three leaves in a year: three years
    assert ask(workspace, "CLV", YEAR).figure.numerator is None


def test_golden_a_hundred_a_month_and_five_percent(workspace):
    """20 customers, of whom one leaves in May; ten of them buy for 100 each."""
    joined(workspace, 19, date(2026, 1, 4))
    meet(workspace, {"external_id": "gone", "joined_on": date(2026, 1, 4), "churned_on": may(20)})
    put(workspace, "order", *(sold(f"o{n}", "100", may(4), f"2026-01-04-{n}") for n in range(10)))
    assert value(workspace, "CHURN_RATE") == 5
    assert value(workspace, "CLV", variant="retention") == 2000


def test_without_departures_a_lifetime_has_no_bound_but_a_cap(workspace):
    three_a_year(workspace)
    for variant in ("simple", "retention"):
        assert value(workspace, "CLV", YEAR, variant) == "UNBOUNDED"
    settle(workspace, lifespan_cap_months=60)
    assert value(workspace, "CLV", YEAR) == 80 * 6 * 5
    assert value(workspace, "CLV", YEAR, "retention") == 480 * 5  # 480 a year, five years
    settle(workspace, lifespan_cap_months=6)
    assert value(workspace, "CLV", YEAR) == 80 * 6 / 2


def test_a_cap_bounds_what_churn_says_and_what_is_expected_goes_before_both(workspace):
    three_a_year(workspace, lost=1)
    settle(workspace, lifespan_cap_months=24)
    assert value(workspace, "CLV", YEAR) == 80 * 6 * 2
    assert value(workspace, "CLV", YEAR, "retention") == 480 * 2
    settle(workspace, lifespan_cap_months=48)
    assert value(workspace, "CLV", YEAR) == 1440
    settle(workspace, expected_lifespan_months=18)
    assert value(workspace, "CLV", YEAR) == 80 * 6 * 1.5
    assert value(workspace, "CLV", YEAR, "retention") == 1440  # which knows no expectation


def test_with_nobody_at_the_start_there_is_nothing_to_divide_by(workspace):
    put(workspace, "order", sold("o1", "80", may(4), "ann"))
    assert value(workspace, "CLV") == "INPUT_NOT_CONFIGURED"  # nobody is known to be a customer
    joined(workspace, 1, may(4))
    for cap in (None, 60):
        settle(workspace, lifespan_cap_months=cap)
        assert value(workspace, "CLV") == "ZERO_DENOMINATOR"
        assert value(workspace, "CLV", variant="retention") == "ZERO_DENOMINATOR"
    settle(workspace, expected_lifespan_months=24)
    assert value(workspace, "CLV") == 80 * 12 * 2  # one order in a twelfth of a year


def test_days_that_are_no_months_are_parts_of_a_year_of_365(workspace):
    put(workspace, "order", sold("o1", "80", may(4), "ann"))
    settle(workspace, expected_lifespan_months=12)
    assert value(workspace, "CLV", TEN_DAYS) == pytest.approx(80 * 36.5)


def test_anonymous_orders_are_part_of_what_an_order_is_worth_and_of_nothing_else(workspace):
    settle(workspace, expected_lifespan_months=12)
    put(workspace, "order", sold("o1", "100", may(4), "ann"), sold("o2", "50", may(4)))
    assert value(workspace, "CLV") == 75 * 12  # 150 ÷ 2 an order, one order a buyer and month
    assert value(workspace, "CLV", variant="historic") == 100


def test_revenue_to_date_is_that_of_all_who_ever_bought(workspace):
    put(workspace, "order", sold("o1", "100", date(2024, 3, 4), "ann"), sold("o2", "60", may(4), "bob"))
    put(workspace, "order", sold("o3", "44", date(2026, 6, 4), "cy"))
    put(workspace, "refund", back("r1", "o1", "20", date(2026, 6, 5)))
    assert value(workspace, "CLV", variant="historic") == 70  # (80 + 60) ÷ 2
    assert value(workspace, "CLV", Span(date(2024, 1, 1), date(2024, 2, 1)), "historic") != 70


def test_margin_is_of_the_orders_that_carry_a_cost(workspace):
    settle(workspace, expected_lifespan_months=12)
    put(workspace, "order", sold("o1", "100", may(4), "ann", cost="40"), sold("o2", "50", may(5), "ann"))
    # (100 − 40) ÷ 1 an order with a cost × 2 orders × 12 months × 1 year
    assert value(workspace, "CLV", variant="simple_margin") == 60 * 2 * 12
    assert value(workspace, "CLV", variant="historic_margin") == 120
    put(workspace, "refund", back("r1", "o1", "30", may(9)))
    assert value(workspace, "CLV", variant="historic_margin") == 60


def test_value_is_cut_by_what_customers_are(workspace):
    meet(workspace, {"external_id": "ann", "region": "north"}, {"external_id": "bob", "region": "south"})
    put(workspace, "order", sold("o1", "100", may(4), "ann", channel="web"), sold("o2", "50", may(4), "bob"))
    settle(workspace, expected_lifespan_months=12)
    assert slices(workspace, "CLV", Dimension.REGION) == {"north": 1200, "south": 600}
    assert slices(workspace, "CLV", Dimension.REGION, "historic") == {"north": 100, "south": 50}
    for dimension in (Dimension.CHANNEL, Dimension.PRODUCT, Dimension.STAFF):
        with pytest.raises(Invalid, match="cannot be cut"):
            ask(workspace, "CLV", by=dimension)


# what a customer is worth over what it costs


def test_value_over_cost_and_the_months_until_it_is_earned(workspace):
    three_a_year(workspace, lost=1)
    joined(workspace, 2, date(2025, 3, 1))
    put(workspace, "cost", spent("k1", "MEDIA", "960", YEAR.start, YEAR.end))
    assert value(workspace, "CAC", YEAR) == 480
    assert value(workspace, "LTV_CAC_RATIO", YEAR) == 3
    assert value(workspace, "LTV_CAC_RATIO", YEAR, "historic") == 1  # 480 to date over 480
    assert value(workspace, "CAC_PAYBACK_MONTHS", YEAR) == 12  # 480 over 40 a month
    assert value(workspace, "LTV_CAC_RATIO", MAY) == "NO_DATA"
