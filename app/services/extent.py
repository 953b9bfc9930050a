"""Which facts a workspace has, and between which days: asked once in a unit of work, in one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, literal, select, true
from sqlmodel import col

from app.kpis.source import Source
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


def extents(uow: Uow, models: Iterable[type[Owned]], sources: Iterable[Source] = ()) -> Mapping[type[Owned], Extent]:
    """The extents of the facts of `models`, among those that were asked for before; `has` then knows of `sources`."""
    seen: dict[type[Owned], Extent] = uow.seen.setdefault(extents, {})
    held: dict[Source, bool] = uow.seen.setdefault(has, {})
    new = tuple(model for model in dict.fromkeys(models) if model not in seen)
    unheard = tuple(source for source in dict.fromkeys(sources) if source not in held)
    if not new and not unheard:
        return seen
    cells = iter(uow.session.execute(_statement(new, unheard)).one())
    for model in new:
        days = [(next(cells), next(cells)) for _ in _days(model)]
        first = min((low for low, _ in days if low), default=None)
        last = max((high for _, high in days if high), default=None)
        if issubclass(model, Fact):
            through = next(cells)
        else:
            through = min(start_of_day(last, uow.zone), uow.now) if last else None
        seen[model] = Extent(first, last, through)
    held |= {source: next(cells) is not None for source in unheard}
    return seen


def has(uow: Uow, source: Source) -> bool:
    """Whether the workspace has facts of `source`."""
    held: dict[Source, bool] = uow.seen.setdefault(has, {})
    if source not in held:
        extents(uow, (), [source])
    return held[source]


def some(source: Source) -> ScalarSelect[Any]:
    """Something where there are facts of `source`, and null where there are none: on this all rests that asks for it.

    Goes along an index, so that neither other workspaces nor what was deleted is read.
    """
    found = select(literal(1)).select_from(source.model).where(source.where)
    if source.about is None:
        found = found.order_by(source.along or source.first)
    else:
        found = found.group_by(source.about).having(func.sum(col(source.weight)) > 0)
    return found.limit(1).scalar_subquery()


@lru_cache(256)  # to put it together takes longer than to run it
def _statement(models: tuple[type[Owned], ...], sources: tuple[Source, ...]) -> Select[Any]:
    # a scalar query each, because SQLite finds only a lone min or max in the index
    return select(*(part for model in models for part in _parts(model)), *map(some, sources))


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
