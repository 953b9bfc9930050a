"""Targets in the schema."""

from datetime import date
from typing import Any, Self
from uuid import UUID

import strawberry

from app import ids
from app.models.target import Target as Row
from app.models.target import TargetKind
from app.schema.catalogue import KpiKey
from app.schema.context import Info
from app.schema.describe import enum, field, plain, type_
from app.schema.filters import KpiFilter, shown_filters
from app.schema.node import Node, node_of
from app.schema.period import Period
from app.schema.scalars import Moment
from app.schema.weight import FEW, sized
from app.services import target, target_progress
from app.services.pacing import TargetState
from app.services.period import Span
from app.services.target_progress import Progress
from app.services.target_scope import scope_of

enum(
    TargetKind,
    {
        "ABSOLUTE": "The value is the goal.",
        "DELTA_POINTS": "The goal is the baseline plus the value.",
        "DELTA_RELATIVE": "The goal is the baseline times 1 + the value: 0.1 is +10 %.",
    },
)
enum(
    TargetState,
    {
        "NOT_STARTED": "Its first day has not come.",
        "NO_DATA": "There is nothing to judge it by yet.",
        "ON_TRACK": "It will be met at the present pace.",
        "AT_RISK": "It will be missed at the present pace.",
        "MET": "It was met.",
        "MISSED": "It was missed.",
    },
)


@type_
class TargetRevision:
    """An earlier version of a target."""

    id: strawberry.ID = plain("Names the version, for clients' caches.")
    version: int = plain("Its version.")
    replaced_at: Moment = plain("When it was replaced or deleted.")
    kind: TargetKind = plain("How the value was meant.")
    value: float = plain("The value.")
    goal: float = plain("What was to be reached.")
    from_: date = plain("The first day.", name="from")
    before: date = plain("The first day no longer meant.")


@type_
class Target(Node):
    """What a KPI is to be, by when; visible to everyone in the workspace."""

    external_id: str = plain("Its id in its source.")
    source: str = plain("The source that set it.")
    kpi: KpiKey = plain("The key of the KPI.")
    custom: str | None = plain("The key of the workspace's own KPI, with CUSTOM; null otherwise.")
    variant: str = plain("The variant of the KPI.")
    scope: list[KpiFilter] = plain("To what it is narrowed.")
    kind: TargetKind = plain("How the value is meant.")
    value: float = plain("The value that was set.")
    stretch: float | None = plain("The value that would be even better.")
    goal: float = plain("What must be reached, in the KPI's own unit.")
    baseline: float | None = plain("What the KPI was before; frozen when the target was set.")
    from_: date = plain("The first day.", name="from")
    before: date = plain("The first day no longer meant.")
    owner: str | None = plain("Who answers for it.")
    rationale: str | None = plain("Why it matters.")
    created_at: Moment = plain("When it was first set.")
    updated_at: Moment = plain("When it was last set.")
    version: int = plain("Rises with each change.")
    row: strawberry.Private[Row]

    @field
    async def baseline_period(self, info: Info) -> Period | None:
        """When the baseline was measured; null if it was given."""
        if self.row.baseline_from is None or self.row.baseline_before is None:
            return None
        today = await info.context.once(target.today)
        return Period.of(Span(self.row.baseline_from, self.row.baseline_before), today)

    @field
    async def progress(self, info: Info) -> "TargetProgress | None":
        """How it does today."""
        return TargetProgress.of(await info.context.gather(target_progress.progress, self.row.id))

    @field
    @sized(FEW)
    async def revisions(self, info: Info) -> list[TargetRevision]:
        """Its earlier versions, the first one first."""
        rows = await info.context.load(target.revisions, self.row.id)
        return [_revision(self.row.id, row.version, row.replaced_at, row.values) for row in rows or ()]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            kpi=KpiKey[row.kpi],
            custom=row.custom or None,
            scope=shown_filters(scope_of(row)),
            from_=row.starts_on,
            before=row.ends_on,
        )


def _revision(target_id: UUID, version: int, replaced_at: Any, values: dict[str, Any]) -> TargetRevision:  # noqa: ANN401 - an instant
    return TargetRevision(
        id=strawberry.ID(ids.encode("TargetRevision", target_id, version)),
        version=version,
        replaced_at=Moment(replaced_at),
        kind=TargetKind(values["kind"]),
        value=values["value"],
        goal=values["goal"],
        from_=date.fromisoformat(values["starts_on"]),
        before=date.fromisoformat(values["ends_on"]),
    )


@type_
class TargetProgress:
    """How a target does today."""

    id: strawberry.ID = plain("Names the progress of this target.")
    target: Target = plain("The target.")
    attainment: float | None = plain("The fraction of the way from baseline to goal; without a baseline, of the goal.")
    expected: float | None = plain("What the KPI should show by now.")
    required: float | None = plain("What the rest of the time must run at; of a sum, what it must still bring.")
    state: TargetState = plain("Where the target stands.")

    @classmethod
    def of(cls, row: Progress) -> "TargetProgress":
        """The progress as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("TargetProgress", row.target.id)),
            target=Target.of(row.target),
            attainment=row.pace.attainment,
            expected=row.pace.expected,
            required=row.pace.required,
            state=row.pace.state,
        )
