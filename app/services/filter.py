"""Typed filters: operators on columns, combined with and, or, not; the same for every list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlmodel import col

from app import ids
from app.errors import Code, Forbidden, Invalid, Limited
from app.models.base import Owned, UtcDateTime
from app.services.row import camel, moment
from app.uow import Scope, Uow

Tree = Mapping[str, Any]
"""`{column: {operator: value}}` beside `and`, `or` (lists of trees) and `not` (a tree)."""

MOST = 200
"""Most conditions that one filter may have."""
MOST_VALUES = 1_000
"""Most values that one condition may name."""


def where(
    uow: Uow, model: type[Owned], tree: Tree | None, path: tuple[str, ...] = ("filter",)
) -> list[ColumnElement[bool]]:
    """The conditions of `tree` over the columns of `model`.

    Raises Invalid for a value that no row could have, Forbidden for a personal column without the scope to see it.
    """
    if not tree:
        return []
    table: Any = model
    personal = {column.name for column in table.__table__.columns if column.info.get("personal")}
    if not uow.may(Scope.PERSONAL_READ) and (hidden := personal & set(_named(tree))):
        msg = f"Filtering by {', '.join(sorted(hidden))} needs the scope {Scope.PERSONAL_READ.value}."
        raise Forbidden(msg)
    budget = [MOST]
    return [_tree(uow, model, tree, path, budget)]


def _named(tree: Tree) -> Iterator[str]:
    for name, value in tree.items():
        if name in ("and", "or"):
            for part in value or ():
                yield from _named(part)
        elif name == "not":
            yield from _named(value or {})
        else:
            yield name


def _tree(uow: Uow, model: type[Owned], tree: Tree, path: tuple[str, ...], budget: list[int]) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    for name, value in tree.items():
        budget[0] -= 1
        if budget[0] < 0:
            msg = f"A filter has at most {MOST} conditions."
            raise Limited(msg)
        if value is None:
            msg = f"{camel(name)} is null; leave it out, or say isNull."
            raise Invalid(msg, *path, camel(name))
        if name == "and":
            parts += [_tree(uow, model, part, (*path, name), budget) for part in value]
        elif name == "or":
            parts.append(or_(false(), *(_tree(uow, model, part, (*path, name), budget) for part in value)))
        elif name == "not":
            parts.append(not_(_tree(uow, model, value, (*path, name), budget)))
        else:
            parts.append(_column(uow, model, name, value, (*path, camel(name))))
    return and_(true(), *parts)


def _column(
    uow: Uow, model: type[Owned], name: str, operators: Mapping[str, Any], path: tuple[str, ...]
) -> ColumnElement[bool]:
    column: Any = col(getattr(model, name))
    parts: list[ColumnElement[bool]] = []
    for operator, value in operators.items():
        if value is None:
            msg = f"{operator} is null; leave it out, or say isNull."
            raise Invalid(msg, *path, operator)
        if isinstance(value, list) and len(value) > MOST_VALUES:
            msg = f"{operator} has at most {MOST_VALUES} values; this one has {len(value)}."
            raise Invalid(msg, *path, operator, code=Code.TOO_MANY)
        if isinstance(column.type, UtcDateTime) and isinstance(value, date):
            try:
                value = moment(uow, value, operator, past=False)  # noqa: PLW2901 - the same instant, resolved
            except Invalid as error:
                raise Invalid([replace(p, path=(*path, operator)) for p in error.problems]) from None
        parts.append(_OPERATORS[operator](column, value))
    return and_(true(), *parts)


def _contains(column: Any, value: str) -> ColumnElement[bool]:  # noqa: ANN401 - an instrumented attribute
    found: ColumnElement[bool] = column.icontains(value, autoescape=True)
    return found


_OPERATORS: Mapping[str, Any] = {
    "eq": lambda column, value: column == value,
    "in": lambda column, value: column.in_(value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "contains": _contains,
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
}


def resolved(tree: Tree | None, references: Mapping[str, str]) -> Tree | None:
    """`tree` with the global ids under the columns `references` (column → node type) turned into row ids."""
    if tree is None:
        return None
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if name in ("and", "or"):
            found[name] = [resolved(part, references) for part in value]
        elif name == "not":
            found[name] = resolved(value, references)
        elif name in references:
            found[name] = {op: _ids(v, references[name], name) for op, v in value.items()}
        else:
            found[name] = value
    return found


def _ids(value: Any, type_: str, name: str) -> Any:  # noqa: ANN401 - one id, several, or a flag
    if isinstance(value, bool) or value is None:
        return value
    given: Sequence[str] = value if isinstance(value, list) else [value]
    rows = [ids.decode_uuid(one, type_) for one in given]
    if None in rows:
        msg = f"This is not the id of a {type_.lower()}."
        raise Invalid(msg, "filter", camel(name))
    return rows if isinstance(value, list) else rows[0]
