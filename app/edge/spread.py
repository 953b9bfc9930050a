"""The fields of a selection, its fragments spread."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionNode, SelectionSetNode


def fields(
    selected: SelectionSetNode,
    parent: str,
    fragments: Mapping[str, FragmentDefinitionNode],
    seen: set[str],
    leaves_out: Callable[[SelectionNode], bool] = lambda _: False,
) -> Iterator[tuple[FieldNode, str]]:
    """The fields of a valid selection on the type `parent`, each with the type that it is a field of.

    A fragment named in `seen` is not spread again; what `leaves_out` says is left out with all that is in it.
    """
    for node in selected.selections:
        if leaves_out(node):
            continue
        if isinstance(node, FieldNode):
            yield node, parent
            continue
        spread: Any = node
        if isinstance(node, FragmentSpreadNode):
            if node.name.value in seen:
                continue
            seen.add(node.name.value)
            spread = fragments[node.name.value]
        condition = spread.type_condition
        type_ = condition.name.value if condition else parent
        yield from fields(spread.selection_set, type_, fragments, seen, leaves_out)
