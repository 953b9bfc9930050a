"""Rollups beneath what is asked: compaction round after round, and rebuilds that writers do not wait for."""

from datetime import UTC, date, datetime, timedelta

import pytest
import stored
from sqlalchemy import Delete, event, update
from sqlmodel import SQLModel

from app.db import Database
from app.kpis.figure import KpiFlag, NullReason
from app.services import customer, feedback, kpi, rebuild, rollup
from app.services.period import Grain, Span
from app.services.row import Options, Ref

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CREATE = Options(create_missing=True)
SPRING = Span(date(2026, 3, 1), date(2026, 6, 1))
CUBES = ["feedback", "spell_start", "spell_end"]
STATE = SQLModel.metadata.tables["rollup_state"]


def say(people, numbers, score=4, **more):
    rows = [
        {
            "external_id": f"f{n}",
            "kind": "CSAT",
            "score": score,
            "customer": Ref(external_id=f"c{n % 4}"),
            "tags": ["a", "b"][: n % 3],
            "occurred_at": NOON - timedelta(days=n % 40),
            **more,
        }
        for n in numbers
    ]
    for result in people.write(feedback.record_batch, rows, CREATE):
        assert not result.problems


def take_back(people, numbers):
    people.write(feedback.delete_batch, [{"external_id": f"f{n}"} for n in numbers], Options())


def meet(people, numbers, **row):
    rows = [{"external_id": f"c{n}", **row} for n in numbers]
    for result in people.write(customer.upsert_batch, rows, CREATE):
        assert not result.problems


def ask(people):
    """One figure of each kind, and the flags of the first."""
    asked = [
        kpi.Question("CSAT", SPRING),
        kpi.Question("FEEDBACK_COUNT", SPRING, grain=Grain.MONTH),
        kpi.Question("FEEDBACK_COUNT", SPRING, by=kpi.Dimension.TAG),
        kpi.Question("NEW_CUSTOMERS", SPRING),
        kpi.Question("CHURN_RATE", SPRING, by=kpi.Dimension.REGION),
    ]
    answers = people.read(kpi.answer, asked)
    figures = [{key: [(f.value, f.reason) for f in row] for key, row in a.figures.items()} for a in answers]
    return figures, answers[0].figure.flags


def counts(database, people):
    return len(stored.rows(database, "rollup_entry", people.id)), len(stored.rows(database, "rollup", people.id))


def test_compaction_changes_no_value_however_often(workspace, database):
    meet(workspace, range(4), region="north", joined_on=date(2026, 3, 5))
    for turn in range(3):  # the same days and months again and again
        say(workspace, range(8), score=turn + 1)
        say(workspace, range(10 * turn + 10, 10 * turn + 20))
        meet(workspace, [0], churned_on=date(2026, 4, 5 + turn), is_test=turn == 1)
        before = ask(workspace)
        appended, _ = counts(database, workspace)
        assert workspace.write(rollup.compact) == appended > 0
        assert ask(workspace) == before
        assert counts(database, workspace)[0] == 0
        stored.assert_rollups_are_the_facts(database, workspace.id)
    assert workspace.write(rollup.compact) == 0


def test_what_was_taken_back_adds_up_to_exactly_zero(workspace, database):
    say(workspace, range(20))
    workspace.write(rollup.compact)
    take_back(workspace, range(20))
    workspace.write(rollup.compact)
    assert stored.from_rollups(database, workspace.id) == stored.by_month(database, workspace.id) == {}


def test_compaction_waits_for_enough(workspace, database):
    say(workspace, range(3))
    before, _ = counts(database, workspace)
    assert workspace.write(rollup.compact, at_least=before + 1) == 0
    assert counts(database, workspace) == (before, 0)
    assert workspace.write(rollup.compact, at_least=before) == before


def test_workspaces_are_compacted_and_rebuilt_by_themselves(workspace, elsewhere, database):
    say(workspace, range(5))
    say(elsewhere, range(3))
    before = counts(database, elsewhere)
    workspace.write(rollup.compact)
    workspace.write(rebuild.start, CUBES)
    while workspace.write(rebuild.step):
        pass
    assert counts(database, elsewhere) == before
    for people in (workspace, elsewhere):
        stored.assert_rollups_are_the_facts(database, people.id)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # on SQLite nobody writes meanwhile
def test_what_is_appended_during_a_compaction_stays(workspace, database, open_door):
    say(workspace, range(5))
    other, written = open_door(), []

    def meanwhile(_connection, clause, *_):
        if isinstance(clause, Delete) and clause.table.name == "rollup_entry" and not written:
            written.append(1)
            row = {"external_id": "late", "kind": "CSAT", "score": 1, "occurred_at": NOON}
            other.write(workspace.system, feedback.record_batch, [row], Options())

    event.listen(workspace.door.db.writer, "before_execute", meanwhile)
    workspace.write(rollup.compact)
    assert written
    assert counts(database, workspace)[0] > 0
    stored.assert_rollups_are_the_facts(database, workspace.id)


