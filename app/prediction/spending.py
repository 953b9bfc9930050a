"""How much customers spend on a purchase: Gamma-Gamma, by Fader and Hardie (2013), and what they will be worth.

What somebody spends varies around a mean of their own by a gamma distribution (p, n), and n from customer to customer
by a gamma distribution (q, gamma). It is assumed not to depend on how often they buy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma, log, sqrt
from typing import NamedTuple

from app.prediction.buying import LEVEL
from app.prediction.minimum import minimise
from app.prediction.special import digamma, normal

_HALVINGS = 24


class Spent(NamedTuple):
    """On how many purchases somebody has spent how much on average."""

    times: int
    mean: float


@dataclass(frozen=True)
class Spending:
    """A fitted model."""

    p: float
    q: float
    gamma: float
    log_likelihood: float = 0.0

    def mean(self, one: Spent) -> float | None:
        """What a purchase of the customer is expected to come to; None where that has no bound."""
        shape = self.q + self.p * one.times
        return self.p * (self.gamma + one.times * one.mean) / (shape - 1) if shape > 1 else None

    def at_most(self, one: Spent, chances: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
        """Between what the purchases to come, so probable each number of them is, lie together with `level`."""
        shape, scale = self.q + self.p * one.times, self.gamma + one.times * one.mean
        edge = (1 - level) / 2
        return tuple(self._quantile(shape, scale, chances, part) for part in (edge, 1 - edge))  # type: ignore[return-value]  # two of them

    def _quantile(self, shape: float, scale: float, chances: Sequence[float], part: float) -> float:
        """The amount that is not passed with the probability `part`."""
        if chances[0] >= part:
            return 0.0
        # a purchase fewer than one in ten thousand times moves no quantile of 95 %
        some = [(count, chance) for count, chance in enumerate(chances) if count and chance > 1e-4]  # noqa: PLR2004 - as said
        left = 1 - chances[0] - sum(chance for _, chance in some)

        def below(ratio: float) -> float:
            met = sum(chance * _below(self.p * count, shape, ratio) for count, chance in some)
            return chances[0] + met + left * (met / (1 - chances[0] - left) if some else 0.0)

        low, high = 0.0, self.p * len(chances) / shape
        while below(high) < part and high < 1e12:  # noqa: PLR2004 - no amount is so much larger than what was spent
            low, high = high, high * 2
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) < part else (low, middle)
        return scale * high


def _below(upper: float, lower: float, ratio: float) -> float:
    """How probable a ratio of two gamma variables of these shapes is below `ratio`, by Paulson's approximation."""
    if ratio <= 0:
        return 0.0
    one, other = 1 / (9 * upper), 1 / (9 * lower)
    root = (ratio * lower / upper) ** (1 / 3)
    return normal(((1 - other) * root - (1 - one)) / sqrt(other * root * root + one))


def fitted(people: Sequence[Spent]) -> Spending | None:
    """The model under which what people spent is likeliest; None where none is found."""
    some = [one for one in people if one.times > 0 and one.mean > 0]
    if not some:
        return None
    usual = sum(one.mean for one in some) / len(some)
    # in units of what is usual, so that no currency is too small
    scaled = [Spent(one.times, one.mean / usual) for one in some]
    found = minimise(lambda parameters: _likelihood(scaled, parameters), (2.0, 2.0, 1.0))
    if found is None:
        return None
    p, q, gamma = found.at
    return Spending(p, q, gamma * usual, -found.value - len(some) * log(usual))


def _likelihood(people: Sequence[Spent], parameters: Sequence[float]) -> tuple[float, list[float]]:
    """The negative log-likelihood, and its derivatives."""
    p, q, gamma = parameters
    total = len(people) * (q * log(gamma) - lgamma(q))
    d_p, d_q, d_gamma = 0.0, len(people) * (log(gamma) - digamma(q)), len(people) * q / gamma
    of_times: dict[int, tuple[float, float, float]] = {}
    for times, mean in people:
        if times not in of_times:
            both, own = p * times + q, p * times
            of_times[times] = lgamma(both) - lgamma(own), digamma(both), digamma(own)
        gammas, d_both, d_own = of_times[times]
        sum_ = gamma + times * mean
        logged, share = log(sum_), log(times * mean)
        total += gammas + p * times * share - log(mean) - (p * times + q) * logged
        d_p += times * (d_both - d_own + share - logged)
        d_q += d_both - logged
        d_gamma -= (p * times + q) / sum_
    return -total, [-d_p, -d_q, -d_gamma]


def correlation(people: Sequence[Spent]) -> float | None:
    """How far those who buy more often spend more on a purchase, from −1 to 1: the model assumes 0."""
    some = [one for one in people if one.times > 0 and one.mean > 0]
    count = len(some)
    if count < 3:  # noqa: PLR2004 - two always lie on a line
        return None
    middle_x, middle_y = sum(one.times for one in some) / count, sum(one.mean for one in some) / count
    across = sum((one.times - middle_x) * (one.mean - middle_y) for one in some)
    spread = sum((one.times - middle_x) ** 2 for one in some) * sum((one.mean - middle_y) ** 2 for one in some)
    return across / sqrt(spread) if spread > 0 else None
