"""What a workspace has of what its KPIs need: which kinds of facts, how many, and between which days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, desc, func, literal, null, select
from sqlmodel import col

from app.actor import Scope
from app.kpis.source import Source
from app.reach import is_shut
from app.services.extent import some
from app.uow import Uow, reads

MOST_COUNTED = 10_000
"""No more facts than this are counted of a kind: whoever has as many does not wait for the rest."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a workspace has of one kind of facts, if any; a capped count says that there are more."""

    source: Source
    is_available: bool
    count: int
    is_capped: bool
    since: date | None
    until: date | None


@reads(Scope.KPI_READ)
def statuses(uow: Uow, sources: Sequence[Source]) -> list[Status]:
    """What the workspace has of each of `sources`, in order, from one statement however many there are."""
    seen = [source for source in sources if uow.actor.rows is None or not is_shut(source.model)]
    found = iter(uow.session.execute(_statement(tuple(seen))).one() if seen else ())
    known = {source: _status(source, *(next(found) for _ in range(5))) for source in seen}
    return [known.get(source) or _status(source, None, 0, None, None, None) for source in sources]


@lru_cache(64)  # to put it together takes longer than to run it
def _statement(sources: tuple[Source, ...]) -> Select[Any]:
    return select(*(part for source in sources for part in _parts(source)))


def _status(  # noqa: PLR0913 - what the statement tells of one
    source: Source, any_: int | None, rows: int, weight: int | None, since: date | None, until: date | None
) -> Status:
    is_capped = rows > MOST_COUNTED
    count = MOST_COUNTED if is_capped else rows if weight is None else max(int(weight), 0)
    return Status(source, any_ is not None, count, is_capped, *((since, until) if count else (None, None)))


def _parts(source: Source) -> tuple[ColumnElement[Any], ...]:
    """Whether there is any, how many rows up to the bound, what they come to, and the first and last of their days.

    Each goes along an index from one of its ends, so that neither other workspaces nor what was deleted is read.
    """
    is_one_each = isinstance(source.weight, int)
    weight = literal(source.weight) if is_one_each else col(source.weight)
    counted = select(weight.label("weight")).select_from(source.model).where(source.where)
    counted = counted.order_by(source.along or source.first).limit(MOST_COUNTED + 1)
    # the days of what is counted in parts stand in another table, and there only while they count
    is_inside = source.first.class_ is source.model
    within, along = ([source.where], source.along) if is_inside else ([], None)
    return (
        some(source),
        select(func.count()).select_from(counted.subquery()).scalar_subquery(),
        null() if is_one_each else select(func.sum(counted.subquery().c.weight)).scalar_subquery(),
        select(col(source.first)).where(*within).order_by(along or source.first).limit(1).scalar_subquery(),
        select(col(source.last)).where(*within).order_by(desc(along or source.last)).limit(1).scalar_subquery(),
    )
