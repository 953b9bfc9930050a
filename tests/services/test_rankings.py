"""Who brought most and which channel: tables of customers and of channels, counted by hand."""

from datetime import date

import pytest
from trading import MAY, back, may, meet, met, put, sold, spent, value, worth

from app.errors import Forbidden, Invalid
from app.kpis.dimension import Dimension
from app.services import channel_effectiveness, top_customers
from app.services.attribution import Attribution
from app.services.channel_effectiveness import METRICS
from app.services.period import Span
from app.services.slices import Filter
from app.services.top_customers import CustomerValue


def ranking(people, by=CustomerValue.REVENUE, first=10, filters=(), period=MAY):
    return people.read(top_customers.ranking, period, by, first, filters)


def told(people, *args, **kwargs):
    """The places: revenue, margin, orders, share."""
    return [(one.revenue, one.margin, one.orders, one.share) for one in ranking(people, *args, **kwargs).ranks]


@pytest.fixture
def bought(workspace):
    """Ann brought 100 and 60, Bob 90, Cy 50 of 70; somebody unknown 1000."""
    put(workspace, "order", sold("a1", 100, may(4), "ann", cost="90", channel="web"), sold("a2", 60, may(5), "ann"))
    put(workspace, "order", sold("b1", 90, may(6), "bob", cost="10"), sold("c1", 70, may(7), "cy"))
    put(workspace, "order", sold("x", 1000, may(8)), sold("d1", 500, may(9), "di", status="PENDING"))
    put(workspace, "refund", back("r1", "c1", 20, date(2026, 6, 7)))
    return workspace


def test_who_brought_most(bought):
    assert told(bought) == [(160, 10, 2, 160 / 300), (90, 80, 1, 0.3), (50, None, 1, 50 / 300)]
    assert told(bought, CustomerValue.MARGIN) == [
        (90, 80, 1, 80 / 90),
        (160, 10, 2, 10 / 90),
        (50, None, 1, None),  # nobody knows
    ]
    assert [row[2:] for row in told(bought, CustomerValue.ORDERS)] == [(2, 0.5), (1, 0.25), (1, 0.25)]
    found = ranking(bought, first=1)
    assert ([one.place for one in found.ranks], found.total, found.currency) == ([1], 3, "EUR")
    assert ranking(bought, first=0).ranks == []


def test_who_brought_most_of_some_orders(bought):
    web = (Filter(Dimension.CHANNEL, ("web",)),)
    assert told(bought, filters=web) == [(100, 10, 1, 1)]
    elsewhere = (Filter(Dimension.CHANNEL, None, ("web",)),)
    assert [row[0] for row in told(bought, filters=elsewhere)] == [90, 60, 50]
    assert told(bought, period=Span(may(6), may(7))) == [(90, 80, 1, 1)]


def test_whose_revenue_is_not_known_comes_last(bought):
    put(bought, "order", sold("a3", 1, may(9), "ann", currency="USD"))
    assert told(bought) == [(90, 80, 1, 90 / 140), (50, None, 1, 50 / 140), (None, None, 3, None)]
    put(bought, "rate", worth("x", "USD", "0.5", may(9)))
    assert told(bought)[0][0] == 160.5


def test_who_was_refunded_whole_bought_nothing(bought):
    put(bought, "refund", back("r2", "b1", 90, may(20)))
    found = ranking(bought)
    assert (len(found.ranks), found.total) == (2, 2)
    assert sum(float(one.revenue) for one in found.ranks) <= value(bought, "REVENUE")


@pytest.mark.parametrize("first", [-1, 501])
def test_so_many_places_there_are_not(bought, first):
    with pytest.raises(Invalid) as refused:
        ranking(bought, first=first)
    assert [problem.path for problem in refused.value.problems] == [("first",)]


def test_tables_are_for_those_who_may_see_kpis(bought):
    nobody = bought.actor(())
    with pytest.raises(Forbidden):
        bought.read(top_customers.ranking, MAY, CustomerValue.ORDERS, 1, by=nobody)
    with pytest.raises(Forbidden):
        bought.read(channel_effectiveness.effects, MAY, Attribution.LINEAR, by=nobody)


# channels


def effects(people, rule=Attribution.FIRST_TOUCH, period=MAY):
    """Value or reason of each metric, by channel."""
    found = people.read(channel_effectiveness.effects, period, rule)
    return {
        row.channel.key if row.channel else "": {
            name: figure.reason.value if figure.reason else figure.value for name, figure in row.figures.items()
        }
        for row in found.rows
    }


def column(people, name, *args):
    return {key: row[name] for key, row in effects(people, *args).items()}


@pytest.fixture
def won(workspace):
    """In May Ann is won by web, shop and mail, Bob is recorded to have come through ads, nobody knows about Cy.

    Ann buys for 90, Bob for 40, Cy for 7 in May; Ann for 10 more in June.
    """
    put(
        workspace,
        "touchpoint",
        *(met(f"a {key}", "ann", key, may(day)) for key, day in (("web", 1), ("shop", 8), ("mail", 15))),
    )
    meet(
        workspace,
        {"external_id": "ann", "joined_on": may(15)},
        {"external_id": "bob", "joined_on": may(16), "acquisition_channel": "ads"},
        {"external_id": "cy", "joined_on": may(17)},
    )
    put(
        workspace, "order", sold("a1", 90, may(20), "ann"), sold("b1", 40, may(20), "bob"), sold("c1", 7, may(20), "cy")
    )
    put(workspace, "order", sold("a2", 10, date(2026, 6, 2), "ann"))
    put(workspace, "cost", spent("k1", "MEDIA", 30, may(1), may(31), channel="web"))
    put(
        workspace,
        "cost",
        spent("k2", "SALES", 20, may(1), may(31), channel="ads"),
        spent("k3", "TOOLS", 5, may(1), may(2)),
    )
    return workspace


