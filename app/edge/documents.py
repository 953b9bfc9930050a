"""Documents, parsed, measured and validated once and kept, bounded, by their text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_introspection_query,
    parse,
    validate,
)

from app.edge.cost import Plan, plan, points
from app.edge.kept import Kept
from app.edge.limits import TooComplex, check_document
from app.edge.rows import RULES
from app.edge.spread import fields
from app.edge.usage import deprecated
from app.schema.build import Schema
from app.settings import Settings
from app.text import Text

MOST_CHARACTERS = 250_000
"""How much source text is kept; a syntax tree takes some hundred times as much memory as its text."""
STRANGERS_CHARACTERS = 20_000
"""The same for callers without a token, who push nobody else's out."""
CHARACTERS_PER_TOKEN = 20
"""How long a document may be, by the number of tokens that it may have."""
STRANGERS_TOKENS = 1_500
"""How long a document may be that comes without a token: the schema is no secret, and asking for it is short."""
MOST_ERRORS = 5
"""How many validation errors are told at once."""


@dataclass(frozen=True)
class Operation:
    """One operation of a valid document."""

    schema: Schema
    document: DocumentNode
    node: OperationDefinitionNode

    @property
    def name(self) -> str | None:
        """What it is called."""
        return self.node.name.value if self.node.name else None

    @property
    def is_mutation(self) -> bool:
        """Whether it writes."""
        return self.node.operation is OperationType.MUTATION

    @property
    def is_subscription(self) -> bool:
        """Whether it is answered again and again."""
        return self.node.operation is OperationType.SUBSCRIPTION

    @cached_property
    def is_introspection(self) -> bool:
        """Whether it asks for nothing but the schema, which is no secret."""
        return all(
            isinstance(node, FieldNode) and node.name.value.startswith("__")
            for node in self.node.selection_set.selections
        )

    @cached_property
    def roots(self) -> int:
        """How many root fields it has, fragments spread; `@skip` takes none away."""
        return sum(1 for _ in fields(self.node.selection_set, "", self._fragments, set()))

    @cached_property
    def _fragments(self) -> Mapping[str, FragmentDefinitionNode]:
        definitions = self.document.definitions
        return {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}

    @cached_property
    def _plan(self) -> Plan:
        return plan(self.schema, self.node, self._fragments)

    def cost(self, variables: Mapping[str, Any]) -> int:
        """What it is expected to cost, in points."""
        return points(self._plan.estimate(variables))

    def count(self, data: Mapping[str, Any] | None) -> int:
        """What it did cost, by its answer, in points."""
        return points(self._plan.count(data or {}))


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
    """The documents of one process; thread safe."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema, self._settings = schema, settings
        self._kept: Kept[Prepared] = Kept(MOST_CHARACTERS)
        self._strangers: Kept[Prepared] = Kept(STRANGERS_CHARACTERS)

    def known(self, source: str, *, stranger: bool = False) -> Prepared | None:
        """The document of `source`, if it was prepared before."""
        return (self._strangers if stranger else self._kept).get(source)

    def get(self, source: str, *, stranger: bool = False) -> Prepared:
        """The document of `source`; a stranger's must be short.

        Takes its time with a long one that it does not know: call it on a thread.
        """
        kept = self._strangers if stranger else self._kept
        found = kept.get(source)
        if found is not None:
            return found
        most = self._settings.max_query_tokens
        prepared = self._prepare(source, min(most, STRANGERS_TOKENS) if stranger else most)
        if not prepared.errors:
            kept.put(source, prepared, len(source))
        return prepared

    @cached_property
    def strangers_cost(self) -> int:
        """What a stranger may ask for: the whole schema with every detail, and a little more."""
        options = {"specified_by_url": True, "directive_is_repeatable": True, "schema_description": True}
        text = get_introspection_query(**options, input_value_deprecation=True)
        document = parse(text)
        (node,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        return Operation(self._schema, document, node).cost({}) * 5 // 4

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
            document = parse(source, max_tokens=max_tokens, allow_empty_selection_sets=False)
        except GraphQLError as error:
            if error.message.startswith("Syntax Error: Document contains more than"):
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
        operations = {
            node.name.value if node.name else None: Operation(self._schema, document, node)
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        return Prepared(document, (), operations, deprecated(self._schema, document))
