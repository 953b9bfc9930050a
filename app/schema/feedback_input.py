"""How feedback comes in and is listed."""

from enum import StrEnum
from uuid import UUID

import strawberry

from app.models.feedback import FeedbackKind, FeedbackOrigin
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, one_of, plain, type_
from app.schema.errors import UserError
from app.schema.feedback import Feedback, shown
from app.schema.inputs import (
    ChannelRefInput,
    CustomerRefInput,
    DateFilterInput,
    DateTimeFilterInput,
    ExternalRefInput,
    FilterInput,
    FloatFilterInput,
    IdFilterInput,
    StaffRefInput,
    StringFilterInput,
    SurveyRefInput,
)
from app.schema.outcome import Outcome, RowCounts
from app.schema.page import OrderDirection
from app.schema.scalars import Moment
from app.services import feedback
from app.services.page import Order
from app.services.row import ErrorPolicy


@one_of
class FeedbackRefInput:
    """A feedback, named in one of three ways."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By the id in the caller's own source.")
    external: ExternalRefInput | None = absent("By the id in a named source.")


@input_
class FeedbackRecordInput:
    """One feedback. It replaces the whole of what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    kind: FeedbackKind = plain("What sort of feedback it is.")
    score: float | None = absent("The score on its own scale; null when skipped or dismissed.")
    scale_worst: float | None = absent("The scale's worst end; by default 0 for NPS and 1 for the others.")
    scale_best: float | None = absent("The scale's best end; by default 10 for NPS and 5 for the others.")
    customer: CustomerRefInput | None = absent("Who said it; absent for an anonymous one.")
    channel: ChannelRefInput | None = absent("Where it was said.")
    staff: StaffRefInput | None = absent("Whom it is about.")
    survey: SurveyRefInput | None = absent("The survey that it answers.")
    product: str | None = absent("The product that it is about.")
    campaign: str | None = absent("The campaign that it belongs to.")
    journey_stage: str | None = absent("The stage of the customer's journey that it is about.")
    origin: FeedbackOrigin | None = absent("How it was collected.")
    comment: str | None = absent("What was said; at most 10,000 characters.")
    tags: list[str] | None = absent("Its tags; at most 50.")
    occurred_at: Moment = plain("When it was said; a bare date is the start of that day in the workspace's time zone.")
    source_updated_at: Moment | None = absent("When this version was made in the source; older ones are skipped.")


@input_
class FeedbackRecordBatchInput:
    """Up to 500 feedbacks."""

    rows: list[FeedbackRecordInput] = plain("The feedbacks.")
    error_policy: ErrorPolicy = plain(
        "What becomes of the batch when a row is wrong.", default=ErrorPolicy.REJECT_FAILED_ROWS
    )
    create_missing: bool = plain(
        "Whether unknown customers, channels, staff and surveys are made as stubs.", default=False
    )
    dry_run: bool = plain("Whether to answer as if and store nothing.", default=False)
    idempotency_key: str | None = absent("The same key and rows within 24 hours have one effect and one answer.")


@type_
class FeedbackRecordPayload:
    """What became of the feedback."""

    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was stored then.")
    record_id: strawberry.Private[UUID | None]

    @field
    async def feedback(self, info: Info) -> Feedback | None:
        """The feedback as it stands now."""
        return await loaded(info, self.record_id)


@type_
class FeedbackRecordResult:
    """What became of one row."""

    index: int = plain("The row's place in the batch, from 0.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the row.")
    record_id: strawberry.Private[UUID | None]

    @field
    async def feedback(self, info: Info) -> Feedback | None:
        """The feedback as it stands now; null for a rejected row."""
        return await loaded(info, self.record_id)


@type_
class FeedbackRecordBatchPayload:
    """What became of a batch of feedback."""

    results: list[FeedbackRecordResult] = plain("One per row, in their order.")
    counts: RowCounts = plain("How many had which outcome.")
    user_errors: list[UserError] = plain("What was wrong with the batch as a whole; nothing was stored then.")


async def loaded(info: Info, id_: UUID | None) -> Feedback | None:
    """The feedback of that row id."""
    row = await info.context.load(feedback.by_ids, id_) if id_ else None
    return shown(info, row) if row else None


@input_
class FeedbackFilterInput:
    """Which feedback is meant; all conditions must hold."""

    kind: FilterInput[FeedbackKind] | None = absent("What sort it is.")
    origin: FilterInput[FeedbackOrigin] | None = absent("How it was collected.")
    score: FloatFilterInput | None = absent("The score on its own scale.")
    source: StringFilterInput | None = absent("The source that brought it.")
    external_id: StringFilterInput | None = absent("Its id in that source.")
    product: StringFilterInput | None = absent("The product that it is about.")
    campaign: StringFilterInput | None = absent("The campaign that it belongs to.")
    journey_stage: StringFilterInput | None = absent("The stage of the customer's journey.")
    segment: StringFilterInput | None = absent("The customer's segment at the time.")
    region: StringFilterInput | None = absent("The customer's region at the time.")
    comment: StringFilterInput | None = absent("What was said; needs the scope personal:read.")
    occurred_at: DateTimeFilterInput | None = absent("When it was said.")
    day: DateFilterInput | None = absent("The day on which it counts.")
    customer_id: IdFilterInput | None = absent("Who said it.")
    channel_id: IdFilterInput | None = absent("Where it was said.")
    staff_id: IdFilterInput | None = absent("Whom it is about.")
    survey_id: IdFilterInput | None = absent("The survey that it answers.")
    and_: "list[FeedbackFilterInput] | None" = absent("All of these hold.", name="and")
    or_: "list[FeedbackFilterInput] | None" = absent("One of these holds.", name="or")
    not_: "FeedbackFilterInput | None" = absent("This does not hold.", name="not")


class FeedbackOrderField(StrEnum):
    """What feedback can be ordered by."""

    OCCURRED_AT = "OCCURRED_AT"


enum(FeedbackOrderField, {"OCCURRED_AT": "By when it was said."})
COLUMNS = {FeedbackOrderField.OCCURRED_AT: "occurred_at"}
DEFAULT = Order("occurred_at", descending=True)


@input_
class FeedbackOrderInput:
    """One step of an order."""

    field: FeedbackOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.ASC)
