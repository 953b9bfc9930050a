"""Two at once on one customer, one order, one rate: whoever comes second sees what the first has done."""

import threading
from concurrent.futures import Future
from datetime import date
from decimal import Decimal

import pytest
import stored
from trading import CREATE, MODULES, ask, assert_a_rebuild_changes_nothing, back, may, meet, put, sold, value, worth

from app.services import rebuild
from app.services.row import Options, Ref

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

PATIENCE = 60
"""Seconds in which something must have been done."""
ROUNDS = 12


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


def both(people, doors, noun, first, second, options=CREATE):
    """What becomes of two facts that are recorded at once through two doors."""

    def recording(door, row):
        return lambda: door.write(people.alice, MODULES[noun].record_batch, [_exact(row)], options)[0]

    return at_once(recording(doors[0], first), recording(doors[1], second))


def _exact(row):
    sums = {name: Decimal(row[name]) for name in ("amount", "rate") if name in row}
    return row | sums | {name: Ref(external_id=row[name]) for name in ("customer", "order") if name in row}


def outcomes(results):
    return sorted(result.outcome.value for result in results)


@pytest.mark.parametrize("known", [True, False])
def test_two_first_orders_of_one_customer_make_one_buyer_who_came_back_once(workspace, doors, database, known):
    if known:
        meet(workspace, *({"external_id": f"c{n}", "region": "north"} for n in range(ROUNDS)))
    for n in range(ROUNDS):
        pair = (sold(f"o{n}-{place}", 1, may(4 + place), f"c{n}") for place in range(2))
        assert outcomes(both(workspace, doors, "order", *pair)) == ["CREATED", "CREATED"]
    figure = ask_people(workspace)
    assert (figure.numerator, figure.denominator) == (ROUNDS, ROUNDS)
    assert value(workspace, "REPEAT_PURCHASE_RATE", variant="cohort") == 100
    buyers = stored.rows(database, "buyer", workspace.id)
    assert [(row["orders"], row["day"], row["second_on"], row["value"]) for row in buyers] == [
        (2, may(4), may(5), 200)
    ] * ROUNDS
    assert len(stored.rows(database, "customer", workspace.id)) == ROUNDS
    assert_a_rebuild_changes_nothing(database, workspace)


def ask_people(people):
    return ask(people, "REPEAT_PURCHASE_RATE").figure


def test_an_order_that_comes_while_the_other_is_taken_back(workspace, doors, database):
    for n in range(ROUNDS):
        put(workspace, "order", sold(f"a{n}", 1, may(4), f"c{n}"))

        def take(n=n):
            doors[0].write(workspace.alice, MODULES["order"].delete_batch, [{"external_id": f"a{n}"}], Options())

        def tell(n=n):
            row = _exact(sold(f"b{n}", 1, may(9), f"c{n}"))
            doors[1].write(workspace.alice, MODULES["order"].record_batch, [row], CREATE)

        at_once(take, tell)
    figure = ask_people(workspace)
    assert (figure.numerator, figure.denominator) == (0, ROUNDS)
    assert {(row["orders"], row["day"]) for row in stored.rows(database, "buyer", workspace.id)} == {(1, may(9))}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_two_refunds_at_once_give_no_more_back_than_there_is(workspace, doors, database):
    for n in range(ROUNDS):
        put(workspace, "order", sold(f"o{n}", 100, may(4), f"c{n}"))
        pair = (back(f"r{n}-{place}", f"o{n}", 60, may(5)) for place in range(2))
        assert outcomes(both(workspace, doors, "refund", *pair)) == ["CREATED", "REJECTED"]
    assert {row["refunded"] for row in stored.rows(database, "customer_order", workspace.id)} == {6000}
    assert value(workspace, "REVENUE") == 40 * ROUNDS
    assert_a_rebuild_changes_nothing(database, workspace)


def test_two_refunds_at_once_of_an_order_that_is_not_known_make_one_stub(workspace, doors, database):
    for n in range(ROUNDS):
        pair = (back(f"r{n}-{place}", f"o{n}", 10, may(5), currency="EUR") for place in range(2))
        assert outcomes(both(workspace, doors, "refund", *pair)) == ["CREATED", "CREATED"]
    orders = stored.rows(database, "customer_order", workspace.id)
    assert [(row["refunded"], row["is_stub"]) for row in orders] == [(2000, True)] * ROUNDS


def test_one_order_told_twice_at_once_is_one_order(workspace, doors, database):
    for n in range(ROUNDS):
        row = sold(f"o{n}", 5, may(4), f"c{n}")
        assert outcomes(both(workspace, doors, "order", row, row)) == ["CREATED", "UNCHANGED"]
    assert value(workspace, "REVENUE") == 5 * ROUNDS
    assert_a_rebuild_changes_nothing(database, workspace)


def test_of_two_rates_at_once_of_a_pair_and_day_one_holds(workspace, doors, database):
    put(workspace, "order", *(sold(f"o{n}", 10, date(2026, 4, 1 + n), currency="USD") for n in range(ROUNDS)))
    for n in range(ROUNDS):
        day = date(2026, 4, 1 + n)
        pair = (worth(f"{name}{n}", "USD", rate, day) for name, rate in (("a", "0.5"), ("b", "0.6")))
        assert outcomes(both(workspace, doors, "rate", *pair)) == ["CREATED", "REJECTED"]
    assert len(stored.rows(database, "exchange_rate", workspace.id)) == ROUNDS
    assert {row["net"] for row in stored.rows(database, "customer_order", workspace.id)} <= {500, 600}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_a_rate_and_an_order_at_once_find_each_other(workspace, doors, database):
    """The order takes the rate that was there, or the rate prices the order that was there."""
    for n in range(ROUNDS):
        day = date(2026, 4, 1 + n)

        def rate(n=n, day=day):
            row = _exact(worth(f"x{n}", "USD", "0.5", day))
            doors[0].write(workspace.alice, MODULES["rate"].record_batch, [row], Options())

        def order(n=n, day=day):
            row = _exact(sold(f"o{n}", 10, day, f"c{n}", currency="USD"))
            doors[1].write(workspace.alice, MODULES["order"].record_batch, [row], CREATE)

        at_once(rate, order)
    assert {row["net"] for row in stored.rows(database, "customer_order", workspace.id)} == {500}
    assert {row["value"] for row in stored.rows(database, "buyer", workspace.id)} == {500}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_orders_come_while_people_are_counted_anew(workspace, doors, database):
    put(workspace, "order", *(sold(f"a{n}", 1, may(4), f"c{n}") for n in range(ROUNDS)))
    workspace.write(rebuild.start, ["purchaser", "buyer", "order"], afresh=True)
    for n in range(ROUNDS):

        def step():
            doors[0].write(workspace.system, rebuild.step, 3)

        def order(n=n):
            row = _exact(sold(f"b{n}", 1, may(20), f"c{n}"))
            doors[1].write(workspace.alice, MODULES["order"].record_batch, [row], CREATE)

        at_once(step, order)
    while workspace.write(rebuild.step):
        pass
    figure = ask_people(workspace)
    assert (figure.numerator, figure.denominator) == (ROUNDS, ROUNDS)
    assert_a_rebuild_changes_nothing(database, workspace)
