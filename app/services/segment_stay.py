"""Who belonged to which segment from when until when, as files bring it: a time in a segment to a row."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import and_, or_
from sqlmodel import col, delete, insert, select

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.base import FOREVER
from app.models.change import Action
from app.models.customer import Customer
from app.models.segment import Segment, SegmentMember
from app.services import ref
from app.services.listing import Listing
from app.services.row import Batch, Day, Options, Outcome, Ref, Result, Row
from app.text import Text
from app.uow import Uow, writes

LIST: Listing[Any] = Listing(SegmentMember, Scope.SEGMENT_READ)
Pair = tuple[UUID, UUID]
"""A segment and a customer."""
Times = list[tuple[date, date]]
"""Times in a segment, each from its first day to the first day no longer; in order, none touching another."""


class SegmentStayRow(Row):
    """A time in a segment as it comes in: from today where nobody says, and lasting where it has no end."""

    segment: Ref
    customer: Ref
    from_: Day | None = None
    before: Day | None = None


@dataclass(frozen=True, slots=True)
class Stays:
    """All times of a customer in a segment."""

    pair: Pair
    times: Times

    @property
    def id(self) -> UUID:
        """What an import remembers it by."""
        segment, customer = self.pair
        return uuid5(segment, customer.hex)

    @property
    def version(self) -> int:
        """Another one with other times."""
        return zlib.crc32(orjson.dumps(self.times))


@writes(Scope.SEGMENT_WRITE)
def put_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Have customers belong to segments at these times too, beside those that are known; what became of each row.

    A rule has its say again when it is next applied: until then, and of the time before, it is as the rows say.
    """
    batch = Batch.read(SegmentStayRow, rows)
    uow.take_turn()  # a merge must not take away who is being added
    found = _found(uow, list(batch.waiting.values()))
    before = among(uow, _pairs(batch.waiting.values(), found))
    now = {pair: list(one.times) for pair, one in before.items()}
    for index, row in list(batch.waiting.items()):
        try:
            pair, time = _told(uow, row, found)
        except Invalid as error:
            batch.reject(index, *error.problems)
            continue
        known = now[pair]
        now[pair] = _united([*known, time])
        moved = Outcome.UPDATED if known else Outcome.CREATED
        batch.settle(index, Outcome.UNCHANGED if now[pair] == known else moved, Stays(pair, known).id)
    replace(uow, {pair: times for pair, times in now.items() if times != before[pair].times})
    return batch.done(options)


Found = tuple[ref.Found, ref.Found]


def _found(uow: Uow, rows: Sequence[SegmentStayRow]) -> Found:
    """What the rows name: segments and customers."""
    return ref.keyed(uow, Segment, {row.segment for row in rows}), ref.customers(uow, {row.customer for row in rows})


def _pairs(rows: Iterable[SegmentStayRow], found: Found) -> list[Pair]:
    """The pairs of which both are known."""
    known = [(found[0][row.segment], found[1][row.customer]) for row in rows]
    return [(one, who) for one, who in known if isinstance(one, UUID) and isinstance(who, UUID)]


def _told(uow: Uow, row: SegmentStayRow, found: Found) -> tuple[Pair, tuple[date, date]]:
    """Of whom and what the row tells, and the time. Raises Invalid."""
    segment = ref.require(found[0], row.segment, "segment", "segment")
    customer = ref.require(found[1], row.customer, "customer", "customer")
    assert isinstance(segment, UUID)  # noqa: S101 - require() made sure
    assert isinstance(customer, UUID)  # noqa: S101 - as above
    start = row.from_ or uow.today
    for name, day in (("from", start), ("before", row.before)):
        if day is not None and day > uow.today:
            raise Invalid(Text(f"{name} lies in the future.", f"{name} 在未来。"), name, code=Code.OUT_OF_RANGE)
    if row.before is not None and row.before <= start:
        msg = Text("before must be a day after from.", "before 必须晚于 from。")
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    return (segment, customer), (start, row.before or FOREVER)


def _united(times: Times) -> Times:
    """The times, those that touch as one."""
    found: Times = []
    for start, end in sorted(times):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def present(uow: Uow, rows: Sequence[Mapping[str, Any]]) -> list[Stays]:
    """What is known of the pairs that the rows of a file name, none of which is there perhaps."""
    told = [row for row in rows if all(isinstance(row.get(name), Ref) for name in ("segment", "customer"))]
    named = [SegmentStayRow.model_construct(segment=row["segment"], customer=row["customer"]) for row in told]
    return list(among(uow, _pairs(named, _found(uow, named))).values())


def among(uow: Uow, pairs: Iterable[Pair]) -> dict[Pair, Stays]:
    """The times of each of these pairs."""
    wanted = {pair: Stays(pair, []) for pair in pairs}
    segments, customers = ({pair[place] for pair in wanted} for place in (0, 1))
    chosen = (
        uow.db.is_any(SegmentMember.segment_id, sorted(segments)),
        uow.db.is_any(SegmentMember.customer_id, sorted(customers)),
    )
    columns: Any = (SegmentMember.segment_id, SegmentMember.customer_id, SegmentMember.starts_on, SegmentMember.ends_on)
    statement = select(*columns).where(*chosen).order_by(col(SegmentMember.starts_on))
    for segment, customer, start, end in uow.session.execute(statement) if wanted else ():
        if (one := wanted.get((segment, customer))) is not None:
            one.times.append((start, end))
    return wanted


def replace(uow: Uow, times: Mapping[Pair, Times]) -> None:
    """Make these the times of each pair, and another version of each of the segments."""
    by_segment: dict[UUID, list[UUID]] = {}
    for segment, customer in times:
        by_segment.setdefault(segment, []).append(customer)
    for segment, customers in by_segment.items():
        mine = (col(SegmentMember.segment_id) == segment, uow.db.is_any(SegmentMember.customer_id, customers))
        uow.session.execute(delete(SegmentMember).where(*mine), execution_options={"synchronize_session": False})
    new = [
        {"tenant_id": uow.tenant_id, "segment_id": one, "customer_id": who, "starts_on": start, "ends_on": end}
        for (one, who), some in times.items()
        for start, end in some
    ]
    if new:
        uow.session.execute(insert(SegmentMember), new)
    held = select(Segment).where(uow.db.is_any(Segment.id, sorted(by_segment))).order_by(col(Segment.id))
    for row in uow.session.scalars(held.with_for_update().execution_options(populate_existing=True)):
        row.version += 1
        uow.session.flush()
        uow.record(row, "Segment", Action.UPDATED, ["members"], external_id=row.key)


def pages(uow: Uow, size: int) -> Iterator[list[SegmentMember]]:
    """Every time in a segment of those customers who are there, some at a time."""
    one, customer, day = SegmentMember, col(SegmentMember.customer_id), col(SegmentMember.starts_on)
    there = and_(customer == Customer.id, col(one.tenant_id) == Customer.tenant_id, col(Customer.deleted_at).is_(None))
    for segment in uow.session.scalars(select(Segment.id).order_by(col(Segment.id))).all():
        chosen = select(one).join(Customer, there).where(one.segment_id == segment)
        chosen, after = chosen.order_by(customer, day).limit(size), UUID(int=0)
        begun = date.min
        while True:
            beyond = or_(customer > after, and_(customer == after, day > begun))
            rows = list(uow.session.scalars(chosen.where(beyond)))
            if not rows:
                break
            yield rows
            after, begun = rows[-1].customer_id, rows[-1].starts_on
            uow.session.expunge_all()
