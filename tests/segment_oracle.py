"""A second opinion on rules of segments: plain Python over what was told, sharing no code with the program."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

TODAY = date(2026, 6, 15)


@dataclass
class Person:
    """A customer as told. Facts are dated: orders as (day, cents that were kept, cents in all), answers in order."""

    row: dict[str, Any]
    orders: list[tuple[date, int | None, int]] = field(default_factory=list)
    uses: list[date] = field(default_factory=list)
    answers: list[tuple[date, str, float]] = field(default_factory=list)
    complaints: list[date] = field(default_factory=list)
    referrals: list[date] = field(default_factory=list)

    def purchases(self, since: date = date.min) -> list[tuple[date, int | None]]:
        """Orders of which something was kept; nobody knows what one without a rate came to."""
        return [(day, kept) for day, kept, _ in self.orders if kept != 0 and day > since]


def status(row: dict[str, Any]) -> str:
    """Where somebody stands, by the one time told of."""
    if row.get("joined_on") is None or row["joined_on"] > TODAY:
        return "PROSPECT"
    return "CHURNED" if row.get("churned_on") and row["churned_on"] <= TODAY else "ACTIVE"


def within(value: Any, part: dict[str, Any]) -> bool:
    """Whether a value lies in the bounds."""
    low, high = part.get("at_least"), part.get("at_most")
    return (low is None or value >= low) and (high is None or value <= high)


def text(value: str | None, part: dict[str, Any]) -> bool:
    """Whether a text is what is asked for."""
    shown = value or ""
    return (
        ("any_of" not in part or shown in part["any_of"])
        and ("none_of" not in part or shown not in part["none_of"])
        and ("contains" not in part or part["contains"].lower() in shown.lower())
    )


def written(value: Any) -> str:
    """An attribute as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else ""


def since(part: dict[str, Any]) -> date:
    """The day after which facts count."""
    return TODAY - timedelta(days=part["last_days"]) if "last_days" in part else date.min


class World:
    """Everybody, by name."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}

    def members(self, rule: dict[str, Any]) -> set[str]:
        """Who meets the rule."""
        return {
            name
            for name, person in self.people.items()
            if not person.row.get("is_test") and self.meets(name, person, rule)
        }

    def meets(  # noqa: C901, PLR0911, PLR0912 - one case for each thing that a rule may ask
        self, name: str, person: Person, rule: dict[str, Any]
    ) -> bool:
        """Whether one does."""
        ((what, part),) = rule.items()
        if what == "all":
            return all(self.meets(name, person, one) for one in part)
        if what == "any":
            return any(self.meets(name, person, one) for one in part)
        if what == "not_":
            return not self.meets(name, person, part)
        row = person.row
        match what:
            case "name" | "region" | "segment" | "acquisition_channel":
                return text(row.get(what), part)
            case "kind":
                return row.get("kind") in part
            case "status":
                return status(row) in part
            case "attribute":
                return self._attribute(row.get("attributes", {}).get(part["name"]), part)
            case "orders":
                return within(len(person.purchases(since(part))), part)
            case "uses" | "complaints" | "referrals":
                return within(sum(day > since(part) for day in getattr(person, what)), part)
            case "days_since_purchase":
                days = [day for day, _ in person.purchases()]
                return bool(days) and within((TODAY - max(days)).days, part)
            case "days_since_use":
                return bool(person.uses) and within((TODAY - max(person.uses)).days, part)
            case "score":
                told = [(day, at, s) for at, (day, kind, s) in enumerate(person.answers) if kind == part["kind"]]
                told = [one for one in told if one[0] > since(part)]
                return bool(told) and within(max(told)[2], part)
            case "revenue":
                sums = [kept for day, kept, _ in person.orders if day > since(part)]
                return None not in sums and within(Fraction(sum(sums), 100), _exact(part))
            case "average_order":
                sums = [kept for _, kept in person.purchases(since(part))]
                return bool(sums) and None not in sums and within(Fraction(sum(sums), 100 * len(sums)), _exact(part))
            case "rank":
                return name in self._first(part)
            case "rfv":
                return self._graded(name, part)
        raise AssertionError(what)

    def _attribute(self, value: Any, part: dict[str, Any]) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        bounds = "at_least" in part or "at_most" in part
        return text(written(value), part) and (not bounds or (is_number and within(value, part)))

    def _buyers(self, after: date) -> dict[str, list[tuple[date, int | None]]]:
        found = {n: p.purchases(after) for n, p in self.people.items() if not p.row.get("is_test")}
        return {name: bought for name, bought in found.items() if bought}

    def _first(self, part: dict[str, Any]) -> set[str]:
        worth: dict[str, Fraction] = {}
        for name, bought in self._buyers(since(part)).items():
            sums = [kept for _, kept in bought]
            if part["by"] == "ORDERS":
                worth[name] = Fraction(len(sums))
            elif None not in sums:
                worth[name] = Fraction(sum(sums), 1 if part["by"] == "REVENUE" else len(sums))
        better = {name: [other for other in worth.values() if other > one] for name, one in worth.items()}
        if "top" in part:
            return {name for name, above in better.items() if len(above) < part["top"]}
        if "top_percent" in part:
            few = Fraction(str(part["top_percent"])) / 100 * len(worth)
            return {name for name, above in better.items() if len(above) < few}
        enough = sum(worth.values()) * Fraction(str(part["top_share"])) / 100
        return {name for name, above in better.items() if sum(above) < enough}

    def grades(self, name: str) -> tuple[int, int, int] | None:
        """Recency, frequency and value from 1 to 5: how many fifths of those who bought are worse."""
        known = {n: b for n, b in self._buyers(date.min).items() if all(kept is not None for _, kept in b)}
        if name not in known:
            return None
        keys = (lambda b: max(day for day, _ in b), len, lambda b: sum(kept for _, kept in b))
        found = []
        for key in keys:
            worse = sum(key(other) < key(known[name]) for other in known.values())
            found.append(1 + next(fifth for fifth in range(4, -1, -1) if worse * 5 >= fifth * len(known)))
        return tuple(found)

    def class_of(self, name: str) -> str | None:  # noqa: PLR0911 - one for each class
        """The class, as the documentation words it."""
        grades = self.grades(name)
        if grades is None:
            return None
        recency, frequency, value = grades
        both = frequency + value
        if recency >= 4 and both >= 8:
            return "CHAMPIONS"
        if recency >= 3 and both >= 6:
            return "LOYAL"
        if recency >= 4 and frequency == 1:
            return "NEW"
        if recency >= 3:
            return "PROMISING"
        if both >= 6:
            return "AT_RISK"
        return "DORMANT" if recency == 2 else "LOST"

    def _graded(self, name: str, part: dict[str, Any]) -> bool:
        grades = self.grades(name)
        if grades is None or ("classes" in part and self.class_of(name) not in part["classes"]):
            return False
        named = zip(("recency", "frequency", "value"), grades, strict=True)
        return all(within(grade, part.get(one, {})) for one, grade in named)


def _exact(part: dict[str, Any]) -> dict[str, Fraction]:
    return {name: Fraction(part[name]) for name in ("at_least", "at_most") if name in part}
