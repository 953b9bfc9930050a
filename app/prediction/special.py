"""Functions that Python's `math` lacks."""

from collections.abc import Sequence
from math import erfc, exp, lgamma, log, sqrt

Z = 1.959963984540054
"""Between −Z and Z a standard normal variable lies with 95 %."""


def digamma(x: float) -> float:
    """The derivative of ln Γ, for x > 0."""
    shift = 0.0
    while x < 6:  # noqa: PLR2004 - from here on seven terms are exact to the last digits
        shift -= 1 / x
        x += 1
    y = 1 / (x * x)
    tail = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return shift + log(x) - 0.5 / x - tail


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def normal(z: float) -> float:
    """How probable it is that a standard normal variable is below `z`."""
    return 0.5 * erfc(-z / sqrt(2))


def logistic(x: float) -> float:
    """The probability whose logarithmic odds are `x`."""
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float] | None:
    """The solution of a symmetric, positive definite system, by Cholesky; None where it is not so."""
    factor = _cholesky(matrix)
    if factor is None:
        return None
    size = len(right)
    found = list(right)
    for i in range(size):
        found[i] = (found[i] - sum(factor[i][k] * found[k] for k in range(i))) / factor[i][i]
    for i in reversed(range(size)):
        found[i] = (found[i] - sum(factor[k][i] * found[k] for k in range(i + 1, size))) / factor[i][i]
    return found


def inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """The inverse of a symmetric, positive definite matrix; None where it is not so."""
    size = len(matrix)
    columns = [solved(matrix, [float(i == j) for i in range(size)]) for j in range(size)]
    return None if None in columns else [list(row) for row in zip(*columns, strict=True)]


def _cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    factor: list[list[float]] = []
    for i, row in enumerate(matrix):
        line: list[float] = []
        for j in range(i + 1):
            rest = row[j] - sum(line[k] * (factor[j][k] if j < i else line[k]) for k in range(j))
            if j < i:
                line.append(rest / factor[j][j])
            elif rest > 0:
                line.append(sqrt(rest))
            else:
                return None
        factor.append(line)
    return factor
