"""Puts the schema together."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLSchema, GraphQLType

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
    schema.core.type_map["__Type"].fields["isOneOf"].resolve = _is_one_of  # type: ignore[attr-defined]  # an object type
    cost.describe(schema.core)
    for kind in schema.core.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            kind.is_one_of = _is_one_of(kind) or False  # Strawberry tells nobody, and validation asks
    return schema


def _is_one_of(kind: GraphQLType, _info: object = None) -> bool | None:
    """Whether a type of introspection is a @oneOf input; Strawberry's own answer fails on lists and non-nulls."""
    if not isinstance(kind, GraphQLInputObjectType):
        return None
    return bool(getattr(kind.extensions.get("strawberry-definition"), "is_one_of", False))


def sdl() -> str:
    """The schema in the schema definition language, as `docs/schema.graphql` holds it."""
    # older tools know no @oneOf and need its definition, to which Strawberry gives no description
    one_of = "directive @oneOf on INPUT_OBJECT"
    return build().as_str().replace(one_of, f'"""Exactly one field of such an input is given."""\n{one_of}') + "\n"
