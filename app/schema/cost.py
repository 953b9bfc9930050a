"""Costs in the schema."""

from datetime import date
from decimal import Decimal
from typing import Self

from app.models.cost import Cost as Row
from app.models.cost import CostCategory
from app.schema.customer import CUSTOMER
from app.schema.describe import absent, enum, plain, type_
from app.schema.event import CustomerEvent
from app.schema.inputs import ChannelRefInput, CustomerRefInput, record_input
from app.schema.node import Node, node_of
from app.schema.noun import Noun, refers
from app.schema.scalars import CurrencyCode
from app.schema.writing import Deletes, records
from app.services import cost
from app.services.money import major

enum(
    CostCategory,
    {
        "MARKETING": "Marketing that is none of the finer categories; counts towards acquisition.",
        "SALES": "Sales that is none of the finer categories; counts towards acquisition.",
        "MEDIA": "Paid media; counts towards acquisition, and alone towards paid acquisition.",
        "SALARIES": "Salaries in marketing and sales; counts towards acquisition.",
        "TOOLS": "Tools of marketing and sales; counts towards acquisition.",
        "AGENCIES": "Agencies; counts towards acquisition.",
        "INCENTIVES": "Incentives for new customers and those who bring them; counts towards acquisition.",
        "SERVICE": "Serving customers, salaries and tools included; counts towards the cost to serve.",
        "RETENTION": "Keeping customers; counts towards the cost to serve.",
        "OTHER": "Anything else; counts in no KPI.",
    },
)


@record_input
class CostRecordInput:
    """One cost over some days. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    category: CostCategory = plain("What it was spent on.")
    amount: Decimal = plain("How much, over all of its days.")
    currency: CurrencyCode = plain("Its currency.")
    from_: date = plain("The first day over which it accrues, and the day of its exchange rate.", name="from")
    before: date = plain("The first day no longer meant; at most 1,100 days later.")
    channel: ChannelRefInput | None = absent("The channel that it was spent on.")
    campaign: str | None = absent("The campaign that it was spent on.")
    customer: CustomerRefInput | None = absent("The customer whom it was spent on.")


@type_
class Cost(CustomerEvent, Node):
    """What was spent over some days; KPIs count it day by day, in parts that add up to the cent."""

    category: CostCategory = plain("What it was spent on.")
    currency: CurrencyCode = plain("Its currency.")
    amount: Decimal = plain("How much, over all of its days.")
    from_: date = plain("The first day over which it accrues.", name="from")
    before: date = plain("The first day no longer meant.")

    customer = refers(CUSTOMER, "customer_id", "The customer whom it was spent on.")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            day=row.starts_on,
            from_=row.starts_on,
            before=row.ends_on,
            amount=major(row.amount, row.currency),
        )


COST = Noun(
    Cost,
    cost.LIST,
    one="cost",
    many="costs",
    words=("a cost", "costs"),
    filters=(
        "category",
        "currency",
        "source",
        "external_id",
        "campaign",
        "from",
        "before",
        "recorded_at",
        "customer",
        "channel",
    ),
    orders=("-from", "recorded_at"),
    writes=(
        records(cost.record_batch, CostRecordInput, stubs="customers and channels"),
        Deletes(cost.delete_batch),
    ),
)
