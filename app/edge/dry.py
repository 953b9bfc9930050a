"""A dry run: `rateLimit(dryRun: true)` is answered and nothing else is executed."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from app.edge.cost import defaults
from app.edge.spread import fields

FIELD = "rateLimit"


def alone(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> DocumentNode | None:
    """For a dry run, the document with nothing in its operation but `rateLimit`; otherwise None."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    asked = _Asked(defaults(operation) | dict(variables))
    found = fields(operation.selection_set, "Query", fragments, set(), asked.leaves_out)
    chosen = [node for node, _ in found if node.name.value == FIELD]
    if not any(asked.is_true(node, "dryRun") for node in chosen):
        return None
    bare = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=SelectionSetNode(selections=tuple(chosen)),
    )
    return DocumentNode(definitions=tuple(bare if node is operation else node for node in document.definitions))


class _Asked:
    """What arguments say, given the variables."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def is_true(self, node: FieldNode | DirectiveNode, name: str) -> bool:
        """Whether an argument is given as true."""
        for argument in node.arguments or ():
            value = argument.value
            if argument.name.value == name:
                if isinstance(value, VariableNode):
                    return self._variables.get(value.name.value) is True
                return isinstance(value, BooleanValueNode) and value.value
        return False

    def leaves_out(self, node: SelectionNode) -> bool:
        """Whether `@skip` or `@include` says so."""
        marks = {one.name.value: self.is_true(one, "if") for one in node.directives or ()}
        return marks.get("skip", False) or not marks.get("include", True)
