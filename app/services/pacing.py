"""Pacing: whether a target will be met, from what was reached so far. Pure; knows ratios and directions."""

from dataclasses import dataclass
from enum import StrEnum

from app.kpis.kpi import Direction


class TargetState(StrEnum):
    """Where a target stands."""

    NOT_STARTED = "NOT_STARTED"
    NO_DATA = "NO_DATA"
    ON_TRACK = "ON_TRACK"
    AT_RISK = "AT_RISK"
    MET = "MET"
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class Reached:
    """What was reached so far: the value, and for ratios its parts and their scale; `elapsed` is 0 to 1.

    A sum or count `accumulates`. A share of those who were there at the start `decays`: it can only get worse.
    """

    value: float | None
    elapsed: float
    numerator: float | None = None
    denominator: float | None = None
    scale: float = 1
    accumulates: bool = False
    decays: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How a target does: `attainment` is the fraction of the way from baseline to goal (of the goal without one).

    `expected` is what the KPI should show by now, `required` what the rest of the time must run at.
    """

    state: TargetState
    attainment: float | None = None
    expected: float | None = None
    required: float | None = None


def pace(reached: Reached, goal: float, baseline: float | None, direction: Direction) -> Pace:
    """The pace towards `goal`."""
    expected = _expected(reached, goal, direction)
    if reached.elapsed <= 0:
        return Pace(TargetState.NOT_STARTED)
    if reached.value is None:
        return Pace(TargetState.NO_DATA, expected=expected, required=goal if reached.elapsed < 1 else None)
    attainment = _attainment(reached.value, goal, None if reached.accumulates else baseline, direction)
    required = _required(reached, goal, direction) if reached.elapsed < 1 else None
    return Pace(_state(reached, goal, expected, direction), attainment, expected, required)


def reaches(value: float, goal: float, direction: Direction) -> bool:
    """Whether `value` is at `goal` or better."""
    return value >= goal if direction is Direction.HIGHER_IS_BETTER else value <= goal


def _state(reached: Reached, goal: float, expected: float, direction: Direction) -> TargetState:
    value = reached.value
    assert value is not None  # noqa: S101 - the caller looked
    if reached.elapsed >= 1:
        return TargetState.MET if reaches(value, goal, direction) else TargetState.MISSED
    if reached.accumulates and direction is Direction.HIGHER_IS_BETTER and value >= goal:
        return TargetState.MET  # a count only grows
    if reached.accumulates and direction is Direction.LOWER_IS_BETTER and value > goal:
        return TargetState.MISSED
    return TargetState.ON_TRACK if reaches(value, expected, direction) else TargetState.AT_RISK


def _expected(reached: Reached, goal: float, direction: Direction) -> float:
    """What the KPI should show by now: a sum its part of the goal, a decaying share what an even decay leaves."""
    if reached.accumulates:
        return goal * reached.elapsed
    if reached.decays:
        kept = _kept(goal, direction)
        return _share(max(kept, 0.0) ** reached.elapsed, direction)
    return goal


def _kept(percent: float, direction: Direction) -> float:
    """The fraction still there, of a percentage that counts who stayed (higher is better) or who left."""
    return percent / 100 if direction is Direction.HIGHER_IS_BETTER else 1 - percent / 100


def _share(kept: float, direction: Direction) -> float:
    return 100 * kept if direction is Direction.HIGHER_IS_BETTER else 100 * (1 - kept)


def _attainment(value: float, goal: float, baseline: float | None, direction: Direction) -> float | None:
    if baseline is not None:
        return None if goal == baseline else (value - baseline) / (goal - baseline)
    if direction is Direction.HIGHER_IS_BETTER:
        return value / goal if goal else None
    return goal / value if value else None


def _required(reached: Reached, goal: float, direction: Direction) -> float | None:
    """What the rest must run at: of a sum what it must bring, of a decaying share what may still go, of a ratio a rate.

    The ratio's rest is what is still expected at the pace of what came so far.
    """
    if reached.value is None:
        return None
    if reached.accumulates:
        return goal - reached.value
    if reached.decays:
        kept = _kept(reached.value, direction)
        return _share(_kept(goal, direction) / kept, direction) if kept else None
    if reached.numerator is None or not reached.denominator:
        return None
    remaining = reached.denominator * (1 - reached.elapsed) / reached.elapsed
    return required_rate(reached.numerator, reached.denominator, remaining, goal, reached.scale)


def required_rate(numerator: float, denominator: float, remaining: float, goal: float, scale: float) -> float | None:
    """What the `remaining` cases must run at, so that all of them together come to `goal`; None when none remain."""
    if remaining <= 0:
        return None
    return scale * (goal / scale * (denominator + remaining) - numerator) / remaining
