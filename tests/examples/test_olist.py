"""The Olist example against a real server: what the API answers is what the files say."""

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from olist_files import (
    DATA,
    FILES,
    LEADS,
    ZONE,
    Item,
    Lead,
    Order,
    Repeat,
    Review,
    Satisfied,
    Sold,
    all_leads,
    all_orders,
    all_reviews,
    asked_and_answered,
    by,
    cohorts,
    items,
    month,
    repeats,
    sales,
    satisfaction,
    sold,
)
from olist_questions import ANSWERS, COHORTS, FEEDBACK, MONEY, REPEATS, STORED
from olist_questions import LEADS as ASK_LEADS
from olist_server import ROOT, postgresql, serving, sqlite

Load = Callable[[Path, str, str], Any]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(FILES is None, reason="needs Olist's CSV files: name their folder in CUSTOGRAPH_OLIST_DATA"),
]

ROWS = {"channels": 1, "customers": 4991, "orders": 5000, "invitations": 4988, "feedback": 4988}
if LEADS is not None:
    ROWS |= {"channels": 11, "staff": 22, "leads": 8000}
SINCE = {"range": {"from": "2017-06-01", "before": "2018-12-01"}}
EVERYTHING = {"range": {"from": "2016-09-01", "before": "2018-11-01"}}
PERIODS = {
    "2017": ({"range": {"from": "2017-01-01", "before": "2018-01-01"}}, date(2017, 1, 1), date(2018, 1, 1)),
    "2018": ({"range": {"from": "2018-01-01", "before": "2019-01-01"}}, date(2018, 1, 1), date(2019, 1, 1)),
    "ever": ({"named": "ALL_TIME"}, date.min, date.max),
}
README = (ROOT / "examples" / "olist" / "README.md").read_text(encoding="utf-8")
STATUSES = {
    name: (status, int(count.replace(",", "")))
    for name, status, count in re.findall(r"\| `(\w+)` \| `([A-Z]+)` \| ([\d,]+) \|", README)
}


class Outcome(NamedTuple):
    """What the loader said of its two runs, and what the API answers after them."""

    first: Any
    second: Any
    feedback: dict[str, Any]
    answers: dict[str, Any]
    money: dict[str, Any]
    repeats: dict[str, dict[str, Any]]
    stored: list[dict[str, Any]]
    leads: dict[str, Any]
    cohorts: dict[str, Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, load: Load) -> Outcome:
    """Load twice into an empty workspace on each kind of database, and ask once."""
    folder = tmp_path_factory.mktemp("olist")
    database = postgresql() if request.param == "postgresql" else sqlite(folder)
    with database as url, serving(url, folder) as server:
        return Outcome(
            load(DATA, server.url, server.token),
            load(DATA, server.url, server.token),
            server.ask(FEEDBACK, period={"range": {"from": "2016-10-01", "before": "2018-11-01"}}),
            server.ask(ANSWERS, period=EVERYTHING),
            server.ask(MONEY, period=EVERYTHING),
            {name: server.ask(REPEATS, period=period) for name, (period, _, _) in PERIODS.items()},
            server.every(STORED),
            server.ask(ASK_LEADS, period=SINCE),
            server.ask(COHORTS, period=EVERYTHING),
        )


@pytest.fixture(scope="module")
def orders() -> list[Order]:
    """Read every order."""
    return all_orders()


@pytest.fixture(scope="module")
def sale(orders: list[Order]) -> list[Order]:
    """Read the orders that count."""
    return sales(orders)


@pytest.fixture(scope="module")
def answers(orders: list[Order]) -> list[Review]:
    """Read every review."""
    return all_reviews(orders)


def wilson(parts: Satisfied) -> tuple[float, float]:
    """Give the ends of Wilson's interval at 95 %, in percent."""
    z, n = 1.959963984540054, parts.answers
    p = parts.satisfied / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100 * (middle - half), 100 * (middle + half)


