"""Between which days a workspace has facts of each kind: asked once in a unit of work, in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, func, select, true
from sqlmodel import col

from app.models.base import Fact, Owned
from app.models.lead import Lead
from app.models.spell import Spell
from app.models.target import Target
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
    cells = iter(uow.session.execute(select(*(part for model in new for part in _parts(model)))).one())
    for model in new:
        days = [(next(cells), next(cells)) for _ in _days(model)]
        first = min((low for low, _ in days if low), default=None)
        last = max((high for _, high in days if high), default=None)
        if issubclass(model, Fact):
            through = next(cells)
        else:
            through = min(start_of_day(last, uow.zone), uow.now) if last else None
        seen[model] = Extent(first, last, through)
    return seen


def _days(model: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a table with a day
    """The days on which a row may count."""
    if issubclass(model, Lead):  # may have been won before its first contact
        return (Lead.day, Lead.won_on, Lead.lost_on)
    if issubclass(model, Target):
        return (Target.starts_on, Target.ends_on)
    return (model.starts_on if issubclass(model, Spell) else model.day,)


def _parts(model: Any) -> Iterable[ScalarSelect[Any]]:  # noqa: ANN401 - a table with a day
    """The first and last of each of its days, and the latest instant of facts."""
    # only one of the bases by which somebody may be a customer is there for the KPIs
    there = col(Spell.is_counted).is_(True) if issubclass(model, Spell) else true()
    for day in _days(model):
        yield select(func.min(col(day))).where(there).scalar_subquery()
        yield select(func.max(col(day))).where(there).scalar_subquery()
    if issubclass(model, Fact):
        latest = select(func.max(col(model.occurred_at))).where(col(model.deleted_at).is_(None))
        yield latest.scalar_subquery()
