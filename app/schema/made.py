"""Types and resolvers of the schema that are put together from a declaration rather than written out."""

from collections.abc import Callable, Mapping
from copy import copy
from enum import StrEnum
from typing import Any, NamedTuple

from strawberry.types.field import StrawberryField

from app.schema.describe import enum, type_


class Words(NamedTuple):
    """What a noun is called in descriptions: one with its article, and many."""

    one: str
    many: str

    @property
    def start(self) -> str:
        """One, at the start of a sentence."""
        return self.one[0].upper() + self.one[1:]

    @property
    def the(self) -> str:
        """The one that is meant."""
        return f"the {self.one.partition(' ')[2]}"


def made(decorate: Callable[[Any], Any], name: str, description: str, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type
    """The type `name` with `fields`: each an annotation and a field, or a field alone that has a resolver."""
    pairs = {key: value if isinstance(value, tuple) else (None, value) for key, value in fields.items()}
    annotations = {key: annotation for key, (annotation, _) in pairs.items() if annotation is not None}
    namespace = {key: value for key, (_, value) in pairs.items() if value is not None}
    hidden = {"__annotations__": annotations, "__doc__": description, "__module__": __name__}
    return decorate(type(name, (), {**namespace, **hidden}))


def choice(name: str, description: str, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - a type
    """The enum `name` of `values`, each with its description."""
    found = StrEnum(name, {value: value for value in values}, module=__name__)  # type: ignore[misc]  # known when it runs
    found.__doc__ = description
    return enum(found, dict(values))


def resolver(function: Callable[..., Any], name: str, description: str, **annotations: object) -> Callable[..., Any]:
    """`function` as the resolver of the field `name`; `returns` among the annotations is what it answers."""
    function.__name__, function.__doc__ = name, description
    answer = {"return": annotations.pop("returns")}
    function.__annotations__ = {**function.__annotations__, **annotations, **answer}
    return function


def root(name: str, description: str, *parts: type | Mapping[str, Any]) -> type:
    """A root type with the fields of all `parts`: classes that hold them, or fields by name. Copies, never shared."""
    fields: dict[str, Any] = {}
    for part in parts:
        given = vars(part) if isinstance(part, type) else part
        found = {key: copy(value) for key, value in given.items() if isinstance(value, StrawberryField)}
        if twice := fields.keys() & found:
            msg = f"{name} has {', '.join(sorted(twice))} twice"
            raise TypeError(msg)
        fields |= found
    made_: type = made(type_, name, description, fields)
    return made_
