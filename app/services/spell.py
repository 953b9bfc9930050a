"""Spells: when somebody was a customer. The only writer of the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import literal
from sqlmodel import col, func, insert, select
from uuid_utils.compat import uuid7

from app.errors import Code, Invalid
from app.models.base import FOREVER, TRAITS, ChurnKind, month_of
from app.models.customer import CustomerStatus
from app.models.referral import Referral
from app.models.spell import ActiveBasis, Spell
from app.reach import borrowed
from app.services import rollup
from app.text import Text
from app.uow import Uow


class Dates(NamedTuple):
    """One spell: from the first day as a customer to the first day no longer."""

    start: date
    end: date = FOREVER
    reason: str | None = None
    kind: ChurnKind | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What an upsert says of a customer's spells; a name in `given` was present, null clears.

    `history`, when given, is the whole of it and replaces what was known.
    """

    given: frozenset[str]
    joined: date | None = None
    churned: date | None = None
    reason: str | None = None
    status: CustomerStatus | None = None
    history: tuple[Dates, ...] | None = None
    kind: ChurnKind | None = None


def wished(current: Sequence[Dates], wish: Wish, today: date) -> list[Dates]:
    """The spells that a customer has after `wish`. Pure. Raises Invalid where the dates contradict each other.

    A joining day on or after the last departure is a return and opens a new spell; any other day corrects the spell
    that it names or the last one. A status without dates takes effect today.
    """
    if wish.history is not None:
        return _checked(sorted(wish.history, key=_when))
    spells = list(current)
    place = _joined(spells, wish)
    if "churned" in wish.given and spells and place is not None:
        spell = spells[place]
        spells[place] = spell._replace(end=wish.churned) if wish.churned else Dates(spell.start)
    elif "churned" in wish.given and wish.churned is not None:
        msg = Text(
            "churnedOn needs a joinedOn: nobody leaves who was never a customer.",
            "churnedOn 需要 joinedOn：从未成为客户，就谈不上流失。",
        )
        raise Invalid(msg, "churnedOn")
    known = len(spells)
    if wish.status is not None:
        _status(spells, wish, today)
    if place is None or len(spells) > known or wish.status is CustomerStatus.ACTIVE:  # a status is about the last one
        place = len(spells) - 1
    said = {name: getattr(wish, name) for name in ("reason", "kind") if name in wish.given}
    if said and spells and spells[place].end < FOREVER:
        spells[place] = spells[place]._replace(**said)
    return _checked(spells)


def _when(spell: Dates) -> tuple[date, date]:
    """By what spells are in order: of two alike the reasons, or none, do not compare."""
    return spell.start, spell.end


def _joined(spells: list[Dates], wish: Wish) -> int | None:
    """Apply the joining day; the place of the spell that the other dates are about."""
    last = len(spells) - 1 if spells else None
    if "joined" not in wish.given:
        return last
    if wish.joined is None:  # never was a customer: said twice, it must not take back one spell after the other
        spells.clear()
        return None
    same = [place for place, spell in enumerate(spells) if spell.start == wish.joined]
    if same:
        return same[0]
    if last is None or wish.joined >= spells[last].end:
        spells.append(Dates(wish.joined))
        return len(spells) - 1
    earlier = [place for place, spell in enumerate(spells) if spell.end > wish.joined]
    place = earlier[0]
    if wish.churned is not None and wish.churned <= spells[place].start:
        spells.insert(place, Dates(wish.joined, wish.churned))  # a spell from before what was known
        return place
    spells[place] = spells[place]._replace(start=wish.joined)
    return place


