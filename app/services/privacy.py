"""Small cells: figures behind which so few people stand that somebody could be recognised.

Survey figures of a group are hidden from callers who may not see personal data when fewer than k people answered, and
so are as many others as it takes that what is hidden cannot be had by subtracting what is shown.
"""

from collections.abc import Mapping

from app.kpis.dimension import Dimension
from app.kpis.measure import Measure
from app.services import counting
from app.services.belonging import MARK
from app.services.planner import Ask, Cells
from app.services.scan import Condition
from app.uow import Scope, Uow

Place = tuple[str, int]
"""A cell: the key of its slice and the number of its span."""


def hidden(uow: Uow, ask: Ask, cells: Cells) -> set[Place]:
    """The cells of `ask` that this caller may not see."""
    k = uow.workspace.small_cell_k
    if not ask.kpi.survey or uow.may(Scope.PERSONAL_READ) or k <= 1 or not (ask.by or ask.conditions):
        return set()
    counted = ask.variant.denominator
    assert isinstance(counted, Measure)  # noqa: S101 - every survey KPI divides by its answers
    known: dict[str, list[int]] = {}
    for cutting in ask.cuttings:
        known |= counting.people(uow, ask.spans, counted, ask.conditions, cutting, known_on=ask.known_on)
    blank = [0] * len(ask.spans)
    sizes = {
        (key, place): known.get(key, blank)[place]
        for key, row in cells.items()
        for place in range(len(ask.spans))
        if row[place][counted]
    }
    found = {cell for cell, size in sizes.items() if size < k}
    if ask.conditions:
        # what a filter leaves out is the difference between the whole and what it lets through
        others = counting.people(uow, ask.spans, counted, ask.conditions, None, complement=True, known_on=ask.known_on)
        rest = others.get("", blank)
        found |= {cell for cell in sizes if 0 < rest[cell[1]] < k}
    if ask.by is not None:
        found |= _nearly_all(uow, ask, counted, {cell: size for cell, size in sizes.items() if _is_own(cell)})
        # a defined segment is no part of a sum: the texts beside it have to cover one another
        for place in range(len(ask.spans)):
            parts = {cell: size for cell, size in sizes.items() if cell[1] == place and not _is_own(cell)}
            found |= _covered(parts, found, k)
    else:
        found |= _covered(sizes, found, k)
    return found


def _is_own(cell: Place) -> bool:
    """Whether a cell is of a segment that the workspace defines."""
    return cell[0].startswith(MARK)


def _nearly_all(uow: Uow, ask: Ask, counted: Measure, sizes: Mapping[Place, int]) -> set[Place]:
    """The cells of defined segments whose difference from what is shown of everybody is fewer than k people."""
    k, blank = uow.workspace.small_cell_k, [0] * len(ask.spans)
    whole = counting.people(uow, ask.spans, counted, ask.conditions, None).get("", blank) if sizes else blank
    found: set[Place] = set()
    # who is counted inside may be counted outside as well: only where so few are left is it worth to ask
    for key in {key for (key, place), size in sizes.items() if whole[place] - size < k}:
        beside = (*ask.conditions, Condition(Dimension.SEGMENT, None, frozenset({key})))
        rest = counting.people(uow, ask.spans, counted, beside, None).get("", blank)
        found |= {cell for cell in sizes if cell[0] == key and 0 < rest[cell[1]] < k}
    return found


def _covered(sizes: Mapping[Place, int], found: set[Place], k: int) -> set[Place]:
    """Of cells that add up to something shown: those hidden, and the smallest others until k people are hidden."""
    covered = {cell for cell in sizes if cell in found}
    shown = sorted(sizes.keys() - covered, key=lambda cell: (sizes[cell], cell))
    while covered and shown and (len(covered) == 1 or sum(sizes[cell] for cell in covered) < k):
        covered.add(shown.pop(0))
    return covered
