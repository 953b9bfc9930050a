"""What happened to a customer, whatever it was: what all such records have in common in the schema."""

from datetime import date
from typing import Any

import strawberry

from app import ids
from app.schema.channel import CHANNEL, Channel
from app.schema.context import Info
from app.schema.describe import field, interface, plain
from app.schema.scalars import Moment


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

    @field
    async def channel(self, info: Info) -> Channel | None:
        """The channel on which it happened."""
        return await CHANNEL.related(info, self.row.channel_id)


def event(type_: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - the row of any such record
    """The fields of CustomerEvent, of a record that has a day and an instant of its own."""
    return recorded(type_, row) | {"occurred_at": Moment(row.occurred_at), "day": row.day, "campaign": row.campaign}


def recorded(type_: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - the row of any record of a source
    """The fields that every record of a source has."""
    return {
        "id": strawberry.ID(ids.encode(type_, row.id)),
        "source": row.source,
        "external_id": row.external_id,
        "recorded_at": Moment(row.recorded_at),
        "source_updated_at": Moment(row.source_updated_at) if row.source_updated_at else None,
        "version": row.version,
        "row": row,
    }
