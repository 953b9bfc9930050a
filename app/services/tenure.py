"""Who counts as a customer, by the basis that the workspace has chosen; what rests on it is kept up to date here.

What the sources say is a ledger of its own (`spell`), which is always kept. By contract or by activity a second one is
derived from the facts of the customers concerned, whenever these change, and of everybody when the basis changes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, insert, select, update

from app.actor import Scope
from app.models.customer import Customer
from app.models.spell import ActiveBasis, Spell
from app.services import activity, attribution, contracting, fact, referring, spell, standing
from app.uow import Uow, reads, writes

CHUNK = 2_000
"""Customers that are derived anew together; writers of the workspace wait for it."""
CUBES = frozenset({"spell_start", "spell_end"})
"""The rollups of spells."""


def restate(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the times of these customers up to date with what they have done and agreed to."""
    if not customer_ids or uow.workspace.active_by is ActiveBasis.STATUS:
        return
    ids = sorted(customer_ids)
    since = spell.referred_on(uow, ids)
    if uow.workspace.active_by is ActiveBasis.CONTRACT:
        runs = contracting.running(uow, ids)
        _settle(uow, {id_: contracting.ledger(some, since.get(id_)) for id_, some in runs.items()})
        return
    made = activity.spells(uow, activity.days(uow, ids))
    _settle(uow, {id_: _ledger(some, since.get(id_)) for id_, some in made.items()})
    activity.await_lapse(uow, {id_: some.due for id_, some in made.items()})


def _ledger(made: activity.Spells, since: date | None) -> spell.Ledger:
    """What the ledger is to say of somebody with these spells."""
    each = enumerate(zip(made.spells, made.traits, strict=True), start=1)
    first = made.spells[0].start if made.spells else date.max
    return Counter(spell.cells(one, ordinal, first, since, traits) for ordinal, (one, traits) in each)


def _settle(uow: Uow, wanted: Mapping[UUID, spell.Ledger]) -> None:
    """Make the derived ledger say what is wanted of each customer, and bring up to date what follows."""
    basis = uow.workspace.active_by
    now = spell.in_force(uow, list(wanted), basis)
    changed = {id_: (now[id_], then) for id_, then in wanted.items() if now[id_] != then}
    if not changed:
        return
    spell.append(uow, basis, changed)
    for id_, (before, then) in changed.items():
        _await_joining(uow, id_, spell.dates(then), spell.dates(before))
    _follow(uow, changed.keys())


def _await_joining(
    uow: Uow, customer_id: UUID, spells: Sequence[spell.Dates], before: Sequence[spell.Dates] = ()
) -> None:
    """Have the customer looked at on the day to come on which the first contract begins: a referral is converted then.

    `before` are the spells for which that has been seen to.
    """
    first, awaited = ([spell.Dates(one.start) for one in some[:1]] for some in (spells, before))
    standing.await_turn(uow, customer_id, first, awaited)


def _follow(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """When somebody became a customer decides who is credited with it, and whether a referral was converted."""
    attribution.restate(uow, customer_ids)
    referring.follow(uow, customer_ids)


def agreed(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """The same where contracts of these customers came to be, changed or went."""
    if uow.workspace.active_by is ActiveBasis.CONTRACT:
        restate(uow, customer_ids)


def touched(uow: Uow, came: activity.Touched, left: activity.Touched) -> None:
    """The same where events of use came to be on some days of customers, or are no longer on them."""
    if uow.workspace.active_by is not ActiveBasis.ACTIVITY:
        return
    gone = {id_ for id_, _ in left}
    ledgers = spell.counted(uow, sorted({id_ for id_, _ in came} - gone))
    more = [(id_, day) for id_, day in came if id_ not in gone]
    restate(uow, gone | activity.changes(uow, {id_: spell.dates(one) for id_, one in ledgers.items()}, more))


@writes(Scope.WORKSPACE_ADMIN)
def lapse(uow: Uow, limit: int = 1_000) -> bool:
    """End the spells whose time has passed; whether there may be more."""
    uow.take_turn()
    ids = activity.due(uow, limit)
    fact.lock_customers(uow, set(ids))
    restate(uow, set(ids))
    if len(ids) == limit:
        return True
    activity.await_next(uow)
    return False


def begin(uow: Uow) -> None:
    """Have everybody's times derived anew, before the rollups of spells are filled."""
    uow.workspace.derived_to = UUID(int=0)


def derive(uow: Uow, chunk: int = CHUNK) -> bool:
    """Derive the times of the next customers by the basis of now; whether there was anything to do."""
    after = uow.workspace.derived_to
    if after is None:
        return False
    statement = select(Customer.id).where(col(Customer.id) > after).order_by(col(Customer.id)).limit(chunk)
    ids = list(uow.session.scalars(statement))
    if ids:
        _derive(uow, ids)
    uow.workspace.derived_to = ids[-1] if len(ids) == chunk else None
    uow.session.flush()
    return True


def _derive(uow: Uow, ids: Sequence[UUID]) -> None:
    basis = uow.workspace.active_by
    mine, is_own = uow.db.is_any(Spell.customer_id, list(ids)), col(Spell.basis) == ActiveBasis.STATUS
    marked = update(Spell).where(mine, is_own).values(is_counted=basis is ActiveBasis.STATUS)
    for statement in (delete(Spell).where(mine, ~is_own), marked):
        uow.session.execute(statement, execution_options={"synchronize_session": False})
    since = spell.referred_on(uow, ids)
    rows: list[dict[str, Any]] = []
    dues: dict[UUID, date | None] = dict.fromkeys(ids)
    if basis is ActiveBasis.CONTRACT:
        for id_, runs in contracting.running(uow, ids).items():
            rows += [spell.row_of(uow, basis, id_, *row) for row in contracting.told(runs, since.get(id_))]
            _await_joining(uow, id_, [one for one, _ in contracting.united(runs)])
    elif basis is ActiveBasis.ACTIVITY:
        days = activity.days(uow, ids)
        made = activity.spells(uow, days)
        for id_, some in made.items():
            told = activity.told(some, days[id_], since.get(id_))
            rows += [spell.row_of(uow, basis, id_, *row) for row in told]
        dues = {id_: some.due for id_, some in made.items()}
    activity.await_lapse(uow, dues)
    if rows:
        uow.session.execute(insert(Spell), rows)
    _follow(uow, set(ids))


@reads(Scope.CUSTOMER_READ)
def spells(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[spell.Dates]]:
    """The times in which KPIs count each of the customers `ids` as one, in order."""
    return {id_: spell.dates(ledger) for id_, ledger in spell.counted(uow, ids).items()}
