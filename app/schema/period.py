"""Periods in the schema: how they are asked for and shown."""

from datetime import date, timedelta
from typing import Annotated

import strawberry
from babel import Locale
from babel.dates import format_date

from app.errors import Invalid
from app.schema.context import Info
from app.schema.describe import absent, arg, enum, field, input_, one_of, plain, type_
from app.services.days import Last
from app.services.days import Period as AskedPeriod
from app.services.period import ComparisonKind, Grain, NamedPeriod, Span, checked, is_whole_months
from app.text import Text

enum(
    Grain,
    {
        "DAY": "Days of the workspace's time zone.",
        "WEEK": "Weeks, from the workspace's first weekday.",
        "MONTH": "Calendar months.",
        "QUARTER": "Quarters of the workspace's year.",
        "YEAR": "Years, from the workspace's first month.",
    },
)
enum(
    NamedPeriod,
    {
        "TODAY": "Today.",
        "YESTERDAY": "Yesterday.",
        "THIS_WEEK": "The running week.",
        "LAST_WEEK": "The week before.",
        "THIS_MONTH": "The running month.",
        "LAST_MONTH": "The month before.",
        "THIS_QUARTER": "The running quarter.",
        "LAST_QUARTER": "The quarter before.",
        "THIS_YEAR": "The running year.",
        "LAST_YEAR": "The year before.",
        "ALL_TIME": "From the first day with data to the last, or today.",
    },
)
enum(
    ComparisonKind,
    {
        "PREVIOUS_PERIOD": "The period of equal calendar length just before.",
        "SAME_PERIOD_LAST_YEAR": "The same days a year earlier.",
    },
)

LocaleArgument = Annotated[str | None, arg("The reader's language, such as en or zh-CN; by default the request's.")]


@input_
class DateRangeInput:
    """Days of the workspace's calendar, half-open."""

    from_: date = plain("The first day.", name="from")
    before: date = plain("The first day no longer meant.")


@input_
class LastPeriodInput:
    """The last so many days, weeks, months, quarters or years."""

    count: int = plain("How many.")
    grain: Grain = plain("Of what.")
    complete: bool = plain("Whether to leave out the running one.", default=False)


@one_of
class PeriodInput:
    """A period, in one of three ways."""

    range: DateRangeInput | None = absent("From a day to before another.")
    named: NamedPeriod | None = absent("By name, relative to today.")
    last: LastPeriodInput | None = absent("The last so many buckets.")


def asked(value: PeriodInput, *path: str) -> AskedPeriod:
    """The input as the services take it. Raises Invalid for an empty or reversed range."""
    if value.range is not strawberry.UNSET and value.range is not None:
        try:
            return checked(value.range.from_, value.range.before)
        except Invalid as error:
            raise Invalid([problem.under(*path, "range") for problem in error.problems]) from None
    if value.named is not strawberry.UNSET and value.named is not None:
        return value.named
    assert value.last is not None  # noqa: S101 - @oneOf leaves nothing else
    return Last(value.last.count, value.last.grain, value.last.complete)


@type_
class Period:
    """Days of the workspace's calendar, half-open."""

    id: strawberry.ID = plain("Names the days, for clients' caches.")
    from_: date = plain("The first day.", name="from")
    before: date = plain("The first day no longer meant.")
    last_day: date = plain("The last day that is meant.")
    is_complete: bool = plain("Whether it lies wholly in the past.")

    @field
    def label(self, info: Info, locale: LocaleArgument = None) -> str:
        """The period in words, as short as it can be said."""
        return label(Span(self.from_, self.before), locale or info.context.locale)

    @classmethod
    def of(cls, span: Span, today: date) -> "Period":
        """The span as the schema shows it."""
        return cls(
            id=strawberry.ID(f"{span.start}/{span.end}"),
            from_=span.start,
            before=span.end,
            last_day=span.end - timedelta(days=1),
            is_complete=span.end <= today,
        )


def babel(locale: str) -> Locale:
    """The locale for Babel; English where it knows none."""
    return Locale.parse("zh_Hans_CN" if locale.lower().startswith("zh") else "en")


def label(span: Span, locale: str) -> str:
    """`span` in words."""
    known, last = babel(locale), span.end - timedelta(days=1)
    if span.days == 1:
        return format_date(span.start, "medium", known)
    if is_whole_months(span):
        months = 12 * (span.end.year - span.start.year) + span.end.month - span.start.month
        if months == 1:
            return format_date(span.start, Text("LLLL y", "y年M月").in_(locale), known)
        if months == 12 and span.start.month == 1:  # noqa: PLR2004 - a year
            return format_date(span.start, Text("y", "y年").in_(locale), known)
        if months == 3 and span.start.month % 3 == 1:  # noqa: PLR2004 - a quarter
            return format_date(span.start, Text("'Q'Q y", "y年第Q季度").in_(locale), known)
    return f"{format_date(span.start, 'medium', known)} – {format_date(last, 'medium', known)}"
