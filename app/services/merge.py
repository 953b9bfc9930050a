"""Merging customers: two records of one person or account become one, with everything that either had."""

from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from sqlmodel import col, select, update

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.base import TRAITS
from app.models.change import Action
from app.models.cost import Cost
from app.models.customer import Customer, CustomerExternalId
from app.services import (
    attribution,
    buyer,
    cost,
    descendants,
    fact,
    frozen,
    lifecycle,
    merge_record,
    prediction,
    recurring,
    ref,
    referring,
    segment_member,
    spell,
    standing,
    turning,
)
from app.services.customer_link import customer_once
from app.services.restating import restated
from app.services.row import AS_USUAL, Options, Outcome, Ref
from app.text import Text
from app.uow import Uow, writes

OF_NO_NEWS = {"tenant_id", "id", "updated_at", "version"}
_PLAIN = ("name", "email", "phone", "segment", "region", "customer_kind", "acquisition_channel_id", "parent_id")


@writes(Scope.CUSTOMER_WRITE)
def merge(uow: Uow, from_: Ref, into: Ref, options: Options = AS_USUAL) -> tuple[Customer, Outcome]:
    """Make `from_` part of `into`: its names, facts and times as a customer; what `into` lacks is filled in.

    From then on `from_` is found as `into`, under all of its names. Referrals pass over on both sides; one of the two
    customers by the other stays and counts nothing. Raises Invalid for a customer that is not known.
    """

    def work() -> tuple[Customer, Outcome]:
        return _merge(uow, from_, into)

    return customer_once(uow, "Customer.merge", {"from": from_, "into": into}, options, work)


def _merge(uow: Uow, from_: Ref, into: Ref) -> tuple[Customer, Outcome]:
    uow.take_turn()
    gone, kept = _both(uow, from_, into)
    if gone.id == kept.id:
        return kept, Outcome.UNCHANGED
    before, said, given = kept.model_dump(exclude=OF_NO_NEWS), merge_record.said(kept), gone.attributes
    record = merge_record.begin(uow, gone, kept)
    _names(uow, gone, kept)
    _fill(gone, kept)
    _spells(uow, gone, kept)
    if kept.is_stub and not gone.is_stub:  # what its own facts could not freeze is known now
        frozen.restate(uow, {kept.id: {name: getattr(kept, name) for name in TRAITS}})
    _move_facts(uow, gone, kept)
    referring.pass_over(uow, gone.id, kept.id)
    segment_member.pass_over(uow, gone.id, kept.id)
    lifecycle.pass_over(uow, gone.id, kept.id)
    both = {gone.id, kept.id}
    buyer.restate(uow, both)
    attribution.restate(uow, both)
    referring.restate(uow, {kept.id} | referring.brought(uow, [kept.id]))
    kept.profiling_opt_out = kept.profiling_opt_out or gone.profiling_opt_out
    gone.merged_into_id, kept.is_stub = kept.id, kept.is_stub and gone.is_stub
    merge_record.end(record, said, kept, given)
    filled = [name for name, value in before.items() if getattr(kept, name) != value]
    told = ((gone, Action.DELETED, ["merged_into_id"]), (kept, Action.UPDATED, ["external_ids", *filled]))
    for row, action, fields in told:
        row.updated_at, row.version = uow.now, row.version + 1
        uow.record(row, "Customer", action, fields)
    uow.session.flush()
    prediction.forget(uow, both)
    return kept, Outcome.UPDATED


def _both(uow: Uow, from_: Ref, into: Ref) -> tuple[Customer, Customer]:
    """The two customers, locked. Raises Invalid (NOT_FOUND)."""
    found = ref.customers(uow, {from_, into})
    named = {"from": from_, "into": into}
    ids = {name: ref.require(found, one, "customer", name) for name, one in named.items()}
    statement = select(Customer).where(uow.db.is_any(Customer.id, list(ids.values())))
    held = uow.db.locked(statement, Customer.id).execution_options(populate_existing=True)
    rows = {row.id: row for row in uow.session.scalars(held)}
    gone, kept = rows[ids["from"]], rows[ids["into"]]
    if gone.is_test != kept.is_test:
        msg = Text(
            "A test customer and a real one cannot be merged; set isTest alike first.",
            "测试客户与真实客户不能合并；请先将 isTest 设为一致。",
        )
        raise Invalid(msg, "from", code=Code.CONFLICT)
    return gone, kept


