"""Puts the schema together."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.extensions import SchemaExtension

from app.schema.mutation import Mutation
from app.schema.query import Query
from app.schema.scalars import config, soften


class Schema(strawberry.Schema):
    """The schema, silent: the endpoint logs faults itself, without the query, which may hold personal data."""

    def process_errors(self, errors: Sequence[GraphQLError], execution_context: Any = None) -> None:  # noqa: ANN401 - Strawberry's own type
        """Log nothing."""

    @property
    def core(self) -> GraphQLSchema:
        """The graphql-core schema behind it."""
        return self._schema


class Given(SchemaExtension):
    """Hands Strawberry the document that was parsed and validated already."""

    def on_parse(self) -> Any:  # noqa: ANN401 - a generator, as extensions are
        """Skip parsing."""
        context = self.execution_context
        document = (context.operation_extensions or {}).get("document")
        if document is not None:
            context.graphql_document = document
            context.validation_rules = ()
        yield


@cache
def build() -> Schema:
    """The one schema of the process; it holds no state."""
    schema = Schema(query=Query, mutation=Mutation, config=config(), extensions=[Given])
    soften(schema.core)
    return schema


def sdl() -> str:
    """The schema in the schema definition language, as `docs/schema.graphql` holds it."""
    return build().as_str() + "\n"
