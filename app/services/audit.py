"""The audit: who did what and when, and whether the log of it is whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.change import Action, Change, ChangeHead, RecordType
from app.services import page as pages
from app.services.change import GENESIS, SAID, digest
from app.services.cursor import Order
from app.services.page import Page, Slice
from app.services.row import moment
from app.text import Text
from app.uow import Uow, reads


@dataclass(frozen=True, slots=True)
class Sought:
    """Which changes are sought; None is any."""

    actor: str | None = None
    token_id: UUID | None = None
    request_id: str | None = None
    type: RecordType | None = None
    record_id: UUID | None = None
    external_id: str | None = None
    """The key of a KPI of the workspace's own, whose global id is made of it."""
    action: Action | None = None
    from_: datetime | date | None = None
    before: datetime | date | None = None

    def where(self, uow: Uow) -> list[ColumnElement[bool]]:
        """The conditions. Raises Invalid for an instant that cannot be."""
        columns = {
            Change.actor: self.actor,
            Change.token_id: self.token_id,
            Change.request_id: self.request_id,
            Change.noun: RecordType.KPI_DEFINITION.value if self.external_id else self.type and self.type.value,
            Change.record_id: self.record_id,
            Change.external_id: self.external_id,
            Change.action: self.action,
        }
        found = [col(column) == value for column, value in columns.items() if value is not None]
        since, until = moment(uow, self.from_, "from", past=False), moment(uow, self.before, "before", past=False)
        if since is not None:
            found.append(col(Change.at) >= since)
        if until is not None:
            found.append(col(Change.at) < until)
        return [*found, col(Change.seq).is_not(None)]


@reads(Scope.AUDIT_READ)
def log(uow: Uow, part: Slice, sought: Sought, order: Sequence[Order]) -> Page[Change]:
    """A part of the log, of what is sealed. Raises Invalid."""
    return pages.page(uow, Change, sought.where(uow), order, part)


@reads(Scope.AUDIT_READ)
def count(uow: Uow, sought: Sought) -> int:
    """How many changes are meant."""
    return pages.count(uow, Change, sought.where(uow))


class Breach(StrEnum):
    """What is wrong with a chain."""

    ALTERED = "ALTERED"
    MISSING = "MISSING"
    CUT_OFF = "CUT_OFF"
    ADDED = "ADDED"
    REWRITTEN = "REWRITTEN"


WORDS = {
    Breach.ALTERED: Text(
        "This change is not what was sealed, or does not follow the one before it.",
        "该变更与封存时的内容不符，或与前一条不相连。",
    ),
    Breach.MISSING: Text("This change is missing.", "该变更缺失。"),
    Breach.CUT_OFF: Text("The log ends before this change, which was sealed.", "日志在该已封存的变更之前就结束了。"),
    Breach.ADDED: Text("This change was put in behind the sealer's back.", "该变更是绕过封存机制加入的。"),
    Breach.REWRITTEN: Text(
        "Up to this change the log is not the one whose head was kept.", "到该变更为止的日志与所保存的链头不符。"
    ),
}
"""What is wrong, in words."""


_BEYOND = 2**53
"""Numbers from here on are not exact in JSON, and no chain comes to them."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain: its number and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain holds: how many are sealed and how many not yet, its head, and where it is broken, and how."""

    sealed: int
    unsealed: int
    head: Head | None
    broken_at: int | None = None
    breach: Breach | None = None

    @property
    def is_intact(self) -> bool:
        """Whether nothing was altered, lost, reordered or added."""
        return self.breach is None


@reads(Scope.AUDIT_READ)
def verify(uow: Uow, kept: Head | None = None, *, since: bool = False) -> Verification:
    """Look through the chain, against its head and one that was kept elsewhere; with `since` only from that one on.

    Streams: as much memory for a million changes as for a thousand. Raises Invalid for a head that none can be.
    """
    if since and kept is None:
        msg = Text(
            "To look only at what came after a head, give that head.", "若只查看某个链头之后的内容，请提供该链头。"
        )
        raise Invalid(msg, "head", code=Code.REQUIRED)
    if kept is not None and not (1 <= kept.seq < _BEYOND and len(kept.hash) == len(GENESIS)):
        msg = Text(
            "A head is the number of a change, 1 or more, and its hash of 64 characters.",
            "链头由变更的编号（1 或更大）和 64 个字符的哈希组成。",
        )
        raise Invalid(msg, "head", code=Code.INVALID)
    own_row = uow.session.get(ChangeHead, (uow.tenant_id, uow.tenant_id))
    own = Head(own_row.seq, own_row.hash) if own_row else None
    last, breach = _walk(uow, own, kept, since=since)
    unsealed = uow.session.scalar(select(func.count()).select_from(Change).where(col(Change.seq).is_(None))) or 0
    broken = None if breach is None else last.seq + 1
    head = own or (last if last.seq else None)
    return Verification(head.seq if head else 0, unsealed, head, broken, breach)


def _walk(uow: Uow, own: Head | None, kept: Head | None, *, since: bool) -> tuple[Head, Breach | None]:
    """The last link up to which the chain holds, and what is wrong with the next one."""
    last = Head(kept.seq - 1, "") if since and kept else Head(0, GENESIS)
    columns = (col(Change.seq), col(Change.previous), col(Change.hash), *SAID)
    statement = select(*columns).where(col(Change.seq) > last.seq).order_by(col(Change.seq))
    with uow.session.execute(statement.execution_options(yield_per=1_000)) as rows:
        for row in rows:
            if breach := _breach(row, last, own, kept):
                return last, breach
            last = Head(row.seq, row.hash)
    if last.seq < max((one.seq for one in (own, kept) if one), default=0) or (own is None and last.seq):
        return last, Breach.CUT_OFF
    return last, None


def _breach(row: Any, last: Head, own: Head | None, kept: Head | None) -> Breach | None:  # noqa: ANN401 - a row of columns
    """What is wrong with the link that comes after `last`; one without a hash is not known."""
    if row.seq != last.seq + 1:
        return Breach.MISSING
    if (last.hash and row.previous != last.hash) or row.hash != digest(row.previous or "", row.seq, row):
        return Breach.ALTERED
    if own is not None and row.seq > own.seq:
        return Breach.ADDED
    if any(one.seq == row.seq and one.hash != row.hash for one in (own, kept) if one):
        return Breach.REWRITTEN
    return None
