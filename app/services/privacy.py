"""Small cells: figures behind which so few people stand that somebody could be recognised.

Survey figures of a group are hidden from callers who may not see personal data when fewer than k people answered, and
so are as many others as it takes that what is hidden cannot be had by subtracting what is shown.
"""

from collections.abc import Mapping

from app.errors import Forbidden
from app.kpis.measure import Measure
from app.services import counting
from app.services.planner import Ask, Cells
from app.text import Text
from app.uow import Scope, Uow

Place = tuple[str, int]
"""A cell: the key of its slice and the number of its span."""


def check_may_profile(uow: Uow, key: str) -> None:
    """Refuse who may not see personal data a part of what is predicted of people. Raises Forbidden."""
    if not uow.may(Scope.PERSONAL_READ):
        msg = Text(
            f"Cutting what {key} predicts needs the scope {Scope.PERSONAL_READ.value}.",
            f"细分 {key} 的预测值需要权限范围 {Scope.PERSONAL_READ.value}。",
        )
        raise Forbidden(msg)


def hidden(uow: Uow, ask: Ask, cells: Cells) -> set[Place]:
    """The cells of `ask` that this caller may not see."""
    k = uow.workspace.small_cell_k
    if not ask.kpi.survey or uow.may(Scope.PERSONAL_READ) or k <= 1 or not (ask.by or ask.conditions):
        return set()
    counted = ask.variant.denominator
    assert isinstance(counted, Measure)  # noqa: S101 - every survey KPI divides by its answers
    known = counting.people(uow, ask.spans, counted, ask.conditions, ask.by, known_on=ask.known_on)
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
        for place in range(len(ask.spans)):
            found |= _covered({cell: n for cell, n in sizes.items() if cell[1] == place}, found, k)
    else:
        found |= _covered(sizes, found, k)
    return found


def _covered(sizes: Mapping[Place, int], found: set[Place], k: int) -> set[Place]:
    """Of cells that add up to something shown: those hidden, and the smallest others until k people are hidden."""
    covered = {cell for cell in sizes if cell in found}
    shown = sorted(sizes.keys() - covered, key=lambda cell: (sizes[cell], cell))
    while covered and shown and (len(covered) == 1 or sum(sizes[cell] for cell in covered) < k):
        covered.add(shown.pop(0))
    return covered
