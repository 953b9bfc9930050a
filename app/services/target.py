"""Targets: set with a frozen baseline, judged as SMART when they are set, paced while they run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col, select

from app.actor import Scope
from app.errors import Code, Forbidden, Invalid
from app.kpis.figure import NullReason
from app.kpis.kpi import Kpi, KpiUnit, Variant
from app.models.change import Action
from app.models.target import Target, TargetKind, TargetRevision
from app.services import kpi as kpis
from app.services import smart
from app.services.custom_kpi import asked
from app.services.days import Period
from app.services.kpi import Question
from app.services.listing import Listing
from app.services.period import Span, checked, last_complete
from app.services.ref import named
from app.services.repeatable import Memory, found, repeatable, row_of
from app.services.row import Key, Outcome, Ref, Row, parse
from app.services.slices import Filter, conditions
from app.services.target_scope import scope_digest, stored
from app.text import Text
from app.uow import Uow, reads, writes

LIST = Listing(Target, Scope.TARGET_READ, columns={"from": "starts_on", "before": "ends_on"})
MAX_RELATIVE = 5
"""A relative change beyond this is taken for a percentage by mistake."""


class TargetRow(Row):
    """A target as it comes in."""

    external_id: Key
    kpi: str
    custom: Annotated[str, Field(max_length=64)] | None = None
    variant: Annotated[str, Field(max_length=64)] | None = None
    scope: list[Filter] | None = None
    kind: TargetKind
    value: Annotated[float, Field(allow_inf_nan=False)]
    stretch: Annotated[float, Field(allow_inf_nan=False)] | None = None
    baseline_value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    baseline_period: Any = None
    from_: date
    before: date
    owner: Annotated[str, Field(max_length=200)] | None = None
    rationale: Annotated[str, Field(max_length=2_000)] | None = None


def _kept(answer: tuple[Target, Outcome, object]) -> list[str]:
    return [answer[0].id.hex, answer[1]]


def _recalled(uow: Uow, kept: list[str]) -> tuple[Target | None, Outcome, list[smart.Advice]]:
    """What a retry is told: the target as of now, if it is there, and what about it is not SMART now."""
    check_may_measure(uow)
    target, outcome = found(uow, Target, kept[0]), Outcome(kept[1])
    if target is None:
        return None, outcome, []
    return target, outcome, smart.advice(uow, target, kpis.definition(uow, asked(target.kpi, target.custom or None)))


@writes(Scope.TARGET_WRITE)
@repeatable("targetSet", Memory(_kept, _recalled))
def set_(uow: Uow, data: Mapping[str, Any]) -> tuple[Target, Outcome, list[smart.Advice]]:
    """The target after `data`, and what about it is not SMART. Setting it again replaces it; the old version is kept.

    Raises Invalid with every problem of the input.
    """
    check_may_measure(uow)
    row = parse(TargetRow, data)
    kpi = kpis.definition(uow, _named(uow, row))
    variant = kpis.variant_of(kpi, row.variant)
    scope = tuple(row.scope or ())
    _check_scope(uow, variant, scope)
    span = checked(row.from_, row.before)
    what: dict[str, Any] = {"kpi": row.kpi, "custom": row.custom or "", "variant": variant.key}
    what["scope_digest"] = scope_digest(scope)
    what |= {"starts_on": span.start, "ends_on": span.end}
    present = _present(uow, row.external_id, what)
    frozen = present if present and all(getattr(present, name) == value for name, value in what.items()) else None
    baseline, measured = _baseline(uow, row, scope, span, frozen)
    goal = _goal(row.kind, row.value, baseline)
    stretch = None if row.stretch is None else _goal(row.kind, row.stretch, baseline)
    _check_bounds(kpi, goal, stretch)
    columns: dict[str, Any] = what | {
        "scope": stored(scope),
        "kind": row.kind,
        "value": row.value,
        "stretch": row.stretch,
        "goal": goal,
        "baseline": baseline,
        "baseline_from": measured.start if measured else None,
        "baseline_before": measured.end if measured else None,
        "owner": row.owner,
        "rationale": row.rationale,
        "source": uow.actor.source,
        "external_id": row.external_id,
    }
    target, outcome = _write(uow, present, columns)
    return target, outcome, smart.advice(uow, target, kpi)


def _named(uow: Uow, row: TargetRow) -> str:
    """The KPI that is meant, as questions name it. Raises Invalid."""
    key = asked(row.kpi, row.custom)
    if row.custom is not None:
        uow.take_turn()  # what is deleted meanwhile must see the target, or the target that it is gone
    return key


def check_may_measure(uow: Uow) -> None:
    """Refuse somebody who may not read KPIs: a target tells what one was. Raises Forbidden."""
    if not uow.may(Scope.KPI_READ):
        msg = Text(
            f"A target tells values of a KPI: this needs the scope {Scope.KPI_READ.value} as well.",
            f"目标会透露 KPI 的值：还需要权限范围 {Scope.KPI_READ.value}。",
        )
        raise Forbidden(msg)


def _check_scope(uow: Uow, variant: Variant, scope: Sequence[Filter]) -> None:
    for place, filter_ in enumerate(scope):
        if not variant.cut_by(filter_.by):
            msg = Text(f"This KPI cannot be cut by {filter_.by.value}.", f"此 KPI 不能按 {filter_.by.value} 细分。")
            raise Invalid(msg, "scope", str(place), "by")
    try:
        conditions(uow, scope)
    except Invalid as error:
        raise Invalid([replace(p, path=("scope", *p.path[1:])) for p in error.problems]) from None


def _baseline(
    uow: Uow, row: TargetRow, scope: tuple[Filter, ...], span: Span, frozen: Target | None
) -> tuple[float | None, Span | None]:
    """What the KPI was before, and when: given, measured over a period, or as it was frozen when this was first set."""
    if row.baseline_value is not None:
        return row.baseline_value, row.baseline_period  # both of one that was measured elsewhere
    period: Period | None = row.baseline_period
    if frozen is not None and frozen.baseline_from and frozen.baseline_before:
        measured = Span(frozen.baseline_from, frozen.baseline_before)
        if period in (None, measured):
            _check_baseline(row, frozen.baseline, measured, NullReason.NO_DATA)
            return frozen.baseline, measured
    # everybody sees a target, so its baseline is what everybody may see
    question = Question(asked(row.kpi, row.custom), period or last_complete(span, uow.today), row.variant, scope)
    answer = kpis.ask_one(uow.without(Scope.PERSONAL_READ), question)
    _check_baseline(row, answer.figure.value, answer.span, answer.figure.reason)
    return answer.figure.value, answer.span


def _check_baseline(row: TargetRow, baseline: float | None, span: Span, reason: NullReason | None) -> None:
    """Refuse a change of something that had no value."""
    if baseline is None and row.kind is not TargetKind.ABSOLUTE:
        msg = Text(
            f"A {row.kind.value} target needs a baseline, and {row.kpi} has none from {span.start} to {span.end} "
            f"({reason}); give baseline.value or another baseline.period.",
            f"{row.kind.value} 目标需要基线，而 {row.kpi} 从 {span.start} 到 {span.end} 没有值（{reason}）；"
            "请提供 baseline.value 或另一个 baseline.period。",
        )
        raise Invalid(msg, "baseline", code=Code.REQUIRED)


def _goal(kind: TargetKind, value: float, baseline: float | None) -> float:
    if kind is TargetKind.ABSOLUTE:
        return value
    assert baseline is not None  # noqa: S101 - _baseline() made sure
    if kind is TargetKind.DELTA_POINTS:
        return baseline + value
    if abs(value) > MAX_RELATIVE:
        msg = Text(
            f"A relative change is a fraction: 0.1 is +10 %. {value:g} would be {value:+.0%}.",
            f"相对变化用小数表示：0.1 即 +10%。{value:g} 相当于 {value:+.0%}。",
        )
        raise Invalid(msg, "value", code=Code.OUT_OF_RANGE)
    return baseline * (1 + value)


def _check_bounds(kpi: Kpi, goal: float, stretch: float | None) -> None:
    low, high = kpi.bounds or ((0, float("inf")) if kpi.unit is KpiUnit.COUNT else (-float("inf"), float("inf")))
    for name, value in (("value", goal), ("stretch", stretch)):
        if value is not None and not low <= value <= high:
            msg = Text(
                f"The goal comes to {value:g}, but {kpi.key} lies between {low:g} and {high:g}.",
                f"目标值为 {value:g}，但 {kpi.key} 在 {low:g} 与 {high:g} 之间。",
            )
            raise Invalid(msg, name, code=Code.OUT_OF_RANGE)


def _present(uow: Uow, external_id: str, what: Mapping[str, Any]) -> Target | None:
    """The target that is meant, by its name or by what it is about, locked. Raises Invalid when those are two."""
    mine = (Target.source == uow.actor.source, Target.external_id == external_id)
    same = [getattr(Target, name) == value for name, value in what.items()]
    by_name = uow.session.scalars(select(Target).where(*mine).with_for_update()).first()
    by_what = uow.session.scalars(select(Target).where(*same).with_for_update()).first()
    if by_name is not None and by_what is not None and by_name.id != by_what.id:
        msg = Text(
            f"Another target ({by_what.external_id!r}) has this KPI, variant, scope and dates already.",
            f"另一个目标（{by_what.external_id!r}）已使用相同的 KPI、变体、范围和日期。",
        )
        raise Invalid(msg, "externalId", code=Code.CONFLICT)
    return by_name or by_what


def _write(uow: Uow, present: Target | None, columns: dict[str, Any]) -> tuple[Target, Outcome]:
    if present is None:
        made = Target(tenant_id=uow.tenant_id, created_at=uow.now, updated_at=uow.now, **columns)
        uow.session.add(made)
        uow.session.flush()
        _note(uow, made, Action.CREATED)
        return made, Outcome.CREATED
    changed = [name for name, value in columns.items() if getattr(present, name) != value]
    if not changed:
        return present, Outcome.UNCHANGED
    _keep(uow, present)
    for name, value in columns.items():
        setattr(present, name, value)
    present.updated_at, present.version = uow.now, present.version + 1
    uow.session.flush()
    _note(uow, present, Action.UPDATED, changed)
    return present, Outcome.UPDATED


def _keep(uow: Uow, target: Target) -> None:
    values = target.model_dump(mode="json", exclude={"tenant_id", "id", "version"})
    uow.session.add(
        TargetRevision(
            tenant_id=uow.tenant_id, target_id=target.id, version=target.version, replaced_at=uow.now, values=values
        )
    )


@writes(Scope.TARGET_WRITE)
@repeatable("targetDelete", row_of(Target))
def delete(uow: Uow, wanted: Ref) -> Target:
    """Delete the target, which its history outlives; the target as it stood. Raises Invalid when there is none."""
    target = uow.session.scalars(select(Target).where(named(uow, Target, wanted)).with_for_update()).first()
    if target is None:
        msg = Text("There is no such target here.", "这里没有这个目标。")
        raise Invalid(msg, "target", code=Code.NOT_FOUND)
    _keep(uow, target)
    uow.session.delete(target)
    uow.session.flush()
    _note(uow, target, Action.DELETED, version=target.version + 1)
    return target


def _note(
    uow: Uow, target: Target, action: Action, fields: list[str] | None = None, version: int | None = None
) -> None:
    uow.record(target, "Target", action, fields, version, source=target.source, external_id=target.external_id)


@reads(Scope.TARGET_READ)
def today(uow: Uow) -> date:
    """The workspace's calendar day, by which baselines are complete or not."""
    return uow.today


@reads(Scope.TARGET_READ)
def revisions(uow: Uow, target_ids: Sequence[UUID]) -> dict[UUID, list[TargetRevision]]:
    """The earlier versions of each of the targets, oldest first."""
    statement = (
        select(TargetRevision)
        .where(uow.db.is_any(TargetRevision.target_id, list(target_ids)))
        .order_by(col(TargetRevision.version))
    )
    found: dict[UUID, list[TargetRevision]] = {id_: [] for id_ in target_ids}
    for row in uow.session.scalars(statement):
        found[row.target_id].append(row)
    return found
