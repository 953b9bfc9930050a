"""The workspace's clock: how long something took."""

from datetime import datetime, timedelta

from app.uow import Uow


class Clock:
    """Runs all the time."""

    def seconds(self, start: datetime, end: datetime) -> int:
        """Whole seconds between two instants."""
        return int((end - start).total_seconds())

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """The instant so many seconds later."""
        return start + timedelta(seconds=seconds)


def clock(uow: Uow) -> Clock:
    """The clock of the workspace."""
    del uow
    return Clock()
