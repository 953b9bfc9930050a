"""Business calendars: when a company works, by versions that follow one another."""

from typing import Any

from app.models.base import Document, ordered, typed, unique
from app.models.keyed import Keyed


class BusinessCalendar(Keyed, table=True):
    """The hours in which clocks run.

    Each version holds from one day until another (null: without end): its zone, the hours of each weekday, the country
    whose holidays are free, and days that are free or worked beside them.
    """

    __tablename__ = "business_calendar"
    __table_args__ = (
        unique("business_calendar", "key"),
        ordered("business_calendar", "key"),
        ordered("business_calendar", "name"),
    )

    versions: list[dict[str, Any]] = typed(Document, default_factory=list)
