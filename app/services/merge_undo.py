"""Taking a merge of customers back: either has again what it had, but for what was changed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select, update

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.base import TRAITS
from app.models.change import Action
from app.models.cost import Cost
from app.models.customer import Customer, CustomerExternalId
from app.models.feedback import Feedback
from app.models.invitation import Invitation
from app.models.merge import Merge
from app.models.order import Order
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.spell import ActiveBasis
from app.services import (
    answering,
    attribution,
    buyer,
    cost,
    fact,
    frozen,
    lifecycle,
    merge_found,
    merge_record,
    prediction,
    recurring,
    referring,
    refunding,
    segment_member,
    spell,
    standing,
    turning,
)
from app.services.customer_link import customer_once
from app.services.merge import OF_NO_NEWS, united
from app.services.merge_record import Cells, Memo, Said
from app.services.restating import restated
from app.services.row import AS_USUAL, Options, Outcome, Ref
from app.text import Text
from app.uow import Uow, writes


@dataclass(frozen=True, slots=True)
class Parted:
    """Two customers who were one: who had become part, of whom, and how many records stayed with the latter."""

    gone: Customer
    kept: Customer
    outcome: Outcome
    staying: int


@writes(Scope.CUSTOMER_WRITE)
def undo(uow: Uow, from_: Ref, options: Options = AS_USUAL) -> Parted:
    """Take back the merge in which `from_`, as that named it, became part of another customer.

    What was changed since stays as it is, and what was recorded since stays with the other one. Once it is undone, to
    undo it again is UNCHANGED. Raises Invalid where it is not known, or something since then must be undone first.
    """

    def work() -> tuple[Customer, Outcome]:
        uow.take_turn()
        record = merge_found.find(uow, from_)
        gone, kept = _held(uow, record)
        if record.undone_at is not None:
            return gone, Outcome.UNCHANGED
        merge_found.check_latest(uow, record, kept)
        _undo(uow, record, gone, kept)
        return gone, Outcome.UPDATED

    gone, outcome = customer_once(uow, "Customer.merge_undo", {"from": from_}, options, work)
    record = merge_record.of(uow, gone.id)
    if record is None:  # an answer from before, and one of the two was deleted since
        raise Invalid(merge_found.NO_RECORD, "from", code=Code.CONFLICT)
    return Parted(gone, uow.session.get_one(Customer, (uow.tenant_id, record.into_id)), outcome, record.staying)


def _held(uow: Uow, record: Merge) -> tuple[Customer, Customer]:
    """The two customers, locked."""
    statement = select(Customer).where(uow.db.is_any(Customer.id, [record.from_id, record.into_id]))
    held = uow.db.locked(statement, Customer.id).execution_options(populate_existing=True)
    rows = {row.id: row for row in uow.session.scalars(held)}
    return rows[record.from_id], rows[record.into_id]


def _undo(uow: Uow, record: Merge, gone: Customer, kept: Customer) -> None:
    memo, before = Memo.model_validate(record.document), kept.model_dump(exclude=OF_NO_NEWS)
    _names(uow, memo, gone, kept)
    is_stub = _is_as_left(uow, memo, kept)
    gone.merged_into_id = None
    _values(uow, memo, gone, kept)
    _move_records(uow, record, gone, kept)
    _spells(uow, memo, gone, kept)
    stays = {
        id_: [segment_member.Stay(*one) for one in some]
        for id_, some in ((gone.id, memo.gone_stays), (kept.id, memo.kept_stays))
    }
    segment_member.part(uow, gone.id, kept.id, stays)
    lifecycle.part(uow, gone.id, kept.id, memo.gone_stages, memo.kept_stages)
    uow.session.flush()
    if is_stub:
        kept.is_stub = True
        uow.session.flush()
        frozen.restate(uow, {kept.id: {name: getattr(kept, name) for name in TRAITS}})
    both = {gone.id, kept.id}
    for derived in (turning.follow, recurring.follow, buyer.restate, attribution.restate):
        derived(uow, both)
    referring.restate(uow, both | referring.brought(uow, both))
    changed = [name for name, value in before.items() if getattr(kept, name) != value]
    for row, action, fields in ((kept, Action.UPDATED, ["external_ids", *changed]), (gone, Action.CREATED, [])):
        row.updated_at, row.version = uow.now, row.version + 1
        uow.record(row, "Customer", action, fields)
    merge_record.close(uow, record, _staying(uow, record))
    prediction.forget(uow, both)


def _names(uow: Uow, memo: Memo, gone: Customer, kept: Customer) -> None:
    """Names, subordinate accounts and who was part of it already go back, where they are the other one's still."""
    names = merge_record.all_names(uow, kept.id)
    back = [name for name in names if (name.source, name.external_id) in memo.names]
    left = [name for name in names if (name.source, name.external_id) not in memo.names]
    for some, msg in ((back, _NAMELESS), (left, _LEFT_NAMELESS)):
        if all(name.deleted_at is not None for name in some):
            raise Invalid(msg, "from", code=Code.CONFLICT)
    for model, column, ids in (
        (CustomerExternalId, "customer_id", [name.id for name in back]),
        (Customer, "parent_id", [id_ for id_ in memo.below if id_ != kept.id]),
        (Customer, "merged_into_id", memo.parts),
    ):
        mine: Any = (uow.db.is_any(model.id, ids), getattr(model, column) == kept.id)
        statement = update(model).where(*mine).values({column: gone.id})
        uow.session.execute(statement, execution_options={"synchronize_session": "fetch"})


