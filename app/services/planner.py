"""The planner: reads the amounts of many KPI questions together, from rollups where they hold the cut, else from facts.

However many KPIs, months or channels an operation asks for, the rollups are read in one statement.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate

from app.formula import Atom
from app.kpis.dimension import TOTAL, Dimension
from app.kpis.kpi import Kpi, Variant, cube_of
from app.kpis.measure import Cube, Lost, Measure, Opening
from app.models.rollup import DAY, MONTH
from app.services import scan
from app.services.period import Span, add_months
from app.services.rollup import Want, read
from app.services.scan import Condition
from app.uow import Uow

Cells = dict[str, list[dict[Atom, int]]]
"""Amounts per key of the broken-down dimension ("" is none, or the whole), and per bucket."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One KPI question: the amounts of `variant` per span, narrowed by `conditions`, cut by `by`."""

    kpi: Kpi
    variant: Variant
    spans: tuple[Span, ...]
    conditions: tuple[Condition, ...] = ()
    by: Dimension | None = None
    known_on: date | None = None


@dataclass
class _Cut:
    """One dimension of one cube to be read from the rollups, and what was found."""

    edges: set[date] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    is_whole: bool = False
    slots: set[int] = field(default_factory=set)
    sums: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    index: dict[date, int] = field(default_factory=dict)

    def amount(self, atom: Atom, key: str, span: Span) -> int:
        """What `atom` amounts to for `key` over `span`."""
        measure = atom.measure if isinstance(atom, Opening) else atom
        assert isinstance(measure, Measure)  # noqa: S101 - survivals are not read from rollups
        sums = self.sums.get(key)
        if sums is None:
            return 0
        running = sums[measure.slot]
        start = running[self.index[span.start]]
        return start if isinstance(atom, Opening) else running[self.index[span.end]] - start


Cuts = dict[tuple[Cube, str, date | None], _Cut]


def answer(uow: Uow, asks: Sequence[Ask], generations: Mapping[str, int]) -> list[Cells]:
    """The cells of each ask, in order. `generations` names the generation of each cube that answers."""
    cuts: Cuts = defaultdict(_Cut)
    for ask in asks:
        for atom in ask.variant.atoms:
            if _route(ask, atom) is not None:
                _want(cuts, ask, atom)
    _fill(uow, cuts, generations)
    return [_cells(uow, ask, cuts) for ask in asks]


def _relevant(ask: Ask, atom: Atom) -> tuple[tuple[Condition, ...], Dimension | None]:
    """What of the ask's conditions and breakdown narrows `atom`."""
    conditions = tuple(c for c in ask.conditions if atom in ask.variant.cut_by(c.by))
    by = ask.by if ask.by is not None and atom in ask.variant.cut_by(ask.by) else None
    return conditions, by


def _route(ask: Ask, atom: Atom) -> str | None:
    """The dimension of the rollup that answers, or None where facts must be scanned."""
    if isinstance(atom, Lost) or ask.variant.is_latest(atom):
        return None
    conditions, by = _relevant(ask, atom)
    dimensions = {condition.by for condition in conditions} | ({by} if by else set())
    if not dimensions:
        return TOTAL
    if len(dimensions) > 1:
        return None
    (dimension,) = dimensions
    cube = cube_of(atom)
    if dimension in cube.many:
        # values overlap, so only one value of them can be read by itself
        plain = all(c.any_of is not None and len(c.any_of) == 1 and not c.none_of for c in conditions)
        return dimension if not conditions or (plain and len(conditions) == 1 and by is None) else None
    return dimension if dimension in cube.dimensions else None


def scans_facts(ask: Ask) -> bool:
    """Whether some part of the ask has to be read from facts, which keep no history of knowledge."""
    return any(_route(ask, atom) is None and not isinstance(atom, Lost) for atom in ask.variant.atoms)


def _want(cuts: Cuts, ask: Ask, atom: Atom) -> None:
    dimension = _route(ask, atom)
    assert dimension is not None  # noqa: S101 - the caller asked first
    cube = cube_of(atom)
    measure = atom.measure if isinstance(atom, Opening) else atom
    assert isinstance(measure, Measure)  # noqa: S101 - as above
    named = _named(_relevant(ask, atom)[0])
    for dim in {dimension, TOTAL} if named is None else {dimension}:  # "none" is what the keys leave of the total
        cut = cuts[cube, dim, ask.known_on]
        cut.keys |= named or set()
        cut.is_whole = cut.is_whole or named is None
        cut.slots.add(measure.slot)
        for span in ask.spans:
            cut.edges |= {span.start, span.end}
        if isinstance(atom, Opening):
            cut.edges.add(date.min)


def _named(conditions: Sequence[Condition]) -> set[str] | None:
    """The keys that the conditions can let through, where they name them; None where it may be any, or no key."""
    given = [condition.any_of for condition in conditions if condition.any_of is not None]
    if not given or any("" in keys for keys in given):
        return None
    return {key for key in set.intersection(*map(set, given)) if all(one.allows(key) for one in conditions)}


