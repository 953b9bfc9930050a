"""From amounts to a figure: value, parts, interval, and the reason where there is no value. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import partial
from typing import Any

from app.formula import Atom, Number, evaluate, subformulas
from app.kpis import interval
from app.kpis.atom import Daily, Distinct, Given, Judged, Lost, PerAccount, Percentile
from app.kpis.kpi import Component, Kpi, LeftOut, Variant, flow_of
from app.kpis.measure import MILLIONTHS
from app.kpis.sampling import AccountInterval, AdjustedWald, MeanInterval, OneScale, Wilson
from app.kpis.spread import Amount, Histogram

BOUNDLESS = 1e100
"""No figure is larger: formulas of workspaces may multiply what nobody should."""
LOW_SAMPLE = 30
"""Fewer answers than this are flagged."""


class NullReason(StrEnum):
    """Why a figure has no value; of several reasons the first in this order is given."""

    PREPARING = "PREPARING"
    INPUT_NOT_CONFIGURED = "INPUT_NOT_CONFIGURED"
    PERIOD_NOT_STARTED = "PERIOD_NOT_STARTED"
    MISSING_FX = "MISSING_FX"
    SUPPRESSED_SMALL_CELL = "SUPPRESSED_SMALL_CELL"
    NO_DATA = "NO_DATA"
    ZERO_DENOMINATOR = "ZERO_DENOMINATOR"
    UNBOUNDED = "UNBOUNDED"
    MIXED_SCALES = "MIXED_SCALES"


class KpiFlag(StrEnum):
    """What a reader should know before relying on a figure."""

    LOW_SAMPLE = "LOW_SAMPLE"
    MIXED_SURVEYS = "MIXED_SURVEYS"
    REBUILDING = "REBUILDING"
    KNOWN_SINCE_REBUILD = "KNOWN_SINCE_REBUILD"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and what it is made of. Percents are 0 to 100; nothing is rounded; `exact` is the value as it is."""

    value: float | None
    reason: NullReason | None = None
    numerator: float | None = None
    denominator: float | None = None
    sample: float | None = None
    interval: tuple[float, float] | None = None
    flags: tuple[KpiFlag, ...] = ()
    exact: Number | None = field(default=None, compare=False)
    left_out: tuple[tuple[LeftOut, float], ...] = ()
    components: tuple[tuple[Component, float | None], ...] = ()


def nothing(reason: NullReason, *flags: KpiFlag) -> Figure:
    """A figure without value or parts."""
    return Figure(None, reason, flags=flags)


def flagged(figure: Figure, *flags: KpiFlag) -> Figure:
    """`figure` with `flags` added."""
    return replace(figure, flags=(*figure.flags, *flags)) if flags else figure


def figure(kpi: Kpi, variant: Variant, amounts: Mapping[Atom, Amount], *, minor: int = 100) -> Figure:
    """What `variant` of `kpi` says about `amounts` (integers in each measure's own scale; what is given as it is).

    `minor` is how many minor units of the workspace's currency make a unit.
    """
    try:
        found = _figure(kpi, variant, amounts, minor)
    except OverflowError:
        return nothing(NullReason.UNBOUNDED)
    is_boundless = any(abs(one or 0) > BOUNDLESS for one in (found.value, found.numerator, found.denominator))
    return nothing(NullReason.UNBOUNDED) if is_boundless else found


def _figure(kpi: Kpi, variant: Variant, amounts: Mapping[Atom, Amount], minor: int) -> Figure:
    natural = partial(_natural, amounts, minor)
    if any(amounts[atom] for atom in variant.unpriced):
        return nothing(NullReason.MISSING_FX)
    numerator = evaluate(variant.numerator, natural)
    denominator = None if variant.denominator is None else evaluate(variant.denominator, natural)
    parts = _parts(variant, natural, numerator, denominator)
    is_sum = variant.denominator is None and not variant.is_composite and variant.sample is None
    if not is_sum and not any(amounts[atom] for atom in _evidence(variant)):
        return replace(parts, reason=NullReason.NO_DATA)
    if numerator is None or (variant.denominator is not None and not denominator):
        return replace(parts, reason=_lack(variant, natural))
    if variant.one_scale is not None and not _is_one_scale(variant.one_scale, amounts):
        return replace(parts, reason=NullReason.MIXED_SCALES)
    if variant.denominator is None:  # a count or a sum of nothing is a true zero
        return replace(parts, value=float(variant.scale * numerator), exact=variant.scale * numerator)
    assert denominator is not None  # noqa: S101 - or it would lack
    return replace(
        parts,
        value=_divide(variant.scale * numerator, denominator),
        exact=Fraction(variant.scale * numerator) / denominator,
        interval=_interval(variant, amounts, float(numerator), float(denominator), kpi.bounds),
        flags=tuple(_flags(kpi, variant, amounts, parts.sample or 0)),
    )


