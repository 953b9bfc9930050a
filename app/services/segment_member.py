"""Who belonged to a segment when: the only writer of its members, by statements over all customers at once.

They insert what they select, which the wall cannot scope: each names the workspace in all of its parts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, case, func, literal, null, select, union_all
from sqlalchemy import cast as sql_cast
from sqlmodel import col, delete, insert, update

from app.actor import Scope
from app.errors import AppError
from app.models.base import FOREVER
from app.models.customer import Customer
from app.models.segment import Segment, SegmentMember
from app.services import segment_sql
from app.services.cursor import Order, opened, seal
from app.services.page import Page, Slice
from app.services.segment_rule import Rule
from app.uow import Uow, reads
from app.wall import EXEMPT


class Stay(NamedTuple):
    """A time in a segment: from the first day in it to the first day no longer."""

    segment_id: UUID
    start: date
    end: date


def on(day: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a day, or a column of days
    """Whether a membership holds on `day`."""
    return and_(col(SegmentMember.starts_on) <= day, col(SegmentMember.ends_on) > day)


def conform(uow: Uow, segment: Segment, rule: Rule, since: date) -> bool:
    """Have those belong to the segment who meet `rule`: who does anew since `since`, who no longer does until today.

    Whether anybody came or went. One statement looks at all customers once and writes only what changes. Whoever is let
    in and out within a day never belonged.
    """
    everybody = segment_sql.everybody(uow)
    matched: Any = select(col(Customer.id).label("customer_id"), sql_cast(null(), Date).label("starts_on"))
    present = select(col(SegmentMember.customer_id), col(SegmentMember.starts_on))
    mine = (col(SegmentMember.tenant_id) == uow.tenant_id, col(SegmentMember.segment_id) == segment.id)
    each = union_all(
        matched.where(*everybody, segment_sql.met(uow, rule)),
        present.where(*mine, col(SegmentMember.ends_on) == FOREVER),
    ).subquery()
    began = func.max(each.c.starts_on)
    # who stands on both sides stays as they are
    changed = (
        select(
            literal(uow.tenant_id, Uuid),
            literal(segment.id, Uuid),
            each.c.customer_id,
            func.coalesce(began, literal(since, Date)),
            case((began.is_(None), literal(FOREVER, Date)), else_=literal(uow.today, Date)),
        )
        .group_by(each.c.customer_id)
        .having(func.count() == 1)
    )
    put: Any = uow.db.upsert(SegmentMember)  # type: ignore[arg-type]  # a mapped class is as good as its table
    names = ["tenant_id", "segment_id", "customer_id", "starts_on"]
    put = put.from_select([*names, "ends_on"], changed)
    put = put.on_conflict_do_update(index_elements=names, set_={"ends_on": put.excluded.ends_on})
    written: Any = uow.session.execute(put, execution_options=EXEMPT)
    never = delete(SegmentMember).where(*mine, col(SegmentMember.ends_on) <= col(SegmentMember.starts_on))
    uow.session.execute(never, execution_options={"synchronize_session": False})
    return bool(written.rowcount)


def add(uow: Uow, segment_id: UUID, customer_ids: Iterable[UUID], since: date) -> set[UUID]:
    """Have these customers belong from `since` on, those who do not yet; who they are."""
    new = set(customer_ids) - _present(uow, segment_id, customer_ids)
    rows = [_row(uow, segment_id, one, since, FOREVER) for one in sorted(new)]
    if rows:
        # a time that ended on that day or later goes on
        reached = (*_of(uow, segment_id, new), col(SegmentMember.ends_on) >= since)
        again = uow.session.scalars(select(SegmentMember).where(*reached).order_by(col(SegmentMember.starts_on)))
        begun: dict[UUID, date] = {}
        for row in again:
            begun.setdefault(row.customer_id, min(row.starts_on, since))
        uow.session.execute(delete(SegmentMember).where(*reached), execution_options=_UNSEEN)
        rows = [row | {"starts_on": begun.get(row["customer_id"], since)} for row in rows]
        uow.session.execute(insert(SegmentMember), rows)
    return new


def remove(uow: Uow, segment_id: UUID, customer_ids: Iterable[UUID], before: date) -> set[UUID]:
    """Have these customers belong no longer from `before` on, those who do; who they are."""
    gone = _present(uow, segment_id, customer_ids)
    if gone:
        mine = (*_of(uow, segment_id, gone), col(SegmentMember.ends_on) == FOREVER)
        ended = update(SegmentMember).where(*mine, col(SegmentMember.starts_on) < before).values(ends_on=before)
        uow.session.execute(ended, execution_options=_UNSEEN)
        uow.session.execute(delete(SegmentMember).where(*mine), execution_options=_UNSEEN)
    return gone


def leave(uow: Uow, customer_ids: Sequence[UUID]) -> None:
    """Have these customers belong nowhere any longer from today on."""
    mine = (uow.db.is_any(SegmentMember.customer_id, list(customer_ids)), col(SegmentMember.ends_on) == FOREVER)
    ended = update(SegmentMember).where(*mine, col(SegmentMember.starts_on) < uow.today).values(ends_on=uow.today)
    uow.session.execute(ended, execution_options=_UNSEEN)
    uow.session.execute(delete(SegmentMember).where(*mine), execution_options=_UNSEEN)


_UNSEEN = {"synchronize_session": False}


def forget(uow: Uow, segment_id: UUID) -> None:
    """Take a segment's members away, and when they were."""
    chosen = delete(SegmentMember).where(col(SegmentMember.segment_id) == segment_id)
    uow.session.execute(chosen, execution_options=_UNSEEN)


