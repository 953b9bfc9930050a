"""What facts froze of their customers, restated where it must reach back: a stub that has become whole, a test flag."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import select

from app.models.base import Fact
from app.models.contract import Contract
from app.models.engagement import Engagement
from app.models.feedback import Feedback
from app.models.interaction import Interaction
from app.models.invitation import Invitation
from app.models.lead import Lead
from app.models.order import Order
from app.models.referral import Referral
from app.models.touchpoint import Touchpoint
from app.services import buyer, cost, fact, recurring, referring, refunding, turning
from app.uow import Uow

_MODELS: tuple[type[Fact], ...] = (
    Feedback,
    Invitation,
    Order,
    Touchpoint,
    Interaction,
    Lead,
    Referral,
    Engagement,
    Contract,
)


def restate(uow: Uow, changes: Mapping[UUID, dict[str, Any]]) -> None:
    """Set in the facts of each customer what is given for it, and in what follows from them."""
    if not changes:
        return
    customers = list(changes)
    for model in _MODELS:
        fact.refold(uow, model, customers, lambda row: changes[row.customer_id] if row.customer_id else {})
    orders = list(uow.session.scalars(select(Order.id).where(uow.db.is_any(Order.customer_id, customers))))
    refunding.follow(uow, orders)
    buyer.restate(uow, changes.keys())
    cost.follow(uow, changes.keys())
    turning.follow(uow, changes.keys())
    recurring.follow(uow, changes.keys())
    referring.restate(uow, changes.keys() | referring.brought(uow, customers))