def check(figure: dict[str, Any], parts: Satisfied) -> None:
    """Compare one satisfaction of the API with counted parts: the parts, the value, the interval."""
    assert Satisfied(figure["numerator"], figure["denominator"]) == parts
    assert figure["sampleSize"] == parts.answers
    assert figure["value"] == pytest.approx(100 * parts.satisfied / parts.answers, rel=1e-12)
    assert figure["nullReason"] is None
    assert (figure["interval"]["low"], figure["interval"]["high"]) == pytest.approx(wilson(parts), abs=1e-5)


def check_money(revenue: dict[str, Any], average: dict[str, Any], parts: Sold) -> None:
    """Compare revenue and average order value of the API with sums: to the cent, and to the last order."""
    assert (Decimal(revenue["amount"]), revenue["nullReason"]) == (parts.revenue, None)
    assert revenue["value"] == float(parts.revenue)
    assert (average["denominator"], average["sampleSize"], average["nullReason"]) == (parts.orders, parts.orders, None)
    assert average["value"] == pytest.approx(float(Fraction(parts.revenue) / parts.orders), rel=1e-12)


def check_points(money: dict[str, Any], grain: str, expected: dict[str, Sold]) -> None:
    """Compare both series; where nothing was sold, revenue is a true 0, and an average has no value."""
    revenue, average = ({p["period"]["from"]: p for p in money[name][grain]} for name in ("revenue", "average"))
    assert list(revenue) == list(average)
    assert set(revenue) >= set(expected)
    for start in revenue:
        if start in expected:
            check_money(revenue[start], average[start], expected[start])
        else:
            assert (revenue[start]["value"], revenue[start]["amount"], revenue[start]["nullReason"]) == (
                0,
                "0.00",
                None,
            )
            assert (average[start]["value"], average[start]["nullReason"]) == (None, "NO_DATA")


def as_stored(order: Order, bought: list[Item]) -> dict[str, Any]:
    """Give what the API should say of an order."""
    products = {item.product for item in bought}
    adds_up = sum(item.amount for item in bought) == order.paid
    return {
        "externalId": order.id,
        "status": STATUSES[order.status][0],
        "currency": "BRL",
        "amount": str(order.paid),
        "refunded": "0.00",
        "product": min(products) if len(products) == 1 else None,
        "region": order.state,
        "occurredAt": f"{order.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "customer": {"externalIds": [{"externalId": order.person}]},
        "channel": {"name": "Olist marketplace"},
        "lines": [{"product": item.product, "quantity": "1", "amount": str(item.amount)} for item in bought if adds_up],
    }


def test_the_files_are_the_sample_that_the_readme_speaks_of(
    orders: list[Order], sale: list[Order], answers: list[Review]
) -> None:
    assert satisfaction(answers, lambda _: "all") == {"all": Satisfied(3901, 4988)}
    assert sold(sale, lambda _: "all") == {"all": Sold(Decimal("787713.85"), 4951)}
    bought = items()
    assert Counter(order.status for order in orders if not order.paid) == {"unavailable": 24, "canceled": 10}
    assert sum(order.paid != sum(item.amount for item in bought[order.id]) for order in orders) == 24
    # Months that are cut in UTC are others, so that a wrong zone would be noticed; and so would a wrong status.
    for events, cut in ((answers, satisfaction), (sale, sold)):
        assert cut([event._replace(at=event.at.astimezone(UTC)) for event in events], month) != cut(events, month)
    assert sold(orders, month) != sold(sale, month)


def test_the_readme_tells_what_becomes_of_each_status(orders: list[Order]) -> None:
    assert Counter({name: n for name, (_, n) in STATUSES.items() if n}) == Counter(order.status for order in orders)


def test_the_first_load_makes_every_row(outcome: Outcome) -> None:
    counts = {noun: {"CREATED": n} for noun, n in ROWS.items()}
    assert (outcome.first.code, outcome.first.counts) == (0, counts), outcome.first.stderr


def test_the_second_load_changes_nothing(outcome: Outcome) -> None:
    counts = {noun: {"UNCHANGED": n} for noun, n in ROWS.items()}
    assert (outcome.second.code, outcome.second.counts) == (0, counts), outcome.second.stderr