def pass_over(uow: Uow, gone: UUID, kept: UUID) -> None:
    """Have one customer belong where either of two did, at the times of both; the other one nowhere."""
    both = uow.db.is_any(SegmentMember.customer_id, [gone, kept])
    order = (col(SegmentMember.segment_id), col(SegmentMember.starts_on))
    rows = list(uow.session.scalars(select(SegmentMember).where(both).order_by(*order)))
    if all(row.customer_id == kept for row in rows):
        return
    uow.session.execute(delete(SegmentMember).where(both), execution_options=_UNSEEN)
    united = []
    for segment_id, some in groupby(rows, lambda row: row.segment_id):
        times = _united([(row.starts_on, row.ends_on) for row in some])
        united += [_row(uow, segment_id, kept, start, end) for start, end in times]
    for row in rows:
        uow.session.expunge(row)
    uow.session.execute(insert(SegmentMember), united)


def part(uow: Uow, gone: UUID, kept: UUID, before: Mapping[UUID, Sequence[Stay]]) -> None:
    """Have two customers, of whom one had become part of the other, belong where each did `before` that.

    A time of the other one that began since stays, and so does the end of one that ended.
    """
    ids = {stay.segment_id for stay in before[gone]}
    known = (
        set(uow.session.scalars(select(col(Segment.id)).where(uow.db.is_any(Segment.id, sorted(ids))))) if ids else ()
    )
    for segment_id in sorted(known):
        theirs, mine = (
            [(one.start, one.end) for one in before[id_] if one.segment_id == segment_id] for id_ in (gone, kept)
        )
        made = {start for start, _ in _united(sorted(theirs + mine))}
        own = _of(uow, segment_id, [kept])
        chosen = select(col(SegmentMember.starts_on), col(SegmentMember.ends_on)).where(*own)
        present = [(start, end) for start, end in uow.session.execute(chosen)]
        left = [time for time in present if time[0] not in made]
        left += _less([time for time in present if time[0] in made], _less(theirs, mine))
        uow.session.execute(delete(SegmentMember).where(*own))
        rows = [_row(uow, segment_id, id_, *time) for id_, some in ((gone, theirs), (kept, left)) for time in some]
        uow.session.execute(insert(SegmentMember), rows)


_Time = tuple[date, date]


def _united(times: Iterable[_Time]) -> list[_Time]:
    """Times in order, those that overlap or touch as one. Pure."""
    found: list[_Time] = []
    for start, end in times:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _less(times: Iterable[_Time], others: Iterable[_Time]) -> list[_Time]:
    """What is left of times without the days of others. Pure."""
    left = list(times)
    for low, high in others:
        pieces = [(start, min(end, low)) for start, end in left] + [(max(start, high), end) for start, end in left]
        left = sorted({(start, end) for start, end in pieces if start < end})
    return left


