"""How often customers buy who never say that they leave: BG/NBD, by Fader, Hardie and Lee (2005).

While somebody is a customer they buy at random at a rate of their own, which varies by a gamma distribution (r, alpha);
after each but the first they leave with a probability of their own, which varies by a beta distribution (a, b).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, expm1, lgamma, log, sqrt
from typing import NamedTuple

from app.prediction.minimum import Matrix, minimise
from app.prediction.special import Z, digamma, log_beta, logistic

LEVEL = 0.95
_TAIL = 1e-7
_MOST_PURCHASES = 10_000
_STEEP = 30.0


class Bought(NamedTuple):
    """What is known of a buyer: how often they bought again, when last and until when one has looked.

    Both times count from the first purchase, in one unit.
    """

    again: int
    last: float
    age: float


@dataclass(frozen=True)
class Buying:
    """A fitted model: the parameters, the log-likelihood, and the covariance of the parameters' logarithms."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0
    covariance: Matrix | None = None

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """The four of them."""
        return self.r, self.alpha, self.a, self.b

    def alive(self, one: Bought) -> float:
        """How probable it is that the customer has not left."""
        return _alive(self.parameters, one)

    def alive_between(self, one: Bought) -> tuple[float, float] | None:
        """Between what that lies with 95 %, for all that the parameters are not known exactly."""
        if one.again == 0:
            return (1.0, 1.0)
        if self.covariance is None:
            return None
        width, slope = 1e-5, []
        for place in range(4):
            up, down = (
                tuple(p * exp(sign * width) if i == place else p for i, p in enumerate(self.parameters))
                for sign in (1, -1)
            )
            slope.append((_odds(up, one) - _odds(down, one)) / (2 * width))
        variance = sum(
            slope[i] * slope[j] * self.covariance[i][j] for i in range(len(slope)) for j in range(len(slope))
        )
        odds, error = _odds(self.parameters, one), Z * sqrt(max(variance, 0.0))
        return logistic(odds - error), logistic(odds + error)

    def purchases(self, one: Bought, time: float) -> float:
        """How many purchases are to be expected of the customer over the next `time`."""
        return self.alive(one) * self._if_alive(one, time)

    def new(self, time: float) -> float:
        """How many purchases are to be expected of a newcomer over their first `time`, beside the first."""
        return self._if_alive(Bought(0, 0.0, 0.0), time)

    def _if_alive(self, one: Bought, time: float) -> float:
        upper = self.a + self.b - 1 - self.r
        if max(self.a, abs(upper)) > _STEEP:  # customers are so much alike that the terms would grow past all bounds
            return sum(count * chance for count, chance in enumerate(self._chances(one, time, 1.0)))
        # the published 2F1 by Euler's transformation, in which a − 1 cancels: nothing is divided by it
        a, c = self.a, self.a + self.b + one.again - 1
        rest = log(self.alpha + one.age) - log(self.alpha + one.age + time)  # ln(1 − z)
        z = -expm1(rest)
        gone = -rest if abs(a - 1) < 1e-9 else -expm1((a - 1) * rest) / (a - 1)  # noqa: PLR2004 - its limit there
        return c * gone - exp((a - 1) * rest) * _series(upper, a, c, z)

    def chances(self, one: Bought, time: float) -> list[float]:
        """How probable 0, 1, 2 … purchases over the next `time` are; what is left out comes to less than 10⁻⁷."""
        return self._chances(one, time, self.alive(one))

    def _chances(self, one: Bought, time: float, alive: float) -> list[float]:
        rate, stay = self.r + one.again, self.b + one.again
        idle = log(self.alpha + one.age) - log(self.alpha + one.age + time)
        busy = log(time) - log(self.alpha + one.age + time)
        # of somebody who never leaves, in logarithms, because for who buys daily it begins with next to nothing
        rest, logged, done, total = 1.0, rate * idle, 0.0, 1 - alive
        found = [1 - alive]
        kept, left = 1.0, self.a / (self.a + stay)  # to stay for so many purchases, and to leave at the last of them
        for count in range(_MOST_PURCHASES):
            chance = exp(logged)
            here = alive * (kept * chance + (left * rest if count else 0.0))
            if count:
                found.append(here)
                left *= (stay + count - 1) / (self.a + stay + count)
            else:
                found[0] += here
            done += chance
            rest = max(1 - done, 0.0)
            total += here
            kept *= (stay + count) / (self.a + stay + count)
            logged += log((rate + count) / (count + 1)) + busy
            if 1 - total < _TAIL or (rest < _TAIL and here < _TAIL):
                break
        return found


