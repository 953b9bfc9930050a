"""Breakdowns: slices in order, what is beyond them together, and the answer narrowed to one slice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.formula import Atom, atoms
from app.kpis.atom import Daily, Distinct, PerAccount, Shift
from app.kpis.dimension import Dimension
from app.kpis.figure import Figure, KpiFlag, NullReason, figure, flagged, nothing
from app.kpis.kpi import cube_of
from app.services.belonging import MARK
from app.services.kpi import Answer
from app.services.money import minor
from app.services.slices import OTHER, UNKNOWN, Filter
from app.text import Text


@dataclass(frozen=True, slots=True)
class Row:
    """One slice, or several together: the key, the name, the figure, and the keys that it stands for."""

    key: str
    label: Text
    figure: Figure
    weight: float | None
    share: float | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The slices that were asked for, the rest together, and how many there are in all."""

    rows: list[Row]
    other: Row | None
    total: int
    is_additive: bool


def weight(found: Figure, *, whole_base: bool = False) -> float | None:
    """How many cases stand behind a slice; its numerator where all slices are measured against the whole base."""
    return found.numerator if found.sample is None or whole_base else found.sample


def arrange(answer: Answer, first: int, *, by: str, descending: bool) -> Breakdown:
    """The first slices by "WEIGHT", "VALUE" or "KEY"; slices without a value of it come last."""
    dimension = answer.question.by
    assert dimension is not None  # noqa: S101 - the question was for a breakdown
    cut = answer.variant.cut_by(dimension)
    overlapping = Distinct | Daily | PerAccount | Shift
    is_many = any(isinstance(atom, overlapping) or dimension in cube_of(atom).many for atom in cut)
    # a customer may belong to any number of defined segments beside the one that sources name
    is_additive = not is_many and not any(key.startswith(MARK) for key in answer.figures)
    base = set(atoms(answer.variant.denominator))
    whole_base = bool(base) and not base & answer.variant.cut_by(dimension)
    figures = {key: row[0] for key, row in answer.figures.items()}
    whole = sum(weight(one, whole_base=whole_base) or 0 for one in figures.values())

    def row(key: str, found: Figure, label: Text, keys: tuple[str, ...]) -> Row:
        heavy = weight(found, whole_base=whole_base)
        share = heavy / whole if is_additive and heavy is not None and whole else None
        return Row(key, label, found, heavy, share, keys)

    rows = []
    for key, found in figures.items():
        named = answer.slices.get(key)
        outer, label = (named.key, named.label) if named else (key, UNKNOWN)
        rows.append((key, row(outer, found, label, (outer,))))
    rows.sort(key=lambda pair: pair[1].key)
    if by != "KEY":
        rows.sort(key=lambda pair: _rank(pair[1], by, descending=descending))
    elif descending:
        rows.reverse()
    rest = rows[first:]
    other = None
    if rest and is_additive:
        found = together(answer, [key for key, _ in rest])
        other = row("", found, OTHER, tuple(one.key for _, one in rest))
    return Breakdown([one for _, one in rows[:first]], other, len(rows), is_additive)


def _rank(row: Row, by: str, *, descending: bool) -> tuple[bool, float]:
    value = row.weight if by == "WEIGHT" else row.figure.value
    return (value is None, 0.0 if value is None else -value if descending else value)


def together(answer: Answer, keys: Sequence[str], place: int = 0) -> Figure:
    """The figure of several slices, in the span of that number: their parts summed, then divided."""
    dimension = answer.question.by
    assert dimension is not None  # noqa: S101 - the question was for a breakdown
    is_whole = len(keys) == len(answer.figures)
    if not is_whole and any(answer.figures[key][place].reason is NullReason.SUPPRESSED_SMALL_CELL for key in keys):
        # a sum with one hidden part would give it away when the others are known
        return nothing(NullReason.SUPPRESSED_SMALL_CELL)
    cut = answer.variant.cut_by(dimension)
    amounts: dict[Atom, Any] = {}
    for key in keys:
        for atom, amount in answer.amounts[key][place].items():
            amounts[atom] = (amounts.get(atom) or 0) + (amount or 0) if atom in cut else amount
    of_all = set(answer.figures[keys[0]][place].flags) & {KpiFlag.REBUILDING, KpiFlag.KNOWN_SINCE_REBUILD}
    return flagged(figure(answer.kpi, answer.variant, amounts, minor=minor(answer.currency)), *sorted(of_all))


def narrowed(answer: Answer, by: Dimension, row: Row, attribute: str | None = None) -> Answer:
    """The answer that the slice gives when it is asked for by itself; `attribute` names the one that `by` is."""
    chosen = Filter(by, row.keys, (), attribute)
    question = replace(answer.question, by=None, attribute=None, filters=(*answer.question.filters, chosen))
    return replace(answer, question=question, figures={"": [row.figure]})
