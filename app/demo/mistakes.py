"""What goes wrong with feedback: a few answers are corrected later, a few are sent twice and taken back."""

from collections.abc import Sequence
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
    """The rows as they come first, then corrections, then deletions; after all three the feedback is as meant."""

    first: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    deletions: list[dict[str, Any]]


def made_in(rows: Sequence[dict[str, Any]], timeline: Timeline) -> Mistakes:
    """`rows` by way of some mistakes."""
    first, corrections, deletions = [], [], []
    for place, row in enumerate(rows):
        at, score = row["occurred_at"], row.get("score")
        if score is None or at > timeline.now - SETTLED:
            first.append(row)
        elif place % TWICE_EVERY == 0:
            twin = f"{row['external_id']}-again"
            first += [row, {**row, "external_id": twin, "source_updated_at": at}]
            deletions.append({"external_id": twin, "source_updated_at": at + NOTICED})
        elif place % CORRECTED_EVERY == 1:
            slip = row["scale_worst"] + row["scale_best"] - score  # read from the wrong end of the scale
            first.append({**row, "score": slip, "source_updated_at": at})
            corrections.append({**row, "source_updated_at": at + NOTICED})
        else:
            first.append(row)
    return Mistakes(first, corrections, deletions)
