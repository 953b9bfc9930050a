"""How far predictions came true: what was predicted beside what was observed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

GROUPS = 10

Pair = tuple[float, bool]
"""How probable something was said to be, and whether it came to be."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some of those of whom alike was predicted: how many, the mean of what was predicted, and the part observed."""

    count: int
    predicted: float
    observed: float


def groups(pairs: Sequence[Pair]) -> list[Group]:
    """The pairs in ten groups of equal size, those of the least probable first."""
    ordered = sorted(pairs)
    edges = [round(place * len(ordered) / GROUPS) for place in range(GROUPS + 1)]
    found = [ordered[low:high] for low, high in pairwise(edges) if high > low]
    return [
        Group(len(some), sum(chance for chance, _ in some) / len(some), sum(came for _, came in some) / len(some))
        for some in found
    ]


def brier(pairs: Sequence[Pair]) -> float:
    """The mean squared error of the probabilities: 0 is best; who always says the half has 0.25."""
    return sum((chance - came) ** 2 for chance, came in pairs) / len(pairs)