def _flags(kpi: Kpi, variant: Variant, amounts: Mapping[Atom, Amount], sample: float) -> Iterator[KpiFlag]:
    """What to know of a value."""
    if kpi.survey and sample < LOW_SAMPLE:
        yield KpiFlag.LOW_SAMPLE
    if sum(bool(amounts[atom]) for atom in variant.unlike) > 1:
        yield KpiFlag.MIXED_SURVEYS


def _natural(amounts: Mapping[Atom, Amount], minor: int, atom: Atom) -> Number | None:
    """What an atom comes to, in its own unit."""
    amount = amounts[atom]
    if isinstance(atom, Percentile):
        found = amount.percentile(atom.percent) if isinstance(amount, Histogram) else None
        return None if found is None else found / atom.scale
    assert not isinstance(amount, Histogram)  # noqa: S101 - only percentiles are of one
    if isinstance(atom, PerAccount) and amount is not None:
        return Fraction(amount) / minor if atom.is_money else amount
    if amount is None or isinstance(atom, Given | Distinct | Daily | Lost | Judged):
        return amount
    measure = flow_of(atom)
    scale = measure.scale if measure.unpriced is None else minor
    return amount if scale == 1 else Fraction(amount) / scale


def _parts(
    variant: Variant, natural: Callable[[Atom], Number | None], numerator: Number | None, denominator: Number | None
) -> Figure:
    """The figure without its value: what it is made of, and what is not in it."""
    left_out = tuple((one, float(natural(one.atom) or 0)) for one in variant.left_out)
    if variant.is_composite:
        return Figure(None, left_out=left_out, components=_components(variant, natural))
    sample = _float(denominator if variant.sample is None else natural(variant.sample))
    if variant.sample is not None and variant.denominator is None:
        return Figure(None, sample=sample, left_out=left_out)
    return Figure(None, None, _float(numerator), _float(denominator), sample, left_out=left_out)


def _components(
    variant: Variant, natural: Callable[[Atom], Number | None]
) -> tuple[tuple[Component, float | None], ...]:
    """What an index is the mean of; None for what is not in it."""
    counted = set(subformulas(variant.numerator))
    return tuple(
        (one, _float(evaluate(one.formula, natural)) if one.formula in counted else None) for one in variant.components
    )


def _evidence(variant: Variant) -> tuple[Atom, ...]:
    """What makes it more than no data."""
    if variant.evidence:
        return variant.evidence
    if variant.sample is not None:
        return (variant.sample,)
    beside = {one.atom for one in variant.left_out}
    return tuple(atom for atom in variant.atoms if atom not in beside)


def _float(number: Number | None) -> float | None:
    return None if number is None else float(number)


def _lack(variant: Variant, natural: Callable[[Atom], Number | None]) -> NullReason:
    """Why a formula has no value: there is nothing to divide by or, if that is all, something never ends."""
    if variant.endless is None:
        return NullReason.ZERO_DENOMINATOR
    ending, base = variant.endless
    is_endless = not natural(ending) and evaluate(base, natural)
    ended = evaluate(variant.numerator, lambda atom: 1 if atom is ending else natural(atom))
    return NullReason.UNBOUNDED if is_endless and ended is not None else NullReason.ZERO_DENOMINATOR


def _divide(left: Number, right: Number) -> float:
    # int / int is correctly rounded by the language; so is float(Fraction)
    return left / right if isinstance(left, int) and isinstance(right, int) else float(Fraction(left) / right)


def _is_one_scale(scale: OneScale, amounts: Mapping[Atom, Any]) -> bool:
    n = amounts[scale.answers]
    pairs = ((scale.worst, scale.worst_squares), (scale.best, scale.best_squares))
    return all(n * amounts[squares] == amounts[total] ** 2 for total, squares in pairs)


def _interval(
    variant: Variant,
    amounts: Mapping[Atom, Any],
    numerator: float,
    denominator: float,
    bounds: tuple[float, float] | None,
) -> tuple[float, float] | None:
    match variant.interval:
        case Wilson():
            return interval.wilson(numerator, denominator)
        case AdjustedWald(promoters, detractors, answers):
            return interval.adjusted_wald(amounts[promoters], amounts[detractors], amounts[answers])
        case MeanInterval(total, squares, answers):
            unit = MILLIONTHS / 100
            return interval.mean(
                amounts[total] / unit, amounts[squares] / unit * 100, amounts[answers], low=0.0, high=100.0
            )
        case AccountInterval(total, squares, accounts):
            sums = float(100 * amounts[total]), float(10_000 * amounts[squares])
            low, high = bounds or (0.0, 100.0)
            found = interval.mean(*sums, amounts[accounts], low=low, high=high)
            # of a few accounts, or where all say the same, the normal interval promises more than is known
            return None if found is None or amounts[accounts] < LOW_SAMPLE or found[0] == found[1] else found
        case None:
            return None
