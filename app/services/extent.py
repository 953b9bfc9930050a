"""Between which days a workspace has facts of each kind: asked once in a unit of work, in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlmodel import col

from app.models.base import Fact, Owned
from app.models.spell import Spell
from app.services.period import start_of_day
from app.uow import Uow


@dataclass(frozen=True, slots=True)
class Extent:
    """Between which days one kind of fact lies, and the instant of the last; None where there is none."""

    first: date | None
    last: date | None
    through: datetime | None


def extents(uow: Uow, models: Iterable[type[Owned]]) -> Mapping[type[Owned], Extent]:
    """The extents of the facts of `models`, among those that were asked for before."""
    seen: dict[type[Owned], Extent] = uow.seen.setdefault(extents, {})
    new = [model for model in dict.fromkeys(models) if model not in seen]
    if not new:
        return seen
    # a scalar query each, because SQLite finds only a lone min or max in the index
    cells = uow.session.execute(select(*(part for model in new for part in _parts(model)))).one()
    for place, model in enumerate(new):
        first, last, through = cells[3 * place : 3 * place + 3]
        if not issubclass(model, Fact):
            through = min(start_of_day(last, uow.zone), uow.now) if last else None
        seen[model] = Extent(first, last, through)
    return seen


def _parts(model: Any) -> Iterable[ScalarSelect[Any]]:  # noqa: ANN401 - a table with a day
    day = col(model.starts_on if issubclass(model, Spell) else model.day)
    yield select(func.min(day)).scalar_subquery()
    yield select(func.max(day)).scalar_subquery()
    if issubclass(model, Fact):
        latest = select(func.max(col(model.occurred_at))).where(col(model.deleted_at).is_(None))
        yield latest.scalar_subquery()
    else:
        yield select(func.max(day)).scalar_subquery()
