"""Measures: what is added up, from which facts, on which day and along which dimensions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, true
from sqlalchemy.dialects import sqlite

from app.formula import Atom
from app.kpis.dimension import Dimension
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
    that no rollup holds; `ahead` says that facts may be planned for days to come. Measures that name this cube take its
    next slot.
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
    measures: list["Measure"] = field(default_factory=list)

    def has(self, dimension: Dimension) -> bool:
        """Whether its facts can be cut by `dimension`."""
        return dimension in self.dimensions or dimension in self.many or dimension in self.scanned

    @property
    def fingerprint(self) -> str:
        """Changes when what the cube's rows mean changes; a rollup of another fingerprint must be rebuilt."""
        return _fingerprint(self, len(self.measures))


@cache  # every write asks for it, and compiling two dozen expressions takes longer than the write
def _fingerprint(cube: Cube, _measures: int) -> str:
    parts: list[ColumnElement[Any]] = [cube.counted, *(measure.amount for measure in cube.measures)]
    shape = [cube.name, str(cube.day), str(cube.sign)]
    shape += [f"{dimension}={column}" for dimension, column in (*cube.dimensions.items(), *cube.many.items())]
    shape += [str(part.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})) for part in parts]
    return hashlib.sha256("\n".join(shape).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Measure(Atom):
    """A flow: how much `value` the facts `where` add in a period. Amounts are integers of 1/`scale` units."""

    name: str
    cube: Cube
    where: ColumnElement[bool] = field(default_factory=true)
    value: Column = 1
    scale: int = 1

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
        return cast(case((self.where, self.value), else_=0) * self.cube.sign, BigInteger)


@dataclass(frozen=True)
class Opening(Atom):
    """A stock: the running total of `measure` before the period begins."""

    measure: Measure

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        return f"opening({self.measure.name})"


@dataclass(frozen=True, eq=False)
class Lost(Atom):
    """A survival: how many who were customers at the start of the period no longer are at its end.

    Read from spells, so that somebody who leaves and returns inside the period is not lost; flows alone cannot tell.
    """

    name: str
    cube: Cube
