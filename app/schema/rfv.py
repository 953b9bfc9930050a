"""Recency, frequency and value in the schema."""

from datetime import date
from decimal import Decimal
from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.schema.context import Info
from app.schema.describe import enum, field, plain, type_
from app.schema.period import LocaleArgument
from app.services.rfv import NAMES, Grades, RfvClass

enum(RfvClass, {one.value: about.en for one, (_, about) in NAMES.items()})


@type_
class CustomerRfv:
    """How a customer stands among all who bought: each grade is a fifth of them, 5 the best one."""

    id: strawberry.ID = plain("Names the grades, for clients' caches.")
    recency: int = plain("How lately the customer bought, from 1 to 5.")
    frequency: int = plain("How often, from 1 to 5.")
    value: int = plain("For how much, less refunds, from 1 to 5.")
    key: RfvClass = plain("What the grades say together.")
    last_purchase_on: date = plain("The day of the last purchase.")
    orders: int = plain("How many purchases there were to date.")
    revenue: Decimal = plain("What they came to, less refunds, in the workspace's currency.")

    @field
    def name(self, info: Info, locale: LocaleArgument = None) -> str:
        """What the class is called."""
        return NAMES[self.key][0].in_(locale or info.context.locale)

    @classmethod
    def of(cls, customer_id: UUID, grades: Grades) -> Self:
        """The grades as the schema shows them."""
        return cls(
            id=strawberry.ID(ids.encode("CustomerRfv", customer_id)),
            recency=grades.recency,
            frequency=grades.frequency,
            value=grades.value,
            key=grades.of,
            last_purchase_on=grades.last_on,
            orders=grades.orders,
            revenue=grades.revenue,
        )
