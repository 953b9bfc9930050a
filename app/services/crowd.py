"""Distinct people in rollups: somebody counts in a bucket where their first fact of it lies.

Counted per person over all of their facts, before and after a change; what is appended is the difference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import select

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
_GRAINS = tuple(Grain(name) for name in GRAINS)
_ALL = (1 << len(GRAINS)) - 1


def tell(uow: Uow, model: type[Owned], people: AbstractSet[UUID]) -> Told:
    """What is counted now of `people` behind the facts of `model`."""
    cubes = [cube for cube in CUBES.values() if isinstance(cube, Crowd) and cube.model is model and people]
    return {cube: _steps(uow, cube, uow.db.is_any(cube.person, sorted(people))) for cube in cubes}


def retell(uow: Uow, model: type[Owned], people: AbstractSet[UUID], told: Told) -> None:
    """Append by how much what is counted of `people` differs from what was `told`."""
    for cube, now in tell(uow, model, people).items():
        changes = {
            person.hex: _difference(told[cube].get(person.hex, []), now.get(person.hex, [])) for person in people
        }
        for generation, until in rollup.generations(uow, cube):
            passed = [change for person, change in changes.items() if until is None or person <= until.hex]
            rollup.put(uow, cube, generation, _rows(passed, uow.today))


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
            for slot in range(WIDTH):
                if slots >> slot & 1:
                    cell[slot] += amount
    return [(*place, *amounts) for place, amounts in cells.items() if any(amounts)]


def _steps(uow: Uow, cube: Crowd, chosen: ColumnElement[bool], *, is_history: bool = False) -> dict[str, list[Step]]:
    model: Any = cube.model
    # text all along: to make an object of each id takes longer than to read it
    person, *keys = [uow.db.as_key(column) for column in (cube.person, *cube.dimensions.values())]
    statement = (
        select(person, cube.day, model.known_on, *keys)
        .where(chosen, cube.counted)
        .order_by(cube.person, cube.day, model.occurred_at, model.id)
    )
    walk = _Walk(uow, cube, is_history=is_history)
    rows = groupby(uow.session.execute(statement), itemgetter(0))
    return {person: walk.along(facts) for person, facts in rows}


class _Walk:
    """Goes along somebody's facts, in order, and notes where they are the first or second of a bucket."""

    def __init__(self, uow: Uow, cube: Crowd, *, is_history: bool) -> None:
        self.dimensions = (TOTAL, *(dimension.value for dimension in cube.dimensions))
        self.is_history = is_history
        self.calendar = Calendar(uow.today, uow.workspace.first_weekday, uow.workspace.fiscal_year_start)
        self.starts: dict[date, tuple[date, ...]] = {}

    def along(self, facts: Iterable[Any]) -> list[Step]:
        """What is counted of one person."""
        found: list[Step] = []
        before: dict[tuple[str, str], tuple[date, int]] = {}
        first: date | None = None
        for _, day, known_on, *keys in facts:
            starts = self._starts(day)
            first = first or day
            is_new = _ALL & ~_behind((first,) * len(starts), starts)
            opening: dict[date, int] = {}
            for dimension, key in zip(self.dimensions, ("", *keys), strict=True):
                place = dimension, key or ""
                last, opened_then = before.get(place, (None, 0))
                if last is None:
                    opened = _ALL
                elif (known := opening.get(last)) is not None:
                    opened = known
                else:
                    opened = opening[last] = _behind(self._starts(last), starts)
                before[place] = day, opened
                # the second of a bucket is what follows the one that opened it
                slots = opened | (~opened & opened_then) << len(GRAINS) | (opened & is_new) << 2 * len(GRAINS)
                if slots:
                    found.append((*place, day, known_on if self.is_history else None, slots))
        return found

    def _starts(self, day: date) -> tuple[date, ...]:
        starts = self.starts.get(day)
        if starts is None:
            starts = self.starts[day] = tuple(self.calendar.floor(day, grain) for grain in _GRAINS)
        return starts


def _behind(some: tuple[date, ...], than: tuple[date, ...]) -> int:
    """Where the first of two dates is the earlier one; as bits."""
    return sum((one < other) << place for place, (one, other) in enumerate(zip(some, than, strict=True)))
