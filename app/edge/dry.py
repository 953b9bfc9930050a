"""A dry run: `rateLimit(dryRun: true)` is answered and nothing else is executed."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from app.edge.cost import defaults

FIELD = "rateLimit"


def alone(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> DocumentNode | None:
    """For a dry run, the document with nothing in its operation but `rateLimit`; otherwise None."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    roots = _Roots(fragments, defaults(operation) | dict(variables))
    fields = [node for node in roots.of(operation.selection_set, set()) if node.name.value == FIELD]
    if not any(roots.is_true(node, "dryRun") for node in fields):
        return None
    bare = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return DocumentNode(definitions=tuple(bare if node is operation else node for node in document.definitions))


class _Roots:
    """The fields of an operation itself, as execution would collect them."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments, self._variables = fragments, variables

    def of(self, selected: SelectionSetNode, seen: set[str]) -> Iterator[FieldNode]:
        """The fields of a selection, fragments spread and what is left out left out."""
        for node in selected.selections:
            if any(self._leaves_out(directive) for directive in node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            spread: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                spread = self._fragments[node.name.value]
            yield from self.of(spread.selection_set, seen)

    def is_true(self, node: FieldNode | DirectiveNode, name: str) -> bool:
        """Whether an argument is given as true."""
        for argument in node.arguments or ():
            value = argument.value
            if argument.name.value == name:
                if isinstance(value, VariableNode):
                    return self._variables.get(value.name.value) is True
                return isinstance(value, BooleanValueNode) and value.value
        return False

    def _leaves_out(self, directive: DirectiveNode) -> bool:
        return directive.name.value in ("skip", "include") and self.is_true(directive, "if") == (
            directive.name.value == "skip"
        )