def test_every_order_is_stored_as_the_readme_says(outcome: Outcome, orders: list[Order]) -> None:
    bought = items()
    assert len(outcome.stored) == len(orders)
    assert {row["externalId"]: row for row in outcome.stored} == {
        order.id: as_stored(order, bought[order.id]) for order in orders
    }


def test_revenue_and_orders_in_all(outcome: Outcome, sale: list[Order]) -> None:
    (total,) = sold(sale, lambda _: "all").values()
    check_money(outcome.money["revenue"], outcome.money["average"], total)
    check_money(outcome.money["ever"], outcome.money["average"], total)
    assert (outcome.money["revenue"]["currency"], outcome.money["average"]["currency"]) == ("BRL", "BRL")


def test_revenue_and_orders_month_by_month(outcome: Outcome, sale: list[Order]) -> None:
    check_points(outcome.money, "months", sold(sale, month))


def test_revenue_and_orders_year_by_year(outcome: Outcome, sale: list[Order]) -> None:
    years = sold(sale, lambda order: str(order.at.year))
    # The first year is clipped to the period.
    firsts = {"2016": "2016-09-01", "2017": "2017-01-01", "2018": "2018-01-01"}
    check_points(outcome.money, "years", {firsts[year]: parts for year, parts in years.items()})


def test_revenue_and_orders_state_by_state(outcome: Outcome, sale: list[Order]) -> None:
    states = sold(sale, lambda order: order.state)
    slices = {}
    for name in ("revenue", "average"):
        breakdown = outcome.money[name]["breakdown"]
        slices[name] = {piece["key"]: piece for piece in breakdown["slices"]}
        assert (set(slices[name]), breakdown["totalCount"], breakdown["other"]) == (set(states), len(states), None)
    for state, parts in states.items():
        check_money(slices["revenue"][state], slices["average"][state], parts)


@pytest.mark.parametrize("name", PERIODS)
def test_who_bought_again(outcome: Outcome, sale: list[Order], name: str) -> None:
    _, start, end = PERIODS[name]
    for variant, parts in repeats(sale, start, end).items():
        figure = outcome.repeats[name][variant]
        assert Repeat(figure["numerator"], figure["denominator"]) == parts, variant
        assert (figure["sampleSize"], figure["nullReason"]) == (parts.people, None), variant
        assert figure["value"] == pytest.approx(100 * parts.again / parts.people, rel=1e-12), variant
        assert figure["isProvisional"] == (name == "ever"), variant  # all time is not over


def test_what_became_of_those_who_first_bought_in_a_month(outcome: Outcome, sale: list[Order]) -> None:
    told = cohorts(sale)
    tables = outcome.cohorts["buyers"]["rows"], outcome.cohorts["revenue"]["rows"]
    months = [f"{year}-{number:02}" for year in (2016, 2017, 2018) for number in range(1, 13)][8:-2]
    assert [row["key"] for row in tables[0]] == months
    for buyers, revenue in zip(*tables, strict=True):
        people, bought = told.get(buyers["key"], (set(), {}))
        assert buyers["size"] == revenue["size"] == len(people)
        so_far = Decimal()
        for since in range(26):
            some = bought.get(since, [])
            paid = sum((order.paid for order in some), Decimal())
            so_far += paid
            one, other = buyers["cells"][since], revenue["cells"][since]
            assert (one["monthsSince"], one["denominator"]) == (since, len(people))
            assert one["numerator"] == len({order.person for order in some})
            assert other["numerator"] == pytest.approx(float(paid), rel=1e-12)
            if people:
                assert (Decimal(other["revenue"]), Decimal(other["soFar"]["revenue"])) == (paid, so_far)
                assert one["value"] == pytest.approx(100 * one["numerator"] / len(people))
            else:
                assert (one["nullReason"], other["nullReason"]) == ("NO_DATA", "NO_DATA")