def test_the_first_touch_has_it_all(won):
    found = effects(won)
    assert {key: (row["spend"], row["customers"], row["revenue"]) for key, row in found.items()} == {
        "web": (30, 1, 90),
        "shop": (0, 0, 0),
        "mail": (0, 0, 0),
        "ads": (20, 1, 40),
        "": (5, 1, 7),
    }
    unknown = dict.fromkeys(("csat", "nps", "leads", "conversion", "response_time"))
    assert found["web"] | unknown == unknown | {
        "spend": 30,
        "customers": 1,
        "cac": 30,
        "revenue": 90,
        "clv": 100,  # with what she bought in June
        "ltv_cac": pytest.approx(100 / 30),
        "return_on_spend": 3,
    }
    assert set(found["web"]) == set(METRICS)
    assert found["shop"]["cac"] == found["shop"]["clv"] == found["shop"]["return_on_spend"] == "ZERO_DENOMINATOR"


@pytest.mark.some(2)
@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        (Attribution.FIRST_TOUCH, (1, 0, 0)),
        (Attribution.LAST_TOUCH, (0, 0, 1)),
        (Attribution.LINEAR, (1 / 3, 1 / 3, 1 / 3)),
        (Attribution.POSITION, (0.4, 0.2, 0.4)),
        (Attribution.TIME_DECAY, (1 / 7, 2 / 7, 4 / 7)),
    ],
)
def test_every_rule_shares_the_same_customers_and_the_same_revenue(won, rule, parts):
    web, shop, mail = parts
    expected = {"web": web, "shop": shop, "mail": mail, "ads": 1, "": 1}
    assert column(won, "customers", rule) == pytest.approx(expected, abs=1e-6)
    expected = {"web": 90 * web, "shop": 90 * shop, "mail": 90 * mail, "ads": 40, "": 7}
    assert column(won, "revenue", rule) == pytest.approx(expected, abs=1e-4)
    assert sum(column(won, "customers", rule).values()) == pytest.approx(value(won, "NEW_CUSTOMERS"))
    assert sum(column(won, "revenue", rule).values()) == pytest.approx(value(won, "REVENUE"))
    assert sum(column(won, "spend", rule).values()) == 55


def test_whoever_has_touchpoints_is_theirs_and_not_the_recorded_channel_s(won):
    put(won, "touchpoint", met("b shop", "bob", "shop", may(2)))
    assert column(won, "customers") == {"web": 1, "shop": 1, "mail": 0, "ads": 0, "": 1}
    assert column(won, "revenue") == {"web": 90, "shop": 40, "mail": 0, "ads": 0, "": 7}


def test_revenue_of_the_period_is_credited_whenever_its_customers_were_won(won):
    june = Span(date(2026, 6, 1), date(2026, 7, 1))
    assert column(won, "revenue", Attribution.FIRST_TOUCH, june)["web"] == 10
    assert column(won, "customers", Attribution.FIRST_TOUCH, june)["web"] == 0


def test_whoever_is_to_join_later_is_not_won_yet(won):
    """It is the 15th of June, and Di is to join on the 25th."""
    june = Span(date(2026, 6, 1), date(2026, 7, 1))
    put(won, "touchpoint", met("d web", "di", "web", date(2026, 6, 2)))
    meet(won, {"external_id": "di", "joined_on": date(2026, 6, 25), "acquisition_channel": "ads"})
    assert value(won, "NEW_CUSTOMERS", june) == 0
    assert column(won, "customers", Attribution.FIRST_TOUCH, june) == {"web": 0, "shop": 0, "mail": 0, "ads": 0, "": 0}


def test_test_customers_are_nobody_s(won):
    meet(won, {"external_id": "ann", "is_test": True})
    assert column(won, "customers") == {"web": 0, "shop": 0, "mail": 0, "ads": 1, "": 1}
    assert column(won, "revenue") == {"web": 0, "shop": 0, "mail": 0, "ads": 40, "": 7}


def test_a_missing_rate_hurts_the_channels_that_it_concerns(won):
    put(won, "order", sold("b2", 1, may(21), "bob", currency="USD"))
    assert column(won, "revenue") == {"web": 90, "shop": 0, "mail": 0, "ads": "MISSING_FX", "": 7}
    put(won, "order", sold("a3", 1, may(21), "ann", currency="USD"))
    found = column(won, "revenue", Attribution.LINEAR)
    assert {key for key, one in found.items() if one == "MISSING_FX"} >= {"web", "shop", "mail", "ads"}
    put(won, "rate", worth("x", "USD", "0.5", may(21)))
    assert column(won, "revenue") == {"web": 90.5, "shop": 0, "mail": 0, "ads": 40.5, "": 7}
