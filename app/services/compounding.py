"""A rate of staying or leaving, said per another length of time: such rates compound. Pure."""

import math
from datetime import date
from typing import assert_never

from app.kpis.kpi import Direction
from app.services.kpi import Answer
from app.services.period import Calendar, Grain, Span, is_whole_months

_YEAR_DAYS = 365
_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


def share(span: Span, per: Grain, today: date) -> float:
    """How many times the days measured so far go into one `per`: in months where both are made of months, else in days.

    A month is then a twelfth of 365 days.
    """
    measured = Calendar(today).elapsed(span)
    if is_whole_months(measured) and per in _MONTHS:
        months = 12 * (measured.end.year - measured.start.year) + measured.end.month - measured.start.month
        return _MONTHS[per] / months
    return _days(per) / measured.days


def _days(per: Grain) -> float:
    match per:
        case Grain.DAY:
            return 1
        case Grain.WEEK:
            return 7
        case Grain.MONTH | Grain.QUARTER | Grain.YEAR:
            return _YEAR_DAYS * _MONTHS[per] / 12
    assert_never(per)


def rate(percent: float, direction: Direction, times: float) -> float:
    """The rate in percent after `times` as long: who stays, stays again with the same chance."""
    if direction is Direction.HIGHER_IS_BETTER:
        return 100 * math.pow(percent / 100, times)
    return 100 * (1 - math.pow(1 - percent / 100, times))


def compounded(answer: Answer, per: Grain) -> float | None:
    """The value of an answer per `per`; None where it has none.

    Only of readings that compound, whose values lie between 0 and 100.
    """
    value = answer.figure.value
    return None if value is None else rate(value, answer.kpi.direction, share(answer.span, per, answer.today))
