"""The workspace: one company's data behind one wall."""

from datetime import datetime
from secrets import token_hex
from uuid import UUID

from sqlmodel import Field

from app.models.base import Document, Owned, choice, instant, refers, typed
from app.models.spell import ActiveBasis


class Workspace(Owned, table=True):
    """One tenant. Its `id` is its `tenant_id`: what every other row of it carries.

    `business_calendar_id` says whose hours clocks run in (null: all), `engagement_types` which events of use count as
    engagement (null: all), `active_by` by what somebody counts as a customer, `attribute_dimensions` which attributes
    of customers KPIs can be cut by, `is_sandbox` whether its records may all be emptied out. While spells are derived
    anew, `derived_to` is the last customer that has been seen to.
    """

    __table_args__ = (refers("business_calendar_id", "business_calendar"),)

    name: str = Field(max_length=200)
    time_zone: str = Field(max_length=64)
    currency: str = Field(max_length=3)
    first_weekday: int = 1
    fiscal_year_start: int = 1
    small_cell_k: int = 5
    locale: str = Field(default="en", max_length=16)
    repeat_window_days: int = 90
    rate_carry_days: int = 0
    expected_lifespan_months: int | None = None
    lifespan_cap_months: int | None = None
    response_target_minutes: int = 60
    complaint_limit_days: int = 7
    conversion_window_days: int = 90
    prediction_horizon_months: int = 12
    health_weights: dict[str, int] | None = typed(Document, default=None)
    business_calendar_id: UUID | None = None
    engagement_types: list[str] | None = typed(Document, default=None)
    active_by: ActiveBasis = choice(ActiveBasis, default=ActiveBasis.STATUS)
    inactivity_window_days: int = 90
    derived_to: UUID | None = None
    attribute_dimensions: list[str] = typed(Document, default_factory=list)
    is_sandbox: bool = False
    created_at: datetime = instant()
    version: int = 1
    secret: str = Field(default_factory=lambda: token_hex(16), max_length=32)
    """What cursors are sealed with; told to nobody."""

    @property
    def departure_settles_in(self) -> int:
        """For how many days a departure may still turn out to be none."""
        return self.inactivity_window_days if self.active_by is ActiveBasis.ACTIVITY else 0