def between(chances: Sequence[float], level: float = LEVEL) -> tuple[int, int]:
    """The fewest and the most purchases of the middle `level` of what may happen."""
    edge, total, low = (1 - level) / 2, 0.0, None
    for count, chance in enumerate(chances):
        total += chance
        if low is None and total >= edge:
            low = count
        if total >= 1 - edge:
            return low or 0, count
    return low or 0, len(chances) - 1


def fitted(people: Mapping[Bought, int]) -> Buying | None:
    """The model under which what is known of so many people is likeliest; None where none is found."""
    mean = sum(one.age * count for one, count in people.items()) / sum(people.values())
    found = minimise(Likelihood(people), (0.5, max(mean / 4, 1e-6), 1.0, 2.0))
    if found is None:
        return None
    r, alpha, a, b = found.at
    return Buying(r, alpha, a, b, -found.value, found.covariance)


class Likelihood:
    """The negative log-likelihood of what is known of people who are alike in groups, and its derivatives."""

    def __init__(self, people: Mapping[Bought, int]) -> None:
        self._again = Counter[int]()
        for one, count in people.items():
            self._again[one.again] += count
        self._count = sum(people.values())
        self._groups = [(*one, count) for one, count in people.items()]

    @cached_property
    def _times(self) -> list[float]:
        return list({time for _, last, age, _ in self._groups for time in (last, age)})

    def __call__(self, parameters: Sequence[float]) -> tuple[float, list[float]]:
        """The value at these parameters, and its slope there."""
        r, alpha, a, b = parameters
        total, d_r, d_alpha, d_a, d_b = self._of_counts(r, alpha, a, b)
        logs = {time: log(alpha + time) for time in self._times}
        leave = {again: log(a) - log(b + again - 1) for again in self._again if again}
        for again, last, age, count in self._groups:
            power, old = r + again, logs[age]
            stays = -power * old
            if again == 0:
                total += count * stays
                d_r -= count * old
                d_alpha -= count * power / (alpha + age)
                continue
            new = logs[last]
            more = leave[again] - power * new - stays  # ln of how much likelier it is to have left
            gone = 1 / (1 + exp(-more)) if more > -700 else 0.0  # noqa: PLR2004 - where exp overflows
            total += count * (stays + (more - log(gone) if more > 0 else -log(1 - gone)))
            d_r -= count * ((1 - gone) * old + gone * new)
            d_alpha -= count * power * ((1 - gone) / (alpha + age) + gone / (alpha + last))
            d_a += count * gone / a
            d_b -= count * gone / (b + again - 1)
        return -total, [-d_r, -d_alpha, -d_a, -d_b]

    def _of_counts(self, r: float, alpha: float, a: float, b: float) -> tuple[float, float, float, float, float]:
        """What depends on how often they bought alone."""
        total = self._count * r * log(alpha)
        d_r, d_alpha = self._count * log(alpha), self._count * r / alpha
        d_a = d_b = 0.0
        for again, count in self._again.items():
            total += count * (lgamma(r + again) - lgamma(r) + log_beta(a, b + again) - log_beta(a, b))
            d_r += count * (digamma(r + again) - digamma(r))
            d_a += count * (digamma(a + b) - digamma(a + b + again))
            d_b += count * (digamma(a + b) + digamma(b + again) - digamma(b) - digamma(a + b + again))
        return total, d_r, d_alpha, d_a, d_b


def _odds(parameters: Sequence[float], one: Bought) -> float:
    """The logarithmic odds that somebody who bought again has not left."""
    r, alpha, a, b = parameters
    return log(b + one.again - 1) - log(a) - (r + one.again) * (log(alpha + one.age) - log(alpha + one.last))


def _alive(parameters: Sequence[float], one: Bought) -> float:
    return logistic(_odds(parameters, one)) if one.again else 1.0


def _series(upper: float, a: float, c: float, z: float) -> float:
    """Σ over n ≥ 1 of (upper)ₙ (a)ₙ₋₁ / ((c)ₙ n!) zⁿ."""
    # c × (upper/c) z: the factor c in front is taken in, so that a c of 0 harms nothing
    term = total = upper * z
    for n in range(1, 100_000):
        term *= (upper + n) * (a + n - 1) / ((c + n) * (n + 1)) * z
        total += term
        if abs(term) <= 1e-15 * (abs(total) + 1e-300):
            break
    return total
