"""How the settings of a workspace are changed."""

from app.models.spell import ActiveBasis
from app.schema.describe import absent, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.health import HealthWeightsInput
from app.schema.inputs import BusinessCalendarRefInput
from app.schema.outcome import Outcome
from app.schema.scalars import CurrencyCode
from app.schema.workspace import Workspace


@input_
class WorkspaceUpdateInput:
    """What to change of the workspace. Absent keeps, null clears. Its time zone cannot be changed."""

    name: str | None = absent("Its name.")
    currency: CurrencyCode | None = absent(
        "The currency that money KPIs are given in; they are counted anew, and say PREPARING until that is done."
    )
    first_weekday: int | None = absent("The day on which weeks begin, from 1 (Monday) to 7 (Sunday).")
    fiscal_year_start: int | None = absent("The month in which years and quarters begin, from 1 to 12.")
    small_cell_k: int | None = absent(
        "Survey figures of fewer people than this are suppressed without the scope personal:read."
    )
    locale: str | None = absent("The language of names where the caller asks for none.")
    repeat_window_days: int | None = absent(
        "Within how many days of a first purchase a second one counts as repeated, from 1 to 3650."
    )
    rate_carry_days: int | None = absent(
        "For how many days, up to 31, an exchange rate serves where a later day has none of its own; 0 at first."
    )
    expected_lifespan_months: int | None = absent("How long customers are expected to stay, for lifetime value.")
    lifespan_cap_months: int | None = absent("The longest lifespan that lifetime value may assume.")
    response_target_minutes: int | None = absent(
        "Within how many minutes of the calendar's hours customers should be answered, from 1 to 100000; 60 at first."
    )
    complaint_limit_days: int | None = absent(
        "Within how many days a complaint should be resolved, from 1 to 365; 7 at first."
    )
    conversion_window_days: int | None = absent(
        "Within how many days a lead should be won to count as converted, from 1 to 3650; 90 at first."
    )
    active_by: ActiveBasis | None = absent(
        "By what somebody counts as a customer; STATUS at first. All KPIs of customers are counted anew, and say "
        "PREPARING until that is done."
    )
    inactivity_window_days: int | None = absent(
        "For how many days, from 1 to 3650, somebody stays a customer without doing anything, where it goes by "
        "activity; 90 at first. Health scores then judge by as many days how recently and how often they did."
    )
    prediction_horizon_months: int | None = absent(
        "How many months predictions look ahead, from 1 to 60; 12 at first. They are made anew then."
    )
    health_weights: HealthWeightsInput | None = absent("What the parts of a health score weigh; null for as usual.")
    business_calendar: BusinessCalendarRefInput | None = absent(
        "In whose hours the clocks of response and resolution times run; null for all hours of all days. What rests on "
        "it is counted anew, and says PREPARING until that is done."
    )
    engagement_types: list[str] | None = absent(
        "Which types of events of use count as engagement, at most 100; null for all. Its KPIs are counted anew then."
    )

    attribute_dimensions: list[str] | None = absent(
        "By which custom attributes of customers KPIs can be cut, at most 20; null for none. Their values are shown to "
        "whoever may read KPIs, without the scope personal:read."
    )


@type_
class WorkspaceUpdatePayload:
    """What became of a change of settings."""

    workspace: Workspace | None = plain("The workspace as of now.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was changed then.")


@input_
class SandboxResetInput:
    """Which sandbox is emptied."""

    name: str = plain("The name of the caller's workspace, so that nobody empties the wrong one.")


@type_
class SandboxResetPayload:
    """What became of a sandbox."""

    workspace: Workspace | None = plain("The workspace, which has no records now.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("Why nothing was emptied.")
