"""Channels, staff, teams and surveys: named things that a workspace keeps under keys of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import select

from app.errors import Code, Invalid
from app.models.change import Action
from app.models.keyed import Keyed
from app.models.segment import Segment
from app.services.idempotency import once
from app.services.mode import Mode, check_mode
from app.services.row import AS_USUAL, Key, Options, Outcome, Result, Row, Word, parse
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
    options: Options = AS_USUAL,
) -> tuple[K, Outcome]:
    """The row of `model` under the key that `data` names, after `data`. `columns` gives what needs looking up.

    `beside` names what changes that is not in the row itself, and leaves it to the caller; a retry under an idempotency
    key asks for neither. Raises Invalid with every problem of the input.
    """

    def work() -> list[Result]:
        made, outcome = _upsert(uow, model, parse(kind, data), columns, beside, options.mode)
        return [Result(0, outcome, made.id)]

    (result,) = once(uow, model.__name__, [data], options, work)
    found: K | None = uow.session.get(model, (uow.tenant_id, result.id))
    if found is None:
        msg = Text("What was made under this idempotencyKey is gone again.", "用此 idempotencyKey 创建的内容已被删除。")
        raise Invalid(msg, "externalId", code=Code.NOT_FOUND)
    return found, result.outcome


def _upsert(  # noqa: PLR0913 - what a noun may have beside its row
    uow: Uow,
    model: type[K],
    row: Any,  # noqa: ANN401 - the noun's own row
    columns: Callable[[Any, K | None], dict[str, Any]] | None,
    beside: Callable[[Any, K | None], Sequence[str]] | None,
    mode: Mode,
) -> tuple[K, Outcome]:
    statement = select(model).where(model.key == row.external_id).with_for_update()
    present: K | None = uow.session.scalars(statement).first()
    given = {name: getattr(row, name) for name in row.model_fields_set if name in model.model_fields}
    given |= columns(row, present) if columns else {}
    others = list(beside(row, present)) if beside else []
    called = row.external_id if model is Segment else None  # a deletion leaves nothing of it that would say it
    changed = [] if present is None else [name for name, value in given.items() if getattr(present, name) != value]
    is_there = present is not None and not present.is_stub
    check_mode(mode, is_there=is_there, is_news=bool(changed or others))
    if present is None:
        made = model(tenant_id=uow.tenant_id, key=row.external_id, created_at=uow.now, updated_at=uow.now, **given)
        uow.session.add(made)
        uow.session.flush()
        uow.record(made, model.__name__, Action.CREATED, external_id=called)
        return made, Outcome.CREATED
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
