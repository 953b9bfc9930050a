"""What fields cost, declared where they stand and shown in the schema by the directives of the cost specification.

An object costs 1 and a scalar nothing. `@listSize` says how often what is below a field comes, `@cost` what it weighs.
"""

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry
from graphql import GraphQLSchema
from strawberry.schema_directive import Location

from app.schema.describe import doc

KPI_WEIGHT = 10
"""What it costs to have rollups read at all; what they say costs by the object, like everything else."""
FEW = 3
"""How many entries short lists are taken to have: the ids of a customer, the versions of a target."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=type)


@dataclass_transform(field_specifiers=(strawberry.directive_field,), kw_only_default=True)
def _directive(name: str, *locations: Location) -> Callable[[T], T]:
    def declare(cls: T) -> T:
        made: T = strawberry.schema_directive(locations=list(locations), name=name, description=doc(cls))(cls)
        return made

    return declare


@_directive("cost", Location.FIELD_DEFINITION, Location.OBJECT)
class Cost:
    """What one of these costs, in points, beside what is below it; in a list, each."""

    weight: str = strawberry.directive_field(name="weight")


@_directive("listSize", Location.FIELD_DEFINITION)
class ListSize:
    """How many entries are counted for a list before it is there: an argument's number or length, or an assumption."""

    assumed_size: int | None = strawberry.directive_field(name="assumedSize", default=strawberry.UNSET)
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments", default=strawberry.UNSET)
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields", default=strawberry.UNSET)
    require_one_slicing_argument: bool = strawberry.directive_field(name="requireOneSlicingArgument", default=False)


ARGUMENTS = {
    "cost": {"weight": "How many points, as a decimal number."},
    "listSize": {
        "assumedSize": "How many, where no argument says.",
        "slicingArguments": "The arguments that say how many, by their number or their length.",
        "sizedFields": "The fields of the object below whose lists are meant; absent: the field's own.",
        "requireOneSlicingArgument": "Whether one of the arguments must be given.",
    },
}
"""What the arguments of the directives mean; Strawberry takes no descriptions for them."""


def describe(schema: GraphQLSchema) -> None:
    """Give the directives' arguments their descriptions."""
    for name, arguments in ARGUMENTS.items():
        if (directive := schema.get_directive(name)) is not None:
            for argument, description in arguments.items():
                directive.args[argument].description = description


def sized(assumed: int | None = None, *, by: tuple[str, ...] = (), fields: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Declare how many entries a resolver's list (or the lists `fields` of its object) is taken to have.

    As many as the argument among `by` says, by its number or by its length (`input.rows` looks inside), else `assumed`.
    """
    return _declared(
        ListSize(
            assumed_size=strawberry.UNSET if assumed is None else assumed,
            slicing_arguments=list(by) if by else strawberry.UNSET,
            sized_fields=list(fields) if fields else strawberry.UNSET,
        )
    )


def weighs(points: float) -> Callable[[F], F]:
    """Declare what asking for a resolver's field costs, beside what is below it."""
    return _declared(Cost(weight=f"{points:g}"))


def _declared(directive: object) -> Callable[[F], F]:
    def declare(resolver: F) -> F:
        resolver.directives = [*getattr(resolver, "directives", ()), directive]  # type: ignore[attr-defined]
        return resolver

    return declare
