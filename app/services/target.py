"""Targets: set with a frozen baseline, judged as SMART when they are set, paced while they run."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from app.errors import Code, Invalid
from app.kpis.dimension import Dimension
from app.kpis.kpi import Kpi, KpiUnit, Variant
from app.models.change import Action
from app.models.target import Target, TargetKind, TargetRevision
from app.services import kpi as kpis
from app.services import page as pages
from app.services.filter import Tree, resolved, where
from app.services.kpi import Period, Question
from app.services.page import Order, Page, Slice
from app.services.period import Span, checked, last_complete
from app.services.ref import named
from app.services.row import Key, Outcome, Ref, Row, parse
from app.services.slices import Filter, conditions
from app.uow import Scope, Uow, reads, writes

MAX_RELATIVE = 5
"""A relative change beyond this is taken for a percentage by mistake."""


class TargetRow(Row):
    """A target as it comes in."""

    external_id: Key
    kpi: str
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


@dataclass(frozen=True, slots=True)
class Advice:
    """Something about a target that is not SMART: which letter, and why."""

    criterion: str
    message: str


def scope_digest(scope: Sequence[Filter]) -> str:
    """The same for the same scope, in whatever order it was written."""
    return hashlib.sha256(orjson.dumps(stored(scope))).hexdigest()


def stored(scope: Sequence[Filter]) -> list[dict[str, Any]]:
    """A scope as it is kept: the same for the same scope, in whatever order it was written."""
    rows = [
        {
            "by": f.by.value,
            "anyOf": sorted(set(f.any_of)) if f.any_of is not None else None,
            "noneOf": sorted(set(f.none_of)),
        }
        for f in scope
    ]
    return sorted(rows, key=orjson.dumps)


def scope_of(target: Target) -> tuple[Filter, ...]:
    """The filters that a target is narrowed to."""
    return tuple(
        Filter(Dimension(f["by"]), None if f["anyOf"] is None else tuple(f["anyOf"]), tuple(f["noneOf"]))
        for f in target.scope
    )


@writes(Scope.TARGET_WRITE)
def set_(uow: Uow, data: Mapping[str, Any]) -> tuple[Target, Outcome, list[Advice]]:
    """The target after `data`, and what about it is not SMART. Setting it again replaces it; the old version is kept.

    Raises Invalid with every problem of the input.
    """
    row = parse(TargetRow, data)
    kpi = kpis.definition(row.kpi)
    variant = kpis.variant_of(kpi, row.variant)
    scope = tuple(row.scope or ())
    _check_scope(uow, variant, scope)
    span = checked(row.from_, row.before)
    baseline, measured = _baseline(uow, row, kpi, variant, scope, span)
    goal = _goal(row.kind, row.value, baseline)
    stretch = None if row.stretch is None else _goal(row.kind, row.stretch, baseline)
    _check_bounds(kpi, goal, stretch)
    columns: dict[str, Any] = {
        "kpi": kpi.key,
        "variant": variant.key,
        "scope": stored(scope),
        "scope_digest": scope_digest(scope),
        "kind": row.kind,
        "value": row.value,
        "stretch": row.stretch,
        "goal": goal,
        "baseline": baseline,
        "baseline_from": measured.start if measured else None,
        "baseline_before": measured.end if measured else None,
        "starts_on": span.start,
        "ends_on": span.end,
        "owner": row.owner,
        "rationale": row.rationale,
        "source": uow.actor.source,
        "external_id": row.external_id,
    }
    target, outcome = _replace(uow, columns)
    return target, outcome, _advice(uow, target, kpi)


def _check_scope(uow: Uow, variant: Variant, scope: Sequence[Filter]) -> None:
    for place, filter_ in enumerate(scope):
        if not variant.cut_by(filter_.by):
            msg = f"This KPI cannot be cut by {filter_.by.value}."
            raise Invalid(msg, "scope", str(place), "by")
    try:
        conditions(uow, scope)
    except Invalid as error:
        raise Invalid([replace(p, path=("scope", *p.path[1:])) for p in error.problems]) from None


def _baseline(  # noqa: PLR0913 - what a baseline depends on
    uow: Uow, row: TargetRow, kpi: Kpi, variant: Variant, scope: tuple[Filter, ...], span: Span
) -> tuple[float | None, Span | None]:
    """What the KPI was before, and when: given, measured over a given period, or over the last complete one."""
    if row.baseline_value is not None:
        return row.baseline_value, None
    period: Period = row.baseline_period or last_complete(span, uow.today)
    answer = kpis.ask_one(uow, Question(kpi.key, period, variant.key, scope))
    if answer.figure.value is None and row.kind is not TargetKind.ABSOLUTE:
        msg = (
            f"A {row.kind.value} target needs a baseline, and {kpi.key} has none from {answer.span.start} to "
            f"{answer.span.end} ({answer.figure.reason}); give baseline.value or another baseline.period."
        )
        raise Invalid(msg, "baseline", code=Code.REQUIRED)
    return answer.figure.value, answer.span


def _goal(kind: TargetKind, value: float, baseline: float | None) -> float:
    if kind is TargetKind.ABSOLUTE:
        return value
    assert baseline is not None  # noqa: S101 - _baseline() made sure
    if kind is TargetKind.DELTA_POINTS:
        return baseline + value
    if abs(value) > MAX_RELATIVE:
        msg = f"A relative change is a fraction: 0.1 is +10 %. {value:g} would be {value:+.0%}."
        raise Invalid(msg, "value", code=Code.OUT_OF_RANGE)
    return baseline * (1 + value)


def _check_bounds(kpi: Kpi, goal: float, stretch: float | None) -> None:
    low, high = kpi.bounds or ((0, float("inf")) if kpi.unit is KpiUnit.COUNT else (-float("inf"), float("inf")))
    for name, value in (("value", goal), ("stretch", stretch)):
        if value is not None and not low <= value <= high:
            msg = f"The goal comes to {value:g}, but {kpi.key} lies between {low:g} and {high:g}."
            raise Invalid(msg, name, code=Code.OUT_OF_RANGE)


def _replace(uow: Uow, columns: dict[str, Any]) -> tuple[Target, Outcome]:
    named = (Target.source == columns["source"], Target.external_id == columns["external_id"])
    same = [
        getattr(Target, name) == columns[name] for name in ("kpi", "variant", "scope_digest", "starts_on", "ends_on")
    ]
    by_name = uow.session.scalars(select(Target).where(*named).with_for_update()).first()
    by_what = uow.session.scalars(select(Target).where(*same).with_for_update()).first()
    if by_name is not None and by_what is not None and by_name.id != by_what.id:
        msg = f"Another target ({by_what.external_id!r}) has this KPI, variant, scope and dates already."
        raise Invalid(msg, "externalId", code=Code.CONFLICT)
    present = by_name or by_what
    if present is None:
        made = Target(tenant_id=uow.tenant_id, created_at=uow.now, updated_at=uow.now, **columns)
        uow.session.add(made)
        uow.session.flush()
        uow.record(made, "Target", Action.CREATED)
        return made, Outcome.CREATED
    frozen = ("baseline", "baseline_from", "baseline_before")
    changed = [n for n, value in columns.items() if getattr(present, n) != value and n not in (*frozen, "goal")]
    if not changed:
        return present, Outcome.UNCHANGED  # a baseline stays frozen, whatever it would be now
    _keep(uow, present)
    for name, value in columns.items():
        setattr(present, name, value)
    present.updated_at, present.version = uow.now, present.version + 1
    uow.session.flush()
    uow.record(present, "Target", Action.UPDATED, changed)
    return present, Outcome.UPDATED


def _keep(uow: Uow, target: Target) -> None:
    values = target.model_dump(mode="json", exclude={"tenant_id", "id", "version"})
    uow.session.add(
        TargetRevision(
            tenant_id=uow.tenant_id, target_id=target.id, version=target.version, replaced_at=uow.now, values=values
        )
    )


def _advice(uow: Uow, target: Target, kpi: Kpi) -> list[Advice]:
    """What about the target is not SMART; specific, measurable and time-bound it cannot fail to be."""
    found = []
    if target.baseline is None:
        found.append(Advice("MEASURABLE", "There is no baseline to measure progress from."))
    if not target.owner:
        found.append(Advice("RELEVANT", "Nobody owns this target; name an owner."))
    if not target.rationale:
        found.append(Advice("RELEVANT", "There is no rationale: say why this target matters."))
    history = _history(uow, target)
    if history and not min(history) <= target.goal <= max(history):
        unit = "" if kpi.unit is KpiUnit.COUNT else " " + kpi.unit.value.lower()
        found.append(
            Advice(
                "ACHIEVABLE",
                f"The goal of {target.goal:.2f}{unit} lies outside what the last {len(history)} periods of this length "
                f"reached: {min(history):.2f} to {max(history):.2f}.",
            )
        )
    return found


def _history(uow: Uow, target: Target, count: int = 6) -> list[float]:
    """The KPI's values in the complete periods of the target's length that came before it."""
    span = Span(target.starts_on, target.ends_on)
    questions = []
    for _ in range(count):
        span = last_complete(span, uow.today)
        questions.append(Question(target.kpi, span, target.variant, scope_of(target)))
    found = kpis.answers(uow, questions)
    values = [answer.figure.value for answer in found if isinstance(answer, kpis.Answer)]
    return [value for value in values if value is not None]


@writes(Scope.TARGET_WRITE)
def delete(uow: Uow, wanted: Ref) -> Target:
    """Delete the target, which its history outlives; the target as it stood. Raises Invalid when there is none."""
    target = uow.session.scalars(select(Target).where(named(uow, Target, wanted)).with_for_update()).first()
    if target is None:
        msg = "There is no such target here."
        raise Invalid(msg, "target", code=Code.NOT_FOUND)
    _keep(uow, target)
    uow.session.delete(target)
    uow.session.flush()
    uow.record(target, "Target", Action.DELETED)
    return target


@reads(Scope.TARGET_READ)
def by_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, Target]:
    """The targets `ids`, those that are here."""
    return {row.id: row for row in uow.session.scalars(select(Target).where(uow.db.is_any(Target.id, list(ids))))}


@reads(Scope.TARGET_READ)
def find(uow: Uow, wanted: Ref) -> Target | None:
    """The target that `wanted` names, if there is one."""
    return uow.session.scalars(select(Target).where(named(uow, Target, wanted))).first()


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


@reads(Scope.TARGET_READ)
def page(uow: Uow, part: Slice, filter_: Tree | None, order: Sequence[Order]) -> Page[Target]:
    """A part of the list of targets. Raises Invalid."""
    return pages.page(uow, Target, _where(uow, filter_), order, part)


@reads(Scope.TARGET_READ)
def count(uow: Uow, filter_: Tree | None) -> int:
    """How many targets meet the filter."""
    return pages.count(uow, Target, _where(uow, filter_))


def _where(uow: Uow, filter_: Tree | None) -> list[ColumnElement[bool]]:
    return [*where(uow, Target, resolved(filter_, {}))]
