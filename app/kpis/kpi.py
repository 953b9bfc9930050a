"""What a KPI declaration says: a formula over measures, and everything that readers need to know about it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement

from app.formula import Atom, Formula, Mean, atoms, show
from app.kpis.atom import AMOUNTS, AccountSum, Daily, Distinct, Given, Judged, Lost, PerAccount, Percentile
from app.kpis.component import Component
from app.kpis.dimension import Dimension
from app.kpis.measure import Cube, Live, Measure
from app.kpis.nature import BusinessModel, Direction, KpiUnit, LifecycleStage
from app.kpis.sampling import AccountInterval, AdjustedWald, MeanInterval, OneScale, Wilson
from app.text import Text

__all__ = ["BusinessModel", "Component", "Direction", "KpiUnit", "LifecycleStage"]
"""What is declared in modules of its own and goes by this one's name as well."""


@dataclass(frozen=True)
class LeftOut:
    """Cases that belong to the question and are not in the value, and why; programs know the reason by its `key`."""

    key: str
    why: Text
    atom: Atom


UNANSWERED = "UNANSWERED"
"""The key of cases that wait for an answer."""


@dataclass(frozen=True)
class Variant:
    """One reading of a KPI: numerator ÷ denominator × scale, or the numerator alone where there is no denominator.

    `evidence` are the facts that make it more than "no data"; by default whatever the formula reads.
    `latest_per_customer` counts only each customer's last answer in the period. A composite has no parts to show.
    Where all that is missing is that the atom of `endless` is nothing, of a base that is there, the value is unbounded.
    `over_whole` are the dimensions that cut the numerator alone, each part over the whole base. `settles_in` names the
    settings of the workspace that say for how many days after its period it is provisional; `optional` are cubes that
    need no facts, `needs` those that need some although they are not read. `sample` counts the cases behind a value
    whose base does not, `left_out` those that are not in it, `components` what the mean of an index is of. `among`
    narrows the facts themselves, `people` are those behind a value that counts accounts. `compounds` says that it is a
    rate of staying or leaving, of the same people. A profile tells of people what they have not done, so that only who
    may see personal data may cut it. Of `unlike`, two or more that are there are flagged.
    """

    key: str
    name: Text
    about: Text
    numerator: Formula
    denominator: Formula | None = None
    scale: int = 1
    evidence: tuple[Atom, ...] = ()
    interval: Wilson | AdjustedWald | MeanInterval | AccountInterval | None = None
    one_scale: OneScale | None = None
    latest_per_customer: bool = False
    is_composite: bool = False
    endless: tuple[Atom, Formula] | None = None
    over_whole: frozenset[Dimension] = frozenset()
    settles_in: str | tuple[str, ...] | None = None
    optional: tuple[Cube, ...] = ()
    needs: tuple[Cube, ...] = ()
    sample: Measure | PerAccount | None = None
    left_out: tuple[LeftOut, ...] = ()
    among: ColumnElement[bool] | None = None
    people: PerAccount | None = None
    compounds: bool = False
    components: tuple[Component, ...] = ()
    is_profile: bool = False
    unlike: tuple[Measure | PerAccount, ...] = ()

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
        extra: list[Atom] = [*self.evidence, *(part.atom for part in self.left_out), *self.unlike]
        extra += [] if self.sample is None else [self.sample]
        extra += [] if self.people is None else [self.people]
        for part in (self.interval, self.one_scale):
            extra += [] if part is None else vars(part).values()
        found = [atom for atom in atoms(self.numerator, self.denominator) if not isinstance(atom, Given)]
        return tuple(dict.fromkeys((*found, *extra, *filter(None, map(unpriced, (*found, *extra))))))

    @cached_property
    def givens(self) -> tuple[Given, ...]:
        """What it takes from the workspace's settings and the days asked for."""
        return tuple(atom for atom in atoms(self.numerator, self.denominator) if isinstance(atom, Given))

    @property
    def is_flow(self) -> bool:
        """Whether its parts add up over time, so that what is still to come can be told from what came."""
        return all(isinstance(atom, Measure) for atom in atoms(self.numerator, self.denominator))

    @cached_property
    def unpriced(self) -> tuple[Atom, ...]:
        """What counts the facts that lack an exchange rate."""
        return tuple(dict.fromkeys(filter(None, map(unpriced, self.atoms))))

    @cached_property
    def needed(self) -> tuple[Cube, ...]:
        """The cubes that a workspace must have facts of."""
        return tuple(cube for cube in self.cubes if not cube.optional and cube not in self.optional)

    @cached_property
    def cubes(self) -> tuple[Cube, ...]:
        """The cubes that it rests on, each once."""
        beside = (cube for one in self.components for cube in _rests_on(one))
        return tuple(dict.fromkeys((*map(cube_of, self.atoms), *self.needs, *beside)))

    @cached_property
    def rollups(self) -> tuple[Cube, ...]:
        """The cubes of them that rollups hold."""
        return tuple(cube for cube in self.cubes if not isinstance(cube, Live))

    def lacks(self, has: Callable[[Cube], bool]) -> bool:
        """Whether it cannot be answered, for want of facts that it needs; `has` says which there are."""
        if not all(map(has, self.needed)):
            return True
        return bool(self.components) and not any(all(map(has, _rests_on(one))) for one in self.components)

    def having(self, has: Callable[[Cube], bool]) -> "Variant":
        """The same without the components for which there are no facts, where there are others."""
        kept = tuple(one.formula for one in self.components if all(map(has, _rests_on(one))))
        return replace(self, numerator=Mean(kept)) if 0 < len(kept) < len(self.components) else self

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
    def dimensions(self) -> tuple[Dimension, ...]:
        """What it can be cut by."""
        return tuple(dimension for dimension in Dimension if self.cut_by(dimension))

    @cached_property
    def _cuts(self) -> dict[Dimension, frozenset[Atom]]:
        return {dimension: self._cut_by(dimension) for dimension in Dimension}

    def _cut_by(self, dimension: Dimension) -> frozenset[Atom]:
        """What a cut narrows; nothing where one of the parts cannot be cut, unless it is the base of all of them."""

        def read(part: Formula | None) -> set[Atom]:
            return {atom for atom in atoms(part) if not isinstance(atom, Given)}

        def narrowed(found: set[Atom]) -> set[Atom]:
            return found if all(cube_of(atom).has(dimension) for atom in found) else set()

        numerator, base = narrowed(read(self.numerator)), read(self.denominator)
        denominator = narrowed(base)
        if not numerator or (base and not denominator and dimension not in self.over_whole):
            return frozenset()
        rest = [atom for atom in self.atoms if atom not in read(self.numerator) | base]
        return frozenset(numerator | denominator | {atom for atom in rest if cube_of(atom).has(dimension)})


