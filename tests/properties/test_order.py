"""Rows that carry the time of their version may come in any order, and any number of times."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import stored

from app.services import feedback
from app.services.row import Options, Ref

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def versions(rng):
    """Every version of some facts: (name, time of the version, row or None for a deletion), no two of one time."""
    for number in range(14):
        name = f"f{number}"
        for hour in rng.sample(range(20), rng.randint(1, 4)):
            stamp = NOON + timedelta(hours=hour)
            is_deletion = rng.random() < 0.3
            yield name, stamp, None if is_deletion else row(rng)
            if is_deletion and rng.random() < 0.3:  # a record of the same time: the deletion holds
                yield name, stamp, row(rng)


def row(rng):
    return {
        "kind": rng.choice(("CSAT", "CES", "REVIEW")),
        "score": rng.choice((1, 2, 3, 4, 5, None)),
        "customer": Ref(external_id=f"c{rng.randint(1, 3)}"),
        "channel": rng.choice((None, Ref(external_id="web"))),
        "tags": rng.sample(["a", "b"], rng.randint(0, 2)),
        "occurred_at": NOON - timedelta(days=rng.randint(0, 5)),
    }


def tell(people, told, rng):
    """Send versions in this order, in batches of any size."""
    while told:
        size = rng.randint(1, 9)
        part, told = told[:size], told[size:]
        for kind in (feedback.record_batch, feedback.delete_batch):
            rows = [
                {"external_id": name, "source_updated_at": stamp, **(said or {})}
                for name, stamp, said in part
                if (said is None) == (kind is feedback.delete_batch)
            ]
            for result in people.write(kind, rows, Options(create_missing=True)):
                assert not result.problems


def facts(database, people):
    """What is alive, in words that do not depend on ids."""
    names = {row["customer_id"]: row["external_id"] for row in stored.rows(database, "customer_external_id", people.id)}
    names |= {row["id"]: row["key"] for row in stored.rows(database, "channel", people.id)} | {None: None}
    shown = ("kind", "score", "position", "tags", "occurred_at", "day", "source_updated_at")
    return {
        row["external_id"]: [names[row["customer_id"]], names[row["channel_id"]], *(row[name] for name in shown)]
        for row in stored.rows(database, "feedback", people.id)
        if row["deleted_at"] is None
    }


@pytest.mark.some(1)
@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_arrival_changes_nothing(make_workspace, database, seed):
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    told = list(versions(rng))
    last = {}
    for name, stamp, said in sorted(told, key=lambda one: (one[1], one[2] is None)):
        last[name] = (stamp, said)
    alive = {name: (stamp, said["score"]) for name, (stamp, said) in last.items() if said is not None}
    seen = []
    for _ in range(3):
        people = make_workspace()
        tell(people, told, rng)
        seen.append(facts(database, people))
        assert {name: (said[8], said[3]) for name, said in seen[-1].items()} == alive
        stored.assert_rollups_are_the_facts(database, people.id)
        rng.shuffle(told)
    assert seen[0] == seen[1] == seen[2]


def test_telling_it_all_again_changes_nothing(workspace, database):
    rng = Random(9)  # noqa: S311 - repeatable, not secret
    told = list(versions(rng))
    tell(workspace, told, rng)
    before = stored.everything(database)
    rng.shuffle(told)
    tell(workspace, told, rng)
    assert stored.everything(database) == before
