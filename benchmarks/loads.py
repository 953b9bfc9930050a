"""The rows that batches are measured with: feedback, orders of five lines, interactions of six events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import money
import talks
from generate import rows

from app.models.base import Recorded
from app.models.feedback import Feedback
from app.models.interaction import Interaction
from app.models.order import Order
from app.services import feedback, interaction, order
from app.services.row import MAX_ROWS

EARLIER = 10
"""Orders that a customer who comes again has already."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """One kind of rows: how a batch is made from a number on, how a row is changed, and how a client sends it.

    `people` is how many customers they may name, `earlier` how many orders each of them has before.
    """

    name: str
    model: type[Recorded]
    record: Any
    made: Callable[[int], Iterator[Row]]
    changed: Callable[[Row], Row]
    as_input: Callable[[Row], Row]
    people: int
    earlier: int = 0

    @property
    def mutation(self) -> str:
        """The mutation that records them."""
        noun = self.model.__name__
        return (
            f"mutation Batch($rows: [{noun}RecordInput!]!) {{ {noun.lower()}RecordBatch(input: {{rows: $rows}}) "
            "{ counts { created updated unchanged rejected } userErrors { message } } }"
        )


def _rescored(row: Row) -> Row:
    """With another score, and everything else as it was."""
    return row | {"score": 2.0 if row["score"] == 1.0 else 1.0}


def _feedback_input(row: Row) -> Row:
    """Feedback as a client sends it."""
    named = {name: {"externalId": row[name].external_id} for name in ("customer", "channel")}
    plain = {name: row[name] for name in ("kind", "score", "origin", "tags")}
    return {"externalId": row["external_id"], "occurredAt": row["occurred_at"].isoformat(), **named, **plain}


def _with_lines(row: Row) -> Row:
    """The order with five lines, which come to its amount."""
    cents = int(100 * row["amount"])
    parts = [*[cents // 5] * 4, cents - cents // 5 * 4]
    lines = [
        {
            "product": f"product{place}",
            "quantity": Decimal(2),
            "unit_price": Decimal(part) / 200,
            "amount": Decimal(part) / 100,
            "cost": Decimal(part // 2) / 100,
        }
        for place, part in enumerate(parts)
    ]
    return {name: row[name] for name in row if name not in ("cost", "product")} | {"lines": lines}


def _dearer(row: Row) -> Row:
    """The order with a euro more on its first line, and everything else as it was."""
    first, *others = row["lines"]
    first |= {"amount": first["amount"] + 1, "unit_price": first["unit_price"] + Decimal("0.5")}
    return row | {"amount": row["amount"] + 1, "lines": [first, *others]}


def _order_input(row: Row) -> Row:
    """An order as a client sends it."""
    named = {name: {"externalId": row[name].external_id} for name in ("customer", "channel")}
    lines = [
        {"product": line["product"], "unitPrice": str(line["unit_price"])}
        | {name: str(line[name]) for name in ("quantity", "amount", "cost")}
        for line in row["lines"]
    ]
    plain = {"externalId": row["external_id"], "currency": row["currency"], "status": row["status"]}
    return plain | named | {"amount": str(row["amount"]), "lines": lines, "occurredAt": row["occurred_at"].isoformat()}


def _annotated(row: Row) -> Row:
    """The interaction with a note at its end, and everything else as it was."""
    return row | {"events": [*row["events"], {"kind": "NOTE", "at": row["events"][-1]["at"]}]}


def _interaction_input(row: Row) -> Row:
    """An interaction as a client sends it."""
    named = {name: {"externalId": row[name].external_id} for name in ("customer", "channel", "staff")}
    events = [
        {"kind": one["kind"], "at": one["at"].isoformat()}
        | ({"staff": {"externalId": one["staff"].external_id}} if "staff" in one else {})
        for one in row["events"]
    ]
    plain = {"externalId": row["external_id"], "kind": row["kind"], "reason": row["reason"]}
    return plain | named | {"events": events, "occurredAt": row["occurred_at"].isoformat()}


def _talks(first: int, *, people: int) -> Iterator[Row]:
    return talks.talks(MAX_ROWS, first=first, customers=people)


def _feedback(first: int) -> Iterator[Row]:
    return rows(MAX_ROWS, first=first)


def orders(first: int, *, people: int, count: int = MAX_ROWS) -> Iterator[Row]:
    """Orders with lines, of so many customers."""
    return map(_with_lines, money.orders(count, first=first, customers=people))


def loads(facts: int) -> tuple[Load, ...]:
    """What is measured, when `facts` of each kind are written."""
    many, few = facts // 2, facts // 5
    as_orders = (_dearer, _order_input)
    return (
        Load("feedback", Feedback, feedback.record_batch, _feedback, _rescored, _feedback_input, facts // 10),
        Load("orders", Order, order.record_batch, partial(orders, people=many), *as_orders, many),
        Load(
            "interactions",
            Interaction,
            interaction.record_batch,
            partial(_talks, people=few),
            _annotated,
            _interaction_input,
            few,
        ),
        Load("repeat orders", Order, order.record_batch, partial(orders, people=few), *as_orders, few, EARLIER),
    )
