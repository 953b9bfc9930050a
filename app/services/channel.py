"""Channels: where customers speak, buy and come from."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.models.channel import Channel, ChannelKind, ChannelMedium
from app.services import keyed, ref
from app.services import page as pages
from app.services.filter import Tree, resolved, where
from app.services.page import Order, Page, Slice
from app.services.row import Outcome, Ref
from app.uow import Scope, Uow, reads, writes


class ChannelRow(keyed.KeyedRow):
    """A channel as it comes in."""

    kind: ChannelKind | None = None
    medium: ChannelMedium | None = None
    parent: Ref | None = None


@writes(Scope.CHANNEL_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any]) -> tuple[Channel, Outcome]:
    """The channel after `data`. Raises Invalid."""

    def parent(row: ChannelRow, present: Channel | None) -> dict[str, Any]:
        if "parent" not in row.model_fields_set:
            return {}
        found = ref.keyed(uow, Channel, [row.parent] if row.parent else [])
        id_ = ref.require(found, row.parent, "channel", "parent", create=False)
        assert not isinstance(id_, ref.Missing)  # noqa: S101 - require() made sure
        keyed.refuse_circle(uow, Channel, present, id_)
        return {"parent_id": id_}

    return keyed.upsert(uow, Channel, ChannelRow, data, parent)


@reads(Scope.CHANNEL_READ)
def find(uow: Uow, wanted: Ref) -> Channel | None:
    """The channel that `wanted` names, if there is one."""
    return keyed.find(uow, Channel, wanted)


@reads(Scope.CHANNEL_READ)
def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Channel]:
    """The channels `ids`, those that are here."""
    return keyed.by_ids(uow, Channel, ids)


@reads(Scope.CHANNEL_READ)
def page(uow: Uow, part: Slice, filter_: Tree | None, order: Sequence[Order]) -> Page[Channel]:
    """A part of the list of channels. Raises Invalid."""
    return pages.page(uow, Channel, _where(uow, filter_), order, part)


@reads(Scope.CHANNEL_READ)
def count(uow: Uow, filter_: Tree | None) -> int:
    """How many channels meet the filter."""
    return pages.count(uow, Channel, _where(uow, filter_))


def _where(uow: Uow, filter_: Tree | None) -> list[ColumnElement[bool]]:
    return [*where(uow, Channel, resolved(filter_, {"parent_id": "Channel"}))]
