"""A second opinion: the KPI canon over plain Python lists, sharing no code with `app`.

`World` holds what a workspace was told, as records in dictionaries, and says what becomes of each new row. `ask`
answers a KPI by walking over all of it. Names of KPIs, variants and dimensions are plain strings.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

CONTENT = (
    *("kind", "score", "worst", "best", "customer", "channel", "staff", "survey", "product", "campaign"),
    *("journey_stage", "origin", "comment", "tags", "occurred_at"),
)
"""What a caller says of a feedback; two rows that agree in all of it are the same."""

FROZEN = {
    "ACQUISITION_CHANNEL": "acquisition_channel",
    "SEGMENT": "segment",
    "REGION": "region",
    "CUSTOMER_KIND": "kind",
}
"""Dimensions that a fact takes from its customer when it is written, and keeps."""

OWN = {
    "CHANNEL": "channel",
    "STAFF": "staff",
    "SURVEY": "survey",
    "PRODUCT": "product",
    "CAMPAIGN": "campaign",
    "JOURNEY_STAGE": "journey_stage",
    "ORIGIN": "origin",
}
"""Dimensions that a feedback has of its own."""

FEEDBACK_DIMENSIONS = (*OWN, *FROZEN, "TEAM", "TAG")
SPELL_DIMENSIONS = (*FROZEN, "COHORT")


@dataclass
class Said:
    """One feedback as it is known now."""

    name: str
    id: str
    row: dict[str, Any]
    frozen: dict[str, str | None]
    updated: datetime | None
    alive: bool = True
    team: str | None = None
    """As of when it was last counted."""
    cohort: str | None = None
    """Of an order: the month in which its customer first bought, as of when it was last counted."""
    occasion: str | None = None
    """When its survey asked, as of when that was first known of it."""


@dataclass
class Stay:
    """One time as a customer: from `start` to the day before `end`."""

    start: date
    end: date | None
    reason: str | None
    frozen: dict[str, str | None]
    cohort: str | None = None
    """The month in which its customer first became one, as of when it was last counted."""


@dataclass
class Person:
    """A customer as known now."""

    traits: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(FROZEN.values()))
    is_test: bool = False
    is_stub: bool = False
    updated: datetime | None = None
    stays: list[Stay] = field(default_factory=list)


class Filter(NamedTuple):
    """Keeps what has one of `any_of` (None: anything) and none of `none_of`; "" is having no value."""

    by: str
    any_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] = ()

    def keeps(self, values: Sequence[str]) -> bool:
        """Whether something of these values of the dimension is kept."""
        wanted = self.any_of is None or any(value in self.any_of for value in values)
        return wanted and not any(value in self.none_of for value in values)


@dataclass
class World:
    """What a workspace was told."""

    zone: ZoneInfo
    said: dict[str, Said] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    graves: dict[str, datetime] = field(default_factory=dict)
    teams: dict[str, list[tuple[date, date, str]]] = field(default_factory=dict)
    """By member of staff: from when and until when they were in which team."""
    surveys: dict[str, str | None] = field(default_factory=dict)
    """When each survey asks now."""

    def copy(self) -> "World":
        """As it is now, kept for later."""
        return deepcopy(self)

    def day(self, said: Said) -> date:
        """The day of a feedback in the workspace's calendar."""
        return said.row["occurred_at"].astimezone(self.zone).date()

    def placed(self, said: Said) -> Said:
        """The same, with the team to which whoever served belonged on its day."""
        times, day = self.teams.get(said.row["staff"] or "", []), self.day(said)
        said.team = next((team for first, end, team in times if first <= day < end), None)
        return said

    # what becomes of a row

    def record(self, name: str, row: dict[str, Any], updated: datetime | None, id_: str) -> str:
        """Take a feedback in; what became of it. `id_` is what a new one is called."""
        old, customer = self.said.get(name), row["customer"]
        stamp = old.updated if old else self.graves.get(name)
        if updated and stamp and (updated < stamp or (updated == stamp and not (old and old.alive))):
            return "STALE"  # of two with one stamp the deletion holds
        if customer is not None and customer not in self.people:
            self.people[customer] = Person(is_stub=True)
        if old and old.alive and all(old.row[part] == row[part] for part in CONTENT):
            old.updated = updated or old.updated
            return "UNCHANGED"
        frozen = dict(self.people[customer].traits) if customer else dict.fromkeys(FROZEN.values())
        if old and old.alive and old.row["customer"] == customer:
            frozen = old.frozen
        stays = old and old.alive and old.row["survey"] == row["survey"]
        occasion = (old.occasion if stays else None) or self.surveys.get(row["survey"])
        self.said[name] = Said(name, old.id if old else id_, row, frozen, updated, occasion=occasion)
        return "UPDATED" if old and old.alive else "CREATED"

    def delete(self, name: str, updated: datetime | None) -> str:
        """Take a feedback back; what became of that."""
        old = self.said.get(name)
        if old is None:
            if updated is None:
                return "REJECTED"
            self.graves[name] = max(updated, self.graves.get(name, updated))
            return "DELETED"
        if not old.alive:
            old.updated = max(filter(None, (updated, old.updated)), default=None)
            return "UNCHANGED"
        if updated and old.updated and updated < old.updated:
            return "STALE"
        old.alive, old.updated = False, updated or old.updated
        return "DELETED"

    def restate(self, name: str) -> None:
        """A stub has become whole: everything it froze as a stub was not known then, and is now."""
        person = self.people[name]
        person.is_stub = False
        for said in self.said.values():
            if said.alive and said.row["customer"] == name:
                said.frozen = dict(person.traits)

    # what there is

    def has(self, name: tuple[str, str]) -> bool:
        """Whether there is anything that the KPI can be of: feedback of its kind, or times as a customer."""
        if name not in FEEDBACK:
            return any(person.stays for person in self.people.values())
        kind = FEEDBACK[name][1]
        return any(said.alive and kind in (None, said.row["kind"]) for said in self.said.values())

    def counted(self, span: tuple[date, date], filters: Sequence[Filter]) -> list[Said]:
        """The feedback of a period that counts."""
        return [
            said
            for said in self.said.values()
            if said.alive
            and not (said.row["customer"] and self.people[said.row["customer"]].is_test)
            and span[0] <= self.day(said) < span[1]
            and all(f.keeps(values_of(self.placed(said), f.by)) for f in filters)
        ]

    def stays(self, filters: Iterable[Filter] = ()) -> Iterator[tuple[str, int, Stay]]:
        """Every counted time as a customer: of whom, the how-manieth, and what."""
        filters = tuple(filters)
        for name, person in self.people.items():
            if person.is_test:
                continue
            for ordinal, stay in enumerate(sorted(person.stays, key=lambda s: s.start), start=1):
                stay.cohort = f"{min(s.start for s in person.stays):%Y-%m}"
                if all(f.keeps(values_of(stay, f.by)) for f in filters):
                    yield name, ordinal, stay


