"""Recording engagement: what customers do with the product."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import col

from app.actor import Scope
from app.models.channel import Channel
from app.models.engagement import Engagement
from app.models.keyed import Keyed
from app.services import engaging, fact, tenure, tombstone
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, happened
from app.services.listing import Listing
from app.services.row import Options, Ref, Result, Word
from app.uow import Uow, writes

LIST = Listing(Engagement, Scope.ENGAGEMENT_READ, present=col(Engagement.deleted_at).is_(None))


class EngagementRow(RecordRow):
    """One event of use as it comes in."""

    customer: Ref
    type: Word
    channel: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    occurred_at: datetime | date


class Engagements(Kind):
    """What is particular to events of use."""

    noun = "Engagement"
    model = Engagement
    row = EngagementRow
    plain = ("type", "product", "campaign")
    references: Mapping[str, type[Keyed]] = {"channel": Channel}
    derived = frozenset({"is_qualifying"})

    def parts(self, uow: Uow, row: EngagementRow) -> Iterable[Part]:
        """The day."""
        yield partial(happened, uow, row.occurred_at)

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """Whether the events count as engagement."""
        del rows
        return lambda columns, _present: {"is_qualifying": engaging.qualifies(uow, columns["type"])}

    def concerned(self, before: Iterable[Any], after: Iterable[Mapping[str, Any]]) -> dict[str, set[Any]]:
        """Whose events they are, and on which days there come to be some or are some no longer."""
        rows, columns = list(before), list(after)
        return {
            **super().concerned(rows, columns),
            "came": {(given["customer_id"], given["day"]) for given in columns},
            "left": {(row.customer_id, row.day) for row in rows},
        }

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """When they were customers, where that goes by what they do."""
        del ids
        tenure.touched(uow, concerned["came"], concerned["left"])


ENGAGEMENTS = Engagements()


@joins
@writes(Scope.ENGAGEMENT_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 events of use; what became of each, in order."""
    return fact.ingest(uow, ENGAGEMENTS, rows, options)


@writes(Scope.ENGAGEMENT_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 events of use by their external ids; what became of each, in order."""
    return tombstone.delete(uow, ENGAGEMENTS, rows, options)
