"""What a deployment's administrator may: see which workspaces there are, and make more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import select

from app.actor import Scope
from app.models.token import Token
from app.models.workspace import Workspace
from app.services import newest, token, workspace
from app.services.page import Page, Slice
from app.uow import Uow, reads, writes

FIRST = frozenset(Scope) - {Scope.DEPLOYMENT_ADMIN}
"""What the first token of a workspace may."""
_TOLD: tuple[Any, ...] = (Workspace.id, Workspace.name, Workspace.time_zone, Workspace.currency, Workspace.created_at)
"""What is told of workspaces to somebody outside of them; on PostgreSQL the gate can read no more."""


@writes(Scope.DEPLOYMENT_ADMIN)
def create_workspace(uow: Uow, data: Mapping[str, Any]) -> tuple[Workspace, Token, str]:
    """A new workspace, whose id the actor carries already, and a first token that may administer it. Raises Invalid."""
    made = workspace.create(uow, data)
    # whoever makes a workspace has all of it to give, and goes on seeing none of the others
    owner = replace(uow, actor=replace(uow.actor, scopes=FIRST))
    first, secret = token.issue(owner, {"name": "first", "scopes": sorted(FIRST)})
    return made, first, secret


@reads(Scope.DEPLOYMENT_ADMIN)
def page(uow: Uow, part: Slice) -> Page[Any]:
    """A part of the workspaces of the deployment, the newest first."""
    with uow.at_gate() as gate:
        return newest.page(gate, select(*_TOLD), Workspace.id, part)


@reads(Scope.DEPLOYMENT_ADMIN)
def count(uow: Uow) -> int:
    """How many workspaces there are."""
    with uow.at_gate() as gate:
        return newest.count(gate, select(Workspace.id))