PARTING = ("REASON", "CHURN_KIND")
"""What is said of a departure."""
KIND_OF = {"price": "VOLUNTARY", "moved": "INVOLUNTARY", None: None}
"""Here whoever leaves for one reason always leaves in one way."""


def values_of(item: Said | Stay, by: str) -> list[str]:
    """The values that something has of a dimension; none is [""]."""
    if by in FROZEN:
        return [item.frozen[FROZEN[by]] or ""]
    if by in ("COHORT", "PURCHASE_COHORT"):
        return [item.cohort or ""]
    if isinstance(item, Stay):
        assert by in PARTING
        return [(item.reason if by == "REASON" else KIND_OF[item.reason]) or ""]
    if by == "TEAM":
        return [item.team or ""]
    if by == "TAG":
        return list(dict.fromkeys(item.row["tags"])) or [""]
    return [item.row[OWN[by]] or ""]


# the KPIs


@dataclass(frozen=True)
class Parts:
    """What a figure is made of. `seen`: whether there was anything of the kind at all."""

    numerator: Fraction | int
    denominator: Fraction | int | None = None
    scale: int = 1
    seen: bool = True
    spoilt: str | None = None
    mixed: bool = False


class Figure(NamedTuple):
    """The answer: value or the reason why not, the parts, and whether it pools surveys of two sorts."""

    value: float | None
    reason: str | None
    numerator: float | None
    denominator: float | None
    mixed: bool = False

    @property
    def is_something(self) -> bool:
        """Whether there was anything to count."""
        return self.reason == "ZERO_DENOMINATOR" or any((self.value, self.numerator, self.denominator))


