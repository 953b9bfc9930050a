"""Distinct people in rollups: somebody counts in a bucket where their first fact of it lies.

Counted per person over all of their facts, before and after a change; what is appended is the difference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
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

Steps = Counter[tuple[str, date, str, date | None, int]]
"""What is counted of somebody: (dimension, day, key, known on, the slots as bits) → how often."""

Told = Mapping[Crowd, Mapping[UUID, Steps]]

WIDTH = len(Among) * len(GRAINS)
_CALENDAR = {name: Grain(name) for name in GRAINS}


def tell(uow: Uow, model: type[Owned], people: AbstractSet[UUID]) -> Told:
    """What is counted now of `people` behind the facts of `model`."""
    cubes = [cube for cube in CUBES.values() if isinstance(cube, Crowd) and cube.model is model and people]
    return {cube: _steps(uow, cube, uow.db.is_any(cube.person, sorted(people))) for cube in cubes}


def retell(uow: Uow, model: type[Owned], people: AbstractSet[UUID], told: Told) -> None:
    """Append by how much what is counted of `people` differs from what was `told`."""
    for cube, now in tell(uow, model, people).items():
        changes: dict[UUID, Steps] = {}
        for person in people:
            change = Counter(now.get(person, {}))
            change.subtract(told[cube].get(person, {}))
            changes[person] = change
        for generation, until in rollup.generations(uow, cube):
            passed = [change for person, change in changes.items() if until is None or person <= until]
            rollup.put(uow, cube, generation, _rows(passed, uow.today))


def fold_stretch(uow: Uow, cube: Crowd, generation: int, chosen: ColumnElement[bool]) -> None:
    """Append to `generation` what is counted of the people `chosen`; known since their facts were."""
    steps = _steps(uow, cube, chosen, is_history=True)
    rollup.put(uow, cube, generation, _rows(steps.values(), uow.today))


def _rows(changes: Iterable[Steps], today: date) -> list[tuple[Any, ...]]:
    """The rows of a rollup: dimension, day, key, known on, and an amount for each slot."""
    cells: dict[tuple[str, date, str, date], list[int]] = defaultdict(lambda: [0] * WIDTH)
    for change in changes:
        for (dimension, day, key, known_on, slots), amount in change.items():
            if not amount or not slots:
                continue
            cell = cells[dimension, day, key, known_on or today]
            for slot in range(WIDTH):
                if slots >> slot & 1:
                    cell[slot] += amount
    return [(*place, *amounts) for place, amounts in cells.items() if any(amounts)]


def _steps(uow: Uow, cube: Crowd, chosen: ColumnElement[bool], *, is_history: bool = False) -> dict[UUID, Steps]:
    model: Any = cube.model
    keys = [uow.db.as_key(column) for column in cube.dimensions.values()]
    statement = (
        select(cube.person, cube.day, model.known_on, *keys)
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

    def along(self, facts: Iterable[Any]) -> Steps:
        """What is counted of one person."""
        found: Steps = Counter()
        before: dict[tuple[str, str], tuple[date, date | None]] = {}
        known: dict[tuple[date, date | None, date | None], int] = {}
        first: date | None = None
        for _, day, known_on, *keys in facts:
            first = first or day
            for dimension, key in self._places(keys):
                last, last_but_one = before.get((dimension, key), (None, None))
                before[dimension, key] = day, last
                times = day, last, last_but_one
                slots = known.get(times)
                if slots is None:
                    slots = known[times] = self._slots(day, first, last, last_but_one)
                if slots:
                    found[dimension, day, key, known_on if self.is_history else None, slots] += 1
        return found

    def _places(self, keys: Iterable[str | None]) -> Iterator[tuple[str, str]]:
        return zip(self.dimensions, ("", *(key or "" for key in keys)), strict=True)

    def _slots(self, day: date, first: date, last: date | None, last_but_one: date | None) -> int:
        """For which slots a fact counts that comes after those days; as bits."""
        starts = self.starts.get(day)
        if starts is None:
            starts = self.starts[day] = tuple(self.calendar.floor(day, grain) for grain in _CALENDAR.values())
        slots = 0
        for place, start in enumerate(starts):
            if last is None or last < start:
                slots |= 1 << Among.ALL * len(GRAINS) + place
                slots |= (first >= start) << Among.NEW * len(GRAINS) + place
            elif last_but_one is None or last_but_one < start:
                slots |= 1 << Among.REPEATED * len(GRAINS) + place
        return slots
