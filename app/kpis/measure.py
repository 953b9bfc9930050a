"""Measures: what is added up, from which facts, on which day and along which dimensions."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, true
from sqlalchemy.dialects import sqlite

from app.formula import Atom, Formula, Number
from app.kpis.dimension import JOINED, Dimension
from app.models.base import Owned
from app.models.rollup import SLOTS
from app.models.workspace import Workspace

Column = Any
"""An attribute of a table: SQLModel types it as the value it holds."""

MILLIONTHS = 1_000_000


@dataclass(frozen=True, eq=False)
class Cube:
    """The rollup of one kind of fact by one of its dates.

    `counted` says which facts count at all, `sign` is +1 or a column that holds it, `input` names for people the facts
    that are needed. `many` are dimensions of which one fact may have several values (a JSON array), `scanned` those
    that no rollup holds; `ahead` says that facts may be planned for days to come, `optional` that a workspace need not
    have any. `spread` is the value whose distribution is kept beside the sums: whole, 0 or more, null where a fact has
    none. Measures that name this cube take its next slot.
    """

    name: str
    input: str
    model: type[Owned]
    day: Column
    dimensions: Mapping[Dimension, Column]
    counted: ColumnElement[bool] = field(default_factory=true)
    sign: Column = 1
    many: Mapping[Dimension, Column] = field(default_factory=dict)
    scanned: Mapping[Dimension, Column] = field(default_factory=dict)
    person: Column = None
    ahead: bool = False
    optional: bool = False
    spread: Column = None
    measures: list["Measure"] = field(default_factory=list)

    def has(self, dimension: Dimension) -> bool:
        """Whether its facts can be cut by `dimension`."""
        if dimension in JOINED:
            return Dimension.CUSTOMER in self.scanned
        return dimension in self.dimensions or dimension in self.many or dimension in self.scanned

    @property
    def fingerprint(self) -> str:
        """Changes when what the cube's rows mean changes; a rollup of another fingerprint must be rebuilt."""
        return _fingerprint(self, len(self.measures))


@dataclass(frozen=True, eq=False)
class Crowd(Cube):
    """The rollup of how many people stand behind facts: a person counts where their first fact of a bucket lies.

    There is a slot for each calendar grain and `Among`. The days from a bucket's beginning up to any day inside it hold
    as many firsts as there are people, so that counting people is adding up. `is_busy` says that somebody may have many
    facts on a day.
    """

    is_busy: bool = False

    @property
    def fingerprint(self) -> str:
        """Changes when what the cube's rows mean changes."""
        return _fingerprint(self, len(Among) * len(GRAINS))


@dataclass(frozen=True, eq=False)
class Live(Cube):
    """Facts that are looked at when they are asked for: no rollup holds them."""


GRAINS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "EVER")
"""The grains by which people are counted, the finest first; the last is one bucket for all days."""


class Among(IntEnum):
    """Which people are counted: everybody, who has two facts or more in the bucket, who has none before it."""

    ALL = 0
    REPEATED = 1
    NEW = 2