def _figure(parts: Parts) -> Figure:
    top = float(parts.numerator)
    if parts.denominator is None:
        return Figure(top, None, top, None)
    bottom = float(parts.denominator)
    if not parts.seen:
        return Figure(None, "NO_DATA", top, bottom)
    if not parts.denominator:
        return Figure(None, "ZERO_DENOMINATOR", top, bottom)
    if parts.spoilt:
        return Figure(None, parts.spoilt, top, bottom)
    value = float(Fraction(parts.scale) * parts.numerator / Fraction(parts.denominator))
    return Figure(value, None, top, bottom, parts.mixed)


def place(said: Said) -> Fraction:
    """How far from the worst to the best end of its scale an answer lies, 0 to 1, exactly."""
    row = said.row
    return (Fraction(str(row["score"])) - row["worst"]) / (row["best"] - row["worst"])


def millionths(exact: Fraction) -> int:
    """A share as it is kept: in whole millionths, halves to even."""
    return round(exact * 1_000_000)


def satisfies(said: Said) -> bool:
    """Whether an answer is a satisfied one: from 70 % of the way."""
    return place(said) >= Fraction(7, 10)


def _answers(facts: Iterable[Said], kind: str) -> tuple[list[Said], list[Said]]:
    asked = [said for said in facts if said.row["kind"] == kind]
    return asked, [said for said in asked if said.row["score"] is not None]


def _satisfied(kind: str) -> Callable[[list[Said]], Parts]:
    def parts(facts: list[Said]) -> Parts:
        asked, answers = _answers(facts, kind)
        return Parts(sum(map(satisfies, answers)), len(answers), 100, bool(asked))

    return parts


def _mean(kind: str) -> Callable[[list[Said]], Parts]:
    def parts(facts: list[Said]) -> Parts:
        asked, answers = _answers(facts, kind)
        total = sum(millionths(place(said)) for said in answers)
        # what is kept in millionths is as good as the exact mean
        assert abs(Fraction(total, 1_000_000) - sum(map(place, answers))) <= Fraction(len(answers), 2_000_000)
        return Parts(Fraction(total, 1_000_000), len(answers), 100, bool(asked))

    return parts


def _raw_mean(facts: list[Said]) -> Parts:
    asked, answers = _answers(facts, "CSAT")
    scales = {(said.row["worst"], said.row["best"]) for said in answers}
    total = sum((Fraction(str(said.row["score"])) for said in answers), Fraction(0))
    return Parts(total, len(answers), 1, bool(asked), "MIXED_SCALES" if len(scales) > 1 else None)


def _mixed(answers: list[Said]) -> bool:
    return {said.occasion for said in answers} >= {"RELATIONSHIP", "TRANSACTIONAL"}


def _promoters(answers: list[Said]) -> int:
    return sum(said.row["score"] in (9, 10) for said in answers)


def _nps(facts: list[Said]) -> Parts:
    asked, answers = _answers(facts, "NPS")
    detractors = sum(said.row["score"] in range(7) for said in answers)
    return Parts(_promoters(answers) - detractors, len(answers), 100, bool(asked), mixed=_mixed(answers))


def _nps_latest(facts: list[Said]) -> Parts:
    asked, answers = _answers(facts, "NPS")
    latest: dict[str, Said] = {}
    for said in sorted(answers, key=lambda s: (s.row["occurred_at"], s.id)):
        latest[said.row["customer"] or f"anonymous {said.name}"] = said
    skipped = [said for said in asked if said.row["score"] is None]
    return _nps([*latest.values(), *skipped])


def _referral_intent(facts: list[Said]) -> Parts:
    asked, answers = _answers(facts, "NPS")
    return Parts(_promoters(answers), len(answers), 100, bool(asked), mixed=_mixed(answers))


FEEDBACK: dict[tuple[str, str], tuple[Callable[[list[Said]], Parts], str | None]] = {
    ("CSAT", "default"): (_satisfied("CSAT"), "CSAT"),
    ("CSAT_MEAN", "default"): (_mean("CSAT"), "CSAT"),
    ("CSAT_MEAN", "raw"): (_raw_mean, "CSAT"),
    ("NPS", "every_response"): (_nps, "NPS"),
    ("NPS", "latest_per_customer"): (_nps_latest, "NPS"),
    ("REFERRAL_INTENT", "default"): (_referral_intent, "NPS"),
    ("CES", "default"): (_mean("CES"), "CES"),
    ("REVIEW_SCORE", "default"): (_satisfied("REVIEW"), "REVIEW"),
    ("FEEDBACK_COUNT", "default"): (lambda facts: Parts(len(facts)), None),
}
"""KPIs of feedback: how they are counted, and the kind that they are about (None: any)."""