def spans_of(edges: Sequence[date], *, days_only: bool = False) -> tuple[tuple[str, date, date], ...]:
    """Which stretches to read as months and which as days: a month is split only where an edge lies inside it."""
    low, high = edges[0], edges[-1]
    if days_only:
        return ((DAY, low, high),)
    split = sorted({edge.replace(day=1) for edge in edges if edge.day != 1})
    spans: list[tuple[str, date, date]] = []
    at = low.replace(day=1)
    for month in split:
        if at < month:
            spans.append((MONTH, at, month))
        after = add_months(month, 1)
        if spans and spans[-1][0] == DAY and spans[-1][2] == month:
            spans[-1] = (DAY, spans[-1][1], after)
        else:
            spans.append((DAY, month, after))
        at = after
    if at < high:
        spans.append((MONTH, at, high))
    return tuple(spans)


def _fill(uow: Uow, cuts: Cuts, generations: Mapping[str, int]) -> None:
    for known_on in {known for _, _, known in cuts}:
        chosen = [(key, cut) for key, cut in cuts.items() if key[2] == known_on]
        wants = []
        for (cube, dim, _), cut in chosen:
            edges = sorted(cut.edges)
            cut.index = {edge: position for position, edge in enumerate(edges)}
            spans = spans_of(edges, days_only=known_on is not None)
            keys = None if cut.is_whole else tuple(sorted(cut.keys))
            wants.append(Want(cube, generations[cube.name], dim, keys, spans, tuple(sorted(cut.slots))))
        segments: list[dict[str, dict[int, list[int]]]] = [{} for _ in wants]
        ordered = [sorted(cut.edges) for _, cut in chosen]
        for number, key, day, *amounts in read(uow, wants, known_on):
            edges = ordered[number]
            segment = bisect_right(edges, day) - 1
            if not 0 <= segment < len(edges) - 1:
                continue  # a day of a split month that lies outside what was asked
            slots = segments[number].get(key)
            if slots is None:
                slots = segments[number][key] = {slot: [0] * len(edges) for slot in wants[number].slots}
            for slot, amount in zip(wants[number].slots, amounts, strict=False):
                slots[slot][segment + 1] += amount
        for (_, cut), found in zip(chosen, segments, strict=True):
            cut.sums = {
                key: {slot: list(accumulate(row)) for slot, row in slots.items()} for key, slots in found.items()
            }


def _cells(uow: Uow, ask: Ask, cuts: Cuts) -> Cells:
    cells: Cells = {}
    rolled = [atom for atom in ask.variant.atoms if _route(ask, atom) is not None]
    scanned = [atom for atom in ask.variant.atoms if _route(ask, atom) is None]
    found: dict[Atom, dict[str, list[int]]] = {}
    for atom in rolled:
        found[atom] = _from_rollup(ask, atom, cuts)
    found |= scan.amounts(
        uow, ask.spans, [(atom, *_relevant(ask, atom)) for atom in scanned], ask.variant, ask.known_on
    )
    keys: dict[str, None] = {}
    for atom, rows in found.items():
        if ask.by is None or _relevant(ask, atom)[1] is not None:
            keys |= dict.fromkeys(rows)
    if ask.by is None:
        keys = {"": None}
    blank = [0] * len(ask.spans)
    for key in keys:
        columns = {
            atom: rows.get(key if ask.by is None or _relevant(ask, atom)[1] is not None else "", blank)
            for atom, rows in found.items()
        }
        cells[key] = [{atom: column[i] for atom, column in columns.items()} for i in range(len(ask.spans))]
    return cells


def _from_rollup(ask: Ask, atom: Atom, cuts: Cuts) -> dict[str, list[int]]:
    dimension = _route(ask, atom)
    assert dimension is not None  # noqa: S101 - the caller chose these atoms
    cube = cube_of(atom)
    total, cut = cuts[cube, TOTAL, ask.known_on], cuts[cube, dimension, ask.known_on]
    conditions, by = _relevant(ask, atom)

    def over(source: _Cut, key: str) -> list[int]:
        return [source.amount(atom, key, span) for span in ask.spans]

    if dimension == TOTAL:
        return {"": over(total, "")}
    named = _named(conditions)
    columns = {key: over(cut, key) for key in cut.sums if named is None or key in named}
    if named is None and dimension not in cube.many:
        columns[""] = _minus(over(total, ""), columns.values())
    allowed = {key: row for key, row in columns.items() if all(condition.allows(key) for condition in conditions)}
    if by is not None:
        return {key: row for key, row in allowed.items() if any(row)}
    return {"": [sum(column) for column in zip(*allowed.values(), strict=True)] or [0] * len(ask.spans)}


def _minus(whole: list[int], parts: Iterable[list[int]]) -> list[int]:
    left = list(whole)
    for part in parts:
        left = [a - b for a, b in zip(left, part, strict=True)]
    return left
