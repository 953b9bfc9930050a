"""What a document may look like: one pass over its syntax, before anything dearer looks at it.

The pass follows fragments where they are spread and merges fields of one name, as execution does. It stops at the
first limit, so a document that would expand without end takes no longer than one that is just too long.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from app.settings import Settings
from app.text import Text

MOST_IN_ONE_PLACE = 5
"""How many directives one field, fragment or operation may carry."""
NESTED = 20
"""How many lists and objects variables may hold, for each entry that one list may have."""
_INTROSPECTION_LISTS = {"fields", "interfaces", "possibleTypes", "inputFields"}


class TooComplex(GraphQLError):
    """A document beyond a limit; `text` says which, how far, and what to do."""

    def __init__(self, text: Text, node: Node | None = None) -> None:
        super().__init__(text.en, node, extensions={"code": "QUERY_TOO_COMPLEX"})
        self.text = text


def check_document(document: DocumentNode, settings: Settings) -> None:
    """Refuse a document beyond a limit. Raises TooComplex for the first one found."""
    _check(len(document.definitions), settings.max_definitions, _DEFINITIONS, document)
    for one in _lists(document):
        _check(len(one.values), settings.max_list_length, _ENTRIES, one)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    walk = _Walk(settings, fragments)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            walk.operation_(node)
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            name = node.name.value
            if name not in walk.spread or fragments[name] is not node:  # never executed, but validated like the others
                walk.rest(node)


def check_variables(variables: Any, most: int) -> None:  # noqa: ANN401 - any JSON
    """Refuse variables that hold a list longer than `most`, or lists and objects without end. Raises TooComplex."""
    waiting, seen = [variables], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        _check(seen, NESTED * most, _NESTED)
        if isinstance(value, list):
            _check(len(value), most, _ENTRIES)
        parts = value.values() if isinstance(value, dict) else value or ()
        waiting.extend(part for part in parts if isinstance(part, list | dict))


def check_cost(cost: int, most: int) -> None:
    """Refuse an operation that is estimated at more points than one may cost. Raises TooComplex."""
    if cost > most:
        text = Text(
            f"This is estimated at {cost:,} points, one operation may cost {most:,}. Every object costs 1, as often as "
            "its lists may hold it: ask for smaller pages (first, last), fewer nested lists, or in several requests.",
            f"此操作预计需要 {cost:,} 点，单个操作最多 {most:,} 点。每个对象计 1 点，按所在列表可能的长度相乘："
            "请减小分页（first、last）、减少列表嵌套，或分成几次请求。",
        )
        raise TooComplex(text)


def too_large(size: int, most: int) -> TooComplex:
    """What is said instead of an answer of more bytes than are sent."""
    return TooComplex(
        Text(
            f"The answer has {size:,} bytes, at most {most:,} are sent; ask for fewer rows or fields.",
            f"响应有 {size:,} 字节，最多发送 {most:,} 字节；请减少行数或字段。",
        )
    )


_DEFINITIONS = Text("operations and fragments", "个操作和片段")
_ENTRIES = Text("entries in one list", "个列表元素")
_NESTED = Text("lists and objects or more in its variables", "个（或更多）变量中的列表和对象")
_FIELDS = Text("fields, fragments spread and twins compared", "个字段（已展开片段并比较同名字段）")
_DEPTH = Text("levels of fields", "层字段")
_MUTATIONS = Text("mutations", "个变更")
_ROOTS = Text("root fields", "个根字段")
_ALIASES = Text("aliases", "个别名")
_DIRECTIVES = Text("directives", "个指令")
_DIRECTIVES_HERE = Text("directives in one place", "个指令在同一处")
_INTROSPECTION = Text("lists of introspection inside one another", "层相互嵌套的内省列表")


def _check(value: int, most: int, what: Text, node: Node | None = None) -> None:
    if value > most:
        text = Text(
            f"The request has {value:,} {what.en}, at most {most:,} are taken. Ask for less, or in several requests.",
            f"请求含有 {value:,} {what.zh}，最多允许 {most:,}。请减少查询内容，或分成几次请求。",
        )
        raise TooComplex(text, node)


Groups = dict[str, list[FieldNode]]


@dataclass
class _Walk:
    """A document on its way; counts as it goes, all of its operations together."""

    settings: Settings
    fragments: dict[str, FragmentDefinitionNode]
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    spread: set[str] = field(default_factory=set)
    """The fragments that were met."""

    def operation_(self, node: OperationDefinitionNode) -> None:
        """Raises TooComplex."""
        self._mark(node)
        for variable in node.variable_definitions or ():
            self._mark(variable)
        roots = self._merged([node.selection_set])
        if node.operation is OperationType.MUTATION:
            _check(len(roots), self.settings.max_mutations, _MUTATIONS, node)
        _check(len(roots), self.settings.max_root_fields, _ROOTS, node)
        self._down(roots, 1, 0)

    def rest(self, node: FragmentDefinitionNode) -> None:
        """Measure a fragment that no operation spreads. Raises TooComplex."""
        self._mark(node)
        self._down(self._merged([node.selection_set]), 1, 0)

    def _down(self, groups: Groups, depth: int, nested: int) -> None:
        _check(depth, self.settings.max_depth, _DEPTH)
        for nodes in groups.values():
            inner = [node.selection_set for node in nodes if node.selection_set]
            # every twin is compared with every other, those with selections all the way down
            twins = len(nodes) * (len(nodes) - 1) // (2 if inner else 16)
            self.fields += 1 + twins
            _check(self.fields, self.settings.max_fields, _FIELDS, nodes[0])
            self.aliases += nodes[0].alias is not None
            _check(self.aliases, self.settings.max_aliases, _ALIASES, nodes[0])
            lists = nested + (nodes[0].name.value in _INTROSPECTION_LISTS)
            _check(lists, self.settings.max_introspection_depth, _INTROSPECTION, nodes[0])
            if inner:
                self._down(self._merged(inner), depth + 1, lists)

    def _merged(self, selected: Iterable[SelectionSetNode]) -> Groups:
        """The fields of some selection sets by response key, fragments spread."""
        found: Groups = {}
        seen: set[str] = set()
        waiting: list[Node] = [node for one in selected for node in one.selections]
        while waiting:
            node = waiting.pop()
            self._mark(node)
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
                continue
            spread: Any = node  # an inline fragment
            if isinstance(node, FragmentSpreadNode):
                spread = self.fragments.get(node.name.value)
                if spread is None or node.name.value in seen:
                    continue  # an unknown one is validation's to name
                seen.add(node.name.value)
                if node.name.value not in self.spread:
                    self.spread.add(node.name.value)
                    self._mark(spread)
            waiting.extend(spread.selection_set.selections)
        return found

    def _mark(self, node: Node) -> None:
        count = len(getattr(node, "directives", None) or ())
        _check(count, MOST_IN_ONE_PLACE, _DIRECTIVES_HERE, node)
        self.directives += count
        _check(self.directives, self.settings.max_directives, _DIRECTIVES, node)


def _lists(document: DocumentNode) -> Iterator[ListValueNode]:
    """Every list written in the document."""
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ListValueNode):
            yield node
            waiting.extend(part for part in node.values if isinstance(part, ListValueNode | ObjectValueNode))
        elif isinstance(node, ObjectValueNode):
            waiting.extend(part.value for part in node.fields)
        else:
            for name in _INSIDE:
                part = getattr(node, name, None)
                if isinstance(part, tuple | list):
                    waiting.extend(part)
                elif part is not None:
                    waiting.append(part)


_INSIDE = ("selection_set", "selections", "arguments", "directives", "value", "variable_definitions", "default_value")
