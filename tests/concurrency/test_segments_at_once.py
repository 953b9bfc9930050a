"""Segments are refreshed, by two at once, while people buy, give back and are merged beneath them."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from random import Random

import pytest
import stored
from trading import meet, put, sold, take_back

from app.actor import system
from app.services import merge, segment
from app.services.row import Ref

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

TODAY = date(2026, 6, 15)
PEOPLE = [f"c{n:02}" for n in range(20)]
RULES = {
    "bought": {"orders": {"last_days": 30, "at_least": 1}},
    "best": {"rank": {"by": "REVENUE", "top": 5}},
    "rest": {"not_": {"orders": {"at_least": 1}}},
}


def trade(people, seed):
    """Buy this and that, give some back, and once become one with somebody."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    for number in range(20):
        name = f"o{seed}-{number}"
        put(people, "order", sold(name, rng.randrange(1, 99), TODAY, rng.choice(PEOPLE)))
        if rng.random() < 0.3:
            take_back(people, "order", name)
    if seed == 0:
        people.write(merge.merge, Ref(external_id="c19"), Ref(external_id="c00"))


def refresh(door, people, stop):
    """Bring them up to date, again and again."""
    while not stop.wait(0.02):
        for key in RULES:
            door.write(system(people.id), segment.refresh, Ref(external_id=key))


def test_members_are_right_once_it_is_quiet_and_never_belong_twice(workspace, open_door):
    meet(workspace, *({"external_id": name} for name in PEOPLE))
    for key, rule in RULES.items():
        workspace.write(segment.upsert, {"external_id": key, "name": key, "rule": rule})
    # of SQLite there is one process
    other = workspace.door if workspace.door.db.is_sqlite else open_door()
    stop = threading.Event()
    with ThreadPoolExecutor(5) as threads:
        refreshing = [threads.submit(refresh, door, workspace, stop) for door in (workspace.door, other)]
        for one in [threads.submit(trade, workspace, seed) for seed in range(3)]:
            one.result(120)
        stop.set()
        for one in refreshing:
            one.result(60)
    for key, rule in RULES.items():
        made, _ = workspace.write(segment.refresh, Ref(external_id=key))
        expected = set(workspace.read(segment.preview, rule, 100).customer_ids)
        everything = stored.rows(workspace.door.settings, "segment_member", workspace.id)
        rows = [row for row in everything if row["segment_id"] == made.id]
        current = Counter(row["customer_id"] for row in rows if row["ends_on"].year == 9999)
        assert current == dict.fromkeys(expected, 1)
        assert all(row["starts_on"] < row["ends_on"] for row in rows)
