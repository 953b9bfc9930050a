"""Idempotent batches: the same key and body get the same answer and have one effect."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import col, delete, select

from app.errors import Code, Invalid, Problem
from app.models.idempotency import Idempotency
from app.services.row import Options, Outcome, Result, Wrong, check_readable
from app.uow import Uow

KEPT = timedelta(hours=24)


def once(
    uow: Uow, what: str, rows: Sequence[Mapping[str, Any]], options: Options, work: Callable[[], list[Result]]
) -> list[Result]:
    """The answer of `work`, or the one that was given when this key and these rows came before.

    Raises Invalid when the key was used for something else within a day.
    """
    key = options.idempotency_key
    if key is None or options.dry_run:
        return work()
    if not 1 <= len(key) <= 200 or "\0" in key:  # noqa: PLR2004 - the column's length
        msg = "idempotencyKey must have 1 to 200 characters."
        raise Invalid(msg, "idempotencyKey")
    check_readable(rows)
    digest = hashlib.sha256(
        orjson.dumps([what, options.policy, options.create_missing, rows], default=_plain, option=orjson.OPT_SORT_KEYS)
    ).hexdigest()
    uow.session.execute(delete(Idempotency).where(col(Idempotency.created_at) < uow.now - KEPT))
    mine = (Idempotency.source == uow.actor.source, Idempotency.key == key)
    before = uow.session.scalars(select(Idempotency).where(*mine)).first()
    if before is not None:
        if before.digest != digest:
            msg = "This idempotencyKey was used for something else within the last 24 hours; use a new one."
            raise Invalid(msg, "idempotencyKey", code=Code.IDEMPOTENCY_MISMATCH)
        return [_result(stored) for stored in before.answer]
    results = work()
    answer = [_stored(result) for result in results]
    uow.session.add(
        Idempotency(
            tenant_id=uow.tenant_id, source=uow.actor.source, key=key, digest=digest, answer=answer, created_at=uow.now
        )
    )
    return results


def _plain(value: object) -> object:
    if isinstance(value, Wrong):
        return value.message
    return vars(value) if hasattr(value, "__dict__") else str(value)


def _stored(result: Result) -> dict[str, Any]:
    return {
        "index": result.index,
        "outcome": result.outcome,
        "id": None if result.id is None else result.id.hex,
        "problems": [[problem.code, problem.message, list(problem.path)] for problem in result.problems],
    }


def _result(stored: dict[str, Any]) -> Result:
    problems = tuple(Problem(Code(code), message, tuple(path)) for code, message, path in stored["problems"])
    return Result(stored["index"], Outcome(stored["outcome"]), stored["id"] and UUID(stored["id"]), problems)
