"""Documents, parsed and validated once and kept, bounded, by their text."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, parse, validate
from graphql.language import FieldNode

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
            with lenient(on=_mutates(document)):
                errors = validate(build().core, document, max_errors=20, hide_suggestions=not self._suggest)
        except RecursionError:
            return Prepared(None, (_failed("The document is nested too deeply.", "GRAPHQL_VALIDATION_FAILED"),))
        for found in errors:
            found.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
        return Prepared(document, tuple(errors))


def _failed(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _mutates(document: DocumentNode) -> bool:
    return any(
        isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
        for node in document.definitions
    )


def is_introspection(operation: OperationDefinitionNode) -> bool:
    """Whether an operation asks for nothing but the schema, which is no secret."""
    return all(
        isinstance(node, FieldNode) and node.name.value.startswith("__") for node in operation.selection_set.selections
    )
