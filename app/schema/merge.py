"""Merging customers in the schema."""

from app.schema.attempt import attempt
from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import absent, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import CustomerRefInput, as_ref
from app.schema.outcome import Outcome
from app.schema.writing import ONCE, taken
from app.services import merge


@input_
class CustomerMergeInput:
    """Two records of one person or account."""

    from_: CustomerRefInput = plain("The record that becomes part of the other one.", name="from")
    into: CustomerRefInput = plain("The record that stays.")
    idempotency_key: str | None = absent(ONCE)


@type_
class CustomerMergePayload:
    """What became of a merge."""

    customer: Customer | None = plain("The record that stays, as of now.")
    outcome: Outcome = plain("UPDATED, or UNCHANGED where the two were one already.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was merged then.")


class MergeRoot:
    """Merging customers."""

    @attempt("Which into which.")
    async def customer_merge(self, info: Info, input: CustomerMergeInput) -> CustomerMergePayload:
        """Make one customer part of another.

        Names, records and times as a customer pass over; what the other lacks is filled in. KPIs count them as one.
        """
        row, outcome = await info.context.run(merge.merge, as_ref(input.from_), as_ref(input.into), taken(input))
        return CustomerMergePayload(customer=CUSTOMER.shown(info.context, row), outcome=outcome)