class Crowd:
    """Who was a customer when, over one period. `narrow` filters departures, `base` those who can be compared with it.

    The base of a rate knows nothing of a departure, so filters by its reason or kind leave it whole.
    """

    def __init__(self, world: World, span: tuple[date, date], filters: Sequence[Filter]) -> None:
        self.world, self.span, self.narrow = world, span, tuple(filters)
        self.base = tuple(f for f in filters if f.by not in PARTING)

    def at(self, instant: date, filters: Sequence[Filter]) -> set[str]:
        """Customers just before `instant` begins: whoever joins then is not one yet, whoever leaves then still is."""
        eve = instant - timedelta(days=1)
        return {n for n, _, s in self.world.stays(filters) if s.start <= eve and (s.end is None or s.end > eve)}

    @property
    def start(self) -> set[str]:
        """Customers at the start."""
        return self.at(self.span[0], self.base)

    @property
    def end(self) -> set[str]:
        """Customers at the end."""
        return self.at(self.span[1], self.base)

    @property
    def lost(self) -> set[str]:
        """Of those at the start, who is no customer at the end, whatever they are counted under by then."""
        return self.at(self.span[0], self.base) & self._leavers() - self.at(self.span[1], ())

    def _leavers(self) -> set[str]:
        """Whose first departure since the start is one that is asked for."""
        eve = self.span[0] - timedelta(days=1)
        return {n for n, _, s in self.world.stays(self.narrow) if s.start <= eve and s.end and s.end > eve}

    @property
    def new(self) -> int:
        """Customers who became one for the first time."""
        return sum(o == 1 and self.span[0] <= s.start < self.span[1] for _, o, s in self.world.stays(self.base))

    @property
    def left(self) -> int:
        """Departures."""
        return sum(bool(s.end) and self.span[0] <= s.end < self.span[1] for _, _, s in self.world.stays(self.narrow))

    @property
    def seen(self) -> bool:
        """Whether anybody ever was a customer by then."""
        return any(s.start < self.span[1] for _, _, s in self.world.stays(self.base))


def _rate(top: Callable[[Crowd], int], bottom: Callable[[Crowd], int]) -> Callable[[Crowd], Parts]:
    return lambda c: Parts(top(c), bottom(c), 100, c.seen)


CUSTOMERS: dict[tuple[str, str], Callable[[Crowd], Parts]] = {
    ("NEW_CUSTOMERS", "default"): lambda c: Parts(c.new),
    ("CHURNED_CUSTOMERS", "default"): lambda c: Parts(c.left),
    ("ACTIVE_CUSTOMERS", "default"): lambda c: Parts(len(c.end)),
    ("RETENTION_RATE", "default"): _rate(lambda c: len(c.start & c.at(c.span[1], ())), lambda c: len(c.start)),
    ("RETENTION_RATE", "net_count"): _rate(lambda c: len(c.end) - c.new, lambda c: len(c.start)),
    ("CHURN_RATE", "default"): _rate(lambda c: len(c.lost), lambda c: len(c.start)),
    ("CHURN_RATE", "churned_over_start"): _rate(lambda c: c.left, lambda c: len(c.start)),
    ("CHURN_RATE", "churned_over_start_plus_new"): _rate(lambda c: c.left, lambda c: len(c.start) + c.new),
}
"""KPIs of who is a customer."""

WITH_REASON = ("CHURNED_CUSTOMERS", "CHURN_RATE")
"""KPIs of departures, which have a reason."""

KNOWN = (*FEEDBACK, *CUSTOMERS)
"""Every KPI and variant that there is a second opinion on."""


def dimensions(kpi: str) -> tuple[str, ...]:
    """What a KPI is cut by here."""
    if any(key == kpi for key, _ in FEEDBACK):
        return FEEDBACK_DIMENSIONS
    return (*SPELL_DIMENSIONS, *PARTING) if kpi in WITH_REASON else SPELL_DIMENSIONS


