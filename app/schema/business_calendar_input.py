"""How business calendars come in."""

import datetime as dt

from app.schema.describe import absent, input_, plain


@input_
class WeeklyHoursInput:
    """Hours of some weekdays; a day with a break has two of them."""

    weekdays: list[int] = plain("On which weekdays, from 1 (Monday) to 7 (Sunday).")
    from_: str = plain("When work begins, as 09:00 on the clock of the version's zone.", name="from")
    before: str = plain("When it ends, as 18:00, later the same day; 24:00 is the end of the day.")


@input_
class OpenHoursInput:
    """Hours of one day, which it has instead of those of its weekday; a day with a break has two of them."""

    date: dt.date = plain("The day.")
    from_: str = plain("When work begins, as 09:00 on the clock of the version's zone.", name="from")
    before: str = plain("When it ends, as 13:00, later the same day; 24:00 is the end of the day.")


@input_
class BusinessCalendarVersionInput:
    """When work is done from one day until another, which are days in the version's own zone."""

    from_: dt.date | None = absent("The first day; since ever when absent.", name="from")
    before: dt.date | None = absent("The first day no longer meant; without end when absent.")
    time_zone: str = plain("The IANA time zone, such as Europe/Berlin.")
    weekly_hours: list[WeeklyHoursInput] = plain(
        "The hours of the weekdays; a weekday without any is free. At most 100."
    )
    country: str | None = absent(
        "The country whose public holidays are free, by its ISO 3166-1 code of two letters. A day of a weekend that is "
        "worked there in exchange has the hours of the weekday that it stands in for, or of Monday where none is told."
    )
    subdivision: str | None = absent(
        "The part of the country, by its ISO 3166-2 code without the country, such as BY for Bavaria."
    )
    closed: list[dt.date] | None = absent("Further days that are free; at most 1,000.")
    open: list[OpenHoursInput] | None = absent(
        "Days with hours of their own, whatever else is said of them; at most 1,000 entries."
    )


@input_
class BusinessCalendarUpsertInput:
    """A business calendar; absent keeps."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    versions: list[BusinessCalendarVersionInput] | None = absent(
        "All of its versions, at most 50, whose days must not overlap; days of none have no hours. A new calendar "
        "needs one."
    )
