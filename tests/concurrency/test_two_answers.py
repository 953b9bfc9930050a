"""Two at once on one invitation or one survey: whoever comes second sees what the first has done."""

import threading
from concurrent.futures import Future

import pytest
import stored
from surveying import CREATE, answer, ask, at, invite, invited, record, said
from trading import assert_a_rebuild_changes_nothing, value

from app.services import feedback, survey
from app.services.row import Options, Ref

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

PATIENCE = 60
"""Seconds in which something must have been done."""
ROUNDS = 10


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


def saying(people, door, row):
    named = row | {"invitation": Ref(external_id=row["invitation"])}
    return lambda: door.write(people.alice, feedback.record_batch, [named], CREATE)[0].outcome.value


@pytest.mark.parametrize("known", [True, False])
def test_of_two_answers_at_once_to_one_question_one_counts(workspace, doors, database, known):
    if known:
        invite(workspace, *(invited(f"i{n}") for n in range(ROUNDS)))
    for n in range(ROUNDS):
        pair = (said(f"f{n}-{place}", f"i{n}", 1 + 4 * place, 1 + place) for place in range(2))
        calls = [saying(workspace, door, row) for door, row in zip(doors, pair, strict=True)]
        assert at_once(*calls) == ["CREATED", "CREATED"]
    rows = {row["external_id"]: row["is_replaced"] for row in stored.rows(database, "feedback", workspace.id)}
    assert rows == {f"f{n}-{place}": place == 0 for n in range(ROUNDS) for place in range(2)}
    sent = stored.rows(database, "invitation", workspace.id)
    assert {(row["answered_at"], row["answer_seconds"]) for row in sent} == {(at(1), 3600 if known else None)}
    assert len(sent) == ROUNDS
    assert value(workspace, "CSAT") == 100
    assert_a_rebuild_changes_nothing(database, workspace)


def test_an_answer_comes_while_the_later_one_is_taken_back(workspace, doors, database):
    invite(workspace, *(invited(f"i{n}") for n in range(ROUNDS)))
    for n in range(ROUNDS):
        answer(workspace, said(f"late{n}", f"i{n}", 1, 9))

        def take(n=n):
            doors[0].write(workspace.alice, feedback.delete_batch, [{"external_id": f"late{n}"}], Options())

        at_once(take, saying(workspace, doors[1], said(f"f{n}", f"i{n}", 5)))
    assert (value(workspace, "CSAT"), value(workspace, "FEEDBACK_COUNT")) == (100, ROUNDS)
    assert value(workspace, "SURVEY_ANSWER_TIME", variant="mean") == 3600
    assert_a_rebuild_changes_nothing(database, workspace)


def test_an_answer_and_its_invitation_at_once_find_each_other(workspace, doors, database):
    for n in range(ROUNDS):

        def ask_(n=n):
            return record(workspace, "invitation", invited(f"i{n}", customer="ann"))[0].outcome.value

        told = at_once(ask_, saying(workspace, doors[1], said(f"f{n}", f"i{n}", 5)))
        assert told[0] in ("CREATED", "UPDATED")
        assert told[1] == "CREATED"
    assert len({row["customer_id"] for row in stored.rows(database, "feedback", workspace.id)} - {None}) == 1
    assert (value(workspace, "RESPONSE_RATE"), value(workspace, "CSAT")) == (100, 100)
    assert_a_rebuild_changes_nothing(database, workspace)


def test_editions_made_at_once_follow_each_other(workspace, doors, database):
    ask(workspace, "s")
    for n in range(ROUNDS):

        def edit(door, best):
            asked = {"key": "q", "kind": "CSAT", "scale_best": best}
            return lambda: door.write(
                workspace.alice, survey.upsert, {"external_id": "s", "name": "s", "questions": [asked]}
            )

        at_once(edit(doors[0], 10 + 2 * n), edit(doors[1], 11 + 2 * n))
    numbers = sorted(row["number"] for row in stored.rows(database, "survey_edition", workspace.id))
    assert numbers == list(range(1, 2 * ROUNDS + 1))
    assert [row["edition"] for row in stored.rows(database, "survey", workspace.id)] == [2 * ROUNDS]
