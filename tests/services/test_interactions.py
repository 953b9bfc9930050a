"""Interactions: when clocks start and stop, whose the answers are, and what is counted of it all. Counted by hand.

The workspace is in Berlin, two hours ahead of UTC in May; it is the 15th of June 2026.
"""

from datetime import date, timedelta

import pytest
import stored
from conversing import at, drop, event, hold, record, talk
from sqlmodel import col, update
from trading import MAY, ask, assert_a_rebuild_changes_nothing, finish_rebuild, meet, slices, value

from app.kpis import CUBES
from app.kpis.dimension import Dimension
from app.models.workspace import Workspace
from app.services import channel_effectiveness, merge, rebuild
from app.services import workspace as workspace_
from app.services.attribution import Attribution
from app.services.period import Span
from app.services.row import Ref
from app.services.slices import Filter
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
    gone = {value(workspace, "RESPONSE_TIME", variant=variant) for variant in ("median", "every_response")}
    assert gone == {"INPUT_NOT_CONFIGURED"}
    assert not assert_a_rebuild_changes_nothing(database, workspace)


@pytest.mark.slow
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


@pytest.mark.slow
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


# what time alone changes

TODAY = Span(date(2026, 6, 15), date(2026, 6, 16))


def today(time):
    return at(15, time, month=6)


def judged(workspace):
    """How many first messages of today have been answered, or are late."""
    return ask(workspace, "RESPONSE_WITHIN_TARGET", TODAY).figure.denominator


def wait_until(workspace, clock, time):
    """Let the worker do what is due by then."""
    clock.now = today(time)
    Worker(workspace.door).drain()


def test_each_of_a_batch_becomes_late_in_its_own_time(workspace, clock):
    clock.now = today("10:00")
    hold(workspace, *(talk(when, event("asks", today(when))) for when in ("09:50", "09:30", "09:40")))
    seen = []
    for time in ("10:29", "10:30", "10:40", "10:49", "10:50"):
        wait_until(workspace, clock, time)
        seen.append(judged(workspace))
    assert seen == [0, 1, 2, 2, 3]


@pytest.mark.parametrize("cube", ["interaction", "response", "resolution", "wait", "turn"])
def test_what_is_late_by_the_time_of_a_rebuild_is_counted_once(workspace, clock, database, cube):
    clock.now = today("10:00")
    hold(workspace, talk("t", event("asks", today("09:30"))))
    clock.now = today("10:31")
    workspace.write(rebuild.start, [cube])
    finish_rebuild(workspace)
    Worker(workspace.door).drain()
    assert judged(workspace) == 1
    assert_a_rebuild_changes_nothing(database, workspace)


def set_target(database, workspace, minutes):
    """As whoever changes the setting does."""
    mine = update(Workspace).where(col(Workspace.id) == workspace.id)
    stored.execute(database, mine.values(response_target_minutes=minutes))
    workspace.write(rebuild.start, list(CUBES), afresh=True)
    Worker(workspace.door).drain()


@pytest.mark.slow
def test_another_target_judges_anew_and_waits_anew(workspace, clock, database):
    clock.now = today("10:00")
    hold(workspace, talk("t", event("asks", today("08:00"))), talk("u", event("asks", today("09:30"))))
    assert judged(workspace) == 1
    set_target(database, workspace, 180)
    assert judged(workspace) == 0
    wait_until(workspace, clock, "11:00")
    assert judged(workspace) == 1
    set_target(database, workspace, 95)
    assert judged(workspace) == 1
    wait_until(workspace, clock, "11:05")
    assert judged(workspace) == 2
    assert_a_rebuild_changes_nothing(database, workspace)


def test_another_target_judges_replies_anew(workspace, database):
    hold(workspace, PLAIN)
    for minutes, share in ((29, 0), (30, 100)):
        set_target(database, workspace, minutes)
        assert value(workspace, "RESPONSE_WITHIN_TARGET") == share
    assert_a_rebuild_changes_nothing(database, workspace)


def test_what_is_deleted_or_answered_never_becomes_late(workspace, clock):
    clock.now = today("10:00")
    hold(workspace, *(talk(name, event("asks", today("09:30"))) for name in "abc"))
    drop(workspace, "a")
    hold(workspace, talk("b", event("asks", today("09:30")), event("replies", today("09:59"))))
    wait_until(workspace, clock, "12:00")
    figure = ask(workspace, "RESPONSE_WITHIN_TARGET", TODAY).figure
    assert (figure.numerator, figure.denominator) == (1, 2)