_NAMELESS = Text(
    "None of the names that it brought is left, so that nobody could say whom the merge would bring back; give it one "
    "of them again with customerLink.",
    "它带来的名称已全部不在，撤销后将无人能指称该客户；请先用 customerLink 重新关联其中一个名称。",
)
_LEFT_NAMELESS = Text(
    "The customer that it became part of would be left without a name; give that another one with customerLink first.",
    "它所并入的客户将不再有任何名称；请先用 customerLink 为该客户关联另一个名称。",
)


def _is_as_left(uow: Uow, memo: Memo, kept: Customer) -> bool:
    """Whether the other customer was a stub, and nobody has said anything of it since."""
    if not memo.kept.is_stub:
        return False
    said = [name for name in Said.model_fields if name not in ("attributes", "parent_id", "is_stub")]
    is_same = all(getattr(kept, name) == getattr(memo.left, name) for name in said)
    spells = spell.dates(spell.in_force(uow, [kept.id])[kept.id])
    return is_same and kept.attributes == memo.gone.attributes and spells == _together(memo)


def _values(uow: Uow, memo: Memo, gone: Customer, kept: Customer) -> None:
    """What was said of the one is said of it again; of the other no longer what the merge filled in, if it is so still.

    An objection is never lost: one against either is one against both.
    """
    for name in ("name", "email", "phone", "attributes"):
        setattr(gone, name, getattr(memo.gone, name))
    for name in memo.kept.model_fields_set - {"is_stub", "parent_id"}:
        if getattr(kept, name) == getattr(memo.left, name):
            setattr(kept, name, getattr(memo.kept, name))
    kept.attributes = {
        key: value
        for key, value in kept.attributes.items()
        if key not in memo.added or value != memo.gone.attributes[key]
    }
    gone.profiling_opt_out = gone.profiling_opt_out or kept.profiling_opt_out
    if "parent_id" in memo.kept.model_fields_set and kept.parent_id == memo.left.parent_id:
        kept.parent_id = merge_found.parent(uow, memo.kept.parent_id, kept)
    gone.parent_id = merge_found.parent(uow, memo.gone.parent_id, gone)
    uow.session.flush()
    merge_found.check_circle(uow, gone, kept)


