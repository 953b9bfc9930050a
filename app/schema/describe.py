"""Strawberry's decorators with descriptions taken from docstrings, so that nothing in the schema goes without one."""

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, dataclass_transform

import strawberry

T = TypeVar("T", bound=type)
E = TypeVar("E", bound=type[Enum])


def doc(thing: object) -> str:
    """The docstring of `thing` as one paragraph a blank line apart."""
    return inspect.getdoc(thing) or ""


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def type_(cls: T) -> T:
    """An object type, described by its docstring."""
    return strawberry.type(cls, description=doc(cls))


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def interface(cls: T) -> T:
    """An interface, described by its docstring."""
    return strawberry.interface(cls, description=doc(cls))


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def input_(cls: T) -> T:
    """An input type, described by its docstring."""
    return strawberry.input(cls, description=doc(cls))


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def one_of(cls: T) -> T:
    """An input of which exactly one field is given, described by its docstring."""
    return strawberry.input(cls, one_of=True, description=doc(cls))


def field(resolver: Callable[..., Any]) -> Any:  # noqa: ANN401 - strawberry types it so
    """A field with a resolver, described by the resolver's docstring, with the cost declared on it."""
    return strawberry.field(resolver=resolver, description=doc(resolver), directives=directives(resolver))


def mutation(resolver: Callable[..., Any]) -> Any:  # noqa: ANN401 - strawberry types it so
    """A mutation, described by the resolver's docstring."""
    return strawberry.mutation(resolver=resolver, description=doc(resolver), directives=directives(resolver))


def subscription(resolver: Callable[..., Any]) -> Any:  # noqa: ANN401 - strawberry types it so
    """A field that is answered again and again, described by its resolver's docstring."""
    return strawberry.subscription(resolver=resolver, description=doc(resolver), directives=directives(resolver))


def directives(resolver: Callable[..., Any]) -> list[object]:
    """What `app.schema.weight` declared on the resolver."""
    return list(getattr(resolver, "directives", ()))


def plain(description: str, **options: Any) -> Any:  # noqa: ANN401 - strawberry types it so
    """A field that is read as it stands."""
    return strawberry.field(description=description, **options)


def absent(description: str, **options: Any) -> Any:  # noqa: ANN401 - strawberry types it so
    """An input field that may be left out; absent and null are told apart."""
    return strawberry.field(description=description, default=strawberry.UNSET, **options)


def arg(description: str, **options: Any) -> Any:  # noqa: ANN401 - the stub's own type is not public
    """An argument's description."""
    return strawberry.argument(description=description, **options)


def enum(cls: E, values: dict[str, str], name: str | None = None) -> E:
    """An enum, described by its docstring; `values` describes each of its names."""
    named = strawberry.enum(cls, name=name, description=doc(cls))
    for value in vars(named)["__strawberry_definition__"].values:
        value.description = values[value.name]
    return named