def _status(spells: list[Dates], wish: Wish, today: date) -> None:
    is_active = bool(spells) and spells[-1].end > today
    match wish.status:
        case CustomerStatus.ACTIVE if not is_active:
            if "churned" in wish.given and wish.churned is not None:
                msg = Text("status ACTIVE contradicts churnedOn.", "status ACTIVE 与 churnedOn 矛盾。")
                raise Invalid(msg, "status")
            spells.append(Dates(max(today, spells[-1].end) if spells else today))
        case CustomerStatus.CHURNED if is_active:
            if not spells or spells[-1].end == FOREVER:
                spells[-1] = spells[-1]._replace(end=today)
        case CustomerStatus.CHURNED if not spells:
            msg = Text(
                "status CHURNED needs joinedOn and churnedOn: nobody leaves who was never a customer.",
                "status CHURNED 需要 joinedOn 和 churnedOn：从未成为客户，就谈不上流失。",
            )
            raise Invalid(msg, "status")
        case CustomerStatus.PROSPECT if spells:
            msg = Text(
                "status PROSPECT contradicts joinedOn; set joinedOn to null if this was never a customer.",
                "status PROSPECT 与 joinedOn 矛盾；如果从未成为客户，请将 joinedOn 设为 null。",
            )
            raise Invalid(msg, "status")
        case _:
            pass


def _checked(spells: list[Dates]) -> list[Dates]:
    for spell in spells:
        if spell.end <= spell.start:
            msg = Text(
                f"churnedOn ({spell.end}) is the first day without and must be later than joinedOn ({spell.start}).",
                f"churnedOn（{spell.end}）是不再为客户的第一天，必须晚于 joinedOn（{spell.start}）。",
            )
            raise Invalid(msg, "churnedOn", code=Code.OUT_OF_RANGE)
    for spell, after in pairwise(spells):
        if after.start < spell.end:
            msg = Text(
                f"The spell from {after.start} overlaps the one from {spell.start} to {spell.end}.",
                f"始于 {after.start} 的客户期与 {spell.start} 至 {spell.end} 的客户期重叠。",
            )
            raise Invalid(msg, "joinedOn", code=Code.CONFLICT)
    return spells


def status_of(spells: Sequence[Dates], today: date) -> CustomerStatus:
    """Where a customer with these spells stands today."""
    begun = [spell for spell in spells if spell.start <= today]
    if not begun:
        return CustomerStatus.PROSPECT
    return CustomerStatus.ACTIVE if begun[-1].end > today else CustomerStatus.CHURNED


def next_turn(spells: Sequence[Dates], today: date) -> date | None:
    """The next day on which the customer's standing changes by itself, if one is known."""
    days = [day for spell in spells for day in (spell.start, spell.end) if today < day < FOREVER]
    return min(days, default=None)


Ledger = Counter[tuple[Any, ...]]
"""The spells in force: (start, end, reason, kind, ordinal, is referred, cohort, *traits) → 1."""
_CELLS = ("starts_on", "ends_on", "reason", "churn_kind", "ordinal", "is_referred", "cohort", *TRAITS)


def in_force(uow: Uow, customer_ids: Sequence[UUID], basis: ActiveBasis = ActiveBasis.STATUS) -> dict[UUID, Ledger]:
    """What the ledger of `basis` says now of each of these customers; by default what their sources say."""
    hidden = borrowed(uow.session.rows, Spell)  # of the session: what is written rests on all of it
    columns: list[Any] = [literal(None) if name in hidden else getattr(Spell, name) for name in _CELLS]
    statement = select(Spell.customer_id, Spell.sign, *columns).where(
        uow.db.is_any(Spell.customer_id, list(customer_ids)), col(Spell.basis) == basis
    )
    found: dict[UUID, Ledger] = {id_: Counter() for id_ in customer_ids}
    for customer_id, sign, *cells in uow.session.execute(statement):
        found[customer_id][tuple(cells)] += sign
    return {id_: +ledger for id_, ledger in found.items()}


def counted(uow: Uow, customer_ids: Sequence[UUID]) -> dict[UUID, Ledger]:
    """What the ledger by which the workspace counts says now of each of these customers."""
    return in_force(uow, customer_ids, uow.workspace.active_by)


def dates(ledger: Ledger) -> list[Dates]:
    """The spells of a ledger, in order."""
    return sorted((Dates(*cells[:4]) for cells in ledger), key=_when)


