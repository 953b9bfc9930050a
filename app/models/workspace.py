"""The workspace: one company's data behind one wall."""

from datetime import datetime
from secrets import token_hex

from sqlmodel import Field

from app.models.base import Owned, instant


class Workspace(Owned, table=True):
    """One tenant. Its `id` is its `tenant_id`: what every other row of it carries."""

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
    created_at: datetime = instant()
    secret: str = Field(default_factory=lambda: token_hex(16), max_length=32)
    """What cursors are sealed with; told to nobody."""