def test_a_distribution_is_told_as_it_was_known(workspace, clock):
    def known(day, variant):
        return value(workspace, "RESPONSE_TIME", variant=variant, known_on=date(2026, 6, day))

    hold(workspace, PLAIN)
    clock.now = at(17, month=6)
    hold(workspace, talk("plain", event("asks", at(4, "10:00")), event("replies", at(4, "10:50"), "eva")))
    clock.now = at(19, month=6)
    drop(workspace, "plain")
    for variant in ("median", "p90", "every_response", "mean"):
        assert known(16, variant) == pytest.approx(30 * MINUTE, rel=0.008)
        assert known(18, variant) == pytest.approx(50 * MINUTE, rel=0.008)
        assert known(19, variant) == "INPUT_NOT_CONFIGURED"


# percentiles in cuts that no rollup holds


def test_a_median_can_be_narrowed_by_one_thing_and_broken_down_by_another(workspace):
    def told(name, minutes, **more):
        return talk(name, event("asks", at(4, "10:00")), event("replies", at(4, f"10:{minutes}")), **more)

    hold(
        workspace,
        told("a", "10", channel="mail", reason="price"),
        told("b", "30", channel="mail", reason="price"),
        told("c", "50", channel="mail", reason="other"),
        told("d", "55", channel="chat", reason="price"),
    )
    narrow = (Filter(Dimension.CHANNEL, ("mail",)),)
    answer = ask(workspace, "RESPONSE_TIME", filters=narrow, by=Dimension.REASON)
    told_ = {answer.slices[key].key: (row[0].value, row[0].sample) for key, row in answer.figures.items()}
    assert told_ == {
        "price": (pytest.approx(20 * MINUTE, rel=0.008), 2),
        "other": (pytest.approx(50 * MINUTE, rel=0.008), 1),
    }


# whose they are


def test_a_merge_keeps_what_each_conversation_was_held_under(workspace, database):
    meet(workspace, {"external_id": "ann", "region": "north"})
    hold(workspace, talk("t", *PLAIN["events"], customer="ann"), talk("u", *PLAIN["events"], customer="stub"))
    meet(workspace, {"external_id": "ann", "region": "south"})
    workspace.write(merge.merge, Ref(external_id="ann"), Ref(external_id="stub"))
    # what was said to somebody of whom nothing was known is of who they turned out to be
    assert slices(workspace, "INTERACTIONS", Dimension.REGION) == {"north": 1, "south": 1}
    turns = slices(workspace, "RESPONSE_TIME", Dimension.REGION, "every_response")
    assert set(turns) == {"north", "south"}
    (kept,) = {row["customer_id"] for row in stored.rows(database, "interaction", workspace.id)}
    assert [row["customer_id"] for row in stored.rows(database, "turn", workspace.id)] == [kept, kept]
    assert_a_rebuild_changes_nothing(database, workspace)


# what is not so yet


def test_who_only_says_thanks_does_not_wait(workspace):
    thanks = talk(
        "t", event("replies", at(4, "10:00")), event("resolved", at(4, "11:00")), event("asks", at(4, "12:00"))
    )
    hold(workspace, thanks)
    assert [count for _, count in ask(workspace, "WAITING_TIME").figure.left_out] == [0]


def test_who_is_on_hold_without_having_written_waits(workspace):
    hold(workspace, talk("t", event("replies", at(4, "10:00")), event("hold", at(4, "11:00"))))
    assert [count for _, count in ask(workspace, "WAITING_TIME").figure.left_out] == [1]


def test_the_message_that_reopens_is_a_turn(workspace):
    times = (("asks", "10:00"), ("replies", "10:10"), ("resolved", "10:20"))
    again = (("asks", "12:00"), ("reopened", "12:01"), ("replies", "12:31"))
    hold(workspace, talk("t", *(event(what, at(4, when)) for what, when in (*times, *again))))
    assert ask(workspace, "RESPONSE_TIME", variant="every_response").figure.sample == 2


def test_a_reply_that_came_after_it_was_late_is_late(workspace, clock):
    clock.now = today("11:00") + timedelta(milliseconds=100)
    asked = event("asks", today("10:00"))
    hold(workspace, talk("t", asked))
    assert value(workspace, "RESPONSE_WITHIN_TARGET", TODAY) == 0
    clock.advance(hours=1)
    hold(workspace, talk("t", asked, event("replies", today("11:00") + timedelta(milliseconds=900))))
    assert value(workspace, "RESPONSE_WITHIN_TARGET", TODAY) == 0


def test_a_channel_is_as_fast_as_it_answers(workspace):
    slow = talk("slow", event("asks", at(4, "10:00")), event("replies", at(4, "12:00")), channel="chat")
    hold(workspace, PLAIN, slow, talk("nowhere", event("asks", at(4, "10:00")), event("replies", at(4, "11:00"))))
    rows = workspace.read(channel_effectiveness.effects, MAY, Attribution.FIRST_TOUCH).rows
    found = {row.channel.key if row.channel else "": row.figures["response_time"].value for row in rows}
    half_hour = pytest.approx(30 * MINUTE, rel=0.008)
    assert found == {"mail": half_hour, "chat": pytest.approx(2 * HOUR, rel=0.008), "": pytest.approx(HOUR, rel=0.008)}