def test_all_cohorts_together(outcome: Outcome, sale: list[Order]) -> None:
    told = cohorts(sale).values()  # all of it is long past
    size = sum(len(people) for people, _ in told)
    for since, one in enumerate(outcome.cohorts["buyers"]["averages"]):
        again = sum(len({order.person for order in bought.get(since, [])}) for _, bought in told)
        assert (one["numerator"], one["denominator"]) == (again, size)
        assert one["value"] == pytest.approx(100 * again / size)


def test_satisfaction_in_all(outcome: Outcome, answers: list[Review]) -> None:
    (total,) = satisfaction(answers, lambda _: "all").values()
    check(outcome.feedback["csat"], total)
    check(outcome.feedback["ever"], total)


def test_satisfaction_month_by_month(outcome: Outcome, answers: list[Review]) -> None:
    months = satisfaction(answers, month)
    points = {point["period"]["from"]: point for point in outcome.feedback["csat"]["series"]}
    assert list(points) == sorted(months)
    for name, parts in months.items():
        check(points[name], parts)


def test_satisfaction_state_by_state(outcome: Outcome, answers: list[Review]) -> None:
    states = satisfaction(answers, lambda review: review.state)
    breakdown = outcome.feedback["csat"]["breakdown"]
    slices = {piece["key"]: piece for piece in breakdown["slices"]}
    assert (set(slices), breakdown["totalCount"], breakdown["other"]) == (set(states), len(states), None)
    for name, parts in states.items():
        check(slices[name], parts)


def check_times(outcome: Outcome, name: str, waits: list[float], place: str | None = None) -> None:
    """Compare what the API says of some waiting times with them: the mean to the second, the median within 1 %."""
    asked = {key: outcome.answers[key] for key in ("median", "mean")}
    if place is not None:
        asked = {key: next(p for p in one["series"] if p["period"]["from"] == place) for key, one in asked.items()}
    mean, median = asked["mean"], asked["median"]
    assert (mean["numerator"], mean["denominator"], mean["sampleSize"]) == (sum(waits), len(waits), len(waits)), name
    assert mean["value"] == pytest.approx(statistics.fmean(waits), rel=1e-12), name
    assert median["sampleSize"] == len(waits)
    assert median["value"] == pytest.approx(statistics.median(waits), rel=0.01), name


def test_how_long_people_took_to_answer(outcome: Outcome) -> None:
    times = asked_and_answered()
    waits = [(answered - asked).total_seconds() for asked, answered in times]
    check_times(outcome, "in all", waits)
    nine_in_ten = statistics.quantiles(waits, n=10, method="inclusive")[-1]
    assert outcome.answers["p90"]["value"] == pytest.approx(nine_in_ten, rel=0.01)
    for place in sorted({f"{answered.astimezone(ZONE):%Y-%m}-01" for _, answered in times}):
        some = [(b - a).total_seconds() for a, b in times if f"{b.astimezone(ZONE):%Y-%m}-01" == place]
        check_times(outcome, place, some, place)


def test_everybody_who_was_asked_answered(outcome: Outcome) -> None:
    rate = outcome.answers["rate"]
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (100, 4988, 4988)
    asked = Counter(f"{at.astimezone(ZONE):%Y-%m}-01" for at, _ in asked_and_answered())
    told = {one["period"]["from"]: one["denominator"] for one in rate["series"] if one["denominator"]}
    assert told == asked


def test_how_much_feedback_there_is(outcome: Outcome, answers: list[Review]) -> None:
    count = outcome.feedback["count"]
    assert count["value"] == len(answers)
    assert {point["period"]["from"]: point["value"] for point in count["series"]} == {
        name: parts.answers for name, parts in satisfaction(answers, month).items()
    }


def test_nobody_was_asked_to_recommend(outcome: Outcome) -> None:
    assert outcome.feedback["nps"] == {"value": None, "nullReason": "INPUT_NOT_CONFIGURED", "interval": None}


@pytest.fixture(scope="module")
def leads() -> list[Lead]:
    """Read every lead."""
    if LEADS is None:
        pytest.skip("needs Olist's CSV files about leads")
    return all_leads()


