"""Confidence intervals at 95 %. Pure functions of counts; an interval is (low, high) in the KPI's own scale."""

from math import sqrt

Z = 1.959964
"""The 97.5 % quantile of the normal distribution."""
LEVEL = 0.95


def wilson(successes: float, n: float) -> tuple[float, float] | None:
    """Wilson's interval of a proportion, in percent; None when nobody was asked."""
    if n <= 0:
        return None
    share, z2 = successes / n, Z * Z
    centre, spread = share + z2 / (2 * n), Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (centre - spread) / (1 + z2 / n), (centre + spread) / (1 + z2 / n)
    # at the ends the formula gives the bound exactly but for the last bit of a float
    return (0.0 if successes == 0 else 100 * low), (100.0 if successes == n else 100 * high)


def adjusted_wald(promoters: float, detractors: float, n: float) -> tuple[float, float] | None:
    """The adjusted Wald interval of a net promoter score: n + 3, ¾ more promoters and detractors each."""
    if n <= 0:
        return None
    p, d = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    score, spread = p - d, Z * sqrt((p + d - (p - d) ** 2) / (n + 3))
    return max(-100.0, 100 * (score - spread)), min(100.0, 100 * (score + spread))


def mean(total: float, squares: float, n: float, *, low: float, high: float) -> tuple[float, float] | None:
    """The normal interval of a mean from Σx and Σx², kept inside [low, high]; None below two answers."""
    if n < 2:
        return None
    average = total / n
    variance = max(0.0, (squares - total * total / n) / (n - 1))
    spread = Z * sqrt(variance / n)
    return max(low, average - spread), min(high, average + spread)


def difference(
    now: float, now_interval: tuple[float, float], before: float, before_interval: tuple[float, float]
) -> tuple[float, float]:
    """The interval of `now − before` for independent samples, from their own intervals (Newcombe's square-and-add)."""
    change = now - before
    down = sqrt((now - now_interval[0]) ** 2 + (before_interval[1] - before) ** 2)
    up = sqrt((now_interval[1] - now) ** 2 + (before - before_interval[0]) ** 2)
    return change - down, change + up