def _names(uow: Uow, gone: Customer, kept: Customer) -> None:
    """External ids, accounts below and who was merged into the one before pass over; nobody ends below itself."""
    stood_below = gone.id in descendants.above(uow, kept.id)
    would_fill = kept.parent_id is None and kept.id not in descendants.above(uow, gone.id)
    passing = ((CustomerExternalId, "customer_id"), (Customer, "parent_id"), (Customer, "merged_into_id"))
    for model, column in passing:
        statement = update(model).where(getattr(model, column) == gone.id).values({column: kept.id})
        uow.session.execute(statement, execution_options={"synchronize_session": "fetch"})
    if stood_below or would_fill:
        kept.parent_id = gone.parent_id
    gone.parent_id = None


def _fill(gone: Customer, kept: Customer) -> None:
    """What the kept record lacks is taken from the other one, whose personal data goes."""
    for name in _PLAIN:
        if name != "parent_id" and getattr(kept, name) is None and getattr(gone, name) is not None:
            setattr(kept, name, getattr(gone, name))
    if missing := {key: value for key, value in gone.attributes.items() if key not in kept.attributes}:
        kept.attributes = missing | kept.attributes
    kept.is_key_contact = kept.is_key_contact or gone.is_key_contact
    kept.first_contact_at = min(filter(None, (gone.first_contact_at, kept.first_contact_at)), default=None)
    gone.name, gone.email, gone.phone, gone.attributes = None, None, None, {}


def _spells(uow: Uow, gone: Customer, kept: Customer) -> None:
    """The times as a customer of both, where they overlap as one."""
    ledgers = spell.in_force(uow, [gone.id, kept.id])
    now = spell.dates(ledgers[kept.id])
    together = united(sorted(chain(*map(spell.dates, ledgers.values())), key=lambda one: (one.start, one.end)))
    traits = {name: getattr(kept, name) for name in TRAITS}
    wanted: dict[UUID, Any] = {
        gone.id: (ledgers[gone.id], [], traits, False),
        kept.id: (ledgers[kept.id], together, traits, False),
    }
    spell.settle(uow, wanted, {kept.id: ledgers[gone.id]})
    for name, value in standing.columns(together, uow.today).items():
        setattr(kept, name, value)
    for name, value in standing.columns([], uow.today).items():
        setattr(gone, name, value)
    standing.await_turn(uow, kept.id, together, now)


def united(spells: Sequence[spell.Dates]) -> list[spell.Dates]:
    """Spells in order, those that overlap or touch as one, which ends as the last of them did. Pure."""
    found: list[spell.Dates] = []
    for one in spells:
        if found and one.start <= found[-1].end:
            last = max(found[-1], one, key=lambda each: each.end)
            found[-1] = last._replace(start=found[-1].start)
        else:
            found.append(one)
    return found


def _move_facts(uow: Uow, gone: Customer, kept: Customer) -> None:
    """Facts pass over with what they froze; those of a stub, which froze nothing, freeze what is known now."""
    known = {name: getattr(kept, name) for name in TRAITS} if gone.is_stub else {}
    for model in merge_record.FACTS:
        ids = list(uow.session.scalars(select(model.id).where(col(model.customer_id) == gone.id)))
        rows = [{"id": id_, "customer_id": kept.id, "known_on": uow.today, **known} for id_ in ids]
        with restated(uow, model, ids, ids, {gone.id, kept.id}):
            fact.write_each(uow, model, rows)
    costs = list(uow.session.scalars(select(Cost.id).where(col(Cost.customer_id) == gone.id)))
    fact.write_each(uow, Cost, [{"id": id_, "customer_id": kept.id} for id_ in costs])
    cost.accrue(uow, costs)
    turning.follow(uow, {kept.id})
    recurring.follow(uow, {kept.id})