def check_cycle(figure: dict[str, Any], group: list[Lead]) -> None:
    """Compare a median of the API with the middle of what the deals of a group took: within 1 %."""
    took = [lead.took / 86_400 for lead in group if lead.took is not None]
    assert figure["sampleSize"] == len(took)
    assert figure["value"] == (pytest.approx(statistics.median(took), rel=0.01) if took else None)


def test_of_8000_leads_842_were_won(outcome: Outcome, leads: list[Lead]) -> None:
    wins, conversion = outcome.leads["wins"], outcome.leads["conversion"]
    assert (len(leads), sum(lead.won is not None for lead in leads)) == (8000, 842)
    assert (wins["numerator"], wins["denominator"], wins["value"]) == (842, 8000, 10.525)
    soon = sum(lead.is_won_in_time for lead in leads)
    assert (conversion["numerator"], conversion["denominator"]) == (soon, 8000)
    assert conversion["value"] == pytest.approx(100 * soon / 8000, rel=1e-12)
    assert conversion["isProvisional"] is False


def test_conversion_channel_by_channel(outcome: Outcome, leads: list[Lead]) -> None:
    groups = by(leads, lambda lead: lead.origin)
    assert len(groups[""]) == 60
    slices = {piece["key"]: piece for piece in outcome.leads["conversion"]["channels"]["slices"]}
    table = {
        row["channel"]["externalId"] if row["channel"] else "": row
        for row in outcome.leads["table"]["rows"]
        if not row["channel"] or row["channel"]["externalId"] != "marketplace"  # where nobody was asked
    }
    assert set(slices) == set(table) == set(groups)
    for name, group in groups.items():
        parts = (sum(lead.is_won_in_time for lead in group), len(group))
        for figure in (slices[name], table[name]["conversion"]):
            assert (figure["numerator"], figure["denominator"]) == parts, name
            assert figure["value"] == pytest.approx(100 * parts[0] / parts[1], rel=1e-12), name
        assert table[name]["leads"]["value"] == parts[1]
    counts = [row["leads"]["value"] for row in outcome.leads["table"]["rows"]]
    assert counts == sorted(counts, reverse=True)


def test_the_sales_cycle_in_all(outcome: Outcome, leads: list[Lead]) -> None:
    check_cycle(outcome.leads["cycle"], leads)
    assert outcome.leads["cycle"]["leftOut"] == [{"reason": "WON_BEFORE_FIRST_CONTACT", "count": 1}]
    took = [lead.took / 86_400 for lead in leads if lead.took is not None]
    assert outcome.leads["mean"]["value"] == pytest.approx(statistics.mean(took), rel=1e-9)
    quarter = statistics.quantiles(took, n=4, method="inclusive")[2]
    assert outcome.leads["p75"]["value"] == pytest.approx(quarter, rel=0.01)


@pytest.mark.parametrize(("cut", "key"), [("channels", lambda lead: lead.origin), ("staff", lambda lead: lead.staff)])
def test_the_sales_cycle_by_channel_and_by_member_of_staff(
    outcome: Outcome, leads: list[Lead], cut: str, key: Callable[[Lead], str]
) -> None:
    groups = by((lead for lead in leads if lead.won), key)
    slices = {piece["key"]: piece for piece in outcome.leads["cycle"][cut]["slices"]}
    assert set(slices) == set(groups)
    for name, group in groups.items():
        check_cycle(slices[name], group)


def test_the_funnel_of_all_leads(outcome: Outcome, leads: list[Lead]) -> None:
    funnel = outcome.leads["funnel"]
    soon = [lead for lead in leads if lead.is_won_in_time]
    assert [stage["leads"] for stage in funnel["stages"]] == [8000, 8000, len(soon)]
    assert (funnel["wonLate"], funnel["lost"]["leads"], funnel["open"]) == (842 - len(soon), 0, 8000 - 842)
    took = [lead.took / 86_400 for lead in soon if lead.took is not None]
    assert funnel["stages"][2]["medianDays"] == pytest.approx(statistics.median(took), rel=0.01)
