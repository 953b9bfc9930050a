"""Finding the parameters of a model: where a smooth function of their logarithms is least."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log, sqrt

from app.prediction.special import inverse

MOST_STEPS = 200
_FARTHEST = 14.0
"""No parameter leaves e^−14 … e^14: a likelihood that is flat further out has nothing more to tell."""

Vector = list[float]
Matrix = list[list[float]]
Function = Callable[[Sequence[float]], tuple[float, Vector]]
"""A function of parameters: its value and its derivatives by them."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where it is least, what it is there, and the covariance of the parameters' logarithms where it is a likelihood.

    That is None where the data does not tell all of the parameters apart.
    """

    at: tuple[float, ...]
    value: float
    covariance: Matrix | None


def minimise(function: Function, start: Sequence[float]) -> Minimum | None:
    """The minimum of `function` over positive parameters, from `start`, by BFGS; None where none is found in time."""
    logged = _of_logarithms(function)
    point = [log(one) for one in start]
    value, slope = logged(point)
    size = len(point)
    bend = [[float(i == j) for j in range(size)] for i in range(size)]
    for _ in range(MOST_STEPS):
        way = [-sum(bend[i][j] * slope[j] for j in range(size)) for i in range(size)]
        if _dot(way, slope) >= 0:  # no way down any more: begin anew, as steeply as it goes
            bend = [[float(i == j) for j in range(size)] for i in range(size)]
            way = [-one for one in slope]
        found = _step(logged, point, value, slope, way)
        if found is None or abs(value - found[1]) <= 1e-12 * (1 + abs(value)):
            at, best = (point, value) if found is None else found[:2]
            is_flat = sqrt(_dot(slope, slope)) <= 1e-4 * (1 + abs(value))
            return Minimum(tuple(map(exp, at)), best, _covariance(logged, at)) if found or is_flat else None
        after, value, after_slope = found
        _update(bend, _minus(after, point), _minus(after_slope, slope))
        point, slope = after, after_slope
    return None


def _of_logarithms(function: Function) -> Function:
    def logged(point: Sequence[float]) -> tuple[float, Vector]:
        parameters = [exp(one) for one in point]
        value, slope = function(parameters)
        return value, [a * b for a, b in zip(slope, parameters, strict=True)]

    return logged


def _step(
    function: Function, point: Vector, value: float, slope: Vector, way: Vector
) -> tuple[Vector, float, Vector] | None:
    """A point down the way that is lower by as much as the slope promises."""
    longest = max(map(abs, way))
    length = min(1.0, 2.0 / longest) if longest else 1.0
    promised = _dot(slope, way)
    for _ in range(40):
        to = [min(max(a + length * b, -_FARTHEST), _FARTHEST) for a, b in zip(point, way, strict=True)]
        there, slope_there = function(to)
        if isfinite(there) and there <= value + 1e-4 * length * promised:
            return to, there, slope_there
        length /= 2
    return None


def _update(bend: Matrix, moved: Vector, turned: Vector) -> None:
    """What the step has told of the curvature, by the formula of Broyden, Fletcher, Goldfarb and Shanno."""
    gained = _dot(moved, turned)
    if gained <= 1e-12:  # noqa: PLR2004 - it does not curve upwards here
        return
    size = len(moved)
    towards = [_dot(bend[i], turned) for i in range(size)]
    factor = 1 + _dot(turned, towards) / gained
    for i in range(size):
        for j in range(size):
            bend[i][j] += (factor * moved[i] * moved[j] - towards[i] * moved[j] - moved[i] * towards[j]) / gained


def _covariance(function: Function, point: Vector) -> Matrix | None:
    """The inverse of the curvature, from differences of the slopes."""
    size, width = len(point), 1e-4
    rows = []
    for i in range(size):
        up, down = ([a + sign * width * (i == j) for j, a in enumerate(point)] for sign in (1, -1))
        rows.append([(a - b) / (2 * width) for a, b in zip(function(up)[1], function(down)[1], strict=True)])
    return inverse([[(rows[i][j] + rows[j][i]) / 2 for j in range(size)] for i in range(size)])


def _dot(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def _minus(left: Vector, right: Vector) -> Vector:
    return [a - b for a, b in zip(left, right, strict=True)]
