"""The workspace in the schema."""

from typing import Self
from uuid import UUID

import strawberry

from app import ids
from app.models.spell import ActiveBasis
from app.models.workspace import Workspace as Row
from app.schema.business_calendar import BUSINESS_CALENDAR, BusinessCalendar
from app.schema.context import Info
from app.schema.describe import enum, field, plain, type_
from app.schema.health import HealthWeights
from app.schema.node import Node, node_of, rows_found_by
from app.schema.scalars import CurrencyCode
from app.services import workspace
from app.services.health_weights import weights

enum(
    ActiveBasis,
    {
        "STATUS": "Whoever the sources say is one, by status and dates.",
        "CONTRACT": "Whoever has a contract that runs.",
        "ACTIVITY": "Whoever has bought something, or used it in a way that counts as engagement, of late.",
    },
)


@type_
class Workspace(Node):
    """The company's data behind one wall, and the settings that its KPIs depend on."""

    name: str = plain("Its name.")
    time_zone: str = plain("The IANA time zone in which days, weeks and months are cut.")
    currency: CurrencyCode = plain("The currency that money KPIs are given in.")
    first_weekday: int = plain("The day on which weeks begin, from 1 (Monday) to 7 (Sunday).")
    fiscal_year_start: int = plain("The month in which years and quarters begin, from 1 to 12.")
    small_cell_k: int = plain(
        "Survey figures of fewer people than this are suppressed without the scope personal:read."
    )
    locale: str = plain("The language of names where the caller asks for none.")
    is_sandbox: bool = plain("Whether its records may be emptied out by `sandboxReset`.")
    repeat_window_days: int = plain("Within how many days of a first purchase a second one counts as repeated.")
    rate_carry_days: int = plain("For how many days an exchange rate serves where a later day has none of its own.")
    expected_lifespan_months: int | None = plain(
        "How long customers are expected to stay, for lifetime value; null to derive it from churn."
    )
    lifespan_cap_months: int | None = plain("The longest lifespan that lifetime value may assume; null for no bound.")
    engagement_types: list[str] | None = plain(
        "Which types of events of use count as engagement; null for all of them."
    )
    active_by: ActiveBasis = plain("By what somebody counts as a customer.")
    inactivity_window_days: int = plain(
        "For how many days somebody stays a customer without doing anything, where it goes by activity. Health scores "
        "then judge by as many days how recently and how often they did."
    )
    attribute_dimensions: list[str] = plain(
        "By which custom attributes of customers KPIs can be cut; their values are shown to whoever may read KPIs."
    )
    response_target_minutes: int = plain(
        "Within how many minutes of the calendar's hours customers should be answered."
    )
    complaint_limit_days: int = plain("Within how many days a complaint should be resolved.")
    conversion_window_days: int = plain("Within how many days a lead should be won to count as converted.")
    prediction_horizon_months: int = plain("How many months predictions look ahead.")
    health_weights: HealthWeights = plain("What the parts of a health score weigh.")
    version: int = plain("Rises with each change.")
    business_calendar_id: strawberry.Private[UUID | None]

    @field
    async def business_calendar(self, info: Info) -> BusinessCalendar | None:
        """In whose hours the clocks of response and resolution times run; null for all hours of all days."""
        return await BUSINESS_CALENDAR.related(info, self.business_calendar_id)

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        id_ = strawberry.ID(ids.encode("HealthWeights", row.id))
        return node_of(cls, row, health_weights=HealthWeights(id=id_, **weights(row)))


rows_found_by("Workspace", workspace.by_ids, lambda _context, row: Workspace.of(row))
