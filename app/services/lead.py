"""Recording leads: how far each has come, and whether it came there in time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.actor import Scope
from app.errors import Invalid
from app.models.channel import Channel
from app.models.keyed import Keyed
from app.models.lead import Lead, LeadType
from app.models.staff import Staff
from app.services import fact, tombstone
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, happened
from app.services.listing import Listing
from app.services.row import Options, Ref, Result, Word, moment
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(Lead, Scope.LEAD_READ, present=col(Lead.deleted_at).is_(None))


class LeadRow(RecordRow):
    """One lead as it comes in; it occurred at its first contact."""

    type: LeadType = LeadType.NEW
    customer: Ref | None = None
    channel: Ref | None = None
    staff: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    journey_stage: Word | None = None
    qualified_at: datetime | date | None = None
    won_at: datetime | date | None = None
    lost_at: datetime | date | None = None
    lost_reason: Word | None = None
    occurred_at: datetime | date


class Leads(Kind):
    """What is particular to leads."""

    noun = "Lead"
    model = Lead
    row = LeadRow
    plain = ("type", "product", "campaign", "journey_stage", "lost_reason")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "staff": Staff}
    derived = frozenset(
        {
            "team_id",
            "qualified_on",
            "won_on",
            "lost_on",
            "is_qualified_in_time",
            "is_won_in_time",
            "qualifying_seconds",
            "cycle_seconds",
        }
    )

    def parts(self, uow: Uow, row: LeadRow) -> Iterable[Part]:
        """The first contact, and when it came further."""
        yield partial(happened, uow, row.occurred_at)
        yield lambda: {"qualified_at": moment(uow, row.qualified_at, "qualifiedAt")}
        yield lambda: {"won_at": moment(uow, row.won_at, "wonAt")}
        yield lambda: {"lost_at": moment(uow, row.lost_at, "lostAt")}
        yield partial(_check_end, row)

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """The days on which they came further, how long it took, and whether that was in time."""
        del rows
        window = uow.workspace.conversion_window_days

        def derive(columns: Mapping[str, Any], _present: Lead | None) -> dict[str, Any]:
            first, qualified, won = (columns[name] for name in ("occurred_at", "qualified_at", "won_at"))
            return {
                "qualified_on": _day(uow, qualified),
                "won_on": _day(uow, won),
                "lost_on": _day(uow, columns["lost_at"]),
                "is_qualified_in_time": _in_time(first, qualified, window),
                "is_won_in_time": _in_time(first, won, window),
                "qualifying_seconds": _seconds(first, qualified),
                "cycle_seconds": _seconds(first, won),
            }

        return derive


LEADS = Leads()


def _check_end(row: LeadRow) -> dict[str, Any]:
    """A lead ends in one way. Raises Invalid."""
    if row.won_at is not None and row.lost_at is not None:
        msg = Text(
            "A lead is won or lost, not both: leave out wonAt or lostAt.",
            "线索要么赢单要么输单，不能两者皆是：请省略 wonAt 或 lostAt。",
        )
        raise Invalid(msg, "lostAt")
    if row.lost_reason is not None and row.lost_at is None:
        msg = Text(
            "lostReason says why a lead was lost, so it needs lostAt.",
            "lostReason 说明输单原因，因此需要 lostAt。",
        )
        raise Invalid(msg, "lostReason")
    return {}


def _day(uow: Uow, at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(uow.zone).date()


def _in_time(first: datetime, then: datetime | None, window: int) -> bool:
    """Whether something came within so many times 24 hours; what came before the first contact did."""
    return then is not None and then - first <= timedelta(days=window)


def _seconds(first: datetime, then: datetime | None) -> int | None:
    """How long something took, in whole seconds; None where it has not come, or came before the first contact."""
    return None if then is None or then < first else (then - first) // timedelta(seconds=1)


def refresh(uow: Uow, chosen: ColumnElement[bool]) -> None:
    """Hold the `chosen` leads against the workspace's conversion window; the rollups are left alone."""
    columns: tuple[Any, ...] = (
        Lead.id,
        Lead.occurred_at,
        Lead.qualified_at,
        Lead.won_at,
        Lead.is_qualified_in_time,
        Lead.is_won_in_time,
    )
    window = uow.workspace.conversion_window_days
    changed = []
    for id_, first, qualified, won, *before in uow.session.execute(select(*map(col, columns)).where(chosen)):
        now = [_in_time(first, qualified, window), _in_time(first, won, window)]
        if now != before:
            changed.append({"id": id_, "is_qualified_in_time": now[0], "is_won_in_time": now[1]})
    fact.write_each(uow, Lead, changed)


@joins
@writes(Scope.LEAD_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 leads; what became of each, in order."""
    return fact.ingest(uow, LEADS, rows, options)


@writes(Scope.LEAD_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 leads by their external ids; what became of each, in order."""
    return tombstone.delete(uow, LEADS, rows, options)
