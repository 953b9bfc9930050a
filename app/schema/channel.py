"""Channels in the schema."""

from enum import StrEnum
from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.models.channel import Channel as Row
from app.models.channel import ChannelKind, ChannelMedium
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.errors import UserError
from app.schema.inputs import ChannelRefInput, FilterInput, IdFilterInput, StringFilterInput
from app.schema.node import Node, rows_found_by
from app.schema.outcome import Outcome
from app.schema.page import OrderDirection
from app.schema.scalars import Moment
from app.services import channel
from app.services.page import Order

enum(
    ChannelKind,
    {
        "ONLINE": "On the web.",
        "OFFLINE": "In a shop, at a counter, on paper.",
        "SOCIAL": "On a social network.",
        "MOBILE": "In a mobile app.",
    },
)
enum(
    ChannelMedium,
    {
        "DIRECT": "Customers come by themselves.",
        "ORGANIC_SEARCH": "Unpaid results of a search engine.",
        "PAID_SEARCH": "Paid results of a search engine.",
        "SOCIAL": "Social networks.",
        "EMAIL": "E-mail.",
        "REFERRAL": "Recommended or linked by others.",
        "DISPLAY": "Banners and the like.",
        "AFFILIATE": "Partners paid by result.",
        "MARKETPLACE": "A marketplace of others.",
        "PHONE": "The telephone.",
        "CHAT": "Chat and messengers.",
        "STORE": "A store.",
        "OTHER": "Anything else.",
    },
)


@type_
class Channel(Node):
    """A place or way in which customers and company meet."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    kind: ChannelKind | None = plain("Through what kind of place it runs.")
    medium: ChannelMedium | None = plain("How customers are reached through it.")
    is_stub: bool = plain("Whether it was only named by a record so far.")
    created_at: Moment = plain("When it was first known.")
    updated_at: Moment = plain("When it last changed.")
    version: int = plain("Rises with each change.")
    parent_id: strawberry.Private[UUID | None]

    @field
    async def parent(self, info: Info) -> "Channel | None":
        """The channel above it."""
        return await related(info, self.parent_id)

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("Channel", row.id)),
            external_id=row.key,
            name=row.name,
            kind=row.kind,
            medium=row.medium,
            is_stub=row.is_stub,
            created_at=Moment(row.created_at),
            updated_at=Moment(row.updated_at),
            version=row.version,
            parent_id=row.parent_id,
        )


async def related(info: Info, id_: UUID | None) -> Channel | None:
    """The channel that another row refers to."""
    row = await info.context.load(channel.by_ids, id_) if id_ else None
    return Channel.of(row) if row else None


rows_found_by("Channel", channel.by_ids, lambda _context, row: Channel.of(row))


@input_
class ChannelUpsertInput:
    """A channel; absent keeps, null clears."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    kind: ChannelKind | None = absent("Through what kind of place it runs.")
    medium: ChannelMedium | None = absent("How customers are reached through it.")
    parent: ChannelRefInput | None = absent("The channel above it.")


@type_
class ChannelUpsertPayload:
    """What became of the channel."""

    channel: Channel | None = plain("The channel as it stands now.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was stored then.")


@input_
class ChannelFilterInput:
    """Which channels are meant; all conditions must hold."""

    key: StringFilterInput | None = absent("The key.", name="externalId")
    name: StringFilterInput | None = absent("The name.")
    kind: FilterInput[ChannelKind] | None = absent("The kind of place.")
    medium: FilterInput[ChannelMedium] | None = absent("How customers are reached.")
    parent_id: IdFilterInput | None = absent("The channel above.")
    and_: "list[ChannelFilterInput] | None" = absent("All of these hold.", name="and")
    or_: "list[ChannelFilterInput] | None" = absent("One of these holds.", name="or")
    not_: "ChannelFilterInput | None" = absent("This does not hold.", name="not")


class ChannelOrderField(StrEnum):
    """What channels can be ordered by."""

    EXTERNAL_ID = "EXTERNAL_ID"


enum(ChannelOrderField, {"EXTERNAL_ID": "By their key."})
COLUMNS = {ChannelOrderField.EXTERNAL_ID: "key"}
DEFAULT = Order("key")


@input_
class ChannelOrderInput:
    """One step of an order."""

    field: ChannelOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.ASC)
