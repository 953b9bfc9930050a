"""Writes that have one effect however often they are asked for under one idempotency key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from app.models.base import Owned
from app.services.idempotency import key_of, remembered, result, stored
from app.services.row import AS_USUAL, Options, Outcome
from app.uow import Uow

M = TypeVar("M", bound=Owned)


@dataclass(frozen=True, slots=True)
class Memory:
    """How an answer is kept for a day, as JSON (None: not at all), and how a retry is given it."""

    keep: Callable[[Any], list[Any] | None]
    recall: Callable[[Uow, list[Any]], Any]


def row_of(model: type[Owned]) -> Memory:
    """Of a row its id: a retry is given the row as of now, None where it is gone."""
    return Memory(lambda row: [row.id.hex], lambda uow, kept: found(uow, model, kept[0]))


def fate_of(model: type[Owned]) -> Memory:
    """Of a row and its outcome the outcome and the id."""

    def keep(answer: tuple[Owned, Outcome]) -> list[str]:
        row, outcome = answer
        return [row.id.hex, outcome]

    def recall(uow: Uow, kept: list[str]) -> tuple[Owned | None, Outcome]:
        id_, outcome = kept
        return found(uow, model, id_), Outcome(outcome)

    return Memory(keep, recall)


def results_of(model: type[Owned]) -> Memory:
    """Of a row and what became of its rows the id and all of that."""
    return Memory(
        lambda answer: [answer[0].id.hex, [stored(one) for one in answer[1]]],
        lambda uow, kept: (found(uow, model, kept[0]), [result(one) for one in kept[1]]),
    )


def found(uow: Uow, model: type[M], id_: str) -> M | None:
    """The row as of now; None where it is gone."""
    row: M | None = uow.session.get(model, (uow.tenant_id, UUID(id_)))
    return row


def repeatable(what: str, memory: Memory) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A service function that also takes `options`: the same key and arguments within a day have one effect.

    A retry is given what `memory` recalls of the first answer. Raises Invalid for a key that was used otherwise; `what`
    tells apart what is done.
    """

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def repeated(uow: Uow, *args: object, options: Options = AS_USUAL, **more: object) -> Any:  # noqa: ANN401 - its answer
            if (key := key_of(options)) is None:
                return function(uow, *args, **more)
            fresh: list[Any] = []

            def work() -> list[Any] | None:
                fresh.append(function(uow, *args, **more))
                return memory.keep(fresh[0])

            kept = remembered(uow, key, [what, args, more], work)
            return fresh[0] if fresh else memory.recall(uow, kept or [])

        return repeated

    return made