def settle(
    uow: Uow,
    wanted: Mapping[UUID, tuple[Ledger, Sequence[Dates], Mapping[str, Any], bool]],
    taken: Mapping[UUID, Ledger] | None = None,
) -> None:
    """Make the ledger say what is wanted of each customer: (what it says, the spells, traits, refreeze).

    A spell keeps the traits that it froze when it began, but for the test flag, unless `refreeze` says that those
    were not known then. `taken` are ledgers of which spells are taken over with what they froze.
    """
    changed: dict[UUID, tuple[Ledger, Ledger]] = {}
    referred = referred_on(uow, [customer_id for customer_id, (_, spells, *_) in wanted.items() if spells])
    for customer_id, (now, spells, traits, refreeze) in wanted.items():
        then: Ledger = Counter()
        for ordinal, spell in enumerate(spells, start=1):
            kept = (
                None if refreeze else _frozen(now, spell) or _frozen((taken or {}).get(customer_id, Counter()), spell)
            )
            own = dict(zip(TRAITS, kept, strict=True)) if kept else dict(traits)
            own["is_test"] = traits["is_test"]
            then[cells(spell, ordinal, spells[0].start, referred.get(customer_id), own)] += 1
        changed[customer_id] = now, then
    append(uow, ActiveBasis.STATUS, changed)


def cells(spell: Dates, ordinal: int, first: date, since: date | None, traits: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the ledger says of one spell, of somebody whose `first` began that day, referred `since` a day."""
    brought = _is_referred(since, spell.start, ordinal)
    return *spell, ordinal, brought, month_of(first), *(traits[name] for name in TRAITS)


def refer(uow: Uow, customer_ids: Sequence[UUID]) -> None:
    """Make the first spells of these customers say whether they had been referred, as referrals stand now."""
    referred = referred_on(uow, customer_ids)
    for basis in {ActiveBasis.STATUS, uow.workspace.active_by}:
        changed: dict[UUID, tuple[Ledger, Ledger]] = {}
        for customer_id, now in in_force(uow, customer_ids, basis).items():
            then: Ledger = Counter()
            for said, count in now.items():
                brought = _is_referred(referred.get(customer_id), said[0], said[4])
                then[*said[:5], brought, *said[6:]] += count
            changed[customer_id] = now, then
        append(uow, basis, changed)


def referred_on(uow: Uow, customer_ids: Sequence[UUID]) -> dict[UUID, date]:
    """Since when each of these customers has been referred by another one, where somebody has."""
    if not customer_ids:
        return {}
    whom = col(Referral.referred_id)
    statement = select(whom, func.min(col(Referral.day))).where(
        uow.db.is_any(whom, list(customer_ids)),
        col(Referral.customer_id) != whom,
        col(Referral.is_test).is_(False),
        col(Referral.deleted_at).is_(None),
    )
    return dict(uow.session.execute(statement.group_by(whom)).all())


def _is_referred(since: date | None, start: date, ordinal: int) -> bool:
    """Whether a spell began by a referral: whoever returns was not brought anew."""
    return ordinal == 1 and since is not None and since <= start


def append(uow: Uow, basis: ActiveBasis, changed: Mapping[UUID, tuple[Ledger, Ledger]]) -> None:
    """Take back what the ledgers of `basis` say and shall no longer, and say what they shall say instead."""
    rows = [
        row_of(uow, basis, customer_id, said, sign, uow.today)
        for customer_id, (now, then) in changed.items()
        for sign, ledger in ((-1, now - then), (1, then - now))
        for said in ledger
    ]
    if rows:
        uow.session.execute(insert(Spell), rows)
        rollup.fold(uow, Spell, [row["id"] for row in rows], 1)


def _frozen(now: Ledger, spell: Dates) -> tuple[Any, ...] | None:
    """What the spell froze, if it is known: by its first day, or, where that was corrected, by the days they share."""
    shared = [said for said in now if said[0] < spell.end and spell.start < said[1]]
    return min(shared, key=lambda said: (said[0] != spell.start, said[0]))[7:] if shared else None


def row_of(  # noqa: PLR0913 - a row has as many parts
    uow: Uow, basis: ActiveBasis, customer_id: UUID, said: tuple[Any, ...], sign: int, known_on: date
) -> dict[str, Any]:
    """One row of the ledger of `basis`."""
    return {
        "id": uuid7(),
        "tenant_id": uow.tenant_id,
        "customer_id": customer_id,
        "basis": basis,
        "is_counted": basis is uow.workspace.active_by,
        "sign": sign,
        "known_on": known_on,
        **dict(zip(_CELLS, said, strict=True)),
    }
