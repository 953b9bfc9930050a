"""Whether an answer is one that the published schema allows, told from its text and its data alone."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from generated import published
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    value_from_ast_untyped,
)

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 10 and date.fromisoformat(value).isoformat() == value


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and bool(INSTANT.fullmatch(value)) and bool(datetime.fromisoformat(value))


def _matches(pattern: str) -> Any:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


FORMATS = {
    "Int": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "Float": lambda value: type(value) in (int, float) and math.isfinite(value),
    "String": lambda value: isinstance(value, str),
    "ID": lambda value: isinstance(value, str) and value != "",
    "Boolean": lambda value: isinstance(value, bool),
    "Date": _is_date,
    "DateTime": _is_instant,
    "Decimal": _matches(r"-?\d+(\.\d+)?"),
    "CurrencyCode": _matches("[A-Z]{3}"),
    "JSON": lambda value: json.dumps(value, allow_nan=False) != "",
}


def faults(document: str, answer: Mapping[str, Any]) -> list[str]:
    """What is wrong with the answer to a document of one operation that asks for `__typename` everywhere."""
    found = list(_errors(answer))
    if answer.get("data") is not None:
        operation = _operation(document)
        root = published().get_root_type(operation.operation)
        selection = _dry(operation) or operation.selection_set
        found += _object(root, [selection], answer["data"], "")
    return found


def exceeds(document: str, data: Any) -> bool:
    """Whether some list in the answer is longer than the schema says that lists of its field may be taken to be."""
    operation = _operation(document)
    return _long(published().get_root_type(operation.operation), [operation.selection_set], data, sized=())


@lru_cache(maxsize=8)
def _operation(document: str) -> Any:
    """The only operation of a document; several answers to one come one after the other."""
    (operation,) = parse(document).definitions
    return operation


def _dry(operation: OperationDefinitionNode) -> SelectionSetNode | None:
    """What of the operation is answered when it is only to be priced; None when it is executed."""
    fields = tuple(node for node in operation.selection_set.selections if node.name.value == "rateLimit")
    given = [argument.value for node in fields for argument in node.arguments]
    return SelectionSetNode(selections=fields) if any(value_from_ast_untyped(one) is True for one in given) else None


def _errors(answer: Mapping[str, Any]) -> Iterator[str]:
    """Each error has its place, and at that place there is nothing."""
    if ("errors" in answer) and not answer["errors"]:
        yield "errors: empty"
    for error in answer.get("errors", ()):
        if not isinstance(error.get("message"), str) or not error["message"]:
            yield f"an error without words: {error}"
        if "data" not in answer:
            continue
        value = answer["data"]
        for step in error.get("path") or ():
            value = None if value is None else value[step]
        if value is not None:
            yield f"an error at {error.get('path')}, where there is {value!r}"


def _selected(type_: Any, selections: Sequence[SelectionSetNode]) -> dict[str, list[FieldNode]]:
    """The fields that an object of `type_` has, by the name under which it has them."""
    found: dict[str, list[FieldNode]] = {}
    for selection in selections:
        for node in selection.selections:
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
                continue
            met = published().get_type(node.type_condition.name.value) if node.type_condition else type_
            if met is type_ or (is_abstract_type(met) and published().is_sub_type(met, type_)):
                for name, nodes in _selected(type_, [node.selection_set]).items():
                    found.setdefault(name, []).extend(nodes)
    return found


def _object(type_: Any, selections: Sequence[SelectionSetNode], data: Any, at: str) -> Iterator[str]:
    if not isinstance(data, dict):
        yield f"{at}: {data!r} is no object"
        return
    if is_abstract_type(type_):
        concrete = published().get_type(data.get("__typename", ""))
        if concrete is None or not published().is_sub_type(type_, concrete):
            yield f"{at}: {data.get('__typename')!r} is no {type_}"
            return
        type_ = concrete
    fields = _selected(type_, selections)
    if list(data) != list(fields):
        yield f"{at}: {list(data)} where {list(fields)} were asked for"
        return
    for name, nodes in fields.items():
        if name == "__typename":
            if data[name] != type_.name:
                yield f"{at}: a {data[name]} where a {type_} belongs"
            continue
        field = type_.fields[nodes[0].name.value]
        inner = [node.selection_set for node in nodes if node.selection_set]
        yield from _value(field.type, inner, data[name], f"{at}.{name}")


def _value(type_: Any, inner: Sequence[SelectionSetNode], value: Any, at: str) -> Iterator[str]:
    if isinstance(type_, GraphQLNonNull):
        if value is None:
            yield f"{at}: null where there is always something"
            return
        type_ = type_.of_type
    if value is None:
        return
    if isinstance(type_, GraphQLList):
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no list"
            return
        for place, one in enumerate(value):
            yield from _value(type_.of_type, inner, one, f"{at}.{place}")
    elif is_composite_type(type_):
        yield from _object(type_, inner, value, at)
    elif not _fits(type_, value):
        yield f"{at}: {value!r} is no {type_}"


def _fits(type_: Any, value: Any) -> bool:
    if isinstance(type_, GraphQLEnumType):
        return value in type_.values
    try:
        return FORMATS[type_.name](value)
    except ValueError:
        return False


def _long(type_: Any, selections: Sequence[SelectionSetNode], data: Any, sized: Sequence[str]) -> bool:
    if data is None:
        return False
    if isinstance(data, list):
        return any(_long(type_, selections, one, sized) for one in data)
    concrete = published().get_type(data["__typename"]) if "__typename" in data else type_
    for name, nodes in _selected(concrete, selections).items():
        if name.startswith("__") or name not in data:
            continue
        field, value = concrete.fields[nodes[0].name.value], data[name]
        named = get_named_type(field.type)
        if not is_composite_type(named):
            continue
        size = list_size(field)
        free = nodes[0].name.value not in sized and not size.get("slicingArguments")
        if free and isinstance(value, list) and len(value) > size.get("assumedSize", 10):
            return True
        if _long(named, [node.selection_set for node in nodes], value, size.get("sizedFields", ())):
            return True
    return False


def list_size(field: GraphQLField) -> dict[str, Any]:
    """The arguments of a field's @listSize."""
    for one in field.ast_node.directives or ():
        if one.name.value == "listSize":
            return {argument.name.value: value_from_ast_untyped(argument.value) for argument in one.arguments}
    return {}
