"""The conversations of the demonstrations: many short waits and a few long ones, by day, better month by month."""

from collections import Counter, defaultdict
from itertools import pairwise
from statistics import fmean, median

import pytest
from told import DAYS, answered_at, ended_at


@pytest.fixture(params=["today", "new year in Shanghai only", "midnight of a first"], scope="module")
def now(request):
    return DAYS[request.param]


def waits(here, span):
    """How many seconds each customer waited who was answered in the span."""
    return {key: wait.total_seconds() for key, wait in here.waits(span).items()}


def by(here, span, name):
    """The mean wait of the span by what the conversations name, where there are enough of them."""
    found = defaultdict(list)
    for key, seconds in waits(here, span).items():
        found[here.talks[key][name].external_id].append(seconds)
    return {key: fmean(some) for key, some in found.items() if len(some) >= 12}


@pytest.mark.slow
def test_replies_take_what_is_declared_to_the_second(company, here):
    for span, seconds, answered in zip(here.timeline.ranges, company.desk.seconds, company.desk.answered, strict=True):
        found = waits(here, span)
        assert (len(found), sum(found.values())) == (answered, answered * seconds)
        assert all(seconds == int(seconds) > 0 for seconds in found.values())


def test_a_few_wait_long_and_none_so_long_that_it_alone_makes_the_mean(here):
    for span in here.timeline.ranges:
        found = waits(here, span).values()
        assert fmean(found) > 1.3 * median(found)
        assert 3 * fmean(found) < max(found) < 20 * fmean(found)
        assert max(found) < 0.1 * sum(found)
        assert len(set(found)) > 0.8 * len(found)


def test_month_by_month_replies_come_sooner(here):
    means = [fmean(waits(here, month).values()) for month in here.timeline.months[:-1]]
    assert all(after < 1.1 * before for before, after in pairwise(means))
    assert all(after < before for before, after in zip(means, means[3:], strict=False))


def test_channels_and_staff_differ(company, here):
    for span in here.timeline.ranges:
        channels, staff = by(here, span, "channel"), by(here, span, "staff")
        assert max(channels.values()) > 2 * min(channels.values())
        assert max(staff.values()) > 1.2 * min(staff.values())
        quickest = min(company.desk.contacts, key=lambda contact: contact.pace)
        assert channels[quickest.channel] == min(channels.values())


def test_replies_come_by_day(here):
    replied = [at for row in here.talks.values() if (at := answered_at(row))]
    by_day = [at for at in replied if 8 <= at.astimezone(here.timeline.zone).hour < 20]
    assert 0.85 < len(by_day) / len(replied) < 1


def test_every_conversation_begins_with_the_customer(company, here):
    for row in here.talks.values():
        first, *others = row["events"]
        assert (first["kind"], first["at"]) == ("CUSTOMER_MESSAGE", row["occurred_at"])
        assert all(event["at"] >= first["at"] for event in others)
        assert {event["staff"].external_id for event in others if "staff" in event} <= set(company.staff)


def test_bots_and_telephones_are_where_they_belong(company, here):
    kinds = defaultdict(set)
    for row in here.talks.values():
        kinds[row["channel"].external_id] |= {event["kind"] for event in row["events"]}
    assert set(kinds) == {contact.channel for contact in company.desk.contacts}
    assert {channel for channel, seen in kinds.items() if "BOT_REPLY" in seen} == {
        "shop": {"chat", "web"},
        "bank": {"app", "web", "wechat"},
    }[company.key]
    phone = {"shop": "phone", "bank": "hotline"}[company.key]
    assert {channel for channel, seen in kinds.items() if seen & {"HOLD", "RESUMED"}} == {phone}


def test_there_are_conversations_of_all_sorts(company, here):
    rows = here.talks.values()
    assert {"shop": 320, "bank": 600}[company.key] <= len(rows) <= {"shop": 450, "bank": 900}[company.key]
    assert {row["reason"] for row in rows} == {matter.reason for matter in company.desk.matters}
    assert {row["kind"] for row in rows} == {"QUESTION", "REQUEST", "COMPLAINT"}
    assert {row["standing"] for row in rows} == {"VALID", "WITHDRAWN", "DUPLICATE"}
    happened = Counter(event["kind"] for row in rows for event in row["events"])
    assert len(happened) == 11
    assert 0 < happened["REOPENED"] < 0.12 * len(rows)
    assert 0.2 * len(rows) < happened["CONFIRMED"] < 0.5 * len(rows)
    assert 0.02 < sum("customer" not in row for row in rows) / len(rows) < 0.25
    assert 3 <= sum(here._is_test(row) for row in rows) <= 8
    assert here.records.talks.corrections
    assert here.records.talks.deletions


def test_some_wait_at_the_end_and_some_were_never_answered(company, here):
    unanswered = [row for row in here.talks.values() if not answered_at(row)]
    newest = [row for row in unanswered if (here.timeline.now - row["occurred_at"]).days < 3]
    assert company.desk.waiting <= len(newest) < len(unanswered) < 0.06 * len(here.talks)
    still_open = [row for row in here.talks.values() if answered_at(row) and not ended_at(row)]
    assert 0 < len(still_open) < 0.12 * len(here.talks)


def test_complaints_are_about_as_many_as_are_told_of(company, here):
    told = [sum(map(sum, (i.years[y] for i in company.inquiries if i.kind == "COMPLAINT"))) for y in (0, 1)]
    for span, number in zip(here.timeline.ranges, told, strict=True):
        assert 0.8 * number < len(here.complaints(span)) < 1.1 * number
        assert 40 < here.value("COMPLAINT_RESOLUTION_RATE", span) < 100
    soon, sooner = (here.value("RESPONSE_WITHIN_TARGET", span) for span in here.timeline.ranges)
    assert 30 < soon < sooner < 95
