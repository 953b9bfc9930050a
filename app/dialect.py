"""What SQLite and PostgreSQL say in different words: parts of statements that mean the same on both."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Double,
    Integer,
    Numeric,
    String,
    Table,
    TableValuedAlias,
    Uuid,
    case,
    cast,
    column,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.types import TypeEngine


class Dialect:
    """How to say it to one of the two."""

    is_sqlite: bool

    def is_any(self, column: Any, values: Sequence[Any] | BindParameter[Any]) -> ColumnElement[bool]:  # noqa: ANN401 - SQLModel types columns as their values
        """`column IN values`, as one parameter however many there are, so that the statement is prepared once.

        In a statement that is kept, `values` is a parameter, and `as_values` what it is given.
        """
        given = values if isinstance(values, BindParameter) else self.as_values(values)
        if self.is_sqlite:
            each = func.json_each(given).table_valued("value")
            within: ColumnElement[bool] = column.in_(select(each.c.value))
            return within
        found: ColumnElement[bool] = column == func.any(given)
        return found

    def as_values(self, values: Sequence[Any]) -> str | list[Any]:
        """The values of `is_any` as the driver takes them."""
        if self.is_sqlite:
            return dumps([value.hex if isinstance(value, UUID) else value for value in values])
        return list(values)

    def elements(self, document: Any) -> TableValuedAlias:  # noqa: ANN401 - SQLModel types columns as their values
        """The strings in a JSON array column, as a table with the column `value`, to be joined laterally."""
        if self.is_sqlite:
            return func.json_each(document).table_valued("value", joins_implicitly=True)
        return func.jsonb_array_elements_text(document).table_valued("value", joins_implicitly=True)

    def as_document(self, rows: Sequence[Sequence[Any]]) -> str:
        """`rows` as the document that `unpacked` takes apart."""
        return dumps(rows)

    def unpacked(self, document: BindParameter[Any], kinds: Sequence[TypeEngine[Any]]) -> list[ColumnElement[Any]]:
        """The columns, of those types, of the rows in a JSON document: an array of arrays, in one parameter."""
        if self.is_sqlite:
            row: Any = func.json_each(document).table_valued("value").c.value
            return [type_coerce(func.json_extract(row, f"$[{i}]"), kind) for i, kind in enumerate(kinds)]
        each = func.jsonb_array_elements(cast(document, JSONB)).table_valued(column("value", JSONB))
        return [cast(each.c.value[i].astext, kind) for i, kind in enumerate(kinds)]

    def side_by_side(self, **lists: tuple[TypeEngine[Any], Sequence[Any]]) -> TableValuedAlias:
        """Lists of one length, each of a type, as the columns of a table; PostgreSQL only, in one parameter each."""
        arrays = (cast(values, ARRAY(kind)) for kind, values in lists.values())
        return func.unnest(*arrays).table_valued(*lists).render_derived()

    def as_key(self, column: Any) -> ColumnElement[str]:  # noqa: ANN401 - SQLModel types columns as their values
        """A dimension's value as the text that rollups keep: an id as 32 hex digits, text as it is."""
        if isinstance(column.type, Uuid):
            return type_coerce(column, String) if self.is_sqlite else func.replace(cast(column, String), "-", "")
        return cast(column, String)

    def member(self, document: Any, name: str) -> ColumnElement[str]:  # noqa: ANN401 - SQLModel types columns as their values
        """What an object holds under `name`, as text: numbers by 15 digits, true and false; null of anything else."""
        if self.is_sqlite:
            path = f'$."{name}"'
            value: Any = func.json_extract(document, path)
            digits: Any = func.printf("%.15g", value)
            number = case((value == 0, "0"), else_=digits)
            kinds = {"text": value, "true": "true", "false": "false", "integer": number, "real": number}
            return cast(case(kinds, value=func.json_type(document, path)), String)
        value = func.jsonb_extract_path_text(document, name)
        exact = cast(value, Numeric)
        rounded: Any = func.round(exact, 14 - cast(func.floor(func.log(func.abs(exact))), Integer))
        number = case((exact == 0, "0"), else_=cast(cast(rounded, Double), String))
        kind = func.jsonb_typeof(func.jsonb_extract_path(document, name))
        return case({"string": value, "boolean": value, "number": number}, value=kind)

    def number(self, document: Any, name: str) -> ColumnElement[float]:  # noqa: ANN401 - SQLModel types columns as their values
        """The number that an object holds under `name`; null of anything else."""
        if self.is_sqlite:
            path = f'$."{name}"'
            value: Any = func.json_extract(document, path)
            return case((func.json_type(document, path).in_(["integer", "real"]), cast(value, Double)))
        value = cast(func.jsonb_extract_path_text(document, name), Double)
        return case((func.jsonb_typeof(func.jsonb_extract_path(document, name)) == "number", value))

    def month_start(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The first day of the month of a date."""
        if self.is_sqlite:
            return type_coerce(func.date(column, "start of month"), Date)
        return cast(func.date_trunc("month", column), Date)

    def upsert(self, table: Table) -> Any:  # noqa: ANN401 - the two dialects' inserts share no base with on_conflict
        """An insert into `table` that can say what to do on conflict."""
        return sqlite_insert(table) if self.is_sqlite else postgres_insert(table)


def dumps(value: object) -> str:
    """JSON as both keep it."""
    return orjson.dumps(value, default=str).decode()
