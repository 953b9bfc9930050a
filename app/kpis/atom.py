"""What formulas are made of besides flows: stocks, counts of people or accounts, survivals, distributions, givens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.formula import Atom, Formula, Number
from app.kpis.measure import GRAINS, Among, Crowd, Cube, Live, Measure
from app.models.workspace import Workspace


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
    ANSWERS = "answers"


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

    Or of those of their answers that `answers` counts. Weights are money.
    """

    score: AccountScore
    sum: AccountSum
    answers: Measure | None = None

    @property
    def name(self) -> str:  # type: ignore[override]  # computed here, a field elsewhere
        """How it is printed."""
        of = self.sum.value if self.answers is None else self.answers.name
        return f"{self.score.name}_{'weighted_' if self.score.is_weighted else ''}account_{of}"

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
