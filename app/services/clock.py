"""The clock by which a workspace measures how long things take."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlmodel import col

from app.models.business_calendar import BusinessCalendar
from app.models.workspace import Workspace
from app.services.business_hours import AllHours
from app.services.calendar_version import under
from app.uow import Uow


class Clock(Protocol):
    """Measures the time that counts; by whole seconds, fractions of an instant are cut off."""

    def seconds(self, start: datetime, end: datetime) -> int:
        """The time from `start` to `end`, in seconds; negative when `end` lies before `start`."""

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """The first instant at which `seconds` have passed since `start`; None when that never comes."""


def clock(uow: Uow) -> Clock:
    """By the workspace's business calendar, or by the plain one when it has none; read once in a unit of work."""
    seen: dict[None, Clock] = uow.seen.setdefault(clock, {})
    if None not in seen:
        # asked for as it is stored: another unit of the same transaction may have loaded the workspace before its turn
        chosen = select(col(Workspace.business_calendar_id)).scalar_subquery()
        versions = uow.session.scalar(select(col(BusinessCalendar.versions)).where(col(BusinessCalendar.id) == chosen))
        seen[None] = AllHours() if versions is None else under(versions)
    return seen[None]
