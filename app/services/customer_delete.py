"""Deleting customers: a source takes its name back; who has none left is as if their own record had never come."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select

from app.actor import Scope
from app.errors import Code, Problem
from app.models.base import TRAITS
from app.models.change import Action
from app.models.customer import Customer, CustomerExternalId
from app.models.lifecycle import StatedStage
from app.services import (
    attribution,
    customer_name,
    fact,
    frozen,
    merge_record,
    prediction,
    referring,
    segment_member,
    spell,
    standing,
    tomb,
)
from app.services.idempotency import once
from app.services.row import Batch, Options, Outcome, Result
from app.services.tombstone import TombstoneRow, stamped
from app.text import Text
from app.uow import Uow, writes

_BLANK: Mapping[str, Any] = {
    **{name: None for name in TRAITS if name != "is_test"},
    **dict.fromkeys(("name", "email", "phone", "parent_id", "first_contact_at", "source_updated_at")),
    "attributes": {},
    "is_key_contact": False,
    "is_stub": True,
}
"""What is left of who is deleted: what keeps tests out of the KPIs and objections in force, and nothing else."""


@writes(Scope.CUSTOMER_WRITE)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 customers by their ids in the caller's source; what became of each, in order.

    Deleting twice is UNCHANGED; a deletion older than what the source said last is STALE. Somebody whom another name
    still means stays. Of whom none does, nothing is left but what records of other nouns say: they count for nobody in
    particular.
    """
    return once(uow, "Customer.delete", rows, options, lambda: _delete(uow, rows, options))


def _delete(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    batch = Batch.read(TombstoneRow, rows)
    stamped(uow, batch)
    uow.take_turn()
    names = customer_name.of_source(uow, uow.actor.source, [row.external_id for row in batch.waiting.values()])
    fact.lock_customers(uow, {name.customer_id for name in names.values()})
    touched: dict[UUID, None] = {}
    for index, row in list(batch.waiting.items()):
        name, stamp = names.get(row.external_id), row.source_updated_at
        if name is None and stamp is None:
            batch.reject(index, _unknown(uow, row.external_id))
            continue
        outcome = Outcome.DELETED if name is None else _ending(name, stamp)
        batch.settle(index, outcome, name.customer_id if name else None)
        if name is None:
            tomb.bury(uow, "Customer", row.external_id, stamp)
        elif outcome is not Outcome.STALE:
            name.source_updated_at = max(filter(None, (stamp, name.source_updated_at)), default=None)
        if name is not None and outcome is Outcome.DELETED:
            name.deleted_at = uow.now
            touched[name.customer_id] = None
    uow.session.flush()
    left = customer_name.of_customers(uow, list(touched))
    merge_record.lose(uow, touched)
    _lose_name(uow, [id_ for id_, some in left.items() if some])
    _forget(uow, [id_ for id_, some in left.items() if not some])
    return batch.done(options)


def _unknown(uow: Uow, external_id: str) -> Problem:
    msg = Text(
        f"There is no customer {external_id!r} of the source {uow.actor.source!r}.",
        f"来源 {uow.actor.source!r} 没有客户 {external_id!r}。",
    )
    return Problem(Code.NOT_FOUND, msg, ("externalId",))


def _ending(name: CustomerExternalId, stamp: datetime | None) -> Outcome:
    """What the deletion of a name that is known comes to."""
    if name.deleted_at is not None:
        return Outcome.UNCHANGED
    is_old = stamp is not None and name.source_updated_at is not None and stamp < name.source_updated_at
    return Outcome.STALE if is_old else Outcome.DELETED


def _customers(uow: Uow, ids: Collection[UUID]) -> Sequence[Customer]:
    statement = select(Customer).where(uow.db.is_any(Customer.id, list(ids))).order_by(col(Customer.id))
    return uow.session.scalars(statement.execution_options(populate_existing=True)).all() if ids else ()


def _lose_name(uow: Uow, ids: Sequence[UUID]) -> None:
    """Note of these customers that a source knows them no longer."""
    for customer in _customers(uow, ids):
        customer.updated_at, customer.version = uow.now, customer.version + 1
        uow.record(customer, "Customer", Action.UPDATED, ["external_ids"])


def _forget(uow: Uow, ids: Sequence[UUID]) -> None:
    """Have these customers be as if their own records had never come, and be shown nowhere."""
    gone = _customers(uow, ids)
    if not gone:
        return
    ledgers = spell.in_force(uow, ids)
    merge_record.forget(uow, ids)
    for customer in gone:
        for name, value in {**_BLANK, **standing.columns([], uow.today)}.items():
            setattr(customer, name, value)
        customer.deleted_at, customer.updated_at, customer.version = uow.now, uow.now, customer.version + 1
        uow.record(customer, "Customer", Action.DELETED)
    customer_name.mark_merged(uow, ids, deleted=True)
    stated = delete(StatedStage).where(uow.db.is_any(StatedStage.customer_id, list(ids)))
    uow.session.execute(stated, execution_options={"synchronize_session": False})
    segment_member.leave(uow, ids)
    uow.session.flush()
    traits = {one.id: {name: getattr(one, name) for name in TRAITS} for one in gone}
    spell.settle(uow, {id_: (ledgers[id_], [], traits[id_], False) for id_ in ids})
    frozen.restate(uow, traits)
    referring.follow(uow, set(ids))
    attribution.restate(uow, set(ids))
    prediction.forget(uow, ids)
