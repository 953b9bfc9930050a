"""Fitting both models to the courses of customers, and holding them against what came after. Pure.

The last third of the history, at most as long as one predicts ahead, is held out: models of what came before it are
asked about it, and what they say is compared with what happened. The models that predict are fitted to everything.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from app.models.prediction import FitOutcome
from app.prediction import buying, leaving, spending
from app.prediction.buying import Bought, Buying
from app.prediction.calibration import Pair, brier, groups
from app.prediction.leaving import DAYS, Leaving, Time, Traits
from app.prediction.spending import Spending, Spent
from app.services.course import TOLD, Course

LEAST_CUSTOMERS, LEAST_RETURNS, LEAST_DEPARTURES = 100, 20, 20
"""Of fewer than these no model is made."""
_LEAST_HELD = 28
_THIRD = 3

Document = dict[str, Any]


def days_of(months: int) -> int:
    """How many days so many months have on average."""
    return round(months * DAYS)


def held_from(first: date | None, day: date, horizon_months: int) -> date | None:
    """The first of the days before `day` that are held out of a history since `first`; None of a short one."""
    held = 0 if first is None else min((day - first).days // _THIRD, days_of(horizon_months))
    return day - timedelta(days=held) if held >= _LEAST_HELD else None


@dataclass
class Buyers:
    """What is known of buyers by the beginning of `day`, and of those by the beginning of `held`."""

    day: date
    held: date | None
    people: Counter[Bought] = field(default_factory=Counter)
    spent: list[Spent] = field(default_factory=list)
    before: Counter[tuple[Bought, int]] = field(default_factory=Counter)

    def add(self, course: Course) -> None:
        """Take one customer in."""
        if (bought := course.bought(self.day)) is None:
            return
        self.people[bought] += 1
        if (spent := course.spent(self.day)) is not None and spent.times:
            self.spent.append(spent)
        if self.held is not None and (then := course.bought(self.held)) is not None:
            self.before[then, course.bought_between(self.held, self.day)] += 1

    def fit(self) -> tuple[FitOutcome, Document]:
        """Whether there is a model, and what it is."""
        told: Document = {"customers": self.people.total(), "observed": _returning(self.people)}
        if (lack := _lack(self.people)) is not None:
            return lack, told
        model, worth = buying.fitted(self.people), spending.fitted(self.spent)
        if model is None or worth is None or worth.q <= 1:
            return FitOutcome.UNSETTLED, told
        names = dict(zip(("r", "alpha", "a", "b"), model.parameters, strict=True))
        told |= {
            "parameters": names | {"p": worth.p, "q": worth.q, "gamma": worth.gamma},
            "covariance": model.covariance,
            "log_likelihood": model.log_likelihood,
            "spend_correlation": spending.correlation(self.spent),
            "held_out": self._held_out(),
        }
        return FitOutcome.FITTED, told

    def _held_out(self) -> Document | None:
        people = Counter[Bought]()
        for (then, _), count in self.before.items():
            people[then] += count
        if self.held is None or _lack(people) is not None or (model := buying.fitted(people)) is None:
            return None
        time, pairs, predicted, actual, off = float((self.day - self.held).days), [], 0.0, 0, 0.0
        for (then, came), count in self.before.items():
            expected = model.purchases(then, time)
            predicted += count * expected
            actual += count * came
            off += count * abs(expected - came)
            pairs += [(1 - model.chances(then, time)[0], came > 0)] * count
        return _judged(self.held, self.day, pairs) | {
            "predicted": predicted,
            "actual": actual,
            "mean_error": off / len(pairs),
        }


@dataclass
class Leavers:
    """What is known of times as a customer by the beginning of `day`, and of those by the beginning of `held`."""

    day: date
    held: date | None
    times: Counter[Time] = field(default_factory=Counter)
    past: Counter[Time] = field(default_factory=Counter)
    before: Counter[tuple[int, Traits, bool]] = field(default_factory=Counter)

    def add(self, course: Course) -> None:
        """Take one customer in."""
        for spell in course.spells:
            if (time := spell.lasted(self.day)) is not None:
                self.times[time] += 1
            if self.held is not None and (then := spell.lasted(self.held)) is not None:
                self.past[then] += 1
                if not then.is_over:
                    self.before[then.days, then.traits, spell.end <= self.day] += 1

    def fit(self) -> tuple[FitOutcome, Document]:
        """Whether there is a model, and what it is."""
        left = _departures(self.times)
        told: Document = {"customers": self.times.total(), "observed": left}
        if told["customers"] < LEAST_CUSTOMERS:
            return FitOutcome.TOO_FEW_CUSTOMERS, told
        if left < LEAST_DEPARTURES:
            return FitOutcome.TOO_FEW_DEPARTURES, told
        model = leaving.fitted(self.times.elements(), len(TOLD))
        told |= {
            "base": model.base,
            "steps": list(model.steps),
            "effects": [
                [name, *item] for name, levels in zip(TOLD, model.effects, strict=True) for item in levels.items()
            ],
            "survival": leaving.survival(self.times.elements()),
            "held_out": self._held_out(),
        }
        return FitOutcome.FITTED, told

    def _held_out(self) -> Document | None:
        if self.held is None or not self.before or _departures(self.past) < LEAST_DEPARTURES:
            return None
        model = leaving.fitted(self.past.elements(), len(TOLD))
        months, pairs = (self.day - self.held).days / DAYS, list[Pair]()
        for (days, traits, came), count in self.before.items():
            pairs += [(model.within(days, months, traits), came)] * count
        predicted, actual = sum(chance for chance, _ in pairs), sum(came for _, came in pairs)
        return _judged(self.held, self.day, pairs) | {"predicted": predicted, "actual": actual, "mean_error": None}


def _judged(start: date, end: date, pairs: Sequence[Pair]) -> Document:
    return {
        "from": start.isoformat(),
        "before": end.isoformat(),
        "customers": len(pairs),
        "brier": brier(pairs),
        "groups": [asdict(group) for group in groups(pairs)],
    }


def _returning(people: Mapping[Bought, int]) -> int:
    return sum(count for one, count in people.items() if one.again)


def _departures(times: Mapping[Time, int]) -> int:
    return sum(count for one, count in times.items() if one.is_over)


def _lack(people: Counter[Bought]) -> FitOutcome | None:
    if people.total() < LEAST_CUSTOMERS:
        return FitOutcome.TOO_FEW_CUSTOMERS
    return FitOutcome.TOO_FEW_RETURNS if _returning(people) < LEAST_RETURNS else None


def buying_of(told: Mapping[str, Any]) -> tuple[Buying, Spending]:
    """The models that a document of `Buyers` tells."""
    of = told["parameters"]
    model = Buying(of["r"], of["alpha"], of["a"], of["b"], told["log_likelihood"], told["covariance"])
    return model, Spending(of["p"], of["q"], of["gamma"])


def leaving_of(told: Mapping[str, Any]) -> Leaving:
    """The model that a document of `Leavers` tells."""
    effects: list[dict[str, float]] = [{} for _ in TOLD]
    for name, value, effect in told["effects"]:
        effects[TOLD.index(name)][value] = effect
    return Leaving(told["base"], tuple(told["steps"]), tuple(effects))
