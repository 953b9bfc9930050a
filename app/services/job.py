"""Jobs: claimed at the gate, run through the door, tried again later when they fail."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import case
from sqlmodel import col, delete, or_, select, update

from app.actor import system
from app.metrics import JOBS
from app.models.job import Job
from app.services import (
    bulk_step,
    change,
    mirror,
    overdue,
    prediction_fit,
    pricing,
    rebuild,
    rollup,
    segment,
    standing,
    teamwork,
    tenure,
)
from app.services.webhook import DELIVER
from app.uow import SETTLE, Door

CLAIM = timedelta(minutes=5)
"""After this a claimed job is due again: its worker is taken for dead."""
_log = structlog.get_logger()


def backoff(attempts: int) -> timedelta:
    """How long to wait after that many failures: 1 s, doubling, an hour at most."""
    return timedelta(seconds=min(3600, 2 ** min(attempts, 12)))


def _settle(door: Door, tenant_id: UUID, _payload: dict[str, Any]) -> bool:
    actor = system(tenant_id, "worker")
    while door.write(actor, change.seal) == change.SEAL_AT_ONCE:
        pass
    wake(door, tenant_id)
    door.write(actor, rollup.compact, at_least=door.settings.compact_after)
    return not door.read(actor, change.is_waiting)  # somebody else was sealing, who may not have seen all


def _rebuild(door: Door, tenant_id: UUID, _payload: dict[str, Any]) -> bool:
    """One step; the job stays until there is nothing left to do."""
    actor = system(tenant_id, "worker")
    more = door.write(actor, rebuild.step)
    door.write(actor, rollup.compact, at_least=door.settings.compact_after)
    return not more


def _stand(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    door.write(system(tenant_id, "worker"), standing.stand, UUID(payload["customer"]))
    return True


def _reprice(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    door.write(system(tenant_id, "worker"), pricing.resume, **payload)
    return True


def _overdue(door: Door, tenant_id: UUID, _payload: dict[str, Any]) -> bool:
    while door.write(system(tenant_id, "worker"), overdue.judge):
        pass
    return True


def _reteam(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    door.write(system(tenant_id, "worker"), teamwork.resume, **payload)
    return True


def _lapse(door: Door, tenant_id: UUID, _payload: dict[str, Any]) -> bool:
    while door.write(system(tenant_id, "worker"), tenure.lapse):
        pass
    return True


def _fit(door: Door, tenant_id: UUID, _payload: dict[str, Any]) -> bool:
    return prediction_fit.run(door, system(tenant_id, "worker"))


def _refit(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    """A fit, and the next one in a week."""
    finished = _fit(door, tenant_id, payload)
    if finished:
        door.write(system(tenant_id, "worker"), prediction_fit.schedule)
    return finished


def _segment(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    door.write(system(tenant_id, "worker"), segment.apply, UUID(payload["segment"]))
    return True


def _segments(door: Door, tenant_id: UUID, _payload: dict[str, Any]) -> bool:
    """Each in a transaction of its own; then once more tomorrow."""
    actor = system(tenant_id, "worker")
    for id_ in door.read(actor, segment.ruled):
        door.write(actor, segment.apply, id_)
    door.write(actor, segment.await_morning)
    return True


def _mirror(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    """One step; the job stays while there is more to delete."""
    return not door.write(system(tenant_id, "worker"), mirror.proceed, payload["noun"], UUID(payload["mirror"]))


def _import(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    return bulk_step.work(door, tenant_id, UUID(payload["import_id"]))


def _forget(door: Door, tenant_id: UUID, payload: dict[str, Any]) -> bool:
    door.write(system(tenant_id, "worker"), bulk_step.forget, UUID(payload["import_id"]))
    return True


HANDLERS: dict[str, Callable[[Door, UUID, dict[str, Any]], bool]] = {
    SETTLE: _settle,
    "fit": _fit,
    "import": _import,
    "import.forget": _forget,
    "lapse": _lapse,
    mirror.JOB: _mirror,
    "overdue": _overdue,
    "rebuild": _rebuild,
    "refit": _refit,
    "reprice": _reprice,
    "reteam": _reteam,
    "segment": _segment,
    segment.NIGHTLY: _segments,
    "standing": _stand,
}
"""What runs each kind of job: given the payload, whether it is finished."""


def claim(door: Door, limit: int = 20) -> list[Job]:
    """The due jobs, held for this worker for a while. Of several alike without payload one stands for all."""
    now = door.clock()
    due = (*_due(now), col(Job.kind) != DELIVER)
    with door.gate_reader() as session:  # looking must not wait for writers
        if session.scalars(select(Job.id).where(*due).limit(1)).first() is None:
            return []
    with door.gate() as session:
        statement = (
            select(Job).where(*due).order_by(col(Job.run_at)).limit(limit * 50).with_for_update(skip_locked=True)
        )
        rows = list(session.scalars(statement))
        chosen: dict[object, Job] = {}
        spare = []
        for job in rows:
            name: object = job.id if job.payload else (job.tenant_id, job.kind)
            if name in chosen:
                spare.append(job.id)
            elif len(chosen) < limit:
                chosen[name] = job
        session.execute(delete(Job).where(col(Job.id).in_(spare)))
        held = [job.id for job in chosen.values()]
        session.execute(update(Job).where(col(Job.id).in_(held)).values(claimed_until=now + CLAIM))
        return list(chosen.values())


def _due(now: datetime) -> tuple[Any, ...]:
    return col(Job.run_at) <= now, or_(col(Job.claimed_until).is_(None), col(Job.claimed_until) <= now)


def hold(door: Door, kind: str, limit: int, lease: timedelta) -> list[Job]:
    """The due jobs of `kind`, held for `lease`: they stay, and come due again when given back, or after that time."""
    now = door.clock()
    due = (*_due(now), col(Job.kind) == kind)
    with door.gate_reader() as session:
        if session.scalars(select(Job.id).where(*due).limit(1)).first() is None:
            return []
    with door.gate() as session:
        statement = select(Job).where(*due).order_by(col(Job.run_at)).limit(limit).with_for_update(skip_locked=True)
        jobs = list(session.scalars(statement))
        for job in jobs:
            job.claimed_until = job.run_at = now + lease
        return jobs


def give_back(door: Door, job: Job, run_at: datetime) -> None:
    """Let go of a job that is held: it comes due at `run_at`, or as soon as it was woken meanwhile."""
    held = (col(Job.id) == job.id, col(Job.claimed_until) == job.claimed_until)
    woken = case((col(Job.run_at) == job.claimed_until, run_at), else_=col(Job.run_at))
    with door.gate() as session:
        session.execute(update(Job).where(*held).values(claimed_until=None, run_at=woken))


def drop(door: Door, job: Job) -> None:
    """Delete a job."""
    with door.gate() as session:
        session.execute(delete(Job).where(col(Job.id) == job.id))


def wake(door: Door, tenant_id: UUID) -> None:
    """Have the endpoints of a workspace looked at now; one that is held, as soon as it is given back."""
    now = door.clock()
    asleep = (col(Job.tenant_id) == tenant_id, col(Job.kind) == DELIVER, col(Job.run_at) > now)
    with door.gate_reader() as session:
        if session.scalars(select(Job.id).where(*asleep).limit(1)).first() is None:
            return
    with door.gate() as session:
        session.execute(update(Job).where(*asleep).values(run_at=now))
    door.bus.poke(tenant_id)


def run(door: Door, job: Job) -> bool:
    """Run a claimed job: gone when it is finished, due again when not or when it failed. Whether it did its work."""
    try:
        finished = HANDLERS[job.kind](door, job.tenant_id, job.payload)
    except Exception as error:  # noqa: BLE001 - any fault of a job is logged and tried again
        wait = backoff(job.attempts)
        _log.warning(
            "job failed", kind=job.kind, job=str(job.id), error=type(error).__name__, again_in=wait.total_seconds()
        )
        _again(door, job, door.clock() + wait, type(error).__name__)
        JOBS.labels(job.kind, "failed").inc()
        return False
    JOBS.labels(job.kind, "done").inc()
    if finished:
        drop(door, job)
    else:
        _again(door, job, door.clock(), None)
    return True


def _again(door: Door, job: Job, run_at: datetime, error: str | None) -> None:
    attempts = job.attempts + 1 if error else 0
    values = {"claimed_until": None, "run_at": run_at, "attempts": attempts, "last_error": error}
    with door.gate() as session:
        session.execute(update(Job).where(col(Job.id) == job.id).values(**values))
