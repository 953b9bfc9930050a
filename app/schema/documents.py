"""Documents, parsed and validated once and kept, bounded, by their text."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, parse, validate
from graphql.language import FieldNode

from app.schema.build import build
from app.schema.scalars import lenient

MOST_BYTES = 16_000_000
"""How much source text is kept."""


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
        self._bytes = 0

    def get(self, source: str) -> Prepared:
        """The document of `source`."""
        with self._lock:
            found = self._kept.get(source)
            if found is not None:
                self._kept.move_to_end(source)
                return found
        prepared = self._prepare(source)
        with self._lock:
            if source not in self._kept:
                self._bytes += len(source)
            self._kept[source] = prepared
            while self._bytes > MOST_BYTES:
                old, _ = self._kept.popitem(last=False)
                self._bytes -= len(old)
        return prepared

    def _prepare(self, source: str) -> Prepared:
        try:
            document = parse(source, max_tokens=self._max_tokens)
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
