"""Interactions: when clocks start and stop, whose the answers are, and what is counted of it all. Counted by hand.

The workspace is in Berlin, two hours ahead of UTC in May; it is the 15th of June 2026.
"""

from datetime import date, timedelta

import pytest
from conversing import at, drop, event, hold, record, talk
from trading import ask, assert_a_rebuild_changes_nothing, meet, slices, value

from app.kpis.dimension import Dimension
from app.services import overdue
from app.services import workspace as workspace_
from app.services.period import Span
from app.worker import Worker

MINUTE, HOUR, DAY = 60, 3_600, 86_400
PLAIN = talk("plain", event("asks", at(4, "10:00")), event("replies", at(4, "10:30"), "eva"), channel="mail")


def test_the_first_reply_of_staff_stops_the_clock(workspace):
    hold(workspace, PLAIN)
    assert value(workspace, "RESPONSE_TIME", variant="mean") == 30 * MINUTE
    assert value(workspace, "RESPONSE_TIME") == pytest.approx(30 * MINUTE, rel=0.008)
    assert value(workspace, "RESPONSE_WITHIN_TARGET") == 100
    assert value(workspace, "WAITING_TIME", variant="mean") == 30 * MINUTE
    assert value(workspace, "RESOLUTION_TIME") == "NO_DATA"


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        # a bot, a note and a handover do not answer
        ([("asks", "10:00"), ("bot", "10:01"), ("note", "10:02"), ("handover", "10:03"), ("replies", "11:00")], HOUR),
        # who is asked twice is asked once
        ([("asks", "10:00"), ("asks", "10:50"), ("replies", "11:00")], HOUR),
        # we spoke first: the clock begins with the customer
        ([("replies", "09:00"), ("asks", "10:00"), ("replies", "10:10")], 10 * MINUTE),
        # a reopening starts no first response
        ([("asks", "10:00"), ("resolved", "10:05"), ("reopened", "12:00"), ("replies", "12:10")], 130 * MINUTE),
        (
            [
                ("asks", "10:00"),
                ("replies", "10:05"),
                ("resolved", "10:05"),
                ("reopened", "12:00"),
                ("replies", "13:00"),
            ],
            300,
        ),
        # at once
        ([("asks", "10:00"), ("replies", "10:00")], 0),
        # in whatever order they come, and twice
        ([("replies", "10:20"), ("asks", "10:00"), ("replies", "10:20"), ("asks", "10:00")], 20 * MINUTE),
    ],
)
def test_when_a_response_is_one(workspace, events, seconds):
    hold(workspace, talk("t", *(event(what, at(4, when)) for what, when in events)))
    assert value(workspace, "RESPONSE_TIME", variant="mean") == seconds
    assert value(workspace, "RESPONSE_TIME") == pytest.approx(seconds, rel=0.008)
    assert ask(workspace, "RESPONSE_TIME").figure.sample == 1


def test_what_nobody_has_answered_is_counted_beside_the_value(workspace):
    hold(workspace, PLAIN, talk("open", event("asks", at(5, "10:00"))), talk("ours", event("replies", at(5, "10:00"))))
    figure = ask(workspace, "RESPONSE_TIME").figure
    assert figure.sample == 1
    assert [(one.key, count) for one, count in figure.left_out] == [("UNANSWERED", 1)]
    # its hour was over on the same day
    assert value(workspace, "RESPONSE_WITHIN_TARGET") == 50
    assert ask(workspace, "RESPONSE_WITHIN_TARGET").figure.denominator == 2


def test_a_response_counts_on_the_day_of_the_reply(workspace):
    hold(workspace, talk("t", event("asks", at(31, "20:00")), event("replies", at(31, "22:30"))))
    # half past ten in Greenwich is half past midnight in Berlin, and June
    assert value(workspace, "RESPONSE_TIME") == "NO_DATA"
    assert value(workspace, "RESPONSE_TIME", Span(date(2026, 6, 1), date(2026, 6, 2)), "mean") == 150 * MINUTE
    assert value(workspace, "INTERACTIONS") == 1


def test_percentiles_lie_between_the_neighbouring_values(workspace):
    minutes = [5, 10, 20, 40, 60, 90, 120, 180, 240, 600]
    hold(
        workspace,
        *(
            talk(f"t{n}", event("asks", at(4, "00:00")), event("replies", at(4) + timedelta(minutes=n)))
            for n in minutes
        ),
    )
    assert value(workspace, "RESPONSE_TIME") == pytest.approx(75 * MINUTE, rel=0.008)
    assert value(workspace, "RESPONSE_TIME", variant="mean") == sum(minutes) * MINUTE / 10
    # rank 8.1: a tenth of the way from 240 to 600
    assert value(workspace, "RESPONSE_TIME", variant="p90") == pytest.approx(276 * MINUTE, rel=0.008)


