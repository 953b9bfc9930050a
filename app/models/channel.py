"""Channels: where customers speak, buy and come from."""

from enum import StrEnum
from uuid import UUID

from app.models.base import choice, ordered, refers, unique
from app.models.keyed import Keyed


class ChannelKind(StrEnum):
    """Through what kind of place the channel runs."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    SOCIAL = "SOCIAL"
    MOBILE = "MOBILE"


class ChannelMedium(StrEnum):
    """How customers are reached through the channel."""

    DIRECT = "DIRECT"
    ORGANIC_SEARCH = "ORGANIC_SEARCH"
    PAID_SEARCH = "PAID_SEARCH"
    SOCIAL = "SOCIAL"
    EMAIL = "EMAIL"
    REFERRAL = "REFERRAL"
    DISPLAY = "DISPLAY"
    AFFILIATE = "AFFILIATE"
    MARKETPLACE = "MARKETPLACE"
    PHONE = "PHONE"
    CHAT = "CHAT"
    STORE = "STORE"
    OTHER = "OTHER"


PAID = frozenset({ChannelMedium.PAID_SEARCH, ChannelMedium.DISPLAY, ChannelMedium.AFFILIATE})
"""The media whose customers are bought."""


class Channel(Keyed, table=True):
    """A place or way in which customers and company meet."""

    __table_args__ = (
        unique("channel", "key"),
        refers("parent_id", "channel"),
        ordered("channel", "key"),
        ordered("channel", "name"),
    )

    kind: ChannelKind | None = choice(ChannelKind, default=None)
    medium: ChannelMedium | None = choice(ChannelMedium, default=None)
    parent_id: UUID | None = None
