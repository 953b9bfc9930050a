"""Business calendars in the schema."""

import datetime as dt
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from app import ids
from app.models.business_calendar import BusinessCalendar as Row
from app.schema.business_calendar_input import BusinessCalendarUpsertInput
from app.schema.context import Info
from app.schema.describe import arg, field, plain, type_
from app.schema.inputs import BusinessCalendarRefInput
from app.schema.node import Node
from app.schema.noun import Noun
from app.schema.period import LocaleArgument
from app.schema.scalars import Moment
from app.schema.weight import FEW, sized
from app.schema.writing import Upsert
from app.services import business_calendar
from app.services.business_hours import Day


@type_
class WeeklyHours:
    """Hours of some weekdays."""

    id: strawberry.ID = plain("Names the entry, for clients' caches.")
    weekdays: list[int] = plain("On which weekdays, from 1 (Monday) to 7 (Sunday).")
    from_: str = plain("When work begins, as 09:00 on the clock of the version's zone.", name="from")
    before: str = plain("When it ends; 24:00 is the end of the day.")


@type_
class OpenHours:
    """Hours of one day, which it has instead of those of its weekday."""

    id: strawberry.ID = plain("Names the entry, for clients' caches.")
    date: dt.date = plain("The day.")
    from_: str = plain("When work begins, as 09:00 on the clock of the version's zone.", name="from")
    before: str = plain("When it ends; 24:00 is the end of the day.")


@type_
class BusinessCalendarVersion:
    """When work is done from one day until another, which are days in the version's own zone."""

    id: strawberry.ID = plain("Names the version, for clients' caches.")
    from_: dt.date | None = plain("The first day; null for since ever.", name="from")
    before: dt.date | None = plain("The first day no longer meant; null for without end.")
    time_zone: str = plain("The IANA time zone.")
    country: str | None = plain("The country whose public holidays are free.")
    subdivision: str | None = plain("The part of the country.")
    closed: list[dt.date] = plain("Further days that are free.")
    name: strawberry.Private[tuple[Any, ...]]
    stored: strawberry.Private[dict[str, Any]]

    @field
    @sized(7)
    async def weekly_hours(self) -> list[WeeklyHours]:
        """The hours of the weekdays; a weekday without any is free."""
        return [
            WeeklyHours(
                id=strawberry.ID(ids.encode("WeeklyHours", *self.name, place)),
                weekdays=one["weekdays"],
                from_=one["from"],
                before=one["before"],
            )
            for place, one in enumerate(self.stored["weekly_hours"])
        ]

    @field
    @sized(FEW)
    async def open(self) -> list[OpenHours]:
        """Days with hours of their own."""
        return [
            OpenHours(
                id=strawberry.ID(ids.encode("OpenHours", *self.name, place)),
                date=dt.date.fromisoformat(one["date"]),
                from_=one["from"],
                before=one["before"],
            )
            for place, one in enumerate(self.stored["open"])
        ]


@type_
class BusinessDay:
    """One day of a business calendar."""

    id: strawberry.ID = plain("Names the day, for clients' caches.")
    date: dt.date = plain("The day, in the zone of the version that covers it.")
    seconds: float = plain("How long is worked on it, in seconds; 0 for a day that no version covers.")
    is_holiday: bool = plain("Whether it is a public holiday, whatever is worked on it.")
    day: strawberry.Private[Day]

    @field
    def holiday(self, info: Info, locale: LocaleArgument = None) -> str | None:
        """What the public holiday is called, in the reader's language where that is known, else in the country's."""
        return self.day.holiday(locale or info.context.locale)


@type_
class BusinessCalendar(Node):
    """The hours in which a company works, and in which the clocks of its KPIs run."""

    external_id: str = plain("Its key in the workspace.")
    name: str = plain("Its name.")
    created_at: Moment = plain("When it was first known.")
    updated_at: Moment = plain("When it last changed.")
    version: int = plain("Rises with each change.")
    row: strawberry.Private[Row]

    @field
    @sized(FEW)
    async def versions(self) -> list[BusinessCalendarVersion]:
        """When work is done, in the order of days; days of no version have no hours."""
        return [_version(self.row.id, self.row.version, place, one) for place, one in enumerate(self.row.versions)]

    @field
    async def hours(
        self,
        info: Info,
        from_: Annotated[Moment, arg("From when.", name="from")],
        before: Annotated[Moment, arg("Until when.")],
    ) -> float | None:
        """How long is worked between two instants, in seconds."""
        return await info.context.gather(business_calendar.hours, (self.row.id, from_, before))

    @field
    @sized(31)
    async def days(
        self,
        info: Info,
        from_: Annotated[dt.date, arg("The first day.", name="from")],
        before: Annotated[dt.date, arg("The first day no longer meant, at most 400 days later.")],
    ) -> list[BusinessDay] | None:
        """The days one by one, with their hours and holidays."""
        found = await info.context.gather(business_calendar.days, (self.row.id, from_, before))
        info.context.spend(len(found))
        return [
            BusinessDay(
                id=strawberry.ID(ids.encode("BusinessDay", self.row.id, self.row.version, day.date)),
                date=day.date,
                seconds=day.seconds,
                is_holiday=day.is_holiday,
                day=day,
            )
            for day in found
        ]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode("BusinessCalendar", row.id)),
            external_id=row.key,
            name=row.name,
            created_at=Moment(row.created_at),
            updated_at=Moment(row.updated_at),
            version=row.version,
            row=row,
        )


def _version(calendar: UUID, version: int, place: int, stored: dict[str, Any]) -> BusinessCalendarVersion:
    name = (calendar, version, place)
    return BusinessCalendarVersion(
        id=strawberry.ID(ids.encode("BusinessCalendarVersion", *name)),
        from_=_day(stored["from"]),
        before=_day(stored["before"]),
        time_zone=stored["time_zone"],
        country=stored["country"],
        subdivision=stored["subdivision"],
        closed=[dt.date.fromisoformat(day) for day in stored["closed"]],
        name=name,
        stored=stored,
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


BUSINESS_CALENDAR = Noun(
    BusinessCalendar,
    business_calendar.LIST,
    one="business_calendar",
    many="business_calendars",
    words=("a business calendar", "business calendars"),
    by=BusinessCalendarRefInput,
    filters=("external_id", "name", "created_at"),
    orders=("external_id", "name"),
    writes=(Upsert(business_calendar.upsert, BusinessCalendarUpsertInput),),
)
