"""When webhooks are tried again, and when no more: functions of values and a clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

JITTER = 0.2
"""By what part a wait may be shorter or longer, so that what failed together does not return together."""
LONGEST_ASKED_S = 86_400
"""The longest wait that a receiver may ask for by Retry-After."""


def wait(attempts: int, waits: Sequence[float], chance: float, asked_s: float = 0) -> float | None:
    """How long to wait after so many failed attempts, in seconds; None when it was the last one.

    `chance` between 0 and 1 chooses within the jitter. `asked_s` is what the receiver asked for, which only lengthens.
    """
    if attempts > len(waits):
        return None
    own = waits[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    return max(own, asked_s)


def asked(retry_after: str, now: datetime) -> float:
    """For how many seconds the header Retry-After asks not to be tried again: a number or a date; 0 for anything else.

    No more than a day.
    """
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:9]), LONGEST_ASKED_S)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(0, (until - now).total_seconds()), LONGEST_ASKED_S)


def is_given_up(failing_since: datetime | None, now: datetime, days: float) -> bool:
    """Whether an endpoint that has failed since then, without one success, is to be disabled."""
    return failing_since is not None and now - failing_since >= timedelta(days=days)
