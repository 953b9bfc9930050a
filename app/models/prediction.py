"""Predictions: what models say of each customer's future, and what is known of these models."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.models.base import Document, Owned, Traits, choice, instant, ordered, personal, refers, typed, unique

_PERSONAL = {"info": {"personal": True}}


class FitOutcome(StrEnum):
    """Whether there is a model, or why there is none."""

    FITTED = "FITTED"
    TOO_FEW_CUSTOMERS = "TOO_FEW_CUSTOMERS"
    TOO_FEW_RETURNS = "TOO_FEW_RETURNS"
    TOO_FEW_DEPARTURES = "TOO_FEW_DEPARTURES"
    UNSETTLED = "UNSETTLED"


class ChurnBasis(StrEnum):
    """From what it is told how likely a customer leaves."""

    BUYING = "BUYING"
    LEAVING = "LEAVING"


class PredictionFit(Owned, table=True):
    """One fit of both models: of buying, and of leaving; a document each holds the parameters and how it did.

    `cursor` is the last customer (hex, empty at first) of whom it has been predicted; `is_written` says that all are.
    """

    __tablename__ = "prediction_fit"
    __table_args__ = (ordered("prediction_fit", "fitted_at"),)

    fitted_at: datetime = instant()
    day: date
    horizon_months: int
    buying_outcome: FitOutcome = choice(FitOutcome)
    buying: dict[str, Any] = typed(Document, default_factory=dict)
    leaving_outcome: FitOutcome = choice(FitOutcome)
    leaving: dict[str, Any] = typed(Document, default_factory=dict)
    cursor: str = Field(default="", max_length=32)
    is_written: bool = False


class Prediction(Owned, Traits, table=True):
    """What the latest fit says of one customer; of those who object to profiles there is none.

    `day` is that of their first purchase, or their first day as a customer where they never bought. Amounts are minor
    units of `currency`, the workspace's, null without a rate. Buying is null of those who never bought.
    """

    __table_args__ = (
        unique("prediction", "customer_id"),
        refers("customer_id", "customer"),
        refers("fit_id", "prediction_fit"),
        refers("acquisition_channel_id", "channel"),
        ordered("prediction", "day"),
        ordered("prediction", "predicted_value", empty=True),
        ordered("prediction", "churn_risk", empty=True),
        ordered("prediction", "alive", empty=True),
        ordered("prediction", "expected_purchases", empty=True),
    )

    customer_id: UUID
    fit_id: UUID
    day: date
    currency: str = Field(max_length=3)
    is_buyer: bool = False
    alive: float | None = personal(default=None)
    alive_low: float | None = personal(default=None)
    alive_high: float | None = personal(default=None)
    expected_purchases: float | None = personal(default=None)
    purchases_low: int | None = personal(default=None)
    purchases_high: int | None = personal(default=None)
    predicted_value: int | None = typed(BigInteger(), default=None, sa_column_kwargs=_PERSONAL)
    value_low: int | None = typed(BigInteger(), default=None, sa_column_kwargs=_PERSONAL)
    value_high: int | None = typed(BigInteger(), default=None, sa_column_kwargs=_PERSONAL)
    churn_risk: float | None = personal(default=None)
    churn_basis: ChurnBasis | None = choice(ChurnBasis, default=None, sa_column_kwargs=_PERSONAL)
    known_on: date
