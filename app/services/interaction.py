"""Recording interactions: their events, the clocks that follow from them, and whose they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.channel import Channel
from app.models.interaction import Interaction, InteractionEventKind, InteractionKind, InteractionStanding
from app.models.keyed import Keyed
from app.models.staff import Staff
from app.services import fact, overdue, ref, timing, tombstone, turning
from app.services.conversation import Happening, in_order
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, Stubs, happened, missing
from app.services.listing import Listing
from app.services.row import Options, Ref, Result, Row, Word, moment
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(Interaction, Scope.INTERACTION_READ, present=col(Interaction.deleted_at).is_(None))

MOST_EVENTS = 1_000
"""Events that one interaction may have."""


class InteractionEventRow(Row):
    """One event of an interaction as it comes in."""

    kind: InteractionEventKind
    at: datetime | date
    staff: Ref | None = None


class InteractionRow(RecordRow):
    """One interaction as it comes in."""

    kind: InteractionKind
    standing: InteractionStanding = InteractionStanding.VALID
    customer: Ref | None = None
    channel: Ref | None = None
    staff: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    journey_stage: Word | None = None
    reason: Word | None = None
    events: Annotated[list[InteractionEventRow], Field(max_length=MOST_EVENTS)]
    occurred_at: datetime | date


class Interactions(Kind):
    """What is particular to interactions."""

    noun = "Interaction"
    model = Interaction
    row = InteractionRow
    plain = ("kind", "standing", "product", "campaign", "journey_stage", "reason")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "staff": Staff}
    derived = frozenset({*timing.DERIVED, "team_id"})
    blank: Mapping[str, Any] = {"events": []}

    def found(self, uow: Uow, rows: Sequence[Any]) -> dict[str, ref.Found]:
        """The staff of the events too."""
        wanted = {event.staff for row in rows for event in row.events if event.staff}
        wanted |= {row.staff for row in rows if row.staff}
        return super().found(uow, rows) | {"staff": ref.keyed(uow, Staff, wanted)}

    def _columns(
        self,
        uow: Uow,
        row: InteractionRow,
        found: Mapping[str, ref.Found],
        problems: list[Problem],
        *,
        create: bool | None,
    ) -> dict[str, Any]:
        """The events in order, each with its member of staff, too."""
        columns = super()._columns(uow, row, found, problems, create=create)
        if "occurred_at" in columns:
            events = _events(uow, row, columns["occurred_at"], found["staff"], problems, create=create)
            columns["events"] = [_stored(event) for event in events]
        return columns

    def parts(self, uow: Uow, row: InteractionRow) -> Iterable[Part]:
        """The day."""
        yield partial(happened, uow, row.occurred_at)

    def make_stubs(self, uow: Uow, rows: Sequence[dict[str, Any]], made: Stubs) -> None:
        """The staff of events too."""
        super().make_stubs(uow, rows, made)
        staff = made["staff_id"]
        events = [event for columns in rows for event in columns["events"]]
        staff |= ref.keyed_stubs(uow, Staff, missing(events, "staff_id") - staff.keys())
        for event in events:
            if isinstance(event["staff_id"], ref.Missing):
                event["staff_id"] = staff[event["staff_id"].ref].hex
        for columns in rows:
            for name in ("responder_id", "resolver_id"):
                if isinstance(columns[name], ref.Missing):
                    columns[name] = staff[columns[name].ref]

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """The clocks."""
        timed = timing.timings(uow, rows)

        def derive(columns: Mapping[str, Any], _present: Interaction | None) -> dict[str, Any]:
            return timed(columns)

        return derive

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """The turns in it; and what is not answered yet becomes late."""
        del concerned
        turning.restate(uow, ids)
        overdue.await_judgement(uow, ids)


INTERACTIONS = Interactions()


def _events(  # noqa: PLR0913 - what an event is held against
    uow: Uow,
    row: InteractionRow,
    began: datetime,
    staff: ref.Found,
    problems: list[Problem],
    *,
    create: bool | None,
) -> Sequence[Happening]:
    """The events in order; what is wrong with any is added to `problems`, with its path."""
    found = []
    for place, event in enumerate(row.events):
        try:
            at = moment(uow, event.at, "at")
            who = ref.require(staff, event.staff, "staff", "staff", create=create)
        except Invalid as error:
            problems += [replace(one, path=("events", str(place), *one.path)) for one in error.problems]
            continue
        assert at is not None  # noqa: S101 - the row requires it
        if at < began:
            problems.append(_backwards(event, at, began, place))
        found.append(Happening(event.kind, at, who))
    return in_order(found)


def _backwards(event: InteractionEventRow, at: datetime, began: datetime, place: int) -> Problem:
    msg = Text(
        f"This {event.kind.value} ({at.isoformat()}) lies before the interaction began ({began.isoformat()}), so that "
        "its clock would run backwards; occurredAt is the instant of its first event.",
        f"此 {event.kind.value}（{at.isoformat()}）早于互动开始的时间（{began.isoformat()}），计时会倒退；"
        "occurredAt 应为首个事件的时间。",
    )
    return Problem(Code.OUT_OF_RANGE, msg, ("events", str(place), "at"))


def _stored(event: Happening) -> dict[str, Any]:
    staff = event.staff.hex if isinstance(event.staff, UUID) else event.staff
    return {"kind": event.kind.value, "at": event.at.isoformat(), "staff_id": staff}


@joins
@writes(Scope.INTERACTION_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 interactions; what became of each, in order."""
    return fact.ingest(uow, INTERACTIONS, rows, options)


@writes(Scope.INTERACTION_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 interactions by their external ids; what became of each, in order."""
    return tombstone.delete(uow, INTERACTIONS, rows, options)
