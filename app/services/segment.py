"""Segments: groups of customers that a workspace defines, by a rule or by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, select
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Forbidden, Invalid
from app.models.change import Action
from app.models.customer import Customer
from app.models.segment import Segment, SegmentKind
from app.services import keyed, ref, segment_member, segment_sql
from app.services.listing import Listing
from app.services.period import start_of_day
from app.services.ref import named
from app.services.repeatable import fate_of, repeatable, results_of, row_of
from app.services.row import AS_USUAL, Day, Options, Outcome, Ref, Result
from app.services.segment_rule import Rule, checked, needed
from app.services.segment_template import TEMPLATES, ReadyMade, Template
from app.text import Text
from app.uow import Uow, reads, writes

LIST = Listing(Segment, Scope.SEGMENT_READ, columns={"external_id": "key"})
AT_ONCE = 5_000
"""Of so many customers a segment is brought up to date in the write itself; of more by the worker."""
MOST = 500
"""Customers that are added or removed at once."""
NIGHTLY = "segments"
"""The kind of the job that brings all segments up to date when a day begins."""


class SegmentRow(keyed.KeyedRow):
    """A segment as it comes in: absent keeps, null clears."""

    description: Annotated[str, Field(max_length=2_000)] | None = None
    kind: SegmentKind | None = None
    rule: Any = None
    template: Template | None = None
    members_from: Day | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """How many customers meet a rule, and some of them."""

    count: int
    customer_ids: list[UUID]


@writes(Scope.SEGMENT_WRITE)
def upsert(uow: Uow, data: Mapping[str, Any], options: Options = AS_USUAL) -> tuple[Segment, Outcome]:
    """The segment after `data`, brought up to date with its rule where that changed. Raises Invalid or Forbidden."""
    changed: list[Rule] = []

    def columns(row: SegmentRow, present: Segment | None) -> dict[str, Any]:
        _check_key(uow, row.external_id, present)
        kind = row.kind or (present.kind if present else SegmentKind.RULE)
        rule = _rule(uow, row, present, kind)
        if rule is not None and (present is None or present.rule != rule):
            changed.append(rule)
        kept = present.starts_on if present else None
        starts_on = row.members_from if "members_from" in row.model_fields_set else kept
        if starts_on is not None and starts_on > uow.today:
            msg = Text("membersFrom lies in the future.", "membersFrom 在未来。")
            raise Invalid(msg, "membersFrom", code=Code.OUT_OF_RANGE)
        return {"kind": kind, "rule": rule, "starts_on": starts_on}

    segment, outcome = keyed.upsert(uow, Segment, SegmentRow, data, columns, options=options)
    if changed:
        _apply_or_leave(uow, segment)
        _await_morning(uow)
    return segment, outcome


def _check_key(uow: Uow, key: str, present: Segment | None) -> None:
    """Refuse a new key that is the text of customers already: KPIs would mean something else by it from now on."""
    if present is not None:
        return
    some = select(col(Customer.id)).where(col(Customer.segment) == key).limit(1)
    if uow.session.scalar(some) is not None:
        msg = Text(
            f"Sources call customers' segment {key!r} already; take another key, which KPIs can tell from it.",
            f"来源已将客户的 segment 称为 {key!r}；请使用另一个键，以便 KPI 区分。",
        )
        raise Invalid(msg, "externalId", code=Code.CONFLICT)


def _rule(uow: Uow, row: SegmentRow, present: Segment | None, kind: SegmentKind) -> Rule | None:
    """The rule that the segment is to have. Raises Invalid or Forbidden."""
    if row.rule is not None and row.template is not None:
        msg = Text("Give a rule or a template, not both.", "rule 与 template 只能提供一个。")
        raise Invalid(msg, "template", code=Code.CONFLICT)
    if kind is SegmentKind.MANUAL:
        if row.rule is not None or row.template is not None:
            msg = Text(
                "A segment of kind MANUAL has no rule; its customers are added one by one.",
                "MANUAL 类型的分群没有规则；客户需逐个加入。",
            )
            raise Invalid(msg, "rule", code=Code.CONFLICT)
        return None
    if row.template is not None:
        rule = TEMPLATES[row.template].rule
    elif row.rule is not None:
        rule = read(row.rule)
    elif present is not None and present.rule is not None and "rule" not in row.model_fields_set:
        return present.rule
    else:
        msg = Text("A segment of kind RULE needs a rule or a template.", "RULE 类型的分群需要 rule 或 template。")
        raise Invalid(msg, "rule", code=Code.REQUIRED)
    check_may_ask(uow, rule)
    return rule


def read(data: Any) -> Rule:  # noqa: ANN401 - as it came in
    """The rule as it is kept. Raises Invalid with paths below `rule`."""
    try:
        return checked(data)
    except Invalid as error:
        raise Invalid([one.under("rule") for one in error.problems]) from None


def check_may_ask(uow: Uow, rule: Rule) -> None:
    """Refuse a rule that would tell what the caller may not read. Raises Forbidden."""
    missing = sorted(one.value for one in needed(rule, uow.workspace.attribute_dimensions) if not uow.may(one))
    if missing:
        scopes = ", ".join(missing)
        msg = Text(f"What this rule asks needs the scope {scopes}.", f"此规则的内容需要权限范围 {scopes}。")
        raise Forbidden(msg)


def _apply_or_leave(uow: Uow, segment: Segment) -> bool:
    """Bring the segment up to date, where there are many customers by the worker; whether anybody came or went."""
    some = select(col(Customer.id)).limit(AT_ONCE + 1).subquery()
    if (uow.session.scalar(select(func.count()).select_from(some)) or 0) > AT_ONCE:
        uow.enqueue("segment", segment=segment.id.hex)
        return False
    return _apply(uow, segment)


def _apply(uow: Uow, segment: Segment) -> bool:
    if segment.rule is None:
        return False
    since = segment.starts_on if segment.refreshed_at is None and segment.starts_on else uow.today
    moved = segment_member.conform(uow, segment, segment.rule, since)
    segment.refreshed_at = uow.now
    uow.session.flush()
    return moved


def _note(uow: Uow, segment: Segment, fields: list[str]) -> None:
    """Make another version of the segment, in which `fields` are what changed."""
    segment.version += 1
    uow.session.flush()
    uow.record(segment, "Segment", Action.UPDATED, fields, external_id=segment.key)


def _await_morning(uow: Uow) -> None:
    """Have all segments brought up to date when the next day begins; of several such jobs one runs."""
    uow.enqueue(NIGHTLY, start_of_day(uow.today + timedelta(days=1), uow.zone))


@writes(Scope.SEGMENT_WRITE)
@repeatable("segmentRefresh", fate_of(Segment))
def refresh(uow: Uow, wanted: Ref) -> tuple[Segment, Outcome]:
    """Bring a segment up to date with its rule, now or by the worker; the segment. Raises Invalid."""
    segment = _require(uow, wanted, "segment")
    _require_kind(segment, SegmentKind.RULE)
    before = segment.refreshed_at
    moved = _apply_or_leave(uow, segment)
    if segment.refreshed_at == before:
        return segment, Outcome.UNCHANGED
    _note(uow, segment, ["refreshed_at", "members"] if moved else ["refreshed_at"])
    return segment, Outcome.UPDATED


@writes(Scope.SEGMENT_WRITE)
def apply(uow: Uow, segment_id: UUID) -> None:
    """Bring a segment of a rule up to date, however many customers there are."""
    segment = uow.session.get(Segment, (uow.tenant_id, segment_id), with_for_update=True)
    if segment is not None and _apply(uow, segment):
        _note(uow, segment, ["members"])


@reads(Scope.SEGMENT_READ)
def ruled(uow: Uow) -> list[UUID]:
    """The segments that have a rule."""
    chosen = select(col(Segment.id)).where(col(Segment.kind) == SegmentKind.RULE).order_by(col(Segment.id))
    return list(uow.session.scalars(chosen))


@writes(Scope.SEGMENT_WRITE)
def await_morning(uow: Uow) -> None:
    """Have the segments brought up to date again tomorrow, as long as there are any."""
    if ruled(uow):
        _await_morning(uow)


@writes(Scope.SEGMENT_WRITE)
@repeatable("segmentDelete", row_of(Segment))
def delete(uow: Uow, wanted: Ref) -> Segment:
    """Delete a segment and who belonged to it when; the segment as it stood. Raises Invalid when there is none."""
    segment = _require(uow, wanted, None)
    segment_member.forget(uow, segment.id)
    uow.session.delete(segment)
    uow.session.flush()
    uow.record(segment, "Segment", Action.DELETED, version=segment.version + 1, external_id=segment.key)
    return segment


def _require(uow: Uow, wanted: Ref, path: str | None) -> Segment:
    """The segment, held. Raises Invalid (NOT_FOUND)."""
    chosen = select(Segment).where(named(uow, Segment, wanted)).with_for_update()
    found: Segment | None = uow.session.scalars(chosen.execution_options(populate_existing=True)).first()
    if found is None:
        msg = Text("There is no such segment here.", "这里没有这个客户分群。")
        raise Invalid(msg, path or "externalId", code=Code.NOT_FOUND)
    return found


def _require_kind(segment: Segment, kind: SegmentKind) -> None:
    if segment.kind is not kind:
        msg = Text(
            "Who belongs to this segment is for its rule to say."
            if kind is SegmentKind.MANUAL
            else "This segment has no rule; its customers are added one by one.",
            "此分群的成员由其规则决定。" if kind is SegmentKind.MANUAL else "此分群没有规则；客户需逐个加入。",
        )
        raise Invalid(msg, "segment", code=Code.CONFLICT)


@writes(Scope.SEGMENT_WRITE)
@repeatable("segmentMembersAdd", results_of(Segment))
def add(uow: Uow, wanted: Ref, customers: Sequence[Ref], since: date | None) -> tuple[Segment, list[Result]]:
    """Add customers to a segment by hand, from a day on (None: today); what became of each, in order."""
    return _by_hand(uow, wanted, customers, since, "from")


@writes(Scope.SEGMENT_WRITE)
@repeatable("segmentMembersRemove", results_of(Segment))
def remove(uow: Uow, wanted: Ref, customers: Sequence[Ref], before: date | None) -> tuple[Segment, list[Result]]:
    """Take customers out of a segment by hand, from a day on (None: today); what became of each, in order."""
    return _by_hand(uow, wanted, customers, before, "before")


def _by_hand(
    uow: Uow, wanted: Ref, customers: Sequence[Ref], day: date | None, path: str
) -> tuple[Segment, list[Result]]:
    if len(customers) > MOST:
        raise Invalid(Text(f"At most {MOST} at once.", f"一次最多 {MOST} 名客户。"), "customers", code=Code.TOO_MANY)
    if day is not None and day > uow.today:
        msg = Text(f"{path} lies in the future.", f"{path} 在未来。")
        raise Invalid(msg, path, code=Code.OUT_OF_RANGE)
    uow.take_turn()  # a merge must not take away who is being added
    segment = _require(uow, wanted, "segment")
    _require_kind(segment, SegmentKind.MANUAL)
    found = ref.customers(uow, customers)
    write = segment_member.add if path == "from" else segment_member.remove
    moved = write(uow, segment.id, {one for one in found.values() if isinstance(one, UUID)}, day or uow.today)
    done = Outcome.CREATED if path == "from" else Outcome.DELETED
    results = []
    for index, one in enumerate(customers):
        try:
            id_ = ref.require(found, one, "customer", "customers")
        except Invalid as error:
            problems = tuple(replace(one, path=()) for one in error.problems)
            results.append(Result(index, Outcome.REJECTED, None, problems))
            continue
        assert isinstance(id_, UUID)  # noqa: S101 - require() made sure
        results.append(Result(index, done if id_ in moved else Outcome.UNCHANGED, id_))
        moved.discard(id_)
    if any(one.outcome is done for one in results):
        _note(uow, segment, ["members"])
    return segment, results


@reads(Scope.SEGMENT_READ)
def templates(uow: Uow) -> Mapping[Template, ReadyMade]:
    """The rules that are ready made."""
    del uow
    return TEMPLATES


@reads(Scope.SEGMENT_READ)
def preview(uow: Uow, data: Mapping[str, Any], first: int) -> Preview:
    """How many customers meet a rule, and the first of them by when they were made. Raises Invalid or Forbidden."""
    rule = read(data)
    check_may_ask(uow, rule)
    if not 0 <= first <= MOST:
        msg = Text(f"first must be between 0 and {MOST}.", f"first 必须在 0 与 {MOST} 之间。")
        raise Invalid(msg, "first", code=Code.OUT_OF_RANGE)
    met = (*segment_sql.everybody(uow), segment_sql.met(uow, rule))
    count = uow.session.scalar(select(func.count()).select_from(Customer).where(*met)) or 0
    some = select(col(Customer.id)).where(*met).order_by(col(Customer.id)).limit(first)
    return Preview(count, list(uow.session.scalars(some)) if uow.may(Scope.CUSTOMER_READ) else [])
