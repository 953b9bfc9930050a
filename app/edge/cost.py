"""What an operation costs: estimated from its document and variables before it runs, counted from its answer after.

An object costs 1 and a scalar nothing, unless it says so; `app/schema/weight.py` says what weighs more, and how often
what is in a list comes. Introspection costs a tenth.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from statistics import mean
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    print_ast,
    value_from_ast_untyped,
)

from app.edge.spread import fields
from app.schema.build import Schema
from app.schema.weight import Cost, ListSize

UNKNOWN = 10
"""How many entries a list is taken to have that says nothing of itself."""
_INTROSPECTION_WEIGHT = 0.1
_FEW = 3


@dataclass(slots=True)
class Entry:
    """A field that costs, mostly objects: what it weighs, how often its inside comes, and what that is."""

    name: str
    weight: float
    unit: float
    size: Callable[[Mapping[str, Any]], int]
    """How many a list has, given the variables: this one, or those inside that are named in `sized`."""
    sized: frozenset[str]
    is_list: bool
    inside: "Plan"

    def count(self, value: Any) -> float:  # noqa: ANN401 - what was answered: nothing, an object or a list
        """What it did cost, by what came of it."""
        if not isinstance(value, list):
            return self.weight + (0 if value is None else self.unit + self.inside.count(value))
        found = [one for one in value if one is not None]
        inside = sum(map(self.inside.count, found)) if self.inside.entries else 0
        return self.weight * len(value) + self.unit * len(found) + inside


@dataclass(slots=True)
class Plan:
    """What one operation, or one object of it, costs; of its scalars those that say so."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    """By response key; several where objects of different types have different fields under one."""

    def estimate(self, variables: Mapping[str, Any], above: int = 1, sized: frozenset[str] = frozenset()) -> float:
        """The most that it is expected to cost; `above` is the size of the lists named in `sized`."""
        total = 0.0
        for entry in (one for several in self.entries.values() for one in several):
            size = entry.size(variables)
            times = above if entry.name in sized else size if entry.is_list else 1
            total += times * (entry.weight + entry.unit + entry.inside.estimate(variables, size, entry.sized))
        return total

    def count(self, data: Mapping[str, Any]) -> float:
        """What it did cost, by what came of it."""
        # which of several it was, the answer need not tell: the dearest then; what is not there is of another type
        return sum(max(one.count(data[key]) for one in entries) for key, entries in self.entries.items() if key in data)


def points(cost: float) -> int:
    """A cost in whole points; nothing is free."""
    return max(1, ceil(round(cost, 6)))  # tenths are not exact


def plan(schema: Schema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Plan:
    """The plan of an operation that is valid and within the limits of its syntax."""
    root = schema.core.get_root_type(operation.operation)
    assert root is not None  # noqa: S101 - the operation is valid
    return _Planner(schema, fragments, defaults(operation)).plan([(operation.selection_set, root.name)])


def defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """The values that variables have when none is given."""
    return {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }


Selected = Sequence[tuple[SelectionSetNode, str]]


@dataclass(frozen=True, slots=True)
class _Planner:
    schema: Schema
    fragments: Mapping[str, FragmentDefinitionNode]
    defaults: Mapping[str, Any]

    def plan(self, selected: Selected) -> Plan:
        groups: dict[str, dict[object, list[tuple[FieldNode, GraphQLField, str]]]] = {}
        for node, parent in self._fields(selected):
            definition = self._definition(parent, node.name.value)
            if definition is not None and (is_composite_type(get_named_type(definition.type)) or _weight(definition)):
                # one object answers one field with one set of arguments under a key: validation has seen to it
                same = node.name.value, tuple(sorted(map(print_ast, node.arguments or ())))
                group = groups.setdefault((node.alias or node.name).value, {})
                group.setdefault(same, []).append((node, definition, parent))
        return Plan({key: [self._entry(nodes) for nodes in group.values()] for key, group in groups.items()})

    def _entry(self, nodes: list[tuple[FieldNode, GraphQLField, str]]) -> Entry:
        node, definition, parent = nodes[0]
        named, name = get_named_type(definition.type), node.name.value
        kind = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
        inside = self.plan([(n.selection_set, get_named_type(d.type).name) for n, d, _ in nodes if n.selection_set])
        is_list = isinstance(kind, GraphQLList)
        if parent.startswith("__") or named.name.startswith("__"):
            typical = _typical(self.schema, name)
            return Entry(name, 0, _INTROSPECTION_WEIGHT, lambda _: typical, frozenset(), is_list, inside)
        weight = _weight(definition)
        if not is_composite_type(named):
            return Entry(name, weight, 0, lambda _: 1, frozenset(), is_list, inside)
        size = next((one for one in _directives(definition) if isinstance(one, ListSize)), None)
        counter = self._size(node, definition, size) if size else lambda _: UNKNOWN
        sized = frozenset(size.sized_fields or ()) if size else frozenset[str]()
        return Entry(name, weight, _unit(named), counter, sized, is_list, inside)

    def _size(self, node: FieldNode, definition: GraphQLField, size: ListSize) -> Callable[[Mapping[str, Any]], int]:
        assumed = size.assumed_size or UNKNOWN
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        paths = [path.split(".") for path in size.slicing_arguments or () if path.split(".")[0] in given]
        lists = {name for name, one in definition.args.items() if is_list_type(get_nullable_type(one.type))}
        if not paths:
            return lambda _: assumed

        def count(variables: Mapping[str, Any]) -> int:
            found = [
                _length(self._value(given[path[0]], path[1:], variables), is_list=path[0] in lists or len(path) > 1)
                for path in paths
            ]
            known = [one for one in found if one is not None]
            return max(known, default=assumed)

        return count

    def _value(self, node: ValueNode, path: Sequence[str], variables: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any input
        if isinstance(node, VariableNode):
            value = variables.get(node.name.value, self.defaults.get(node.name.value))
            for name in path:
                value = value.get(name) if isinstance(value, dict) else None
            return value
        if path and isinstance(node, ObjectValueNode):
            inner = next((part.value for part in node.fields if part.name.value == path[0]), None)
            return None if inner is None else self._value(inner, path[1:], variables)
        if isinstance(node, ListValueNode):
            return node.values
        if isinstance(node, IntValueNode):
            return int(node.value)
        return None if path or isinstance(node, NullValueNode) else (node,)  # the only entry of a list

    def _fields(self, selected: Selected) -> Iterator[tuple[FieldNode, str]]:
        seen: set[str] = set()
        for one, parent in selected:
            yield from fields(one, parent, self.fragments, seen)

    def _definition(self, parent: str, name: str) -> GraphQLField | None:
        type_: Any = self.schema.core.get_type(parent)
        return self.schema.core.get_field(type_, name)


def _length(value: object, *, is_list: bool) -> int | None:
    """What a slicing argument asks for: a number, or as many as a list is long."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float) and not is_list:  # 100.0 is a whole number to GraphQL too
        return max(0, int(value))
    return len(value) if isinstance(value, list | tuple) else 1


def _directives(thing: Any) -> Sequence[object]:  # noqa: ANN401 - a field or a type of graphql-core
    return getattr(thing.extensions.get("strawberry-definition"), "directives", None) or ()


def _weight(definition: GraphQLField) -> float:
    """What is declared on a field itself."""
    return sum(float(one.weight) for one in _directives(definition) if isinstance(one, Cost))


def _unit(named: Any) -> float:  # noqa: ANN401 - any named type
    return next((float(one.weight) for one in _directives(named) if isinstance(one, Cost)), 1.0)


@cache
def _typical(schema: Schema, name: str) -> int:
    """How many entries a list of introspection has on average."""
    if name == "types":
        return len(schema.core.type_map)
    sizes = [len(getattr(kind, "fields", ())) for kind in schema.core.type_map.values()]
    return ceil(mean(size for size in sizes if size)) if name in ("fields", "inputFields") else _FEW
