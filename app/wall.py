"""The wall between workspaces: a session that can see and write the rows of one workspace only.

It adds `tenant_id = …` to every ORM select, update and delete, stamps or refuses what is flushed, and refuses any
statement that it cannot scope: Core statements, and what is Core or plain text inside an ORM one. Only
`services/rollup.py` and `services/segment_member.py` run others, under an exemption they must name.

Inside the workspace it narrows a session, or one statement, to the rows of an actor, as `app/reach.py` says.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, cast
from uuid import UUID

from sqlalchemy import Alias, ColumnClause, Insert, Table, TableClause, TextClause, Update, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible
from sqlmodel import SQLModel

from app.actor import Rows
from app.models.base import Tenanted
from app.reach import beyond, is_borrowed, narrowing

EXEMPT = {"custograph_exempt": True}
"""Execution options of a statement that scopes itself; a test keeps them inside the two services that need them."""
WITHIN = "custograph_within"
"""The execution option of a statement that reads within the rows that it names, in a session that sees all."""


class WalledSession(Session):
    """A session of one workspace that sees `rows` of it, or all of them."""

    def __init__(self, *, tenant_id: UUID, rows: Rows | None = None, **options: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(expire_on_commit=False, **options)
        self.tenant_id, self.rows = tenant_id, rows

    def _unseen(self, *_args: object, **_options: object) -> NoReturn:
        msg = "the old bulk methods pass by everything that the wall listens to; use insert() and update()"
        raise WallBreach(msg)

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _unseen


class WallBreach(RuntimeError):
    """A programming error: a statement or row that would cross the wall."""


LEFT_BEHIND = "job"
"""The one table of no workspace that may be added to from inside one: work is left behind, and never read."""

_by_table: dict[str, type[Tenanted]] = {}


def _tenanted(table: str) -> type[Tenanted] | None:
    if not _by_table:
        for mapper in SQLModel._sa_registry.mappers:  # noqa: SLF001 - SQLModel publishes no other way to its registry
            if issubclass(mapper.class_, Tenanted):
                _by_table[str(mapper.local_table.name)] = mapper.class_  # type: ignore[attr-defined]
    return _by_table.get(table)


@event.listens_for(WalledSession, "do_orm_execute")
def _scope(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, WalledSession)  # noqa: S101 - narrows the type
    rows_seen = state.execution_options.get(WITHIN, session.rows)
    if state.execution_options.get("custograph_exempt"):
        if rows_seen is not None:  # what scopes itself does so to the workspace
            raise beyond()
        return
    if not state.is_orm_statement or state.is_from_statement:
        msg = "a Core statement cannot be scoped to a workspace"
        raise WallBreach(msg)
    parameters = state.parameters or {}
    rows = [parameters] if isinstance(parameters, dict) else parameters
    if state.is_insert:
        _check_table(cast("Insert", state.statement).table.name)
        _check_rows(rows, session.tenant_id)
        return
    if state.is_update:
        # an update of rows by their keys is not scoped by criteria; and no row ever moves
        _check_rows((row for row in rows if "tenant_id" in row), session.tenant_id)
        _check_rows(_set(cast("Update", state.statement)), session.tenant_id)
    criteria, tenant_id = [], session.tenant_id
    for name in sorted(_tables(cast("ExternallyTraversible", state.statement), rows_seen)):
        model = _tenanted(name)
        if model is None:
            msg = f"the table {name!r} is not readable inside a workspace"
            raise WallBreach(msg)
        # told of the class that it is for: an expression over the model would miss an alias that is joined
        criteria.append(with_loader_criteria(model, lambda cls: cls.tenant_id == tenant_id, include_aliases=True))
        criteria += [] if rows_seen is None else narrowing(model, rows_seen, tenant_id)
    state.statement = state.statement.options(*criteria)


def _tables(statement: ExternallyTraversible, rows: Rows | None) -> set[str]:
    """The names of the tables that `statement` reads.

    Raises WallBreach for parts that no criterion would reach, Forbidden for columns that tell of more than `rows`.
    """
    found, mapped = set(), set()
    for item in visitors.iterate(statement):
        table: Any = item.table if isinstance(item, ColumnClause) else item
        while isinstance(table, Alias):
            table = table.element
        is_literal = isinstance(item, ColumnClause) and item.is_literal and item.name != "*"
        is_loose = isinstance(table, TableClause) and not isinstance(table, Table)
        if is_literal or is_loose or isinstance(item, TextClause):
            msg = f"{str(item)[:80]!r} cannot be scoped to a workspace"
            raise WallBreach(msg)
        if isinstance(table, Table):
            found.add(table.name)
            if rows is not None and isinstance(item, ColumnClause) and is_borrowed(table.name, item.name):
                raise beyond()
        # what is named through a mapped class carries the class with it
        if (entity := item._annotations.get("parententity")) is not None:  # noqa: SLF001 - nothing else tells
            mapped.add(entity.mapper.local_table.name)
    if core := found - mapped:
        msg = f"{', '.join(sorted(core))} cannot be scoped to a workspace unless named through the mapped class"
        raise WallBreach(msg)
    return found


def _set(statement: Update) -> Iterator[dict[str, Any]]:
    """The workspace that `statement` would set, if it does."""
    for column, value in (statement._values or {}).items():  # noqa: SLF001 - an update tells nobody what it sets
        if getattr(column, "key", column) == "tenant_id":
            yield {"tenant_id": getattr(value, "value", None)}


def _check_table(name: str) -> None:
    if _tenanted(name) is None and name != LEFT_BEHIND:
        msg = f"the table {name!r} is not writable inside a workspace"
        raise WallBreach(msg)


def _check_rows(rows: Iterable[Any], tenant_id: UUID) -> None:
    for row in rows:
        if row.get("tenant_id") != tenant_id:
            msg = "a row of another workspace was about to be written"
            raise WallBreach(msg)


@event.listens_for(WalledSession, "before_flush")
def _stamp(session: Session, _context: UOWTransaction, _instances: object) -> None:
    assert isinstance(session, WalledSession)  # noqa: S101 - narrows the type
    for row in (*session.new, *session.dirty, *session.deleted):
        _check_table(row.__table__.name)
        if getattr(row, "tenant_id", None) is None:
            row.tenant_id = session.tenant_id
        elif row.tenant_id != session.tenant_id:
            msg = "a row of another workspace was about to be written"
            raise WallBreach(msg)
