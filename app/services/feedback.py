"""Recording feedback: what a score may be, where it lies on its scale, and the facts that come of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.channel import Channel
from app.models.feedback import Feedback, FeedbackKind, FeedbackOrigin
from app.models.invitation import Invitation
from app.models.keyed import Keyed
from app.models.staff import Staff
from app.models.survey import Survey
from app.services import answering, fact, question, ref, tombstone
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow, Stubs, fill, happened
from app.services.listing import Listing
from app.services.row import Batch, Options, Outcome, Ref, Result, Word
from app.services.scale import position, scale_of
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(
    Feedback,
    Scope.FEEDBACK_READ,
    present=col(Feedback.deleted_at).is_(None),
    columns={"survey_edition": "edition"},
)


class FeedbackRow(RecordRow):
    """One feedback as it comes in."""

    kind: FeedbackKind | None = None
    score: float | None = None
    scale_worst: float | None = None
    scale_best: float | None = None
    customer: Ref | None = None
    channel: Ref | None = None
    staff: Ref | None = None
    survey: Ref | None = None
    survey_edition: Annotated[int, Field(ge=1)] | None = None
    question: Word | None = None
    invitation: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    journey_stage: Word | None = None
    origin: FeedbackOrigin | None = None
    comment: Annotated[str, Field(max_length=10_000)] | None = None
    tags: Annotated[list[Word], Field(max_length=50)] | None = None
    occurred_at: datetime | date


class FeedbackFacts(Kind):
    """What is particular to feedback."""

    noun = "Feedback"
    model = Feedback
    row = FeedbackRow
    plain = ("score", "question", "product", "campaign", "journey_stage", "origin", "comment")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "staff": Staff, "survey": Survey}
    derived = frozenset({"threshold", "is_replaced", "survey_occasion"})
    keys = ("customer_id", "invitation_id")
    blank: Mapping[str, Any] = {"comment": None}

    def parts(self, uow: Uow, row: FeedbackRow) -> Iterable[Part]:
        """The score on its scale, the day, the tags."""
        yield partial(self._score, row)
        yield partial(happened, uow, row.occurred_at)
        yield lambda: {"tags": list(dict.fromkeys(row.tags or []))}
        yield lambda: {} if row.survey_edition is None else {"edition": row.survey_edition}

    @staticmethod
    def _score(row: FeedbackRow) -> dict[str, Any]:
        """What is said of kind and scale; an answer to a question has what is not said from that, in due course."""
        if row.question is not None:
            given = {"kind": row.kind, "scale_worst": row.scale_worst, "scale_best": row.scale_best}
            return {name: value for name, value in given.items() if value is not None}
        if row.kind is None:
            msg = Text("kind is required where no question is named.", "未指定 question 时必须填写 kind。")
            raise Invalid(msg, "kind", code=Code.REQUIRED)
        worst, best = scale_of(row)
        where = position(row.score, worst, best, row.kind)
        return {"kind": row.kind, "scale_worst": worst, "scale_best": best, "position": where}

    def found(self, uow: Uow, rows: Sequence[Any]) -> dict[str, ref.Found]:
        """The invitations too."""
        named = {row.invitation for row in rows if row.invitation}
        return super().found(uow, rows) | {"invitation": ref.facts(uow, Invitation, named)}

    def values(self, uow: Uow, batch: Batch, options: Options) -> dict[int, dict[str, Any]]:
        """With the customers and surveys of invitations where none are named."""
        values = super().values(uow, batch, options)
        sent = answering.invitations(uow, (columns["invitation_id"] for columns in values.values()))
        for index, columns in list(values.items()):
            try:
                values[index] = columns | answering.taken(columns, sent.get(columns["invitation_id"]))
            except Invalid as error:
                batch.reject(index, *error.problems)
                del values[index]
        return values

    def complete(
        self,
        uow: Uow,
        wave: dict[int, dict[str, Any]],
        stored: Mapping[str, Any],
        fates: Mapping[int, Outcome],
        batch: Batch,
    ) -> None:
        """With what is kept of the survey first: the edition that is stored where none is named, when it asked."""
        written = {index: row for index, row in wave.items() if fates[index] in (Outcome.CREATED, Outcome.UPDATED)}
        surveys = question.now(uow, (columns["survey_id"] for columns in written.values()))
        for index, columns in written.items():
            now = surveys.get(columns["survey_id"], question.UNKNOWN)
            told = (columns, stored.get(columns["external_id"]), now)
            try:
                kept = {"edition": question.edition_of(*told), "survey_occasion": question.occasion_of(*told)}
                wave[index] = columns | kept
            except Invalid as error:
                batch.reject(index, *error.problems)
                del wave[index]
        super().complete(uow, wave, stored, fates, batch)

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """What answers have from their questions. Refuses those that are none to them."""
        asked = question.asked(uow, rows)

        def derive(columns: Mapping[str, Any], present: Feedback | None) -> dict[str, Any]:
            # whether another answer to its invitation replaces it is seen to when all are written
            is_replaced = bool(present and present.is_replaced and columns["invitation_id"] is not None)
            return question.answered(columns, asked) | {"is_replaced": is_replaced}

        return derive

    def make_stubs(self, uow: Uow, rows: Sequence[dict[str, Any]], made: Stubs) -> None:
        """Invitations that were named and are not known yet too."""
        super().make_stubs(uow, rows, made)
        sent = made["invitation_id"]
        for columns in rows:
            wanted = columns["invitation_id"]
            if isinstance(wanted, ref.Missing) and wanted.ref not in sent:
                sent[wanted.ref] = ref.fact_stub(uow, Invitation, wanted.ref, columns)
        fill(rows, made)

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """Invitations know when they were answered, and of two answers to one question the later one counts."""
        del ids
        answering.restate(uow, concerned["invitation_id"])


FACTS = FeedbackFacts()


@joins
@writes(Scope.FEEDBACK_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 feedbacks; what became of each, in order."""
    return fact.ingest(uow, FACTS, rows, options)


@writes(Scope.FEEDBACK_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 feedbacks by their external ids; what became of each, in order."""
    return tombstone.delete(uow, FACTS, rows, options)
