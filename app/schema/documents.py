"""Documents, parsed and validated once and kept, bounded, by their text."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    coerce_input_value,
    get_named_type,
    is_input_type,
    parse,
    specified_rules,
    type_from_ast,
    validate,
)

from app.schema.build import build
from app.schema.scalars import lenient

MOST_CHARACTERS = 250_000
"""How much source text is kept; a syntax tree takes some hundred times as much memory as its text."""
ANONYMOUS_TOKENS = 1_500
"""How long a document may be that comes without a token: the schema is no secret, and asking for it is short."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that is fit to run, or what is wrong with it."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, the only one when no name is given; None when that is not clear."""
        if self.document is None:
            return None
        found = [node for node in self.document.definitions if isinstance(node, OperationDefinitionNode)]
        if name is not None:
            found = [node for node in found if node.name and node.name.value == name]
        return found[0] if len(found) == 1 else None


class Documents:
    """The cache; one per process, thread safe."""

    def __init__(self, max_tokens: int, *, suggest: bool) -> None:
        self._max_tokens, self._suggest = max_tokens, suggest
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0

    def known(self, source: str) -> Prepared | None:
        """The document of `source`, if it was prepared before."""
        with self._lock:
            found = self._kept.get(source)
            if found is not None:
                self._kept.move_to_end(source)
            return found

    def get(self, source: str) -> Prepared:
        """The document of `source`. Takes its time with a long one it does not know: call it on a thread."""
        found = self.known(source)
        if found is not None:
            return found
        prepared = self._prepare(source, self._max_tokens)
        if prepared.errors:
            return prepared
        with self._lock:
            if source not in self._kept:
                self._characters += len(source)
            self._kept[source] = prepared
            while self._characters > MOST_CHARACTERS:
                old, _ = self._kept.popitem(last=False)
                self._characters -= len(old)
        return prepared

    def introspection(self, source: str) -> Prepared:
        """The document of `source` for somebody unknown, who may only ask for the schema, and shortly. Not kept."""
        return self._prepare(source, ANONYMOUS_TOKENS)

    def _prepare(self, source: str, max_tokens: int) -> Prepared:
        try:
            document = parse(source, max_tokens=max_tokens)
        except GraphQLError as error:
            error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            return Prepared(None, (error,))
        except RecursionError:
            return Prepared(None, (_failed("The document is nested too deeply.", "GRAPHQL_PARSE_FAILED"),))
        try:
            errors = validate(build().core, document, _RULES, max_errors=20, hide_suggestions=not self._suggest)
        except RecursionError:
            return Prepared(None, (_failed("The document is nested too deeply.", "GRAPHQL_VALIDATION_FAILED"),))
        for found in errors:
            found.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
        return Prepared(document, tuple(errors))


def _failed(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


class _Values(ValuesOfCorrectTypeRule):
    """Literals of the right type; inside a mutation's `input` a wrong one becomes a marker, which rejects its row."""

    _is_inside = False

    def enter_argument(self, node: ArgumentNode, *_args: object) -> None:
        """Note where it is."""
        mutation = self.context.schema.mutation_type
        self._is_inside = node.name.value == "input" and self.context.get_parent_type() is mutation

    def leave_argument(self, *_args: object) -> None:
        """Note that it has left."""
        self._is_inside = False

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check a literal."""
        with lenient(on=self._is_inside):
            return super().is_valid_value_node(node, input_type)


_RULES = [_Values if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules]


def takes_rows(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> bool:
    """Whether the operation is a mutation in whose inputs a wrong value may reject its row alone.

    Only values inside input objects may: a wrong one in a variable of its own, for `@skip` say, refuses the request.
    """
    if operation.operation is not OperationType.MUTATION:
        return False
    for definition in operation.variable_definitions or ():
        type_ = type_from_ast(build().core, definition.type)
        name = definition.variable.name.value
        if (
            not is_input_type(type_)
            or isinstance(get_named_type(type_), GraphQLInputObjectType)
            or name not in variables
        ):
            continue
        if coerce_input_value(variables[name], type_) is Undefined:
            return False
    return True


def is_introspection(operation: OperationDefinitionNode) -> bool:
    """Whether an operation asks for nothing but the schema, which is no secret."""
    return all(
        isinstance(node, FieldNode) and node.name.value.startswith("__") for node in operation.selection_set.selections
    )
