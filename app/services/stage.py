"""The stage of a customer's lifecycle on a day, as SQL: what a source states, else what follows from what they did.

A customer on the day is in RETAIN, and in EXPAND once they have bought a second time, referred somebody or an expansion
was won. Somebody else is in CONVERT while a lead is not lost, and in ACQUIRE otherwise. Who has times as a customer is
one in these alone, by what the workspace counts; of whom there are none, the first purchase makes one.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.kpis.kpi import LifecycleStage
from app.models.buyer import Buyer
from app.models.lead import Lead, LeadType
from app.models.lifecycle import StatedStage
from app.models.referral import Referral
from app.models.spell import Spell

Value = ColumnElement[Any]


def stage_on(customer: Any, day: Any) -> ColumnElement[str]:  # noqa: ANN401 - an id and a day, or columns of them
    """The stage of `customer` on `day`; "" where nobody is known."""
    known = case(
        (and_(_is_customer(customer, day), _has_expanded(customer, day)), literal(LifecycleStage.EXPAND.value)),
        (_is_customer(customer, day), literal(LifecycleStage.RETAIN.value)),
        (_is_led(customer, day), literal(LifecycleStage.CONVERT.value)),
        else_=literal(LifecycleStage.ACQUIRE.value),
    )
    return case((customer.is_(None), literal("")), else_=func.coalesce(_stated(customer, day), known))


def _stated(customer: Value, day: Value) -> Value:
    one = aliased(StatedStage)
    said = select(col(one.stage)).where(col(one.customer_id) == customer, col(one.starts_on) <= day)
    found: Value = said.order_by(col(one.starts_on).desc()).limit(1).scalar_subquery()
    return found


def _is_customer(customer: Value, day: Value) -> ColumnElement[bool]:
    one, other = aliased(Spell), aliased(Spell)
    total = func.coalesce(func.sum(col(one.sign)), 0)
    lasting = (_counted(one, customer), col(one.starts_on) <= day, col(one.ends_on) > day)
    ever = select(func.coalesce(func.sum(col(other.sign)), 0)).where(_counted(other, customer))
    bought = _bought(customer, lambda buyer: col(buyer.day) <= day)
    return or_(
        select(total).where(*lasting).scalar_subquery() > 0,
        and_(ever.scalar_subquery() == 0, bought),
    )


def _counted(spell: Any, customer: Value) -> ColumnElement[bool]:  # noqa: ANN401 - a table
    """The customer's times by which the workspace counts."""
    return and_(col(spell.customer_id) == customer, col(spell.is_counted).is_(True))


def _bought(customer: Value, when: Any) -> ColumnElement[bool]:  # noqa: ANN401 - what holds of a buyer
    buyer = aliased(Buyer)
    return exists(select(literal(1)).where(col(buyer.customer_id) == customer, when(buyer)))


def _has_expanded(customer: Value, day: Value) -> ColumnElement[bool]:
    brought, won = aliased(Referral), aliased(Lead)
    counted = and_(col(brought.is_counted), col(brought.deleted_at).is_(None))
    referred = (col(brought.customer_id) == customer, col(brought.day) <= day, counted)
    expanded = (col(won.customer_id) == customer, col(won.type) == LeadType.EXPANSION, col(won.won_on) <= day)
    return or_(
        _bought(customer, lambda buyer: col(buyer.second_on) <= day),
        exists(select(literal(1)).where(*referred)),
        exists(select(literal(1)).where(*expanded, col(won.deleted_at).is_(None))),
    )


def _is_led(customer: Value, day: Value) -> ColumnElement[bool]:
    lead = aliased(Lead)
    is_open = or_(col(lead.lost_on).is_(None), col(lead.lost_on) > day)
    mine = (col(lead.customer_id) == customer, col(lead.day) <= day, col(lead.deleted_at).is_(None))
    return exists(select(literal(1)).where(*mine, is_open))
