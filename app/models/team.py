"""Teams: the groups in which staff serve customers, and who belonged to which when."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index

from app.models.base import FOREVER, Owned, ordered, refers, unique
from app.models.keyed import Keyed


class Team(Keyed, table=True):
    """A team of staff."""

    __table_args__ = (
        unique("team", "key"),
        ordered("team", "key"),
        ordered("team", "name"),
    )


class Membership(Owned, table=True):
    """A member of staff belongs to a team from one day until another, which is the first without."""

    __table_args__ = (
        refers("staff_id", "staff"),
        refers("team_id", "team"),
        Index("ix_membership_staff", "tenant_id", "staff_id", "starts_on"),
        Index("ix_membership_team", "tenant_id", "team_id", "starts_on"),
    )

    staff_id: UUID
    team_id: UUID
    starts_on: date = date.min
    ends_on: date = FOREVER
