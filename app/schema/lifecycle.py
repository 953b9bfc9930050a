"""Stages of a customer's lifecycle in the schema."""

from datetime import date
from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.kpis.kpi import LifecycleStage
from app.schema.describe import enum, plain, type_
from app.services.lifecycle import Stay

enum(
    LifecycleStage,
    {
        "ACQUIRE": "Customers become aware and come.",
        "CONVERT": "Customers decide to buy.",
        "RETAIN": "Customers stay.",
        "EXPAND": "Customers buy more and bring others.",
    },
)


@type_
class CustomerStage:
    """A time in a stage of the lifecycle."""

    id: strawberry.ID = plain("Names the time, for clients' caches.")
    stage: LifecycleStage = plain("Which stage.")
    from_: date | None = plain("The first day in it; null when it was ever so.", name="from")
    before: date | None = plain("The first day no longer; null while it lasts.")

    @classmethod
    def of(cls, customer_id: UUID, stay: Stay) -> Self:
        """The time as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("CustomerStage", customer_id, stay.start)),
            stage=stay.stage,
            from_=stay.start,
            before=stay.end,
        )