@dataclass(frozen=True)
class Kpi:
    """One KPI of the catalogue; its first variant is the default.

    `bounds` is the range of its values where the definition promises one, `survey` whether it is what people
    answered (sampled, and suppressed in small cells), `additive` whether its values add up over time and groups,
    `cohort` whether it follows those who were there at the start, so that it can only get worse. `written` is the
    formula as the workspace wrote it whose own KPI this is.
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
    written: str | None = None
    example: tuple[dict[str, int], float] | None = field(default=None, compare=False)

    def variant(self, key: str | None) -> Variant | None:
        """The variant named `key`, the default one for None or "default", None if there is no such."""
        if key is None or key == "default":
            return self.variants[0]
        return next((variant for variant in self.variants if variant.key == key), None)

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What its default variant can be cut by."""
        return self.variants[0].dimensions


def cube_of(atom: Atom) -> Cube:
    """The cube that `atom` is read from."""
    if isinstance(atom, Lost | Distinct | Daily | Percentile | Judged):
        return atom.cube
    if isinstance(atom, PerAccount):
        return atom.score.below.cube
    return flow_of(atom).cube


def _rests_on(component: Component) -> tuple[Cube, ...]:
    """The cubes of which an index needs facts for one of its figures."""
    return (*map(cube_of, atoms(component.formula)), *component.needs)


def flow_of(atom: Atom) -> Measure:
    """The measure of which `atom` is an amount."""
    found = atom.measure if isinstance(atom, AMOUNTS) else atom
    assert isinstance(found, Measure)  # noqa: S101 - survivals and distinct counts are no amounts
    return found


def unpriced(atom: Atom) -> Atom | None:
    """What counts the facts of `atom` that lack an exchange rate, over the same days; None where it is no money."""
    if isinstance(atom, PerAccount):
        return PerAccount(atom.score, AccountSum.UNPRICED) if atom.is_money else None
    if isinstance(atom, Lost | Distinct | Daily | Percentile | Judged) or (missing := flow_of(atom).unpriced) is None:
        return None
    return missing if isinstance(atom, Measure) else replace(atom, measure=missing)  # type: ignore[type-var]  # each wraps a measure


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
    default: str = "default",
    others: tuple[Variant, ...] = (),
    bounds: tuple[float, float] | None = None,
    survey: bool = False,
    additive: bool = False,
    cohort: bool = False,
    example: tuple[dict[str, int], float] | None = None,
    **reading: Any,  # noqa: ANN401 - as the variant has them
) -> Kpi:
    """A KPI whose default reading is one ratio (or, without a denominator, one sum), beside `others`.

    What else a variant may say of itself, its interval and so on, is said in `reading`.
    """
    first = Variant(default, name, about, numerator, denominator, scale, evidence, **reading)
    return Kpi(
        key, name, about, unit, direction, stage, (first, *others), bounds, survey, additive, cohort, example=example
    )
