"""What customers and staff say to one another, in few words: interactions recorded, figures of them read."""

from datetime import UTC, datetime
from typing import Any

from app.services import interaction
from app.services.row import Options, Ref

CREATE = Options(create_missing=True)
KINDS = {
    "asks": "CUSTOMER_MESSAGE",
    "replies": "STAFF_REPLY",
    "bot": "BOT_REPLY",
    "note": "NOTE",
    "handover": "HANDOVER",
    "hold": "HOLD",
    "resumed": "RESUMED",
    "resolved": "RESOLVED",
    "reopened": "REOPENED",
    "confirmed": "CONFIRMED",
}


def at(day: int, time: str = "00:00", month: int = 5) -> datetime:
    """An instant of 2026, in UTC."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def event(what: str, when: datetime, who: str | None = None) -> dict[str, Any]:
    """One event."""
    found: dict[str, Any] = {"kind": KINDS[what], "at": when}
    return found | ({"staff": Ref(external_id=who)} if who else {})


def talk(name: str, *events: dict[str, Any], kind: str = "QUESTION", **more: Any) -> dict[str, Any]:
    """An interaction that begins with the earliest of its events."""
    named = {key: Ref(external_id=more.pop(key)) for key in ("customer", "channel", "staff") if key in more}
    began = min((one["at"] for one in events), default=at(4))
    return {"external_id": name, "kind": kind, "events": list(events), "occurred_at": began, **named, **more}


def record(people: Any, *rows: dict[str, Any], options: Options = CREATE) -> list[Any]:
    """Record interactions; what became of each."""
    return people.write(interaction.record_batch, rows, options)


def hold(people: Any, *rows: dict[str, Any]) -> list[str]:
    """Record interactions, all of which are accepted; the outcomes."""
    results = record(people, *rows)
    assert not any(result.problems for result in results), [result.problems for result in results]
    return [result.outcome.value for result in results]


def drop(people: Any, *names: str, **more: Any) -> list[str]:
    """Delete interactions by their external ids; the outcomes."""
    rows = [{"external_id": name, **more} for name in names]
    return [result.outcome.value for result in people.write(interaction.delete_batch, rows, Options())]
