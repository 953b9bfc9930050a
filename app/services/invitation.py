"""Recording invitations: surveys that were sent to customers, and what the answers to them say of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import col

from app.actor import Scope
from app.models.channel import Channel
from app.models.invitation import Invitation
from app.models.keyed import Keyed
from app.models.survey import Survey
from app.services import answering, fact, tombstone
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, happened
from app.services.listing import Listing
from app.services.row import Options, Ref, Result, Word
from app.uow import Uow, writes

LIST = Listing(Invitation, Scope.SURVEY_READ, present=col(Invitation.deleted_at).is_(None))


class InvitationRow(RecordRow):
    """One invitation as it comes in."""

    customer: Ref | None = None
    channel: Ref | None = None
    survey: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    journey_stage: Word | None = None
    occurred_at: datetime | date


class Invitations(Kind):
    """What is particular to invitations."""

    noun = "Invitation"
    model = Invitation
    row = InvitationRow
    plain = ("product", "campaign", "journey_stage")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "survey": Survey}
    derived = frozenset({"answered_at", "answered_on", "answer_seconds"})

    def parts(self, uow: Uow, row: InvitationRow) -> Iterable[Part]:
        """The day."""
        yield partial(happened, uow, row.occurred_at)
        yield lambda: {"is_stub": False}

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """When they were answered. Refuses one that its answers contradict."""
        given = answering.named(uow, [row["external_id"] for row in rows])

        def derive(columns: Mapping[str, Any], present: Invitation | None) -> dict[str, Any]:
            answers = given.get(present.id, ()) if present else ()
            answering.check(columns, answers)
            return answering.outcome(answers, columns["occurred_at"])

        return derive

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """Answers that named no customer or survey follow their invitations."""
        del concerned
        answering.follow(uow, ids)


INVITATIONS = Invitations()


@joins
@writes(Scope.SURVEY_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 invitations; what became of each, in order."""
    return fact.ingest(uow, INVITATIONS, rows, options)


@writes(Scope.SURVEY_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 invitations by their external ids; what became of each, in order."""
    return tombstone.delete(uow, INVITATIONS, rows, options)
