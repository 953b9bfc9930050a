"""What happened to a customer, whatever it was: what all such records have in common in the schema."""

import asyncio
from datetime import date
from typing import Any, Self

import strawberry

from app.schema.channel import CHANNEL
from app.schema.context import Info
from app.schema.describe import enum, interface, plain, type_
from app.schema.node import node_of
from app.schema.noun import refers
from app.schema.page import Connection, Edge, PageInfo
from app.schema.scalars import Moment
from app.services.timeline import CustomerEventKind, Wanted, counts, timelines


@interface
class CustomerEvent:
    """Something that happened with a customer, as a source recorded it."""

    id: strawberry.ID = plain("Names the record among all objects of every type; opaque.")
    source: str = plain("The source that brought it.")
    external_id: str = plain("Its id in that source.")
    campaign: str | None = plain("The campaign that it belongs to.")
    occurred_at: Moment = plain("When it happened.")
    day: date = plain("The day on which it counts, in the workspace's time zone.")
    recorded_at: Moment = plain("When it was first recorded here.")
    source_updated_at: Moment | None = plain("When this version was made in its source.")
    version: int = plain("Rises with each change.")
    row: strawberry.Private[Any]

    channel = refers(CHANNEL, "channel_id", "The channel on which it happened.")

    @classmethod
    def of(cls, row: Any) -> Self:  # noqa: ANN401 - the row of any such record
        """The row as the schema shows it."""
        return node_of(cls, row)


@type_
class Traits:
    """What a customer was when something happened."""

    segment: str | None = plain("The customer's segment at the time.")
    region: str | None = plain("The customer's region at the time.")
    row: strawberry.Private[Any]

    acquisition_channel = refers(
        CHANNEL, "acquisition_channel_id", "The channel that the customer came through, as known at the time."
    )


EVENTS: dict[CustomerEventKind, Any] = {}
"""The nouns that stand on timelines, by their kinds; filled where all nouns are known."""

enum(
    CustomerEventKind,
    {
        "FEEDBACK": "What was said.",
        "ORDER": "What was bought.",
        "REFUND": "What was given back.",
        "TOUCHPOINT": "A contact with a channel.",
        "INTERACTION": "A conversation.",
        "COST": "What was spent on the customer.",
        "LEAD": "A lead: the first contact with somebody who may become a customer.",
        "REFERRAL": "Whom the customer referred.",
        "ENGAGEMENT": "What the customer did with the product.",
        "INVITATION": "A survey that was sent.",
        "CONTRACT": "What was agreed to be paid again and again.",
    },
)


async def timeline(info: Info, wanted: Wanted) -> Connection[CustomerEvent]:
    """A part of a customer's timeline. Raises Invalid or Forbidden."""
    found = await info.context.gather(timelines, wanted)
    loads = (info.context.load(EVENTS[one.kind].rows.by_ids, one.id) for one in found.entries)
    rows = await asyncio.gather(*loads)
    pairs = [
        (EVENTS[one.kind].shown(info.context, row), one.cursor)
        for one, row in zip(found.entries, rows, strict=True)
        if row is not None
    ]
    cursors = [cursor for _, cursor in pairs]
    page = PageInfo(
        has_next_page=found.has_next,
        has_previous_page=wanted.after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
    return Connection(
        nodes=[node for node, _ in pairs],
        edges=[Edge(node=node, cursor=cursor) for node, cursor in pairs],
        page_info=page,
        count=lambda: info.context.gather(counts, wanted),
    )
