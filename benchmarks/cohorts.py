"""Fills a fresh workspace with customers who joined, left and bought over three years, so that cohorts can be drawn.

    python benchmarks/cohorts.py --size 100000 [--postgresql]

A fourth of them left, of whom a fifth came back; each bought on the first day, two thirds once more and a third twice.
Everything is put in past the services and counted by a rebuild. The same size gives the same rows.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from filling import Filling, in_batches
from money import AT_ONCE, DAYS, today
from sqlmodel import insert
from uuid_utils.compat import uuid7

from app import migrate, upkeep
from app.actor import Actor
from app.models.base import FOREVER, CustomerKind, month_of
from app.models.buyer import Buyer
from app.models.customer import Customer, CustomerStatus
from app.models.order import Order, OrderStatus
from app.models.spell import Spell
from app.uow import Door

CUBES = ("spell_start", "spell_end", "order", "purchaser", "buyer")
PRICE = 2_500
AWAY = timedelta(days=45)


def _stays(number: int, joined: date) -> Iterator[tuple[date, date]]:
    """When the customer of that number was one."""
    left = joined + timedelta(days=30 + number * 31 % 400)
    if number % 4 or left >= today():
        yield joined, FOREVER
        return
    yield joined, left
    if number % 20 == 0 and left + AWAY < today():
        yield left + AWAY, FOREVER


def _bought(number: int, joined: date) -> list[date]:
    """On which days the customer of that number bought."""
    days = [joined, *(joined + timedelta(days=place * (20 + number * 13 % 200)) for place in range(1, 1 + number % 3))]
    return [day for day in days if day <= today()]


def _rows(actor: Actor, number: int, now: datetime) -> dict[type, list[dict[str, Any]]]:
    """One customer with everything that belongs to it."""
    mine, id_ = {"tenant_id": actor.tenant_id}, uuid7()
    joined = today() - timedelta(days=1 + number * 7919 % DAYS)
    traits = {"segment": f"segment{number % 5}", "region": f"region{number % 30}", "is_test": False}
    traits |= {"acquisition_channel_id": None, "customer_kind": CustomerKind.PERSON}
    stays, days, cohort = list(_stays(number, joined)), _bought(number, joined), month_of(joined)
    customer = Customer(
        **mine, **traits, id=id_, status=CustomerStatus.ACTIVE, joined_on=joined, created_at=now, updated_at=now
    )
    known = {**mine, **traits, "customer_id": id_, "cohort": cohort, "known_on": today()}
    spells = [
        {**known, "id": uuid7(), "starts_on": start, "ends_on": end, "ordinal": place, "is_referred": False, "sign": 1}
        for place, (start, end) in enumerate(stays, start=1)
    ]
    own = {**known, "source": actor.source, "recorded_at": now, "version": 1, "currency": "EUR", "lines": []}
    own |= {"status": OrderStatus.COMPLETED, "is_stub": False, "refunded": 0}
    own |= dict.fromkeys(("amount", "gross", "net"), PRICE)
    orders = [
        {
            **own,
            "id": uuid7(),
            "external_id": f"o{number}-{place}",
            "day": day,
            "occurred_at": datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12),
        }
        for place, day in enumerate(days)
    ]
    second = days[1] if len(days) > 1 else None
    buyer = {"id": uuid7(), "day": days[0], "second_on": second, "orders": len(days), "value": PRICE * len(days)}
    buyer |= {"is_repeat": second is not None and (second - days[0]).days <= 90, "unpriced": 0}
    return {Customer: [customer.model_dump()], Spell: spells, Order: orders, Buyer: [known | buyer]}


def _load(door: Door, actor: Actor, size: int) -> None:
    """Put everybody in, and count them by a rebuild."""
    now, engine = door.clock(), migrate.owner_engine(door.settings)
    for batch in in_batches(({"number": number} for number in range(size)), AT_ONCE // 4):
        made: dict[type, list[dict[str, Any]]] = {Customer: [], Spell: [], Order: [], Buyer: []}
        for row in batch:
            for model, rows in _rows(actor, row["number"], now).items():
                made[model] += rows
        with engine.begin() as connection:
            for model, rows in made.items():
                connection.execute(insert(model), rows)
    upkeep.rebuild_now(door, actor.tenant_id, CUBES)


COHORTS = Filling("cohorts", "customers", lambda _: (), _load, most=0)


if __name__ == "__main__":
    COHORTS.run(__doc__)