@cache  # every write asks for it, and compiling two dozen expressions takes longer than the write
def _fingerprint(cube: Cube, _measures: int) -> str:
    parts: list[ColumnElement[Any]] = [cube.counted, *(measure.amount for measure in cube.measures)]
    shape = [cube.name, str(cube.day), str(cube.sign)]
    shape += [] if cube.spread is None else [f"spread={cube.spread}"]
    shape += [f"{dimension}={column}" for dimension, column in (*cube.dimensions.items(), *cube.many.items())]
    shape += [str(part.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})) for part in parts]
    return hashlib.sha256("\n".join(shape).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Measure(Atom):
    """A flow: how much `value` the facts `where` add in a period. Amounts are integers of 1/`scale` units.

    Money is in minor units of the workspace's currency, whatever `scale` says; `unpriced` counts the facts of which it
    is not known, for want of an exchange rate.
    """

    name: str
    cube: Cube
    where: ColumnElement[bool] = field(default_factory=true)
    value: Column = 1
    scale: int = 1
    unpriced: "Measure | None" = None

    def __post_init__(self) -> None:
        """Take the cube's next slot."""
        if len(self.cube.measures) >= SLOTS:
            msg = f"The cube {self.cube.name} is full; declare a second cube over the same facts."
            raise ValueError(msg)
        self.cube.measures.append(self)

    @property
    def slot(self) -> int:
        """Which column of the rollup holds it."""
        return self.cube.measures.index(self)

    @property
    def amount(self) -> ColumnElement[Any]:
        """What one fact adds: the same expression for a new row, for all history and for a scan."""
        value = self.value if self.unpriced is None else func.coalesce(self.value, 0)
        return cast(case((self.where, value), else_=0) * self.cube.sign, BigInteger)


def money(name: str, cube: Cube, where: ColumnElement[bool], value: Column, unpriced: Measure | None = None) -> Measure:
    """A sum of money; the count of facts without a rate is a measure of its own, unless one for them is given."""
    missing = unpriced or Measure(f"unpriced_{name}", cube, and_(where, value.is_(None)))
    return Measure(name, cube, where, value, unpriced=missing)


@dataclass(frozen=True)
class Opening(Atom):
    """A stock: the running total of `measure` before the period begins."""

    measure: Measure

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"opening({self.measure.name})"


@dataclass(frozen=True)
class Closing(Atom):
    """A stock: the running total of `measure` up to the end of the period.

    It is more than the opening and what came since where it is narrowed to who belongs to something: that is asked of
    the end then, not of the days on which people came.
    """

    measure: Measure

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"closing({self.measure.name})"


@dataclass(frozen=True)
class Shift(Atom):
    """How much less of `measure` those have at the end of the period who had some at its start, person by person.

    Or, with `is_more`, how much more. Whoever has less makes up for nobody who has more.
    """

    measure: Measure
    is_more: bool = False

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"{'expansion' if self.is_more else 'contraction'}({self.measure.name})"


@dataclass(frozen=True)
class Earlier(Atom):
    """The same flow over the period that a comparison is made with: the one before, or the same one a year ago."""

    measure: Measure
    is_year: bool = False

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"{'last_year' if self.is_year else 'previous'}({self.measure.name})"


@dataclass(frozen=True)
class Paid(Atom):
    """The same flow, of customers only who came through a paid channel."""

    measure: Measure

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"paid({self.measure.name})"


AMOUNTS = (Opening, Closing, Shift, Earlier, Paid)
"""Atoms that are some amount of one measure."""


@dataclass(frozen=True, eq=False)
class Distinct(Atom):
    """A distinct count: how many people have facts in the period, or how many of them are `among` some.

    With `is_ever` they are counted from the first day there is to the period's end.
    """

    name: str
    cube: Crowd
    among: Among = Among.ALL
    is_ever: bool = False

    def slot(self, grain: str) -> int:
        """Which column of the rollup holds it for buckets of `grain`."""
        return self.among * len(GRAINS) + GRAINS.index(grain)


@dataclass(frozen=True, eq=False)
class Daily(Atom):
    """How many people have facts on a day, added up over the days of the period: somebody counts once each day."""

    name: str
    cube: Crowd

    @property
    def slot(self) -> int:
        """Which column of the rollup holds it: each day's people stand beside those of longer stretches."""
        return Among.ALL * len(GRAINS) + GRAINS.index("DAY")


@dataclass(frozen=True)
class Percentile(Atom):
    """The value that `percent` of a hundred of the cube's facts do not pass, in units of `scale` of what is stored.

    It lies between the two neighbouring values in order, each within 0.8 % of what was measured.
    """

    of: str
    cube: Cube
    percent: int
    scale: int = 1

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"median({self.of})" if self.percent == 50 else f"p{self.percent}({self.of})"


class AccountSum(StrEnum):
    """What is added up over the accounts whose people answered; with weights, over those that weigh something."""

    MEANS = "means"
    SQUARES = "squares"
    ACCOUNTS = "count"
    WEIGHTS = "revenue"
    WEIGHTLESS = "weightless"
    UNPRICED = "unpriced"
    PEOPLE = "people"


@dataclass(frozen=True, eq=False)
class AccountScore:
    """What the people of each account say: `above` over `below`, of all their answers together.

    With `is_weighted` an account weighs what it bought, net, in the twelve months before the period ends.
    """

    name: str
    above: Formula
    below: Measure
    is_weighted: bool = False


@dataclass(frozen=True)
class PerAccount(Atom):
    """One sum over accounts: of their scores, each times its weight, of the scores' squares, of accounts, of people.

    Weights are money.
    """

    score: AccountScore
    sum: AccountSum

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"{self.score.name}_{'weighted_' if self.score.is_weighted else ''}account_{self.sum.value}"

    @property
    def is_money(self) -> bool:
        """Whether it is in minor units of the workspace's currency."""
        return self.score.is_weighted and self.sum in (AccountSum.MEANS, AccountSum.WEIGHTS)


@dataclass(frozen=True, eq=False)
class Given(Atom):
    """What is not counted but given: by the workspace's settings, or by the days asked for."""

    name: str
    of: Callable[[Workspace, date, date], Number | None]


@dataclass(frozen=True, eq=False)
class Lost(Atom):
    """A survival: how many who were customers at the start of the period no longer are at its end.

    Read from spells, so that somebody who leaves and returns inside the period is not lost; flows alone cannot tell.
    """

    name: str
    cube: Cube


@dataclass(frozen=True, eq=False)
class Judged(Atom):
    """How many targets had their last day in the period, of those whose days are over; or how many of them were met."""

    name: str
    cube: Live
    is_met: bool = False
