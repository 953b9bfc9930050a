"""Channels, staff, teams and surveys: named things that a workspace keeps under keys of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import select

from app.errors import Code, Invalid
from app.models.change import Action
from app.models.keyed import Keyed
from app.models.segment import Segment
from app.services.row import Key, Outcome, Row, Word, parse
from app.text import Text
from app.uow import Uow

K = TypeVar("K", bound=Keyed)


class KeyedRow(Row):
    """What all of them have: absent keeps, null clears."""

    external_id: Key
    name: Word


def upsert(  # noqa: PLR0913 - what a noun may have beside its row
    uow: Uow,
    model: type[K],
    kind: type[KeyedRow],
    data: Mapping[str, Any],
    columns: Callable[[Any, K | None], dict[str, Any]] | None = None,
    beside: Callable[[Any, K | None], Sequence[str]] | None = None,
) -> tuple[K, Outcome]:
    """The row of `model` under the key that `data` names, after `data`. `columns` gives what needs looking up.

    `beside` names what changes that is not in the row itself, and leaves it to the caller.
    Raises Invalid with every problem of the input.
    """
    row = parse(kind, data)
    statement = select(model).where(model.key == row.external_id).with_for_update()
    present: K | None = uow.session.scalars(statement).first()
    given = {name: getattr(row, name) for name in row.model_fields_set if name in model.model_fields}
    given |= columns(row, present) if columns else {}
    others = list(beside(row, present)) if beside else []
    called = row.external_id if model is Segment else None  # a deletion leaves nothing of it that would say it
    if present is None:
        made = model(tenant_id=uow.tenant_id, key=row.external_id, created_at=uow.now, updated_at=uow.now, **given)
        uow.session.add(made)
        uow.session.flush()
        uow.record(made, model.__name__, Action.CREATED, external_id=called)
        return made, Outcome.CREATED
    changed = [name for name, value in given.items() if getattr(present, name) != value]
    if not changed and not others and not present.is_stub:
        return present, Outcome.UNCHANGED
    for name in changed:
        setattr(present, name, given[name])
    present.is_stub, present.updated_at, present.version = False, uow.now, present.version + 1
    uow.record(present, model.__name__, Action.UPDATED, [*changed, *others], external_id=called)
    uow.session.flush()
    return present, Outcome.UPDATED


def refuse_circle(uow: Uow, model: type[K], row: K | None, parent: UUID | None) -> None:
    """Refuse a parent below the row itself. Raises Invalid."""
    seen = {row.id} if row else set()
    while parent is not None:
        if parent in seen:
            msg = Text("It cannot stand above itself.", "它不能成为自己的上级。")
            raise Invalid(msg, "parent", code=Code.CONFLICT)
        seen.add(parent)
        above: Any = uow.session.get(model, (uow.tenant_id, parent))
        parent = above.parent_id if above else None
