"""Lifecycle stages as sources state them; what nobody states is derived."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from app.models.base import Owned, refers, unique


class StatedStage(Owned, table=True):
    """What is said of a customer's stage from a day on, until something else is; null: from then on nothing is."""

    __tablename__ = "stated_stage"
    __table_args__ = (
        unique("stated_stage", "customer_id", "starts_on"),
        refers("customer_id", "customer"),
    )

    customer_id: UUID
    starts_on: date
    stage: str | None = Field(default=None, max_length=32)
