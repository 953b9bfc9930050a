"""What referrals and customers owe each other: which referrals count, and whom somebody had brought.

All that is derived of a referral follows from the referrals of whom it names as referred, so that these are brought up
to date together.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.models.customer import Customer
from app.models.referral import Referral
from app.services import fact, spell
from app.services.restating import restated
from app.uow import Uow


def restate(uow: Uow, referred: AbstractSet[UUID]) -> None:
    """Bring the referrals of these customers up to date, and their spells with them."""
    follow(uow, referred)
    if referred:
        spell.refer(uow, sorted(referred))


def follow(uow: Uow, referred: AbstractSet[UUID]) -> None:
    """Bring the referrals of these customers up to date with each other, and with who they are and when they joined."""
    pairs: dict[tuple[UUID | None, UUID], list[Referral]] = defaultdict(list)
    for row in _referrals(uow, referred):
        pairs[row.customer_id, row.referred_id].append(row)
    if not pairs:
        return
    whom = sorted({whom for _, whom in pairs})
    chosen = select(Customer.id).where(uow.db.is_any(Customer.id, whom), col(Customer.is_test))
    tests = set(uow.session.scalars(chosen))
    joined = {id_: spell.dates(ledger)[0].start for id_, ledger in spell.counted(uow, whom).items() if ledger}
    changed: list[dict[str, Any]] = []
    people: set[UUID] = set()
    for pair, some in pairs.items():
        is_counted = pair[0] != pair[1] and pair[1] not in tests
        converted_on = _converted_on(uow, some, joined.get(pair[1]))
        for place, row in enumerate(some):
            now = {"converted_on": converted_on, "is_counted": is_counted and place == 0}
            if any(getattr(row, name) != value for name, value in now.items()):
                changed.append({"id": row.id, "known_on": uow.today, **now})
                people |= {row.customer_id} if row.customer_id else set()
    if not changed:
        return
    ids = [row["id"] for row in changed]
    with restated(uow, Referral, ids, ids, people):
        fact.write_each(uow, Referral, changed)


def _converted_on(uow: Uow, pair: Sequence[Referral], joined: date | None) -> date | None:
    """When the referral of two people was converted: by what the sources say, else by becoming a customer."""
    told = [row.converted_at.astimezone(uow.zone).date() for row in pair if row.converted_at]
    if told:
        return min(told)
    return joined if joined is not None and pair[0].day <= joined <= uow.today else None


def _referrals(uow: Uow, referred: AbstractSet[UUID]) -> Sequence[Referral]:
    """The referrals of these customers that are not deleted, as they are stored now, the earliest first."""
    mine = (uow.db.is_any(col(Referral.referred_id), sorted(referred)), col(Referral.deleted_at).is_(None))
    statement = select(Referral).where(*mine).order_by(col(Referral.occurred_at), col(Referral.id))
    return uow.session.scalars(statement.execution_options(populate_existing=True)).all()


def brought(uow: Uow, customer_ids: Collection[UUID]) -> set[UUID]:
    """Whom these customers have referred."""
    mine = (uow.db.is_any(col(Referral.customer_id), list(customer_ids)), col(Referral.deleted_at).is_(None))
    return set(uow.session.scalars(select(Referral.referred_id).where(*mine).distinct()))


def pass_over(uow: Uow, gone: UUID, kept: UUID) -> None:
    """Whoever has referred `gone` has referred `kept`; what follows from it is left to `restate`."""
    ids = uow.session.scalars(select(Referral.id).where(col(Referral.referred_id) == gone)).all()
    fact.write_each(uow, Referral, [{"id": id_, "referred_id": kept} for id_ in ids])
