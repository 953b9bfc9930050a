"""Filters of KPIs in the schema."""

from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import Annotated

import orjson
import strawberry

from app import ids
from app.kpis.dimension import Dimension
from app.schema.describe import absent, arg, enum, input_, plain, type_
from app.services.slices import Filter, filter_of

enum(
    Dimension,
    {
        "CHANNEL": "Where it was said, bought or asked.",
        "ACQUISITION_CHANNEL": "The channel that the customer came through.",
        "SEGMENT": "The customer's segment at the time: one that the workspace defines, or as sources call it.",
        "CUSTOMER_KIND": "One person or an organisation.",
        "REGION": "The customer's region at the time.",
        "STAFF": "Who served the customer.",
        "TEAM": "The team of who served the customer.",
        "SURVEY": "The survey that was answered.",
        "PRODUCT": "The product.",
        "CAMPAIGN": "The campaign.",
        "JOURNEY_STAGE": "The stage of the customer's journey.",
        "LIFECYCLE_STAGE": "The stage of the customer's lifecycle at the time.",
        "ORIGIN": "How it was collected.",
        "TAG": "A tag; one record may have several.",
        "REASON": "The reason that was given.",
        "CHURN_KIND": "Whether a customer left by choice or was made to.",
        "CUSTOMER": "The customer.",
        "ATTRIBUTE": "A custom attribute of the customer, as it is now; one that the workspace declares.",
        "COHORT": "The month in which the customer first became one, such as 2026-05.",
        "PURCHASE_COHORT": "The month in which the customer first bought, such as 2026-05; empty of who has not.",
    },
)


CutArgument = Annotated[Dimension | None, arg("By what it is cut; absent: it stays whole.")]


@input_
class KpiFilterInput:
    """Narrows a KPI by one dimension. Values are those of `KpiSlice.key`; the empty text is no value."""

    by: Dimension = plain("The dimension.")
    attribute: str | None = absent("With ATTRIBUTE, which: one of the workspace's `attributeDimensions`.")
    any_of: list[str] | None = absent("Only these.")
    none_of: list[str] | None = absent("Not these.")
    with_descendants: bool = plain(
        "With CUSTOMER: whether everybody below those customers is meant too, as the accounts stand now.", default=False
    )


@type_
class KpiFilter:
    """What a KPI or a target is narrowed to."""

    id: strawberry.ID = plain("Names the filter by what it says, for clients' caches.")
    by: Dimension = plain("The dimension.")
    attribute: str | None = plain("With ATTRIBUTE, which.")
    any_of: list[str] | None = plain("Only these.")
    none_of: list[str] | None = plain("Not these.")
    with_descendants: bool = plain("Whether everybody below those customers is meant too.")


def filters(value: Sequence[KpiFilterInput] | None) -> tuple[Filter, ...]:
    """The inputs as the services take them."""
    if not value or value is strawberry.UNSET:
        return ()
    return tuple(
        Filter(one.by, _texts(one.any_of), _texts(one.none_of) or (), one.attribute or None, one.with_descendants)
        for one in value
    )


def _texts(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None or value is strawberry.UNSET else tuple(value)


def from_parts(narrowed: str) -> tuple[Filter, ...] | None:
    """The filters that a document of their parts tells of; None where it does not. Raises ValueError or TypeError."""
    found = tuple(starmap(filter_of, orjson.loads(narrowed)))
    words = [word for one in found for word in (*(one.any_of or ()), *one.none_of)]
    words += [one.attribute for one in found if one.attribute is not None]
    return found if all(isinstance(word, str) for word in words) else None


def shown_filters(value: Iterable[Filter]) -> list[KpiFilter]:
    """The filters as the schema shows them."""
    return [
        KpiFilter(
            id=strawberry.ID(ids.encode("KpiFilter", *one.parts)),
            by=one.by,
            attribute=one.attribute,
            any_of=None if one.any_of is None else list(one.any_of),
            none_of=list(one.none_of) or None,
            with_descendants=one.with_descendants,
        )
        for one in value
    ]
