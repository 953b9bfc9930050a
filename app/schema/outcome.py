"""What became of rows: outcomes, actions, counts, and the conversions that every batch payload shares."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from app.errors import Invalid
from app.models.change import Action
from app.schema.describe import enum, plain, type_
from app.schema.errors import UserError, mend, user_errors
from app.services.row import Outcome, Result

__all__ = ["DeleteBatchPayload", "Outcome", "RowCounts", "counted", "counts", "deletions", "refused", "row_errors"]
# who shows an outcome takes it from here, so that it has its name in the schema by then

P = TypeVar("P")

enum(
    Outcome,
    {
        "CREATED": "The record is new.",
        "UPDATED": "The record was changed.",
        "UNCHANGED": "The record was like this already; nothing was written.",
        "STALE": "A newer version was known already; nothing was written.",
        "DELETED": "The record was deleted.",
        "REJECTED": "The row was not accepted; its userErrors say why.",
    },
    name="RowOutcome",
)
enum(
    Action,
    {
        "CREATED": "It is new, or came back after a deletion.",
        "UPDATED": "Something about it changed: `fields` says what.",
        "DELETED": "It is gone; a customer may have become part of another one.",
    },
    name="ChangeAction",
)


@type_
class RowCounts:
    """How many rows had which outcome."""

    created: int = plain("New records.")
    updated: int = plain("Changed records.")
    unchanged: int = plain("Rows that changed nothing.")
    stale: int = plain("Rows older than what was known.")
    deleted: int = plain("Deleted records.")
    rejected: int = plain("Rows that were not accepted.")


@type_
class DeleteResult:
    """What became of one deletion."""

    index: int = plain("The row's place in the batch, from 0.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("Why it was rejected.")


def counts(results: Sequence[Result]) -> RowCounts:
    """The outcomes counted."""
    found = Counter(result.outcome for result in results)
    return RowCounts(**{outcome.value.lower(): found[outcome] for outcome in Outcome})


def counted() -> Any:  # noqa: ANN401 - as `plain`
    """The field of a payload that counts outcomes: none, unless it says."""
    return plain("How many had which outcome.", default_factory=lambda: counts([]))


@type_
class DeleteBatchPayload:
    """What became of a batch of deletions."""

    results: list[DeleteResult] = plain("One per row, in their order.", default_factory=list)
    counts: RowCounts = counted()
    user_errors: list[UserError] = mend("What was wrong with the batch as a whole; nothing was stored then.")


def row_errors(result: Result) -> list[UserError]:
    """What was wrong with one row of a batch, with paths from the input down."""
    return user_errors(result.problems, "rows", str(result.index))


def deletions(results: Sequence[Result]) -> DeleteBatchPayload:
    """The results of a batch of deletions as the schema shows them."""
    rows = [DeleteResult(index=r.index, outcome=r.outcome, user_errors=row_errors(r)) for r in results]
    return DeleteBatchPayload(results=rows, counts=counts(results))


def refused(payload: type[P], error: Invalid) -> P:
    """The payload of an input that was refused: it says what to mend, and shows nothing else."""
    asked = [one for one in fields(payload) if one.init]  # type: ignore[arg-type]  # all are
    needed = {one.name for one in asked if MISSING is one.default is one.default_factory}
    given: dict[str, Any] = dict.fromkeys(needed) | {"user_errors": user_errors(error.problems)}
    return payload(**given | ({"outcome": Outcome.REJECTED} if "outcome" in needed else {}))
