"""Components: the figures that an index is the mean of."""

from dataclasses import dataclass

from app.formula import Formula
from app.kpis.measure import Cube
from app.text import Text


@dataclass(frozen=True)
class Component:
    """One of the figures that an index is the mean of; without a value, or facts that it `needs`, it is left out."""

    key: str
    name: Text
    formula: Formula
    needs: tuple[Cube, ...] = ()
