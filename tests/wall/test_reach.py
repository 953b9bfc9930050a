"""Inside a workspace: a row-scoped actor sees what is declared of each table, and nothing of what is not."""

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.actor import Actor, Rows
from app.errors import Forbidden
from app.models.channel import Channel
from app.models.contract import Recurrence
from app.models.cost import Accrual
from app.models.customer import Customer
from app.models.interaction import Turn
from app.models.order import Order
from app.models.refund import Refund
from app.models.segment import Segment, SegmentMember
from app.models.spell import Spell
from app.reach import BORROWED, HIDDEN, OPEN, REACH
from app.services import rollup

STRANGER = Rows(sources=frozenset({"nobody"}), channels=frozenset(), segments=frozenset({"none"}))
ALL_SOURCES = Rows(sources=frozenset({"default"}))


def actor(two, rows):
    return Actor(two.here, "partner", rows=rows)


def mine(two):
    """The limits under which everything that was put there is in reach, but for segments, of which nobody has any."""
    with two.door.snapshot(Actor(two.here, "anybody")) as uow:
        return Rows(sources=frozenset({"default"}), channels=frozenset(uow.session.scalars(select(Channel.id))))


def test_every_table_says_what_it_goes_by(model):
    assert model in REACH, f"say in app/reach.py by what the rows of {model.__name__} are told apart"


def test_a_table_that_is_not_declared_is_out_of_reach(two, model, monkeypatch):
    monkeypatch.delitem(REACH, model)
    with two.door.snapshot(actor(two, mine(two))) as uow, pytest.raises(Forbidden, match="cannot be narrowed"):
        uow.session.execute(select(model.tenant_id))


@pytest.mark.parametrize("look", [lambda model: model, aliased], ids=["table", "alias"])
def test_a_stranger_to_all_rows_sees_only_how_the_company_is_set_up(two, model, look):
    one = look(model)
    with two.door.snapshot(actor(two, STRANGER)) as uow:
        if REACH[model] is None:
            with pytest.raises(Forbidden):
                uow.session.execute(select(one.tenant_id))
            return
        seen = uow.session.scalar(select(func.count()).select_from(one))
        assert seen == (two.count(model.__table__, two.here) if REACH[model] is OPEN else 0)


def test_nothing_is_seen_of_another_workspace(two, model):
    with two.door.snapshot(actor(two, mine(two))) as uow:
        if REACH[model] is not None:
            assert set(uow.session.scalars(select(model.tenant_id))) <= {two.here}


@pytest.mark.parametrize(
    ("model", "column"), [(model, column) for model in BORROWED for column in sorted(BORROWED[model])]
)
def test_a_column_that_tells_of_others_is_not_read(two, model, column):
    with two.door.snapshot(actor(two, mine(two))) as uow, pytest.raises(Forbidden):
        uow.session.execute(select(model.id).where(getattr(aliased(model), column).is_not(None)))


def test_rollups_are_of_everybody(two):
    wanted = rollup.Want(
        next(iter(rollup.CUBES.values())), 1, "TOTAL", None, (("D", date(2026, 1, 1), date(2026, 2, 1)),), (0,)
    )
    with two.door.snapshot(actor(two, mine(two))) as uow, pytest.raises(Forbidden):
        rollup.read(uow, [wanted])


def test_one_limit_is_not_taken_for_another(two, model):
    """Statements are compiled once and run with the values of each."""
    if REACH[model] is None:
        return
    counts = []
    for _ in range(2):
        for tenant_id in (two.here, two.there):
            for limits in (STRANGER, ALL_SOURCES, Rows(sources=frozenset({"nobody"}))):
                with two.door.snapshot(Actor(tenant_id, "partner", rows=limits)) as uow:
                    seen = uow.session.scalars(select(model.tenant_id)).all()
                assert set(seen) <= {tenant_id}
                counts.append(len(seen))
    assert counts == counts[:3] * 4
    is_told_apart = REACH[model] not in (OPEN, HIDDEN) and model not in (Channel, Segment)
    assert (counts[1] > counts[2] == 0) or not is_told_apart or counts[1] == 0


def test_who_sees_all_sources_sees_everything_that_goes_by_one(two):
    seen = {}
    with two.door.snapshot(actor(two, ALL_SOURCES)) as uow:
        for model in REACH:
            if REACH[model] not in (None, HIDDEN):
                seen[model] = uow.session.scalar(select(func.count()).select_from(model))
    # who is a customer is decided by activity there, the only segment has a rule, and who was merged has no name
    odd = {Spell, Segment, SegmentMember, Customer}
    assert {model for model, count in seen.items() if count != two.count(model.__table__, two.here)} <= odd
    assert all(seen[model] for model in (Order, Refund, Turn, Accrual, Recurrence, Customer))
