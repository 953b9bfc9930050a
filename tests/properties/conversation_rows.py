"""Random interactions: conversations of every shape, corrections of them, and some that cannot be."""

from datetime import datetime, timedelta
from typing import Any

from conversation_oracle import Desk, Event, Story
from money_rows import MoneyRows, Told

MINUTE, HOUR, DAY = 60, 3_600, 86_400
STAFF = ("ann", "ben", "eva", None, None)
MOVES: dict[str, tuple[str, ...]] = {
    # what often follows what
    "begin": ("CUSTOMER_MESSAGE",) * 7 + ("STAFF_REPLY", "BOT_REPLY", "NOTE", "HOLD", "REOPENED", "RESOLVED"),
    "CUSTOMER_MESSAGE": ("STAFF_REPLY",) * 6 + ("BOT_REPLY", "NOTE", "HOLD", "CUSTOMER_MESSAGE", "RESOLVED"),
    "STAFF_REPLY": ("CUSTOMER_MESSAGE", "CUSTOMER_MESSAGE", "RESOLVED", "RESOLVED", "HOLD", "STAFF_REPLY"),
    "BOT_REPLY": ("HANDOVER", "ASSIGNED", "STAFF_REPLY", "CUSTOMER_MESSAGE"),
    "HOLD": ("RESUMED", "RESUMED", "STAFF_REPLY", "CUSTOMER_MESSAGE", "RESOLVED", "HOLD"),
    "RESUMED": ("STAFF_REPLY", "RESOLVED", "CUSTOMER_MESSAGE"),
    "RESOLVED": ("CONFIRMED", "CONFIRMED", "REOPENED", "REOPENED", "CUSTOMER_MESSAGE", "RESOLVED", "STAFF_REPLY"),
    "REOPENED": ("CUSTOMER_MESSAGE", "STAFF_REPLY", "RESOLVED", "HOLD"),
    "CONFIRMED": ("REOPENED", "CUSTOMER_MESSAGE", "NOTE"),
}  # fmt: skip
PAUSES = (0, 0, 1, 40, 9 * MINUTE, HOUR, HOUR, 7 * HOUR, DAY, 7 * DAY, 40 * DAY)
"""Seconds between two events, and more often fewer than more."""


class ConversationRows(MoneyRows):
    """What may be told next, after what is known at the desk."""

    world: Desk
    numbers: dict[str, int]

    def _talk(self) -> Told:
        old = self._old(self.world.talks)
        if old is None:
            name = self._new("i")
            return name, self._talk_content(), self._stamp(name)
        fresh = self._talk_content()
        if self.rng.random() < 0.4:  # it goes on
            last = max((event.at for event in old.row["events"]), default=old.row["occurred_at"])
            more = self._events(last + timedelta(seconds=1), "begin")
            return old.name, old.row | {"events": self._jumbled([*old.row["events"], *more])}, self._stamp(old.name)
        row = self._mixed(old, fresh, "events", "occurred_at")
        return old.name, row | {"events": self._jumbled(row["events"])}, self._stamp(old.name)

    def _talk_content(self) -> dict[str, Any]:
        rng, began = self.rng, self._instant()
        events = self._events(began, "begin")
        if events and rng.random() < 0.03:  # which cannot be
            began = max(event.at for event in events) + timedelta(seconds=1)
        elif rng.random() < 0.15:
            began -= timedelta(seconds=rng.choice((1, HOUR, 3 * DAY)))
        return {
            "kind": rng.choice(("QUESTION", "REQUEST", "COMPLAINT", "COMPLAINT")),
            "standing": rng.choice(("VALID",) * 6 + ("WITHDRAWN", "DUPLICATE")),
            "customer": rng.choice((None, *(f"c{n}" for n in range(1, 13)), "stub1", "stub2", self._stranger())),
            "channel": self._pick("channel"),
            "staff": rng.choice(STAFF),
            **{name: self._pick(name) for name in ("product", "campaign", "journey_stage", "reason")},
            "events": self._jumbled(events),
            "occurred_at": began,
        }

    def _events(self, at: datetime, kind: str) -> list[Event]:
        """What happens from an instant on, up to now."""
        rng, found = self.rng, list[Event]()
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4, 5, 7, 10))):
            kind = rng.choice(MOVES.get(kind, MOVES["CUSTOMER_MESSAGE"]))
            at += timedelta(seconds=rng.choice(PAUSES[: rng.randint(1, len(PAUSES))]))
            if rng.random() < 0.3:
                at += timedelta(seconds=rng.randrange(3 * HOUR))
            if at > self.clock.now:
                break
            who = None if kind in ("CUSTOMER_MESSAGE", "CONFIRMED") else rng.choice(STAFF)
            if (kind, at) not in {(one.kind, one.at) for one in found}:  # who was first, nobody could say
                found.append(Event(kind, at, who))
        return found

    def _jumbled(self, events: Any) -> list[Event]:
        """The same events in any order, some of them twice."""
        told = sorted(events, key=str)
        if told and not is_plain(told):
            told.append(Event("CUSTOMER_MESSAGE", min(event.at for event in told)))
        told += self.rng.sample(told, min(len(told), self.rng.choice((0, 0, 1, 2))))
        self.rng.shuffle(told)
        return told

    def _instant(self) -> datetime:
        """Some time up to now, more often of late, sometimes close to midnight somewhere."""
        rng = self.rng
        at: datetime = self.clock.now - timedelta(seconds=rng.randrange(DAY * rng.choice((1, 3, 20, 100, 160))))
        if rng.random() < 0.3:
            at = at.replace(hour=rng.choice((0, 4, 5, 12, 16, 21, 22, 23)), minute=rng.choice((0, 59)), second=0)
        return min(at, self.clock.now).replace(microsecond=0)


def is_plain(events: Any) -> bool:
    """Whether somebody who waits has written, and who has written has waited."""
    story = Story(events)
    return bool(story.waits) == bool(story.asked_at)
