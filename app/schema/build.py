"""Puts the schema together."""

from functools import cache

import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema, GraphQLType

from app.schema import weight
from app.schema.mutation import Mutation
from app.schema.query import Query
from app.schema.scalars import config, soften
from app.schema.subscription import Subscription


class Schema(strawberry.Schema):
    """A schema of ours: lenient where rows may be rejected, its directives described, its choices of one known."""

    def __init__(self, query: type, mutation: type | None = None, subscription: type | None = None) -> None:
        super().__init__(query, mutation, subscription, config=config())
        soften(self.core)
        weight.describe(self.core)
        self.core.type_map["__Type"].fields["isOneOf"].resolve = _is_one_of  # type: ignore[attr-defined]  # an object
        for kind in self.core.type_map.values():
            if isinstance(kind, GraphQLInputObjectType):
                kind.is_one_of = _is_one_of(kind) or False  # Strawberry tells nobody, and validation asks

    @property
    def core(self) -> GraphQLSchema:
        """The graphql-core schema behind it, which is what is executed."""
        return self._schema


@cache
def build() -> Schema:
    """The one schema of the process; it holds no state."""
    return Schema(query=Query, mutation=Mutation, subscription=Subscription)


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
