"""By what the rows of a noun are told apart and put in order: its filter and order inputs, taken from its type."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

import strawberry

from app.schema.describe import absent, input_, one_of, plain
from app.schema.inputs import (
    BooleanFilterInput,
    DateFilterInput,
    DateTimeFilterInput,
    ExternalRefInput,
    FilterInput,
    FloatFilterInput,
    IdFilterInput,
    StringFilterInput,
)
from app.schema.made import Words, choice, made
from app.schema.page import OrderDirection
from app.services.cursor import Order
from app.services.listing import Listing
from app.services.refusal import camel

_OPERATORS: Mapping[type, Any] = {
    str: StringFilterInput,
    UUID: IdFilterInput,
    bool: BooleanFilterInput,
    int: FloatFilterInput,
    float: FloatFilterInput,
    date: DateFilterInput,
    datetime: DateTimeFilterInput,
}
_MASK = " Null without the scope personal:read."


@dataclass(frozen=True, slots=True)
class Trait:
    """A field of a noun's type and the column behind it."""

    name: str
    column: str
    kind: type
    is_personal: bool
    description: str

    @property
    def operators(self) -> Any:  # noqa: ANN401 - a type
        """The input that holds conditions on it. Raises TypeError where there are none."""
        if issubclass(self.kind, StrEnum):
            return FilterInput[self.kind]  # type: ignore[name-defined]  # known when it runs
        if self.kind not in _OPERATORS:
            msg = f"{self.name} holds {self.kind.__name__}, on which there are no conditions"
            raise TypeError(msg)
        return _OPERATORS[self.kind]

    @property
    def condition(self) -> str:
        """What a filter by it is about."""
        return self.description + (" Needs the scope personal:read." if self.is_personal else "")

    @property
    def step(self) -> str:
        """What an order by it is."""
        first = re.split(r"[;.]", self.description, maxsplit=1)[0]
        word = first[0].lower() + first[1:] if first[1:2].islower() or first[1:2] == " " else first
        return f"By {word}" + ("; needs the scope personal:read." if self.is_personal else ".")


def trait(type_: Any, rows: Listing[Any], name: str) -> Trait:  # noqa: ANN401 - a type
    """The trait of that name. Raises KeyError for a field that the type lacks, AttributeError for a missing column."""
    fields = {field.python_name.rstrip("_"): field for field in type_.__strawberry_definition__.fields}
    field = fields[name]
    column = rows.columns.get(name) or (f"{name}_id" if f"{name}_id" in rows.references else name)
    shown = f"{name}_id" if column in rows.references else name
    kind, personal = rows.type_of(column), column in rows.personal
    return Trait(shown, column, kind, personal, str(field.description).removesuffix(_MASK))


def ref_input(name: str, words: Words) -> Any:  # noqa: ANN401 - a type
    """The input that names one of what each source has ids of its own for."""
    fields = {
        "id": (strawberry.ID | None, absent("By global id.")),
        "external_id": (str | None, absent("By the id in the caller's own source.")),
        "external": (ExternalRefInput | None, absent("By the id in a named source.")),
    }
    return made(one_of, f"{name}RefInput", f"{words.start}, named in one of three ways.", fields)


def filter_input(name: str, words: Words, traits: Sequence[Trait]) -> Any:  # noqa: ANN401 - a type
    """The filter input of a noun."""
    # services know columns, callers fields
    fields = {one.column: (one.operators | None, absent(one.condition, name=camel(one.name))) for one in traits}
    fields |= {
        "and_": (list[Self] | None, absent("All of these hold.", name="and")),  # type: ignore[misc]  # Strawberry's
        "or_": (list[Self] | None, absent("One of these holds.", name="or")),  # type: ignore[misc]
        "not_": (Self | None, absent("This does not hold.", name="not")),
    }
    return made(input_, f"{name}FilterInput", f"Which {words.many} are meant; all conditions must hold.", fields)


class Orders:
    """The orders in which a noun is listed: their input, and what it means."""

    def __init__(self, name: str, words: Words, traits: Sequence[Trait], default: Order) -> None:
        self.default = default
        self.columns = {one.name.upper(): one.column for one in traits}
        values = {one.name.upper(): one.step for one in traits}
        by = choice(f"{name}OrderField", f"What {words.many} can be ordered by.", values)
        fields = {
            "field": (by, plain("By what.")),
            "direction": (OrderDirection, plain("Which way.", default=OrderDirection.ASC)),
        }
        self.input = made(input_, f"{name}OrderInput", "One step of an order.", fields)

    def read(self, value: Sequence[Any] | None) -> list[Order]:
        """The input as the services take it."""
        if not value:
            return [self.default]
        return [Order(self.columns[item.field], item.direction is OrderDirection.DESC) for item in value]