def ask(
    world: World,
    name: tuple[str, str],
    spans: Sequence[tuple[date, date]],
    filters: Sequence[Filter] = (),
    by: str | None = None,
    *,
    today: date,
) -> dict[str, list[Figure]]:
    """The figures of a KPI: by key of the breakdown ("" without one), one per span.

    A breakdown has the keys under which there is anything of its kind in some span. In a running span, a departure that
    is only planned has not happened: customers are counted to the end of today.
    """
    if name in CUSTOMERS:
        tomorrow = today + timedelta(days=1)
        spans = [(low, min(high, tomorrow)) if low <= today else (low, high) for low, high in spans]
    keys = _keys(world, name, spans, filters, by) if by else {""}
    return {
        key: [_one(world, name, s, (*filters, *([Filter(by, (key,))] if by else ()))) for s in spans] for key in keys
    }


def _one(world: World, name: tuple[str, str], span: tuple[date, date], filters: Sequence[Filter]) -> Figure:
    if name in FEEDBACK:
        return _figure(FEEDBACK[name][0](world.counted(span, filters)))
    return _figure(CUSTOMERS[name](Crowd(world, span, filters)))


def _keys(
    world: World, name: tuple[str, str], spans: Sequence[tuple[date, date]], filters: Sequence[Filter], by: str
) -> set[str]:
    found: set[str] = set()
    for span in spans:
        if name in FEEDBACK:
            kind = FEEDBACK[name][1]
            items: Iterable[Said | Stay] = (
                world.placed(s) for s in world.counted(span, filters) if kind in (None, s.row["kind"])
            )
        else:
            low, high = span
            departures = by in PARTING or name[0] == "CHURNED_CUSTOMERS"
            for _, ordinal, stay in world.stays(f for f in filters if departures or f.by not in PARTING):
                left = bool(stay.end) and low <= stay.end < high
                joined = stay.start < high and (name[0] != "NEW_CUSTOMERS" or (ordinal == 1 and low <= stay.start))
                if left if departures else joined:
                    found |= set(values_of(stay, by))
            continue
        for item in items:
            found |= set(values_of(item, by))
    return found


# the calendar


