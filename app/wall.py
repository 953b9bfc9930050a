"""The wall between workspaces: a session that can see and write the rows of one workspace only.

It adds `tenant_id = …` to every ORM select, update and delete, stamps or refuses what is flushed, and refuses any
statement that it cannot scope. Only `services/rollup.py` runs Core statements, under an exemption it must name.
"""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible
from sqlmodel import SQLModel, col

from app.models.base import Tenanted

EXEMPT = {"custograph_exempt": True}
"""Execution options of a Core statement that scopes itself; a test keeps them inside `services/rollup.py`."""


class WalledSession(Session):
    """A session of one workspace."""

    def __init__(self, *, tenant_id: UUID, **options: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(expire_on_commit=False, **options)
        self.tenant_id = tenant_id


class WallBreach(RuntimeError):
    """A programming error: a statement or row that would cross the wall."""


_by_table: dict[str, type[Tenanted]] = {}


def _tenanted(table: str) -> type[Tenanted] | None:
    if not _by_table:
        for mapper in SQLModel._sa_registry.mappers:  # noqa: SLF001 - SQLModel publishes no other way to its registry
            if issubclass(mapper.class_, Tenanted):
                _by_table[str(mapper.local_table.name)] = mapper.class_  # type: ignore[attr-defined]
    return _by_table.get(table)


@event.listens_for(WalledSession, "do_orm_execute")
def _scope(state: ORMExecuteState) -> None:
    if state.execution_options.get("custograph_exempt"):
        return
    session = state.session
    assert isinstance(session, WalledSession)  # noqa: S101 - narrows the type
    if not state.is_orm_statement:
        msg = "a Core statement cannot be scoped to a workspace"
        raise WallBreach(msg)
    if state.is_insert:
        parameters = state.parameters or {}
        _check_rows([parameters] if isinstance(parameters, dict) else parameters, session.tenant_id)
        return
    tables = {
        item.name
        for item in visitors.iterate(cast("ExternallyTraversible", state.statement))
        if isinstance(item, Table)
    }
    criteria = []
    for name in sorted(tables):
        model = _tenanted(name)
        if model is None:
            msg = f"the table {name!r} is not readable inside a workspace"
            raise WallBreach(msg)
        criteria.append(with_loader_criteria(model, col(model.tenant_id) == session.tenant_id, include_aliases=True))
    state.statement = state.statement.options(*criteria)


def _check_rows(rows: Iterable[Any], tenant_id: UUID) -> None:
    for row in rows:
        if row.get("tenant_id") != tenant_id:
            msg = "a row of another workspace was about to be inserted"
            raise WallBreach(msg)


@event.listens_for(WalledSession, "before_flush")
def _stamp(session: Session, _context: UOWTransaction, _instances: object) -> None:
    assert isinstance(session, WalledSession)  # noqa: S101 - narrows the type
    for row in (*session.new, *session.dirty, *session.deleted):
        if getattr(row, "tenant_id", None) is None:
            row.tenant_id = session.tenant_id
        elif row.tenant_id != session.tenant_id:
            msg = "a row of another workspace was about to be written"
            raise WallBreach(msg)
