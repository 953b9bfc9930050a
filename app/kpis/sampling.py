"""What of a value is a sample: from which parts its confidence interval follows, and what must hold for one."""

from dataclasses import dataclass

from app.kpis.atom import PerAccount
from app.kpis.measure import Measure


@dataclass(frozen=True)
class Wilson:
    """The numerator's share of the denominator is a sampled proportion."""


@dataclass(frozen=True)
class AdjustedWald:
    """The value is a net promoter score of these parts."""

    promoters: Measure
    detractors: Measure
    answers: Measure


@dataclass(frozen=True)
class MeanInterval:
    """The value is a mean of positions on a scale (0 to 1, in millionths); `squares` is Σx²."""

    total: Measure
    squares: Measure
    answers: Measure


@dataclass(frozen=True)
class AccountInterval:
    """The value is a mean over accounts, which are what was sampled; `squares` is Σx²."""

    total: PerAccount
    squares: PerAccount
    accounts: PerAccount


@dataclass(frozen=True)
class OneScale:
    """The value has a meaning only if all answers share one scale: n Σx² = (Σx)² for its worst and for its best."""

    answers: Measure
    worst: Measure
    worst_squares: Measure
    best: Measure
    best_squares: Measure
