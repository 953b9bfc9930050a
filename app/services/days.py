"""Which days a period means in a workspace today."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.errors import Invalid
from app.services.extent import Extent
from app.services.period import Calendar, Grain, NamedPeriod, Span
from app.text import Text
from app.uow import Uow


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` buckets of `grain`."""

    count: int
    grain: Grain
    complete: bool = False


Period = Span | NamedPeriod | Last


def calendar(uow: Uow) -> Calendar:
    """The workspace's calendar today."""
    return Calendar(uow.today, uow.workspace.first_weekday, uow.workspace.fiscal_year_start)


def resolve(uow: Uow, period: Period, extents: Iterable[Extent] = ()) -> Span:
    """The days that `period` means today. All time is from the first to the last day of the facts, or to today."""
    if isinstance(period, Span):
        return period
    if isinstance(period, Last):
        if not 1 <= period.count <= uow.settings.max_buckets:
            msg = Text(
                f"`count` must be between 1 and {uow.settings.max_buckets}.",
                f"`count` 必须在 1 与 {uow.settings.max_buckets} 之间。",
            )
            raise Invalid(msg, "period", "last", "count")
        return calendar(uow).last(period.count, period.grain, complete=period.complete)
    if period is not NamedPeriod.ALL_TIME:
        return calendar(uow).named(period)
    first = min((extent_.first for extent_ in extents if extent_.first), default=uow.today)
    last = max((extent_.last for extent_ in extents if extent_.last), default=uow.today)
    days = calendar(uow)
    return Span(min(first, uow.today), days.next(max(last, uow.today), Grain.DAY))
