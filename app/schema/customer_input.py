"""How customers come in."""

from datetime import date

from app.kpis.kpi import LifecycleStage
from app.models.base import ChurnKind, CustomerKind
from app.models.customer import CustomerStatus
from app.schema import lifecycle  # noqa: F401 - it gives the stages their names in the schema
from app.schema.describe import absent, enum, input_, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, record_input
from app.schema.scalars import Json, Moment

enum(CustomerKind, {"PERSON": "One person.", "ACCOUNT": "An organisation."})
enum(
    ChurnKind,
    {
        "VOLUNTARY": "The customer chose to leave.",
        "INVOLUNTARY": "The customer did not choose to: a payment failed, a business closed, we ended it.",
    },
)
enum(
    CustomerStatus,
    {
        "PROSPECT": "Not a customer yet.",
        "ACTIVE": "A customer.",
        "CHURNED": "No longer a customer.",
    },
)


@input_
class CustomerSpellInput:
    """A time in which somebody was a customer."""

    from_: date = plain("The first day as a customer.", name="from")
    before: date | None = absent("The first day no longer; absent while it lasts.")
    reason: str | None = absent("Why it ended.")
    churn_kind: ChurnKind | None = absent("Whether the customer chose to leave.")


@record_input
class CustomerUpsertInput:
    """What a source says of a customer; absent keeps, null clears."""

    external_id: str = plain("The customer's id in the caller's source.")
    name: str | None = absent("The name.")
    kind: CustomerKind | None = absent("One person or an organisation.")
    parent: CustomerRefInput | None = absent("The account above this one.")
    segment: str | None = absent("The segment.")
    region: str | None = absent("The region.")
    status: CustomerStatus | None = absent("Where the customer stands; without dates it takes effect today.")
    acquisition_channel: ChannelRefInput | None = absent("The channel that the customer came through.")
    first_contact_at: Moment | None = absent("When the customer was first met.")
    joined_on: date | None = absent("The first day as a customer. On or after the last departure it is a return.")
    churned_on: date | None = absent("The first day without; null takes a departure back.")
    churn_reason: str | None = absent("Why the customer left.")
    churn_kind: ChurnKind | None = absent("Whether the customer chose to leave.")
    history: list[CustomerSpellInput] | None = absent("Every time as a customer; replaces what was known of them.")
    lifecycle_stage: LifecycleStage | None = absent(
        "The stage of the lifecycle, which holds until another one is stated; null has it derived again."
    )
    lifecycle_stage_from: date | None = absent("The first day in that stage, not after today; by default today.")
    email: str | None = absent("The e-mail address.")
    phone: str | None = absent("The telephone number.")
    is_test: bool | None = absent("Whether this is a test or internal customer, who counts in no KPI.")
    is_key_contact: bool | None = absent("Whether this person speaks for the account above; null is no.")
    profiling_opt_out: bool | None = absent(
        "Whether the customer objects to profiles; what is predicted of them goes at once, and is not made again."
    )
    attributes: Json | None = absent("Custom attributes, an object; replaces what was there.")
