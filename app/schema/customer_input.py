"""How customers come in and are listed."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import strawberry

from app.models.base import CustomerKind
from app.models.customer import CustomerStatus
from app.schema.context import Info
from app.schema.customer import Customer, related
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.errors import UserError
from app.schema.inputs import (
    BooleanFilterInput,
    ChannelRefInput,
    CustomerRefInput,
    DateFilterInput,
    DateTimeFilterInput,
    FilterInput,
    IdFilterInput,
    StringFilterInput,
)
from app.schema.outcome import Outcome, RowCounts
from app.schema.page import OrderDirection
from app.schema.scalars import Json, Moment
from app.services.page import Order
from app.services.row import ErrorPolicy


@input_
class CustomerSpellInput:
    """A time in which somebody was a customer."""

    from_: date = plain("The first day as a customer.", name="from")
    before: date | None = absent("The first day no longer; absent while it lasts.")
    reason: str | None = absent("Why it ended.")


@input_
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
    history: list[CustomerSpellInput] | None = absent("Every time as a customer; replaces what was known of them.")
    email: str | None = absent("The e-mail address.")
    phone: str | None = absent("The telephone number.")
    is_test: bool | None = absent("Whether this is a test or internal customer, who counts in no KPI.")
    attributes: Json | None = absent("Custom attributes, an object; replaces what was there.")
    source_updated_at: Moment | None = absent("When this version was made in the source; older ones are skipped.")
    expected_version: int | None = absent("Refuse unless the record is at this version; 0 if it must not exist.")


@input_
class CustomerUpsertBatchInput:
    """Up to 500 customers."""

    rows: list[CustomerUpsertInput] = plain("The customers.")
    error_policy: ErrorPolicy = plain(
        "What becomes of the batch when a row is wrong.", default=ErrorPolicy.REJECT_FAILED_ROWS
    )
    create_missing: bool = plain("Whether unknown parents and channels are made as stubs.", default=False)
    dry_run: bool = plain("Whether to answer as if and store nothing.", default=False)
    idempotency_key: str | None = absent("The same key and rows within 24 hours have one effect and one answer.")


@type_
class CustomerUpsertPayload:
    """What became of the customer."""

    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the input; nothing was stored then.")
    record_id: strawberry.Private[UUID | None]

    @field
    async def customer(self, info: Info) -> Customer | None:
        """The customer as it stands now."""
        return await related(info, self.record_id)


@type_
class CustomerUpsertResult:
    """What became of one row."""

    index: int = plain("The row's place in the batch, from 0.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = plain("What to mend in the row.")
    record_id: strawberry.Private[UUID | None]

    @field
    async def customer(self, info: Info) -> Customer | None:
        """The customer as it stands now; null for a rejected row."""
        return await related(info, self.record_id)


@type_
class CustomerUpsertBatchPayload:
    """What became of a batch of customers."""

    results: list[CustomerUpsertResult] = plain("One per row, in their order.")
    counts: RowCounts = plain("How many had which outcome.")
    user_errors: list[UserError] = plain("What was wrong with the batch as a whole; nothing was stored then.")


@input_
class CustomerFilterInput:
    """Which customers are meant; all conditions must hold."""

    name: StringFilterInput | None = absent("The name; needs the scope personal:read.")
    email: StringFilterInput | None = absent("The e-mail address; needs the scope personal:read.")
    customer_kind: FilterInput[CustomerKind] | None = absent("Person or organisation.", name="kind")
    segment: StringFilterInput | None = absent("The segment.")
    region: StringFilterInput | None = absent("The region.")
    status: FilterInput[CustomerStatus] | None = absent("Where they stand today.")
    joined_on: DateFilterInput | None = absent("The first day of the latest time as a customer.")
    churned_on: DateFilterInput | None = absent("The first day without.")
    created_at: DateTimeFilterInput | None = absent("When they were first known here.")
    is_test: BooleanFilterInput | None = absent("Whether they are test customers.")
    parent_id: IdFilterInput | None = absent("The account above.")
    acquisition_channel_id: IdFilterInput | None = absent("The channel that they came through.")
    and_: "list[CustomerFilterInput] | None" = absent("All of these hold.", name="and")
    or_: "list[CustomerFilterInput] | None" = absent("One of these holds.", name="or")
    not_: "CustomerFilterInput | None" = absent("This does not hold.", name="not")


class CustomerOrderField(StrEnum):
    """What customers can be ordered by."""

    CREATED_AT = "CREATED_AT"
    NAME = "NAME"


enum(CustomerOrderField, {"CREATED_AT": "By when they were first known.", "NAME": "By name."})
COLUMNS = {CustomerOrderField.CREATED_AT: "created_at", CustomerOrderField.NAME: "name"}
DEFAULT = Order("created_at", descending=True)


@input_
class CustomerOrderInput:
    """One step of an order."""

    field: CustomerOrderField = plain("By what.")
    direction: OrderDirection = plain("Which way.", default=OrderDirection.ASC)
