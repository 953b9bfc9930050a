"""The health score, and what speaks for a departure: by hand, from what is known of a customer."""

from datetime import date, timedelta

import pytest

from app.prediction.leaving import DAYS, Leaving
from app.services.churn_reason import modelled, seen
from app.services.course import Spell
from app.services.evidence import Evidence
from app.services.health import HealthLack, HealthPart, judged
from app.services.health_weights import USUAL

TODAY = date(2026, 6, 15)


def known(**told):
    return Evidence(TODAY, **told)


def ago(days):
    return TODAY - timedelta(days=days)


def shares(evidence):
    return {one.part.value: one.share for one in judged(evidence, USUAL).parts}


def test_the_whole_of_a_customer_by_hand():
    # eleven days of purchases from 400 to 40 days ago, every 36 days; one of them within the last ninety
    health = judged(known(first=ago(400), last=ago(40), days=11, recent=1, said=800_000, said_on=ago(3), open=1), USUAL)
    recency = (3 * 36 - 40) / 72
    frequency = 1 / (10 / 310 * 90)
    assert {one.part: one.weight for one in health.parts} == dict(zip(HealthPart, (30, 25, 25, 20), strict=True))
    assert [one.share for one in health.parts] == pytest.approx([recency, frequency, 0.8, 0.5])
    assert health.score == pytest.approx(30 * recency + 25 * frequency + 25 * 0.8 + 20 * 0.5)
    assert [one.words.en for one in health.parts] == [
        "Last purchase or use 40 days ago, usually every 36 days.",
        "Purchases or use on 1 of the last 90 days, usually on 2.9.",
        "The latest answer, of 2026-06-12, is 80 of 100.",
        "Open complaints: 1.",
    ]


@pytest.mark.parametrize(("since", "share"), [(0, 1), (36, 1), (54, 0.75), (72, 0.5), (90, 0.25), (108, 0), (400, 0)])
def test_recency_falls_evenly_between_once_and_three_times_the_usual_gap(since, share):
    evidence = known(first=ago(since + 360), last=ago(since), days=11, recent=0)
    assert shares(evidence)["RECENCY"] == pytest.approx(share)


@pytest.mark.parametrize(("since", "share"), [(30, 1), (60, 0.5), (90, 0)])
def test_who_has_no_rhythm_yet_is_given_ninety_days(since, share):
    assert shares(known(first=ago(since), last=ago(since), days=1, recent=1))["RECENCY"] == pytest.approx(share)


def test_who_comes_every_day_is_given_a_week():
    evidence = known(first=ago(100), last=ago(7), days=94, recent=83)
    assert shares(evidence)["RECENCY"] == 1
    assert "usually every 1 days" in judged(evidence, USUAL).parts[0].words.en


def test_frequency_needs_half_a_year_and_never_passes_the_whole():
    assert shares(known(first=ago(179), last=ago(1), days=9, recent=9))["FREQUENCY"] is None
    assert shares(known(first=ago(180), last=ago(1), days=9, recent=8))["FREQUENCY"] == 1
    assert shares(known(first=ago(270), last=ago(1), days=9, recent=1))["FREQUENCY"] == pytest.approx(1 / 4)


def test_where_activity_decides_its_window_is_how_far_lately_reaches():
    # the customer of above, who would be lost after sixty days: every 36 days, and 10 times in the 340 days before
    evidence = known(first=ago(400), last=ago(40), days=11, recent=1, lapses=60)
    health = judged(evidence, USUAL)
    assert shares(evidence)["RECENCY"] == pytest.approx((60 - 40) / (60 - 36))
    assert shares(evidence)["FREQUENCY"] == pytest.approx(1 / (10 / 340 * 60))
    assert health.parts[1].words.en == "Purchases or use on 1 of the last 60 days, usually on 1.8."
    assert health.parts[1].words.zh == "最近 60 天中有 1 天购买或使用，通常为 1.8 天。"
    young = judged(known(first=ago(119), last=ago(1), days=9, recent=8, lapses=60), USUAL)
    assert young.parts[1].words.en == "There are less than 120 days of history."
    assert shares(known(first=ago(120), last=ago(1), days=9, recent=8, lapses=60))["FREQUENCY"] == 1


LAPSES = [
    # the window, the usual gap (None: no rhythm yet), the days since, and what is left of recency
    (60, 36, 36, 1),
    (60, 36, 48, 0.5),
    (60, 36, 60, 0),
    (60, 10, 20, 0.5),  # three times the gap comes first
    (60, 10, 30, 0),
    (60, 90, 59, 1),  # comes less often than customers must
    (60, 90, 60, 0),
    (7, 2, 6, 1),  # a week is the least gap
    (7, 2, 7, 0),
    (1, 2, 0, 1),
    (1, 2, 1, 0),
    (60, None, 20, 1),
    (60, None, 40, 0.5),
    (60, None, 60, 0),
    (720, None, 240, 1),
    (720, None, 480, 0.5),
    (720, None, 720, 0),
    (720, 100, 200, 0.5),
    (720, 100, 300, 0),
]


