"""A dry run: `rateLimit(dryRun: true)` is answered and nothing else is executed."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    value_from_ast_untyped,
)

FIELD = "rateLimit"


def alone(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> DocumentNode | None:
    """For a dry run, the document with nothing in its operation but `rateLimit`; otherwise None."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    fields = [node for node in _fields(operation.selection_set, fragments, set()) if node.name.value == FIELD]
    if not fields:
        return None
    defaults = {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }
    if not any(_is_dry(argument, {**defaults, **variables}) for node in fields for argument in node.arguments or ()):
        return None
    bare = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return DocumentNode(definitions=tuple(bare if node is operation else node for node in document.definitions))


def _fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[FieldNode]:
    """The fields of the operation itself, fragments spread."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
            continue
        spread: Any = node
        if isinstance(node, FragmentSpreadNode):
            if node.name.value in seen:
                continue
            seen.add(node.name.value)
            spread = fragments[node.name.value]
        yield from _fields(spread.selection_set, fragments, seen)


def _is_dry(argument: ArgumentNode, variables: Mapping[str, Any]) -> bool:
    value = argument.value
    if argument.name.value != "dryRun":
        return False
    if isinstance(value, VariableNode):
        return variables.get(value.name.value) is True
    return isinstance(value, BooleanValueNode) and value.value
