"""Many rows by a service that takes one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.actor import Scope
from app.errors import Code, Forbidden, Invalid, Problem
from app.services.row import Batch, Options, Outcome, Result, check_size
from app.uow import Uow, writes

One = Callable[[Uow, Mapping[str, Any]], tuple[Any, Outcome]]
"""Writes one row, which it refuses before it has written anything of it; the record and what became of it."""


def each(scope: Scope, one: One) -> Callable[[Uow, Sequence[Mapping[str, Any]], Options], list[Result]]:
    """A service for up to 500 rows, one after the other, so that each may name those before it."""

    @writes(scope)
    def batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
        """What became of each row, in order."""
        check_size(rows)
        done = Batch([None] * len(rows))
        for index, data in enumerate(rows):
            try:
                record, outcome = one(uow, data)
            except Invalid as error:
                done.reject(index, *error.problems)
            except Forbidden as error:  # of what this row says; whoever may write none is refused before
                done.reject(index, Problem(Code.INVALID, error.text))
            else:
                done.settle(index, outcome, record.id)
        return done.done(options)

    return batch
