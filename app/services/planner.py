"""The planner: reads the amounts of many KPI questions together, from rollups where they hold the cut, else from facts.

However many KPIs, months or channels an operation asks for, the rollups are read in one statement.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import select

from app.formula import Atom
from app.kpis.atom import Closing, Daily, Distinct, Earlier, Lost, Opening, Paid, PerAccount, Percentile, Shift
from app.kpis.dimension import TOTAL, Dimension
from app.kpis.kpi import Kpi, Variant, cube_of, flow_of
from app.kpis.measure import GRAINS
from app.models.channel import PAID, Channel
from app.services import counting
from app.services.belonging import defined
from app.services.cut import Cut, Cuts, fill
from app.services.days import calendar
from app.services.period import ComparisonKind, Grain, Span
from app.services.scan import Condition, Cutting, Narrowed
from app.uow import Uow

Cells = dict[str, list[dict[Atom, Any]]]
"""Amounts per key of the broken-down dimension ("" is none, or the whole), and per bucket: numbers or histograms."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One KPI question: the amounts of `variant` per span, narrowed by `conditions`, cut by `by`.

    A cut by segments is by those that sources send and, with `is_defined`, by those that the workspace defines too.
    """

    kpi: Kpi
    variant: Variant
    spans: tuple[Span, ...]
    conditions: tuple[Condition, ...] = ()
    by: Dimension | None = None
    known_on: date | None = None
    attribute: str | None = None
    is_defined: bool = False

    @property
    def cuttings(self) -> tuple[Cutting | None, ...]:
        """By what it is cut, one beside the other."""
        if self.by is None:
            return (None,)
        plain = Cutting(self.by, self.attribute)
        return (plain, Cutting(self.by, is_defined=True)) if self.is_defined else (plain,)


def answer(uow: Uow, asks: Sequence[Ask], generations: Mapping[str, int]) -> list[Cells]:
    """The cells of each ask, in order. `generations` names the generation of each cube that answers."""
    cuts: Cuts = defaultdict(Cut)
    readings = [list(_readings(uow, ask)) for ask in asks]
    for one in (reading for some in readings for reading in some):
        one.want(cuts)
    fill(uow, cuts, generations)
    return [_cells(uow, ask, some, cuts) for ask, some in zip(asks, readings, strict=True)]


def _readings(uow: Uow, ask: Ask) -> Iterable["_Reading"]:
    """How each atom is read; one that is not cut once, however often the others are."""
    for place, cutting in enumerate(ask.cuttings):
        for atom in ask.variant.atoms:
            if not place or (ask.by is not None and atom in ask.variant.cut_by(ask.by)):
                yield _Reading(uow, ask, atom, cutting)


class _Reading:
    """How one atom of an ask is read: over which days, narrowed by what, from which rollup or from facts."""

    def __init__(self, uow: Uow, ask: Ask, atom: Atom, cutting: Cutting | None) -> None:
        self.ask, self.atom, self.cube = ask, atom, cube_of(atom)
        self.conditions = tuple(c for c in ask.conditions if atom in ask.variant.cut_by(c.by))
        if isinstance(atom, Paid):
            self.conditions += (Condition(Dimension.ACQUISITION_CHANNEL, _paid_channels(uow)),)
        self.by = cutting if ask.by is not None and atom in ask.variant.cut_by(ask.by) else None
        self.spans = _spans(uow, ask, atom)
        self.is_spread = isinstance(atom, Percentile)
        # rollups add up the rows of everybody
        self.dimension = _route(self) if uow.actor.rows is None else None
        self.slots = self._slots(uow)

    def _slots(self, uow: Uow) -> list[int | None]:
        """The slot of the rollup that holds each span; None where facts must be scanned."""
        if self.dimension is None:
            return [None] * len(self.spans)
        if isinstance(self.atom, Distinct):
            return [_slot(uow, self.atom, span) for span in self.spans]
        if self.is_spread:
            return [0] * len(self.spans)
        if isinstance(self.atom, Daily):
            return [self.atom.slot] * len(self.spans)
        return [flow_of(self.atom).slot] * len(self.spans)

    @property
    def scanned(self) -> list[int]:
        """The places of the spans that are read from facts."""
        return [place for place, slot in enumerate(self.slots) if slot is None]

    def want(self, cuts: Cuts) -> None:
        """Note what is to be read from rollups."""
        slots = {slot for slot in self.slots if slot is not None}
        if self.dimension is None or not slots:
            return
        named = _named(self.conditions)
        # "none" is what the keys leave of the total
        for dim in {self.dimension, TOTAL} if named is None else {self.dimension}:
            cut = cuts[self.cube, dim, self.ask.known_on, self.is_spread]
            cut.keys |= named or set()
            cut.is_whole = cut.is_whole or named is None
            cut.slots |= slots
            for span, slot in zip(self.spans, self.slots, strict=True):
                cut.edges |= {span.start, span.end} if slot is not None else set()


def _paid_channels(uow: Uow) -> frozenset[str]:
    """The inner keys of the channels whose customers cost money."""
    seen = uow.seen.setdefault(_paid_channels, {})
    if not seen:
        chosen = select(Channel.id).where(uow.db.is_any(Channel.medium, sorted(PAID)))
        seen[True] = frozenset(id_.hex for id_ in uow.session.scalars(chosen))
    found: frozenset[str] = seen[True]
    return found


def _spans(uow: Uow, ask: Ask, atom: Atom) -> tuple[Span, ...]:
    """Over which days `atom` is added up for each span of the ask."""
    if isinstance(atom, Opening):
        return tuple(Span(date.min, span.start) for span in ask.spans)
    if isinstance(atom, Closing) or (isinstance(atom, Distinct) and atom.is_ever):
        return tuple(Span(date.min, span.end) for span in ask.spans)
    if isinstance(atom, Earlier):
        kind = ComparisonKind.SAME_PERIOD_LAST_YEAR if atom.is_year else ComparisonKind.PREVIOUS_PERIOD
        return tuple(calendar(uow).compared(span, kind) for span in ask.spans)
    return ask.spans


def _slot(uow: Uow, atom: Distinct, span: Span) -> int | None:
    """The slot that counts people over `span`: that of a grain of which it is the beginning of one bucket."""
    if span.start == date.min:
        return atom.slot(GRAINS[-1])
    days = calendar(uow)
    for grain in GRAINS[:-1]:
        if days.floor(span.start, Grain(grain)) == span.start and span.end <= days.next(span.start, Grain(grain)):
            return atom.slot(grain)
    return None


def _route(reading: _Reading) -> str | None:
    """The dimension of the rollup that answers, or None where facts must be scanned."""
    atom, cube, conditions, by = reading.atom, reading.cube, reading.conditions, reading.by
    variant = reading.ask.variant
    if isinstance(atom, Lost | PerAccount | Shift) or variant.is_latest(atom) or variant.among is not None:
        return None
    if any(condition.is_joined for condition in conditions) or (by is not None and by.is_joined):
        return None
    dimensions = {condition.by for condition in conditions} | ({by.by} if by else set())
    if not dimensions:
        return TOTAL
    if len(dimensions) > 1:
        return None
    (dimension,) = dimensions
    if dimension in cube.many or isinstance(atom, Distinct | Daily):
        # what falls into several values cannot be added up over them: one value can be read by itself
        plain = all(c.any_of is not None and len(c.any_of) == 1 and not c.none_of for c in conditions)
        alone = not conditions or (plain and len(conditions) == 1 and by is None)
        return dimension if alone and (dimension in cube.many or dimension in cube.dimensions) else None
    return dimension if dimension in cube.dimensions else None


def scans_facts(uow: Uow, ask: Ask) -> bool:
    """Whether some part of the ask has to be read from facts, which keep no history of knowledge; ledgers do."""
    return any(one.scanned and not isinstance(one.atom, Lost | Shift) for one in _readings(uow, ask))


def _named(conditions: Sequence[Condition]) -> set[str] | None:
    """The keys that the conditions can let through, where they name them; None where it may be any, or no key."""
    given = [condition.any_of for condition in conditions if condition.any_of is not None]
    if not given or any("" in keys for keys in given):
        return None
    return {key for key in set.intersection(*map(set, given)) if all(one.allows(key) for one in conditions)}


def _cells(uow: Uow, ask: Ask, readings: Sequence[_Reading], cuts: Cuts) -> Cells:
    cells: Cells = {}
    found = {one.atom: _from_rollup(one, cuts) for one in readings if one.dimension is not None}
    for some in (  # what is cut in two ways is counted in each
        [one for one in readings if one.by is None or not one.by.is_defined],
        [one for one in readings if one.by is not None and one.by.is_defined],
    ):
        counted = counting.amounts(
            uow,
            [
                Narrowed(one.atom, tuple(one.spans[i] for i in one.scanned), one.conditions, one.by)
                for one in some
                if one.scanned
            ],
            ask.variant,
            ask.known_on,
        )
        for one in some:
            rows = found.setdefault(one.atom, {})
            for key, amounts in counted.get(one.atom, {}).items():
                row = rows.setdefault(key, [0] * len(ask.spans))
                for place, amount in zip(one.scanned, amounts, strict=True):
                    row[place] = amount
    cut = {one.atom for one in readings if one.by is not None}
    keys: dict[str, None] = {"": None} if ask.by is None else {}
    for atom in cut:
        keys |= dict.fromkeys(found[atom])
    if ask.is_defined:  # a text that sources send under the key of a segment is not what is meant by it
        keys = {key: None for key in keys if key not in defined(uow)}
    given = [{atom: atom.of(uow.workspace, span.start, span.end) for atom in ask.variant.givens} for span in ask.spans]
    blank = [0] * len(ask.spans)
    for key in keys:
        columns = {atom: rows.get(key if atom in cut else "", blank) for atom, rows in found.items()}
        cells[key] = [given[i] | {atom: column[i] for atom, column in columns.items()} for i in range(len(ask.spans))]
    return cells


def _from_rollup(one: _Reading, cuts: Cuts) -> dict[str, list[Any]]:
    dimension, cube = one.dimension, one.cube
    assert dimension is not None  # noqa: S101 - the caller chose these atoms
    which = (one.ask.known_on, one.is_spread)
    total, cut = cuts[cube, TOTAL, *which], cuts[cube, dimension, *which]

    def over(source: Cut, key: str) -> list[Any]:
        if one.is_spread:
            return [source.histogram(key, span) for span in one.spans]
        pairs = zip(one.slots, one.spans, strict=True)
        return [0 if slot is None else source.amount(slot, key, span) for slot, span in pairs]

    if dimension == TOTAL:
        return {"": over(total, "")}
    named = _named(one.conditions)
    columns = {key: over(cut, key) for key in cut.found if named is None or key in named}
    if named is None and dimension not in cube.many and not isinstance(one.atom, Distinct | Daily):
        columns[""] = _minus(over(total, ""), columns.values())
    allowed = {key: row for key, row in columns.items() if all(condition.allows(key) for condition in one.conditions)}
    if one.by is not None:
        return {key: row for key, row in allowed.items() if any(row)}
    return {"": [sum(column) for column in zip(*allowed.values(), strict=True)] or [0] * len(one.spans)}


def _minus(whole: list[Any], parts: Iterable[list[Any]]) -> list[Any]:
    left = list(whole)
    for part in parts:
        left = [a - b for a, b in zip(left, part, strict=True)]
    return left