def buckets(span: tuple[date, date], grain: str) -> list[tuple[date, date]]:
    """The stretches of a span that lie in one day, week (from Monday), month, quarter or year."""
    name = {
        "DAY": lambda d: d,
        "WEEK": lambda d: d.isocalendar()[:2],
        "MONTH": lambda d: (d.year, d.month),
        "QUARTER": lambda d: (d.year, (d.month + 2) // 3),
        "YEAR": lambda d: d.year,
    }[grain]
    days = [span[0] + timedelta(days=n) for n in range((span[1] - span[0]).days)]
    runs = [list(run) for _, run in groupby(days, key=name)]
    return [(run[0], run[-1] + timedelta(days=1)) for run in runs]


# the rollup itself: everything that stored facts must have been added up to

MEASURES: dict[str, dict[str, Callable[[dict[str, Any]], int]]] = {}
"""By cube and measure, what one stored row adds."""


def _kind(kind: str, *, answered: bool = False, worth: Callable[[dict[str, Any]], int] = lambda _: 1) -> Any:
    def amount(row: dict[str, Any]) -> int:
        if row["kind"] != kind or (answered and row["score"] is None):
            return 0
        return worth(row)

    return amount


def _at(row: dict[str, Any]) -> Fraction:
    return (Fraction(str(row["score"])) - row["scale_worst"]) / (row["scale_best"] - row["scale_worst"])


def _survey(kind: str, name: str) -> dict[str, Any]:
    return {f"{name}_asked": _kind(kind), f"{name}_answers": _kind(kind, answered=True)}


def _spread(kind: str, name: str) -> dict[str, Any]:
    return {
        f"{name}_positions": _kind(kind, answered=True, worth=lambda r: millionths(_at(r))),
        f"{name}_squares": _kind(kind, answered=True, worth=lambda r: millionths(_at(r)) ** 2 // 1_000_000),
    }


def _good(row: dict[str, Any]) -> int:
    if row.get("threshold") is not None:
        return int(millionths(_at(row)) >= row["threshold"])
    return int(_at(row) >= Fraction(7, 10))


MEASURES["feedback"] = {
    "feedback": lambda _: 1,
    **_survey("CSAT", "csat"),
    **_spread("CSAT", "csat"),
    "satisfied": _kind("CSAT", answered=True, worth=_good),
    "csat_scores": _kind("CSAT", answered=True, worth=lambda r: millionths(Fraction(str(r["score"])))),
    "csat_worst": _kind("CSAT", answered=True, worth=lambda r: r["scale_worst"]),
    "csat_worst_squares": _kind("CSAT", answered=True, worth=lambda r: r["scale_worst"] ** 2),
    "csat_best": _kind("CSAT", answered=True, worth=lambda r: r["scale_best"]),
    "csat_best_squares": _kind("CSAT", answered=True, worth=lambda r: r["scale_best"] ** 2),
    **_survey("NPS", "nps"),
    "promoters": _kind("NPS", answered=True, worth=lambda r: int(r["score"] >= 9)),
    "detractors": _kind("NPS", answered=True, worth=lambda r: int(r["score"] <= 6)),
    "nps_relationship": _kind("NPS", answered=True, worth=lambda r: int(r["survey_occasion"] == "RELATIONSHIP")),
    "nps_transactional": _kind("NPS", answered=True, worth=lambda r: int(r["survey_occasion"] == "TRANSACTIONAL")),
    **_survey("CES", "ces"),
    **_spread("CES", "ces"),
    "reviews": _kind("REVIEW"),
    "review_answers": _kind("REVIEW", answered=True),
    "review_satisfied": _kind("REVIEW", answered=True, worth=_good),
}
MEASURES["spell_start"] = {
    "started": lambda r: r["sign"],
    "new_customers": lambda r: r["sign"] * (r["ordinal"] == 1),
    "referred_customers": lambda r: r["sign"] * (r["ordinal"] == 1 and r["is_referred"]),
}
MEASURES["spell_end"] = {"churned": lambda r: r["sign"]}

_TRAITS = {"ACQUISITION_CHANNEL": "acquisition_channel_id", "SEGMENT": "segment", "CUSTOMER_KIND": "customer_kind"}
COLUMNS: dict[str, dict[str, str]] = {
    "feedback": {
        **_TRAITS,
        "REGION": "region",
        "CHANNEL": "channel_id",
        "STAFF": "staff_id",
        "TEAM": "team_id",
        "SURVEY": "survey_id",
        **{name: name.lower() for name in ("PRODUCT", "CAMPAIGN", "JOURNEY_STAGE", "ORIGIN")},
    },
    "spell_start": {**_TRAITS, "REGION": "region", "COHORT": "cohort"},
    "spell_end": {
        **_TRAITS,
        "REGION": "region",
        "COHORT": "cohort",
        "REASON": "reason",
        "CHURN_KIND": "churn_kind",
    },
}
"""By cube, the column of each dimension."""

DAY_OF = {"feedback": "day", "spell_start": "starts_on", "spell_end": "ends_on"}

Cells = dict[tuple[str, str, date, str], dict[str, int]]
"""Amounts by measure, of each cube, dimension, day and key; nothing where everything is zero."""


def cells(cube: str, rows: Iterable[dict[str, Any]]) -> Cells:
    """What the stored `rows` of a cube's table add up to."""
    found: Cells = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row["is_test"] or row.get("deleted_at") or row.get("is_replaced") or row[DAY_OF[cube]] == date(9999, 12, 31):
            continue
        keys = [("TOTAL", ""), *((dim, row[column]) for dim, column in COLUMNS[cube].items())]
        if cube == "feedback":
            keys += [("TAG", tag) for tag in dict.fromkeys(row["tags"])] or [("TAG", "")]
        for dim, key in keys:
            if key is not None:
                cell = found[cube, dim, row[DAY_OF[cube]], getattr(key, "hex", None) or getattr(key, "value", key)]
                for measure, amount in MEASURES[cube].items():
                    cell[measure] += amount(row)
    return without_zeroes(found)


def without_zeroes(cells_: Cells) -> Cells:
    """The cells in which there is anything."""
    kept = {place_: {m: n for m, n in cell.items() if n} for place_, cell in cells_.items()}
    return {place_: cell for place_, cell in kept.items() if cell}
