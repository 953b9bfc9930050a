"""Two at once on one conversation, and the clock that runs out while somebody answers: nothing is counted twice."""

import threading
from concurrent.futures import Future
from datetime import date, timedelta

import pytest
import stored
from conversing import CREATE, at, drop, event, hold, talk
from trading import ask, assert_a_rebuild_changes_nothing, value

from app.actor import system
from app.kpis.dimension import Dimension
from app.services import interaction, overdue, rebuild
from app.services.period import Span

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

PATIENCE = 60
"""Seconds in which something must have been done."""
ROUNDS = 10
TODAY = Span(date(2026, 6, 15), date(2026, 6, 16))
ASKED = at(15, "08:00", month=6)
"""An hour and a half ago: what nobody has answered is late."""


@pytest.fixture
def doors(workspace, open_door):
    """Two doors to the workspace's database, as two processes would have them."""
    return [workspace.door, open_door()]


def at_once(*calls):
    """What each of the calls answers, all of them begun together."""
    start = threading.Barrier(len(calls))
    futures = [Future() for _ in calls]

    def run(future, call):
        start.wait(PATIENCE)
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where the future is asked
            future.set_exception(error)

    for future, call in zip(futures, calls, strict=True):
        threading.Thread(target=run, args=(future, call), daemon=True).start()
    return [future.result(PATIENCE) for future in futures]


def recording(people, door, *rows):
    return lambda: [one.outcome.value for one in door.write(people.alice, interaction.record_batch, rows, CREATE)]


def turns(database, people):
    """The seconds of every turn by the interaction's name."""
    names = {row["id"]: row["external_id"] for row in stored.rows(database, "interaction", people.id)}
    return sorted((names[row["interaction_id"]], row["seconds"]) for row in stored.rows(database, "turn", people.id))


def answered(name, minutes, who=None, **more):
    return talk(name, event("asks", ASKED), event("replies", ASKED + timedelta(minutes=minutes), who), **more)


def test_two_corrections_of_one_interaction_at_once_leave_one_of_them(workspace, doors, database):
    for number in range(ROUNDS):
        name = f"t{number}"
        hold(workspace, answered(name, 1))
        told = at_once(
            recording(workspace, doors[0], answered(name, 10, "eva", channel="mail")),
            recording(workspace, doors[1], answered(name, 20, "max", channel="chat")),
        )
        assert told == [["UPDATED"], ["UPDATED"]]
    left = turns(database, workspace)
    assert [name for name, _ in left] == sorted(f"t{number}" for number in range(ROUNDS))
    assert {seconds for _, seconds in left} <= {600, 1_200}
    rows = {row["external_id"]: row for row in stored.rows(database, "interaction", workspace.id)}
    assert [rows[name]["reply_seconds"] for name, _ in left] == [seconds for _, seconds in left]
    assert {row["version"] for row in rows.values()} == {3}
    figure = ask(workspace, "RESPONSE_TIME", TODAY, "mean").figure
    assert (figure.numerator, figure.denominator) == (sum(seconds for _, seconds in left), ROUNDS)
    assert_a_rebuild_changes_nothing(database, workspace)


def test_one_new_interaction_from_two_sides_is_one(workspace, doors, database):
    for number in range(ROUNDS):
        row = answered(f"t{number}", 10, f"new{number}", customer=f"c{number}")
        told = at_once(*(recording(workspace, door, row) for door in doors))
        assert sorted(told) == [["CREATED"], ["UNCHANGED"]]
    assert turns(database, workspace) == sorted((f"t{number}", 600) for number in range(ROUNDS))
    assert value(workspace, "INTERACTIONS", TODAY) == ROUNDS
    assert len(stored.rows(database, "staff", workspace.id)) == ROUNDS
    assert_a_rebuild_changes_nothing(database, workspace)


@pytest.mark.parametrize("end", ["answered", "deleted"])
def test_what_is_answered_or_deleted_while_it_becomes_late_is_counted_once(workspace, doors, clock, database, end):
    names = [f"t{number}" for number in range(ROUNDS)]
    clock.now = ASKED + timedelta(minutes=30)
    last_week = ASKED - timedelta(days=7)  # so that there are conversations, whatever becomes of the others
    hold(workspace, talk("before", event("asks", last_week), event("replies", last_week)))
    hold(workspace, *(talk(name, event("asks", ASKED)) for name in names))
    clock.now = ASKED + timedelta(minutes=90)
    worker = system(workspace.id, "worker")
    for name in names:
        if end == "answered":
            write = recording(workspace, doors[0], answered(name, 75, "eva"))
        else:
            write = lambda name=name: drop(workspace, name)  # noqa: E731 - one of two calls
        told, _ = at_once(write, lambda: doors[1].write(worker, overdue.judge))
        assert told == (["UPDATED"] if end == "answered" else ["DELETED"])
    figure = ask(workspace, "RESPONSE_WITHIN_TARGET", TODAY).figure
    assert (figure.numerator, figure.denominator) == (0, ROUNDS if end == "answered" else 0)
    answer = ask(workspace, "RESPONSE_WITHIN_TARGET", TODAY, by=Dimension.STAFF)
    assert [answer.slices[key].key for key in answer.figures] == (["eva"] if end == "answered" else [])
    assert_a_rebuild_changes_nothing(database, workspace)


@pytest.mark.slow
def test_a_rebuild_beside_a_writer_and_the_clock_counts_each_once(workspace, doors, clock, database):
    clock.now = ASKED + timedelta(minutes=30)
    hold(workspace, *(talk(f"t{number}", event("asks", ASKED)) for number in range(3 * ROUNDS)))
    clock.now = ASKED + timedelta(minutes=90)
    actor = system(workspace.id, "worker")
    for number in range(ROUNDS):
        doors[1].write(actor, rebuild.start, ["interaction", "response", "wait"])
        at_once(
            recording(workspace, doors[0], answered(f"t{number}", 75), talk(f"t{ROUNDS + number}")),
            lambda: doors[1].write(actor, rebuild.step, 7),
            lambda: doors[1].write(actor, overdue.judge),
        )
    while doors[1].write(actor, rebuild.step):
        pass
    figure = ask(workspace, "RESPONSE_WITHIN_TARGET", TODAY).figure
    assert (figure.numerator, figure.denominator) == (0, 2 * ROUNDS)
    assert [count for _, count in ask(workspace, "RESPONSE_TIME", TODAY).figure.left_out] == [ROUNDS]
    assert_a_rebuild_changes_nothing(database, workspace)
