"""Channels in the schema."""

from typing import Self
from uuid import UUID

import strawberry

from app.models.channel import Channel as Row
from app.models.channel import ChannelKind, ChannelMedium
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.inputs import ChannelRefInput
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.scalars import Moment
from app.schema.writing import Upsert
from app.services import channel

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
        return await CHANNEL.related(info, self.parent_id)

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            external_id=row.key,
        )


@input_
class ChannelUpsertInput:
    """A channel; absent keeps, null clears."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    kind: ChannelKind | None = absent("Through what kind of place it runs.")
    medium: ChannelMedium | None = absent("How customers are reached through it.")
    parent: ChannelRefInput | None = absent("The channel above it.")


CHANNEL = Noun(
    Channel,
    channel.LIST,
    one="channel",
    many="channels",
    words=("a channel", "channels"),
    by=ChannelRefInput,
    filters=("external_id", "name", "kind", "medium", "parent", "is_stub", "created_at"),
    orders=("external_id", "name"),
    writes=(Upsert(channel.upsert, ChannelUpsertInput),),
)
