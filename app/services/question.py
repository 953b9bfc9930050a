"""Questions of surveys: what one may be, in which edition it stands, and what an answer owes to it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from sqlmodel import col, select

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.feedback import FeedbackKind
from app.models.survey import Survey, SurveyEdition, SurveyOccasion
from app.services.refusal import refused
from app.services.row import Key, Row
from app.services.scale import lies_on, place, position, scale_of
from app.text import Text
from app.uow import Uow, reads

MOST = 100
"""Questions that a survey may have."""
MOST_TEXTS = 50
LONGEST = 2_000
"""Characters of one text."""
LONGEST_TAG = 35
THRESHOLDS = frozenset({FeedbackKind.CSAT, FeedbackKind.REVIEW})
"""The kinds of which an answer satisfies or does not."""

Question = dict[str, Any]
"""A question as an edition keeps it: key, kind, texts, scale_worst, scale_best, threshold."""
Asked = Mapping[tuple[UUID, int], Mapping[str, Question]]
"""Questions by their keys, by survey and edition."""

_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z\d]{5,8}|\d[a-z\d]{3}))*"
    r"(-[a-wy-z\d](-[a-z\d]{2,8})+)*(-x(-[a-z\d]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)


def language(tag: str) -> str:
    """`tag` as BCP 47 spells it: zh-Hans-CN. Refuses what is none."""
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
        msg = Text(
            f"{tag[:LONGEST_TAG]!r} is not a language tag; use one of BCP 47 such as en or zh-CN.",
            f"{tag[:LONGEST_TAG]!r} 不是语言标签；请使用 BCP 47 标签，例如 en 或 zh-CN。",
        )
        raise refused(msg)
    head, *rest = tag.lower().split("-")
    spelt, is_open = [head], True
    for part in rest:
        is_open = is_open and len(part) > 1  # behind a singleton nothing is a region or a script
        kind = len(part) if is_open and part.isalpha() else 0
        spelt.append({2: part.upper(), 4: part.title()}.get(kind, part))
    return "-".join(spelt)


class TextRow(Row):
    """The words of a question in one language."""

    language: Annotated[str, AfterValidator(language)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]


class QuestionRow(Row):
    """One question as it comes in."""

    key: Key
    kind: FeedbackKind
    texts: Annotated[list[TextRow], Field(max_length=MOST_TEXTS)] | None = None
    scale_worst: float | None = None
    scale_best: float | None = None
    threshold: float | None = None


def checked(rows: Sequence[QuestionRow]) -> list[Question]:
    """The questions as an edition keeps them. Raises Invalid with every problem, each with its path."""
    problems: list[Problem] = []
    found: list[Question] = []
    keys: set[str] = set()
    for number, row in enumerate(rows):
        path = ("questions", str(number))
        if row.key in keys:
            msg = Text(
                f"Two questions have the key {row.key!r}; each needs one of its own.",
                f"有两个问题的键都是 {row.key!r}；每个问题需要自己的键。",
            )
            problems.append(Problem(Code.CONFLICT, msg, (*path, "key")))
        keys.add(row.key)
        try:
            found.append(_kept(row))
        except Invalid as error:
            problems += [one.under(*path) for one in error.problems]
    if problems:
        raise Invalid(problems)
    return found


def _kept(row: QuestionRow) -> Question:
    texts = [{"language": one.language, "text": one.text} for one in row.texts or ()]
    languages = [one["language"] for one in texts]
    for number, tag in enumerate(languages):
        if tag in languages[:number]:
            msg = Text(f"There are two texts in {tag}.", f"{tag} 有两个文本。")
            raise Invalid(msg, "texts", str(number), "language", code=Code.CONFLICT)
    worst, best = scale_of(row)
    if row.threshold is not None:
        _check_threshold(row.kind, row.threshold, worst, best)
    return {
        "key": row.key,
        "kind": row.kind.value,
        "texts": texts,
        "scale_worst": worst,
        "scale_best": best,
        "threshold": row.threshold,
    }


def _check_threshold(kind: FeedbackKind, threshold: float, worst: int, best: int) -> None:
    if kind not in THRESHOLDS:
        msg = Text(
            f"Only questions of the kinds CSAT and REVIEW have a threshold; leave it out for {kind.value}.",
            f"只有 CSAT 和 REVIEW 类型的问题有 threshold；{kind.value} 请省略它。",
        )
        raise Invalid(msg, "threshold")
    if not lies_on(threshold, worst, best):
        msg = Text(
            f"threshold must be a score of the scale {worst}–{best}; {threshold:g} lies outside.",
            f"threshold 必须是量表 {worst}–{best} 上的分数；{threshold:g} 超出该量表。",
        )
        raise Invalid(msg, "threshold", code=Code.OUT_OF_RANGE)


def worded(texts: Sequence[Mapping[str, str]], locale: str) -> Mapping[str, str] | None:
    """The text for a reader: in their language or what is nearest to it, else the first one. Pure."""
    known = {one["language"].lower(): one for one in reversed(texts)}
    parts = locale.replace("_", "-").lower().split("-")
    for length in range(len(parts), 0, -1):
        if found := known.get("-".join(parts[:length])):
            return found
    akin = (one for one in texts if one["language"].lower().split("-")[0] == parts[0])
    return next(akin, texts[0] if texts else None)


def of(uow: Uow, survey_id: UUID, edition: int) -> list[Question]:
    """The questions of one edition of a survey; there are none in edition 0."""
    chosen = (SurveyEdition.survey_id == survey_id, SurveyEdition.number == edition)
    found: list[Question] | None = uow.session.scalars(select(SurveyEdition.questions).where(*chosen)).first()
    return found or []


@reads(Scope.SURVEY_READ)
def editions(uow: Uow, survey_ids: Sequence[UUID]) -> dict[UUID, list[SurveyEdition]]:
    """The editions of each of these surveys, the first one first."""
    statement = select(SurveyEdition).where(uow.db.is_any(SurveyEdition.survey_id, list(survey_ids)))
    found: dict[UUID, list[SurveyEdition]] = {id_: [] for id_ in survey_ids}
    for row in uow.session.scalars(statement.order_by(col(SurveyEdition.survey_id), col(SurveyEdition.number))):
        found[row.survey_id].append(row)
    return found


@reads(Scope.SURVEY_READ)
def present(uow: Uow, survey_ids: Sequence[UUID]) -> dict[UUID, SurveyEdition]:
    """The present edition of each of these surveys that has one."""
    statement = (
        select(SurveyEdition)
        .join(Survey, (col(Survey.id) == SurveyEdition.survey_id) & (col(Survey.tenant_id) == SurveyEdition.tenant_id))
        .where(uow.db.is_any(SurveyEdition.survey_id, list(survey_ids)), SurveyEdition.number == Survey.edition)
    )
    return {row.survey_id: row for row in uow.session.scalars(statement)}


class Now(NamedTuple):
    """What a survey is at present: the number of its edition, 0 for none, and when it asks."""

    edition: int = 0
    occasion: SurveyOccasion | None = None


UNKNOWN = Now()
"""A survey that nothing is said of yet."""


def now(uow: Uow, survey_ids: Iterable[Any]) -> dict[UUID, Now]:
    """What each of these surveys is at present."""
    some = sorted({id_ for id_ in survey_ids if isinstance(id_, UUID)})
    if not some:
        return {}
    columns = (Survey.id, Survey.edition, col(Survey.occasion))
    rows = uow.session.execute(select(*columns).where(uow.db.is_any(Survey.id, some)))
    return {id_: Now(edition, occasion) for id_, edition, occasion in rows}


def asked(uow: Uow, answers: Iterable[Mapping[str, Any]]) -> Asked:
    """The questions of the editions that `answers` are of, where they name a question."""
    some = [one for one in answers if one["question"] is not None]
    pairs = {(one["survey_id"], one["edition"]) for one in some if isinstance(one["survey_id"], UUID)}
    pairs = {pair for pair in pairs if pair[1]}
    if not pairs:
        return {}
    chosen = (
        uow.db.is_any(SurveyEdition.survey_id, sorted({survey for survey, _ in pairs})),
        uow.db.is_any(SurveyEdition.number, sorted({number for _, number in pairs})),
    )
    rows = uow.session.scalars(select(SurveyEdition).where(*chosen))
    return {(row.survey_id, row.number): {one["key"]: one for one in row.questions} for row in rows}


def edition_of(answer: Mapping[str, Any], stored: Any, now: Now) -> int | None:  # noqa: ANN401 - a row
    """Of which edition of its survey an answer is: the one given, else the one stored, else the present one.

    Raises Invalid (NOT_FOUND) for one that the survey does not have.
    """
    survey_id, given = answer["survey_id"], answer.get("edition")
    if given is not None:
        if survey_id is None:
            msg = Text("surveyEdition needs the survey that it is of.", "surveyEdition 需要其所属的 survey。")
            raise Invalid(msg, "survey", code=Code.REQUIRED)
        if given > now.edition:
            msg = Text(f"The survey has no edition {given}.", f"该调查没有第 {given} 版。")
            raise Invalid(msg, "surveyEdition", code=Code.NOT_FOUND)
        return int(given)
    if stored is not None and stored.survey_id == survey_id and (stored.edition or answer["question"] is None):
        edition: int | None = stored.edition
        return edition
    return now.edition or None


def occasion_of(answer: Mapping[str, Any], stored: Any, now: Now) -> SurveyOccasion | None:  # noqa: ANN401 - a row
    """When its survey asked: as it was when the answer to it was first recorded, if that was known."""
    stays = stored is not None and stored.survey_id == answer["survey_id"] and stored.deleted_at is None
    return (stored.survey_occasion if stays else None) or now.occasion


def answered(answer: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """What an answer has from its question: kind, scale, position and threshold.

    Raises Invalid where there is no such question, or the answer is none to it.
    """
    key, survey_id, edition = answer["question"], answer["survey_id"], answer["edition"]
    if key is None:
        return {"threshold": None}
    if survey_id is None:
        msg = Text(
            "question needs the survey that asks it; name that, or an invitation that has one.",
            "question 需要提出它的调查；请提供 survey，或提供带有调查的 invitation。",
        )
        raise Invalid(msg, "survey", code=Code.REQUIRED)
    found = asked.get((survey_id, edition), {}).get(key) if edition else None
    if found is None:
        msg = Text(
            f"Edition {edition} of the survey has no question {key!r}."
            if edition
            else f"The survey has no question {key!r}.",
            f"该调查第 {edition} 版没有问题 {key!r}。" if edition else f"该调查没有问题 {key!r}。",
        )
        raise Invalid(msg, "question", code=Code.NOT_FOUND)
    _agree(answer, found)
    kind, worst, best = FeedbackKind(found["kind"]), found["scale_worst"], found["scale_best"]
    threshold = found["threshold"]
    return {
        "kind": kind,
        "scale_worst": worst,
        "scale_best": best,
        "position": position(answer["score"], worst, best, kind),
        "threshold": None if threshold is None else place(threshold, worst, best),
    }


def _agree(answer: Mapping[str, Any], question: Question) -> None:
    """Refuse what contradicts the question. Raises Invalid."""
    problems = []
    for name, path in (("kind", "kind"), ("scale_worst", "scaleWorst"), ("scale_best", "scaleBest")):
        given, wanted = answer.get(name), question[name]
        if given is not None and given != wanted:
            msg = Text(
                f"The question {question['key']!r} has the {path} {wanted}; leave it out, or send the same.",
                f"问题 {question['key']!r} 的 {path} 是 {wanted}；请省略它，或发送相同的值。",
            )
            problems.append(Problem(Code.CONFLICT, msg, (path,)))
    worst, best, score = question["scale_worst"], question["scale_best"], answer["score"]
    if score is not None and not lies_on(score, worst, best):
        msg = Text(
            f"The score {score:g} lies outside the question's scale {worst}–{best}.",
            f"分数 {score:g} 超出该问题的量表 {worst}–{best}。",
        )
        problems.append(Problem(Code.OUT_OF_RANGE, msg, ("score",)))
    if problems:
        raise Invalid(problems)
