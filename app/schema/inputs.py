"""Inputs that every noun uses: references, filters, batches; and how inputs reach the services as plain dicts."""

from datetime import date
from typing import Any, Generic, TypeVar, dataclass_transform

import strawberry

from app.schema.describe import absent, enum, input_, one_of, plain
from app.schema.scalars import Moment
from app.services.row import ErrorPolicy, Ref

T = TypeVar("T")
R = TypeVar("R", bound=type)

enum(
    ErrorPolicy,
    {
        "REJECT_ALL": "One wrong row and nothing is stored.",
        "REJECT_FAILED_ROWS": "Wrong rows are rejected, the others are stored.",
    },
)


@input_
class ExternalRefInput:
    """A record by the name that a source has for it."""

    source: str = plain("The key of the source system.")
    external_id: str = plain("The record's id there.")


@one_of
class CustomerRefInput:
    """A customer, named in one of three ways."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By the id in the caller's own source.")
    external: ExternalRefInput | None = absent("By the id in a named source.")


@one_of
class ChannelRefInput:
    """A channel, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@one_of
class StaffRefInput:
    """A member of staff, by id or by key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By their key.")


@one_of
class TeamRefInput:
    """A team, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@one_of
class SurveyRefInput:
    """A survey, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@one_of
class SegmentRefInput:
    """A segment, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@one_of
class BusinessCalendarRefInput:
    """A business calendar, by id or by its key."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By its key.")


@input_
class StringFilterInput:
    """Conditions on a text; all of them must hold."""

    eq: str | None = absent("Equal to this.")
    in_: list[str] | None = absent("One of these.", name="in")
    contains: str | None = absent("Contains this, whatever the case.")
    is_null: bool | None = absent("Empty, or not empty.")


@input_
class IdFilterInput:
    """Conditions on a reference; all of them must hold."""

    eq: strawberry.ID | None = absent("This one.")
    in_: list[strawberry.ID] | None = absent("One of these.", name="in")
    is_null: bool | None = absent("Empty, or not empty.")


@input_
class BooleanFilterInput:
    """A condition on a yes or no."""

    eq: bool | None = absent("Equal to this.")


@input_
class FloatFilterInput:
    """Conditions on a number; all of them must hold."""

    eq: float | None = absent("Equal to this.")
    in_: list[float] | None = absent("One of these.", name="in")
    gt: float | None = absent("Greater than this.")
    gte: float | None = absent("Greater than or equal to this.")
    lt: float | None = absent("Less than this.")
    lte: float | None = absent("Less than or equal to this.")
    is_null: bool | None = absent("Empty, or not empty.")


@input_
class DateFilterInput:
    """Conditions on a day; all of them must hold."""

    eq: date | None = absent("On this day.")
    in_: list[date] | None = absent("On one of these days.", name="in")
    gt: date | None = absent("After this day.")
    gte: date | None = absent("On or after this day.")
    lt: date | None = absent("Before this day.")
    lte: date | None = absent("On or before this day.")
    is_null: bool | None = absent("Empty, or not empty.")


@input_
class DateTimeFilterInput:
    """Conditions on an instant; all of them must hold."""

    eq: Moment | None = absent("At this instant.")
    gt: Moment | None = absent("After this instant.")
    gte: Moment | None = absent("At or after this instant.")
    lt: Moment | None = absent("Before this instant.")
    lte: Moment | None = absent("At or before this instant.")
    is_null: bool | None = absent("Empty, or not empty.")


@input_
class FilterInput(Generic[T]):
    """Conditions on a choice; all of them must hold."""

    eq: T | None = absent("This one.")
    in_: list[T] | None = absent("One of these.", name="in")
    is_null: bool | None = absent("Empty, or not empty.")


@input_
class TombstoneInput:
    """A deletion of one record."""

    external_id: str = plain("The record's id in the caller's source.")
    source_updated_at: Moment | None = absent("As of when; a newer version of the record is left alone.")


@input_
class DeleteBatchInput:
    """Up to 500 deletions."""

    rows: list[TombstoneInput] = plain("What to delete.")
    error_policy: ErrorPolicy = plain(
        "What becomes of the batch when a row is wrong.", default=ErrorPolicy.REJECT_FAILED_ROWS
    )
    idempotency_key: str | None = absent("The same key and rows within 24 hours have one effect and one answer.")


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def record_input(cls: R) -> R:
    """The input of a record that its source knows by an id, with what all of them end in."""
    ends = {
        "source_updated_at": (
            Moment | None,
            absent("When this version was made in the source; older ones are skipped."),
        ),
        "expected_version": (
            int | None,
            absent("Refuse unless the record is at this version; 0 if it must not exist."),
        ),
    }
    for name, (annotation, given) in ends.items():
        cls.__annotations__[name] = annotation
        setattr(cls, name, given)
    return input_(cls)


def unwrapped(value: Any) -> Any:  # noqa: ANN401 - any input value
    """An input as plain data: dicts without what was absent, references as Ref."""
    if type(value).__name__.endswith("RefInput"):
        return as_ref(value)
    if strawberry_input(value):
        return {
            item.name.rstrip("_") if item.name == "in_" else item.name: unwrapped(getattr(value, item.name))
            for item in value.__dataclass_fields__.values()
            if getattr(value, item.name) is not strawberry.UNSET
        }
    if isinstance(value, list):
        return [unwrapped(one) for one in value]
    return value


def strawberry_input(value: object) -> bool:
    """Whether `value` is an input object."""
    definition = getattr(type(value), "__strawberry_definition__", None)
    return bool(getattr(definition, "is_input", False))


def as_ref(value: Any) -> Ref:  # noqa: ANN401 - any of the reference inputs
    """A reference input as the services take it."""
    given = {name: getattr(value, name) for name in value.__dataclass_fields__}
    given = {name: one for name, one in given.items() if one is not strawberry.UNSET and one is not None}
    external = given.get("external")
    if external is not None:
        return Ref(None, external.external_id, external.source)
    return Ref(given.get("id"), given.get("external_id"))


def tree(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any of the filter inputs
    """A filter input as the services take it."""
    if value is None or value is strawberry.UNSET:
        return None
    plain_: dict[str, Any] = unwrapped(value)
    return _renamed(plain_)


def _renamed(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in part.items():
        bare = name.rstrip("_")
        if bare in ("and", "or"):
            found[bare] = [_renamed(one) for one in value or []]
        elif bare == "not":
            found[bare] = _renamed(value or {})
        else:
            found[name] = value
    return found
