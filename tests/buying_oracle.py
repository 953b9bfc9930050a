"""A second opinion on BG/NBD and Gamma-Gamma: their stories told, and added up over all rates there may be.

Nothing here knows a closed form: probabilities are integrals over the rate of purchases and the chance to leave, taken
point by point, or shares of many customers who are made up.
"""

from math import exp, log
from random import Random

STEPS = 400
_POWER = 6
"""Points lie closer together near 0, where the densities may have no bound."""


def chance(seed):
    """The same chance each time."""
    return Random(seed)  # noqa: S311 - repeatable, not secret


def _points(top):
    """The middles of stretches of (0, top), each with its length."""
    for place in range(STEPS):
        middle = (place + 0.5) / STEPS
        yield top * middle**_POWER, top * _POWER * middle ** (_POWER - 1) / STEPS


def over_rates(weigh, r, alpha):
    """∫ weigh(rate) × density of the rate, but for the density's own constant."""
    top = (r + 60) / alpha
    return sum(weigh(rate) * rate ** (r - 1) * exp(-alpha * rate) * width for rate, width in _points(top))


def over_chances(weigh, a, b):
    """∫ weigh(chance to leave) × its density, but for the density's own constant; from both ends."""
    near = sum(weigh(p) * p ** (a - 1) * (1 - p) ** (b - 1) * width for p, width in _points(0.5))
    far = sum(weigh(1 - q) * (1 - q) ** (a - 1) * q ** (b - 1) * width for q, width in _points(0.5))
    return near + far


def likelihood(one, r, alpha, a, b):
    """How likely a course is: of somebody who has not left since, or who left at the last purchase."""
    again, last, age = one
    stays = over_rates(lambda rate: rate**again * exp(-rate * age), r, alpha)
    stays *= over_chances(lambda p: (1 - p) ** again, a, b)
    gone = 0.0
    if again:
        gone = over_rates(lambda rate: rate**again * exp(-rate * last), r, alpha)
        gone *= over_chances(lambda p: p * (1 - p) ** (again - 1), a, b)
    whole = over_rates(lambda _: 1.0, r, alpha) * over_chances(lambda _: 1.0, a, b)
    return stays / whole, gone / whole


def alive(one, *parameters):
    """How probable it is that they have not left."""
    stays, gone = likelihood(one, *parameters)
    return stays / (stays + gone)


def log_likelihood(people, *parameters):
    """Of so many courses."""
    return sum(count * log(sum(likelihood(one, *parameters))) for one, count in people.items())


def purchases(one, time, r, alpha, a, b):
    """How many more are to be expected: while they leave with chance p after each, (1 − e^(−rate p time)) / p."""
    again, _, age = one
    rates, chances = list(_points((r + again + 60) / (alpha + age))), [(p, 1 - p, width) for p, width in _points(0.5)]
    chances += [(1 - q, q, width) for q, width in _points(0.5)]
    rated = [(v, v ** (r + again - 1) * exp(-(alpha + age) * v) * width) for v, width in rates]
    left = [(p, p ** (a - 1) * q ** (b + again - 1) * width) for p, q, width in chances]
    top = sum(w * u * (1 - exp(-v * p * time)) / p for v, w in rated for p, u in left)
    return alive(one, r, alpha, a, b) * top / (sum(w for _, w in rated) * sum(u for _, u in left))


def made_up(rng: Random, count, until, r, alpha, a, b):
    """The courses of so many customers by chance: each how often again, when last, how long ago the first was."""
    found = []
    for _ in range(count):
        rate, leave = rng.gammavariate(r, 1 / alpha), rng.betavariate(a, b)
        age, at, last, again = until * (0.5 + rng.random() / 2), 0.0, 0.0, 0
        while True:  # nobody leaves at the first purchase
            at += rng.expovariate(rate)
            if at > age:
                break
            last, again = at, again + 1
            if rng.random() < leave:
                break
        found.append((again, last, age))
    return found


def to_come(rng: Random, one, time, r, alpha, a, b):
    """How many purchases somebody who has not left makes over that time, by chance."""
    again, _, age = one
    rate, leave = rng.gammavariate(r + again, 1 / (alpha + age)), rng.betavariate(a, b + again)
    at, count = rng.expovariate(rate), 0
    while at <= time:
        count += 1
        if rng.random() < leave:
            break
        at += rng.expovariate(rate)
    return count


def spend(rng: Random, times, times_before, mean_before, p, q, gamma):
    """What so many purchases come to, by chance, of somebody who has spent that before."""
    scale = rng.gammavariate(q + p * times_before, 1 / (gamma + times_before * mean_before))
    return sum(rng.gammavariate(p, 1 / scale) for _ in range(times))
