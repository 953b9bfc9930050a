"""Where customers stand: derived from their spells, and looked at again on the day on which it changes by itself."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.actor import Scope
from app.models.base import FOREVER
from app.models.change import Action
from app.models.customer import Customer
from app.services import referring, spell
from app.services.period import start_of_day
from app.uow import Uow, writes


def columns(spells: Sequence[spell.Dates], today: date) -> dict[str, Any]:
    """The columns that say where a customer with these spells stands."""
    last = spells[-1] if spells else None
    return {
        "status": spell.status_of(spells, today),
        "joined_on": last.start if last else None,
        "churned_on": last.end if last and last.end < FOREVER else None,
        "churn_reason": last.reason if last else None,
        "churn_kind": last.kind if last else None,
    }


def await_turn(uow: Uow, customer_id: UUID, spells: Sequence[spell.Dates], awaited: Sequence[spell.Dates] = ()) -> None:
    """Have the customer looked at again on the next day on which the standing changes, if one is known.

    `awaited` are the spells before, for which that has been seen to.
    """
    day = spell.next_turn(spells, uow.today)
    if day is not None and day != spell.next_turn(awaited, uow.today):
        uow.enqueue("standing", start_of_day(day, uow.zone), customer=customer_id.hex)


@writes(Scope.CUSTOMER_WRITE)
def stand(uow: Uow, customer_id: UUID) -> None:
    """Bring the customer's standing up to date with today; the spells do not change."""
    uow.take_turn()  # somebody who joins today converts a referral
    customer = uow.session.get(Customer, (uow.tenant_id, customer_id), with_for_update=True)
    if customer is None:
        return
    spells = spell.dates(spell.in_force(uow, [customer_id])[customer_id])
    changed = {name: value for name, value in columns(spells, uow.today).items() if getattr(customer, name) != value}
    for name, value in changed.items():
        setattr(customer, name, value)
    if changed:
        customer.updated_at, customer.version = uow.now, customer.version + 1
        uow.record(customer, "Customer", Action.UPDATED, list(changed))
    referring.follow(uow, {customer_id})
    await_turn(uow, customer_id, spells)
