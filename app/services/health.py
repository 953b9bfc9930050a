"""The health score of customers, 0 to 100: four parts, each with its points and the figure behind it in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.actor import Scope
from app.services import evidence, prediction
from app.services.evidence import VALID_DAYS, Evidence
from app.services.health_weights import weights
from app.text import Text
from app.uow import Uow, reads

_WHOLE = 1_000_000


class HealthPart(StrEnum):
    """What makes a health score."""

    RECENCY = "RECENCY"
    FREQUENCY = "FREQUENCY"
    SATISFACTION = "SATISFACTION"
    COMPLAINTS = "COMPLAINTS"


class HealthLack(StrEnum):
    """Why there is no health score; of several reasons the first in this order is given."""

    OPTED_OUT = "OPTED_OUT"
    TEST_CUSTOMER = "TEST_CUSTOMER"
    PERSONAL = "PERSONAL"
    NO_DATA = "NO_DATA"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: how much of its weight it earned, from 0 to 1, or None where nothing is known; and why."""

    part: HealthPart
    weight: float
    share: float | None
    words: Text


@dataclass(frozen=True, slots=True)
class Health:
    """A score and its parts; the weights of those of which something is known add up to 100."""

    score: float | None
    lack: HealthLack | None = None
    parts: tuple[Part, ...] = ()


def judged(known: Evidence, given: Mapping[str, int]) -> Health:
    """The health of a customer of whom that is known. Pure."""
    found = {part: judge(known) for part, judge in _JUDGES.items()}
    whole = sum(given[part.lower()] for part, (share, _) in found.items() if share is not None)
    parts = tuple(
        Part(part, 100 * given[part.lower()] / whole if share is not None and whole else 0.0, share, words)
        for part, (share, words) in found.items()
    )
    # that nobody complains says nothing of somebody of whom nothing else is known
    is_known = any(one.share is not None and one.weight for one in parts if one.part is not HealthPart.COMPLAINTS)
    if not is_known:
        return Health(None, HealthLack.NO_DATA, parts)
    return Health(sum(one.weight * one.share for one in parts if one.share is not None), None, parts)


Judged = tuple[float | None, Text]


def _recency(known: Evidence) -> Judged:
    """All of it up to the usual gap, nothing from three times that on, evenly in between.

    Where activity decides who is a customer, there is nothing either from the day on which they are none.
    """
    if known.since is None:
        return None, Text("Neither a purchase nor use is known.", "没有购买或使用记录。")
    if known.since >= known.late:
        return 0.0, last_seen(known)
    # who comes less often than customers must has all of it up to that day
    share = 1.0 if known.since <= known.due else (known.late - known.since) / (known.late - known.due)
    return share, last_seen(known)


def last_seen(known: Evidence) -> Text:
    """When they last bought or used something, and every how many days they usually do."""
    usual = (
        Text("", "")
        if known.gap is None
        else Text(f", usually every {known.gap:.0f} days", f"，通常每 {known.gap:.0f} 天一次")
    )
    return Text(
        f"Last purchase or use {known.since} days ago{usual.en}.",
        f"最近一次购买或使用在 {known.since} 天前{usual.zh}。",
    )


def _frequency(known: Evidence) -> Judged:
    """On how many days of late they bought or used something, over how many of as many days were usual before."""
    if known.usual is None:
        needed = 2 * known.lately
        return None, Text(f"There are less than {needed} days of history.", f"历史记录不足 {needed} 天。")
    return min(known.recent / known.usual, 1.0), how_often(known)


def how_often(known: Evidence) -> Text:
    """On how many days of late they bought or used something, and on how many they usually do."""
    return Text(
        f"Purchases or use on {known.recent} of the last {known.lately} days, usually on {known.usual:.1f}.",
        f"最近 {known.lately} 天中有 {known.recent} 天购买或使用，通常为 {known.usual:.1f} 天。",
    )


def _satisfaction(known: Evidence) -> Judged:
    """Where the latest answer lies between the worst and the best of its scale."""
    if known.said is None:
        return None, Text(f"There is no answer of the last {VALID_DAYS} days.", f"最近 {VALID_DAYS} 天内没有回答。")
    return known.said / _WHOLE, Text(
        f"The latest answer, of {known.said_on}, is {known.said / 10_000:.0f} of 100.",
        f"最近一次回答（{known.said_on}）为 {known.said / 10_000:.0f} 分（满分 100）。",
    )


def _complaints(known: Evidence) -> Judged:
    """All of it without an open complaint, half with one, nothing with more."""
    if known.open is None:
        return None, Text("No conversations are recorded here.", "此处没有互动记录。")
    return max(1 - known.open / 2, 0.0), Text(f"Open complaints: {known.open}.", f"未解决的投诉：{known.open} 件。")


_JUDGES: Mapping[HealthPart, Callable[[Evidence], Judged]] = {
    HealthPart.RECENCY: _recency,
    HealthPart.FREQUENCY: _frequency,
    HealthPart.SATISFACTION: _satisfaction,
    HealthPart.COMPLAINTS: _complaints,
}


@reads(Scope.PREDICTION_READ)
def of_customers(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Health]:
    """The health of each of the customers `ids`; of whom none may be told, why."""
    if not uow.may(Scope.PERSONAL_READ):
        return dict.fromkeys(ids, Health(None, HealthLack.PERSONAL))
    silent = {id_: Health(None, HealthLack(why)) for id_, why in prediction.silent(uow, set(ids)).items()}
    known = evidence.of(uow, [id_ for id_ in ids if id_ not in silent])
    return silent | {id_: judged(one, weights(uow.workspace)) for id_, one in known.items()}
