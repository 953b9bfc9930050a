"""One key, one effect: a retry gets the first answer. And what was only tried, or refused whole, leaves no trace."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
import stored
from trading import MODULES

from app.errors import Code, Invalid
from app.models.idempotency import Idempotency
from app.services import customer, feedback
from app.services.row import ErrorPolicy, Options, Outcome, Ref, Wrong
from app.text import Text

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def said(name, **more):
    return {"external_id": name, "kind": "CSAT", "score": 4, "occurred_at": NOON, **more}


WHO = {"customer": Ref(external_id="c"), "channel": Ref(external_id="web")}
MONEY = {
    "order": {
        "amount": Decimal("19.9"),
        "currency": "EUR",
        "occurred_at": NOON,
        "lines": [{"amount": Decimal("19.9")}],
    },
    "refund": {"order": Ref(external_id="o"), "amount": Decimal(5), "currency": "EUR", "occurred_at": NOON},
    "cost": {"category": "MEDIA", "amount": Decimal(7), "currency": "EUR"}
    | {"from_": date(2026, 5, 1), "before": date(2026, 5, 8)},
    "touchpoint": {"occurred_at": NOON, **WHO},
    "lead": {"occurred_at": NOON, "won_at": NOON, **WHO},
    "rate": {"from_": "USD", "rate": Decimal("0.9"), "date": date(2026, 5, 1)},
    "referral": {"occurred_at": NOON, "referred": Ref(external_id="e"), **WHO},
    "engagement": {"occurred_at": NOON, "type": "login", **WHO},
}
MENDED = {
    "order": {"status": "CANCELLED", "staff": Ref(external_id="eva")},
    "refund": {"amount": Decimal(0)},
    "cost": {"channel": Ref(external_id="ads")},
    "touchpoint": {"customer": Ref(external_id="d")},
    "lead": {"won_at": None},
    "rate": {"date": date(2026, 5, 2)},
    "referral": {"converted_at": NOON},
    "engagement": {"type": "view"},
}
BATCHES = {
    "feedback": (feedback.record_batch, lambda n: [said(f"f{n}", channel=Ref(external_id="web")), said("", score=9)]),
    "customers": (customer.upsert_batch, lambda n: [{"external_id": f"c{n}", "joined_on": date(2026, 1, 1)}, {}]),
    **{
        noun: (MODULES[noun].record_batch, lambda n, row=row: [row | {"external_id": f"x{n}"}, {}])
        for noun, row in MONEY.items()
    },
    "deletions": (feedback.delete_batch, lambda n: [{"external_id": f"f{n}", "source_updated_at": NOON}, {}]),
}
"""Writes of several rows, the last of which is wrong."""


@pytest.fixture(params=BATCHES)
def batch(request):
    return BATCHES[request.param]


def once(key="k1", **more):
    return Options(create_missing=True, idempotency_key=key, **more)


@pytest.mark.some(3)
def test_the_same_again_gets_the_same_answer_and_has_no_effect(workspace, database, batch):
    write, rows = batch
    first = workspace.write(write, rows(1), once())
    assert [result.outcome for result in first][1] is Outcome.REJECTED
    before = stored.everything(database)
    assert workspace.write(write, rows(1), once()) == first
    assert stored.everything(database) == before


@pytest.mark.parametrize(
    "bad", ["\ud800", 2**70, Wrong(Text("not a date", "不是日期"))], ids=["surrogate", "huge", "scalar"]
)
def test_what_cannot_be_read_rejects_its_row_alone_under_a_key_too(workspace, bad):
    rows = [said("f1"), said("f2", comment=bad)]
    first = workspace.write(feedback.record_batch, rows, once())
    assert [result.outcome for result in first] == ["CREATED", "REJECTED"]
    assert first[1].problems[0].path == ("comment",)
    assert workspace.write(feedback.record_batch, rows, once()) == first


@pytest.mark.some(3)
def test_without_a_key_it_is_done_again(workspace, batch):
    write, rows = batch
    first, second = (workspace.write(write, rows(1), Options(create_missing=True))[0].outcome for _ in range(2))
    assert (first, second) in [("CREATED", "UNCHANGED"), ("DELETED", "DELETED")]


@pytest.mark.some(3)
def test_something_else_under_the_same_key_is_refused(workspace, database, batch):
    write, rows = batch
    workspace.write(write, rows(1), once())
    before = stored.everything(database)
    for other in (
        (rows(2), once()),
        (rows(1)[::-1], once()),
        (rows(1)[:1], once()),
        (rows(1), once(policy=ErrorPolicy.REJECT_ALL)),
        (rows(1), Options(create_missing=False, idempotency_key="k1")),
    ):
        with pytest.raises(Invalid) as refused:
            workspace.write(write, *other)
        assert [problem.code for problem in refused.value.problems] == [Code.IDEMPOTENCY_MISMATCH]
    assert stored.everything(database) == before


def test_a_key_is_for_one_kind_of_write(workspace):
    workspace.write(feedback.record_batch, [said("f1")], once())
    with pytest.raises(Invalid, match="something else"):
        workspace.write(feedback.delete_batch, [{"external_id": "f1"}], once())


def test_another_source_and_another_workspace_have_keys_of_their_own(workspace, elsewhere, database):
    shop = workspace.actor(source="shop")
    for people, by in ((workspace, workspace.alice), (workspace, shop), (elsewhere, elsewhere.alice)):
        (result,) = people.write(feedback.record_batch, [said("f1", score=len(people.id.hex) % 5)], once(), by=by)
        assert result.outcome == "CREATED"
    assert len(stored.rows(database, "feedback")) == 3


def test_a_key_is_kept_for_a_day(workspace, clock, database):
    workspace.write(feedback.record_batch, [said("f1")], once())
    clock.advance(hours=24)
    with pytest.raises(Invalid, match="something else"):
        workspace.write(feedback.record_batch, [said("f2")], once())
    clock.advance(seconds=1)
    assert workspace.write(feedback.record_batch, [said("f2")], once())[0].outcome == "CREATED"
    assert len(stored.rows(database, "idempotency")) == 1


def test_a_key_does_not_stand_for_what_was_not_done(workspace, database):
    """A batch refused as a whole may be mended and sent again under its key."""
    rows = [said("f1"), said("f2", score=9)]
    assert {r.outcome for r in workspace.write(feedback.record_batch, rows, once(policy=ErrorPolicy.REJECT_ALL))} == {
        "REJECTED"
    }
    rows[1]["score"] = 5
    results = workspace.write(feedback.record_batch, rows, once(policy=ErrorPolicy.REJECT_ALL))
    assert [result.outcome for result in results] == ["CREATED"] * 2


@pytest.mark.some(3)
def test_an_answer_from_before_there_was_chinese_is_still_given(workspace, database, batch):
    write, rows = batch
    first = workspace.write(write, rows(1), once())
    (kept,) = stored.rows(database, "idempotency")
    answer = [
        one | {"problems": [[code, message[0], path] for code, message, path in one["problems"]]}
        for one in kept["answer"]
    ]
    assert answer != kept["answer"]
    stored.execute(database, sa.update(Idempotency.__table__).values(answer=answer))
    again = workspace.write(write, rows(1), once())
    assert [problem.message for result in again for problem in result.problems] == [
        Text(problem.message.en, problem.message.en) for result in first for problem in result.problems
    ]


@pytest.mark.some(3)
def test_what_is_no_key_is_refused(workspace, database, batch):
    write, rows = batch
    before = stored.everything(database)
    for key in ("", "x" * 201, "a\0b"):
        with pytest.raises(Invalid) as refused:
            workspace.write(write, rows(1), once(key))
        assert refused.value.problems[0].path == ("idempotencyKey",)
    assert stored.everything(database) == before


@pytest.fixture
def settled(workspace):
    """Something is there already: a whole customer, a stub, facts of both, one deleted."""
    workspace.write(customer.upsert_batch, [{"external_id": "c0", "joined_on": date(2026, 1, 1)}], Options())
    who = [Ref(external_id="c0"), Ref(external_id="stub"), None]
    rows = [said(f"f{n}", customer=who[n], tags=["a"]) for n in range(3)]
    workspace.write(feedback.record_batch, rows, once("before"))
    workspace.write(feedback.delete_batch, [{"external_id": "f2"}], Options())
    return workspace


TRIED = {
    "feedback": (
        feedback.record_batch,
        [
            said("f0", score=1),
            said("f1", customer=Ref(external_id="new")),
            said("f2"),
            said("f3", staff=Ref(external_id="x")),
        ],
    ),
    "customers": (
        customer.upsert_batch,
        [
            {"external_id": "c0", "is_test": True, "churned_on": date(2026, 3, 1)},
            {"external_id": "stub", "region": "north", "acquisition_channel": Ref(external_id="ads")},
            {"external_id": "c9", "parent": Ref(external_id="c8"), "joined_on": date(2026, 2, 1)},
        ],
    ),
    **{
        noun: (MODULES[noun].record_batch, [row | {"external_id": "x1"}, row | {"external_id": "x1", **MENDED[noun]}])
        for noun, row in MONEY.items()
    },
    "deletions": (feedback.delete_batch, [{"external_id": "f0"}, {"external_id": "f7", "source_updated_at": NOON}]),
}


@pytest.mark.some(3)
@pytest.mark.parametrize("what", TRIED)
def test_a_dry_run_foretells_and_writes_nothing(settled, database, what):
    write, rows = TRIED[what]
    before = stored.everything(database)
    foretold = settled.write(write, rows, Options(create_missing=True, dry_run=True, idempotency_key="k"))
    assert stored.everything(database) == before
    done = settled.write(write, rows, Options(create_missing=True, idempotency_key="k"))
    assert [result.outcome for result in foretold] == [result.outcome for result in done]
    assert {result.id for result in foretold if result.outcome == "CREATED" and result.index != 2} <= {None}
    assert stored.everything(database) != before


@pytest.mark.some(3)
@pytest.mark.parametrize("what", TRIED)
def test_one_wrong_row_forbids_the_others_where_that_is_wanted(settled, database, what):
    write, rows = TRIED[what]
    before = stored.everything(database)
    results = settled.write(
        write,
        [*rows, {"external_id": ""}],
        Options(create_missing=True, policy=ErrorPolicy.REJECT_ALL, idempotency_key="k"),
    )
    assert stored.everything(database) == before
    assert [result.outcome for result in results] == ["REJECTED"] * (len(rows) + 1)
    assert all(result.problems and result.id is None for result in results)
    assert {problem.code for problem in results[-1].problems} == {Code.REQUIRED}


@pytest.mark.some(3)
@pytest.mark.parametrize("what", TRIED)
def test_and_does_not_where_it_is_not(settled, what):
    write, rows = TRIED[what]
    results = settled.write(write, [*rows, {"external_id": ""}], Options(create_missing=True))
    assert [result.outcome == "REJECTED" for result in results] == [False] * len(rows) + [True]
