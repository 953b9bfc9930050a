"""The shape of a noun's rows as JSON: which fields there are, of which kinds, and how a document becomes a row.

It is that of the inputs of the API, field by field, so that what files bring and what mutations bring is the same row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from app.errors import Code, Invalid, Problem
from app.services import scalar
from app.services.refusal import camel
from app.services.row import MAX_DEPTH, Ref, Row, Wrong
from app.text import Text

Path = tuple[str, ...]
"""Where a value stands in a document, as names and places in lists."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row: its name in Python and in JSON, what it holds, one or a list, and whether it is needed."""

    name: str
    key: str
    kind: Any
    is_list: bool
    is_required: bool


@cache
def fields(row: type[Row]) -> Mapping[str, Field]:
    """The fields of `row` by their names in JSON."""
    found = {}
    for name, field in row.model_fields.items():
        kind, is_list = _kind(field.annotation)
        found[camel(name)] = Field(name, camel(name), kind, is_list, field.is_required())
    return found


def _kind(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any annotation
    """What an annotation holds, and whether it is a list of that. An instant is a datetime, a day a date."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        given = [_kind(one) for one in get_args(annotation) if one is not type(None)]
        return next((one for one in given if one[0] is datetime), given[0])
    if origin is list:
        return _kind(get_args(annotation)[0])[0], True
    return (dict if origin is dict else annotation), False


def at(row: type[Row], path: Path) -> tuple[Any, bool]:
    """What stands at `path` in a document of `row`: its kind, and whether a list of it. Raises Invalid."""
    kind: Any = row
    is_list = False
    for place, part in enumerate(path):
        if is_list and part.isdigit():
            is_list = False
        elif kind is dict or (kind is Ref and path[place:] in _REF_PATHS):
            return str, False
        elif not is_list and isinstance(kind, type) and issubclass(kind, Row) and part in fields(kind):
            kind, is_list = fields(kind)[part].kind, fields(kind)[part].is_list
        else:
            raise Invalid(unknown(kind, part, path), *path)
    return kind, is_list


_REF = ("id", "externalId", "external")
_REF_PATHS = (("id",), ("externalId",), ("external", "source"), ("external", "externalId"))


def unknown(kind: Any, name: str, path: Path) -> Text:  # noqa: ANN401 - a kind
    """What is said of a field that there is not, with the one that was most likely meant."""
    known: Sequence[str] = _REF if kind is Ref else ()
    if isinstance(kind, type) and issubclass(kind, Row):
        known = list(fields(kind))
    near = get_close_matches(name, known, 1, 0.6)
    there, here = ", ".join(known) or "none", ".".join(path)
    if near:
        return Text(f"There is no field {here}; did you mean {near[0]}?", f"没有字段 {here}；是否应为 {near[0]}？")
    return Text(f"There is no field {here}; there are {there}.", f"没有字段 {here}；可用的有 {there}。")


def read(row: type[Row], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as services take rows; what cannot be read as its kind is left in as Wrong, which rejects it.

    Raises Invalid for fields that there are not.
    """
    problems: list[Problem] = []
    found = _row(row, document, (), problems)
    if problems:
        raise Invalid(problems)
    return found


def _row(row: type[Row], document: Mapping[str, Any], path: Path, problems: list[Problem]) -> dict[str, Any]:
    known, found = fields(row), {}
    for key, value in document.items():
        field = known.get(key)
        if field is None:
            problems.append(Problem(Code.INVALID, unknown(row, key, (*path, key)), (*path, key)))
        else:
            found[field.name] = _value(field.kind, field.is_list, value, (*path, key), problems)
    return found


def _value(kind: Any, is_list: bool, value: Any, path: Path, problems: list[Problem]) -> Any:  # noqa: ANN401, FBT001 - any JSON
    if value is None or isinstance(value, Wrong) or len(path) > MAX_DEPTH:  # what is deeper is refused when it is read
        return value
    if is_list:
        if not isinstance(value, list):
            return Wrong(Text(f"{path[-1]} must be a list.", f"{path[-1]} 必须是列表。"))
        return [_value(kind, False, part, (*path, str(i)), problems) for i, part in enumerate(value)]  # noqa: FBT003
    if isinstance(kind, type) and issubclass(kind, Row):
        if not isinstance(value, dict):
            return Wrong(Text(f"{path[-1]} must be an object.", f"{path[-1]} 必须是对象。"))
        return _row(kind, value, path, problems)
    return one(kind, value)


def one(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value as one of its kind, or Wrong."""
    try:
        return _choice(kind, value) if _is_enum(kind) else _READERS.get(kind, _other)(value)
    except Invalid as error:
        return Wrong(error.text)


def _is_enum(kind: Any) -> bool:  # noqa: ANN401 - a kind
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _choice(kind: type[StrEnum], value: object) -> StrEnum:
    """The choice of that name. Raises Invalid."""
    if isinstance(value, str) and value in kind.__members__:
        return kind[value]
    near = get_close_matches(str(value).upper(), list(kind), 1, 0.6)
    those = near[0] if near else ", ".join(kind)
    msg = Text(
        f"{scalar.quoted(value)} is none of the choices; use {those}.",
        f"{scalar.quoted(value)} 不在可选值之中；请使用 {those}。",
    )
    raise Invalid(msg)


def _ref(value: object) -> Ref:
    """Who or what is named, by a bare external id or as in the API. Raises Invalid."""
    if isinstance(value, str):
        return Ref(external_id=value)
    if isinstance(value, dict) and len(value) == 1:
        ((name, given),) = value.items()
        if name in ("id", "externalId") and isinstance(given, str):
            return Ref(id=given) if name == "id" else Ref(external_id=given)
        if name == "external" and isinstance(given, dict) and given.keys() == {"source", "externalId"}:
            source, external_id = given["source"], given["externalId"]
            if isinstance(source, str) and isinstance(external_id, str):
                return Ref(external_id=external_id, source=source)
    msg = Text(
        f'{scalar.quoted(value)} names nothing; give an external id, {{"id": …}} or '
        '{"external": {"source": …, "externalId": …}}.',
        f'{scalar.quoted(value)} 没有指明对象；请给出外部 ID、{{"id": …}} 或 '
        '{"external": {"source": …, "externalId": …}}。',
    )
    raise Invalid(msg)


def _is(kind: type | tuple[type, ...], text: Text, value: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Invalid(Text(f"{scalar.quoted(value)} {text.en}.", f"{scalar.quoted(value)} {text.zh}。"))
    return value


def _whole(value: Any) -> int:  # noqa: ANN401 - any JSON
    number = _is((int, float), Text("is not a whole number", "不是整数"), value)
    if number != number // 1:
        raise Invalid(Text(f"{value} is not a whole number.", f"{value} 不是整数。"))
    return int(number)


def _other(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return value


_READERS: Mapping[Any, Any] = {
    Ref: _ref,
    Decimal: scalar.decimal,
    date: scalar.day,
    datetime: scalar.instant,
    str: lambda value: _is(str, Text("is not text", "不是文本"), value),
    bool: lambda value: _is(bool, Text("is neither true nor false", "既不是 true 也不是 false"), value),
    int: _whole,
    float: lambda value: _is((int, float), Text("is not a number", "不是数字"), value),
    dict: lambda value: _is(dict, Text("is not an object", "不是对象"), value),
}
