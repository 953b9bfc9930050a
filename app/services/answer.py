"""Answers from pages and apps: recorded by whoever has a publishable key, and nothing is told of what is stored.

What is wrong with an answer itself, or with the survey, question or channel that it names, is told: that is how a
widget is set up. Whether there is such a customer, invitation or answer is not.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import Field
from sqlmodel import select

from app.actor import Scope
from app.errors import Code, Invalid, Problem, Undone
from app.models.channel import Channel
from app.models.feedback import Feedback, FeedbackKind, FeedbackOrigin
from app.models.invitation import Invitation
from app.models.keyed import Keyed
from app.models.survey import Survey
from app.models.tombstone import Tombstone
from app.services import answering, fact, ref
from app.services.feedback import FACTS
from app.services.row import Key, Options, Ref, Row, Word, moment, parse
from app.text import Text
from app.uow import Uow, writes


class AnswerRow(Row):
    """One answer as it comes in."""

    external_id: Key
    kind: FeedbackKind | None = None
    score: float | None = None
    scale_worst: float | None = None
    scale_best: float | None = None
    survey: Key | None = None
    question: Word | None = None
    channel: Key | None = None
    customer: Key | None = None
    invitation: Key | None = None
    product: Word | None = None
    journey_stage: Word | None = None
    comment: Annotated[str, Field(max_length=10_000)] | None = None
    occurred_at: datetime | date | None = None


_REFERENCES = ("survey", "channel", "customer", "invitation")


@writes(Scope.ANSWER_WRITE)
def record(uow: Uow, data: Mapping[str, Any]) -> None:
    """Record an answer under an id that is not there yet. Raises Invalid for what is wrong with the answer.

    Of an id that is there already nothing is changed and nothing told. Unknown customers and invitations are kept as
    stubs, so that both look the same from outside.
    """
    row = parse(AnswerRow, data)
    _check_form(row)
    uow.take_turn()
    survey = _configured(uow, Survey, row.survey, "survey")
    _configured(uow, Channel, row.channel, "channel")
    given = {name: value for name, value in row.model_dump().items() if value is not None}
    given |= {name: Ref(external_id=given[name]) for name in _REFERENCES if name in given}
    given |= {"origin": FeedbackOrigin.WIDGET, "occurred_at": row.occurred_at or uow.now}
    if row.invitation is not None and not _fits(uow, row, survey):
        del given["invitation"]  # as if there were none: that it was another's is not told
    is_known = _is_known(uow, row.external_id)
    if is_known:  # looked at all the same, so that what is told does not depend on it
        given["external_id"] = uuid4().hex
    (result,) = fact.ingest(uow, FACTS, [given], Options(create_missing=True))
    if result.problems:
        raise Invalid(result.problems)
    if is_known:
        raise Undone(None)


def _check_form(row: AnswerRow) -> None:
    """Refuse what would have to be settled by looking at what is stored. Raises Invalid."""
    problems = []
    if row.customer is not None and row.invitation is not None:
        msg = Text(
            "Name the invitation or the customer, not both: an invitation knows its customer.",
            "请指定 invitation 或 customer 之一：邀请已包含其客户。",
        )
        problems.append(Problem(Code.CONFLICT, msg, ("customer",)))
    if row.question is not None and row.survey is None:
        msg = Text("survey is required where a question is named.", "指定 question 时必须填写 survey。")
        problems.append(Problem(Code.REQUIRED, msg, ("survey",)))
    if problems:
        raise Invalid(problems)


def _configured(uow: Uow, model: type[Keyed], key: str | None, path: str) -> UUID | None:
    """The survey or channel of that key, which must be there: strangers make none."""
    if key is None:
        return None
    wanted = Ref(external_id=key)
    found = ref.require(ref.keyed(uow, model, [wanted]), wanted, path, path)
    assert not isinstance(found, ref.Missing)  # noqa: S101 - require() made sure
    return found


def _fits(uow: Uow, row: AnswerRow, survey: UUID | None) -> bool:
    """Whether the answer contradicts nothing that is known of the invitation that it names."""
    wanted = Ref(external_id=row.invitation)
    hit = ref.facts(uow, Invitation, [wanted])[wanted]
    if isinstance(hit, ref.Missing):
        return True
    at = moment(uow, row.occurred_at or uow.now, "occurredAt")
    answer = {"invitation_id": hit, "customer_id": None, "survey_id": survey, "occurred_at": at}
    try:
        answering.taken(answer, answering.invitations(uow, [hit]).get(hit))
    except Invalid:
        return False
    return True


def _is_known(uow: Uow, external_id: str) -> bool:
    """Whether there is, or was, an answer of that id."""
    mine = (Feedback.source == uow.actor.source, Feedback.external_id == external_id)
    if uow.session.scalars(select(Feedback.id).where(*mine)).first() is not None:
        return True
    buried = (Tombstone.noun == FACTS.noun, Tombstone.source == uow.actor.source, Tombstone.external_id == external_id)
    return uow.session.scalars(select(Tombstone.id).where(*buried)).first() is not None
