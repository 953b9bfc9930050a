"""Channels: where customers speak, buy and come from."""

from collections.abc import Mapping
from typing import Any

from app.actor import Scope
from app.models.channel import Channel, ChannelKind, ChannelMedium
from app.services import keyed, ref
from app.services.listing import Listing
from app.services.row import AS_USUAL, Options, Outcome, Ref
from app.uow import Uow, writes

LIST = Listing(Channel, Scope.CHANNEL_READ, columns={"external_id": "key"})


class ChannelRow(keyed.KeyedRow):
    """A channel as it comes in."""

    kind: ChannelKind | None = None
    medium: ChannelMedium | None = None
    parent: Ref | None = None


@writes(Scope.CHANNEL_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[Channel, Outcome]:
    """The channel after `data`. Raises Invalid."""

    def parent(row: ChannelRow, present: Channel | None) -> dict[str, Any]:
        if "parent" not in row.model_fields_set:
            return {}
        found = ref.keyed(uow, Channel, [row.parent] if row.parent else [])
        id_ = ref.require(found, row.parent, "channel", "parent")
        assert not isinstance(id_, ref.Missing)  # noqa: S101 - require() made sure
        keyed.refuse_circle(uow, Channel, present, id_)
        return {"parent_id": id_}

    return keyed.upsert(uow, Channel, ChannelRow, data, parent, options=options)
