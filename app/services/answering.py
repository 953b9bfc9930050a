"""What invitations and answers owe each other: who answered what, which answer counts, and after how long."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.errors import Code, Invalid, Problem
from app.models.base import TRAITS
from app.models.feedback import Feedback
from app.models.invitation import Invitation
from app.services import fact, question
from app.services.restating import restated
from app.services.scale import SCORED
from app.text import Text
from app.uow import Uow

Answer = Any
"""What is read of a feedback that names an invitation."""
_READ = (
    Feedback.id,
    Feedback.invitation_id,
    Feedback.customer_id,
    Feedback.inherits_customer,
    Feedback.survey_id,
    Feedback.inherits_survey,
    Feedback.edition,
    Feedback.question,
    Feedback.kind,
    Feedback.score,
    Feedback.occurred_at,
    Feedback.day,
    Feedback.source,
    Feedback.external_id,
    Feedback.is_replaced,
)
_TAKEN = ("customer", "survey")


def invitations(uow: Uow, ids: Iterable[Any]) -> dict[UUID, Invitation]:
    """Those of the invitations `ids` that are stored, deleted ones too, as they are stored now."""
    some = sorted({id_ for id_ in ids if isinstance(id_, UUID)})
    if not some:
        return {}
    statement = select(Invitation).where(uow.db.is_any(Invitation.id, some))
    found = uow.session.scalars(statement.execution_options(populate_existing=True))
    return {row.id: row for row in found}


def taken(answer: Mapping[str, Any], invitation: Invitation | None) -> dict[str, Any]:
    """What an answer that is about to be written has from its invitation, None where that is not known.

    A deleted invitation still says whose it was. Raises Invalid where the answer contradicts one that stands.
    """
    is_invited = answer["invitation_id"] is not None
    found: dict[str, Any] = {f"inherits_{one}": is_invited and answer[f"{one}_id"] is None for one in _TAKEN}
    if invitation is None or invitation.is_stub:
        return found
    stands = invitation.deleted_at is None
    problems = []
    for one in _TAKEN:
        theirs = getattr(invitation, f"{one}_id")
        if found[f"inherits_{one}"]:
            found[f"{one}_id"] = theirs
        elif stands and theirs is not None and theirs != answer[f"{one}_id"]:
            problems.append(Problem(Code.CONFLICT, _OTHER[one], (one,)))
    if stands and answer["occurred_at"] < invitation.occurred_at:
        sent = invitation.occurred_at.isoformat()
        msg = Text(
            f"The invitation was sent at {sent}; its answer cannot come before.",
            f"邀请发送于 {sent}；其回答不能早于此。",
        )
        problems.append(Problem(Code.OUT_OF_RANGE, msg, ("occurredAt",)))
    if problems:
        raise Invalid(problems)
    return found


_OTHER = {
    "customer": Text("The invitation was sent to another customer.", "此邀请发给了另一位客户。"),
    "survey": Text("The invitation was to another survey.", "此邀请属于另一项调查。"),
}


def check(invitation: Mapping[str, Any], answers: Sequence[Answer]) -> None:
    """Refuse what `answers`, which came before, contradict. Raises Invalid."""
    problems = []
    first = min((one.occurred_at for one in answers), default=None)
    if first is not None and first < invitation["occurred_at"]:
        at = first.isoformat()
        msg = Text(
            f"An answer to the invitation is of {at}; it must have been sent by then.",
            f"此邀请的一份回答发生于 {at}；邀请必须在此之前发送。",
        )
        problems.append(Problem(Code.OUT_OF_RANGE, msg, ("occurredAt",)))
    for one in _TAKEN:
        theirs = invitation[f"{one}_id"]
        own = {getattr(each, f"{one}_id") for each in answers if not getattr(each, f"inherits_{one}")}
        if theirs is not None and own - {None, theirs}:
            problems.append(Problem(Code.CONFLICT, _ANSWERED[one], (one,)))
    asked = {one.survey_id for one in answers if one.inherits_survey and one.question is not None}
    if asked - {invitation["survey_id"]}:
        msg = Text(
            "Its answers are to questions of another survey; take them back first.",
            "其回答针对另一项调查的问题；请先撤回这些回答。",
        )
        problems.append(Problem(Code.CONFLICT, msg, ("survey",)))
    if problems:
        raise Invalid(problems)


_ANSWERED = {
    "customer": Text("An answer to the invitation is another customer's.", "此邀请的一份回答属于另一位客户。"),
    "survey": Text("An answer to the invitation is to another survey.", "此邀请的一份回答属于另一项调查。"),
}


def named(uow: Uow, external_ids: Iterable[str]) -> Mapping[UUID, list[Answer]]:
    """The answers to the invitations that the caller's source calls so, by the invitations' ids."""
    mine = (Invitation.source == uow.actor.source, uow.db.is_any(Invitation.external_id, list(external_ids)))
    return _answers(uow, col(Feedback.invitation_id).in_(select(Invitation.id).where(*mine)))


def _answers(uow: Uow, chosen: Any) -> Mapping[UUID, list[Answer]]:  # noqa: ANN401 - a condition
    """The answers that are not deleted, by their invitations, in order."""
    statement = select(*_READ).where(chosen, col(Feedback.deleted_at).is_(None))  # type: ignore[call-overload]  # too many columns for its overloads
    found: dict[UUID, list[Answer]] = defaultdict(list)
    # not by id, which tells in which order they came here
    for row in sorted(uow.session.execute(statement), key=lambda row: (row.occurred_at, row.source, row.external_id)):
        found[row.invitation_id].append(row)
    return found


def answers(one: Answer) -> bool:
    """Whether it says something: of a kind with a score, whether it has one."""
    return one.score is not None or one.kind not in SCORED


def outcome(given: Iterable[Answer], sent: datetime | None) -> dict[str, Any]:
    """The columns of an invitation that follow from the answers to it, in order; `sent` is None of a stub. Pure."""
    first = next(filter(answers, given), None)
    if first is None:
        return {"answered_at": None, "answered_on": None, "answer_seconds": None}
    seconds = None if sent is None else int((first.occurred_at - sent).total_seconds())
    return {"answered_at": first.occurred_at, "answered_on": first.day, "answer_seconds": seconds}


def replaced(given: Iterable[Answer]) -> set[UUID]:
    """Those of the answers to one invitation, in order, that a later answer to the same question replaces. Pure.

    Answers of one kind that name no question are to one question.
    """
    found: set[UUID] = set()
    before: dict[tuple[Any, ...], list[UUID]] = defaultdict(list)
    for one in given:
        earlier = before[("", one.kind) if one.question is None else (one.question,)]
        if answers(one):
            found.update(earlier)
        earlier.append(one.id)
    return found


def restate(uow: Uow, invitation_ids: Iterable[UUID]) -> None:
    """Bring invitations and the answers to them up to date with each other."""
    sent = invitations(uow, invitation_ids)
    if not sent:
        return
    given = _answers(uow, uow.db.is_any(Feedback.invitation_id, sorted(sent)))
    _count(uow, given)
    changed = []
    for id_, invitation in sent.items():
        now = outcome(given.get(id_, ()), None if invitation.is_stub else invitation.occurred_at)
        if any(getattr(invitation, name) != value for name, value in now.items()):
            changed.append({"id": id_, "known_on": uow.today, **now})
    ids = [row["id"] for row in changed]
    with restated(uow, Invitation, ids, ids, set()):
        fact.write_each(uow, Invitation, changed)


def _count(uow: Uow, given: Mapping[UUID, Sequence[Answer]]) -> None:
    """Have the answers that others replace count nowhere, and the others count."""
    gone = {id_ for some in given.values() for id_ in replaced(some)}
    moved = [one for some in given.values() for one in some if one.is_replaced != (one.id in gone)]
    _rewrite(uow, {one.id: {"is_replaced": one.id in gone} for one in moved}, {one.customer_id for one in moved})


def _rewrite(uow: Uow, changes: Mapping[UUID, Mapping[str, Any]], people: Iterable[UUID | None]) -> None:
    """Restate feedback; `people` are whose it was and comes to be."""
    ids = list(changes)
    with restated(uow, Feedback, ids, ids, {one for one in people if one is not None}):
        fact.write_each(uow, Feedback, [{"id": id_, "known_on": uow.today, **now} for id_, now in changes.items()])


def follow(uow: Uow, invitation_ids: Sequence[UUID]) -> None:
    """Have answers that named no customer or no survey take those that their invitations have now."""
    given = _answers(uow, uow.db.is_any(Feedback.invitation_id, list(invitation_ids)))
    if not given:
        return
    sent = invitations(uow, given)
    moved = [(one, now) for id_, some in given.items() for one in some if (now := _now(one, sent[id_]))]
    if not moved:
        return
    surveys = question.now(uow, {now.get("survey_id") for _, now in moved})
    people = {now["customer_id"] for _, now in moved if "customer_id" in now}
    traits = fact.lock_customers(uow, people)
    for _, now in moved:
        if "survey_id" in now:
            survey = surveys.get(now["survey_id"], question.UNKNOWN)
            now |= {"edition": survey.edition or None, "survey_occasion": survey.occasion}
        if "customer_id" in now:
            customer = traits.get(now["customer_id"])
            now |= {name: getattr(customer, name, False if name == "is_test" else None) for name in TRAITS}
    _rewrite(uow, {one.id: now for one, now in moved}, people | {one.customer_id for one, _ in moved})


def _now(one: Answer, invitation: Invitation) -> dict[str, Any]:
    """What an answer takes from its invitation and does not have yet."""
    wanted = {f"{name}_id": getattr(invitation, f"{name}_id") for name in _TAKEN if getattr(one, f"inherits_{name}")}
    return {name: value for name, value in wanted.items() if getattr(one, name) != value}
