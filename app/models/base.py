"""The bases of every table: who owns a row, what a fact is, and which columns are personal.

`Tenanted` rows belong to one workspace and lie behind the wall of `app.uow`; `Owned` rows have an id as well.
Keys, foreign keys and unique constraints all lead with `tenant_id`: a reference across workspaces cannot be
stored, and PostgreSQL can be spread over machines by it.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Dialect, Enum, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import DateTime, TypeDecorator
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

SQLModel.metadata.naming_convention = {  # SQLite can only alter a constraint that has a name
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_1_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

FOREVER = date(9999, 12, 31)
"""The day that stands for "no end": kept instead of NULL so that ranges compare without special cases."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, aware and in UTC on the way out; SQLite, which knows no zones, stores UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive value is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a naive datetime reached the database"
            raise ValueError(msg)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class fixes the signature
        """Read UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON value; binary on PostgreSQL."""


def choice(enum: type[StrEnum], **options: Any) -> Any:  # noqa: ANN401 - Field() itself is typed Any
    """A column that holds one name of `enum`, as text: a new name needs no migration."""
    kind = Enum(
        enum, native_enum=False, create_constraint=False, length=32, values_callable=lambda e: [m.value for m in e]
    )
    return Field(sa_type=kind, **options)


def typed(kind: Any, **options: Any) -> Any:  # noqa: ANN401 - Field() itself is typed Any
    """A column of the SQLAlchemy type `kind`."""
    return Field(sa_type=kind, **options)


def instant(**options: Any) -> Any:  # noqa: ANN401 - Field() itself is typed Any
    """A column that holds an instant."""
    return typed(UtcDateTime(), **options)


def personal(**options: Any) -> Any:  # noqa: ANN401 - Field() itself is typed Any
    """A column that holds personal data: masked without the scope for it, left out of logs, blanked by an erasure."""
    return Field(sa_column_kwargs={"info": {"personal": True}}, **options)


def refers(column: str, table: str) -> ForeignKeyConstraint:
    """The foreign key `column` → `table`, inside one workspace."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


def unique(table: str, *columns: str) -> UniqueConstraint:
    """`columns` together are unique inside one workspace."""
    return UniqueConstraint("tenant_id", *columns, name=f"uq_{table}_{'_'.join(columns)}")


def partial(name: str, *columns: str, where: str) -> Index:
    """The index of those rows that meet `where`."""
    return Index(name, "tenant_id", *columns, sqlite_where=text(where), postgresql_where=text(where))


def ordered(table: str, column: str, *, empty: bool = False, where: str | None = None) -> Index:
    """The index behind a list in the order of `column`, of the rows that meet `where`; `empty` says it may be null.

    Where a column may be null, whether it is comes first: databases disagree on nulls, and lists have them last.
    """
    flag = [text(f"({column} IS NULL)")] if empty else []
    part = None if where is None else text(where)
    return Index(f"ix_{table}_{column}", "tenant_id", *flag, column, "id", sqlite_where=part, postgresql_where=part)


class Tenanted(SQLModel):
    """A row of one workspace."""

    tenant_id: UUID = Field(primary_key=True)


class Owned(Tenanted):
    """An entity of one workspace; ids are UUIDv7, so that they sort by when they were made."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)


class CustomerKind(StrEnum):
    """Whether a customer is one person or an organisation."""

    PERSON = "PERSON"
    ACCOUNT = "ACCOUNT"


class ChurnKind(StrEnum):
    """Whether somebody left who wanted to, or who was made to: a card that was declined, a business that closed."""

    VOLUNTARY = "VOLUNTARY"
    INVOLUNTARY = "INVOLUNTARY"


class Traits(SQLModel):
    """What is said of a customer at a time: the dimensions that facts freeze when they are written."""

    acquisition_channel_id: UUID | None = None
    segment: str | None = Field(default=None, max_length=200)
    region: str | None = Field(default=None, max_length=200)
    customer_kind: CustomerKind | None = choice(CustomerKind, default=None)
    is_test: bool = False


def month(**options: Any) -> Any:  # noqa: ANN401 - Field() itself is typed Any
    """A column that holds the month of a first time, written 2026-05; null where there was none."""
    return Field(default=None, max_length=7, **options)


def month_of(day: date) -> str:
    """The month of a day, as `month` columns hold it."""
    return day.isoformat()[:7]


TRAITS = tuple(Traits.model_fields)
"""The names of the frozen columns."""


class Served(SQLModel):
    """Who served a customer, and the team that they belonged to on the day."""

    staff_id: UUID | None = None
    team_id: UUID | None = None


PRESENT = "deleted_at IS NULL"
"""What holds of a fact that is not deleted; lists show no other."""


class Recorded(Owned):
    """A record that its source knows by an external id.

    `recorded_at` is when we learnt of it, `known_on` the day on which the present version became known. A deleted
    record stays as a tombstone and counts nothing.
    """

    source: str = Field(max_length=100)
    external_id: str = Field(max_length=200)
    recorded_at: datetime = instant()
    known_on: date
    source_updated_at: datetime | None = instant(default=None)
    deleted_at: datetime | None = instant(default=None)
    version: int = typed(BigInteger(), default=1)


class Fact(Recorded):
    """Something that happened at a time; `day` is the day of `occurred_at` in the workspace's zone."""

    customer_id: UUID | None = None
    channel_id: UUID | None = None
    product: str | None = Field(default=None, max_length=200)
    campaign: str | None = Field(default=None, max_length=200)
    journey_stage: str | None = Field(default=None, max_length=200)
    occurred_at: datetime = instant()
    day: date
