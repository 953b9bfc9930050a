"""Staff who change teams, counted by hand: what they served belongs to the team of its day, as it is known now."""

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
import stored
from sqlalchemy import event
from trading import (
    CREATE,
    MAY,
    ask,
    assert_a_rebuild_changes_nothing,
    back,
    belong,
    cells,
    form,
    may,
    put,
    slices,
    sold,
    take_back,
    value,
)

from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.services import feedback, job, staff, team, teamwork
from app.services.page import Slice
from app.services.row import Ref
from app.services.slices import Filter
from app.services.team import SERVED

TEAM = Dimension.TEAM
IN_TURN = (("red", None, may(16)), ("blue", may(16), None))
"""The teams of Eva."""


def say(people, *rows):
    """Record answers: a name, a score, a day, and who is meant."""
    told = [
        {"external_id": name, "kind": "CSAT", "score": score, "occurred_at": day}
        | ({"staff": Ref(external_id=who)} if who else {})
        for name, score, day, who in rows
    ]
    assert not any(result.problems for result in people.write(feedback.record_batch, told, CREATE))


@pytest.fixture
def told(workspace):
    """Eva is in the red team until the middle of May, then in the blue one; Ned is in none."""
    form(workspace, "red", "blue", "green")
    belong(workspace, "eva", *IN_TURN)
    serve(workspace)
    return workspace


def serve(people):
    """What Eva, Ned and nobody served: orders, refunds, answers."""
    put(
        people,
        "order",
        sold("o1", 100, may(4), "ann", staff="eva"),
        sold("o2", 10, may(15), "bob", staff="eva"),
        sold("o3", 20, may(16), "ann", staff="eva"),
        sold("o4", 5, may(30), "ann", staff="eva"),
        sold("o5", 7, may(4), "ann", staff="ned"),
        sold("o6", 3, may(16), "cat"),
    )
    put(people, "refund", back("r1", "o1", 40, may(20)), back("r2", "o3", 2, date(2026, 6, 2)))
    say(
        people,
        ("f1", 5, may(3), "eva"),
        ("f2", 1, may(15), "eva"),
        ("f3", 5, may(17), "eva"),
        ("f4", 4, may(17), "ned"),
    )
    say(people, ("f5", 1, may(17), None))


def split(people):
    """Figures of May by team."""
    return {
        "revenue": slices(people, "REVENUE", TEAM),
        "as refunded": slices(people, "REVENUE", TEAM, "refund_date"),
        "returns": slices(people, "RETURN_RATE", TEAM),
        "returning": slices(people, "REPEAT_PURCHASE_RATE", TEAM),
        "satisfied": slices(people, "CSAT", TEAM),
    }


BEFORE = {
    # as Eva changed teams in the middle of the month
    "revenue": {"red": 70, "blue": 23, "": 10},
    "as refunded": {"red": 70, "blue": 25, "": 10},
    "returns": {"red": 50, "blue": 50, "": 0},
    "returning": {"red": 0, "blue": 100, "": 0},
    "satisfied": {"red": 50, "blue": 100, "": 50},
}
AFTER = {
    # had she changed on the 4th already, and to the green team on the 30th
    "revenue": {"blue": 60 + 10 + 18, "green": 5, "": 10},
    "as refunded": {"blue": 60 + 10 + 20, "green": 5, "": 10},
    "returns": {"blue": pytest.approx(200 / 3), "green": 0, "": 0},
    "returning": {"blue": 50, "green": 0, "": 0},
    "satisfied": {"red": 100, "blue": 50, "": 50},
}
MOVED = (("red", None, may(4)), ("blue", may(4), may(30)), ("green", may(30), None))


def test_a_change_in_the_middle_of_a_month_splits_it_by_the_day(told, database):
    assert split(told) == BEFORE
    assert_a_rebuild_changes_nothing(database, told)
    assert split(told) == BEFORE


def test_it_makes_no_difference_whether_teams_or_facts_are_told_first(workspace, database):
    form(workspace, "red", "blue", "green")
    serve(workspace)
    assert split(workspace)["revenue"] == {"": 103}
    assert belong(workspace, "eva", *IN_TURN) == "UPDATED"
    assert split(workspace) == BEFORE
    assert_a_rebuild_changes_nothing(database, workspace)
    assert split(workspace) == BEFORE


def test_a_correction_of_the_past_moves_what_was_counted(told, database):
    assert belong(told, "eva", *MOVED) == "UPDATED"
    assert split(told) == AFTER
    assert_a_rebuild_changes_nothing(database, told)
    assert split(told) == AFTER
    before = cells(database, told)
    belong(told, "eva", *IN_TURN)
    assert split(told) == BEFORE
    belong(told, "eva", *MOVED)
    assert cells(database, told) == before


def test_what_was_known_before_the_change_is_told_as_it_was(told, clock):
    first = clock.now.date()
    clock.advance(days=3)
    belong(told, "eva", *MOVED)
    assert slices(told, "REVENUE", TEAM) == AFTER["revenue"]
    figures = ask(told, "REVENUE", MAY, by=TEAM, known_on=first)
    then = {figures.slices[key].key: row[0].value for key, row in figures.figures.items()}
    assert {key: one for key, one in then.items() if one} == BEFORE["revenue"]
    assert value(told, "REVENUE", known_on=first) == value(told, "REVENUE") == 103


