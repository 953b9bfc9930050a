"""Two referrals at once that would close a circle between them: one of them stands, and who was brought is known."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import stored
from trading import CREATE, ask, assert_a_rebuild_changes_nothing, brought, may, meet, put, used

from app.services import customer, engagement, referral
from app.services import merge as merging
from app.services.row import Options, Ref

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

PATIENCE = 60
"""Seconds in which something must have been done."""
ROUNDS = 8


@pytest.fixture
def doors(workspace, open_door):
    """Two doors to the workspace's database, as two processes would have them."""
    return [workspace.door, open_door()]


def at_once(*calls):
    """What each of the calls answers, all of them begun together."""
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait(PATIENCE)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(run, call) for call in calls]]


def outcomes(results):
    return sorted(result.outcome.value for result in results)


def named(row):
    return row | {name: Ref(external_id=row[name]) for name in ("customer", "referred") if name in row}


def recording(people, door, *rows, options=CREATE):
    return lambda: door.write(people.alice, referral.record_batch, [named(row) for row in rows], options)


def standing(database, people):
    """Who has referred whom."""
    rows = stored.rows(database, "referral", people.id)
    return [(row["customer_id"], row["referred_id"]) for row in rows if row["deleted_at"] is None]


def assert_no_circle(links):
    """Whoever has brought nobody is taken away until nobody is left."""
    left = set(links)
    while left:
        bringing = {who for who, _ in left}
        kept = {(who, whom) for who, whom in left if whom in bringing}
        assert kept != left, "they go in a circle"
        left = kept


@pytest.mark.parametrize("known", [True, False])
def test_of_two_that_bring_each_other_at_once_one_has_brought_the_other(workspace, doors, database, known):
    if known:
        meet(workspace, *({"external_id": f"{side}{n}"} for n in range(ROUNDS) for side in "ab"))
    for n in range(ROUNDS):
        one, other = brought(f"x{n}", f"a{n}", f"b{n}", may(4)), brought(f"y{n}", f"b{n}", f"a{n}", may(4))
        results = at_once(recording(workspace, doors[0], one), recording(workspace, doors[1], other))
        assert outcomes([result for (result,) in results]) == ["CREATED", "REJECTED"]
        (problem,) = next(result.problems for (result,) in results if result.problems)
        assert problem.path == ("referred",)
    assert len(standing(database, workspace)) == ROUNDS
    assert len(stored.rows(database, "customer", workspace.id)) == 2 * ROUNDS


def test_two_halves_of_a_long_chain_do_not_meet_at_both_ends(workspace, doors, database):
    for n in range(ROUNDS):
        halves = [[brought(f"{n}-{k}", f"{n}c{k}", f"{n}c{k + 1}", may(4)) for k in some] for some in ((0, 1), (3, 4))]
        put(workspace, "referral", *halves[0], *halves[1])
        joint, back = (
            brought(f"{n}-joint", f"{n}c2", f"{n}c3", may(5)),
            brought(f"{n}-back", f"{n}c5", f"{n}c0", may(5)),
        )
        results = at_once(recording(workspace, doors[0], joint), recording(workspace, doors[1], back))
        assert outcomes([result for (result,) in results]) == ["CREATED", "REJECTED"]
    assert_no_circle(standing(database, workspace))


def test_a_newcomer_and_the_referral_of_them_at_once_find_each_other(workspace, doors, database):
    for n in range(ROUNDS):

        def join(n=n):
            row = {"external_id": f"b{n}", "joined_on": may(6)}
            doors[1].write(workspace.alice, customer.upsert_batch, [row], Options())

        at_once(recording(workspace, doors[0], brought(f"x{n}", f"a{n}", f"b{n}", may(4))), join)
    figure = ask(workspace, "REFERRAL_RATE").figure
    assert (figure.numerator, figure.denominator) == (ROUNDS, ROUNDS)
    assert {row["converted_on"] for row in stored.rows(database, "referral", workspace.id)} == {may(6)}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_a_merge_while_people_bring_others_and_use_the_product(workspace, doors, database):
    meet(workspace, *({"external_id": f"b{n}", "joined_on": may(6)} for n in range(ROUNDS)))
    meet(
        workspace,
        *({"external_id": f"{side}{n}", "joined_on": date(2026, 1, 1)} for n in range(ROUNDS) for side in "ac"),
    )
    for n in range(ROUNDS):

        def use(n=n):
            row = named(used(f"u{n}", f"c{n}", may(7)))
            doors[1].write(workspace.alice, engagement.record_batch, [row], Options())

        def unite(n=n):
            door = doors[0]
            door.write(workspace.alice, merging.merge, Ref(external_id=f"c{n}"), Ref(external_id=f"a{n}"))

        at_once(unite, use, recording(workspace, doors[1], brought(f"x{n}", f"c{n}", f"b{n}", may(4))))
    referrers = ask(workspace, "REFERRAL_RATE", variant="referrers").figure
    assert (referrers.numerator, referrers.denominator) == (ROUNDS, 2 * ROUNDS)
    assert ask(workspace, "ACTIVE_USERS").figure.value == ROUNDS
    assert ask(workspace, "REFERRAL_RATE").figure.value == 100
    assert_a_rebuild_changes_nothing(database, workspace)
