"""Targets: what a KPI is to be, by when, and every version of that."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, ordered, typed, unique


class TargetKind(StrEnum):
    """How `value` is meant: as the goal itself, as points on top of the baseline, or as a fraction of it on top."""

    ABSOLUTE = "ABSOLUTE"
    DELTA_POINTS = "DELTA_POINTS"
    DELTA_RELATIVE = "DELTA_RELATIVE"


class Target(Owned, table=True):
    """One goal for one KPI, variant, scope and dates.

    `custom` is the key of the workspace's own KPI, where `kpi` says that it is one, and empty otherwise. `baseline` is
    frozen when it is set; `goal` is what must be reached.
    """

    __table_args__ = (
        unique("target", "source", "external_id"),
        unique("target", "kpi", "custom", "variant", "scope_digest", "starts_on", "ends_on"),
        Index("ix_target_created", "tenant_id", "created_at", "id"),
        Index("ix_target_ends", "tenant_id", "ends_on", "id"),
        ordered("target", "starts_on"),
    )

    source: str = Field(max_length=100)
    external_id: str = Field(max_length=200)
    kpi: str = Field(max_length=64)
    custom: str = Field(default="", max_length=64)
    variant: str = Field(max_length=64)
    scope: list[dict[str, Any]] = typed(Document, default_factory=list)
    scope_digest: str = Field(max_length=64)
    kind: TargetKind = choice(TargetKind)
    value: float
    stretch: float | None = None
    goal: float
    baseline: float | None = None
    baseline_from: date | None = None
    baseline_before: date | None = None
    starts_on: date
    ends_on: date
    owner: str | None = Field(default=None, max_length=200)
    rationale: str | None = Field(default=None, max_length=2_000)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 1


class TargetRevision(Owned, table=True):
    """A version of a target that was replaced or deleted, as it stood."""

    __tablename__ = "target_revision"
    __table_args__ = (unique("target_revision", "target_id", "version"),)

    target_id: UUID
    version: int
    replaced_at: datetime = instant()
    values: dict[str, Any] = typed(Document, default_factory=dict)
