"""A dry run: `rateLimit(dryRun: true)` is answered and nothing else is executed."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

FIELD = "rateLimit"


def priced(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> DocumentNode:
    """The document to execute: `document` itself or, for a dry run, its operation with `rateLimit` alone."""
    fields = [
        node for node in operation.selection_set.selections if isinstance(node, FieldNode) and node.name.value == FIELD
    ]
    if not any(_is_dry(argument, variables) for node in fields for argument in node.arguments or ()):
        return document
    alone = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return DocumentNode(definitions=tuple(alone if node is operation else node for node in document.definitions))


def _is_dry(argument: ArgumentNode, variables: Mapping[str, Any]) -> bool:
    value = argument.value
    if argument.name.value != "dryRun":
        return False
    if isinstance(value, VariableNode):
        return variables.get(value.name.value) is True
    return isinstance(value, BooleanValueNode) and value.value
