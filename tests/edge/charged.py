"""What operations cost by the published schema alone: its text, its @cost and @listSize, and nothing of the program."""

from collections.abc import Iterator, Mapping
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    is_composite_type,
    parse,
    value_from_ast_untyped,
)

SDL = Path(__file__).parents[2] / "docs" / "schema.graphql"


@cache
def published() -> GraphQLSchema:
    """The schema as its users read it."""
    return build_schema(SDL.read_text(encoding="utf-8"))


def declared(node: Any, directive: str) -> dict[str, Any] | None:
    """The arguments of a directive on a definition; None without it."""
    for one in (node and node.directives) or ():
        if one.name.value == directive:
            return {argument.name.value: value_from_ast_untyped(argument.value) for argument in one.arguments}
    return None


def weight(field: GraphQLField) -> float:
    """What asking for a field costs; where its value is a list, for each entry."""
    return float((declared(field.ast_node, "cost") or {"weight": 0})["weight"])


def unit(type_: Any) -> float:
    """What one object of a type costs."""
    return float((declared(type_.ast_node, "cost") or {"weight": 1})["weight"])


def charge(document: str, data: Mapping[str, Any]) -> int:
    """What an answer cost: each object in it, and each field of a weight. Objects of interfaces tell `__typename`."""
    definitions = parse(document).definitions
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    (operation,) = (one for one in definitions if isinstance(one, OperationDefinitionNode))
    root = published().get_root_type(operation.operation)
    return max(1, ceil(_object(root, [operation.selection_set], data, fragments) - 1e-6))


def _object(type_: Any, selected: list[Any], data: Mapping[str, Any], fragments: Mapping[str, Any]) -> float:
    fields: dict[str, list[FieldNode]] = {}
    for node in _fields(type_, selected, fragments):
        fields.setdefault((node.alias or node.name).value, []).append(node)
    total = 0.0
    for key, nodes in fields.items():
        field = published().get_field(type_, nodes[0].name.value)
        named = get_named_type(field.type)
        if key not in data:
            continue
        introspects, value = named.name.startswith("__"), data[key]
        if not is_composite_type(named):
            total += weight(field) * (len(value) if isinstance(value, list) else 1)
            continue
        for one in value if isinstance(value, list) else [value]:
            total += 0 if introspects else weight(field)
            if one is not None:
                concrete = published().get_type(one.get("__typename", named.name))
                inner = [node.selection_set for node in nodes]
                total += (0.1 if introspects else unit(concrete)) + _object(concrete, inner, one, fragments)
    return total


def _fields(type_: Any, selected: list[Any], fragments: Mapping[str, Any]) -> Iterator[FieldNode]:
    for one in selected:
        for node in one.selections:
            if isinstance(node, FieldNode):
                yield node
                continue
            spread = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = spread.type_condition
            met = published().get_type(condition.name.value) if condition else type_
            if met is type_ or (hasattr(met, "name") and met in getattr(type_, "interfaces", ())):
                yield from _fields(type_, [spread.selection_set], fragments)
