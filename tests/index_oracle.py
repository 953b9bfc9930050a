"""What the loyalty index and the attainment of targets come to, in plain Python over the rows that were told."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any

KPIS = {("LOYALTY_INDEX", "default"), ("TARGET_ATTAINMENT", "default")}


def within(rows: Sequence[dict[str, Any]], start: date, end: date, **what: Any) -> list[dict[str, Any]]:
    """The rows of the days from `start` up to before `end` of which all of `what` holds."""
    days = [(one["occurred_at"], one) for one in rows]
    days = [(at.date() if isinstance(at, datetime) else at, one) for at, one in days]
    return [one for day, one in days if start <= day < end and what.items() <= one.items()]


def components(
    orders: Sequence[dict[str, Any]],
    joined: dict[str, date],
    referrals: Sequence[dict[str, Any]] | None,
    answers: Sequence[dict[str, Any]],
    start: date,
    end: date,
) -> dict[str, Fraction | None]:
    """Each part of the index; None for what has no value. No referrals at all are told as None."""
    bought = Counter(one["customer"] for one in within(orders, start, end))
    new = {name for name, day in joined.items() if start <= day < end}
    came = {
        one["referred"]
        for one in referrals or ()
        if one["referred"] in new and one["occurred_at"] <= joined[one["referred"]]
    }
    scores = [one["score"] for one in within(answers, start, end, kind="NPS")]
    net = sum(score >= 9 for score in scores) - sum(score <= 6 for score in scores)
    return {
        "REPEAT_PURCHASE_RATE": _share(sum(count > 1 for count in bought.values()), len(bought)),
        "REFERRAL_RATE": None if referrals is None else _share(len(came), len(new)),
        "NPS": (Fraction(100 * net, len(scores)) + 100) / 2 if scores else None,
    }


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(100 * part, whole) if whole else None


def index(found: dict[str, Fraction | None]) -> float | None:
    """The mean of those that have a value."""
    known = [value for value in found.values() if value is not None]
    return float(sum(known) / len(known)) if known else None


def attained(targets: Sequence[dict[str, Any]], start: date, end: date, today: date) -> tuple[int, int]:
    """How many targets were met and how many due: each says its last day, its goal, what came of it and what is good.

    What came of it may be None.
    """
    due = [one for one in targets if start <= one["last"] < end and one["last"] < today]
    met = [one for one in due if one["value"] is not None]
    met = [one for one in met if (one["value"] - one["goal"]) * (1 if one["up"] else -1) >= 0]
    return len(met), len(due)
