"""Who acts in an import: whoever began or undoes it, with what they might do then and may do yet."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.actor import Actor, Scope
from app.models.bulk_import import Import
from app.services import member, token_use
from app.uow import Door


def who(actor: Actor) -> dict[str, Any]:
    """Who acts, as an import remembers it."""
    token, member = (id_.hex if id_ else None for id_ in (actor.token_id, actor.member_id))
    told = {"name": actor.name, "scopes": sorted(actor.scopes), "source": actor.source}
    return told | {"token": token, "member": member}


def actor_of(row: Import, told: Mapping[str, Any]) -> Actor:
    """Who acts in the import, with what they might do then."""
    then = frozenset(scope for scope in Scope if scope.value in told["scopes"])
    token, member = (UUID(id_) if (id_ := told.get(name)) else None for name in ("token", "member"))
    return Actor(row.tenant_id, told["name"], then, row.source, token, f"import-{row.id.hex}", member_id=member)


def still(door: Door, row: Import, told: Mapping[str, Any]) -> Actor:
    """Who acts in the import, with what they might do then and may do yet.

    Raises Unauthenticated when their token was revoked or they are no member any more.
    """
    actor, rows = actor_of(row, told), None
    if actor.token_id is not None:
        scopes = token_use.still(door, actor.token_id)
    elif actor.member_id is not None:
        scopes, rows = member.still(door, row.tenant_id, actor.member_id)
    else:
        return actor  # the command line, which needs neither
    return replace(actor, scopes=actor.scopes & scopes, rows=rows)