@pytest.mark.slow
def test_a_rebuild_takes_in_what_is_written_meanwhile(workspace, database):
    """Before and after the place that it has come to: corrections, deletions, new facts, test flags, spells."""
    meet(workspace, range(4), region="north", joined_on=date(2026, 3, 5))
    say(workspace, range(30))
    workspace.write(rollup.compact)
    workspace.write(rebuild.start, CUBES)
    turn = 0
    while workspace.write(rebuild.step, 7):
        turn += 1
        if turn > 10:
            continue
        say(workspace, [turn, 29 - turn], score=turn % 5 + 1, tags=[])
        take_back(workspace, [(turn * 7) % 30])
        say(workspace, [100 + turn])
        meet(workspace, [turn % 4], is_test=turn % 3 == 0, churned_on=date(2026, 4, 1 + turn), region="south")
        if turn % 4 == 0:
            workspace.write(rollup.compact)
        stored.assert_rollups_are_the_facts(database, workspace.id)
        assert (KpiFlag.REBUILDING in ask(workspace)[1]) is (turn < 5)
    assert turn > 7  # it did take several steps
    figures, flags = ask(workspace)
    assert KpiFlag.REBUILDING not in flags
    cells = stored.assert_rollups_are_the_facts(database, workspace.id)
    workspace.write(rebuild.start, CUBES)
    while workspace.write(rebuild.step):
        pass
    assert ask(workspace)[0] == figures
    assert stored.assert_rollups_are_the_facts(database, workspace.id) == cells
    live = {row["cube"]: row["generation"] for row in stored.rows(database, "rollup_state", workspace.id)}
    assert {cube: live[cube] for cube in CUBES} == dict.fromkeys(CUBES, 3)
    for table in ("rollup", "rollup_entry"):  # nothing is left of the generations before
        assert {row["generation"] for row in stored.rows(database, table, workspace.id)} <= {3}


def test_a_rebuild_mends_what_was_spoilt(workspace, database):
    say(workspace, range(6))
    workspace.write(rollup.compact)
    table = SQLModel.metadata.tables["rollup"]
    stored.execute(database, update(table).where(table.c.tenant_id == workspace.id).values(a0=table.c.a0 + 5))
    with pytest.raises(AssertionError):
        stored.assert_rollups_are_the_facts(database, workspace.id)
    workspace.write(rebuild.start, ["feedback"])
    while workspace.write(rebuild.step, 2):
        pass
    stored.assert_rollups_are_the_facts(database, workspace.id)


def test_changed_measures_are_preparing_until_they_are_rebuilt(workspace, database):
    say(workspace, range(6))
    figures, _ = ask(workspace)
    of_feedback = (STATE.c.tenant_id == workspace.id, STATE.c.cube == "feedback")
    stored.execute(database, update(STATE).where(*of_feedback).values(fingerprint="of another time"))
    assert ask(workspace)[0][0][""] == [(None, NullReason.PREPARING)]
    assert workspace.write(rebuild.start) == ["feedback"]
    assert ask(workspace)[0][0][""] == [(None, NullReason.PREPARING)]
    workspace.write(rebuild.step, 4)
    say(workspace, range(3, 9), score=4)
    take_back(workspace, range(6, 9))
    while workspace.write(rebuild.step, 4):
        pass
    assert ask(workspace)[0] == figures
    assert workspace.write(rebuild.start) == []
    stored.assert_rollups_are_the_facts(database, workspace.id)


def test_what_was_known_before_a_rebuild_says_that_it_is_known_since(workspace, clock):
    say(workspace, range(6))
    day = clock.now.date()
    clock.advance(days=3)
    workspace.write(rebuild.start, CUBES)
    while workspace.write(rebuild.step):
        pass
    (answer,) = workspace.read(kpi.answer, [kpi.Question("CSAT", SPRING, known_on=day)])
    assert KpiFlag.KNOWN_SINCE_REBUILD in answer.figure.flags
    (answer,) = workspace.read(kpi.answer, [kpi.Question("CSAT", SPRING, known_on=clock.now.date())])
    assert KpiFlag.KNOWN_SINCE_REBUILD not in answer.figure.flags


def test_what_is_begun_anew_while_others_wait_for_it_is_not_counted_from_the_middle(workspace, database, monkeypatch):
    meet(workspace, range(9), region="north", joined_on=date(2026, 3, 5), churned_on=date(2026, 4, 1))
    workspace.write(rebuild.start, CUBES[1:])
    workspace.write(rebuild.step, 8)
    at = {row["cube"]: row["cursor"] for row in stored.rows(database, "rollup_state", workspace.id)}
    assert at["spell_start"] == at["spell_end"] != ""
    plain, begun = Database.lock, []

    def lock(self, session, *names, shared=False):
        """Another process begins with one of them anew before it is held."""
        plain(self, session, *names, shared=shared)
        if names[-1] == "spell_end" and not begun:
            begun.append(names)
            for said in (
                "DELETE FROM rollup_entry WHERE cube = 'spell_end' AND generation = 2",
                "UPDATE rollup_state SET building = 3, \"cursor\" = '' WHERE cube = 'spell_end'",
            ):
                session.connection().exec_driver_sql(said)

    monkeypatch.setattr(Database, "lock", lock)
    while workspace.write(rebuild.step, 8):
        pass
    assert begun
    stored.assert_rollups_are_the_facts(database, workspace.id)
