"""Measures: what is added up, from which facts, on which day and along which dimensions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, true
from sqlalchemy.dialects import sqlite

from app.formula import Atom
from app.kpis.dimension import JOINED, Dimension
from app.models.base import Owned
from app.models.rollup import SLOTS

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