def _present(uow: Uow, segment_id: UUID, customer_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these customers who belong, and have not ceased to."""
    mine = (*_of(uow, segment_id, customer_ids), col(SegmentMember.ends_on) == FOREVER)
    return set(uow.session.scalars(select(col(SegmentMember.customer_id)).where(*mine)))


def _of(uow: Uow, segment_id: UUID, customer_ids: Iterable[UUID]) -> tuple[ColumnElement[bool], ...]:
    chosen = uow.db.is_any(SegmentMember.customer_id, sorted(customer_ids))
    return col(SegmentMember.segment_id) == segment_id, chosen


def _row(uow: Uow, segment_id: UUID, customer_id: UUID, start: date, end: date) -> dict[str, Any]:
    return {
        "tenant_id": uow.tenant_id,
        "segment_id": segment_id,
        "customer_id": customer_id,
        "starts_on": start,
        "ends_on": end,
    }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of those who belonged to which segment, on which day (None: today)."""

    segment_id: UUID
    day: date | None
    part: Slice


_BY_ID = [Order("id")]


@reads(Scope.CUSTOMER_READ)
def pages(uow: Uow, wanted: Sequence[Wanted]) -> list[Page[Customer] | AppError]:
    """The parts in order, each by the ids of its customers; one with a wrong cursor has its error.

    However many segments, the members are one statement, each part cut from its own by the index.
    """
    parts: dict[Wanted, Any] = {}
    found: dict[Wanted, Page[Customer] | AppError] = {}
    for one in dict.fromkeys(wanted):
        try:
            parts[one] = _part(uow, one)
        except AppError as error:
            found[one] = error
    ids: dict[Wanted, list[UUID]] = {one: [] for one in parts}
    if parts:
        places = list(parts)
        each = [select(literal(place), *parts[one].subquery().c) for place, one in enumerate(places)]
        for place, id_ in uow.session.execute(union_all(*each)):
            ids[places[place]].append(id_)
    known = {id_ for some in ids.values() for id_ in some}
    chosen = select(Customer).where(uow.db.is_any(Customer.id, sorted(known)))
    rows = {row.id: row for row in uow.session.scalars(chosen)} if known else {}
    found |= {one: _page(uow, one.part, [rows[id_] for id_ in sorted(some)]) for one, some in ids.items()}
    return [found[one] for one in wanted]


def _part(uow: Uow, one: Wanted) -> Select[Any]:
    """The ids of a part and of one more beyond it. Raises Invalid for a wrong cursor."""
    part, customer = one.part, col(SegmentMember.customer_id)
    some = select(customer).where(col(SegmentMember.segment_id) == one.segment_id, on(one.day or uow.today))
    if part.after is not None:
        some = some.where(customer > opened(uow, Customer, _BY_ID, part.after, "after")[0])
    if part.before is not None:
        some = some.where(customer < opened(uow, Customer, _BY_ID, part.before, "before")[0])
    return some.order_by(customer.desc() if part.first is None else customer).limit(_size(part) + 1)


def _size(part: Slice) -> int:
    size = part.last if part.first is None else part.first
    assert size is not None  # noqa: S101 - the edge sets the default
    return size


def _page(uow: Uow, part: Slice, rows: list[Customer]) -> Page[Customer]:
    """The page of `rows`, which are in order and may be one too many at the far end."""
    is_last, size = part.first is None, _size(part)
    more = len(rows) > size
    rows = rows[-size or len(rows) :] if is_last else rows[:size]
    cursors = [seal(uow, row, _BY_ID) for row in rows]
    has_next = part.before is not None if is_last else more
    return Page(rows, cursors, has_next, more if is_last else part.after is not None)


@reads(Scope.SEGMENT_READ)
def counts(uow: Uow, wanted: Sequence[tuple[UUID, date | None]]) -> list[int]:
    """How many belonged to each segment on its day (None: today)."""
    found = []
    for day in {day for _, day in wanted}:
        ids = sorted({segment_id for segment_id, one in wanted if one == day})
        column = col(SegmentMember.segment_id)
        statement = select(column, func.count()).where(uow.db.is_any(column, ids), on(day or uow.today))
        found += [((id_, day), many) for id_, many in uow.session.execute(statement.group_by(column))]
    known = dict(found)
    return [known.get(one, 0) for one in wanted]


@reads(Scope.SEGMENT_READ)
def stays(uow: Uow, customer_ids: Sequence[UUID]) -> dict[UUID, list[Stay]]:
    """The times in segments of each of the customers, in order."""
    statement = select(SegmentMember).where(uow.db.is_any(SegmentMember.customer_id, list(customer_ids)))
    found: dict[UUID, list[Stay]] = {id_: [] for id_ in customer_ids}
    order = (col(SegmentMember.customer_id), col(SegmentMember.starts_on), col(SegmentMember.segment_id))
    for row in uow.session.scalars(statement.order_by(*order)):
        found[row.customer_id].append(Stay(row.segment_id, row.starts_on, row.ends_on))
    return found