def _move_records(uow: Uow, record: Merge, gone: Customer, kept: Customer) -> None:
    """Records pass back with what they froze, those of a stub without; what follows them comes along."""
    own = {name: getattr(gone, name) for name in TRAITS if gone.is_stub or name == "is_test"}
    passed: dict[type[Any], list[UUID]] = {}
    for model in merge_record.FACTS:
        rows = merge_record.moved(uow, record, model)
        ids = passed[model] = [id_ for id_, _, _ in rows]
        back = [
            {"id": id_, "customer_id": gone.id, "known_on": then if is_same else uow.today, **own}
            for id_, is_same, then in rows
        ]
        with restated(uow, model, ids, ids, {gone.id, kept.id}):
            fact.write_each(uow, model, back)
    costs = [id_ for id_, _, _ in merge_record.moved(uow, record, Cost)]
    fact.write_each(uow, Cost, [{"id": id_, "customer_id": gone.id} for id_ in costs])
    cost.accrue(uow, costs)
    referred = merge_record.moved(uow, record, Referral, "referred_id")
    fact.write_each(uow, Referral, [{"id": id_, "referred_id": gone.id} for id_, _, _ in referred])
    answering.follow(uow, passed[Invitation])
    refunding.follow(uow, passed[Order])


def _together(memo: Memo) -> list[spell.Dates]:
    """The times as a customer that the merge made of those of both."""
    return united(sorted((spell.Dates(*one[:4]) for one in (*memo.gone_spells, *memo.kept_spells)), key=_by_days))


def _by_days(one: spell.Dates) -> Any:  # noqa: ANN401 - what sorts
    return one.start, one.end


def _spells(uow: Uow, memo: Memo, gone: Customer, kept: Customer) -> None:
    """The times as a customer of each as before; a time that is not as the merge made it stays with the other."""
    ids = [gone.id, kept.id]
    ledgers, since, made = spell.in_force(uow, ids), spell.referred_on(uow, ids), _together(memo)
    now: dict[UUID, list[Cells]] = {gone.id: memo.gone_spells, kept.id: []}
    for said in ledgers[kept.id]:
        is_made = spell.Dates(*said[:4]) in made
        now[kept.id] += [one for one in memo.kept_spells if said[0] <= one[0] < said[1]] if is_made else [said]
    changed: dict[UUID, tuple[spell.Ledger, spell.Ledger]] = {}
    for customer in (gone, kept):
        ledger = _ledger(now[customer.id], since.get(customer.id), is_test=customer.is_test)
        changed[customer.id] = ledgers[customer.id], ledger
        dates = spell.dates(ledger)
        for name, value in standing.columns(dates, uow.today).items():
            setattr(customer, name, value)
        standing.await_turn(uow, customer.id, dates, spell.dates(ledgers[customer.id]))
    spell.append(uow, ActiveBasis.STATUS, changed)


def _ledger(some: Sequence[Cells], since: Any, *, is_test: bool) -> spell.Ledger:  # noqa: ANN401 - a day or none
    """What the ledger is to say of spells with what they froze."""
    found = spell.Ledger()
    for ordinal, one in enumerate(sorted(some, key=lambda cells: cells[:2]), start=1):
        frozen_then = dict(zip(TRAITS, one[-len(TRAITS) :], strict=True)) | {"is_test": is_test}
        first = min(each[0] for each in some)
        found[spell.cells(spell.Dates(*one[:4]), ordinal, first, since, frozen_then)] += 1
    return found


def _staying(uow: Uow, record: Merge) -> int:
    """How many records that came since the merge are of the other customer: nothing says of which of the two they are.

    What follows an order or an invitation has gone or stayed with it.
    """
    found = 0
    for model in (*merge_record.FACTS, Cost):
        each: Any = model
        if model is Refund:
            continue
        since = [each.customer_id == record.into_id, each.id > record.id, each.deleted_at.is_(None)]
        since += [col(Feedback.inherits_customer).is_(False)] if model is Feedback else []
        found += uow.session.scalar(select(func.count()).select_from(each).where(*since)) or 0
    return found
