"""What a KPI declaration says: a formula over measures, and everything that readers need to know about it."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from app.formula import Atom, Formula, atoms, show
from app.kpis.dimension import Dimension
from app.kpis.measure import Cube, Lost, Measure, Opening
from app.text import Text


class KpiUnit(StrEnum):
    """In what a KPI is given."""

    PERCENT = "PERCENT"
    POINTS = "POINTS"
    COUNT = "COUNT"


class Direction(StrEnum):
    """Which way is good."""

    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"
    LOWER_IS_BETTER = "LOWER_IS_BETTER"


class LifecycleStage(StrEnum):
    """The stage of the customer lifecycle that a KPI watches."""

    ACQUIRE = "ACQUIRE"
    CONVERT = "CONVERT"
    RETAIN = "RETAIN"
    EXPAND = "EXPAND"


class BusinessModel(StrEnum):
    """To whom a company sells."""

    B2B = "B2B"
    B2C = "B2C"


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
class OneScale:
    """The value has a meaning only if all answers share one scale: n Σx² = (Σx)² for its worst and for its best."""

    answers: Measure
    worst: Measure
    worst_squares: Measure
    best: Measure
    best_squares: Measure


@dataclass(frozen=True)
class Variant:
    """One reading of a KPI: numerator ÷ denominator × scale, or the numerator alone where there is no denominator.

    `evidence` are the facts that make it more than "no data"; by default whatever the formula reads.
    `latest_per_customer` counts only each customer's last answer in the period.
    """

    key: str
    name: Text
    about: Text
    numerator: Formula
    denominator: Formula | None = None
    scale: int = 1
    evidence: tuple[Atom, ...] = ()
    interval: Wilson | AdjustedWald | MeanInterval | None = None
    one_scale: OneScale | None = None
    latest_per_customer: bool = False

    @cached_property
    def formula(self) -> str:
        """The formula in print."""
        if self.denominator is None:
            return show(self.numerator)
        whole = self.numerator / self.denominator
        return show(self.scale * whole if self.scale != 1 else whole)

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """Everything that must be read to answer it."""
        extra: list[Atom] = list(self.evidence)
        for part in (self.interval, self.one_scale):
            extra += [] if part is None else vars(part).values()
        return tuple(dict.fromkeys((*atoms(self.numerator, self.denominator), *extra)))

    @cached_property
    def cubes(self) -> tuple[Cube, ...]:
        """The cubes that it reads, each once."""
        return tuple(dict.fromkeys(cube_of(atom) for atom in self.atoms))

    def is_latest(self, atom: Atom) -> bool:
        """Whether only each customer's last answer is counted of `atom`; what is evidence is counted whole."""
        return self.latest_per_customer and atom not in self.evidence

    def cut_by(self, dimension: Dimension) -> frozenset[Atom]:
        """The atoms that a cut by `dimension` narrows; the rest stay whole.

        Departures have a reason and the base they are compared with has none: churn by reason divides each reason's
        share by the whole base. Empty when not even the numerator can be cut.
        """
        return self._cuts[dimension]

    @cached_property
    def _cuts(self) -> dict[Dimension, frozenset[Atom]]:
        return {dimension: self._cut_by(dimension) for dimension in Dimension}

    def _cut_by(self, dimension: Dimension) -> frozenset[Atom]:
        def narrowed(part: Formula | None) -> set[Atom]:
            found = set(atoms(part))
            return found if all(cube_of(atom).has(dimension) for atom in found) else set()

        numerator = narrowed(self.numerator)
        if not numerator:
            return frozenset()
        rest = [atom for atom in self.atoms if atom not in set(atoms(self.numerator, self.denominator))]
        more = {atom for atom in rest if cube_of(atom).has(dimension)}
        return frozenset(numerator | narrowed(self.denominator) | more)


@dataclass(frozen=True)
class Kpi:
    """One KPI of the catalogue; its first variant is the default.

    `bounds` is the range of its values where the definition promises one, `survey` whether it is what people
    answered (sampled, and suppressed in small cells), `additive` whether its values add up over time and groups,
    `cohort` whether it follows those who were there at the start, so that it can only get worse.
    """

    key: str
    name: Text
    about: Text
    unit: KpiUnit
    direction: Direction
    stage: LifecycleStage
    variants: tuple[Variant, ...]
    bounds: tuple[float, float] | None = None
    survey: bool = False
    additive: bool = False
    cohort: bool = False
    models: tuple[BusinessModel, ...] = tuple(BusinessModel)
    industries: tuple[str, ...] = ()
    example: tuple[dict[str, int], float] | None = field(default=None, compare=False)

    def variant(self, key: str | None) -> Variant | None:
        """The variant named `key`, the default one for None or "default", None if there is no such."""
        if key is None or key == "default":
            return self.variants[0]
        return next((variant for variant in self.variants if variant.key == key), None)

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What its default variant can be cut by."""
        return tuple(dimension for dimension in Dimension if self.variants[0].cut_by(dimension))


def cube_of(atom: Atom) -> Cube:
    """The cube that `atom` is read from."""
    assert isinstance(atom, Measure | Opening | Lost)  # noqa: S101 - the kinds of atom there are
    return atom.measure.cube if isinstance(atom, Opening) else atom.cube


def ratio(  # noqa: PLR0913 - a declaration has as many parts as there are to say
    key: str,
    name: Text,
    about: Text,
    *,
    unit: KpiUnit,
    direction: Direction,
    stage: LifecycleStage,
    numerator: Formula,
    denominator: Formula | None = None,
    scale: int = 1,
    evidence: tuple[Atom, ...] = (),
    interval: Wilson | AdjustedWald | MeanInterval | None = None,
    default: str = "default",
    others: tuple[Variant, ...] = (),
    bounds: tuple[float, float] | None = None,
    survey: bool = False,
    additive: bool = False,
    cohort: bool = False,
    example: tuple[dict[str, int], float] | None = None,
) -> Kpi:
    """A KPI whose default reading is one ratio (or, without a denominator, one sum), beside `others`."""
    first = Variant(default, name, about, numerator, denominator, scale, evidence, interval)
    return Kpi(
        key, name, about, unit, direction, stage, (first, *others), bounds, survey, additive, cohort, example=example
    )
