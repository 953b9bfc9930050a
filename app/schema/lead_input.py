"""How leads come in."""

from app.models.lead import LeadType
from app.schema.describe import absent, enum, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, StaffRefInput, record_input
from app.schema.scalars import Moment

enum(
    LeadType,
    {
        "NEW": "A first deal with somebody; the only type whose sales cycle counts.",
        "EXPANSION": "A further deal with a customer.",
        "RENEWAL": "The renewal of a deal.",
    },
)


@record_input
class LeadRecordInput:
    """One lead. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    type: LeadType = plain("What a deal would be.", default=LeadType.NEW)
    customer: CustomerRefInput | None = absent("Who may buy; absent for somebody unknown.")
    channel: ChannelRefInput | None = absent("Where the first contact was.")
    staff: StaffRefInput | None = absent("Who works on it.")
    product: str | None = absent("The product that it is about.")
    campaign: str | None = absent("The campaign that it belongs to.")
    journey_stage: str | None = absent("The stage of the customer's journey at which it stands.")
    qualified_at: Moment | None = absent("When it was found worth working on; absent where it was not, or not yet.")
    won_at: Moment | None = absent(
        "When it was won; may lie before the first contact. A lead is won or lost, not both."
    )
    lost_at: Moment | None = absent("When it was lost.")
    lost_reason: str | None = absent("Why it was lost; needs lostAt.")
    occurred_at: Moment = plain("The first contact; a bare date is the start of that day in the workspace's time zone.")
