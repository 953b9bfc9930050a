"""What is sent: the body of a delivery, and the headers by which a receiver knows it, after standardwebhooks.com."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from app import __version__, ids
from app.services import webhook_secret
from app.services.subject import spelled
from app.services.webhook_round import Letter


def global_id(letter: Letter) -> str:
    """The id by which the API knows the record that changed."""
    return ids.encode(letter.noun, letter.record_id)


def body(letter: Letter, answer: Mapping[str, Any] | None) -> bytes:
    """What changed, without any value; and what the endpoint's document answers about it, if it has one."""
    happened = "test" if letter.action is None else letter.action.value.lower()
    said: dict[str, Any] = {
        "type": f"{letter.noun}.{happened}",
        "timestamp": letter.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "change": {
            "type": letter.noun,
            "action": letter.action,
            "id": global_id(letter),
            "version": letter.version,
            "fields": spelled(letter.noun, letter.fields),
            "sequence": letter.seq,
        },
    }
    return orjson.dumps(said | dict(answer or {}))


def headers(letter: Letter, content: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The header fields: an id that is the same at every attempt, when it was sent, and signatures over both."""
    timestamp = int(now.timestamp())
    return {
        "content-type": "application/json",
        "user-agent": f"Custograph/{__version__}",
        "webhook-id": str(letter.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhook_secret.signature(secrets, str(letter.id), timestamp, content),
    }