def test_nobody_in_a_team_leaves_everything_under_none(told, database):
    assert belong(told, "eva") == "UPDATED"
    assert split(told)["revenue"] == {"": 103}
    assert {
        row["team_id"] for name in ("customer_order", "refund", "feedback") for row in stored.rows(database, name)
    } == {None}
    assert_a_rebuild_changes_nothing(database, told)


def test_what_is_mended_goes_to_the_team_of_its_new_day_and_staff(told, database):
    put(told, "order", sold("o1", 100, may(18), "ann", staff="eva"), sold("o5", 7, may(4), "ann", staff="eva"))
    say(told, ("f4", 4, may(3), "eva"), ("f1", 5, may(3), None))
    assert split(told)["revenue"] == {"red": 10 + 7, "blue": 60 + 18 + 5, "": 3}
    assert split(told)["satisfied"] == {"red": 50, "blue": 100, "": 50}
    assert_a_rebuild_changes_nothing(database, told)


def test_what_is_told_again_after_it_was_deleted_has_the_team_of_now(told, database):
    take_back(told, "order", "o1")
    belong(told, "eva", *MOVED)
    assert slices(told, "REVENUE", TEAM) == AFTER["revenue"] | {"blue": 10 + 18}
    put(told, "order", sold("o1", 100, may(4), "ann", staff="eva"))
    assert split(told) == AFTER
    assert_a_rebuild_changes_nothing(database, told)


def test_filters_by_team(told):
    red = Filter(TEAM, ("red",))
    assert value(told, "REVENUE", filters=(red,)) == 70
    assert value(told, "REVENUE", filters=(Filter(TEAM, None, ("red",)),)) == 33
    assert value(told, "REVENUE", filters=(red, Filter(Dimension.STAFF, ("eva",)))) == 70
    assert value(told, "CSAT", filters=(Filter(TEAM, ("",)),)) == 50
    with pytest.raises(Invalid, match="There is no TEAM 'pink'"):
        ask(told, "REVENUE", filters=(Filter(TEAM, ("pink",)),))


@pytest.mark.slow
def test_more_than_is_restated_at_once_waits_for_the_worker(told, database, monkeypatch):
    monkeypatch.setattr(teamwork, "AT_ONCE", 2)
    belong(told, "eva", *MOVED)
    waiting = [row["kind"] for row in stored.rows(database, "job")]
    assert waiting.count("reteam") == 1  # three of Eva's orders move, and one answer
    assert split(told) != AFTER
    assert_a_rebuild_changes_nothing(database, told)
    work(told)
    assert split(told) == AFTER
    assert_a_rebuild_changes_nothing(database, told)


@pytest.mark.slow
def test_what_waits_ends_where_the_last_change_says(told, database, monkeypatch):
    monkeypatch.setattr(teamwork, "AT_ONCE", 1)
    belong(told, "eva", *MOVED)
    belong(told, "eva", ("green", None, None))
    belong(told, "eva", *MOVED)
    work(told)
    assert split(told) == AFTER
    assert_a_rebuild_changes_nothing(database, told)


def work(people):
    """Have the jobs run, and those that they leave behind."""
    while claimed := job.claim(people.door):
        for one in claimed:
            assert job.run(people.door, one)


@pytest.mark.slow
def test_the_same_again_and_what_changes_no_team_restates_nothing(told, database):
    before = stored.everything(database)
    assert belong(told, "eva", *reversed(IN_TURN)) == "UNCHANGED"
    assert stored.everything(database) == before
    told.write(staff.upsert, {"external_id": "eva", "name": "Eva"})
    assert stored.everything(database) == before
    facts = {name: before[name] for name in ("customer_order", "refund", "feedback", "rollup", "rollup_entry")}
    assert belong(told, "eva", ("red", None, may(10)), ("red", may(10), may(16)), IN_TURN[1]) == "UPDATED"
    after = stored.everything(database)
    assert {name: after[name] for name in facts} == facts


def test_a_change_is_noted_and_raises_the_version(told, database):
    belong(told, "eva", *MOVED)
    (row,) = (one for one in stored.rows(database, "staff") if one["key"] == "eva")
    log = [one for one in stored.rows(database, "change", told.id) if one["record_id"] == row["id"]]
    assert [(one["action"], one["version"], one["fields"]) for one in sorted(log, key=lambda one: one["version"])] == [
        ("CREATED", 1, []),
        ("UPDATED", 2, ["teams"]),
    ]
    assert row["version"] == 2


def test_a_stub_that_becomes_whole_brings_its_teams(workspace, database):
    form(workspace, "red")
    put(workspace, "order", sold("o1", 100, may(4), "ann", staff="eva"))
    assert belong(workspace, "eva", ("red", None, None)) == "UPDATED"
    assert slices(workspace, "REVENUE", TEAM) == {"red": 100}
    assert_a_rebuild_changes_nothing(database, workspace)


