"""Single records that wait together are one batch: what each is told and what is stored is as if each were alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import uuid4

import pytest
import stored
from gathering import PATIENCE
from trading import assert_a_rebuild_changes_nothing, value

from app.actor import Scope
from app.errors import Forbidden, Invalid
from app.metrics import JOINED
from app.services import channel, customer, feedback, order, refund
from app.services.mode import Mode
from app.services.row import Options, Ref

pytestmark = pytest.mark.engine

START = datetime(2026, 5, 1, 9, tzinfo=UTC)
KINDS = [feedback, order, customer, refund]
WRITES = frozenset({Scope.FEEDBACK_WRITE})


def score(name, given=4, **more):
    return {"external_id": name, "kind": "CSAT", "score": given, "occurred_at": START, **more}


def drawn(chance, module, create):
    """A record as somebody may send it: known and unknown names, right and wrong values, old and new versions."""
    name, at = f"n{chance.randrange(30)}", START + timedelta(hours=chance.randrange(400))
    who = Ref(external_id=f"c{chance.choice([0, 1, 2, 3] * 6 + [4])}")
    row = {"external_id": name}
    if module is customer:
        row |= {"external_id": f"c{chance.randrange(7)}", "name": f"N{chance.randrange(9)}"}
    elif module is feedback:
        given, where = chance.choice([1, 2, 3, 4, 5] * 4 + [6]), Ref(external_id=chance.choice("w" * 20 + "x"))
        row = score(name, given, customer=who, channel=where)
    elif module is order:
        row |= {"amount": Decimal(chance.randrange(1, 99)), "currency": "EUR", "customer": who, "occurred_at": at}
    else:
        row |= {"order": Ref(external_id=f"n{chance.randrange(12)}"), "amount": Decimal(5), "occurred_at": START}
    if module is not customer and chance.random() < 0.2:
        row["source_updated_at"] = START + timedelta(days=chance.randrange(5))
    key = f"k{chance.randrange(80)}" if chance.random() < 0.4 else None
    mode = chance.choice([Mode.UPSERT] * 20 + [Mode.INSERT_ONLY, Mode.UPDATE_ONLY])
    return module, row, Options(idempotency_key=key, mode=mode, create_missing=create)


def service(module):
    return getattr(module, "record_batch", None) or module.upsert_batch


def known(people):
    """What the records refer to."""
    people.write(channel.upsert, {"external_id": "w", "name": "Web"})
    people.write(customer.upsert_batch, [{"external_id": f"c{number}"} for number in range(4)], Options())
    bought = {"external_id": "n1", "amount": Decimal(50), "currency": "EUR", "occurred_at": START}
    people.write(order.record_batch, [bought], Options())


def told(call):
    """The answer without what is new each time."""
    try:
        (found,) = call()
    except Invalid as error:
        return [problem.message.en for problem in error.problems]
    return found.index, found.outcome, found.problems, found.id is None


def kept(database, people):
    """What is stored, without ids that are new each time."""
    names = {row["customer_id"]: row["external_id"] for row in stored.rows(database, "customer_external_id", people.id)}
    found = {}
    for table, columns in {
        "feedback": ("external_id", "score", "day", "source_updated_at", "version", "segment"),
        "customer_order": ("external_id", "amount", "day", "source_updated_at", "version"),
        "refund": ("external_id", "amount", "source_updated_at", "version"),
        "idempotency": ("key", "digest", "source"),
        "change": ("request_id", "noun", "action", "version", "fields", "actor"),
    }.items():
        rows = stored.rows(database, table, people.id)
        found[table] = sorted(
            repr([*(row[name] for name in columns), names.get(row.get("customer_id"))]) for row in rows
        )
    found["customer"] = sorted(
        (names[row["id"]], row["name"], row["version"]) for row in stored.rows(database, "customer", people.id)
    )
    return found


def joined():
    return JOINED._value.get()


def together(gather, people, calls, by):
    """What each call is told that was made while the writer was held."""
    gathering = gather(people)
    futures = [
        gathering.submit(service(module), [row], options, by=replace(by, tenant_id=people.id, request_id=f"r{number}"))
        for number, (module, row, options) in enumerate(calls)
    ]
    gathering.release()
    return [told(lambda one=one: one.result(PATIENCE)) for one in futures]


def alone(people, calls, by):
    """What each call is told that was made after the one before."""
    found = []
    for number, (module, row, options) in enumerate(calls):
        who = replace(by, tenant_id=people.id, request_id=f"r{number}")
        found.append(told(lambda: people.write(service(module), [row], options, by=who)))  # noqa: B023 - called at once
    return found


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_together_they_do_what_they_do_one_by_one(gather, workspace, make_workspace, database, seed):
    other = make_workspace("Other")
    known(workspace)
    known(other)
    chance, before = Random(seed), joined()  # noqa: S311 - no secret
    for _ in range(3):
        kinds = [(kind, chance.random() < 0.3) for kind in chance.choices(KINDS, weights=[3, 2, 1, 1], k=8)]
        calls = [drawn(chance, *kind) for kind in kinds for _ in range(6)]
        both = together(gather, workspace, calls, workspace.alice), alone(other, calls, workspace.alice)
        assert both[0] == both[1]
    assert joined() > before + 15
    assert kept(database, workspace) == kept(database, other)
    for key in ("CSAT", "FEEDBACK_COUNT", "REVENUE", "AVERAGE_ORDER_VALUE", "REPEAT_PURCHASE_RATE"):
        assert value(workspace, key) == value(other, key)
    assert_a_rebuild_changes_nothing(database, workspace)


def requests(database, people):
    """The actor, token and request that each feedback's changes tell of, by its name."""
    names = {row["id"]: row["external_id"] for row in stored.rows(database, "feedback", people.id)}
    rows = [row for row in stored.rows(database, "change", people.id) if row["noun"] == "Feedback"]
    assert len(rows) == len(names)
    return {names[row["record_id"]]: (row["actor"], row["token_id"], row["request_id"]) for row in rows}


