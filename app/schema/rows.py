"""Which rows somebody sees, a member or a token, in the schema."""

from typing import Self

import strawberry

from app.actor import Rows
from app.schema.channel import CHANNEL, Channel
from app.schema.context import Info
from app.schema.describe import absent, field, input_, plain, type_
from app.schema.inputs import ChannelRefInput
from app.schema.weight import FEW, sized


@type_
class RowScope:
    """Which rows somebody sees; of several limits all hold. Whatever they ask is answered by these rows alone."""

    id: strawberry.ID = plain("Names the limits, for clients' caches.")
    sources: list[str] | None = plain("The sources whose records they see; null for all.")
    segments: list[str] | None = plain("The segments, as sources call them, whose customers they see; null for all.")
    rows: strawberry.Private[Rows]

    @field
    @sized(FEW)
    async def channels(self, info: Info) -> list[Channel] | None:
        """The channels whose records they see; null for all."""
        if self.rows.channels is None:
            return None
        found = [await CHANNEL.related(info, id_) for id_ in sorted(self.rows.channels)]
        return [one for one in found if one is not None]

    @classmethod
    def of(cls, whose: str, rows: Rows | None) -> Self | None:
        """The limits of whoever has the global id `whose`; None where there are none."""
        if rows is None:
            return None
        sources, segments = (None if some is None else sorted(some) for some in (rows.sources, rows.segments))
        return cls(id=strawberry.ID(f"RowScope:{whose}"), sources=sources, segments=segments, rows=rows)


@input_
class RowScopeInput:
    """Which rows somebody sees; absent or null for all. Of several limits all hold."""

    sources: list[str] | None = absent("Records of these sources, and the customers whom they know.")
    channels: list[ChannelRefInput] | None = absent("Records of these channels, and the customers won by them.")
    segments: list[str] | None = absent("Customers of these segments, as sources call them, and their records.")
