"""Puts the schema together."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema

from app.schema import cost
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


@cache
def build() -> Schema:
    """The one schema of the process; it holds no state."""
    schema = Schema(query=Query, mutation=Mutation, config=config())
    soften(schema.core)
    cost.describe(schema.core)
    return schema


def sdl() -> str:
    """The schema in the schema definition language, as `docs/schema.graphql` holds it."""
    # older tools know no @oneOf and need its definition, to which Strawberry gives no description
    one_of = "directive @oneOf on INPUT_OBJECT"
    return build().as_str().replace(one_of, f'"""Exactly one field of such an input is given."""\n{one_of}') + "\n"
