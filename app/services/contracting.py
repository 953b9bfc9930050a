"""Customers by contract: a spell is the time in which at least one contract runs."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select

from app.models.base import TRAITS, ChurnKind
from app.models.contract import Contract, ContractStatus
from app.services.spell import Dates, Ledger, cells
from app.uow import Uow


class Run(NamedTuple):
    """A contract that counts, in the order in which contracts begin: its days, why it ended, what it froze."""

    start: date
    end: date
    source: str
    external_id: str
    reason: str | None
    kind: ChurnKind | None
    known_on: date
    traits: Mapping[str, Any]


def running(uow: Uow, customer_ids: Collection[UUID]) -> dict[UUID, list[Run]]:
    """The contracts of these customers that count, in order."""
    contract = Contract
    columns = (contract.customer_id, contract.day, contract.ends_on, contract.source, contract.external_id)
    said = (contract.reason, contract.churn_kind, contract.known_on, *(getattr(contract, name) for name in TRAITS))
    statement = select(*columns, *said).where(  # type: ignore[call-overload]  # too many columns for its overloads
        uow.db.is_any(contract.customer_id, sorted(customer_ids)),
        col(contract.status) == ContractStatus.ACTIVE,
        col(contract.deleted_at).is_(None),
        col(contract.is_test).is_(False),
    )
    found: dict[UUID, list[Run]] = defaultdict(list)
    for customer_id, *row in uow.session.execute(statement):
        start, end, source, external_id, reason, kind, known_on, *traits = row
        frozen = dict(zip(TRAITS, traits, strict=True))
        found[customer_id].append(Run(start, end, source, external_id, reason, kind, known_on, frozen))
    return {id_: sorted(found[id_], key=lambda one: one[:4]) for id_ in customer_ids}


def united(runs: Sequence[Run]) -> list[tuple[Dates, Mapping[str, Any]]]:
    """The spells that contracts in order make, and the traits of the first of each. Pure.

    Those that overlap or touch are one spell, which ends as the last of them did.
    """
    found: list[tuple[Dates, Mapping[str, Any]]] = []
    for one in runs:
        own = Dates(one.start, one.end, one.reason, one.kind)
        if found and one.start <= found[-1][0].end:
            spell, traits = found[-1]
            found[-1] = (own._replace(start=spell.start) if one.end >= spell.end else spell), traits
        else:
            found.append((own, one.traits))
    return found


def ledger(runs: Sequence[Run], since: date | None) -> Ledger:
    """What the ledger is to say of somebody with these contracts, who has been referred `since` a day. Pure."""
    spells = united(runs)
    each = enumerate(spells, start=1)
    return Counter(cells(spell, ordinal, spells[0][0].start, since, traits) for ordinal, (spell, traits) in each)


def told(runs: Sequence[Run], since: date | None) -> list[tuple[tuple[Any, ...], int, date]]:
    """The rows of the ledger, each with its sign and since when it is known: by the days of the contracts. Pure."""
    rows: list[tuple[tuple[Any, ...], int, date]] = []
    before: Ledger = Counter()
    for day in sorted({one.known_on for one in runs}):
        now = ledger([one for one in runs if one.known_on <= day], since)
        for sign, some in ((-1, before - now), (1, now - before)):
            rows += [(said, sign, day) for said in some]
        before = now
    return rows
