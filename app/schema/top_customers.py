"""Top customers in the schema."""

from decimal import Decimal
from typing import Annotated

import strawberry

from app import ids
from app.kpis.figure import NullReason
from app.schema.context import Info
from app.schema.customer import CUSTOMER
from app.schema.describe import arg, enum, field, plain, type_
from app.schema.filters import KpiFilterInput, filters
from app.schema.noun import refers
from app.schema.period import Period, PeriodInput, asked
from app.schema.scalars import CurrencyCode
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.services import top_customers
from app.services.top_customers import CustomerValue, Rank

enum(
    CustomerValue,
    {
        "REVENUE": "What their orders came to, less refunds.",
        "MARGIN": "The same less what it cost, of the orders that carry a cost.",
        "ORDERS": "How many orders they placed.",
    },
)


@type_
class TopCustomer:
    """A customer's place among those who bought."""

    id: strawberry.ID = plain("Names the place, for clients' caches.")
    rank: int = plain("The place, from 1.")
    revenue: Decimal | None = plain("What the orders came to, less refunds; null while an exchange rate is missing.")
    margin: Decimal | None = plain("The same less what it cost, of the orders that carry a cost.")
    orders: int = plain("How many orders there were.")
    share: float | None = plain("The part of what all known customers brought, as a fraction.")
    row: strawberry.Private[Rank]

    customer = refers(CUSTOMER, "customer_id", "Who it is.")


@type_
class TopCustomers:
    """The customers who brought most over some days."""

    id: strawberry.ID = plain("Names the ranking, for clients' caches.")
    nodes: list[TopCustomer] = plain("The first places, in order; those of whom it is not known come last.")
    total_count: int | None = plain("How many known customers bought; null where that cannot be told.")
    null_reason: NullReason | None = plain(
        "Why there are no numbers: PREPARING while a segment that the filter names has yet to find its members."
    )
    period: Period = plain("Its days, resolved.")
    currency: CurrencyCode = plain("The currency of the amounts.")


class TopCustomersRoot:
    """Who brought most."""

    @field
    @weighs(KPI_WEIGHT)
    @sized(10, by=("first",), fields=("nodes",))
    async def top_customers(
        self,
        info: Info,
        period: Annotated[PeriodInput, arg("Over which days.")],
        by: Annotated[CustomerValue, arg("By what they are ranked.")] = CustomerValue.REVENUE,
        first: Annotated[int, arg("How many; at most 500.")] = 10,
        filter: Annotated[list[KpiFilterInput] | None, arg("Of which orders; all must hold.")] = None,
    ) -> TopCustomers | None:
        """The customers who brought most. Reads the orders of the period, up to a bound that the server sets."""
        given = filters(filter)
        found = await info.context.run(top_customers.ranking, asked(period, "period"), by, first, given)
        name = (by.value, found.span.start, found.span.end, *(one.parts for one in given))
        return TopCustomers(
            id=strawberry.ID(ids.encode("TopCustomers", *name, first)),
            nodes=[
                TopCustomer(
                    id=strawberry.ID(ids.encode("TopCustomer", *name, one.place)),
                    rank=one.place,
                    revenue=one.revenue,
                    margin=one.margin,
                    orders=one.orders,
                    share=one.share,
                    row=one,
                )
                for one in found.ranks
            ],
            total_count=found.total,
            null_reason=found.reason,
            period=Period.of(found.span, found.today),
            currency=CurrencyCode(found.currency),
        )
