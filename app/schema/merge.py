"""Merging customers in the schema."""

from typing import Annotated

from app.errors import Invalid
from app.schema.context import Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import absent, arg, input_, mutation, plain, type_
from app.schema.errors import UserError, user_errors
from app.schema.inputs import CustomerRefInput, as_ref
from app.schema.outcome import Outcome
from app.schema.weight import weighs
from app.schema.writing import ONCE, WEIGHT, taken
from app.services import merge
from app.services.row import check_readable


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
    user_errors: list[UserError] = plain("What to mend in the input; nothing was merged then.")


class MergeRoot:
    """Merging customers."""

    @mutation
    @weighs(WEIGHT)
    async def customer_merge(
        self,
        info: Info,
        input: Annotated[CustomerMergeInput, arg("Which into which.")],
    ) -> CustomerMergePayload:
        """Make one customer part of another.

        Names, records and times as a customer pass over; what the other lacks is filled in. KPIs count them as one.
        """
        try:
            from_, into = as_ref(input.from_), as_ref(input.into)
            check_readable({"from": from_, "into": into})
            row, outcome = await info.context.run(merge.merge, from_, into, taken(input))
        except Invalid as error:
            return CustomerMergePayload(
                customer=None, outcome=Outcome.REJECTED, user_errors=user_errors(error.problems)
            )
        return CustomerMergePayload(customer=CUSTOMER.shown(info.context, row), outcome=outcome, user_errors=[])
