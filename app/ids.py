"""Opaque global ids: what clients hold to name a node of any type."""

import base64
import binascii
from uuid import UUID

import orjson


def encode(type_: str, *parts: object) -> str:
    """The id of the node of `type_` that `parts` name."""
    return base64.urlsafe_b64encode(orjson.dumps([type_, *map(str, parts)])).decode().rstrip("=")


def decode(id_: str) -> tuple[str, list[str]] | None:
    """The type and parts of an id, or None when it is not one of ours."""
    try:
        type_, *parts = orjson.loads(base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)))
    except (binascii.Error, ValueError, TypeError):
        return None
    if isinstance(type_, str) and all(isinstance(part, str) for part in parts):
        return type_, parts
    return None


def decode_uuid(id_: str, type_: str) -> UUID | None:
    """The row id in the global id of a node of `type_`, or None when it is not one."""
    found = decode(id_)
    if found is None or found[0] != type_ or len(found[1]) != 1:
        return None
    try:
        return UUID(found[1][0])
    except ValueError:
        return None
