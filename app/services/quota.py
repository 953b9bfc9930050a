"""Quotas: a bucket of points per caller, from which each process leases a part, so that a read is not a write."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.actor import Scope
from app.models.quota import Quota
from app.uow import Uow, writes


@dataclass(frozen=True, slots=True)
class Lease:
    """The points that a process was given, and those left in the bucket."""

    granted: int
    left: int


class Terms(NamedTuple):
    """How many points a bucket holds, and how many come back each second."""

    limit: int
    rate: float


@writes(Scope.WORKSPACE_ADMIN, quiet=True)
def lease(uow: Uow, caller: UUID, want: int, terms: Terms | None = None) -> Lease:
    """Up to `want` points of the caller's bucket, for a process to hand out; `terms` are those of the settings."""
    bucket = uow.session.get(Quota, (uow.tenant_id, caller), with_for_update=True)
    limit, rate = terms or (uow.settings.rate_limit_points, uow.settings.rate_limit_per_s)
    level = limit if bucket is None else filled(bucket.points, uow.now - bucket.at, limit, rate)
    granted, at = min(want, level), uow.now
    if bucket is not None and bucket.at < at and level < limit:
        at = bucket.at + timedelta(seconds=(level - bucket.points) / rate)  # the part of a point stays
    if bucket is None:
        bucket = Quota(tenant_id=uow.tenant_id, id=caller, points=0, at=uow.now)
        uow.session.add(bucket)
    bucket.points, bucket.at = level - granted, at
    return Lease(granted, level - granted)


def filled(points: int, since: timedelta, limit: int, rate: float) -> int:
    """The points of a bucket after some time; a clock that went back adds none."""
    return min(limit, points + int(max(0.0, since.total_seconds()) * rate))
