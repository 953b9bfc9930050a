"""A market: many who buy, give back, spend and change rates at once, while it is tidied beneath them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
import stored
from trading import CREATE, MODULES, assert_a_rebuild_changes_nothing, back, finish_rebuild, met, sold, spent, worth

from app.actor import system
from app.kpis import CUBES
from app.services import customer, rebuild, rollup
from app.services import workspace as workspaces
from app.services.row import Options, Ref

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

PATIENCE = 120
"""Seconds in which everything must have been done."""
FIRST = date(2026, 5, 1)


def fact(rng):
    """A noun, and some fact of it: of few names, few customers, few days."""

    def day():
        return FIRST + timedelta(days=rng.randint(0, 12))

    who, key = f"c{rng.randint(1, 6)}", rng.choice(("web", "shop"))
    name, currency = str(rng.randint(1, 25)), rng.choice(("EUR", "USD", "USD", "JPY"))
    amount = rng.randint(0, 50)
    noun = rng.choice(("order", "order", "order", "refund", "refund", "cost", "touchpoint", "rate"))
    start = day()
    row = {
        "order": sold(name, amount, day(), rng.choice((who, None)), currency=currency, channel=key),
        "refund": back(name, str(rng.randint(1, 25)), rng.choice((0, 1, amount)), day(), currency=currency),
        "cost": spent(name, rng.choice(("MEDIA", "SERVICE")), amount, start, start + timedelta(days=3), customer=who),
        "touchpoint": met(name, who, key, day()),
        "rate": worth(f"{name}", "USD", str(rng.randint(1, 9)), day()),
    }[noun]
    if noun == "order":
        row["status"] = rng.choice(("COMPLETED", "COMPLETED", "COMPLETED", "PENDING", "CANCELLED"))
    return noun, row


def exact(row):
    sums = {name: Decimal(row[name]) for name in ("amount", "rate") if name in row}
    refs = ("customer", "channel", "order")
    return row | sums | {name: Ref(external_id=row[name]) for name in refs if isinstance(row.get(name), str)}


def trade(door, people, seed, rounds):
    """Write this and that, as one of many does."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    actor = system(people.id)
    for _ in range(rounds):
        turn = rng.random()
        if turn < 0.7:
            noun, row = fact(rng)
            rows = [exact(row), *(exact(other) for kind, other in (fact(rng) for _ in range(5)) if kind == noun)]
            door.write(actor, MODULES[noun].record_batch, rows, CREATE)
        elif turn < 0.85:
            names = [{"external_id": str(rng.randint(1, 25))} for _ in range(2)]
            door.write(actor, MODULES[rng.choice(list(MODULES))].delete_batch, names, Options())
        elif turn < 0.97:
            row = {"external_id": f"c{rng.randint(1, 6)}", "is_test": rng.random() < 0.3, "region": rng.choice("ab")}
            row |= {"joined_on": FIRST + timedelta(days=rng.randint(0, 12))}
            door.write(actor, customer.upsert_batch, [row], CREATE)
        else:
            door.write(actor, workspaces.update, {"rate_carry_days": rng.randint(0, 2)})


def tidy(door, people, trading):
    """Compact and rebuild over and over."""
    actor = system(people.id)
    while trading.is_set():
        door.write(actor, rollup.compact)
        door.write(actor, rebuild.start, list(CUBES))
        door.write(actor, rebuild.step, 5)


def crowd(people, doors, *, seed, traders, rounds):
    """Let them loose; raises what any of them raised."""
    # SQLite lets one process write at a time and in no fair order: under such a crowd another would wait too long
    doors = doors[:1] if people.door.db.is_sqlite else doors
    trading = threading.Event()
    trading.set()
    with ThreadPoolExecutor(traders + 1) as pool:
        tidied = pool.submit(tidy, doors[-1], people, trading)
        told = [pool.submit(trade, doors[n % len(doors)], people, f"{seed}-{n}", rounds) for n in range(traders)]
        try:
            for future in told:
                future.result(PATIENCE)
        finally:
            trading.clear()
        tidied.result(PATIENCE)


def everything_adds_up(people, database):
    """Rollups are what a rebuild makes of the facts, and what follows from facts is what they say."""
    finish_rebuild(people)
    assert_a_rebuild_changes_nothing(database, people)
    orders = {row["id"]: row for row in stored.rows(database, "customer_order", people.id)}
    refunds = [row for row in stored.rows(database, "refund", people.id) if row["deleted_at"] is None]
    for id_, order in orders.items():
        mine = [row for row in refunds if row["order_id"] == id_]
        assert order["refunded"] == sum(row["amount"] for row in mine)
        assert order["refunded_on"] == min((row["day"] for row in mine), default=None)
        assert order["is_stub"] or order["refunded"] <= order["amount"]
        assert {row["currency"] for row in mine} <= {order["currency"]}
        assert {row["customer_id"] for row in mine} <= {order["customer_id"]} or order["is_stub"]
    bought = [row for row in orders.values() if is_purchase(row)]
    by_customer = {
        row["customer_id"]: [one for one in bought if one["customer_id"] == row["customer_id"]] for row in bought
    }
    buyers = {row["customer_id"]: row for row in stored.rows(database, "buyer", people.id)}
    assert set(buyers) == set(by_customer)
    for id_, mine in by_customer.items():
        days = sorted(row["day"] for row in mine)
        found = buyers[id_]
        assert (found["orders"], found["day"], found["value"]) == (
            len(mine),
            days[0],
            sum(row["net"] or 0 for row in mine),
        )
        assert found["second_on"] == (days[1] if len(days) > 1 else None)
    shares: dict[object, int] = {}
    for row in stored.rows(database, "accrual", people.id):
        shares[row["cost_id"]] = shares.get(row["cost_id"], 0) + (row["value"] or 0)
    costs = [row for row in stored.rows(database, "cost", people.id) if row["deleted_at"] is None]
    assert shares == {row["id"]: row["value"] or 0 for row in costs}


def is_purchase(row):
    counts = row["status"] == "COMPLETED" and not (row["is_stub"] or row["is_test"] or row["deleted_at"])
    return counts and row["customer_id"] and (row["refunded"] == 0 or row["refunded"] < row["amount"])


@pytest.fixture
def doors(workspace, open_door):
    """Two doors to the workspace's database, as two processes would have them."""
    return [workspace.door, open_door()]


def test_a_crowd_trades_while_it_is_tidied_beneath_them(workspace, doors, database):
    crowd(workspace, doors, seed=1, traders=4, rounds=15)
    everything_adds_up(workspace, database)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_a_crowd_trades_for_longer(workspace, doors, database, seed):
    crowd(workspace, doors, seed=seed, traders=6, rounds=60)
    everything_adds_up(workspace, database)
