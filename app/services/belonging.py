"""What facts take from their customer: the defined segments and the stage of a day, the attributes as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, exists, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.kpis.dimension import Dimension
from app.kpis.measure import Cube
from app.models.customer import Customer
from app.models.segment import Segment, SegmentKind, SegmentMember
from app.services.stage import stage_on
from app.uow import Uow

MARK = " "
"""What the inner key of a defined segment begins with, and no text that sources send: these are stripped."""


@dataclass(frozen=True, slots=True)
class Defined:
    """A segment that the workspace defines: its inner key, its key and name, and whether its members are known."""

    inner: str
    key: str
    name: str
    is_ready: bool


def defined(uow: Uow) -> dict[str, Defined]:
    """The segments that the workspace defines, by their keys; read once in a unit of work."""
    seen: dict[None, dict[str, Defined]] = uow.seen.setdefault(defined, {})
    if None not in seen:
        seen[None] = {}
        columns = (col(Segment.id), col(Segment.key), col(Segment.name), col(Segment.kind), col(Segment.refreshed_at))
        for id_, key, name, kind, at in uow.session.execute(select(*columns)):
            is_ready = kind is SegmentKind.MANUAL or at is not None
            seen[None][key] = Defined(f"{MARK}{id_.hex}", key, name, is_ready)
    return seen[None]


def _customer(cube: Cube) -> Any:  # noqa: ANN401 - a column
    return cube.scanned[Dimension.CUSTOMER]


def member(uow: Uow, cube: Cube, ids: Sequence[UUID], day: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a day
    """Whether a fact's customer belonged to one of the segments on `day`."""
    one = aliased(SegmentMember)
    holds = _belongs(one, cube, day)
    return exists(select(literal(1)).where(uow.db.is_any(col(one.segment_id), list(ids)), holds))


def _belongs(one: Any, cube: Cube, day: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a table and a day
    return and_(one.customer_id == _customer(cube), one.starts_on <= day, one.ends_on > day)


def memberships(uow: Uow, cube: Cube, day: Any) -> tuple[Any, ColumnElement[bool], ColumnElement[str]]:  # noqa: ANN401 - a day
    """The segments to which a fact's customer belonged on `day`: a table, how it is joined, and the inner key."""
    one = aliased(SegmentMember)
    return one, _belongs(one, cube, day), literal(MARK, String) + uow.db.as_key(col(one.segment_id))


def stage(cube: Cube, day: Any) -> ColumnElement[str]:  # noqa: ANN401 - a day
    """The stage of a fact's customer on `day`, "" where nobody is known."""
    return stage_on(_customer(cube), day)


def attributes(uow: Uow, cube: Cube, name: str) -> tuple[Any, ColumnElement[bool], ColumnElement[str]]:
    """A fact's customer: a table, how it is joined, and the attribute, "" for none."""
    one = aliased(Customer)
    return one, col(one.id) == _customer(cube), func.coalesce(uow.db.member(col(one.attributes), name), "")


def attribute(uow: Uow, cube: Cube, name: str) -> ColumnElement[str]:
    """The attribute of a fact's customer, "" for none."""
    one = aliased(Customer)
    found = select(uow.db.member(col(one.attributes), name)).where(col(one.id) == _customer(cube))
    return func.coalesce(found.scalar_subquery(), "")
