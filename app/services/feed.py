"""The feed of changes: in the order of their numbers, from any place on, of what a caller may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hmac import compare_digest
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app import ids
from app.actor import Scope
from app.errors import Code, Forbidden, Invalid
from app.models.change import Action, Change, RecordType
from app.services import feedback
from app.services.change import GENESIS, SAID, head
from app.services.cursor import mark
from app.services.filter import Tree
from app.services.subject import SUBJECTS
from app.text import Text
from app.uow import Uow, reads

MOST = 500
"""Most changes of one page."""
SPAN = 20_000
"""How many numbers one page looks at, at most: where few of them are meant, it is short and there is more."""
_CURSOR = "ChangeCursor"
_SHORT = 16
_Place = tuple[int, str]
"""The number of a change and its hash."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A part of the feed: changes with the cursor of each, where it ends, and how many changes come after that."""

    changes: Sequence[Any]
    cursors: Sequence[str]
    end: str
    behind: int


@reads(Scope.CHANGE_READ)
def page(uow: Uow, first: int, after: str | None = None, types: Sequence[RecordType] | None = None) -> Feed:
    """Up to `first` changes after a cursor (None: from the very first), of some types (None: all that may be read).

    Raises Invalid for a size or a cursor that cannot be, Forbidden for a type that is named and may not be read.
    """
    if not 0 <= first <= MOST:
        msg = Text(f"first must be between 0 and {MOST}.", f"first 必须在 0 与 {MOST} 之间。")
        raise Invalid(msg, "first", code=Code.OUT_OF_RANGE)
    meant, last = _meant(uow, types), head(uow)
    begin = _opened(uow, after, last) if after is not None else (0, GENESIS)
    until = min(last[0], begin[0] + SPAN)
    columns = (col(Change.seq), col(Change.hash), *SAID)
    some = select(*columns).where(col(Change.seq) > begin[0], col(Change.seq) <= until)
    if len(meant) < len(RecordType):
        some = some.where(uow.db.is_any(Change.noun, meant))
    rows: list[Any] = list(uow.session.execute(some.order_by(col(Change.seq)).limit(first)))
    if len(rows) == first:
        end = (rows[-1].seq, rows[-1].hash) if rows else begin
    else:  # all numbers up to `until` have been looked at
        end = last if until == last[0] else _at(uow, until)
    return Feed(rows, [_sealed(uow, (row.seq, row.hash)) for row in rows], _sealed(uow, end), last[0] - end[0])


@reads(Scope.CHANGE_READ)
def now(uow: Uow) -> str:
    """The cursor after which comes what is sealed from now on."""
    return _sealed(uow, head(uow))


@reads(Scope.CHANGE_READ)
def level(uow: Uow) -> tuple[int, date]:
    """The number of the last change and the workspace's day: when one of them has moved, so may figures have."""
    return head(uow)[0], uow.today


@reads(Scope.FEEDBACK_READ)
def recorded(uow: Uow, first: int, after: str | None, filter_: Tree | None) -> Feed:
    """The feedback among up to `first` changes after a cursor that was recorded for the first time and is meant.

    Its `changes` are rows of feedback. Raises Invalid for a filter or a cursor that cannot be.
    """
    found = page(uow, first, after, [RecordType.FEEDBACK])
    new = [row.record_id for row in found.changes if row.action is Action.CREATED]
    rows = feedback.LIST.among(uow, new, filter_)
    kept = [
        (rows[change.record_id], cursor)
        for change, cursor in zip(found.changes, found.cursors, strict=True)
        if change.action is Action.CREATED and change.record_id in rows
    ]
    return Feed([row for row, _ in kept], [cursor for _, cursor in kept], found.end, found.behind)


@reads(Scope.FEEDBACK_READ)
def recorded_now(uow: Uow) -> str:
    """The cursor after which comes the feedback that is recorded from now on."""
    return now(uow)


def _meant(uow: Uow, types: Sequence[RecordType] | None) -> list[str]:
    """The types that are meant. Raises Forbidden for one that was named and may not be read."""
    readable = [type_ for type_, subject in SUBJECTS.items() if uow.may(subject.scope)]
    for type_ in types or ():
        if type_ not in readable:
            scope = SUBJECTS[type_].scope
            msg = Text(
                f"{type_.name} needs the scope {scope.value}, which the token does not have.",
                f"{type_.name} 需要权限范围 {scope.value}，而此令牌没有。",
            )
            raise Forbidden(msg)
    return [one.value for one in readable if types is None or one in types]


def _sealed(uow: Uow, place: _Place) -> str:
    parts = [str(place[0]), place[1][:_SHORT]]
    return ids.encode(_CURSOR, *parts, mark(uow, _CURSOR, parts))


def _opened(uow: Uow, cursor: str, last: _Place) -> _Place:
    """The place that `cursor` names. Raises Invalid for one that was not given here, or of a log that is gone."""
    found = ids.decode(cursor)
    parts = found[1] if found is not None and found[0] == _CURSOR else []
    if len(parts) != 3 or not compare_digest(parts[2].encode(), mark(uow, _CURSOR, parts[:2]).encode()):  # noqa: PLR2004 - as sealed
        msg = Text(
            "This cursor is not one of this workspace's changes; take cursors only from changes and changesHead.",
            "此游标不属于本工作区的变更；请只使用 changes 与 changesHead 返回的游标。",
        )
        raise Invalid(msg, "after")
    seq = int(parts[0])
    place = _at(uow, seq) if 0 < seq <= last[0] else (0, GENESIS)
    if place[0] != seq or place[1][:_SHORT] != parts[1]:
        msg = Text(
            "The changes up to this cursor are not those that are here now, as after a restored backup; take "
            "changesHead, read everything once more, and go on from there.",
            "此游标之前的变更与现有记录不符，例如在恢复备份之后；请取 changesHead，重新读取全部数据，再从那里继续。",
        )
        raise Invalid(msg, "after", code=Code.CONFLICT)
    return place


def _at(uow: Uow, seq: int) -> _Place:
    """The place of the number `seq`; of none where it is missing."""
    found = uow.session.execute(select(col(Change.seq), col(Change.hash)).where(col(Change.seq) == seq)).first()
    return (seq, str(found[1])) if found else (0, GENESIS)