def test_a_crowd_that_says_different_things_is_one_batch(gather, workspace, database):
    crowd = [(feedback, score(f"f{n}", 1 + n % 5), Options(idempotency_key=f"k{n}")) for n in range(50)]
    before = joined()
    assert together(gather, workspace, crowd, workspace.alice) == [(0, "CREATED", (), False)] * 50
    assert joined() == before + 50
    scores = {row["external_id"]: row["score"] for row in stored.rows(database, "feedback")}
    assert scores == {f"f{n}": 1 + n % 5 for n in range(50)}
    assert requests(database, workspace) == {f"f{n}": ("alice", None, f"r{n}") for n in range(50)}
    assert together(gather, workspace, crowd, workspace.alice) == [(0, "CREATED", (), False)] * 50  # what was kept
    assert len(stored.rows(database, "feedback")) == len(stored.rows(database, "idempotency")) == 50
    assert joined() == before + 50


TOKEN = uuid4()


@pytest.mark.parametrize("differs", [{"name": "bob"}, {"source": "shop"}, {"token_id": TOKEN}, {"scopes": WRITES}])
def test_different_people_are_not_joined(gather, workspace, database, differs):
    alice = workspace.alice
    callers = [replace(one, request_id="r") for one in (alice, replace(alice, **differs), alice)]
    gathering, before = gather(workspace), joined()
    futures = [
        gathering.submit(feedback.record_batch, [score(f"f{n}")], Options(), by=by) for n, by in enumerate(callers)
    ]
    gathering.release()
    assert [one.result(PATIENCE)[0].outcome for one in futures] == ["CREATED"] * 3
    assert joined() == before
    assert requests(database, workspace) == {f"f{n}": (by.name, by.token_id, "r") for n, by in enumerate(callers)}


def test_who_has_not_the_scope_is_refused_and_the_others_are_served(gather, workspace, database):
    gathering = gather(workspace)
    futures = [
        gathering.submit(feedback.record_batch, [score(f"f{n}")], Options(), by=workspace.alice) for n in range(3)
    ]
    with pytest.raises(Forbidden):
        gathering.submit(feedback.record_batch, [score("f9")], Options(), by=workspace.bob)
    gathering.release()
    assert [one.result(PATIENCE)[0].outcome for one in futures] == ["CREATED"] * 3
    assert len(stored.rows(database, "feedback")) == 3
