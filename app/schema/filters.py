"""Filters of KPIs in the schema."""

from collections.abc import Iterable, Sequence

import strawberry

from app import ids
from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.schema.describe import absent, enum, input_, plain, type_
from app.services.slices import Filter
from app.text import Text

enum(
    Dimension,
    {
        "CHANNEL": "Where it was said, bought or asked.",
        "ACQUISITION_CHANNEL": "The channel that the customer came through.",
        "SEGMENT": "The customer's segment at the time.",
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
        "ATTRIBUTE": "A custom attribute of the customer.",
        "COHORT": "The month in which the customer first became one, such as 2026-05.",
        "PURCHASE_COHORT": "The month in which the customer first bought, such as 2026-05; empty of who has not.",
    },
)


@input_
class KpiFilterInput:
    """Narrows a KPI by one dimension. Values are those of `KpiSlice.key`; the empty text is no value."""

    by: Dimension = plain("The dimension.")
    attribute: str | None = absent("The name of the custom attribute, with ATTRIBUTE.")
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
    any_of: list[str] | None = plain("Only these.")
    none_of: list[str] | None = plain("Not these.")
    with_descendants: bool = plain("Whether everybody below those customers is meant too.")


def filters(value: Sequence[KpiFilterInput] | None) -> tuple[Filter, ...]:
    """The inputs as the services take them."""
    if not value or value is strawberry.UNSET:
        return ()
    for one in value:
        refuse_attribute(one.attribute)
    return tuple(Filter(one.by, _texts(one.any_of), _texts(one.none_of) or (), one.with_descendants) for one in value)


def refuse_attribute(name: str | None) -> None:
    """Refuse to cut by a custom attribute, which no KPI can be yet. Raises Invalid."""
    if name is not None and name is not strawberry.UNSET:
        msg = Text(
            "KPIs cannot be cut by custom attributes; a KPI's `dimensions` are those that it can be cut by.",
            "KPI 不能按自定义属性细分；可用的维度见 KPI 的 `dimensions`。",
        )
        raise Invalid(msg, "attribute")


def _texts(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None or value is strawberry.UNSET else tuple(value)


def shown_filters(value: Iterable[Filter]) -> list[KpiFilter]:
    """The filters as the schema shows them."""
    return [
        KpiFilter(
            id=strawberry.ID(ids.encode("KpiFilter", *one.parts)),
            by=one.by,
            any_of=None if one.any_of is None else list(one.any_of),
            none_of=list(one.none_of) or None,
            with_descendants=one.with_descendants,
        )
        for one in value
    ]
