"""Spells: when somebody was a customer. The only writer of the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, func, insert, select
from uuid_utils.compat import uuid7

from app.errors import Code, Invalid
from app.models.base import FOREVER, TRAITS, month_of
from app.models.customer import CustomerStatus
from app.models.referral import Referral
from app.models.spell import Spell
from app.services import rollup
from app.text import Text
from app.uow import Uow


class Dates(NamedTuple):
    """One spell: from the first day as a customer to the first day no longer."""

    start: date
    end: date = FOREVER
    reason: str | None = None


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
        end = wish.churned or FOREVER
        spells[place] = Dates(spells[place].start, end, spells[place].reason if wish.churned else None)
    elif "churned" in wish.given and wish.churned is not None:
        msg = Text(
            "churnedOn needs a joinedOn: nobody leaves who was never a customer.",
            "churnedOn 需要 joinedOn：从未成为客户，就谈不上流失。",
        )
        raise Invalid(msg, "churnedOn")
    known = len(spells)
    if wish.status is not None:
        _status(spells, wish, today)
    if place is None or len(spells) > known:  # the status is about the last one
        place = len(spells) - 1
    if "reason" in wish.given and spells and spells[place].end < FOREVER:
        spells[place] = spells[place]._replace(reason=wish.reason)
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
"""The spells in force: (start, end, reason, ordinal, is referred, cohort, *traits) → 1."""


def in_force(uow: Uow, customer_ids: Sequence[UUID]) -> dict[UUID, Ledger]:
    """What the ledger says now of each of these customers."""
    names = ("starts_on", "ends_on", "reason", "ordinal", "is_referred", "cohort", *TRAITS)
    columns = [getattr(Spell, name) for name in names]
    statement = select(Spell.customer_id, Spell.sign, *columns).where(
        uow.db.is_any(Spell.customer_id, list(customer_ids))
    )
    found: dict[UUID, Ledger] = {id_: Counter() for id_ in customer_ids}
    for customer_id, sign, *cells in uow.session.execute(statement):
        found[customer_id][tuple(cells)] += sign
    return {id_: +ledger for id_, ledger in found.items()}


def dates(ledger: Ledger) -> list[Dates]:
    """The spells of a ledger, in order."""
    return sorted((Dates(start, end, reason) for start, end, reason, *_ in ledger), key=_when)


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
    referred = _referred_on(uow, [customer_id for customer_id, (_, spells, *_) in wanted.items() if spells])
    for customer_id, (now, spells, traits, refreeze) in wanted.items():
        then: Ledger = Counter()
        for ordinal, spell in enumerate(spells, start=1):
            kept = (
                None if refreeze else _frozen(now, spell) or _frozen((taken or {}).get(customer_id, Counter()), spell)
            )
            own = dict(zip(TRAITS, kept, strict=True)) if kept else dict(traits)
            own["is_test"] = traits["is_test"]
            brought = _is_referred(referred.get(customer_id), spell.start, ordinal)
            cohort = month_of(spells[0].start)
            then[spell.start, spell.end, spell.reason, ordinal, brought, cohort, *(own[name] for name in TRAITS)] += 1
        changed[customer_id] = now, then
    _append(uow, changed)


def refer(uow: Uow, customer_ids: Sequence[UUID]) -> None:
    """Make the first spells of these customers say whether they had been referred, as referrals stand now."""
    changed: dict[UUID, tuple[Ledger, Ledger]] = {}
    referred = _referred_on(uow, customer_ids)
    for customer_id, now in in_force(uow, customer_ids).items():
        then: Ledger = Counter()
        for (start, end, reason, ordinal, _, *rest), count in now.items():
            brought = _is_referred(referred.get(customer_id), start, ordinal)
            then[start, end, reason, ordinal, brought, *rest] += count
        changed[customer_id] = now, then
    _append(uow, changed)


def _referred_on(uow: Uow, customer_ids: Sequence[UUID]) -> dict[UUID, date]:
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


def _append(uow: Uow, changed: Mapping[UUID, tuple[Ledger, Ledger]]) -> None:
    """Take back what the ledgers say and shall no longer, and say what they shall say instead."""
    rows = [
        _row(uow, customer_id, cells, sign)
        for customer_id, (now, then) in changed.items()
        for sign, ledger in ((-1, now - then), (1, then - now))
        for cells in ledger
    ]
    if rows:
        uow.session.execute(insert(Spell), rows)
        rollup.fold(uow, Spell, [row["id"] for row in rows], 1)


def _frozen(now: Ledger, spell: Dates) -> tuple[Any, ...] | None:
    """What the spell froze, if it is known: by its first day, or, where that was corrected, by the days they share."""
    shared = [cells for cells in now if cells[0] < spell.end and spell.start < cells[1]]
    return min(shared, key=lambda cells: (cells[0] != spell.start, cells[0]))[6:] if shared else None


def _row(uow: Uow, customer_id: UUID, cells: tuple[Any, ...], sign: int) -> dict[str, Any]:
    start, end, reason, ordinal, is_referred, cohort, *traits = cells
    return {
        "id": uuid7(),
        "tenant_id": uow.tenant_id,
        "customer_id": customer_id,
        "starts_on": start,
        "ends_on": end,
        "reason": reason,
        "ordinal": ordinal,
        "is_referred": is_referred,
        "cohort": cohort,
        "sign": sign,
        "known_on": uow.today,
        **dict(zip(TRAITS, traits, strict=True)),
    }