WRONG = [
    # what is told of somebody's teams, and what is wrong with it
    ([("red", may(1), may(5)), ("blue", may(4), None)], [("CONFLICT", ("teams", "1"))]),
    ([("red", None, None), ("red", may(4), may(5))], [("CONFLICT", ("teams", "1"))]),
    ([("red", may(9), None), ("blue", may(1), may(9)), ("blue", may(3), may(4))], [("CONFLICT", ("teams", "2"))]),
    ([("red", may(1), may(1))], [("OUT_OF_RANGE", ("teams", "0", "before"))]),
    (
        [("red", may(3), may(2)), ("pink", may(4), None)],
        [("OUT_OF_RANGE", ("teams", "0", "before")), ("NOT_FOUND", ("teams", "1", "team"))],
    ),
    ([("red", date(1899, 12, 31), None)], [("OUT_OF_RANGE", ("teams", "0", "from"))]),
    ([("red", may(1), None)] * 101, [("TOO_MANY", ("teams",))]),
]


@pytest.mark.some(2)
@pytest.mark.parametrize(("times", "problems"), WRONG)
def test_what_cannot_be_is_refused_where_it_is_wrong_and_leaves_nothing(told, database, times, problems):
    before = stored.everything(database)
    with pytest.raises(Invalid) as refused:
        belong(told, "eva", *times)
    assert [(problem.code, problem.path) for problem in refused.value.problems] == problems
    with pytest.raises(Invalid):
        belong(told, "new", *times)
    assert stored.everything(database) == before


def test_one_may_begin_where_the_other_ends(told):
    assert belong(told, "eva", ("red", may(9), None), ("blue", may(1), may(9)), ("red", None, may(1))) == "UPDATED"


def test_absent_keeps_and_null_clears(told):
    eva = {"external_id": "eva", "name": "Eva M."}
    told.write(staff.upsert, eva)
    assert slices(told, "REVENUE", TEAM) == BEFORE["revenue"]
    told.write(staff.upsert, eva | {"teams": None})
    assert slices(told, "REVENUE", TEAM) == {"": 103}


def test_who_is_in_a_team_and_in_which_somebody_was(told, clock):
    belong(told, "bea", ("red", may(10), None))
    rows = told.read(team.LIST.page, Slice(first=9), None, ())
    ids = {row.key: row.id for row in rows.rows}
    wanted = [("red", may(9)), ("red", may(10)), ("red", None), ("blue", may(15)), ("blue", None), ("green", may(1))]
    found = told.read(team.members, [(ids[name], day) for name, day in wanted])
    assert [[one.key for one in people] for people in found] == [["eva"], ["bea", "eva"], ["bea"], [], ["eva"], []]
    assert [[one.key for one in people] for people in told.read(team.members, [(ids["red"], date.max)])] == [["bea"]]
    eva = told.read(staff.LIST.find, Ref(external_id="eva")).id
    ned = told.read(staff.LIST.find, Ref(external_id="ned")).id
    assert told.read(team.current, [eva, ned]) == {eva: ids["blue"]}
    assert told.read(team.stays, [eva, ned]) == {
        eva: [(date.min, may(16), ids["red"]), (may(16), date(9999, 12, 31), ids["blue"])],
        ned: [],
    }
    clock.set(datetime(2026, 5, 15, 12, tzinfo=UTC))
    assert told.read(team.current, [eva]) == {eva: ids["red"]}
    clock.set(datetime(2026, 5, 15, 22, tzinfo=UTC) + timedelta(minutes=1))  # the 16th in Berlin
    assert told.read(team.current, [eva]) == {eva: ids["blue"]}


def test_the_team_is_read_once_for_a_batch(told, statements_of):
    rows = [sold(f"n{n}", 1, may(1 + n % 28), "ann", staff=("eva", "ned")[n % 2]) for n in range(20)]
    with statements_of("membership") as sent:
        put(told, "order", *rows)
    assert len(sent) == 1
    with statements_of("membership") as sent:
        put(told, "order", *(row | {"external_id": "x" + row["external_id"], "staff": None} for row in rows))
    assert sent == []


@pytest.fixture
def statements_of(door):
    """Collects the statements that name a table."""

    @contextmanager
    def collect(table):
        found = []

        def note(_connection, _cursor, statement, *_):
            if f" {table}" in statement:
                found.append(statement)

        event.listen(door.db.writer, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(door.db.writer, "before_cursor_execute", note)

    return collect


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_somebody_served_is_found_without_reading_the_rest(told, door, monkeypatch):
    plans = []

    def note(_connection, cursor, statement, parameters, *_):
        if "LIMIT" in statement and "team_id IS NOT" in statement:
            plans.append(cursor.connection.execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall())

    monkeypatch.setattr(teamwork, "AT_ONCE", 2)
    event.listen(door.db.writer, "before_cursor_execute", note)
    belong(told, "eva", *MOVED)
    work(told)
    assert len(plans) == len(SERVED) + 1  # of orders twice, of all others once
    for ((*_, step),) in plans:  # in one step: nothing is sorted
        assert re.search(r"_(staff|responder|resolver) \(tenant_id=\? AND \1_id=\?", step)
