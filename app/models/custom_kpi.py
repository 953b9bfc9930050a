"""KPIs that a workspace defines by formulas of its own."""

from datetime import datetime

from sqlmodel import Field

from app.models.base import Owned, instant, unique


class CustomKpi(Owned, table=True):
    """A formula as its workspace wrote it, with what readers need to know about it; key and names are its own."""

    __tablename__ = "custom_kpi"
    __table_args__ = (unique("custom_kpi", "key"),)

    key: str = Field(max_length=64)
    name_en: str = Field(max_length=200)
    name_zh: str = Field(max_length=200)
    about_en: str = Field(max_length=2_000)
    about_zh: str = Field(max_length=2_000)
    formula: str = Field(max_length=1_000)
    unit: str = Field(max_length=32)
    direction: str = Field(max_length=32)
    stage: str = Field(max_length=32)
    minimum: float | None = None
    maximum: float | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 1