def test_every_turn_has_its_response(workspace):
    hold(
        workspace,
        talk(
            "t",
            event("asks", at(4, "10:00")),
            event("replies", at(4, "10:10"), "eva"),
            event("asks", at(4, "12:00")),
            event("asks", at(4, "12:05")),
            event("replies", at(4, "12:20"), "max"),
            event("replies", at(4, "12:25"), "max"),
            event("asks", at(5, "09:00")),
            event("replies", at(5, "09:30"), "eva"),
            event("asks", at(5, "10:00")),
        ),
    )
    # 10, 20 and 30 minutes; the last turn waits still
    answer = ask(workspace, "RESPONSE_TIME", variant="every_response")
    assert answer.figure.value == pytest.approx(20 * MINUTE, rel=0.008)
    assert answer.figure.sample == 3
    by_staff = slices(workspace, "RESPONSE_TIME", Dimension.STAFF, "every_response")
    assert by_staff == {"eva": pytest.approx(20 * MINUTE, rel=0.008), "max": pytest.approx(20 * MINUTE, rel=0.008)}
    assert slices(workspace, "RESPONSE_TIME", Dimension.STAFF, "mean") == {"eva": 10 * MINUTE}
    assert value(workspace, "WAITING_TIME") == "NO_DATA"  # the customer waits


def test_waiting_is_all_the_time_over_the_whole_interaction(workspace):
    hold(
        workspace,
        talk(
            "t",
            event("asks", at(4, "10:00")),
            event("hold", at(4, "10:05")),
            event("replies", at(4, "10:10")),
            event("resumed", at(4, "10:30")),
            event("resolved", at(4, "11:00")),
            event("asks", at(4, "11:10")),
            event("reopened", at(4, "12:00")),
            event("resolved", at(5, "12:00")),
        ),
    )
    # from ten to half past, one wait within the other, and the day after the reopening; thanks wait for nothing
    assert value(workspace, "WAITING_TIME", variant="mean") == 30 * MINUTE + DAY
    assert value(workspace, "RESOLUTION_TIME", variant="mean") == DAY + 2 * HOUR


def test_complaints(workspace):
    def complaint(name, *events, **more):
        return talk(name, event("asks", at(4, "10:00")), *events, kind="COMPLAINT", **more)

    hold(
        workspace,
        complaint("in time", event("resolved", at(11, "10:00"))),
        complaint("late", event("resolved", at(11, "10:01")), event("confirmed", at(12))),
        complaint("again", event("resolved", at(5)), event("reopened", at(6))),
        complaint("open"),
        complaint("withdrawn", event("resolved", at(5)), standing="WITHDRAWN"),
        complaint("double", standing="DUPLICATE"),
        talk("question", event("asks", at(4)), event("resolved", at(5))),
    )
    assert value(workspace, "COMPLAINTS") == 4
    assert value(workspace, "COMPLAINT_RESOLUTION_RATE") == 25
    assert value(workspace, "COMPLAINT_RESOLUTION_RATE", variant="confirmed") == 25
    assert value(workspace, "COMPLAINT_RESOLUTION_RATE", variant="throughput") == 50
    assert value(workspace, "INTERACTIONS") == 7


def test_a_correction_and_a_deletion_take_back_what_was_counted(workspace, database):
    assert hold(workspace, PLAIN) == ["CREATED"]
    assert hold(workspace, PLAIN) == ["UNCHANGED"]
    later = talk("plain", *PLAIN["events"], event("asks", at(4, "11:00")), channel="mail")
    assert hold(workspace, later) == ["UPDATED"]
    sooner = talk("plain", event("asks", at(4, "10:20")), event("replies", at(4, "10:30"), "max"), channel="chat")
    hold(workspace, sooner)
    assert slices(workspace, "RESPONSE_TIME", Dimension.STAFF, "mean") == {"max": 10 * MINUTE}
    assert slices(workspace, "RESPONSE_TIME", Dimension.CHANNEL, "mean") == {"chat": 10 * MINUTE}
    assert_a_rebuild_changes_nothing(database, workspace)
    assert drop(workspace, "plain") == ["DELETED"]
    assert value(workspace, "RESPONSE_TIME") == value(workspace, "RESPONSE_TIME", variant="every_response") == "NO_DATA"
    assert not assert_a_rebuild_changes_nothing(database, workspace)


