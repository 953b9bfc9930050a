"""What a unit of work notes on its way and writes at its end: what has changed, and what is to be done later."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import insert
from uuid_utils.compat import uuid7

from app.models.change import Change
from app.models.job import Job
from app.wall import WalledSession


@dataclass(slots=True)
class Noted:
    """Rows of changes and jobs that have no id yet."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)

    def write(self, session: WalledSession) -> None:
        """Store what was noted."""
        if self.changes:
            session.execute(insert(Change), [{"id": uuid7(), **change} for change in self.changes])
        if self.jobs:
            session.execute(insert(Job), [{"id": uuid7(), "attempts": 0, **job} for job in self.jobs])
