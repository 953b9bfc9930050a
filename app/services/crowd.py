"""Distinct people in rollups: somebody counts in a bucket where their first fact of it lies.

Counted per person over all of their facts, before and after a change; what is appended is the difference.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from app.kpis import CUBES
from app.kpis.dimension import TOTAL
from app.kpis.measure import GRAINS, Among, Crowd
from app.models.base import Owned
from app.services import rollup
from app.services.period import Calendar, Grain
from app.uow import Uow

Step = tuple[str, str, date, date | None, int]
"""What is counted of somebody: dimension, key, day, known on, and the slots as bits."""

Told = Mapping[Crowd, Mapping[str, list[Step]]]
"""By the hexadecimal id of each person."""

WIDTH = len(Among) * len(GRAINS)
_GRAINS = tuple(Grain(name) for name in GRAINS[:-1])
_ALL = (1 << len(GRAINS)) - 1


def tell(uow: Uow, model: type[Owned], people: AbstractSet[UUID]) -> Told:
    """What is counted now of `people` behind the facts of `model`."""
    return {cube: _steps(uow, cube, uow.db.is_any(cube.person, sorted(people))) for cube in _cubes(model, people)}


def retell(
    uow: Uow, model: type[Owned], people: AbstractSet[UUID], told: Told | None, new: Collection[UUID] = ()
) -> None:
    """Append by how much what is counted of `people` differs from what was `told`, else from what was before `new`."""
    for cube in _cubes(model, people):
        chosen = uow.db.is_any(cube.person, sorted(people))
        if told is None:
            changes = _added(uow, cube, people, new)
        else:
            before, now = told[cube], _steps(uow, cube, chosen)
            changes = {
                person.hex: _difference(before.get(person.hex, []), now.get(person.hex, [])) for person in people
            }
        for generation, until in rollup.generations(uow, cube):
            passed = [change for person, change in changes.items() if until is None or person <= until.hex]
            rollup.put(uow, cube, generation, _rows(passed, uow.today))


def _cubes(model: type[Owned], people: AbstractSet[UUID]) -> list[Crowd]:
    return [cube for cube in CUBES.values() if isinstance(cube, Crowd) and cube.model is model and people]


def _added(uow: Uow, cube: Crowd, people: AbstractSet[UUID], new: Collection[UUID]) -> dict[str, Counter[Step]]:
    """What is counted of `people`, less what were if the facts `new` were not: read once, walked twice."""
    concerned = _concerned(uow, cube, people, new) if cube.is_busy else sorted(people)
    if not concerned:
        return {}
    added, walk = {one.hex for one in new}, _Walk(uow, cube, is_history=False)
    found: dict[str, Counter[Step]] = {}
    for person, some in groupby(_facts(uow, cube, uow.db.is_any(cube.person, concerned), new), itemgetter(0)):
        facts = list(some)
        before = [fact for fact in facts if fact[-1] not in added]
        found[person] = _difference(walk.along(before), walk.along(facts))
    return found


def _difference(before: list[Step], after: list[Step]) -> Counter[Step]:
    change = Counter(after)
    change.subtract(before)
    return change


def fold_stretch(uow: Uow, cube: Crowd, generation: int, chosen: ColumnElement[bool]) -> None:
    """Append to `generation` what is counted of the people `chosen`; known since their facts were."""
    steps = _steps(uow, cube, chosen, is_history=True)
    rollup.put(uow, cube, generation, _rows(map(Counter, steps.values()), uow.today))


def _rows(changes: Iterable[Counter[Step]], today: date) -> list[tuple[Any, ...]]:
    """The rows of a rollup: dimension, day, key, known on, and an amount for each slot."""
    cells: dict[tuple[str, date, str, date], list[int]] = defaultdict(lambda: [0] * WIDTH)
    for change in changes:
        for (dimension, key, day, known_on, slots), amount in change.items():
            if not amount:
                continue
            cell = cells[dimension, day, key, known_on or today]
            for slot in _places(slots):
                cell[slot] += amount
    return [(*place, *amounts) for place, amounts in cells.items() if any(amounts)]


@cache
def _places(slots: int) -> tuple[int, ...]:
    return tuple(slot for slot in range(WIDTH) if slots >> slot & 1)


def _steps(uow: Uow, cube: Crowd, chosen: ColumnElement[bool], *, is_history: bool = False) -> dict[str, list[Step]]:
    walk = _Walk(uow, cube, is_history=is_history)
    rows = groupby(_facts(uow, cube, chosen), itemgetter(0))
    return {person: walk.along(facts) for person, facts in rows}


def _concerned(uow: Uow, cube: Crowd, people: AbstractSet[UUID], new: Collection[UUID]) -> list[UUID]:
    """Of whom something may be counted otherwise for the facts `new`: those that are no third of their day and kind."""
    model: Any = cube.model
    days = select(cube.day).where(uow.db.is_any(model.id, list(new))).distinct()
    mine = (uow.db.is_any(cube.person, sorted(people)), cube.day.in_(days), cube.counted)
    each = select(cube.person.label("person"), model.id, _place(cube).label("place")).where(*mine).subquery()
    first = (each.c.place <= _FIRST, uow.db.is_any(each.c.id, list(new)))
    return sorted(uow.session.scalars(select(each.c.person).where(*first).distinct()))


_FIRST = 2
"""Of facts of one day, person and kind only the first two open a bucket or follow what opened it."""


def _place(cube: Crowd, *apart: ColumnElement[bool]) -> ColumnElement[int]:
    """Which one a fact is, from 1, of those of its person, day and keys, where those that are `apart` count apart."""
    model: Any = cube.model
    alike = (cube.person, cube.day, *cube.dimensions.values(), *apart)
    return func.row_number().over(partition_by=alike, order_by=(model.occurred_at, model.id))


def _facts(uow: Uow, cube: Crowd, chosen: ColumnElement[bool], new: Collection[UUID] = ()) -> Iterable[Any]:
    """The facts of the people `chosen`, those of each together and in order: person, day, known on and keys.

    Of many on a day those that count nothing are left out. With `new` the id comes last, and what is left is enough to
    count with those facts and without them.
    """
    model: Any = cube.model
    # text all along: to make an object of each id takes longer than to read it
    person, id_, *keys = [uow.db.as_key(one) for one in (cube.person, col(model.id), *cube.dimensions.values())]
    columns: list[Any] = [person, cube.day, model.known_on, *keys, *([id_] if new else [])]
    order = (cube.person, cube.day, model.occurred_at, model.id)
    statement = select(*columns).where(chosen, cube.counted)
    if not cube.is_busy:
        return uow.session.execute(statement.order_by(*order))
    apart = [uow.db.is_any(model.id, list(new))] if new else []
    places = [column.label(f"o{place}") for place, column in enumerate(order)]
    named = [column.label(f"c{place}") for place, column in enumerate(columns)]
    cells: list[Any] = [*named, *places, _place(cube, *apart).label("place")]
    each = select(*cells).where(chosen, cube.counted).subquery()
    kept: list[Any] = [each.c[column.key] for column in named]
    some = select(*kept).where(each.c.place <= _FIRST)
    return uow.session.execute(some.order_by(*(each.c[column.key] for column in places)))


class _Walk:
    """Goes along somebody's facts, in order, and notes where they are the first or second of a bucket."""

    def __init__(self, uow: Uow, cube: Crowd, *, is_history: bool) -> None:
        self.dimensions = tuple(dimension.value for dimension in cube.dimensions)
        self.is_history = is_history
        self.calendar = Calendar(uow.today, uow.workspace.first_weekday, uow.workspace.fiscal_year_start)
        self.starts: dict[date, tuple[date, ...]] = {}

    def along(self, facts: Iterable[Any]) -> list[Step]:
        """What is counted of one person."""
        some = [(fact[1], fact[2] if self.is_history else None, fact[3:]) for fact in facts]
        if not some:
            return []
        # where all facts have one key, as they mostly have of what is said of the person, it goes as it goes in all
        values = list(zip(*(keys for _, _, keys in some), strict=True))[: len(self.dimensions)]
        same = [
            (name, keys[0] or "") for name, keys in zip(self.dimensions, values, strict=True) if len(set(keys)) == 1
        ]
        others = [(name, place) for place, name in enumerate(self.dimensions) if len(set(values[place])) > 1]
        found: list[Step] = []
        before: dict[tuple[str, str], tuple[date, int]] = {}
        first = some[0][0]
        for day, known_on, keys in some:
            starts = self._starts(day)
            is_new = _ALL & ~_behind(first, starts)
            opening: dict[date, int] = {}
            for place in ((TOTAL, ""), *((name, keys[at] or "") for name, at in others)):
                last, opened_then = before.get(place, (None, 0))
                if last is None:
                    opened = _ALL
                elif (known := opening.get(last)) is not None:
                    opened = known
                else:
                    opened = opening[last] = _behind(last, starts)
                before[place] = day, opened
                # the second of a bucket is what follows the one that opened it
                slots = opened | (~opened & opened_then) << len(GRAINS) | (opened & is_new) << 2 * len(GRAINS)
                if slots:
                    found.append((*place, day, known_on, slots))
                    if place[0] == TOTAL:
                        found += [(name, key, day, known_on, slots) for name, key in same]
        return found

    def _starts(self, day: date) -> tuple[date, ...]:
        starts = self.starts.get(day)
        if starts is None:
            starts = (*(self.calendar.floor(day, grain) for grain in _GRAINS), date.min)
            self.starts[day] = starts
        return starts


def _behind(day: date, starts: tuple[date, ...]) -> int:
    """Of which buckets, by when they start, the day lies before; as bits."""
    bits = 0
    for place, start in enumerate(starts):
        if day < start:
            bits |= 1 << place
    return bits
