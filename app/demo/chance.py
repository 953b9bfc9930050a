"""Chance that falls the same way every time, and counts that come out exactly."""

from collections.abc import Iterable, Mapping, Sequence
from math import log
from random import Random
from typing import TypeVar

T = TypeVar("T")


def dice(*about: object) -> Random:
    """Dice for one purpose. Each purpose has its own, so that one more throw here changes nothing there."""
    return Random("/".join(map(str, about)))  # noqa: S311 - plausible data, not secrets


def one_of(rng: Random, weights: Mapping[T, float]) -> T:
    """One of the keys, each as likely as its weight."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def apportion(total: int, weights: Sequence[float], caps: Sequence[int] | None = None) -> list[int]:
    """`total` shared out by `weights` in whole numbers that add up to it, none above its cap (largest remainder)."""
    limits = caps or [total] * len(weights)
    whole = sum(weights)
    ideal = [total * weight / whole for weight in weights]
    given = [min(int(share), limit) for share, limit in zip(ideal, limits, strict=True)]
    for _ in range(total - sum(given)):
        free = [place for place, limit in enumerate(limits) if given[place] < limit]
        given[max(free, key=lambda place: ideal[place] - given[place])] += 1
    return given


def ranked(rng: Random, weights: Iterable[float]) -> list[int]:
    """The places of `weights` in a random order in which heavy ones tend to come first."""
    # the ranks of exponential waiting times: a weighted draw without replacement
    waits = [-log(1 - rng.random()) / weight for weight in weights]
    return sorted(range(len(waits)), key=waits.__getitem__)


def wobble(rng: Random, width: float) -> float:
    """A factor around one, off by `width` at most."""
    return rng.uniform(1 - width, 1 + width)