@pytest.mark.parametrize(("lapses", "gap", "since", "share"), LAPSES)
def test_nothing_is_left_of_recency_when_the_window_has_passed(lapses, gap, since, share):
    first = ago(since if gap is None else since + 10 * gap)
    evidence = known(first=first, last=ago(since), days=1 if gap is None else 11, lapses=lapses)
    assert shares(evidence)["RECENCY"] == pytest.approx(share)


@pytest.mark.parametrize(("open_", "share"), [(0, 1), (1, 0.5), (2, 0), (5, 0)])
def test_each_open_complaint_takes_half(open_, share):
    assert shares(known(open=open_))["COMPLAINTS"] == share


def test_what_is_missing_is_left_out_and_the_rest_weighs_more():
    health = judged(known(said=600_000, open=0), USUAL)
    assert health.score == pytest.approx((25 * 0.6 + 20) / 45 * 100)
    told = {one.part: (one.weight, one.share) for one in health.parts}
    assert told[HealthPart.RECENCY] == (0, None)
    assert told[HealthPart.FREQUENCY] == (0, None)
    assert told[HealthPart.SATISFACTION][0] + told[HealthPart.COMPLAINTS][0] == pytest.approx(100)
    assert [one.words.zh for one in health.parts][:2] == ["没有购买或使用记录。", "历史记录不足 180 天。"]


def test_that_nobody_complains_is_no_health():
    health = judged(known(open=0), USUAL)
    assert (health.score, health.lack) == (None, HealthLack.NO_DATA)


def test_a_workspace_weighs_as_it_likes():
    evidence = known(first=ago(10), last=ago(10), days=1, recent=1, said=500_000, open=2)
    assert judged(evidence, {"recency": 0, "frequency": 0, "satisfaction": 1, "complaints": 3}).score == 12.5
    nothing = judged(evidence, {"recency": 0, "frequency": 1, "satisfaction": 0, "complaints": 0})
    assert (nothing.score, nothing.lack) == (None, HealthLack.NO_DATA)


# what speaks for a departure


def reasons(evidence):
    return {one.kind.value: one.words.en for one in seen(evidence)}


def test_nothing_speaks_for_the_departure_of_somebody_content():
    assert reasons(known(first=ago(400), last=ago(5), days=11, recent=3, said=900_000, before=950_000, open=0)) == {}


def test_what_speaks_for_a_departure_is_told_with_its_figures():
    found = reasons(known(first=ago(420), last=ago(120), days=11, recent=0, said=400_000, before=900_000, open=1))
    assert found == {
        "OVERDUE": "Last purchase or use 120 days ago, usually every 30 days.",
        "LESS_OFTEN": "Purchases or use on 0 of the last 90 days, usually on 3.0.",
        "SATISFACTION_FELL": "Satisfaction fell from 90 to 40 of 100.",
        "OPEN_COMPLAINT": "An open complaint.",
    }
    assert reasons(known(said=400_000, open=3)) == {
        "SATISFACTION_LOW": "Satisfaction is at 40 of 100.",
        "OPEN_COMPLAINT": "3 open complaints.",
    }


@pytest.mark.parametrize(("since", "is_told"), [(45, False), (46, True)])
def test_overdue_is_who_stays_away_half_as_long_again_as_usual(since, is_told):
    evidence = known(first=ago(since + 300), last=ago(since), days=11, recent=9)
    assert ("OVERDUE" in reasons(evidence)) is is_told


def test_what_the_model_knows_is_told_in_both_languages():
    model = Leaving(-3.0, (0.6, -0.2, -0.2, -0.1, -0.1), ({"smb": 0.8, "big": -0.4}, {}, {"abc": 0.5}, {}))
    time = Spell(ago(40), date(9999, 12, 31), ("smb", "north", "abc", None))
    found = {one.kind.value + one.words.en: one.words.zh for one in modelled(model, time, 40, {"abc": "web"})}
    assert [text.partition(" ")[0] for text in found] == ["TENUREIn", "TRAITDepartures", "TRAITDepartures"]
    assert "TRAITDepartures are 2.2 times as likely in the segment smb." in found
    assert "TRAITDepartures are 1.6 times as likely in the acquisition channel web." in found
    assert "获客渠道 web 的流失可能性约为 1.6 倍。" in found.values()
    assert not list(modelled(model, Spell(ago(400), time.end, ("big", None, None, None)), int(13 * DAYS), {}))
