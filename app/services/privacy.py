"""Small cells: figures behind which so few people stand that somebody could be recognised.

Survey figures of a group are hidden from callers who may not see personal data when fewer than k people answered, and
so are as many others as it takes that what is hidden cannot be had by subtracting what is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from app.actor import Scope
from app.errors import Forbidden
from app.formula import atoms
from app.kpis.atom import PerAccount
from app.kpis.dimension import Dimension
from app.kpis.feedback import ANSWERS
from app.kpis.measure import Measure
from app.services import counting
from app.services.belonging import MARK
from app.services.planner import Ask, Cells
from app.services.scan import Condition
from app.text import Text
from app.uow import Uow

Place = tuple[str, int]
"""A cell: the key of its slice and the number of its span."""
People = Callable[..., dict[str, list[int]]]
"""`counting.people` of some answers: by conditions and a cutting."""


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
    k, counted = uow.workspace.small_cell_k, _answers(ask)
    # who is heard at all may be few, too
    hears_some = ask.variant.among is not None or any(
        isinstance(one, PerAccount) and one.score.is_weighted for one in counted
    )
    if not counted or uow.may(Scope.PERSONAL_READ) or k <= 1 or not (ask.by or ask.conditions or hears_some):
        return set()
    return set().union(*(_few(uow, ask, cells, one, k) for one in counted))


def _answers(ask: Ask) -> Sequence[Measure | PerAccount]:
    """What counts the answers that `ask` tells something about, or who gave them, each once."""
    if ask.kpi.survey:
        counted = ask.variant.denominator
        assert isinstance(counted, Measure | PerAccount)  # noqa: S101 - every survey KPI divides by one of them
        return (counted,)
    read = atoms(ask.variant.numerator, ask.variant.denominator)
    return list(dict.fromkeys(ANSWERS[atom] for atom in read if atom in ANSWERS))


def _few(uow: Uow, ask: Ask, cells: Cells, base: Measure | PerAccount, k: int) -> set[Place]:
    """The cells that are hidden because of those who gave the answers that `base` counts."""
    variant, blank = ask.variant, [0] * len(ask.spans)
    counted = base.score.below if isinstance(base, PerAccount) else base
    people = partial(counting.people, uow, ask.spans, counted, among=variant.among, known_on=ask.known_on)
    known: dict[str, list[int]] = {}
    for cutting in () if variant.people else ask.cuttings:
        known |= people(ask.conditions, cutting)
    sizes = {
        (key, place): int(row[place][variant.people]) if variant.people else known.get(key, blank)[place]
        for key, row in cells.items()
        for place in range(len(ask.spans))
        if row[place][base]
    }
    found = {cell for cell, size in sizes.items() if size < k}
    if ask.conditions or variant.among is not None:
        # what is left out is the difference between the whole and what is let through
        rest = people(ask.conditions, None, complement=True).get("", blank)
        found |= {cell for cell in sizes if 0 < rest[cell[1]] < k}
    if ask.by is None:
        return found | _covered(sizes, found, k)
    own = {cell: size for cell, size in sizes.items() if _is_own(cell)}
    found |= _nearly_all(ask, people, own, k) if own else set()
    # a defined segment is no part of a sum: the texts beside it have to cover one another
    for place in range(len(ask.spans)):
        parts = {cell: n for cell, n in sizes.items() if cell[1] == place and cell not in own}
        found |= _covered(parts, found, k)
    return found


def _is_own(cell: Place) -> bool:
    """Whether a cell is of a segment that the workspace defines."""
    return cell[0].startswith(MARK)


def _nearly_all(ask: Ask, people: People, sizes: Mapping[Place, int], k: int) -> set[Place]:
    """The cells of defined segments whose difference from what is shown of everybody is fewer than k people."""
    blank = [0] * len(ask.spans)
    whole = people(ask.conditions, None).get("", blank)
    found: set[Place] = set()
    # who is counted inside may be counted outside as well: only where so few are left is it worth to ask
    for key in {key for (key, place), size in sizes.items() if whole[place] - size < k}:
        beside = (*ask.conditions, Condition(Dimension.SEGMENT, None, frozenset({key})))
        rest = people(beside, None).get("", blank)
        found |= {cell for cell in sizes if cell[0] == key and 0 < rest[cell[1]] < k}
    return found


def _covered(sizes: Mapping[Place, int], found: set[Place], k: int) -> set[Place]:
    """Of cells that add up to something shown: those hidden, and the smallest others until k people are hidden."""
    covered = {cell for cell in sizes if cell in found}
    shown = sorted(sizes.keys() - covered, key=lambda cell: (sizes[cell], cell))
    while covered and shown and (len(covered) == 1 or sum(sizes[cell] for cell in covered) < k):
        covered.add(shown.pop(0))
    return covered
