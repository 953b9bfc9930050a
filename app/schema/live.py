"""What subscriptions are made of: moments at which to look again, each with a context of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from app.schema.context import Context, Info

STATE_S, FEED_S = 0.25, 0.02
"""How long a stream rests between two looks, of how something stands and of what has come: in one go meanwhile."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An event: what it is about, and the context in which it was found and is answered.

    With a `cursor` it is one of many, each told, and the stream can be taken up again after it. Without, it says how
    something stands: told when that is not what was told last.
    """

    context: Context
    value: Any
    cursor: str | None = None


class Live(Protocol):
    """The stream in which a subscription is answered."""

    after: str | None
    """The cursor of the last event that the reader has, if the transport said so."""

    def moments(self, rest_s: float) -> AsyncIterator[Context]:
        """A context now, and another one each time that something may have changed since."""

    def again(self) -> None:
        """Look again at once: there is more than was read."""

    async def seal(self) -> None:
        """Have what was committed until now numbered, so that nothing of it counts as new."""


def moments(info: Info, rest_s: float) -> AsyncIterator[Context]:
    """The moments of the operation's stream."""
    return stream(info).moments(rest_s)


def stream(info: Info) -> Live:
    """The stream in which the operation is answered."""
    live = info.context.live
    assert live is not None, "a subscription is answered in a stream"  # noqa: S101 - whoever runs one gives it
    return live
