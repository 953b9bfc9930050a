"""One record each of several callers, sent at the same time, is recorded as one batch: they share what that costs.

Each has its own answer, its own idempotency key and its own place in the audit. Where it is not certain that the batch
says and stores what one after the other would, they are recorded one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from app.actor import Actor
from app.services.row import Options, Outcome, Result
from app.uow import Uow
from app.writer import Apart, Call, Joint

F = TypeVar("F", bound=Callable[..., Any])


def joins(function: F) -> F:
    """Mark a service that takes rows and options, of whose rows none asks about another."""
    vars(function)["joint"] = partial(_joint, function)
    return function


def _joint(
    function: Callable[..., Any], actor: Actor, rows: Sequence[Mapping[str, Any]], options: Options
) -> Joint | None:
    """How a call may be joined with others; None for one that must be alone."""
    name = rows[0].get("external_id") if len(rows) == 1 else None
    if not isinstance(name, str) or actor.rows is not None or options.dry_run or options.mirror is not None:
        return None
    key = options.idempotency_key
    names = [("row", name.strip()), *([("key", key)] if key is not None else [])]
    like = (function, replace(actor, request_id=None), replace(options, idempotency_key=None))
    return Joint(like, frozenset(names), partial(_together, function), (rows[0], options))


def _together(function: Callable[..., Any], uow: Uow, calls: Sequence[Call]) -> list[list[Result]]:
    """The results of each call. Raises Apart when they must be alone after all."""
    told = [call.joint.told for call in calls if call.joint is not None]
    keys = tuple(options.idempotency_key for _, options in told)
    options = replace(told[0][1], idempotency_key=None, keys=keys)
    results: list[Result] = function(uow, [row for row, _ in told], options)
    if any(one.outcome is Outcome.REJECTED for one in results):  # alone, a row is judged by nothing that comes after it
        raise Apart
    whose = {one.id: call.actor.request_id for call, one in zip(calls, results, strict=True)}
    seen: set[UUID] = set()
    for change in uow.noted.changes:
        id_ = change["record_id"]
        if id_ not in whose or id_ in seen:  # which request it follows from cannot be said
            raise Apart
        seen.add(id_)
        change["request_id"] = whose[id_]
    return [[replace(one, index=0)] for one in results]
