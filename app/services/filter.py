"""Typed filters: operators on columns, combined with and, or, not; the same for every list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlmodel import col

from app import ids
from app.actor import Scope
from app.errors import Code, Forbidden, Invalid, Limited
from app.models.base import Owned, UtcDateTime
from app.reach import beyond, borrowed
from app.services.ref import NOUNS
from app.services.refusal import camel, snake
from app.services.row import moment
from app.text import Text
from app.uow import Uow

Tree = Mapping[str, Any]
"""`{column: {operator: value}}` beside `and`, `or` (lists of trees) and `not` (a tree)."""

MOST = 200
"""Most conditions that one filter may have."""
MOST_VALUES = 1_000
"""Most values that one condition may name."""


def where(uow: Uow, model: type[Owned], tree: Tree | None, names: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The conditions of `tree` over the columns of `model`; `names` says what callers call a column otherwise.

    Raises Invalid for a value that no row could have, Forbidden for a column that the actor may not see.
    """
    if not tree:
        return []
    table: Any = model
    personal = {column.name for column in table.__table__.columns if column.info.get("personal")}
    if not uow.may(Scope.PERSONAL_READ) and (hidden := personal & set(_named(tree))):
        shown = ", ".join(sorted(names.get(name, name) for name in hidden))
        msg = Text(
            f"Filtering by {shown} needs the scope {Scope.PERSONAL_READ.value}.",
            f"按 {shown} 筛选需要权限范围 {Scope.PERSONAL_READ.value}。",
        )
        raise Forbidden(msg)
    if borrowed(uow.actor.rows, model) & set(_named(tree)):
        raise beyond()
    return [_Reader(uow, model, names).tree(tree, ("filter",))]


def _named(tree: Tree) -> Iterator[str]:
    for name, value in tree.items():
        if name in ("and", "or"):
            for part in value or ():
                yield from _named(part)
        elif name == "not":
            yield from _named(value or {})
        else:
            yield name


@dataclass
class _Reader:
    """Turns a filter into conditions, as many as there may be."""

    uow: Uow
    model: type[Owned]
    names: Mapping[str, str]
    left: int = MOST

    def tree(self, tree: Tree, path: tuple[str, ...]) -> ColumnElement[bool]:
        """The condition of a tree that stands at `path`."""
        parts: list[ColumnElement[bool]] = []
        for name, value in tree.items():
            self.left -= 1
            if self.left < 0:
                msg = Text(f"A filter has at most {MOST} conditions.", f"一个筛选最多有 {MOST} 个条件。")
                raise Limited(msg)
            here = (*path, camel(self.names.get(name, name)))
            if value is None:
                raise _null(here)
            if name == "and":
                parts += [self.tree(part, here) for part in value]
            elif name == "or":
                parts.append(or_(false(), *(self.tree(part, here) for part in value)))
            elif name == "not":
                parts.append(not_(self.tree(value, here)))
            else:
                parts.append(self.column(name, value, here))
        return and_(true(), *parts)

    def column(self, name: str, operators: Mapping[str, Any], path: tuple[str, ...]) -> ColumnElement[bool]:
        """The condition on one column."""
        column: Any = col(getattr(self.model, name))
        parts: list[ColumnElement[bool]] = []
        for operator, value in operators.items():
            here = (*path, camel(operator))
            if value is None:
                raise _null(here)
            if isinstance(value, list) and len(value) > MOST_VALUES:
                msg = Text(
                    f"{operator} has at most {MOST_VALUES} values; this one has {len(value)}.",
                    f"{operator} 最多有 {MOST_VALUES} 个值；这里有 {len(value)} 个。",
                )
                raise Invalid(msg, *here, code=Code.TOO_MANY)
            if isinstance(column.type, UtcDateTime) and isinstance(value, date):
                try:
                    value = moment(self.uow, value, operator, past=False)  # noqa: PLW2901 - the same instant, resolved
                except Invalid as error:
                    raise Invalid([replace(p, path=here) for p in error.problems]) from None
            parts.append(_OPERATORS[operator](column, value))
        return and_(true(), *parts)


def _null(path: tuple[str, ...]) -> Invalid:
    msg = Text(f"{path[-1]} is null; leave it out, or say isNull.", f"{path[-1]} 为 null；请省略它，或使用 isNull。")
    return Invalid(msg, *path)


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
        elif name in references and value is not None:
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
        noun = NOUNS[snake(type_)]
        msg = Text(f"This is not the id of a {noun.en}.", f"这不是{noun.zh}的 ID。")
        raise Invalid(msg, "filter", camel(name))
    return rows if isinstance(value, list) else rows[0]
