"""Recording feedback: what a score may be, where it lies on its scale, and the facts that come of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from pydantic import Field
from sqlmodel import col

from app.errors import Code, Invalid
from app.models.channel import Channel
from app.models.feedback import Feedback, FeedbackKind, FeedbackOrigin
from app.models.keyed import Keyed
from app.models.staff import Staff
from app.models.survey import Survey
from app.services import fact, tombstone
from app.services.kind import Kind, Part, happened
from app.services.listing import Listing
from app.services.row import Key, Options, Ref, Result, Row, Word
from app.text import Text
from app.uow import Scope, Uow, writes

LIST = Listing(Feedback, Scope.FEEDBACK_READ, present=col(Feedback.deleted_at).is_(None))
MILLION = 1_000_000
WIDEST = 1_000
"""Scales end between −1,000 and 1,000."""
NPS_SCALE = (0, 10)
OTHER_SCALE = (1, 5)


class FeedbackRow(Row):
    """One feedback as it comes in."""

    external_id: Key
    kind: FeedbackKind
    score: float | None = None
    scale_worst: float | None = None
    scale_best: float | None = None
    customer: Ref | None = None
    channel: Ref | None = None
    staff: Ref | None = None
    survey: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None
    journey_stage: Word | None = None
    origin: FeedbackOrigin | None = None
    comment: Annotated[str, Field(max_length=10_000)] | None = None
    tags: Annotated[list[Word], Field(max_length=50)] | None = None
    occurred_at: datetime | date
    source_updated_at: datetime | date | None = None


def scale_of(row: FeedbackRow) -> tuple[int, int]:
    """The scale's worst and best. Raises Invalid for one that is no scale, or not the one that NPS has."""
    default = NPS_SCALE if row.kind is FeedbackKind.NPS else OTHER_SCALE
    worst = default[0] if row.scale_worst is None else row.scale_worst
    best = default[1] if row.scale_best is None else row.scale_best
    for name, end in (("scaleWorst", worst), ("scaleBest", best)):
        if end != int(end) or abs(end) > WIDEST:
            msg = Text(
                f"{name} must be a whole number between -{WIDEST} and {WIDEST}.",
                f"{name} 必须是 -{WIDEST} 与 {WIDEST} 之间的整数。",
            )
            raise Invalid(msg, name, code=Code.OUT_OF_RANGE)
    if worst == best:
        msg = Text("scaleWorst and scaleBest must differ.", "scaleWorst 与 scaleBest 不能相同。")
        raise Invalid(msg, "scaleBest")
    if row.kind is FeedbackKind.NPS and (worst, best) != NPS_SCALE:
        msg = Text(
            "NPS is asked on the scale 0–10 only; record answers on another scale as CSAT.",
            "NPS 只使用 0–10 的量表；其他量表的回答请记为 CSAT。",
        )
        raise Invalid(msg, "scaleBest" if worst == NPS_SCALE[0] else "scaleWorst", code=Code.OUT_OF_RANGE)
    return int(worst), int(best)


def position(score: float | None, worst: int, best: int, kind: FeedbackKind) -> int | None:
    """Where `score` lies between worst (0) and best (1,000,000). Raises Invalid outside the scale."""
    if score is None:
        return None
    if kind is FeedbackKind.NPS and score != int(score):
        msg = Text(
            f"An NPS score is a whole number from 0 to 10, not {score:g}.",
            f"NPS 分数是 0 到 10 的整数，而不是 {score:g}。",
        )
        raise Invalid(msg, "score", code=Code.OUT_OF_RANGE)
    if not min(worst, best) <= score <= max(worst, best):
        msg = Text(
            f"The score {score:g} lies outside its scale {worst}–{best}; "
            "give scaleWorst and scaleBest if it has another.",
            f"分数 {score:g} 超出其量表 {worst}–{best}；如果使用其他量表，请提供 scaleWorst 和 scaleBest。",
        )
        raise Invalid(msg, "score", code=Code.OUT_OF_RANGE)
    # decimal, so that 70 % of the way is 70 % of the way
    return round((Decimal(str(score)) - worst) * MILLION / (best - worst))


class FeedbackFacts(Kind):
    """What is particular to feedback."""

    noun = "Feedback"
    model = Feedback
    row = FeedbackRow
    plain = ("kind", "score", "product", "campaign", "journey_stage", "origin", "comment")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "staff": Staff, "survey": Survey}
    blank: Mapping[str, Any] = {"comment": None}

    def parts(self, uow: Uow, row: FeedbackRow) -> Iterable[Part]:
        """The score on its scale, the day, the tags."""
        yield partial(self._score, row)
        yield partial(happened, uow, row.occurred_at)
        yield lambda: {"tags": list(dict.fromkeys(row.tags or []))}

    @staticmethod
    def _score(row: FeedbackRow) -> dict[str, Any]:
        worst, best = scale_of(row)
        return {"scale_worst": worst, "scale_best": best, "position": position(row.score, worst, best, row.kind)}


FACTS = FeedbackFacts()


@writes(Scope.FEEDBACK_WRITE)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 feedbacks; what became of each, in order."""
    return fact.ingest(uow, FACTS, rows, options)


@writes(Scope.FEEDBACK_WRITE)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 feedbacks by their external ids; what became of each, in order."""
    return tombstone.delete(uow, FACTS, rows, options)
