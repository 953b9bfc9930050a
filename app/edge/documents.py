"""Documents, parsed, measured and validated once and kept, bounded, by their text."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from app.edge.cost import Plan, plan, points
from app.edge.limits import TooComplex, check_document
from app.edge.rows import RULES
from app.edge.usage import deprecated
from app.schema.build import Schema
from app.settings import Settings
from app.text import Text

MOST_CHARACTERS = 250_000
"""How much source text is kept; a syntax tree takes some hundred times as much memory as its text."""
CHARACTERS_PER_TOKEN = 20
"""How long a document may be, by the number of tokens that it may have."""
ANONYMOUS_TOKENS = 1_500
"""How long a document may be that comes without a token: the schema is no secret, and asking for it is short."""
MOST_ERRORS = 5
"""How many validation errors are told at once."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document."""

    node: OperationDefinitionNode
    plan: Plan

    @property
    def is_mutation(self) -> bool:
        """Whether it writes."""
        return self.node.operation is OperationType.MUTATION

    @property
    def is_introspection(self) -> bool:
        """Whether it asks for nothing but the schema, which is no secret."""
        return all(
            isinstance(node, FieldNode) and node.name.value.startswith("__")
            for node in self.node.selection_set.selections
        )

    def cost(self, variables: Mapping[str, Any]) -> int:
        """What it is expected to cost, in points."""
        return points(self.plan.estimate(variables))

    def count(self, data: Mapping[str, Any] | None) -> int:
        """What it did cost, by its answer, in points."""
        return points(self.plan.count(data or {}))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that is fit to run, or what is wrong with it."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    operations: Mapping[str | None, Operation] = field(default_factory=dict)
    deprecated: tuple[str, ...] = ()
    """What it uses that is deprecated."""

    def operation(self, name: str | None) -> Operation | None:
        """The operation of that name, the only one when no name is given; None when that is not clear."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        return self.operations.get(name) if name is not None else None


class Documents:
    """The cache; one per process, thread safe."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema, self._settings = schema, settings
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
        prepared = self._prepare(source, self._settings.max_query_tokens)
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
        too_long = TooComplex(
            Text(
                f"The document is longer than {max_tokens:,} tokens of {CHARACTERS_PER_TOKEN} characters; "
                "send values as variables, and ask in several requests.",
                f"文档超过 {max_tokens:,} 个词法单元（每个 {CHARACTERS_PER_TOKEN} 个字符）；"
                "请用变量传递数据，并分成几次请求。",
            )
        )
        if len(source) > CHARACTERS_PER_TOKEN * max_tokens:
            return Prepared(None, (too_long,))
        try:
            document = parse(source, max_tokens=max_tokens)
        except GraphQLError as error:
            if "contains more than" in error.message:
                return Prepared(None, (too_long,))
            error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            return Prepared(None, (error,))
        try:
            check_document(document, self._settings)
        except TooComplex as error:
            return Prepared(document, (error,))
        errors = validate(
            self._schema.core, document, RULES, max_errors=MOST_ERRORS, hide_suggestions=not self._settings.graphiql
        )
        for found in errors:
            found.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
        if errors:
            return Prepared(document, tuple(errors))
        return Prepared(document, (), self._operations(document), deprecated(self._schema, document))

    def _operations(self, document: DocumentNode) -> dict[str | None, Operation]:
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        return {
            node.name.value if node.name else None: Operation(node, plan(self._schema, node, fragments))
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
