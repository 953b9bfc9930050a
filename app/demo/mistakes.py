"""What goes wrong on the way in: a few records are corrected later, a few are sent twice and taken back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.demo.timeline import Timeline

CORRECTED_EVERY, TWICE_EVERY = 180, 900
NOTICED = timedelta(days=2)
SETTLED = timedelta(days=7)
"""What is younger has not been looked through yet."""


@dataclass(frozen=True)
class Mistakes:
    """The rows as they come first, then corrections, then deletions; after all three everything is as meant."""

    first: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    deletions: list[dict[str, Any]]


def made_in(
    rows: Sequence[dict[str, Any]], timeline: Timeline, slip: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> Mistakes:
    """`rows` by way of some mistakes; `slip` makes one of them wrong, or is None where nothing can be mistaken."""
    first, corrections, deletions = [], [], []
    for place, row in enumerate(rows):
        at = row["occurred_at"]
        wrong = slip(row) if place % TWICE_EVERY == 0 or place % CORRECTED_EVERY == 1 else None
        if wrong is None or at > timeline.now - SETTLED:
            first.append(row)
        elif place % TWICE_EVERY == 0:
            twin = f"{row['external_id']}-again"
            first += [row, {**row, "external_id": twin, "source_updated_at": at}]
            deletions.append({"external_id": twin, "source_updated_at": at + NOTICED})
        else:
            first.append({**wrong, "source_updated_at": at})
            corrections.append({**row, "source_updated_at": at + NOTICED})
    return Mistakes(first, corrections, deletions)