def test_what_a_customer_is_reaches_the_turns(workspace, database):
    hold(workspace, talk("t", *PLAIN["events"], customer="ann"))
    meet(workspace, {"external_id": "ann", "region": "north"})
    assert slices(workspace, "RESPONSE_TIME", Dimension.REGION, "every_response") == {
        "north": pytest.approx(30 * MINUTE, rel=0.008)
    }
    meet(workspace, {"external_id": "ann", "is_test": True})
    assert value(workspace, "RESPONSE_TIME", variant="every_response") == "NO_DATA"
    assert value(workspace, "RESPONSE_TIME") == "NO_DATA"
    assert_a_rebuild_changes_nothing(database, workspace)


def test_what_is_late_is_judged_without_anybody_writing(workspace, clock):
    clock.now = at(15, "10:00", month=6)
    hold(workspace, talk("t", event("asks", at(15, "09:30", month=6)), staff="eva"))
    today = Span(date(2026, 6, 15), date(2026, 6, 16))
    assert value(workspace, "RESPONSE_WITHIN_TARGET", today) == "NO_DATA"
    clock.now = at(15, "10:31", month=6)
    Worker(workspace.door).drain()
    assert value(workspace, "RESPONSE_WITHIN_TARGET", today) == 0
    assert slices(workspace, "RESPONSE_WITHIN_TARGET", Dimension.STAFF, period=today) == {"eva": 0}
    # and it stays a miss when the reply comes
    reply = event("replies", at(15, "10:45", month=6), "max")
    hold(workspace, talk("t", event("asks", at(15, "09:30", month=6)), reply, staff="eva"))
    assert slices(workspace, "RESPONSE_WITHIN_TARGET", Dimension.STAFF, period=today) == {"max": 0}


def test_an_event_before_the_beginning_is_refused(workspace):
    row = talk("t", event("asks", at(4, "10:00")), event("replies", at(4, "09:00")), event("note", at(4, "08:00")))
    results = record(workspace, row | {"occurred_at": at(4, "09:30")}, PLAIN)
    assert [result.outcome.value for result in results] == ["REJECTED", "CREATED"]
    assert [problem.path for problem in results[0].problems] == [("events", "1", "at"), ("events", "2", "at")]
    assert value(workspace, "INTERACTIONS") == 1


def test_each_of_those_written_together_is_judged_at_its_time(workspace, clock):
    clock.now = at(15, "10:00", month=6)
    open_ = [talk(f"t{n}", event("asks", at(15, f"09:{n}", month=6))) for n in (30, 40, 50)]
    hold(workspace, *open_)
    today = Span(date(2026, 6, 15), date(2026, 6, 16))
    for minute, late in ((31, 1), (45, 2), (51, 3)):
        clock.now = at(15, f"10:{minute}", month=6)
        Worker(workspace.door).drain()
        assert ask(workspace, "RESPONSE_WITHIN_TARGET", today).figure.denominator == late
    assert not workspace.write(overdue.judge)


def test_another_target_counts_anew(workspace, clock, database):
    clock.now = at(15, "10:00", month=6)
    hold(
        workspace,
        talk("answered", event("asks", at(4, "10:00")), event("replies", at(4, "10:50"))),
        talk("missed", event("asks", at(4, "10:00"))),
        talk("open", event("asks", at(15, "09:30", month=6))),
    )
    june = Span(date(2026, 6, 1), date(2026, 7, 1))
    assert value(workspace, "RESPONSE_WITHIN_TARGET") == 50
    assert value(workspace, "RESPONSE_WITHIN_TARGET", june) == "NO_DATA"
    for minutes, may_, june_ in ((20, 0, 0), (40, 0, "NO_DATA"), (60 * 24 * 30, 100, 0), (60, 50, "NO_DATA")):
        workspace.write(workspace_.update, {"response_target_minutes": minutes})
        assert value(workspace, "RESPONSE_WITHIN_TARGET") == "PREPARING"
        Worker(workspace.door).drain()
        assert value(workspace, "RESPONSE_WITHIN_TARGET") == may_
        assert value(workspace, "RESPONSE_WITHIN_TARGET", june) == june_
        assert_a_rebuild_changes_nothing(database, workspace)
