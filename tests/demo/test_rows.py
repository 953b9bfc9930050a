"""On whatever day a demonstration is made: its figures are exact, it lies in the past, and it looks like life."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from told import MINOR, Told

from app.demo.answers import line
from app.demo.chance import apportion
from app.demo.company import Promise
from app.demo.load import _target
from app.services.period import Span


@pytest.mark.some(3)
def test_both_ranges_give_what_is_promised(company, here):
    for promise, figures in company.promised.items():
        assert tuple(here.value(str(promise), span) for span in here.timeline.ranges) == figures


@pytest.mark.some(4)
def test_growth_is_that_of_the_second_range_over_the_first(company, here):
    one, two = (here.value("REVENUE", span) for span in here.timeline.ranges)
    assert (two - one) / one == {"shop": Fraction(1, 5), "bank": Fraction(3, 20)}[company.key]


@pytest.mark.slow
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
    made = here.records
    for mistakes in (made.feedback, made.orders, made.talks):
        for row in (*mistakes.first, *mistakes.corrections):
            assert row["occurred_at"] <= now
            assert row.get("source_updated_at", now) <= now
        assert all(row["source_updated_at"] <= now for row in mistakes.deletions)
    assert all(event["at"] <= now for row in here.talks.values() for event in row["events"])
    assert all(row["occurred_at"] <= now for row in (*made.refunds, *made.touchpoints))
    assert all(row["date"] <= here.timeline.today for row in made.rates)
    assert all(row["from_"] <= here.timeline.today and row["from_"] < row["before"] for row in made.costs)
    assert all(row["source_updated_at"] <= now for row in here.population.moves())
    for row in here.customers.values():
        assert row["first_contact_at"] < row["history"][0]["from_"]
        for stay in row["history"]:
            assert stay["from_"] <= here.timeline.today
            assert stay["before"] is None or stay["from_"] < stay["before"] <= here.timeline.today


def test_stays_of_a_customer_do_not_overlap(here):
    for row in here.customers.values():
        for stay, after in pairwise(row["history"]):
            assert stay["before"] <= after["from_"]


@pytest.mark.slow
def test_months_differ_and_stay_believable(company, here):
    usual, slow = company.trade.revenue[0] / 12, company.desk.seconds[0]
    reach = {"REVENUE": (usual / 3, usual * 3), "RESPONSE_TIME": (slow / 12, slow * 2.5)}
    for promise in set(company.promised) - {Promise("REVENUE_GROWTH")}:
        least, most = reach.get(promise.kpi, (0, 100))
        values = [here.value(str(promise), month) for month in here.timeline.months[:-1]]
        assert len(set(values)) > 6
        assert all(least <= value <= most for value in values)
        assert values[0] != values[-1]


def test_those_who_speak_or_buy_were_customers_at_the_time(here):
    for row in (*here.standing.values(), *here.orders.values(), *here.talks.values()):
        if "customer" in row:
            history = here.customers[row["customer"].external_id]["history"]
            assert any(stay["from_"] <= here.day(row) < (stay["before"] or date.max) for stay in history)


def test_orders_add_up(company, here):
    made = here.records.orders
    for row in (*made.first, *made.corrections):
        assert sum(line["amount"] for line in row["lines"]) == row["amount"]
        assert sum(line["cost"] for line in row["lines"]) == row["cost"] > 0
        assert len({line["product"] for line in row["lines"]}) == len(row["lines"])
        for item in row["lines"]:
            gross = item["quantity"] * item["unit_price"]
            assert gross - item["discount"] == item["amount"]
            assert 0 <= item["discount"] < gross * Decimal("0.3")
            for money in (item["unit_price"], item["discount"], item["amount"], item["cost"]):
                assert money * MINOR[row["currency"]] % 1 == 0
    for row in here.orders.values():
        segment = here.customers[row["customer"].external_id]["segment"] if "customer" in row else None
        assert {company.trade.articles[line["product"]].reserved for line in row["lines"]} <= {None, segment}


def test_what_is_given_back_was_paid_before(company, here):
    for key, refunds in here.given_back.items():
        order = here.orders[key]
        assert (order["status"], len(refunds)) == ("COMPLETED", 1)
        assert 0 <= here.back(order) <= order["amount"]
        assert order["occurred_at"] < refunds[0]["occurred_at"]
    kept = {
        (here.back(here.orders[key]) > 0) + (here.back(here.orders[key]) == here.orders[key]["amount"])
        for key in here.given_back
    }
    assert kept >= ({0, 1, 2} if company.key == "shop" else {1, 2})  # nothing, a part, all of it


def test_every_foreign_amount_has_a_rate_on_its_day_and_on_the_day_it_is_given_back(company, here):
    used = [(row["currency"], here.day(row)) for row in here.orders.values()]
    used += [(here.orders[row["order"].external_id]["currency"], here.day(row)) for row in here.records.refunds]
    used += [(row["currency"], row["from_"]) for row in here.records.costs]
    assert {pair for pair in used if pair[0] != here.home} <= set(here.rates)
    assert {currency for currency, _ in used} == {here.home, *company.trade.foreign}
    assert len(here.rates) == len(here.records.rates)
    assert all(abs(float(rate) / company.trade.foreign[code].rate - 1) < 0.15 for (code, _), rate in here.rates.items())


def test_trade_looks_like_trade(company, here):
    assert 1400 <= len(here.orders) <= 2500
    assert {row["status"] for row in here.orders.values()} == {"PENDING", "COMPLETED", "CANCELLED"}
    assert {row["channel"].external_id for row in here.orders.values()} == {p.key for p in company.channels if p.sells}
    assert {line["product"] for row in here.orders.values() for line in row["lines"]} == set(company.products)
    assert any("customer" not in row for row in here.orders.values())
    assert any(here._is_test(row) for row in here.orders.values())
    assert here.records.orders.corrections
    assert here.records.orders.deletions
    for span in here.timeline.ranges:
        sold = [row for row in here.purchases(span) if row["currency"] == here.home]
        margin = 1 - sum(row["cost"] for row in sold) / sum(row["amount"] for row in sold)
        assert 0.3 < margin < 0.6
        assert 30 < here.value("REPEAT_PURCHASE_RATE", span) < 80
        assert 0 < here.value("RETURN_RATE", span) < 15
        assert 3 < here.value("CLV", span) / here.value("CAC", span) < 40


def test_money_is_spent_in_every_month_on_everything(company, here):
    assert {row["category"] for row in here.records.costs} >= {"MEDIA", "SALARIES", "INCENTIVES", "SERVICE", "OTHER"}
    for month in here.timeline.months:
        assert here.spent(month, {"MEDIA"}.__contains__) > 0
        assert here.spent(month, {"SERVICE"}.__contains__) > 0
    keys = {place.key for place in company.channels}
    assert {row["channel"].external_id for row in here.records.costs if "channel" in row} <= keys


def test_some_were_met_before_they_came(here):
    ways = {}
    for row in here.records.touchpoints:
        ways.setdefault(row["customer"].external_id, []).append(row)
    new = [key for key, row in here.customers.items() if row["history"][0]["from_"] >= here.timeline.ranges[0].start]
    assert 0.3 < len(ways) / len(new) < 0.8
    assert {len(way) for way in ways.values()} == {1, 2, 3, 4}
    for key, way in ways.items():
        customer = here.customers[key]
        assert way[0]["channel"] == customer["acquisition_channel"]
        assert all(customer["first_contact_at"] <= here.day(row) < customer["history"][0]["from_"] for row in way)


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
    for rows, give in ((here.standing, 3), (here.orders, 10)):
        begun = [row for row in rows.values() if row["occurred_at"] >= _start(here)]
        due = len(rows) / 24 * here.timeline.elapsed
        assert due / 2 - give <= len(begun) <= due * 2 + give


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


@pytest.mark.some(3)
def test_the_same_time_gives_the_same_rows(company, now, here):
    again = Told(company, now)
    assert replace(again.records, population=here.population) == here.records
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
