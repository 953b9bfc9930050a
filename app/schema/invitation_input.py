"""How invitations come in."""

import strawberry

from app.schema.describe import absent, one_of, plain
from app.schema.inputs import ChannelRefInput, CustomerRefInput, ExternalRefInput, SurveyRefInput, record_input
from app.schema.scalars import Moment


@one_of
class InvitationRefInput:
    """An invitation, named in one of three ways."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By the id in the caller's own source.")
    external: ExternalRefInput | None = absent("By the id in a named source.")


@record_input
class InvitationRecordInput:
    """One invitation to a survey. It replaces the whole of what was recorded under its id before, but for answers."""

    external_id: str = plain("Its id in the caller's source.")
    customer: CustomerRefInput | None = absent("Whom it was sent to; absent where that is not known.")
    channel: ChannelRefInput | None = absent("Through which channel it was sent.")
    survey: SurveyRefInput | None = absent("To which survey.")
    product: str | None = absent("The product that it asks about.")
    campaign: str | None = absent("The campaign that it belongs to.")
    journey_stage: str | None = absent("The stage of the customer's journey that it asks about.")
    occurred_at: Moment = plain("When it was sent; a bare date is the start of that day in the workspace's time zone.")
