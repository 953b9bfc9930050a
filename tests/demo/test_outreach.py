"""What demonstrations tell of leads, referrals, use and surveys that were sent."""

from datetime import date

import pytest

pytestmark = pytest.mark.some(4)


def test_nothing_of_it_lies_in_the_future(here, now):
    made = here.records
    for row in (*made.leads, *made.invitations, *made.referrals, *made.engagements):
        times = [row[name] for name in ("occurred_at", "qualified_at", "won_at", "lost_at") if row.get(name)]
        assert max(times) <= now
        assert min(times) == row["occurred_at"]


def test_whoever_was_won_became_a_customer_on_that_day(here):
    won = [row for row in here.records.leads if row.get("won_at")]
    assert won
    for row in won:
        stays = here.customers[row["customer"].external_id]["history"]
        assert stays[0]["from_"] == here.timeline.day(row["won_at"])
    lost = [row for row in here.records.leads if row.get("lost_at")]
    assert len(lost) > len(won)
    assert all("customer" not in row and row["lost_reason"] for row in lost)


def test_a_referral_is_made_by_a_customer_before_the_other_is_one(here):
    assert here.records.referrals
    for row in here.records.referrals:
        day = here.timeline.day(row["occurred_at"])
        assert was_customer(here, row["customer"].external_id, day)
        assert here.customers[row["referred"].external_id]["history"][0]["from_"] > day


def test_those_who_use_the_product_are_customers(here):
    assert here.records.engagements
    for row in here.records.engagements:
        assert was_customer(here, row["customer"].external_id, here.timeline.day(row["occurred_at"]))


def test_about_as_many_answer_as_is_declared(company, here):
    invited = {row["external_id"]: row for row in here.records.invitations}
    answers = [row for row in here.standing.values() if "invitation" in row]
    assert len({row["invitation"] for row in answers}) == len(answers)
    for row in answers:
        sent = invited[row["invitation"].external_id]
        assert sent["occurred_at"] < row["occurred_at"]
        assert (sent["customer"], sent["survey"]) == (row["customer"], row["survey"])
    (rate,) = company.outreach.answering.values()
    assert len(answers) / len(invited) == pytest.approx(rate, abs=0.02)


def test_everybody_of_the_staff_is_in_one_team(company):
    assert sorted(one for _, members in company.teams.values() for one in members) == sorted(company.staff)


def was_customer(here, key, day):
    return any(stay["from_"] <= day < (stay["before"] or date.max) for stay in here.customers[key]["history"])
