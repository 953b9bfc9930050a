"""Fills a fresh workspace with orders and what belongs to them, so that every KPI of money has something to say.

    python benchmarks/money.py --size 100000 [--postgresql]

A tenth as many customers as orders, who joined over three years and a fourth of whom left, 10 channels, 5 segments,
30 regions, 20 products; 3 % of the orders were called off and of 5 % something was given back; costs by channel and
month, touchpoints, and a tenth as much feedback. The same size gives the same rows.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from filling import CHANNELS, Filling, in_batches
from generate import REGIONS, rows
from sqlmodel import col, insert, select
from uuid_utils.compat import uuid7

from app import migrate, upkeep
from app.actor import Actor, Scope, system
from app.models.base import TRAITS, month_of
from app.models.channel import Channel, ChannelMedium
from app.models.customer import Customer, CustomerExternalId
from app.models.order import Order, OrderStatus
from app.models.refund import Refund
from app.services import buyer, cost, customer, feedback, order, ref, refund, refunding, touchpoint
from app.services.period import add_months
from app.services.row import Ref
from app.uow import Door, Uow, writes

MEDIA = dict.fromkeys(CHANNELS, ChannelMedium.DIRECT) | {
    "search": ChannelMedium.PAID_SEARCH,
    "banner": ChannelMedium.DISPLAY,
    "partner": ChannelMedium.AFFILIATE,
    "friend": ChannelMedium.REFERRAL,
}
DAYS, SEGMENTS, PRODUCTS = 3 * 365, 5, 20
CANCELLED, REFUNDED_EACH = 0.03, 20
"""The part of the orders that were called off, and of how many of the others one came back."""
CUBES = ("order", "order_return", "refund", "purchaser", "buyer")
AT_ONCE = 20_000


def today() -> date:
    """The day up to which there is something."""
    return datetime.now(UTC).date()


def joined(number: int) -> date:
    """Since when the customer of that number has been one."""
    return today() - timedelta(days=1 + number * 7919 % DAYS)


def people(count: int) -> Iterator[dict[str, Any]]:
    """`count` customers as the services take them."""
    channels = list(MEDIA)
    for number in range(count):
        left = joined(number) + timedelta(days=30 + number * 31 % 400)
        yield {
            "external_id": f"c{number}",
            "name": f"Customer {number}",
            "region": f"region{number % REGIONS}",
            "segment": f"segment{number // 3 % SEGMENTS}",
            "acquisition_channel": Ref(external_id=channels[number // 7 % len(channels)]),
            "joined_on": joined(number),
            **({"churned_on": left} if number % 4 == 0 and left < today() else {}),
        }


def touchpoints(count: int) -> Iterator[dict[str, Any]]:
    """How the customers met the company before they became customers: through one channel or two."""
    channels = list(MEDIA)
    for number in range(count):
        for place in range(1 + number % 2):
            met = joined(number) - timedelta(days=2 + 5 * place)
            yield {
                "external_id": f"t{number}-{place}",
                "customer": Ref(external_id=f"c{number}"),
                "channel": Ref(external_id=channels[(number // 7 + place) % len(channels)]),
                "occurred_at": datetime.combine(met, datetime.min.time(), UTC),
            }


def orders(count: int, *, first: int = 0, customers: int | None = None) -> Iterator[dict[str, Any]]:
    """`count` orders as the services take them, of the first `customers` (a tenth as many), after they joined."""
    chance = random.Random(f"orders-{first}")  # noqa: S311 - sample data, not a secret
    start, channels = datetime.combine(today(), datetime.min.time(), UTC), list(MEDIA)
    for number in range(first, first + count):
        who, cents = chance.randrange(customers or max(1, count // 10)), chance.randrange(500, 30_000)
        gone = (today() - joined(who)).total_seconds()
        yield {
            "external_id": f"o{number}",
            "amount": Decimal(cents) / 100,
            "cost": Decimal(cents // 2) / 100,
            "currency": "EUR",
            "status": "CANCELLED" if chance.random() < CANCELLED else "COMPLETED",
            "customer": Ref(external_id=f"c{who}"),
            "channel": Ref(external_id=chance.choice(channels)),
            "product": f"product{chance.randrange(PRODUCTS)}",
            "occurred_at": start - timedelta(seconds=chance.random() * gone),
        }


def refunds(given: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What was given back of some of these orders: all of it or a part, up to a month later."""
    for number, row in enumerate(given):
        if number % REFUNDED_EACH == 0 and row["status"] == "COMPLETED":
            later = row["occurred_at"] + timedelta(days=number // REFUNDED_EACH % 30)
            yield {
                "external_id": "r" + row["external_id"],
                "order": Ref(external_id=row["external_id"]),
                "amount": row["amount"] if number % (2 * REFUNDED_EACH) else Decimal(1),
                "occurred_at": min(later, datetime.now(UTC)),
            }


def costs() -> Iterator[dict[str, Any]]:
    """What was spent in every month: on media through each channel, on salaries, on service."""
    start = add_months(today().replace(day=1), -DAYS // 30)
    for month in range(DAYS // 30 + 1):
        from_ = add_months(start, month)
        for place, (category, channel) in enumerate(
            (*(("MEDIA", one) for one in MEDIA), ("SALARIES", None), ("SERVICE", None))
        ):
            yield {
                "external_id": f"{category}-{channel}-{from_}",
                "category": category,
                "amount": Decimal(1000 + 37 * place + month),
                "currency": "EUR",
                "from_": from_,
                "before": add_months(from_, 1),
                **({"channel": Ref(external_id=channel)} if channel else {}),
            }


@writes(Scope.ORDER_WRITE)
def derive_buyers(uow: Uow, ids: Sequence[UUID]) -> None:
    """Make buyers of those who have purchases."""
    buyer.restate(uow, set(ids))


def _load(door: Door, actor: Actor, size: int) -> None:
    """Put the orders and refunds in past the services, derive the buyers, and count everything by a rebuild."""
    now = door.clock()
    with door.snapshot(system(actor.tenant_id)) as uow:
        zone, day, channels = uow.zone, uow.today, ref.keyed(uow, Channel, [Ref(external_id=one) for one in MEDIA])
        columns = [getattr(Customer, name) for name in ("id", *TRAITS)]
        named = select(CustomerExternalId.external_id, *columns).join(
            Customer, col(Customer.id) == CustomerExternalId.customer_id
        )
        known = {
            name: dict(zip(("customer_id", *TRAITS), cells, strict=True)) for name, *cells in uow.session.execute(named)
        }
    mine = {"tenant_id": actor.tenant_id, "source": actor.source, "recorded_at": now, "known_on": day, "version": 1}

    def columns_of(row: dict[str, Any], back: dict[str, Any] | None) -> dict[str, Any]:
        amount, given = int(100 * row["amount"]), int(100 * back["amount"]) if back else 0
        own = {"external_id": row["external_id"], "product": row["product"], "occurred_at": row["occurred_at"]}
        own |= {"currency": "EUR", "status": OrderStatus(row["status"]), "lines": [], "is_stub": False}
        own |= {"amount": amount, "gross": amount, "net": amount - given, "refunded": given}
        own["cost"] = own["outlay"] = int(100 * row["cost"])
        own["refunded_on"] = back["occurred_at"].astimezone(zone).date() if back else None
        first = firsts.get(row["customer"].external_id)
        own["cohort"] = month_of(first) if first else None
        own |= {"channel_id": channels[row["channel"]], "day": row["occurred_at"].astimezone(zone).date()}
        return mine | known[row["customer"].external_id] | own | {"id": uuid7()}

    engine = migrate.owner_engine(door.settings)
    given_back = {row["order"].external_id: row for row in refunds(orders(size))}
    firsts: dict[str, date] = {}
    for row in orders(size):
        back = given_back.get(row["external_id"])
        if row["status"] == "COMPLETED" and not (back and back["amount"] == row["amount"]):
            who, day = row["customer"].external_id, row["occurred_at"].astimezone(zone).date()
            firsts[who] = min(day, firsts.get(who, day))
    for batch in in_batches(orders(size), AT_ONCE):
        made = [columns_of(row, given_back.get(row["external_id"])) for row in batch]
        back = []
        for one in made:
            if row := given_back.get(one["external_id"]):
                value = {"amount": one["refunded"], "value": one["refunded"], "currency": "EUR", "order_id": one["id"]}
                value |= {
                    "occurred_at": row["occurred_at"],
                    "day": one["refunded_on"],
                    "external_id": row["external_id"],
                }
                back.append(mine | refunding.of_order(Order(**one)) | value | {"id": uuid7()})
        with engine.begin() as connection:
            connection.execute(insert(Order), made)
            connection.execute(insert(Refund), back)
    ids = [row["customer_id"] for row in known.values()]
    for start in range(0, len(ids), 2_000):
        door.write(system(actor.tenant_id), derive_buyers, ids[start : start + 2_000])
    upkeep.rebuild_now(door, actor.tenant_id, CUBES)


ORDERS = Filling(
    "money",
    "orders",
    lambda size: (
        ("customers", customer.upsert_batch, people(size // 10)),
        ("touchpoints", touchpoint.record_batch, touchpoints(size // 10)),
        ("costs", cost.record_batch, costs()),
        ("feedback", feedback.record_batch, rows(size // 10)),
        ("orders", order.record_batch, orders(size)),
        ("refunds", refund.record_batch, refunds(orders(size))),
    ),
    _load,
    always=4,
    loaded="orders and refunds",
    channels=MEDIA,
)


if __name__ == "__main__":
    ORDERS.run(__doc__)
