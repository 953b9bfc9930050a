"""The course of a conversation: who waits for whom and until when, from its events. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from app.models.interaction import InteractionEventKind as Kind


class Happening(NamedTuple):
    """One event; `staff` is whatever stands for who acted."""

    kind: Kind
    at: datetime
    staff: Any = None


class Wait(NamedTuple):
    """A time in which the customer waited for the company."""

    start: datetime
    end: datetime


class Exchange(NamedTuple):
    """One turn of the customer and the reply that answered it."""

    asked_at: datetime
    reply: Happening


_RANK = {
    kind: place
    for place, kind in enumerate(
        (
            Kind.REOPENED,
            Kind.CUSTOMER_MESSAGE,
            Kind.BOT_REPLY,
            Kind.NOTE,
            Kind.ASSIGNED,
            Kind.HANDOVER,
            Kind.STAFF_REPLY,
            Kind.HOLD,
            Kind.RESUMED,
            Kind.RESOLVED,
            Kind.CONFIRMED,
        )
    )
}
"""Of events at one instant a question comes before its answer, and that before the end."""


def in_order(events: Iterable[Happening]) -> list[Happening]:
    """The events by when they happened, each once, however they came."""
    return sorted(dict.fromkeys(events), key=lambda one: (one.at, _RANK[one.kind], str(one.staff)))


@dataclass(slots=True)
class Course:
    """What follows from the events of a conversation, in order.

    The customer waits from a message or a reopening until staff reply or resolve it, and while on hold; bots, notes and
    handovers end no wait. Once it is resolved, further messages wait for nothing until it is reopened; from then on
    they are the customer's turn.
    """

    asked_at: datetime | None = None
    reply: Happening | None = None
    resolution: Happening | None = None
    is_confirmed: bool = False
    exchanges: list[Exchange] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    _turn: datetime | None = None
    _since: datetime | None = None
    _held: datetime | None = None
    _has_more: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether the customer waits still."""
        return self._since is not None or self._held is not None

    def take(self, event: Happening) -> None:
        """Go on by one event."""
        match event.kind:
            case Kind.CUSTOMER_MESSAGE:
                self._ask(event.at)
            case Kind.STAFF_REPLY:
                self._answer(event)
            case Kind.HOLD if self.resolution is None:
                self._held = self._held or event.at
            case Kind.RESUMED:
                self._resume(event.at)
            case Kind.RESOLVED if self.resolution is None:
                self.resolution, self._has_more = event, False
                self._end(event.at)
                self._resume(event.at)
            case Kind.REOPENED if self.resolution is not None:
                self._reopen(event.at)
            case Kind.CONFIRMED:
                self.is_confirmed = self.resolution is not None
            case _:
                pass

    def _ask(self, at: datetime) -> None:
        self.asked_at = self.asked_at or at
        self._has_more = True
        if self.resolution is None:
            self._turn, self._since = self._turn or at, self._since or at

    def _reopen(self, at: datetime) -> None:
        self.resolution, self.is_confirmed, self._since = None, False, at
        if self._has_more:  # many a source says a moment after a message that it reopened
            self._turn = at

    def _answer(self, event: Happening) -> None:
        if self.asked_at is not None:
            self.reply = self.reply or event
        if self._turn is not None:
            self.exchanges.append(Exchange(self._turn, event))
        self._end(event.at)

    def _end(self, at: datetime) -> None:
        if self._since is not None:
            self.waits.append(Wait(self._since, at))
        self._turn = self._since = None

    def _resume(self, at: datetime) -> None:
        if self._held is not None:
            self.waits.append(Wait(self._held, at))
        self._held = None


def course(events: Sequence[Happening]) -> Course:
    """The course of a conversation whose events are in order; waits that overlap are one."""
    found = Course()
    for event in events:
        found.take(event)
    found.waits = _united(found.waits)
    return found


def _united(waits: Iterable[Wait]) -> list[Wait]:
    found: list[Wait] = []
    for wait in sorted(waits):
        if found and wait.start <= found[-1].end:
            found[-1] = Wait(found[-1].start, max(found[-1].end, wait.end))
        else:
            found.append(wait)
    return found
