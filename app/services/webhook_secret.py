"""Secrets of webhooks, and signatures with them, as standardwebhooks.com describes both."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

PREFIX = "whsec_"
MOST = 5
"""With so many secrets at once a delivery is signed at most."""


def mint() -> str:
    """A new secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(given: Iterable[str], id_: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret, the newest first."""
    signed = b".".join((id_.encode(), str(timestamp).encode(), body))
    return " ".join(f"v1,{base64.b64encode(_hmac(secret, signed)).decode()}" for secret in given)


def _hmac(secret: str, signed: bytes) -> bytes:
    return hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()


def rotated(kept: Sequence[Mapping[str, Any]], sealed: str, until: datetime) -> list[dict[str, Any]]:
    """The sealed secrets after a new one: those before it sign until then at the latest."""
    ending = until.isoformat()
    before = [{**one, "until": min(one["until"] or ending, ending)} for one in kept]
    return [{"sealed": sealed, "until": None}, *before][:MOST]


def valid(kept: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    """The sealed secrets with which is signed `now`."""
    return [one["sealed"] for one in kept if one["until"] is None or datetime.fromisoformat(one["until"]) > now]
