"""Staff: who serves customers."""

from app.models.base import ordered, unique
from app.models.keyed import Keyed


class Staff(Keyed, table=True):
    """A member of the company's staff."""

    __table_args__ = (
        unique("staff", "key"),
        ordered("staff", "key"),
        ordered("staff", "name"),
    )
