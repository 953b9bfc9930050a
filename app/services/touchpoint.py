"""Recording touchpoints: the contacts that led customers to the company."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import col

from app.actor import Scope
from app.models.channel import Channel
from app.models.keyed import Keyed
from app.models.touchpoint import Touchpoint
from app.services import attribution, fact, tombstone
from app.services.joining import joins
from app.services.kind import Kind, Part, RecordRow, happened
from app.services.listing import Listing
from app.services.row import Options, Ref, Result, Word
from app.uow import Uow, writes

LIST = Listing(Touchpoint, Scope.TOUCHPOINT_READ, present=col(Touchpoint.deleted_at).is_(None))


class TouchpointRow(RecordRow):
    """One touchpoint as it comes in."""

    customer: Ref
    channel: Ref
    campaign: Word | None = None
    product: Word | None = None
    occurred_at: datetime | date


class Touchpoints(Kind):
    """What is particular to touchpoints."""

    noun = "Touchpoint"
    model = Touchpoint
    row = TouchpointRow
    plain = ("campaign", "product")
    references: Mapping[str, type[Keyed]] = {"channel": Channel}

    def parts(self, uow: Uow, row: TouchpointRow) -> Iterable[Part]:
        """The day."""
        yield partial(happened, uow, row.occurred_at)

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """The credits of the channels that led to these customers."""
        del ids
        attribution.restate(uow, concerned["customer_id"])


TOUCHPOINTS = Touchpoints()


@joins
@writes(Scope.TOUCHPOINT_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 touchpoints; what became of each, in order."""
    return fact.ingest(uow, TOUCHPOINTS, rows, options)


@writes(Scope.TOUCHPOINT_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 touchpoints by their external ids; what became of each, in order."""
    return tombstone.delete(uow, TOUCHPOINTS, rows, options)
