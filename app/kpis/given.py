"""What KPIs of value take from the workspace's settings and from the days asked for."""

from datetime import date
from fractions import Fraction

from app.formula import Number
from app.kpis.atom import Given
from app.models.workspace import Workspace


def _months(_workspace: Workspace, start: date, end: date) -> Number:
    """Whole months where it begins and ends with months, other days as parts of a year of 365."""
    if start.day == end.day == 1:
        return 12 * (end.year - start.year) + end.month - start.month
    return Fraction(12 * (end - start).days, 365)


def _years(months: int | None) -> Number | None:
    return None if months is None else Fraction(months, 12)


DAYS = Given("days", lambda _workspace, start, end: (end - start).days)
MONTHS = Given("months", _months)
YEARS = Given("years", lambda *given: Fraction(_months(*given)) / 12)
EXPECTED_LIFESPAN = Given("expected_lifespan_years", lambda workspace, *_: _years(workspace.expected_lifespan_months))
LIFESPAN_CAP = Given("lifespan_cap_years", lambda workspace, *_: _years(workspace.lifespan_cap_months))
