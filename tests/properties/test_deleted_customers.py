"""Who was deleted counts as if their own record had never come: compared with a workspace where it never did."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random

import pytest
import stored
from trading import CREATE, assert_a_rebuild_changes_nothing, put

from app.services import customer, customer_delete, feedback
from app.services.row import Options, Ref

PEOPLE = [f"c{number}" for number in range(6)]
JANUARY = date(2026, 1, 5)


def somebody(chance, name):
    """What a source says of a customer; never what keeps tests out of the KPIs, which holds for good."""
    row = {"external_id": name, "segment": chance.choice(["gold", "tin", None]), "region": chance.choice(["n", "s"])}
    row |= {"kind": chance.choice(["PERSON", "ACCOUNT"]), "joined_on": day(chance)}
    if chance.random() < 0.3:
        row["churned_on"] = date(2026, 6, 1)
    return row


def day(chance):
    return JANUARY + timedelta(days=chance.randrange(120))


def something(chance, number):
    """A record of some noun about somebody."""
    who, other = sorted(chance.sample(PEOPLE, 2))  # the later one never brings the earlier: referrals make no circle
    plain = {"external_id": f"x{number}", "customer": who, "occurred_at": day(chance)}
    kind = chance.choice(["order", "lead", "engagement", "referral", "touchpoint", "feedback", "contract"])
    own = {
        "order": {"amount": chance.randrange(1, 99), "currency": "EUR"},
        "lead": {"won_at": day(chance)},
        "engagement": {"type": "login"},
        "referral": {"referred": other},
        "touchpoint": {"channel": "web"},
        "feedback": {"kind": "CSAT", "score": chance.randrange(1, 6)},
        "contract": {"from_": plain["occurred_at"], "currency": "EUR"},
    }[kind]
    if kind == "contract":
        del plain["occurred_at"]
    return kind, plain | own


def record(people, kind, row):
    if kind == "feedback":
        people.write(feedback.record_batch, [row | {"customer": Ref(external_id=row["customer"])}], CREATE)
    else:
        put(people, kind, row)


def counted(database, people):
    """What the rollups say, whatever ids the workspace has for its channels and customers."""
    found = defaultdict(lambda: defaultdict(int))
    for (cube, dim, on, key), cell in stored.from_rollups(database, people.id).items():
        is_id = len(key) == 32 and key.isalnum()
        for name, amount in cell.items():
            found[cube, dim, on, "id" if is_id else key][name] += amount
    return {place: dict(cell) for place, cell in found.items()}


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3, 4))])
@pytest.mark.parametrize("basis", ["STATUS", pytest.param("ACTIVITY", marks=pytest.mark.slow)])
def test_who_is_deleted_was_never_there(make_workspace, database, seed, basis):
    chance = Random(seed)  # noqa: S311 - a story, not a secret
    here, never = make_workspace("Here", active_by=basis), make_workspace("Never", active_by=basis)
    gone = chance.sample(PEOPLE, 4)
    for number in range(60):
        if chance.random() < 0.3:
            row = somebody(chance, chance.choice(PEOPLE))
            here.write(customer.upsert_batch, [row], Options())
            if row["external_id"] not in gone:
                never.write(customer.upsert_batch, [row], Options())
        else:
            kind, row = something(chance, number)
            record(here, kind, row)
            record(never, kind, row)
    here.write(customer_delete.delete_batch, [{"external_id": name} for name in gone], Options())
    assert counted(database, here) == counted(database, never)
    assert_a_rebuild_changes_nothing(database, here)
    # and who comes back comes back to what was recorded of them
    for name in gone:
        row = somebody(chance, name)
        for people in (here, never):
            people.write(customer.upsert_batch, [row], Options())
    assert counted(database, here) == counted(database, never)
    assert_a_rebuild_changes_nothing(database, here)
