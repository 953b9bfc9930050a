"""Scales: their two ends, and where a score lies between them. Pure."""

from decimal import Decimal
from typing import Protocol

from app.errors import Code, Invalid
from app.models.feedback import FeedbackKind
from app.text import Text

MILLION = 1_000_000
WIDEST = 1_000
"""Scales end between −1,000 and 1,000."""
NPS_SCALE = (0, 10)
OTHER_SCALE = (1, 5)
SCORED = frozenset({FeedbackKind.CSAT, FeedbackKind.NPS, FeedbackKind.CES, FeedbackKind.REVIEW})
"""The kinds that say nothing without a score."""


class Scaled(Protocol):
    """What names a kind, and may name the ends of its scale."""

    @property
    def kind(self) -> FeedbackKind | None:
        """Of which kind the answers are."""

    @property
    def scale_worst(self) -> float | None:
        """The worst end; None for that of the kind."""

    @property
    def scale_best(self) -> float | None:
        """The best end; None for that of the kind."""


def scale_of(row: Scaled) -> tuple[int, int]:
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


def lies_on(score: float, worst: int, best: int) -> bool:
    """Whether `score` lies between the ends, whichever is the greater."""
    return min(worst, best) <= score <= max(worst, best)


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
    if not lies_on(score, worst, best):
        msg = Text(
            f"The score {score:g} lies outside its scale {worst}–{best}; "
            "give scaleWorst and scaleBest if it has another.",
            f"分数 {score:g} 超出其量表 {worst}–{best}；如果使用其他量表，请提供 scaleWorst 和 scaleBest。",
        )
        raise Invalid(msg, "score", code=Code.OUT_OF_RANGE)
    return place(score, worst, best)


def place(score: float, worst: int, best: int) -> int:
    """Where a score that lies on its scale lies, from worst (0) to best (1,000,000)."""
    # decimal, so that 70 % of the way is 70 % of the way
    return round((Decimal(str(score)) - worst) * MILLION / (best - worst))
