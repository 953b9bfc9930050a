"""Recurring revenue: a signed ledger, derived from contracts whenever these change. The only writer of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, insert, select
from uuid_utils.compat import uuid7

from app.models.base import FOREVER, TRAITS
from app.models.contract import Contract, ContractStatus, Recurrence
from app.services import rollup
from app.services.exchange import Rates
from app.uow import Uow

_TAKEN = ("customer_id", "channel_id", "product", "campaign", "staff_id", "team_id", *TRAITS)
"""What recurring revenue is cut by, as its contract has it."""
_OWN = ("day", "currency", "amount", "priced_on", "value")

Entries = Counter[tuple[Any, ...]]
"""What the ledger says of one contract: how often each entry holds, −1 where something ends."""


def restate(uow: Uow, ids: Sequence[UUID]) -> None:
    """Make the ledger say of these contracts what it is to say now."""
    statement = select(Contract).where(uow.db.is_any(Contract.id, list(ids)))
    contracts = uow.session.scalars(statement.execution_options(populate_existing=True)).all()
    rates = Rates(uow, {one.currency for one in contracts}, {day for one in contracts for day in _firsts(one)})
    wanted = {one.id: Counter[tuple[Any, ...]]() for one in contracts}
    for one in contracts:
        for entry, sign in _entries(one, rates):
            wanted[one.id][entry] += sign
    present = _present(uow, list(wanted))
    rows = []
    for id_, then in wanted.items():
        for entry in {**present[id_], **then}:
            more = then[entry] - present[id_][entry]
            rows += [_row(uow, id_, entry, 1 if more > 0 else -1) for _ in range(abs(more))]
    if rows:
        uow.session.execute(insert(Recurrence), rows)
        rollup.fold(uow, Recurrence, [row["id"] for row in rows], 1)


def follow(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the recurring revenue of these customers up to date with what their contracts froze."""
    statement = select(Contract.id).where(uow.db.is_any(Contract.customer_id, sorted(customer_ids)))
    if ids := list(uow.session.scalars(statement)):
        restate(uow, ids)


def _firsts(contract: Contract) -> list[date]:
    return [date.fromisoformat(term["from"]) for term in contract.terms]


def _entries(contract: Contract, rates: Rates) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Each term's entry where it begins, and where the next one begins or the contract ends; what is free has none."""
    if contract.deleted_at is not None or contract.status is not ContractStatus.ACTIVE:
        return
    taken = tuple(getattr(contract, name) for name in _TAKEN)
    firsts = _firsts(contract)
    for first, before, term in zip(firsts, [*firsts[1:], contract.ends_on], contract.terms, strict=False):
        # a year's amount is whole in minor units whatever the interval, so that a twelfth of a sum is exact
        amount = term["amount"] * contract.interval.per_year
        priced = (contract.currency, amount, first, rates.convert(amount, contract.currency, first))
        if amount:
            yield (*taken, first, *priced), 1
        if amount and before < FOREVER:
            yield (*taken, before, *priced), -1


def _present(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Entries]:
    columns = [getattr(Recurrence, name) for name in (*_TAKEN, *_OWN)]
    statement = select(col(Recurrence.contract_id), col(Recurrence.sign), *columns)
    found: dict[UUID, Entries] = defaultdict(Counter)
    for id_, sign, *entry in uow.session.execute(statement.where(uow.db.is_any(Recurrence.contract_id, list(ids)))):
        found[id_][tuple(entry)] += sign
    return found


def _row(uow: Uow, contract_id: UUID, entry: tuple[Any, ...], sign: int) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "tenant_id": uow.tenant_id,
        "contract_id": contract_id,
        "sign": sign,
        "known_on": uow.today,
        **dict(zip((*_TAKEN, *_OWN), entry, strict=True)),
    }
