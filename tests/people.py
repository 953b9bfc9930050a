"""People of a workspace, and when they do what they do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.actor import ORDINARY, Actor, Scope, system
from app.services import workspace as workspaces
from app.uow import Door

TODAY = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
"""When tests happen, unless they move the clock."""

READ_ONLY = frozenset(s for s in Scope if s.value.endswith(":read")) - {Scope.PERSONAL_READ}
"""What Bob may."""


@dataclass(frozen=True)
class People:
    """A workspace, the door to it, and those who come through."""

    door: Door
    id: UUID

    @property
    def system(self) -> Actor:
        """The program itself, with every scope."""
        return system(self.id)

    @property
    def alice(self) -> Actor:
        """Has what a token has that names no scope."""
        return Actor(self.id, "alice")

    @property
    def bob(self) -> Actor:
        """May only read, and sees nothing personal."""
        return Actor(self.id, "bob", READ_ONLY)

    def actor(self, scopes: Iterable[Scope] = ORDINARY, *, name: str = "dana", source: str = "default") -> Actor:
        """Somebody with just these `scopes`, whose external ids are those of `source`."""
        return Actor(self.id, name, frozenset(scopes), source)

    def write(self, function: Callable[..., Any], *args: Any, by: Actor | None = None, **kwargs: Any) -> Any:
        """What the @writes function answers to `by` (default: the program), once it is committed."""
        return self.door.write(by or self.system, function, *args, **kwargs)

    def read(self, function: Callable[..., Any], *args: Any, by: Actor | None = None, **kwargs: Any) -> Any:
        """What the @reads function answers to `by` (default: the program)."""
        return self.door.read(by or self.system, function, *args, **kwargs)


def settle(
    door: Door,
    name: str = "Workshop",
    *,
    time_zone: str = "Europe/Berlin",
    currency: str = "EUR",
    small_cell_k: int = 5,
    **more: Any,
) -> People:
    """A new workspace; anything that one has may be given by name."""
    people = People(door, uuid7())
    data = {"name": name, "time_zone": time_zone, "currency": currency, "small_cell_k": small_cell_k, **more}
    people.write(workspaces.create, data)
    return people
