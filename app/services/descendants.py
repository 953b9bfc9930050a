"""Who stands below a customer: the accounts and people that name it as their parent, and so on down; and above."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlmodel import col, select

from app.models.customer import Customer
from app.uow import Uow


def and_below(uow: Uow, keys: AbstractSet[str]) -> frozenset[str]:
    """The inner keys of the customers `keys` and of everybody below them, a query for each level; "" is nobody."""
    found = set(keys)
    level = sorted(UUID(key) for key in keys if key)
    while level:
        below = select(Customer.id).where(
            uow.db.is_any(Customer.parent_id, level), col(Customer.merged_into_id).is_(None)
        )
        level = [id_ for id_ in uow.session.scalars(below) if id_.hex not in found]
        found |= {id_.hex for id_ in level}
    return frozenset(found)


def above(uow: Uow, customer_id: UUID) -> list[UUID]:
    """Whom a customer stands below: its parent, whom that stands below, and so on up; itself too, if in a circle."""
    found: list[UUID] = []
    at: UUID | None = customer_id
    while (at := uow.session.scalars(select(Customer.parent_id).where(Customer.id == at)).first()) is not None:
        if at in found:
            break
        found.append(at)
    return found
