"""Why customers are likely to leave, in words: what speaks for it, the strongest reason first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log
from statistics import fmean
from typing import Any
from uuid import UUID

from app.actor import Scope
from app.models.prediction import ChurnBasis, FitOutcome, Prediction, PredictionFit
from app.prediction.leaving import DAYS, STEPS, Leaving
from app.services import evidence, fitting, prediction, spell
from app.services.course import TOLD, Spell, as_spell
from app.services.evidence import Evidence
from app.services.health import how_often, last_seen
from app.text import Text
from app.uow import Uow, reads

_OVERDUE, _FEWER, _FELL, _LOW, _MUCH = 1.5, 0.7, 200_000, 500_000, log(1.25)
_NAMES = {
    "segment": Text("segment", "客户群"),
    "region": Text("region", "地区"),
    "acquisition_channel_id": Text("acquisition channel", "获客渠道"),
    "customer_kind": Text("kind of customer", "客户类型"),
}


class ChurnReasonKind(StrEnum):
    """What speaks for a departure."""

    OVERDUE = "OVERDUE"
    LESS_OFTEN = "LESS_OFTEN"
    SATISFACTION_FELL = "SATISFACTION_FELL"
    SATISFACTION_LOW = "SATISFACTION_LOW"
    OPEN_COMPLAINT = "OPEN_COMPLAINT"
    TENURE = "TENURE"
    TRAIT = "TRAIT"


@dataclass(frozen=True, slots=True)
class ChurnReason:
    """One reason, how strongly it speaks (only to order them), and how it is told."""

    kind: ChurnReasonKind
    strength: float
    words: Text


def seen(known: Evidence) -> Iterator[ChurnReason]:
    """What the present says. Pure."""
    if known.since is not None and known.since > _OVERDUE * known.due:
        yield ChurnReason(ChurnReasonKind.OVERDUE, known.since / known.due, last_seen(known))
    if known.usual is not None and known.recent < _FEWER * known.usual:
        yield ChurnReason(ChurnReasonKind.LESS_OFTEN, 2 * (1 - known.recent / known.usual), how_often(known))
    if known.said is not None:
        yield from _said(known.said, known.before)
    if known.open:
        words = Text(
            f"{known.open} open complaints." if known.open > 1 else "An open complaint.",
            f"有 {known.open} 件未解决的投诉。",
        )
        yield ChurnReason(ChurnReasonKind.OPEN_COMPLAINT, 1.0 + known.open, words)


def _said(now: int, before: int | None) -> Iterator[ChurnReason]:
    if before is not None and before - now >= _FELL:
        words = Text(
            f"Satisfaction fell from {before / 10_000:.0f} to {now / 10_000:.0f} of 100.",
            f"满意度从 {before / 10_000:.0f} 降至 {now / 10_000:.0f}（满分 100）。",
        )
        yield ChurnReason(ChurnReasonKind.SATISFACTION_FELL, 1 + (before - now) / 500_000, words)
    elif now < _LOW:
        words = Text(f"Satisfaction is at {now / 10_000:.0f} of 100.", f"满意度为 {now / 10_000:.0f}（满分 100）。")
        yield ChurnReason(ChurnReasonKind.SATISFACTION_LOW, 2 - 2 * now / 1_000_000, words)


def modelled(model: Leaving, time: Spell, days: int, channels: Mapping[str, str]) -> Iterator[ChurnReason]:
    """What the model of departures says of somebody who has been there for so many days. Pure."""
    month = int(days / DAYS)
    nobody = (None,) * len(TOLD)
    lift = log(model.chance(month, nobody) / fmean(model.chance(start, nobody) for start in STEPS))
    if lift > _MUCH:
        words = Text(
            f"In month {month + 1} as a customer, when departures are {exp(lift):.1f} times as likely as on average.",
            f"处于成为客户的第 {month + 1} 个月，此时流失的可能性约为平均水平的 {exp(lift):.1f} 倍。",
        )
        yield ChurnReason(ChurnReasonKind.TENURE, exp(lift), words)
    for name, levels, value in zip(TOLD, model.effects, time.traits, strict=True):
        effect = levels.get(value, 0.0) if value else 0.0
        if value and effect > _MUCH:
            shown = channels.get(value, value)
            words = Text(
                f"Departures are {exp(effect):.1f} times as likely in the {_NAMES[name].en} {shown}.",
                f"{_NAMES[name].zh} {shown} 的流失可能性约为 {exp(effect):.1f} 倍。",
            )
            yield ChurnReason(ChurnReasonKind.TRAIT, exp(effect), words)


@reads(Scope.PREDICTION_READ)
def of_customers(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[ChurnReason]]:
    """What speaks for a departure of each of the customers `ids`, of whom something is predicted."""
    if not uow.may(Scope.PERSONAL_READ):
        return {}
    known = prediction.of_customers(uow, ids)
    found = {id_: list(seen(one)) for id_, one in evidence.of(uow, list(known)).items()}
    for id_, reasons in _of_fit(uow, known):
        found[id_] += reasons
    return {id_: sorted(some, key=lambda one: (-one.strength, one.kind)) for id_, some in found.items()}


def _of_fit(uow: Uow, known: Mapping[UUID, Prediction]) -> Iterator[tuple[UUID, list[ChurnReason]]]:
    """What the latest fit says of those whose risk follows from the time for which they have been customers."""
    ids = [id_ for id_, one in known.items() if one.churn_basis is ChurnBasis.LEAVING]
    fit: PredictionFit | None = uow.session.scalars(prediction.latest()).first() if ids else None
    if fit is None or fit.leaving_outcome is not FitOutcome.FITTED:
        return
    told: Mapping[str, Any] = fit.leaving
    model = fitting.leaving_of(told)
    for id_, ledger in spell.in_force(uow, ids).items():
        spells = [one for one in map(as_spell, ledger) if one.start < uow.today < one.end]
        for time in spells[:1]:
            yield id_, list(modelled(model, time, (uow.today - time.start).days, told["channels"]))
